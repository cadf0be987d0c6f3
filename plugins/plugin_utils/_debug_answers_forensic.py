# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What of a container would be gone with it: programs as they really run, files that are deleted but held, what lies in temporary folders, dumps. Pure."""

from __future__ import annotations

import re
import typing as t

from ._debug_parts import SHOWN, Answer, Parts, count, mib, more, named

if t.TYPE_CHECKING:
    from ._debug_frames import Part

#: Folders that anybody can write to: no program belongs there.
_TEMPORARY = tuple(f"/{name}/" for name in ("tmp", "var/tmp", "dev/shm", "run"))
#: One for all containers of the pod, so what this one writes itself is there too.
_SHARED = _TEMPORARY[2]
_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_THREAD = re.compile(r'^Thread (\d+) \((?:Thread 0x[0-9a-f]+ )?\(?(?:LWP|process) (\d+)\)?(?: "(.*?)")?.*\):$')
_FRAME = re.compile(r"^#\d+\s+(?:0x[0-9a-f]+ in )?(.*)$")
_FRAGMENT = (
    (r"No space left on device", "no space was left on the device"),
    (r"File size limit|SIGXFSZ", "it became larger than a file may"),
    (r"Memory read failed|Cannot access memory", "some of the memory could not be read"),
)


def forensic(parts: Parts, arguments: t.Sequence[str], others: t.Mapping[str, Answer]) -> Answer:
    """Evidence in the order in which it goes. ``others`` are the answers of the presets that it is made of: sockets, process and filesystem."""
    if any(part.code for part in parts.all("access")):
        return Answer("the target could not be looked into", [], {name: found.data for name, found in others.items()})
    programs = [one for one in map(_program, parts.all("program")) if one]
    maps = {part.title[1]: _maps(part) for part in parts.all("maps") if part.code == 0}
    held = [one for one in map(_held, parts.all("held")) if one]
    folders = {part.title[1]: [one for one in map(_entry, part.lines) if one] for part in parts.all("folder")}
    root = f"/proc/{parts.all('pid')[0].title[1]}/root" if parts.all("pid") else ""
    entries = [{**one, "path": "/" + one["path"].removeprefix(root).lstrip("/")} for listed in folders.values() for one in listed]
    out = tuple(f"{part.title[1]}{end}" for part in parts.all("out") for end in ("/", ".own/") if part.title[1].startswith(_SHARED))
    entries = [one for one in entries if not f"{one['path']}/".startswith(out)]
    problems = [f"process {one['pid']} runs a program that {_odd(one)}: {one['path']}, sha256 {one['sha256']}" for one in programs if _odd(one)]
    problems += [f"process {pid} has executable memory of {path}" for pid, one in maps.items() for path in one["odd"]]
    if held:
        size = sum(one["size"] for one in held)
        problems.append(
            f"{count(len(held), 'deleted file')} still open {'holds' if len(held) == 1 else 'hold'} {mib(size)}: {_listed([one['path'] for one in held])}"
        )
    executable = [one["path"] for one in entries if one["kind"].startswith("regular") and int(one["mode"], 8) & 0o111]
    if executable:
        problems.append(f"{count(len(executable), 'executable file')} in temporary folders: {_listed(executable)}")
    start = others["filesystem"].data.get("from") or 0
    privileged = [one["path"] for one in others["filesystem"].data.get("privileged", ()) if one["modified"] >= start]
    if privileged:
        problems.append(f"{count(len(privileged), 'setuid or setgid file')} made since the start: {_listed(privileged)}")
    data: dict[str, t.Any] = {
        "clock": next(iter(parts.lines("clocks")), None),
        "sockets": others["sockets"].data,
        "processes": others["process"].data.get("processes", []),
        "programs": programs,
        "maps": maps,
        "namespaces": {part.title[1]: _namespaces(part) for part in parts.all("namespaces") if part.code == 0},
        "held": held,
        "temporary": entries,
        "filesystem": others["filesystem"].data,
    }
    told = [
        count(len(programs), "process", "processes"),
        f"{sum(others['sockets'].data.get('states', {}).values())} TCP sockets",
        f"{count(len(others['filesystem'].data.get('changed', ())), 'file')} changed since the start",
        f"{len(held)} deleted but open",
        f"{len(entries)} in temporary folders",
    ]
    if parts.all("no_gdb"):
        problems.append("the image has no gdb, which stacks and core need: images/toolkit of this collection has it, as debug_image_toolkit")
    for part in parts.all("stacks"):
        threads = _threads(part)
        data.setdefault("stacks", {})[part.title[1]] = threads
        if threads:
            told.append(
                f"process {part.title[1]} has {count(len(threads), 'thread')}, the first in {threads[0]['frames'][0] if threads[0]['frames'] else 'nothing'}"
            )
        else:
            problems.append(f"there are no stacks of process {part.title[1]}: {_complaint(part)}")
    said, bad, core = _core(parts)
    told += said
    problems += bad
    if core:
        data["core"] = core
    return Answer(", ".join(told), problems, data)


def _program(part: Part) -> dict[str, t.Any] | None:
    if part.code or len(part.lines) < 2 or not _SHA256.match(part.lines[-1]):
        return None
    path = "\n".join(part.lines[:-1])
    return {"pid": int(part.title[1]), "path": path.removesuffix(" (deleted)"), "deleted": path.endswith(" (deleted)"), "sha256": part.lines[-1]}


def _odd(program: t.Mapping[str, t.Any]) -> str:
    """What is odd about a program; empty where nothing is."""
    if program["path"].startswith("/memfd:"):
        return "is in no file, only in memory"
    if program["deleted"]:
        return "was deleted or replaced since"
    return "lies in a temporary folder" if program["path"].startswith(_TEMPORARY) else ""


def _maps(part: Part) -> dict[str, t.Any]:
    """``MODE INODE RANGE PATH`` lines: the files that are mapped, what is both writable and executable, and executable memory of files that should not be."""
    rows = [line.split(" ", 3) for line in part.lines]
    rows = [row for row in rows if len(row) == 4]
    paths = sorted({row[3] for row in rows if row[3].startswith("/")})
    executable = sorted({row[3] for row in rows if "x" in row[0] and row[3].startswith("/")})
    odd = [path for path in executable if path.endswith(" (deleted)") or path.startswith(("/memfd:", *_TEMPORARY))]
    return {"files": paths, "odd": odd, "writable_and_executable": [f"{row[2]} {row[3]}".strip() for row in rows if "w" in row[0] and "x" in row[0]]}


def _namespaces(part: Part) -> dict[str, str]:
    found = (re.search(r" (\w+) -> \w+:\[(\d+)\]$", line) for line in part.lines)
    return {one.group(1): one.group(2) for one in found if one}


def _held(part: Part) -> dict[str, t.Any] | None:
    if part.code or len(part.lines) < 3 or not part.lines[-2].isdecimal():
        return None
    path = "\n".join(part.lines[:-2]).removesuffix(" (deleted)")
    return {"pid": int(part.title[1]), "descriptor": int(part.title[2]), "path": path, "size": int(part.lines[-2]), "sha256": part.lines[-1]}


def _entry(line: str) -> dict[str, t.Any] | None:
    found = re.match(r"(\d+) (\d+) (\d+) ([0-7]+) (\d+) (\d+) ([a-z ]+)\|(/.*)$", line)
    if not found:
        return None
    modified, changed, size, mode, user, group, kind, path = found.groups()
    return {
        "path": named(path),
        "kind": kind,
        "modified": int(modified),
        "changed": int(changed),
        "size": int(size),
        "mode": mode.rjust(4, "0"),
        "uid": int(user),
        "gid": int(group),
    }


def _threads(part: Part) -> list[dict[str, t.Any]]:
    threads: list[dict[str, t.Any]] = []
    for line in part.lines:
        thread, frame = _THREAD.match(line), _FRAME.match(line)
        if thread:
            threads.append({"thread": int(thread.group(2)), "name": thread.group(3), "frames": []})
        elif frame and threads:
            threads[-1]["frames"].append(frame.group(1))
    return sorted(threads, key=lambda one: int(one["thread"]))


def _core(parts: Parts) -> tuple[list[str], list[str], dict[str, t.Any] | None]:
    """What became of a core dump. One that gdb calls saved after it ran out of space is a fragment all the same."""
    needs = next(iter(parts.all("core_needs")), None)
    if needs is None:
        return [], [], None
    size, free, most, folder = int(needs.title[1]), int(needs.title[2]), int(needs.title[3]), needs.title[4]
    core: dict[str, t.Any] = {"needs": size, "free": free, "most": most, "bytes": None, "whole": False}
    ran = next(iter(parts.all("core")), None)
    if ran is None:
        room = f"{folder} has room for {mib(free)}" if size > free else f"debug_forensic_core_mib lets it become {mib(most)}"
        return [], [f"no core dump was made: it may take {mib(size)}, and {room}"], core
    dumped, fragment = next(iter(parts.all("dumped")), None), next(iter(parts.all("fragment")), None)
    if dumped:
        core.update(bytes=int(dumped.title[1]), whole=True)
        return [f"a core dump of process {ran.title[1]}, {mib(core['bytes'])}"], [], core
    text = "\n".join(ran.lines)
    why = next((words for pattern, words in _FRAGMENT if re.search(pattern, text)), None) or _complaint(ran)
    if fragment and int(fragment.title[1]):
        core.update(bytes=int(fragment.title[1]))
        return [], [f"the core dump was a fragment of {mib(core['bytes'])}, and is removed again: {why}"], core
    return [], [f"no core dump was made: {why}"], core


def _complaint(part: Part) -> str:
    """What gdb said that kept it from its work."""
    text = "\n".join(part.lines)
    if re.search(r"ptrace: Operation not permitted", text):
        return "gdb may not attach: another user, fewer capabilities than the target, or a node that forbids it (kernel.yama.ptrace_scope)"
    if re.search(r"No such process|process .* (?:exited|terminated)", text):
        return "the process has ended"
    if part.code in (124, 137, 143):
        return "gdb was ended before it was through"
    return next((line for line in reversed(part.lines) if line.strip()), f"gdb ended with {part.code}")


def _listed(paths: t.Sequence[str]) -> str:
    return ", ".join(paths[:SHOWN]) + more(paths)
