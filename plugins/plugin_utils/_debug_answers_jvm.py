# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What a JVM says over the attach protocol: its threads, deadlocks, classes and flags. Pure. The formats are HotSpot's, of JDK 8 to 25."""

from __future__ import annotations

import collections
import re
import typing as t

from ._debug_parts import SHOWN, Answer, Parts, count, mib, more, nothing_of

_THREAD = re.compile(r'^"(?P<name>.*)" (?:#\d+ )?(?:\[\d+\] )?(?P<daemon>daemon )?.*?(?:cpu=(?P<cpu>[\d.]+)ms )?(?:elapsed=(?P<elapsed>[\d.]+)s )?tid=')
_STATE = re.compile(r"^\s+java\.lang\.Thread\.State: (\w+)")
_WAITS = re.compile(r"^\s+(?:waiting to lock monitor|waiting for ownable synchronizer) \S+(?: \(object \S+ a ([^)]+)\)|, \(a ([^)]+)\))")
_HELD = re.compile(r'^\s+(?:in JNI, )?which is held by "(.*)"$')
_CLASS = re.compile(r"^\s*\d+:\s+(\d+)\s+(\d+)\s+(\S+)")
_ARRAYS = {"B": "byte", "C": "char", "D": "double", "F": "float", "I": "int", "J": "long", "S": "short", "Z": "boolean"}
#: What is read of a thread's line: its name is the application's, and may have any length.
_LONGEST = 1500
#: A thread that computes all the time has this share of a CPU.
_BUSY_PERCENT = 80
#: How many classes are in the data; all are in the output.
_CLASSES = 30
#: Why attaching was not tried, and what would work.
_UNSAFE = {
    "sigquit": "it does not handle SIGQUIT (-Xrs), which attaching begins with and which would end it. Start it without -Xrs to be able to ask it",
    "disabled": "it was started with -XX:+DisableAttachMechanism. Without that option it can be asked",
    "link": "its /tmp is a symbolic link, so the files of the attach protocol could not be told from others. debug_jvm_modes: [quit] needs none",
    "openj9": "it is an OpenJ9 JVM, whose attach protocol is another one that this preset does not know",
}
_QUIT = "debug_jvm_modes: [quit] needs no file: the JVM writes its threads to the application's log"
_ATTACH = (
    (r"change credentials", "the debug container has to have the JVM's user and group, which debug_profile: match_target gives it"),
    (r"start attach mechanism: No space left", f"there is no room left for the file that attaching makes in the JVM's working directory or /tmp. {_QUIT}"),
    (
        r"start attach mechanism",
        f"attaching needs a /tmp that the JVM can write to, and it has none: an emptyDir that is mounted there is enough. {_QUIT}",
    ),
    (r"No such process|not found", "the JVM has ended meanwhile"),
    (r"connect to socket|Connection refused", f"the socket that it made in its /tmp is not there or takes no connection. {_QUIT}"),
)


def jvm(parts: Parts, arguments: t.Sequence[str]) -> Answer:
    """Deadlocks, busy threads, what fills the heap; or why the JVM could not be asked."""
    found = next(iter(parts.all("jvm")), None)
    if found is None:
        return nothing_of(parts, "a JVM", next((part.lines for part in parts.all("no_jvm")), ()), "libjvm.so mapped")
    pid, problems, told = found.title[1], [], []
    data: dict[str, t.Any] = {"pid": int(pid), **_left_behind(parts)}
    problems += [f"the JVM was not asked: {_UNSAFE.get(why, why)}" for why in dict.fromkeys(part.title[1] for part in parts.all("unsafe"))]
    version = next(iter(parts.all("version")), None)
    if version and version.code:
        problems.append(f"process {pid} could not be attached to ({_said(version.lines)}): {_why(version.lines)}")
    told.append(_version(version.lines) if version and not version.code else f"process {pid}")
    for read in (_heap_info, _threads, _histogram, _flags, _heap, _quit):
        read(parts, told, problems, data)
    unfinished = [part.title[1] for part in parts.all("unfinished")]
    problems += [
        f"the JVM was still at work on the heap dump {path} when the time was over. What there was of it was removed; if it had not begun yet, it writes the "
        "file still, and nobody removes it"
        for path in unfinished
    ]
    data["unfinished"] = unfinished
    if data["left"]:
        problems.append(f"left behind in the target: {', '.join(data['left'])}")
    return Answer(", ".join(told), problems, data)


def threads(lines: t.Iterable[str]) -> list[dict[str, t.Any]]:
    """The threads of a dump: ``state`` and ``frames`` of those that run Java, ``cpu_ms`` and ``elapsed_s`` where the JVM tells (from JDK 11 on)."""
    found: list[dict[str, t.Any]] = []
    for line in lines:
        head = _THREAD.match(line[:_LONGEST])
        if head:
            cpu, elapsed = head.group("cpu"), head.group("elapsed")
            found.append(
                {
                    "name": head.group("name"),
                    "daemon": bool(head.group("daemon")),
                    "state": None,
                    "cpu_ms": float(cpu) if cpu else None,
                    "elapsed_s": float(elapsed) if elapsed else None,
                    "cpu_percent": None,
                    "frames": [],
                }
            )
        elif line.startswith(("Found ", "JNI global")):
            break
        elif found:
            state = _STATE.match(line)
            if state:
                found[-1]["state"] = state.group(1)
            elif line.startswith(("\tat ", "\t- ")):
                found[-1]["frames"].append(line.strip())
    return found


def deadlocks(lines: t.Sequence[str]) -> list[list[dict[str, str]]]:
    """Each deadlock as its threads: ``thread``, ``waits_for`` (the class of what it waits for), ``held_by``."""
    found: list[list[dict[str, str]]] = []
    within = False
    for line in lines:
        if re.match(r"Found one Java-level deadlock", line):
            found.append([])
            within = True
        elif line.startswith("Java stack information"):
            within = False
        elif within and line.startswith('"') and line.rstrip().endswith(":"):
            found[-1].append({"thread": line.rstrip()[1:-2], "waits_for": "", "held_by": ""})
        elif within and found[-1]:
            waits, held = _WAITS.match(line), _HELD.match(line.rstrip(","))
            if waits:
                found[-1][-1]["waits_for"] = waits.group(1) or waits.group(2)
            elif held:
                found[-1][-1]["held_by"] = held.group(1)
    return [one for one in found if one]


def _threads(parts: Parts, told: list[str], problems: list[str], data: dict[str, t.Any]) -> None:
    lines = parts.lines("threads")
    if not lines:
        return
    listed = threads(lines)
    clocks = [float(part.lines[0].split()[0]) for part in parts.all("clock") if part.lines]
    before = {one["name"]: one["cpu_ms"] for one in threads(parts.lines("sample"))}
    twice = collections.Counter(one["name"] for one in listed)
    for one in listed:
        earlier = before.get(one["name"])
        if earlier is not None and one["cpu_ms"] is not None and twice[one["name"]] == 1 and len(clocks) > 1 and clocks[1] > clocks[0]:
            one["cpu_percent"] = max(0, round((one["cpu_ms"] - earlier) / 10 / (clocks[1] - clocks[0])))
    java = [one for one in listed if one["state"]]
    locked = deadlocks(lines)
    data.update(threads=listed, deadlocks=locked)
    for circle in locked:
        chain = "; ".join(f"{each['thread']} waits for a {each['waits_for']} that {each['held_by']} holds" for each in circle)
        problems.append(f"{count(len(circle), 'thread')} deadlocked: {chain}")
    busy = sorted((one for one in listed if (one["cpu_percent"] or 0) >= _BUSY_PERCENT), key=lambda one: -one["cpu_percent"])
    problems += [
        f"thread {one['name']} uses {one['cpu_percent']} % of a CPU{', in ' + one['frames'][0].removeprefix('at ') if one['frames'] else ''}"
        for one in busy[:SHOWN]
    ]
    stuck = {each["thread"] for circle in locked for each in circle}
    blocked = [one["name"] for one in java if one["state"] == "BLOCKED" and one["name"] not in stuck]
    if blocked:
        problems.append(f"{count(len(blocked), 'thread')} blocked by a monitor that another holds: {', '.join(blocked[:SHOWN])}{more(blocked)}")
    told.append(count(len(java), "thread"))


def _histogram(parts: Parts, told: list[str], problems: list[str], data: dict[str, t.Any]) -> None:
    lines = parts.lines("histogram")
    if not lines:
        return
    classes = [{"name": _class_name(one.group(3)), "instances": int(one.group(1)), "bytes": int(one.group(2))} for one in map(_CLASS.match, lines) if one]
    data["classes"] = classes[:_CLASSES]
    if classes:
        told.append("most of the heap is " + ", ".join(f"{one['instances']} {one['name']} ({mib(t.cast('int', one['bytes']))})" for one in classes[:SHOWN]))


def _flags(parts: Parts, told: list[str], problems: list[str], data: dict[str, t.Any]) -> None:
    flags: dict[str, str | bool] = {}
    for word in " ".join(parts.lines("flags")).split():
        option = re.fullmatch(r"-XX:([+-]?)(\w+)(?:=(.*))?", word)
        if option:
            flags[option.group(2)] = option.group(1) == "+" if option.group(1) else option.group(3) or ""
    uptime = next((float(one.group(1)) for one in (re.match(r"([\d.]+) s$", line) for line in parts.lines("uptime")) if one), None)
    if flags:
        data.update(flags=flags, uptime_seconds=uptime)


def _heap_info(parts: Parts, told: list[str], problems: list[str], data: dict[str, t.Any]) -> None:
    """What is used and committed, by the first line of GC.heap_info (``garbage-first heap   total 45056K, used 11412K``); of some collectors it is a sum."""
    lines = parts.lines("heap_info")
    heap = [re.search(r"total (\d+)K, used (\d+)K", line) for line in lines if not re.match(r"\s*(?:Metaspace|class space)", line)]
    numbers = [(int(one.group(1)), int(one.group(2))) for one in heap if one]
    if numbers:
        data["heap"] = {"committed": 1024 * sum(one[0] for one in numbers), "used": 1024 * sum(one[1] for one in numbers)}
        told.append(f"{mib(data['heap']['used'])} of heap used")


def _heap(parts: Parts, told: list[str], problems: list[str], data: dict[str, t.Any]) -> None:
    for part in parts.all("heap"):
        what, *words = part.title[1:]
        if what == "no_room":
            problems.append(
                f"no heap dump was made: it takes about {mib(1024 * int(words[0]))}, and the JVM's /tmp has room for {mib(1024 * int(words[1]))}. "
                "A larger emptyDir that is mounted there would do"
            )
        elif what == "unknown_size":
            problems.append("no heap dump was made: the JVM does not say how much of its heap is used")
        elif what == "no_file":
            dumped = next(iter(parts.all("dumped")), None)
            problems.append(f"the heap dump failed: {_said(dumped.lines) if dumped else 'nothing was said'}")
        elif what == "size" and part.code == 0:
            data["heap_dump"] = {"bytes": int(words[0]), "sha256": part.lines[0].split()[0]}
            told.append(f"heap dump of {mib(int(words[0]))}, which holds all that the JVM had in memory, secrets too")
        elif what == "packed" and part.code:
            problems.append(f"the heap dump could not be packed ({_said(part.lines) if part.lines else 'it is larger than debug_jvm_heap_mib'})")


def _quit(parts: Parts, told: list[str], problems: list[str], data: dict[str, t.Any]) -> None:
    for part in parts.all("quit"):
        if part.code:
            problems.append(f"SIGQUIT could not be sent: {_said(part.lines)}")
        else:
            told.append("its threads are in the application's log now: it was sent SIGQUIT")


def _class_name(name: str) -> str:
    """``[[B`` as ``byte[][]``: JVMS 4.3.2."""
    element = name.lstrip("[")
    depth = len(name) - len(element)
    if not depth:
        return name
    return (_ARRAYS.get(element) or element.removeprefix("L").removesuffix(";")) + "[]" * depth


def _left_behind(parts: Parts) -> dict[str, t.Any]:
    """``removed`` and ``left``: files of the target that this preset made."""
    left = [part.title[1] for part in parts.all("left")]
    return {"left": left, "removed": [part.title[1] for part in parts.all("removed") if part.code == 0]}


def _version(lines: t.Sequence[str]) -> str:
    told = next((line.strip() for line in lines if " version " in line), "")
    return re.sub(r"\s+\S*Server VM version ", " ", re.sub(r" 64-Bit", "", told)) or "a JVM"


def _said(lines: t.Sequence[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), "nothing was said")


def _why(lines: t.Sequence[str]) -> str:
    text = "\n".join(lines)
    return next((why for pattern, why in _ATTACH if re.search(pattern, text)), _QUIT)
