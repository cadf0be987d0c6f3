# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guides of docs/docsite/rst print: commands with their output, and files."""

from __future__ import annotations

import fnmatch
import re
import textwrap
import typing as t

from tests import collection

RST = collection.ROOT / "docs" / "docsite" / "rst"
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
