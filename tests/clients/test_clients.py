# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that touches the client library, with other releases of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from tests import collection, releases

if t.TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
UNIT = collection.ROOT / "tests" / "unit" / "plugins"
TESTS = (UNIT / "modules", UNIT / "module_utils" / "test_auth.py", UNIT / "module_utils" / "test_kubernetes.py")
CONNECT = """
import json, kubernetes
from ansible_collections.kubedebug.pods.plugins.module_utils import _auth, _errors
try:
    _auth.connect({"host": "https://api.example.com", "api_key": "abc"})
except _errors.Failure as failure:
    print(json.dumps([kubernetes.__version__, failure.code, failure.message]))
"""


def pinned(name: str) -> list[str]:
    return [line for line in (HERE / name).read_text().splitlines() if line and not line.startswith("#")]


def python(arguments: Sequence[str | Path], requirement: str) -> subprocess.CompletedProcess[str]:
    """Run the Python of the tests with that release instead of its own."""
    paths = [releases.folder(requirement), collection.TREE]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTEST_ADDOPTS": ""}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=collection.ROOT,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("requirement", pinned("supported.txt"))
def test_unit_tests_with(requirement: str) -> None:
    found = python(["-c", "import kubernetes; print(kubernetes.__version__)"], requirement)
    assert found.stdout.strip() == requirement.partition("==")[2]
    done = python(["-m", "pytest", "-q", "-x", "-p", "no:xdist", "-p", "no:cacheprovider", *TESTS], requirement)
    assert done.returncode == 0, done.stdout[-12000:]


@pytest.mark.parametrize("requirement", pinned("refused.txt"))
def test_refuses(requirement: str) -> None:
    done = python(["-c", CONNECT], requirement)
    version, code, message = json.loads(done.stdout)
    assert f"kubernetes=={version}" == requirement
    assert code == "missing_library"
    assert version in message
