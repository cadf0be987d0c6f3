# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tools of the field say of the project. Each has to be content, with nothing ignored."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from tests import collection, releases
from tests.gates import sanity

pytestmark = pytest.mark.gate

BIN = Path(sys.executable).parent
GO = collection.ROOT / "tests" / "cluster" / "go"
#: Tool: command line and directory.
TOOLS: dict[str, tuple[list[str], Path]] = {
    "ruff check": (["ruff", "check", "."], collection.ROOT),
    "ruff format": (["ruff", "format", "--check", "."], collection.ROOT),
    "mypy": (["mypy"], collection.ROOT),
    "yamllint": (["yamllint", "--strict", "."], collection.COLLECTION),
    "antsibull-docs": (["antsibull-docs", "lint-collection-docs", "--plugin-docs", "."], collection.COLLECTION),
    "antsibull-changelog": (["antsibull-changelog", "lint"], collection.COLLECTION),
    "reuse": (["reuse", "lint", "--lines"], collection.ROOT),
    "gofmt": (["gofmt", "-l", "."], GO),
}
#: What no file may hold: paths of one machine, and things left to do.
FORBIDDEN = re.compile(r"/(?:root|home|Users|work|workspace)/\w|\b(?:TODO|FIXME|XXX)\b")
TEXTS_OF_OTHERS = {"COPYING", "LICENSES/GPL-3.0-or-later.txt"}


def run(command: t.Sequence[str], directory: Path, **environment: str) -> str:
    """The output of a tool that has to end with 0."""
    path = os.pathsep.join([str(BIN), os.environ["PATH"]])
    tool = shutil.which(command[0], path=path)
    assert tool, f"there is no {command[0]}"
    done = subprocess.run(
        [tool, *command[1:]],
        cwd=directory,
        env={**os.environ, "PATH": path, **environment},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        pytest.fail(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-12000:]}", pytrace=False)
    return done.stdout


def test_ansible_lint(tmp_path: Path) -> None:
    """In a copy: it installs the folder that it is in as a collection, and must not find it while ansible-test writes into it.

    Modules of awx.awx are looked for in the real one.
    """
    copy = tmp_path / "ansible_collections" / "kubedebug" / "pods"
    for name in collection.files():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(collection.ROOT / name, copy / name)
    subprocess.run(["git", "init", "--quiet"], cwd=copy, check=True)
    run(["ansible-lint", "--strict", "--offline", "--nocolor", "-q"], copy, ANSIBLE_COLLECTIONS_PATH=f"{tmp_path}{os.pathsep}{releases.awx()}")


@pytest.mark.parametrize("tool", TOOLS)
def test_tool(tool: str) -> None:
    command, directory = TOOLS[tool]
    said = run(command, directory)
    if tool == "gofmt":
        assert said == ""


def test_no_tool_is_told_to_look_away() -> None:
    assert not [name for name in collection.files() if name.parts[:2] == ("tests", "sanity") or name.name == ".ansible-lint-ignore"]
    for name in collection.files():
        if name.suffix == ".py":
            bare = re.search(r"#\s*noqa(?!:)|#\s*type:\s*ignore(?!\[)|#\s*pylint:\s*disable=all", (collection.ROOT / name).read_text())
            assert name == Path("tests/gates/test_gates.py") or not bare, f"{name}: {bare and bare.group()}"


def test_nothing_of_one_machine_and_nothing_left_to_do() -> None:
    found = [
        f"{name}:{number}: {line.strip()}"
        for name in collection.files()
        if str(name) not in TEXTS_OF_OTHERS and name != Path("tests/gates/test_gates.py")
        for number, line in enumerate((collection.ROOT / name).read_text().splitlines(), 1)
        if FORBIDDEN.search(line)
    ]
    assert not found, "\n".join(found)


def test_ansible_test_sanity() -> None:
    said = run(["ansible-test", "sanity", "--color", "no", "--python", sanity.PYTHON], collection.COLLECTION, **sanity.environment())
    passed = re.findall(r'^Running sanity test "([\w-]+)"', said, flags=re.MULTILINE)
    assert {"compile", "import", "validate-modules", "pylint", "ansible-doc", "action-plugin-docs", "ignores", "shebang", "yamllint"} <= set(passed), said
    assert "Required program" not in said, said
