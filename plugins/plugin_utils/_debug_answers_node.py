# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What the inspector of a Node process says, by roles/debug/files/inspector.py: where the time goes, who holds memory, what was left open. Pure."""

from __future__ import annotations

import json
import typing as t

from ._debug_parts import Answer, Parts, count, mib

#: A share of the heap's limit from which on it is a problem.
NEARLY_FULL = 0.9
#: A share of the time without a break from which on requests wait for each other.
BUSY = 0.9
#: A share of the time that the garbage collector may take.
MUCH_COLLECTION = 0.2


def node(parts: Parts, arguments: t.Sequence[str]) -> Answer:
    """Where a Node process spends its time, and who holds its memory."""
    if parts.all("no_node"):
        listed = parts.all("no_node")[0].lines
        return Answer("", [f"no process of the target is Node; there are {', '.join(listed[:20]) or 'none that can be seen'}"], {"processes": list(listed)})
    processes = [int(line.split()[1]) for line in parts.lines("nodes")]
    asked = parts.all("inspector")[0]
    found: dict[str, dict[str, t.Any]] = {}
    problems, errors = list[str](), list[dict[str, str]]()
    for one in _findings(asked.lines):
        if one.get("what") == "error":
            errors.append({"mode": str(one.get("mode")), "words": str(one.get("words"))})
        else:
            found[str(one.get("what"))] = one
    # The engine explains what the kernel denied.
    problems += [f"{error['mode']}: {error['words']}" if error["mode"] else error["words"] for error in errors if "Permission denied" not in error["words"]]
    pid = int(asked.title[1])
    facts, inspector = found.get("facts", {}), found.get("inspector")
    told = [f"{facts['version']}, process {pid}" if facts else f"process {pid}"]
    if len(processes) > 1:
        told.append(f"the busiest of {count(len(processes), 'process', 'processes')} of Node")
    memory = facts.get("heap") or {}
    if memory:
        used, limit = memory["used_heap_size"], memory["heap_size_limit"]
        told.append(f"heap {mib(used)} of {mib(limit)}")
        if used >= NEARLY_FULL * limit:
            problems.append(f"the heap is at {used / limit:.0%} of its limit ({mib(limit)}, --max-old-space-size): it ends with 'heap out of memory' there")
    if "cpu" in found:
        said, bad = _cpu(found["cpu"])
        told.append(said)
        problems += bad
    if "allocations" in found:
        told.append(_allocations(found["allocations"]))
    if "snapshot" in found:
        told.append(f"a snapshot of the heap, {mib(found['snapshot']['bytes'])}")
    if inspector:
        left, bad = _left(inspector, sent="signal" in found)
        told += left
        problems += bad
    if asked.code and not errors:
        problems.append(f"the client ended with {asked.code}: {asked.lines[-1] if asked.lines else 'nothing was said'}")
    return Answer("; ".join(told), problems, {"pid": pid, "processes": processes, "errors": errors, **{name: _bare(one) for name, one in found.items()}})


def _findings(lines: t.Iterable[str]) -> t.Iterator[dict[str, t.Any]]:
    for line in lines:
        try:
            read = json.loads(line)
        except ValueError:
            continue
        if isinstance(read, dict):
            yield read


def _cpu(found: t.Mapping[str, t.Any]) -> tuple[str, list[str]]:
    total, spent = found["microseconds"], dict(found["functions"])
    if not total:
        return "the CPU profile is empty", []
    busy = 1 - spent.get("(idle)", 0) / total
    own = [(name, time) for name, time in found["functions"] if not name.startswith(("(idle)", "(program)", "(garbage collector)", "(root)"))]
    most = f", {own[0][1] / total:.0%} of the time in {_short(own[0][0])}" if own else ""
    problems = []
    if busy >= BUSY:
        problems.append(f"the event loop has no rest ({busy:.0%} busy{most}): all requests wait for it")
    if spent.get("(garbage collector)", 0) >= MUCH_COLLECTION * total:
        problems.append(f"the garbage collector takes {spent['(garbage collector)'] / total:.0%} of the time")
    return f"CPU {busy:.0%} busy over {found['seconds']:.0f} s{most}", problems


def _allocations(found: t.Mapping[str, t.Any]) -> str:
    if not found["functions"]:
        return f"nothing was allocated in {found['seconds']} s that is still there"
    name, size = found["functions"][0]
    return f"{mib(found['bytes'])} allocated in {found['seconds']} s and still there, {size / found['bytes']:.0%} of it by {_short(name)}"


def _left(inspector: t.Mapping[str, t.Any], *, sent: bool) -> tuple[list[str], list[str]]:
    """What became of the inspector: said in any case, and a problem where it stays open because of this preset."""
    if not inspector["alive"]:
        return [], ["the process ended while it was looked into"]
    if inspector["port"] is None:
        return (["SIGUSR1 was sent"] if sent else ["nothing was left in it"]), []
    where = f"port {inspector['port']}"
    if inspector["was_open"]:
        return [f"its inspector was open before, on {where}, and is left so: whoever reaches that port can run code in the application"], []
    if inspector["closed"]:
        return [f"its inspector was opened on {where} and closed again"], []
    return [], [f"its inspector, which this preset opened, could not be closed: until it is restarted, who is in the pod can run code in it through {where}"]


def _short(name: str) -> str:
    """``function (file:///long/path/file.js:7)`` with the last part of the path."""
    function, parenthesis, place = name.partition(" (")
    return f"{function} ({place.rsplit('/', 1)[-1]}" if parenthesis else name


def _bare(found: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A finding without what it is called; functions with their amounts as dictionaries."""
    kept = {key: value for key, value in found.items() if key not in ("what", "functions")}
    return kept | ({"functions": [{"function": name, "value": value} for name, value in found["functions"]]} if "functions" in found else {})
