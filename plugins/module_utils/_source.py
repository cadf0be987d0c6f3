# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What runs in the container to read a file of it, or of its target: one script, and what its answers mean. Pure.

The script needs sh and what is named as missing where it is not there: wc, sha256sum and dd, for a directory tar, tail and head, for a symbolic
link in a target readlink. A path is an argument of it and never part of its text.
"""

from __future__ import annotations

import re
import typing as t

from ._errors import Failure, printable
from ._status import describe, spec_of, state_of

if t.TYPE_CHECKING:
    from ._stream import Place

#: dd reads in blocks of this many bytes, so a file is read from a multiple of it on.
BLOCK = 65536

#: What the exit codes of the script mean.
MISSING, NO_PID, NO_ACCESS, LOOP, ODD, UNREACHABLE, TOO_LARGE = 90, 91, 92, 93, 94, 95, 96

#: Arguments: look, sum or read, path, the target's container ID or nothing, 1 where its process namespace holds only it and this container,
#: and for look the most bytes (0: any), for read the kind, the first byte and the number of bytes.
#:
#: The target's process is the oldest one whose cgroup is named after the container. Where the runtime names none so, PID 1 of a namespace
#: of only two containers is the target's unless it is of this container's own cgroup.
#: wc reads byte by byte in busybox, so stat is asked where it is there, but never about small files: those of the kernel have other sizes.
#: Within a target, an absolute symbolic link means a path of the target, so links are followed here, step by step.
SCRIPT = r"""
say() { printf '%s\n' "$*"; }
need() { for t; do command -v "$t" >/dev/null 2>&1 || { say "$t"; exit 90; }; done; }
lines() { { while IFS= read -r l; do say "$l"; done <"$1"; } 2>/dev/null; }
age() { z=$1; [ $# -lt 20 ] || { shift 19; s=$1; }; }
root=; file=$2
if [ -n "$3" ]; then
pid= old=
for d in /proc/[0-9]*; do
case $(lines "$d/cgroup") in *"$3"*) ;; *) continue;; esac
s= z=; l=$(lines "$d/stat"); age ${l##*) }
case $z$s in Z*|X*|?|'') continue; esac
if [ -z "$pid" ] || [ "$s" -lt "$old" ] || { [ "$s" = "$old" ] && [ "${d#/proc/}" -lt "$pid" ]; }; then pid=${d#/proc/} old=$s; fi
done
if [ -z "$pid" ] && [ "$4" = 1 ] && [ "$(lines /proc/1/cgroup)" != "$(lines /proc/$$/cgroup)" ]; then pid=1; fi
if [ -z "$pid" ]; then for d in /proc/[0-9]*; do say "${d#/proc/} $(lines "$d/comm")"; done; exit 91; fi
root=/proc/$pid/root
if ! (cd "$root/") 2>/dev/null; then
for p in "$pid" $$; do say "PID: $p"; lines "/proc/$p/status"; done; exit 92
fi
rest=$file file= n=0
while [ -n "$rest" ]; do
c=${rest%%/*}
case $rest in */*) rest=${rest#*/};; *) rest=;; esac
case $c in ''|.) continue;; ..) file=${file%/*}; continue;; esac
if [ -L "$root$file/$c" ]; then
need readlink; n=$((n+1)); [ $n -le 40 ] || exit 93
l=$(readlink -n "$root$file/$c"; say x); l=${l%x}
case $l in /*) file=;; esac
rest=$l/$rest
else file=$file/$c; fi
done
fi
f=$root$file
if [ -d "$f/" ]; then k=directory; need tar tail head; elif [ -f "$f" ]; then k=file; need dd
elif [ -e "$f" ]; then exit 94; else k=; fi
need wc sha256sum
if [ -z "$k" ]; then ( : <"$f" ) 2>&1; exit 95; fi
e=$( { if [ $k = directory ]; then cd "$f"; else : <"$f"; fi; } 2>&1 ) || { say "$e"; exit 95; }
pack() {
if tar --sort=name -cf /dev/null -T /dev/null 2>/dev/null; then set -- --sort=name; else set --; fi
tar "$@" -C "$f" -cf - . || say "tar ended with $?" >&2
}
bytes() {
[ $k = file ] || { pack | wc -c; return; }
n=$(stat -L -c %s "$f" 2>/dev/null)
if [ "${n:-0}" -gt 1048576 ]; then say "$n"; else wc -c <"$f"; fi
}
sum() { if [ $k = file ]; then sha256sum <"$f"; else pack | sha256sum; fi; }
if [ "$1" = look ]; then
n=$(($(bytes)))
say "$k $n"
[ "$5" = 0 ] || [ "$n" -le "$5" ] || exit 96
elif [ "$1" = sum ]; then sum
elif [ "$k" != "$5" ]; then exit 94
elif [ $k = file ]; then exec dd if="$f" bs=65536 skip=$(($6/65536)) count=$((($7+65535)/65536)) 2>/dev/null
else pack 2>/dev/null | tail -c +$(($6+1)) | head -c "$7"; fi
"""


class Found(t.NamedTuple):
    """What is at a path: ``kind`` is file, or directory, whose ``size`` in bytes is that of its tar archive."""

    kind: str
    size: int


class Target(t.NamedTuple):
    """The container whose files are read: its ID in the runtime, and whether its process namespace holds only it and the debug container."""

    name: str
    container_id: str
    alone: bool


def target_of(pod: t.Mapping[str, t.Any], place: Place, wanted: bool | str) -> Target | None:
    """The container whose files are meant: ``wanted`` is its name, True the container's target, False the container itself.

    Raises Failure ``invalid_options`` where the container cannot see its processes, ``not_running`` where it has none.
    """
    entry = spec_of(pod, place.container)
    if wanted is False or entry is None:
        return None
    spec = pod.get("spec") or {}
    own = entry[1].get("targetContainerName")
    name = own if wanted is True else wanted
    shared = bool(spec.get("shareProcessNamespace") or spec.get("hostPID"))
    if not name or (name != own and not shared):
        has = f"its target is {own}" if own else "it has no target"
        asked = f"{name}'s processes" if name else "another container's processes"
        raise Failure(
            "invalid_options",
            f"The ephemeral container {place.container} cannot see {asked}: {has}, and the pod's containers do not share their process namespace.",
            **place._asdict(),
            field="target",
            hint="Add another ephemeral container with target set to the container whose files are wanted: the target of one cannot be changed.",
        )
    statuses = [
        status
        for key in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
        for status in (pod.get("status") or {}).get(key) or ()
        if isinstance(status, dict) and status.get("name") == name
    ]
    state = state_of(statuses[0] if statuses else None)
    identity = str(statuses[0].get("containerID") or "").rpartition("://")[2] if statuses else ""
    if state.state != "running" or not re.fullmatch(r"[\w.-]{8,}", identity):
        known = [container.get("name") for key in ("containers", "initContainers", "ephemeralContainers") for container in spec.get(key) or ()]
        there = name in known
        raise Failure(
            "not_running" if there else "invalid_options",
            f"The target {name} has no process whose files could be read: {describe(state) if there else 'the pod has no such container'}.",
            **place._asdict(),
            field="target",
            hint="Wait until it runs." if there else f"Name one of {', '.join(map(str, known))}.",
        )
    return Target(name, identity, not shared)


def look_words(path: str, target: Target | None, max_size: int) -> list[str]:
    """The command that prints what is at ``path``, and fails where it is more than ``max_size`` bytes (0: any)."""
    return _words("look", path, target, str(max_size))


def sum_words(path: str, target: Target | None) -> list[str]:
    """The command that prints the checksum of what is at ``path``."""
    return _words("sum", path, target)


def read_words(path: str, target: Target | None, kind: str, start: int, length: int) -> list[str]:
    """The command that prints ``length`` bytes from ``start`` on, which is a multiple of BLOCK."""
    return _words("read", path, target, kind, str(start), str(length))


def _words(action: str, path: str, target: Target | None, *more: str) -> list[str]:
    where = (target.container_id, "1" if target.alone else "") if target else ("", "")
    return ["sh", "-c", SCRIPT, "fetch", action, path, *where, *more]


def found(rc: int, stdout: str, stderr: str, path: str, place: Place, target: Target | None) -> Found:
    """What the script says after look. Raises Failure ``transfer_failed`` for what cannot be fetched, ``exec_failed`` where a tool is missing."""
    match = _answer(r"(file|directory) (\d+)\n", rc, stdout, stderr, path, place, target)
    return Found(match[1], int(match[2]))


def summed(rc: int, stdout: str, stderr: str, path: str, place: Place, target: Target | None) -> str:
    """The SHA-256 that the script says after sum, in hexadecimal. Raises Failure as ``found`` does."""
    return _answer(r"([0-9a-f]{64}) .*\n", rc, stdout, stderr, path, place, target)[1]


def _answer(pattern: str, rc: int, stdout: str, stderr: str, path: str, place: Place, target: Target | None) -> re.Match[str]:
    complain(rc, stdout, stderr, path, place, target)
    match = re.fullmatch(pattern, stdout)
    if rc or not match:
        why = f"the answer cannot be read: exit code {rc}, {stdout[:200]!r}, {_short(stderr)!r}"
        raise _failed(path, place, target, why, "Look at the debug image's tools.")
    if _TAR_FAILED in stderr:
        raise _failed(path, place, target, f"not all of it can be read: {_short(stderr)}", _UNREADABLE)
    return match


#: What the script adds where tar did not end well, which a pipe would hide.
_TAR_FAILED = "tar ended with"
#: What a shell puts before its words.
_SHELL = re.compile(r"^fetch: (?:cd: )?(?:line )?(?:\d+: )?(?:cd: )?")
_UNREADABLE = (
    "Name in paths what can be read, or read with other rights: a debug container with profile match_target has those of its target, "
    "one that runs as root those of root."
)


def complain(rc: int, stdout: str, stderr: str, path: str, place: Place, target: Target | None) -> None:
    """Raise the Failure that an exit code of the script means."""
    if rc == MISSING:
        raise Failure(
            "exec_failed",
            f"The image of the ephemeral container {place.container} has no {_short(stdout)}, which it takes to fetch {path!r}.",
            **place._asdict(),
            details=[{"missing": _short(stdout)}],
            hint="Use an image with sh, wc, sha256sum and dd, for directories also tar, tail and head: busybox has them all.",
        )
    if rc == NO_PID and target:
        processes = [dict(zip(("pid", "name"), line.split(" ", 1), strict=False)) for line in stdout.splitlines()[:50]]
        shown = ", ".join(f"{process['pid']} {process.get('name', '')}".strip() for process in processes)
        raise Failure(
            "transfer_failed",
            f"The ephemeral container {place.container} sees no process of {target.name} (container {target.container_id[:12]}); it sees {shown}.",
            **place._asdict(),
            field="target",
            details=processes,
            hint="The target may have restarted since: then the ephemeral container cannot follow it. Add another one, with target set.",
        )
    if rc == NO_ACCESS and target:
        raise _no_access(stdout, path, place, target)
    if rc == LOOP:
        raise _failed(path, place, target, "too many symbolic links lead to it", "Name the file itself.")
    if rc == ODD:
        raise _failed(path, place, target, "it is neither a file nor a directory", "Devices, sockets and pipes have no end and cannot be fetched.")
    if rc == UNREACHABLE:
        hint = _UNREADABLE if "ermission" in stdout else "Check the path."
        raise _failed(path, place, target, _SHELL.sub("", _short(stdout)) or "there is no such file", hint)
    if rc == TOO_LARGE:
        size = stdout.split()[-1] if stdout.split() else "?"
        raise _failed(path, place, target, f"it is {size} bytes, more than max_size allows", "Set max_size, if there is room for it.", field="max_size")


def _failed(path: str, place: Place, target: Target | None, why: str, hint: str, field: str = "path") -> Failure:
    whose = f"{target.name}, read through the ephemeral container {place.container}," if target else f"the ephemeral container {place.container}"
    message = f"{path!r} of {whose} of pod {place.namespace}/{place.pod} cannot be fetched: {why}."
    return Failure("transfer_failed", message, **place._asdict(), field=field, details=[{"path": path, "reason": why}], hint=hint)


#: Line of /proc/PID/status: what it is called for people. Only the same credentials, capabilities included, let one process read another's root.
_CREDENTIALS = {"Uid": "uid", "Gid": "gid", "Groups": "groups", "CapPrm": "capabilities"}


def _no_access(stdout: str, path: str, place: Place, target: Target) -> Failure:
    blocks = [_credentials(block) for block in re.split(r"^PID: ", stdout, flags=re.MULTILINE)[1:]]
    theirs, ours = [*blocks, {}, {}][:2]
    differ = [name for name in _CREDENTIALS.values() if theirs.get(name) != ours.get(name) and name != "groups"]
    if differ:
        hint = (
            "Add another debug container with profile: match_target, which has the target's user, group and capabilities, "
            "or where the namespace allows it profile: sysadmin."
        )
    else:
        hint = (
            "User, group and capabilities are the same, so the target's program has set its process to be undumpable or has file capabilities: "
            "that takes the capability SYS_PTRACE (profile: general with a root image, or sysadmin)."
        )
    sides = [{"process": f"{who} (PID {side.get('pid', '?')})", **side} for who, side in ((target.name, theirs), (place.container, ours))]
    told = "; ".join(f"{side['process']} has " + ", ".join(f"{name} {side.get(name, '?')}" for name in _CREDENTIALS.values()) for side in sides)
    message = f"The kernel does not let the ephemeral container {place.container} look into the files of {target.name}: {told}."
    return Failure("transfer_failed", message, **place._asdict(), field="target", details=[{"path": path}, *sides], hint=hint)


def _credentials(block: str) -> dict[str, str]:
    """What the text of a /proc/PID/status, after a line with the PID, says of the effective user and group, the groups and the permitted capabilities."""
    pid, *rest = block.splitlines()
    fields = dict(line.split(":", 1) for line in rest if ":" in line)
    values = {name: fields.get(key, "").split() for key, name in _CREDENTIALS.items()}
    shown = {name: words[1] if name in ("uid", "gid") and len(words) > 1 else " ".join(words) for name, words in values.items()}
    return {"pid": pid.strip(), **shown}


def _short(text: str) -> str:
    return printable(text, 500)
