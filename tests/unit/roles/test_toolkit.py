# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two ways to the toolkit image, a Containerfile and the test cluster's trees, say the same."""

from __future__ import annotations

import re

import yaml

from tests import collection
from tests.cluster.trees import TREES

FOLDER = collection.ROOT / "images" / "toolkit"
CONTAINERFILE = (FOLDER / "Containerfile").read_text()


def test_the_image_runs_in_the_same_way() -> None:
    config = TREES["toolkit"].config
    assert re.findall(r"^USER (.*)$", CONTAINERFILE, re.MULTILINE) == [config["User"]]
    assert re.findall(r"^ENV (.*)$", CONTAINERFILE, re.MULTILINE) == config["Env"][1:]
    assert re.findall(r"^CMD (.*)$", CONTAINERFILE, re.MULTILINE) == ['["sh"]']
    assert config["Cmd"] == ["sh"]


def test_it_has_the_name_that_the_role_asks_for() -> None:
    defaults = yaml.safe_load((collection.ROOT / "roles" / "debug" / "defaults" / "main.yml").read_text())
    assert defaults["debug_image_toolkit"] == TREES["toolkit"].image
    assert f"--tag {TREES['toolkit'].image} " in CONTAINERFILE
    assert "latest" not in CONTAINERFILE


def test_each_package_says_what_it_is_for() -> None:
    for tree in TREES.values():
        lines = [line for line in (tree.folder / "packages.txt").read_text().splitlines() if line and not line.startswith("#")]
        assert all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+ +# \S.*", line) for line in lines)
        assert tree.packages() == sorted(line.split()[0] for line in lines)


def test_what_comes_from_pypi_is_pinned_by_hash_for_two_architectures() -> None:
    pinned = re.findall(r"^[\w-]+==\S+((?: \\\n\s+--hash=sha256:[0-9a-f]{64})+)$", (FOLDER / "python.txt").read_text(), re.MULTILINE)
    assert [one.count("--hash") for one in pinned] == [2]
