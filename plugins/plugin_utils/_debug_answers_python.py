# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What py-spy says of Python processes: where their threads are, and where their time goes. Pure. Formats: its ``dump --json`` and ``record --format raw``."""

from __future__ import annotations

import collections
import json
import re
import typing as t

from ._debug_parts import SHOWN, Answer, Parts, count, more, nothing_of

_STACK = re.compile(r"^(.*) (\d+)$")
#: How many functions of a recording are in the data; all stacks are in the output.
_FUNCTIONS = 20
_WHY = (
    (r"Permission [Dd]enied|Operation not permitted", "the kernel did not let py-spy look into it"),
    (r"No such (?:process|file)|not found|ESRCH", "it has ended meanwhile"),
    (r"Failed to find python version|Unsupported version", "this py-spy does not know its Python"),
)


def python(parts: Parts, arguments: t.Sequence[str]) -> Answer:
    """Which threads compute and where, which wait and where."""
    listed = [line.split(" ", 1) for line in parts.lines("pythons")]
    if not listed:
        return nothing_of(parts, "Python", next((part.lines for part in parts.all("no_python")), ()), "python3 or libpython3 mapped")
    names = {words[0]: words[-1] for words in listed}
    problems: list[str] = []
    processes = [_process(parts, pid, name, problems) for pid, name in names.items()]
    recorded = [one for one in (_recording(parts, pid, problems) for pid in names) if one]
    told = [_count_threads(processes)]
    told += [words for words in (_at_work(one) for one in processes[:SHOWN]) if words]
    told += [
        f"process {one['pid']} spends {one['functions'][0]['own_percent']} % of {count(one['samples'], 'sample')} in {one['functions'][0]['name']}"
        for one in recorded[:SHOWN]
        if one["functions"]
    ]
    return Answer("; ".join(told) + more(processes), problems, {"processes": processes, "recordings": recorded})


def _process(parts: Parts, pid: str, name: str, problems: list[str]) -> dict[str, t.Any]:
    dumps = [part for part in parts.all("dump") if part.title[1] == pid]
    failed = next((part for part in dumps if part.code), None)
    if failed:
        problems.append(f"process {pid} ({name}) could not be read: {_why(failed.lines)}")
    samples = [_dump(part.lines) for part in dumps if part.code == 0]
    threads: dict[int, dict[str, t.Any]] = {}
    for sample in samples:
        for thread in sample:
            one = threads.setdefault(thread["id"], {**thread, "samples": 0, "active": 0, "holds_gil": 0, "places": collections.Counter()})
            one["samples"] += 1
            one["active"] += thread["active"]
            one["holds_gil"] += thread["holds_gil"]
            one["places"][thread["frames"][0] if thread["frames"] else ""] += 1
            one["frames"] = thread["frames"]
    found = [{**one, "places": dict(one["places"])} for one in threads.values()]
    problems += [
        f"process {pid}: thread {one['name']} computes without a pause (in {_times(one)} samples), in {_place(one)}"
        for one in found
        if one["samples"] > 1 and one["active"] == one["samples"]
    ]
    return {"pid": int(pid), "name": name, "samples": len(samples), "threads": found}


def _dump(lines: t.Sequence[str]) -> list[dict[str, t.Any]]:
    """The threads of one dump; what py-spy warns of may stand around the list."""
    begin = next((place for place, line in enumerate(lines) if line in ("[", "[]")), 0)
    end = next((place for place in range(len(lines), 0, -1) if lines[place - 1] in ("]", "[]")), 0)
    return [
        {
            "id": int(thread.get("os_thread_id") or thread["thread_id"]),
            "name": str(thread.get("thread_name") or thread.get("os_thread_id")),
            "active": bool(thread["active"]),
            "holds_gil": bool(thread["owns_gil"]),
            "frames": [f"{frame['name']} ({frame.get('short_filename') or frame['filename']}:{frame['line']})" for frame in thread["frames"]],
        }
        for thread in json.loads("\n".join(lines[begin:end]))
    ]


def _recording(parts: Parts, pid: str, problems: list[str]) -> dict[str, t.Any] | None:
    """Functions by their own share of the samples, and by that of all they call."""
    said = next((part for part in parts.all("recorded") if part.title[1] == pid), None)
    stacks = [one for one in map(_STACK.match, next((part.lines for part in parts.all("stacks") if part.title[1] == pid), ())) if one]
    if said is None:
        return None
    if not stacks:
        text = "\n".join(said.lines)
        problems.append(
            f"process {pid} was not at work while it was recorded" if "Samples: 0" in text else f"process {pid} was not recorded: {_why(said.lines)}"
        )
        return None
    own: collections.Counter[str] = collections.Counter()
    total: collections.Counter[str] = collections.Counter()
    for one in stacks:
        frames, times = [re.sub(r":\d+\)$", ")", frame) for frame in one.group(1).split(";")][1:], int(one.group(2))
        own.update({frames[-1]: times} if frames else {})
        total.update(dict.fromkeys(frames, times))
    samples = sum(int(one.group(2)) for one in stacks)
    functions = [
        {"name": name, "own_percent": round(100 * own[name] / samples), "total_percent": round(100 * times / samples)} for name, times in total.items()
    ]
    functions.sort(key=lambda one: (-t.cast("int", one["own_percent"]), -t.cast("int", one["total_percent"])))
    return {"pid": int(pid), "samples": samples, "functions": functions[:_FUNCTIONS]}


def _count_threads(processes: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    first = processes[0]
    threads = sum(len(one["threads"]) for one in processes)
    return f"{count(len(processes), 'process', 'processes')}, the first is {first['pid']} ({first['name']})" + (
        f", {count(threads, 'thread')}" if threads else ""
    )


def _at_work(process: t.Mapping[str, t.Any]) -> str:
    """Where its threads compute; where all wait, where the first one does."""
    working = [one for one in process["threads"] if one["active"]]
    if working:
        return ", ".join(f"{one['name']} computes in {_times(one)} samples ({_place(one)})" for one in working[:SHOWN]) + more(working)
    main = next((one for one in process["threads"] if one["name"] == "MainThread"), next(iter(process["threads"]), None))
    return f"no thread of {process['pid']} computes, {main['name']} waits in {_place(main)}" if main else ""


def _times(thread: t.Mapping[str, t.Any]) -> str:
    return f"{thread['active']} of {thread['samples']}"


def _place(thread: t.Mapping[str, t.Any]) -> str:
    """The function that it was in most often."""
    return max(thread["places"], key=lambda place: thread["places"][place]) or "no Python function"


def _why(lines: t.Sequence[str]) -> str:
    text = "\n".join(lines)
    said = next((line.strip() for line in lines if line.strip()), "nothing was said")
    known = next((why for pattern, why in _WHY if re.search(pattern, text)), None)
    return f"{known} ({said})" if known else said
