# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The project of AWX, and the collection as AWX's update of the project installs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import collection
from tests.integration.playbook import ansible_environment

PROJECT = collection.ROOT / "extensions" / "awx" / "project"


@pytest.fixture(scope="session")
def requirements_collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``ansible-galaxy`` installs of the project's collections/requirements.yml, where git finds this checkout in the place of its home."""
    directory = tmp_path_factory.mktemp("project")
    repository = collection.repository(directory / "repository")
    installed = directory / "requirements_collections"
    command = ["collection", "install", "-r", str(PROJECT / "collections" / "requirements.yml"), "-p", str(installed)]
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-galaxy")), *command],
        env=ansible_environment(installed) | collection.in_the_place_of_its_home(repository),
        cwd=directory,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "kubedebug.pods:" in done.stdout
    return installed
