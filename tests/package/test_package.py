# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What users install: the archive, with nothing beside it that it does not need, also under the oldest releases it promises to work with."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import typing as t
from pathlib import Path

import pytest

from tests import collection, releases
from tests.integration import playbook

if t.TYPE_CHECKING:
    from tests.cluster import Cluster

HERE = Path(__file__).parent
#: What an archive may hold at its top. Everything else is for who works on the collection.
ALLOWED = {
    *("CHANGELOG.md", "CHANGELOG.rst", "CONTRIBUTING.md", "COPYING", "FILES.json", "LICENSES", "MANIFEST.json", "README.md", "REUSE.toml"),
    *("changelogs", "docs", "extensions", "images", "meta", "playbooks", "plugins", "roles"),
}
#: What Ansible runs, and what a collection still has to work with.
NEEDED = {"FILES.json", "MANIFEST.json", "meta", "playbooks", "plugins", "roles"}
MODULES = (
    "ephemeral_container",
    "ephemeral_container_exec",
    "ephemeral_container_fetch",
    "ephemeral_container_info",
    "pod_context_info",
    "evidence_bundle",
    "evidence_bundle_info",
    "pod_mark",
    "pod_recycle",
)
#: What is run against the cluster from the archive with the releases of the other tests, which run all targets from the checkout.
TARGETS = ("basic", "module_defaults")
#: What is run from it with the oldest releases: the main job, defaults for the action group, and commands and files over websockets.
WITH_OLDEST = ("basic", "refusals", "module_defaults", "vault", "exec", "fetch")

#: What depends on how Ansible templates: until 2.19 a value is text, and what looks like a template is one unless it is marked as unsafe.
WITH_OLD_TEMPLATES = ("role_presets", "role_text")


def run(command: t.Sequence[str | Path], directory: Path, environment: dict[str, str]) -> str:
    """The output of a command that has to end with 0."""
    done = subprocess.run(command, cwd=directory, env=environment, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"{command}:\n{done.stdout[-12000:]}"
    return done.stdout


def beside(python: str, tool: str) -> str:
    return str(Path(python).with_name(tool))


@pytest.fixture(scope="module")
def archive(collections_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("archive")
    environment = playbook.ansible_environment(collections_path)
    run([beside(sys.executable, "ansible-galaxy"), "collection", "build", "--output-path", str(directory)], collection.COLLECTION, environment)
    (made,) = directory.glob("kubedebug-pods-*.tar.gz")
    return made


@pytest.fixture(scope="module")
def installed(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a collection tree with nothing but what is needed of the archive."""
    directory = tmp_path_factory.mktemp("installed")
    environment = playbook.ansible_environment(directory)
    galaxy = [beside(sys.executable, "ansible-galaxy"), "collection"]
    run([*galaxy, "install", "--offline", "-p", str(directory), str(archive)], directory, environment)
    said = run([*galaxy, "verify", "--offline", "-p", str(directory), "kubedebug.pods"], directory, environment)
    assert "Successfully verified that checksums" in said
    for path in (directory / "ansible_collections" / "kubedebug" / "pods").iterdir():
        if path.name not in NEEDED:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return directory


@pytest.fixture(scope="module")
def oldest() -> str:
    """The Python of a virtual environment with the releases of oldest.txt."""
    return releases.venv(HERE / "oldest.txt")


def test_the_archive_holds_what_users_need_and_nothing_else(archive: Path) -> None:
    with tarfile.open(archive) as file:
        names = [Path(member.name) for member in file.getmembers() if member.isfile()]
    assert {name.parts[0] for name in names} <= ALLOWED
    assert not [name for name in names if any(part.startswith(".") or part == "__pycache__" for part in name.parts)]
    shipped = (("docs",), ("extensions", "eda"), ("meta",), ("playbooks",), ("plugins",), ("roles",))
    wanted = {name for name in collection.files() if any(name.parts[: len(place)] == place for place in shipped)}
    assert wanted <= set(names)


def test_galaxy_importer_takes_the_archive(archive: Path, tmp_path: Path) -> None:
    environment = playbook.ansible_environment(tmp_path / "none")
    said = run([sys.executable, "-m", "galaxy_importer.main", str(archive)], tmp_path, environment)
    assert "Importer processing completed successfully" in said
    assert not [line for line in said.splitlines() if line.startswith(("WARNING", "ERROR"))], said
    result = json.loads((tmp_path / "importer_result.json").read_text())
    documented = {entry["content_name"]: entry for entry in result["docs_blob"]["contents"]}
    for module in MODULES:
        assert documented[module]["doc_strings"]["doc"]["options"]
        assert documented[module]["doc_strings"]["return"]


@pytest.mark.parametrize("module", MODULES)
def test_ansible_doc_shows(module: str, installed: Path) -> None:
    environment = playbook.ansible_environment(installed)
    name = f"kubedebug.pods.{module}"
    said = json.loads(run([beside(sys.executable, "ansible-doc"), "--json", name], installed, environment))
    options = said[name]["doc"]["options"]
    assert all(option["description"] for option in options.values())
    assert ("kubeconfig" in options) == (not module.startswith("evidence_")), "who talks to a cluster logs in"
    assert "WARNING" not in run([beside(sys.executable, "ansible-doc"), name], installed, environment)


def test_ansible_doc_shows_the_role(installed: Path) -> None:
    environment = playbook.ansible_environment(installed)
    command = [beside(sys.executable, "ansible-doc"), "--type", "role", "--json", "kubedebug.pods.debug"]
    entry_points = json.loads(run(command, installed, environment))["kubedebug.pods.debug"]["entry_points"]
    assert entry_points["main"]["options"]["debug_presets"]["description"]
    assert entry_points["stop"]["options"]["debug_stop_container"]["description"]


@pytest.mark.integration
@pytest.mark.parametrize("target", TARGETS)
def test_target_from_the_archive(target: str, installed: Path, cluster: Cluster, tmp_path: Path) -> None:
    playbook.run(target, cluster, installed, tmp_path)


@pytest.mark.integration
@pytest.mark.parametrize("target", [*WITH_OLDEST, *WITH_OLD_TEMPLATES])
def test_target_from_the_archive_with_the_oldest_releases(target: str, installed: Path, oldest: str, cluster: Cluster, tmp_path: Path) -> None:
    playbook.run(target, cluster, installed, tmp_path, oldest)
