# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What strace counted of the target's system calls: where its time goes, which fail, and whether it makes any. Pure. Source of the words: strace(1)."""

from __future__ import annotations

import collections
import re
import typing as t

from . import _debug_proc as proc
from ._debug_parts import Answer, Parts, count

_ROW = re.compile(r"^\s*(\d+\.\d+)\s+(\d+\.\d+)\s+(\d+\.\d+)\s+(\d+)(?:\s+(\d+))?\s+(\S+)$")
#: Calls of which a failure is mostly a fault, and not a way to ask: EAGAIN, ENOENT on a search path and the like are daily life of the others.
_NOT_TO_FAIL = {"execve", "clone", "clone3", "fork", "vfork", "mmap", "bind", "listen", "write", "pwrite64", "fsync", "mkdir", "rename", "openat", "open"}
_MOSTLY, _OFTEN = 0.5, 5
#: Calls a second of one kind that are a loop without a pause.
_BUSY = 20000


def trace(parts: Parts, arguments: t.Sequence[str]) -> Answer:
    """Where the time of the target goes. ``arguments`` are those of files/trace.sh: seconds, processes."""
    tool = parts.all("trace")[0]
    text = "\n".join(tool.lines)
    clocks = [float(part.lines[0].split()[0]) for part in parts.all("clock") if part.lines]
    seconds = round(clocks[-1] - clocks[0], 2) if len(clocks) > 1 else float(arguments[0])
    watched = list(dict.fromkeys(part.title[1] for part in parts.all("stat")))
    gone = [pid for pid in watched if any(part.code for part in parts.all("stat") if part.title[1] == pid)]
    threads = collections.Counter(state for part in parts.all("states") for state in part.lines)
    cpu = _cpu(parts, watched, seconds)
    rows = [_row(found) for found in map(_ROW.match, tool.lines) if found]
    calls = sorted((row for row in rows if row["name"] != "total"), key=lambda row: -float(row["seconds"]))
    data = {
        "seconds": seconds,
        "processes": [int(pid) for pid in watched],
        "threads": dict(threads),
        "cpu_percent": cpu,
        "calls": calls,
        "ended": list(map(int, gone)),
    }
    refused = re.search(r"attach: ptrace\(PTRACE_SEIZE, \d+\): (.*)", text)
    if not calls and "attached" not in text:
        return Answer("", [_refusal(parts, refused.group(1) if refused else (tool.lines or ("it said nothing",))[-1])], data)
    # Children come and go.
    problems = [f"the target's first process ({gone[0]}) ended while it was watched"] if gone[:1] == watched[:1] else []
    if tool.code not in (0, 124, 130) and not gone:
        problems.append(f"strace ended with exit code {tool.code}: {tool.lines[-1] if tool.lines else 'without a word'}")
    if refused and "No such process" not in refused.group(1):
        problems.append(f"not all processes could be watched ({refused.group(1)})")
    for row in calls:
        if row["name"] in _NOT_TO_FAIL and row["errors"] >= max(_MOSTLY * row["calls"], _OFTEN):
            problems.append(f"{row['name']} fails {row['errors']} of {count(row['calls'], 'time')}")
        if row["calls"] > _BUSY * max(seconds, 1):
            problems.append(f"{row['name']} is called {round(row['calls'] / max(seconds, 1))} times a second")
    return Answer(_summary(calls, seconds, cpu, threads), problems, data)


def _summary(calls: t.Sequence[t.Mapping[str, t.Any]], seconds: float, cpu: int | None, threads: t.Mapping[str, int]) -> str:
    if not calls:
        busy = (cpu is not None and cpu >= 50) or bool(threads.get("R"))
        does = f"it computes ({cpu} % CPU)" if busy and cpu is not None else "it waits, in calls that had begun before"
        return f"no system call ended in {seconds:g} s: {does}"
    first = calls[0]
    total = sum(row["calls"] for row in calls)
    most = max(calls, key=lambda row: int(row["calls"]))
    summary = f"{first['percent']:.0f} % of time in {first['name']}; {count(total, 'call')} in {seconds:g} s, most of them {most['name']} ({most['calls']})"
    # Where strace attaches, calls that wait are begun again.
    failing = max((row for row in calls if row["name"] != "restart_syscall"), key=lambda row: int(row["errors"]), default=None)
    if failing and failing["errors"]:
        summary += f"; {failing['errors']} of {failing['calls']} {failing['name']} failed"
    return summary + (f"; {cpu} % CPU" if cpu is not None else "")


def _refusal(parts: Parts, said: str) -> str:
    target = proc.fields(parts.lines("target"))
    tracer = target.get("TracerPid", "0")
    if tracer != "0":
        return f"the target is watched by process {tracer} already, and only one can (strace: {said})"
    if parts.text("yama") not in ("", "0"):
        scope = f"The node lets none but a parent attach (kernel.yama.ptrace_scope is {parts.text('yama')})"
        return f"the target could not be watched (strace: {said}). {scope}: only SYS_PTRACE is let in, with debug_profile: general as root"
    return f"the target could not be watched (strace: {said})"


def _row(found: re.Match[str]) -> dict[str, t.Any]:
    percent, seconds, longest, calls, errors, name = found.groups()
    return {"name": name, "percent": float(percent), "seconds": float(seconds), "longest": float(longest), "calls": int(calls), "errors": int(errors or 0)}


def _cpu(parts: Parts, watched: t.Sequence[str], seconds: float) -> int | None:
    """Percent of one CPU that the processes took together while they were watched. None where one has ended."""
    spent = 0
    for pid in watched:
        stats = [proc.stat(part.lines) for part in parts.all("stat") if part.title[1] == pid and part.code == 0]
        if len(stats) < 2 or stats[0] is None or stats[-1] is None:
            return None
        spent += stats[-1]["ticks"] - stats[0]["ticks"]
    return round(100 * spent / proc.TICKS / seconds) if seconds > 0 and watched else None
