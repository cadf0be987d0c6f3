# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What net/http/pprof of a Go program says: goroutines by what they wait for and where, and whose the memory and the time are. Pure.

Sources of the formats: runtime/pprof, runtime.Stack, and profile.proto of github.com/google/pprof.
"""

from __future__ import annotations

import base64
import binascii
import collections
import re
import typing as t
import zlib

from ._debug_parts import SHOWN, Answer, Parts, count, mib

if t.TYPE_CHECKING:
    from ._debug_frames import Part

#: As many goroutines at one place are a leak until somebody says that they are not.
MANY = 1000
#: Minutes after which waiting for a lock is a deadlock until somebody says that it is not. The runtime counts whole minutes of waiting.
LONG = 1
#: A share of the time that the garbage collector may take.
MUCH_COLLECTION = 0.25
#: The most that a profile may unpack to.
_LARGEST = 8 * 1024 * 1024
#: What a value of a profile is called, by the profile, and how it is told.
_VALUES = {"heap": "inuse_space", "allocs": "alloc_space", "mutex": "delay", "block": "delay", "profile": "cpu"}
_WORDS = {
    "heap": "{total} of the heap sampled",
    "allocs": "{total} allocated since the start",
    "mutex": "{total} waited for mutexes",
    "block": "{total} blocked",
    "profile": "CPU {total} in {seconds:g} s",
}
_NO_SAMPLES = {
    "mutex": "the mutex profile is empty: the program does not call runtime.SetMutexProfileFraction, or has no contention",
    "block": "the block profile is empty: the program does not call runtime.SetBlockProfileRate, or nothing blocks",
    "profile": "the CPU profile is empty: the program was idle",
}
#: The first element of the standard library's package paths.
_STANDARD = frozenset(
    (
        *(
            "archive",
            "arena",
            "bufio",
            "builtin",
            "bytes",
            "cmp",
            "compress",
            "container",
            "context",
            "crypto",
            "database",
            "debug",
            "embed",
            "encoding",
            "errors",
            "expvar",
            "flag",
            "fmt",
            "go",
            "hash",
            "html",
        ),
        *(
            "image",
            "index",
            "internal",
            "io",
            "iter",
            "log",
            "maps",
            "math",
            "mime",
            "net",
            "os",
            "path",
            "plugin",
            "reflect",
            "regexp",
            "runtime",
            "simd",
            "slices",
            "sort",
            "strconv",
            "strings",
            "structs",
            "sync",
        ),
        *("syscall", "testing", "text", "time", "unicode", "unique", "unsafe", "uuid", "vendor", "weak"),
    )
)
_LOCKS = re.compile(r"^(?:semacquire|sync\.(?:RW)?Mutex\.R?Lock)")
_GROUP = re.compile(r"^(\d+) (\d+)$")
_GOROUTINE = re.compile(r"^goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[([^\],]*)[^\]]*\]:$")
_CALL = re.compile(r"^(?!created by )(\S.*)\([^()]*\)$")
_PLACE = re.compile(r"^\t(\S.*):(\d+)(?: \+0x[0-9a-f]+)?$")
_COUNTED = re.compile(r"^(\d+) @(?: 0x[0-9a-f]+)+$")
_FRAME = re.compile(r"^#\t0x[0-9a-f]+\t(\S+?)\+0x[0-9a-f]+\t+(.*):(\d+)$")
_HOW = (
    'A Go program has pprof where it imports net/http/pprof (import _ "net/http/pprof") and serves it: '
    'go http.ListenAndServe("127.0.0.1:6060", nil). debug_go_port and debug_go_path say where'
)


class Frame(t.NamedTuple):
    """A function, with the package's path, and the line where it is."""

    function: str
    file: str
    line: int


class Group(t.NamedTuple):
    """Goroutines that do the same: ``state`` is the runtime's word for what they wait for, ``minutes`` the longest wait; None where it was not listed."""

    number: int
    state: str | None
    minutes: int | None
    stack: tuple[Frame, ...]


class Profile(t.NamedTuple):
    """The values of one type: ``by`` is their sum for each place of the program's own code, ``functions`` for each function itself; and for how long."""

    unit: str
    total: int
    by: dict[str, int]
    functions: dict[str, int]
    seconds: float


def go(parts: Parts, arguments: t.Sequence[str]) -> Answer:
    """Where a Go program's goroutines wait, and whose its memory and its time are."""
    listening = [int(line) for line in parts.lines("listening") if line.isdecimal()]
    base = parts.text("base")
    if not base:
        return Answer("", [_why_not(parts.all("no_pprof"), listening)], {"listening": listening})
    data: dict[str, t.Any] = {"base": base, "listening": listening}
    told, problems = [], []
    if parts.all("stacks"):
        groups = stacks(parts.lines("stacks"), parts.lines("goroutines"))
        found, said, bad = _goroutines(parts, groups)
        data["goroutines"] = found
        told.append(said)
        problems += bad
    memory = {key: _number(value) for key, _equals, value in (line.partition(" = ") for line in parts.lines("memory"))}
    if memory:
        data["memory"] = memory
        told.append(f"heap {mib(int(memory.get('HeapAlloc', 0)))} of {mib(int(memory.get('Sys', 0)))} taken from the system")
        if memory.get("GCCPUFraction", 0) >= MUCH_COLLECTION:
            problems.append(f"the garbage collector has taken {memory['GCCPUFraction']:.0%} of the CPU time since the start")
    data["profiles"] = {}
    for asked in parts.all("asked"):
        name, status = asked.title[1], asked.title[2]
        if asked.code or status != "200":
            said = " ".join(asked.lines) or f"exit code {asked.code}"
            problems.append(f"{name} did not come: {said}" + (f" (HTTP status {status})" if status != "000" else ", so the program may have ended"))
    for part in parts.all("large"):
        problems.append(f"{part.title[1]} is {part.title[2]} bytes long, too long for the log: debug_go_files fetches it")
    for part in parts.all("profile"):
        name = part.title[1]
        try:
            taken = profile(unpacked(part.lines), _VALUES[name])
        except (IndexError, ValueError) as exc:
            problems.append(f"the {name} profile cannot be read: {exc}")
            continue
        data["profiles"][name] = {"unit": taken.unit, "total": taken.total, "seconds": taken.seconds, "by": _top(taken.by), "functions": _top(taken.functions)}
        told.append(_profiled(name, taken))
    return Answer("; ".join(told), problems, data)


def stacks(counted: t.Sequence[str], listed: t.Sequence[str]) -> list[Group]:
    """The groups that the preset made of ``goroutine?debug=2``; those of ``debug=1``, which have no states, where there is none. The largest first."""
    groups = _listed(listed) if listed else _counted(counted)
    return sorted(groups, key=lambda group: -group.number)


def at(functions: t.Sequence[str]) -> str:
    """Where of a stack the program itself is: the innermost function that is not of the standard library, else the outermost of all."""
    own = next((name for name in functions if re.split(r"[/.]", name, maxsplit=1)[0] not in _STANDARD), None)
    return own or (functions[-1] if functions else "")


def unpacked(lines: t.Sequence[str]) -> bytes:
    """A profile that came as base64 of gzip. ValueError where it is not one, or too large."""
    try:
        reader = zlib.decompressobj(wbits=31)
        content = reader.decompress(base64.b64decode("".join(lines), validate=True), _LARGEST)
    except (binascii.Error, zlib.error) as exc:
        raise ValueError(f"not a packed profile: {exc}") from exc
    if not reader.eof:
        raise ValueError("a profile that is cut off, or too large")
    return content


def profile(content: bytes, value: str) -> Profile:
    """A profile by the type of value that is asked for, else by its last one."""
    messages = list(_messages(content))
    strings = [part.decode("utf-8", errors="replace") for part in _bytes(messages, 6)]
    types = [_integers(part) for part in _bytes(messages, 1)]
    names = [strings[one.get(1, 0)] for one in types]
    index = names.index(value) if value in names else len(names) - 1
    functions = {one.get(1, 0): strings[one.get(2, 0)] for one in map(_integers, _bytes(messages, 5))}
    locations = dict(_location(part, functions) for part in _bytes(messages, 4))
    total, by, itself = 0, collections.Counter[str](), collections.Counter[str]()
    for sample in _bytes(messages, 2):
        stack = [name for place in _numbers(sample, 1) for name in locations.get(place, ())]
        amount = _numbers(sample, 2)[index]
        total += amount
        by[at(stack)] += amount
        itself[stack[0] if stack else ""] += amount
    nanoseconds = _integers(content).get(10, 0)
    return Profile(strings[types[index].get(2, 0)], total, dict(by), dict(itself), round(nanoseconds / 1e9, 3))


def _goroutines(parts: Parts, groups: t.Sequence[Group]) -> tuple[dict[str, t.Any], str, list[str]]:
    first = parts.lines("stacks")[0]
    total = int(first.rsplit(" ", 1)[1])
    listed = bool(parts.all("goroutines"))
    problems = list[str]()
    for group in groups:
        where = _place(group)
        if group.number >= MANY:
            problems.append(f"{group.number:,} goroutines {_doing(group)} at {where}: so many at one place are mostly a leak")
        elif group.state and _LOCKS.match(group.state) and (group.minutes or 0) >= LONG:
            problems.append(f"{count(group.number, 'goroutine')} {_doing(group)} at {where} for {count(group.minutes or 0, 'minute')}: who has the lock?")
    largest = groups[0] if groups else None
    said = f"{total:,} goroutine{'' if total == 1 else 's'}"
    if largest and largest.number > 1 and largest.number < MANY:
        said += f", {largest.number:,} of them {_doing(largest)} at {_place(largest)}"
    if not listed:
        said += ", too many to list each without a pause of the program"
    states = collections.Counter[str]()
    for group in groups:
        states[group.state or "unknown"] += group.number
    found = {
        "total": total,
        "listed": listed,
        "states": dict(states),
        "left_out": max(0, total - sum(states.values())) if listed else 0,
        "groups": [
            {
                "count": group.number,
                "state": group.state,
                "minutes": group.minutes,
                "at": at([frame.function for frame in group.stack]),
                "stack": [f"{frame.function} {frame.file}:{frame.line}" for frame in group.stack],
            }
            for group in groups
        ],
    }
    return found, said, problems


def _doing(group: Group) -> str:
    if group.state is None:
        return "are"
    if group.state in ("running", "runnable", "syscall"):
        return f"{'is' if group.number == 1 else 'are'} {group.state}"
    return f"{'waits' if group.number == 1 else 'wait'} in {group.state}"


def _place(group: Group) -> str:
    function = at([frame.function for frame in group.stack])
    frame = next((frame for frame in group.stack if frame.function == function), None)
    return f"{function} ({frame.file.rsplit('/', 1)[-1]}:{frame.line})" if frame else function or "a place of the runtime"


def _listed(lines: t.Sequence[str]) -> t.Iterator[Group]:
    for block in "\n".join(lines).split("\n\n"):
        head, goroutine, *rest = [*block.split("\n"), "", ""]
        numbers, found = _GROUP.match(head), _GOROUTINE.match(goroutine)
        if not numbers or not found:
            continue
        pairs = ((_CALL.match(call), _PLACE.match(place)) for call, place in zip(rest[::2], rest[1::2], strict=False))
        stack = tuple(Frame(name.group(1), place.group(1), int(place.group(2))) for name, place in pairs if name and place)
        yield Group(int(numbers.group(1)), found.group(1).removesuffix(" (scan)"), int(numbers.group(2)), stack)


def _counted(lines: t.Sequence[str]) -> t.Iterator[Group]:
    number, stack = 0, list[Frame]()
    for line in [*lines, "0 @ 0x0"]:
        begin, frame = _COUNTED.match(line), _FRAME.match(line)
        if begin:
            if number:
                yield Group(number, None, None, tuple(stack))
            number, stack = int(begin.group(1)), []
        elif frame:
            stack.append(Frame(frame.group(1), frame.group(2), int(frame.group(3))))


def _profiled(name: str, taken: Profile) -> str:
    if not taken.total:
        return _NO_SAMPLES.get(name, f"the {name} profile is empty")
    said = _WORDS[name].format(total=_amount(taken.total, taken.unit), seconds=taken.seconds)
    most = max(taken.by.items(), key=lambda item: item[1])
    return f"{said}, {most[1] / taken.total:.0%} of it at {most[0] or 'an unknown place'}"


def _amount(number: int, unit: str) -> str:
    return mib(number) if unit == "bytes" else f"{number / 1e9:.3g} s" if unit == "nanoseconds" else f"{number:,}"


def _top(amounts: t.Mapping[str, int]) -> list[dict[str, t.Any]]:
    return [{"function": name, "value": value} for name, value in sorted(amounts.items(), key=lambda item: -item[1])[:30]]


def _number(text: str) -> float:
    return float(text) if re.search(r"[.e]", text) else int(text)


def _why_not(tried: t.Sequence[Part], listening: t.Sequence[int]) -> str:
    others = ", ".join(map(str, listening[:16])) or "no port"
    if not tried:
        return f"the pod listens on {others}. {_HOW}"
    if len(tried) > 1:
        each = "; ".join(f"{part.title[1]} {_refused(part)}" for part in tried[:SHOWN])
        return f"none of {count(len(tried), 'port')} answers as pprof ({each}{' ...' if len(tried) > SHOWN else ''}). {_HOW}"
    port = tried[0].title[1]
    found = f"port {port} {_refused(tried[0])}"
    if tried[0].code == 7:
        found += f"; the pod listens on {others}" + (" (debug_go_port: 0 asks each)" if listening else "")
    return f"{found}. {_HOW}"


def _refused(part: Part) -> str:
    status = part.title[2]
    if part.code == 7:
        return "refuses the connection: nothing listens there"
    if part.code == 28:
        return "does not answer in time: the program stands still, or the port is not HTTP"
    if part.code:
        return f"does not speak HTTP ({part.lines[-1] if part.lines else f'curl ended with {part.code}'})"
    if status == "404":
        return "has nothing under that path (HTTP status 404)"
    if status in ("401", "403"):
        return f"wants to know who asks (HTTP status {status}), which this preset cannot say"
    return f"answers with something that is not pprof (HTTP status {status})"


def _messages(content: bytes) -> t.Iterator[tuple[int, int | bytes]]:
    """The fields of a protocol buffers message: number, and an integer or bytes. ValueError where it is none."""
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        kind = key & 7
        if kind == 0:
            value, place = _varint(content, place)
            yield key >> 3, value
            continue
        if kind == 2:
            size, place = _varint(content, place)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"not a profile: wire type {kind}")
        if place + size > len(content):
            raise ValueError("a profile that is cut off")
        yield key >> 3, content[place : place + size]
        place += size


def _varint(content: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError("not a profile: a number without an end")


def _bytes(messages: t.Iterable[tuple[int, int | bytes]], wanted: int) -> list[bytes]:
    return [part for number, part in messages if number == wanted and isinstance(part, bytes)]


def _integers(content: bytes) -> dict[int, int]:
    return {number: part for number, part in _messages(content) if isinstance(part, int)}


def _numbers(content: bytes, wanted: int) -> list[int]:
    """A repeated integer, packed or not, as int64."""
    found = []
    for number, part in _messages(content):
        if number != wanted:
            continue
        if isinstance(part, int):
            found.append(part)
            continue
        place = 0
        while place < len(part):
            value, place = _varint(part, place)
            found.append(value)
    return [value - (1 << 64) if value >> 63 else value for value in found]


def _location(content: bytes, functions: t.Mapping[int, str]) -> tuple[int, list[str]]:
    """(id, the functions at it, what was inlined first)."""
    lines = map(_integers, _bytes(_messages(content), 4))
    return _integers(content).get(1, 0), [functions.get(line.get(1, 0), "") for line in lines]
