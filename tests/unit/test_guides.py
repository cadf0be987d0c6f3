# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guides name every failure code and every guard, and nothing that is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.kubedebug.pods.plugins.module_utils._errors import CODES
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_guards import Limits
from tests import collection, guides

DOCSITE = collection.ROOT / "docs" / "docsite"
SPECS = yaml.safe_load((collection.ROOT / "roles" / "debug" / "meta" / "argument_specs.yml").read_text())["argument_specs"]
OPTIONS = {name for spec in SPECS.values() for name in spec["options"]}
GUIDES = sorted((DOCSITE / "rst").glob("*.rst"))


def rows(title: str) -> list[list[str]]:
    """The cells of the list-table below a title of guide_refused.rst, without its header."""
    text = (DOCSITE / "rst" / "guide_refused.rst").read_text()
    section = re.split(r"\n[^\n]+\n-{4,}\n", text[text.index(f"\n{title}\n") :])[1]
    found = re.findall(r"^    \* - (.*(?:\n      - .*)+)", section, re.MULTILINE)
    return [row.split("\n      - ") for row in found][1:]


def test_every_failure_code_is_explained() -> None:
    table = rows("Failure codes")
    assert sorted(code for code, *_rest in table) == sorted(f"``{code}``" for code in CODES)
    assert all(len(row) == 3 and all(len(cell) > 20 for cell in row[1:]) for row in table)


def test_every_guard_is_explained() -> None:
    table = rows("Guard rails")
    variables = {guard: f"``debug_guard_{guard}``" for guard in Limits._fields} | {"class": "``debug_approved_class``", "kill_switch": "none"}
    assert {row[0]: row[1] for row in table} == {f"``{guard}``": variable for guard, variable in variables.items()}
    assert all(len(row) == 4 and all(len(cell) > 20 for cell in row[2:]) for row in table)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_what_guides_name_is_there(guide: Path) -> None:
    """Variables of the role, and files of the repository."""
    text = guide.read_text()
    known = OPTIONS | {"debug_bundle", "debug_bundle_digest", "debug_bundle_changed", "debug_bundle_refusals"}
    for name in re.findall(r"(?<![\w.])(debug_[a-z][a-z_]*[a-z])\b", text):
        assert name in known, name
    for name in re.findall(r"(?<![\w/.~])((?:docs|extensions|meta)/[\w./-]*\w)", text):
        assert (collection.ROOT / name).exists(), name


def test_every_guide_is_listed() -> None:
    sections = yaml.safe_load((DOCSITE / "extra-docs.yml").read_text())["sections"]
    listed = [name for section in sections for name in section["toctree"]]
    assert sorted(listed) == [path.stem for path in GUIDES]


@pytest.mark.parametrize(
    ("wanted", "lost"),
    [
        (["a 1", "...", "  b [2] ..."], None),
        (["a 1", "a 1"], "a 1"),
        (["b [2] of 4", "a 1"], "a 1"),
        (["b [2] of 5"], "b [2] of 5"),
        (["b * of 4"], "b * of 4"),
    ],
)
def test_comparing_what_is_printed(wanted: list[str], lost: str | None) -> None:
    assert guides.missing(wanted, "a   1\nother\n   b [2] of 4\n") == lost
