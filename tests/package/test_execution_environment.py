# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the collection says that an execution environment needs, and the one in extensions/ee, by the real ansible-builder."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests import collection, guides

DEFINITION = collection.ROOT / "extensions" / "ee" / "execution-environment.yml"
#: A build gets images and packages from elsewhere.
PATIENCE = 1800


def builder(*arguments: str | Path) -> str:
    """What ansible-builder prints; it has to end with 0."""
    command = [str(Path(sys.executable).with_name("ansible-builder")), *arguments]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


def lines(name: str) -> list[str]:
    """What a file of meta/ requires."""
    return [line for line in (collection.ROOT / "meta" / name).read_text().splitlines() if line and not line.startswith("#")]


def test_introspect_finds_what_the_collection_needs(collections_path: Path, tmp_path: Path) -> None:
    """Given the folder that contains ansible_collections; one level deeper it finds nothing, and ends with 0 all the same."""
    python, system = tmp_path / "requirements.txt", tmp_path / "bindep.txt"
    builder("introspect", collections_path, "--write-pip", python, "--write-bindep", system)
    assert required(python) == lines("ee-requirements.txt") == ["kubernetes>=24.2.0,!=36.0.0,!=36.0.1"]
    assert required(system) == lines("ee-bindep.txt")


def required(path: Path) -> list[str]:
    """What ansible-builder wrote, each line of which has to be of this collection."""
    found = [line.partition("  # from collection ") for line in path.read_text().splitlines()]
    assert {collection for _what, _separator, collection in found} == {"kubedebug.pods"}
    return [what for what, _separator, _collection in found]


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """The build context that ansible-builder makes of the definition."""
    builder("create", "--file", DEFINITION, "--context", tmp_path / "context", "--output-filename", "Containerfile")
    return tmp_path / "context"


def test_create_makes_a_context(context: Path) -> None:
    """One that installs what the project of AWX names, Ansible, and ansible-runner, and runs as no root."""
    wanted = yaml.safe_load((DEFINITION.parent / "../awx/project/collections/requirements.yml").read_text())
    assert yaml.safe_load((context / "_build" / "requirements.yml").read_text()) == wanted
    text = (context / "Containerfile").read_text()
    definition = yaml.safe_load(DEFINITION.read_text())
    assert f'ARG EE_BASE_IMAGE="{definition["images"]["base_image"]["name"]}"' in text
    for part in ("ansible_core", "ansible_runner"):
        assert definition["dependencies"][part]["package_pip"] in text
    assert text.index("install -y git-core") < text.index("ansible-galaxy collection install")
    assert text.rstrip().endswith('CMD ["bash"]')
    assert "USER 1000" in text


def runs(engine: str) -> bool:
    """Whether a container engine is here and answers."""
    return bool(shutil.which(engine)) and subprocess.run([engine, "info"], check=False, capture_output=True).returncode == 0


def test_build(context: Path) -> None:
    engine = next((name for name in ("podman", "docker") if runs(name)), None)
    if engine is None:
        pytest.skip("no container engine runs here (podman and docker were asked), so the image of extensions/ee was not built")
    tag = "kubedebug-ee:test"
    subprocess.run([engine, "build", "--file", str(context / "Containerfile"), "--tag", tag, str(context)], check=True, timeout=PATIENCE)
    inside = "ansible-doc --type module kubedebug.pods.ephemeral_container > /dev/null && python3 -c 'import kubernetes' && ansible-runner --version"
    subprocess.run([engine, "run", "--rm", tag, "sh", "-c", inside], check=True, timeout=PATIENCE)


def test_the_guide_builds_it_so() -> None:
    """The options that guide_awx gives, and the definition that it names."""
    (command,) = (step.line for step in guides.steps("guide_awx") if isinstance(step, guides.Command) and step.line.startswith("ansible-builder "))
    _builder, build, *given = shlex.split(command)
    known = builder(build, "--help")
    assert dict(zip(given[::2], given[1::2], strict=True))["--file"] == str(DEFINITION.relative_to(collection.ROOT))
    assert all(option in known for option in given[::2])
