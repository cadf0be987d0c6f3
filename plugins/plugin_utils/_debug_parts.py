# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What the readers of presets share: the parts of an output, an answer, and words. Pure."""

from __future__ import annotations

import re
import typing as t

if t.TYPE_CHECKING:
    from ._debug_frames import Part

#: What tools say of /proc/PID/NAME, and of /proc/PID/root itself but not of what is below it.
_DENIED = r"(?<![^\s'])/proc/\d+/(?:(?!root/)\S+|root/?\.?)'?: Permission denied"
#: Only what is before these words is searched: a pod can print lines of any length, and the search takes the square of it.
_DENIED_END, _DENIED_LONGEST = "Permission denied", 600
#: How many of a list are told in one line.
SHOWN = 3


class Answer(t.NamedTuple):
    """``summary`` begins with what was asked; ``problems`` are whole sentences without a full stop."""

    summary: str
    problems: list[str]
    data: dict[str, t.Any]


def _is_denied(line: str) -> bool:
    words, _found, _rest = line.partition(_DENIED_END)
    return len(words) < len(line) and re.search(_DENIED, words[-_DENIED_LONGEST:] + _DENIED_END) is not None


class Parts:
    """The parts of an output by the first word of their title."""

    def __init__(self, parts: t.Sequence[Part]) -> None:
        self._parts = parts

    def all(self, name: str) -> list[Part]:
        """All of that name."""
        return [part for part in self._parts if part.title[0] == name]

    def lines(self, name: str) -> tuple[str, ...]:
        """What the first of that name said, if its tool succeeded."""
        return next((part.lines for part in self.all(name) if part.code == 0), ())

    def text(self, *names: str) -> str:
        """The only line of the first of these names that is there."""
        return next((lines[0] for lines in map(self.lines, names) if lines), "")

    def denied(self) -> list[str]:
        """The titles of parts that the kernel did not let look into a process. A file of the target that its own mode keeps closed is not one of them."""
        return [" ".join(part.title) for part in self._parts if any(map(_is_denied, part.lines))]


def count(number: int, one: str, many: str = "") -> str:
    """``1 thread``, ``2 threads``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def more(items: t.Sequence[t.Any]) -> str:
    """What is said after the first SHOWN of a list."""
    return f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""


def named(line: str) -> str:
    """A name that was told in one line, with the line's ends that it has, for which the scripts tell the character 1."""
    return line.replace("\x01", "\n")


def mib(size: int | None) -> str:
    """A number of bytes, for a person."""
    return "unknown" if size is None else f"{size / 2**20:.1f} MiB"


def nothing_of(parts: Parts, what: str, names: t.Sequence[str], seen_by: str) -> Answer:
    """That no process of the target is of a kind, which is ``seen_by`` something of it; or that this could not be seen."""
    listed = ", ".join(names[:SHOWN]) + more(names) or "none can be seen"
    if parts.denied():
        return Answer("", [f"whether one of the target's processes ({listed}) is {what} could not be seen"], {})
    return Answer("", [f"none of the target's processes ({listed}) is {what}: it would have {seen_by}"], {})
