# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The project of AWX, and the collection as AWX's update of the project installs it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import collection
from tests.integration.playbook import ansible_environment

PROJECT = collection.ROOT / "extensions" / "awx" / "project"
SOURCE = "https://github.com/kubedebug/kubedebug.pods.git"


@pytest.fixture(scope="session")
def requirements_collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``ansible-galaxy`` installs of the project's collections/requirements.yml, where git finds this checkout in the place of its home."""
    directory = tmp_path_factory.mktemp("project")
    repository = directory / "repository"
    for name in collection.files():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(collection.ROOT / name, repository / name)
    git = ["git", "-C", str(repository), "-c", "user.name=tests", "-c", "user.email=tests@example.com"]
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(repository)], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message=checkout"], check=True)
    installed = directory / "requirements_collections"
    instead = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf", "GIT_CONFIG_VALUE_0": SOURCE}
    command = ["collection", "install", "-r", str(PROJECT / "collections" / "requirements.yml"), "-p", str(installed)]
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-galaxy")), *command],
        env=ansible_environment(installed) | instead,
        cwd=directory,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "kubedebug.pods:" in done.stdout
    return installed
