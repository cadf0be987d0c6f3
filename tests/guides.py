# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guides of docs/docsite/rst print: commands with their output, and files."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import re
import signal
import subprocess
import textwrap
import typing as t

from tests import collection

if t.TYPE_CHECKING:
    from pathlib import Path

RST = collection.ROOT / "docs" / "docsite" / "rst"
#: Seconds that a guide may take at most, on a machine that does much else.
_PATIENCE = 900
_BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n((?:    :.*\n)*)\n((?:(?:    .*)?\n)+)", re.MULTILINE)


class Command(t.NamedTuple):
    """A command, and the lines that it prints; ``...`` stands for anything, and alone for any number of lines."""

    line: str
    output: list[str]


class File(t.NamedTuple):
    """A file by its name and its content."""

    name: str
    content: str


def steps(guide: str) -> list[Command | File]:
    """The commands of a guide, and the files that have a name, in their order."""
    found: list[Command | File] = []
    for language, options, text in _BLOCK.findall((RST / f"{guide}.rst").read_text()):
        lines = textwrap.dedent(text).strip("\n").splitlines()
        caption = re.search(r":caption: (\S+)", options)
        if caption:
            found.append(File(caption[1], "\n".join(lines) + "\n"))
        elif language == "console":
            found += _commands(lines)
    return found


def _commands(lines: list[str]) -> t.Iterator[Command]:
    starts = [index for index, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield Command(lines[start][2:], lines[start + 1 : end])


def missing(wanted: list[str], printed: str) -> str | None:
    """The first of the lines that was not printed, in their order, blanks apart; None where all were."""
    said = iter([" ".join(line.split()) for line in printed.splitlines()])
    for line in wanted:
        if line.strip() == "...":
            continue
        pattern = re.sub(r"([\[\]?])", r"[\1]", " ".join(line.split())).replace("*", "[*]").replace("...", "*")
        if not any(fnmatch.fnmatchcase(each, pattern) for each in said):
            return line
    return None


def follow(guide: str, directory: Path, outputs: Path, environment: dict[str, str], here: t.Callable[[str], str]) -> None:
    """Do what a guide says in a directory, and demand that what it says is printed. What it leaves running ends.

    ``here`` puts the names of this place into the guide's text; ``outputs`` is a folder for what is printed.
    """
    found = steps(guide)
    script = ["set -eu"]
    outputs.mkdir()
    for number, step in enumerate(found):
        if isinstance(step, File):
            (outputs / f"file-{number}").write_text(here(step.content))
            script.append(f"cp '{outputs}/file-{number}' '{step.name}'")
        else:
            script.append(f"{{ {here(step.line)}\n}} > '{outputs}/{number}' 2>&1")
    with subprocess.Popen(["bash", "-c", "\n".join(script)], cwd=directory, env=environment, stdin=subprocess.DEVNULL, start_new_session=True) as shell:
        try:
            code = shell.wait(_PATIENCE)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
    printed = {number: (outputs / str(number)).read_text(errors="replace") for number in range(len(found)) if (outputs / str(number)).exists()}
    assert code == 0, [*printed.values()][-1][-6000:]
    for number, text in printed.items():
        step = t.cast("Command", found[number])
        lost = missing([here(line) for line in step.output], text)
        assert lost is None, f"{step.line}\ndid not print\n{lost}\nbut\n{text}"
