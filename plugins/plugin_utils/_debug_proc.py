# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Files of /proc as data, and why the kernel does not let one process look into another. Pure. Source of the formats: proc(5)."""

from __future__ import annotations

import ipaddress
import re
import typing as t

#: Capabilities by their bits: include/uapi/linux/capability.h.
CAPABILITIES = (
    *("CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE"),
    *("NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN"),
    *("SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE"),
    *("MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE"),
)
TCP_STATES = (
    *("", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING"),
    "NEW_SYN_RECV",
)
#: USER_HZ of every architecture that Kubernetes runs on.
TICKS = 100
_SOCKET = re.compile(r"^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) ([0-9A-F]{8}):([0-9A-F]{8}) \S+ \S+\s+(\d+)\s+\d+ (\d+)")
_STAT = re.compile(r"^(\d+) \((.*)\) (\S) (.*)$", re.DOTALL)
#: Its name may hold such an arrow too.
_DESCRIPTOR = re.compile(r"^l\S+ .*? (\d+) -> (.*)$")


class Credentials(t.NamedTuple):
    """User and group as real, effective, saved and file system id; capabilities that a process may use, by name."""

    user: tuple[str, ...]
    group: tuple[str, ...]
    permitted: frozenset[str]
    effective: frozenset[str]
    no_new_privileges: bool

    def words(self) -> str:
        """UID:GID and the capabilities, for a person."""
        return f"{self.user[1]}:{self.group[1]} with {', '.join(sorted(self.effective)) or 'no capabilities'}"


def fields(lines: t.Iterable[str]) -> dict[str, str]:
    """``Key: value`` lines."""
    return {key.strip(): value.strip() for key, colon, value in (line.partition(":") for line in lines) if colon}


def credentials(status: t.Iterable[str]) -> Credentials | None:
    """Those of a process by its ``status``. None where that is not one."""
    said = fields(status)
    try:
        permitted, effective = (_capabilities(said[key]) for key in ("CapPrm", "CapEff"))
        user, group = (tuple(said[key].split()) for key in ("Uid", "Gid"))
        if len(user) != 4 or len(group) != 4:
            return None
    except (KeyError, ValueError):
        return None
    return Credentials(user, group, permitted, effective, said.get("NoNewPrivs") == "1")


def why_denied(own: Credentials, target: Credentials) -> str:
    """Why the kernel denies ``own`` to look into ``target``, both side by side, and what would be let in.

    The rules are those of __ptrace_may_access in the kernel, kernel/ptrace.c: the same user and group, no fewer capabilities, and a target that is dumpable.
    """
    both = f"The debug container is {own.words()}; the target is {target.words()}. "
    if "SYS_PTRACE" in own.effective:
        return both + (
            "SYS_PTRACE it has, so either the file's own mode (DAC_READ_SEARCH), a security module of the node, or another user namespace keeps it out: "
            "debug_profile: match_target is admitted wherever the target is."
        )
    if len(set(target.user)) == 1 and len(set(target.group)) == 1 and own.user[3] == target.user[0] and own.group[3] == target.group[0]:
        missing = sorted(target.permitted - own.effective)
        if missing:
            return (
                both
                + f"User and group are the same, but the debug container lacks {', '.join(missing)}: debug_profile: match_target gives it what the target has."
            )
        return both + (
            "It is as privileged as the target, so the target is not dumpable (its program has file capabilities or is setuid), and only SYS_PTRACE is let in: "
            "debug_profile: general, with debug_security_context: {runAsUser: 0}, where the namespace is not baseline or restricted."
        )
    what = [name for name, ours, theirs in (("user", own.user[3], target.user), ("group", own.group[3], target.group)) if set(theirs) != {ours}]
    return both + (
        f"The {' and the '.join(what)} {'has' if len(what) == 1 else 'have'} to be the target's, for root too: debug_profile: match_target gives it those; "
        "debug_profile: general (SYS_PTRACE, as root) works where the namespace is not baseline or restricted."
    )


def stat(lines: t.Sequence[str]) -> dict[str, t.Any] | None:
    """``stat`` of a process: name, state, parent, ticks of CPU, start in ticks, threads."""
    found = _STAT.match("\n".join(lines))
    words = found.group(4).split() if found else []
    if not found or len(words) < 19:
        return None
    return {
        "pid": int(found.group(1)),
        "name": found.group(2),
        "state": found.group(3),
        "parent": int(words[0]),
        "ticks": int(words[10]) + int(words[11]),
        "threads": int(words[16]),
        "start": int(words[18]),
    }


def limits(lines: t.Iterable[str]) -> dict[str, int | None]:
    """The soft limits by name; None: unlimited."""
    found = {}
    for line in lines:
        words = re.split(r"\s{2,}", line.strip())
        if len(words) >= 3 and re.fullmatch(r"\d+|unlimited", words[1]):
            found[words[0]] = None if words[1] == "unlimited" else int(words[1])
    return found


def descriptors(lines: t.Iterable[str]) -> dict[int, str]:
    """What ``ls -l /proc/PID/fd`` shows: the open files by their numbers."""
    return {int(one.group(1)): one.group(2) for one in map(_DESCRIPTOR.match, lines) if one}


def sockets(lines: t.Iterable[str], *, tcp: bool) -> list[dict[str, t.Any]]:
    """``/proc/net/tcp``, ``tcp6``, ``udp`` and ``udp6``: local and remote end, state, queues in bytes (of a listener: connections), uid, inode."""
    return [
        {
            "local": _end(one.group(1), one.group(2)),
            "remote": _end(one.group(3), one.group(4)),
            "state": _state(int(one.group(5), 16)) if tcp else "",
            "send_queue": int(one.group(6), 16),
            "receive_queue": int(one.group(7), 16),
            "uid": int(one.group(8)),
            "inode": int(one.group(9)),
        }
        for one in map(_SOCKET.match, lines)
        if one
    ]


def counters(lines: t.Sequence[str]) -> dict[str, int]:
    """``/proc/net/netstat`` and ``snmp``: pairs of a line of names and a line of numbers, as ``TcpExt.ListenOverflows``."""
    found = {}
    for names, values in zip(lines[::2], lines[1::2], strict=False):
        group, _colon, rest = names.partition(":")
        for name, value in zip(rest.split(), values.partition(":")[2].split(), strict=False):
            if re.fullmatch(r"-?\d+", value):
                found[f"{group}.{name}"] = int(value)
    return found


def numbers(lines: t.Iterable[str]) -> dict[str, int]:
    """``name number`` lines, as of cpu.stat and memory.stat."""
    pairs = (line.split() for line in lines)
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def _capabilities(text: str) -> frozenset[str]:
    bits = int(text, 16)
    return frozenset(name for bit, name in enumerate(CAPABILITIES) if bits >> bit & 1)


def _state(number: int) -> str:
    return TCP_STATES[number] if number < len(TCP_STATES) else str(number)


def _end(address: str, port: str) -> str:
    """An address as the kernel prints it, which is each of its 32-bit words in the host's order: little-endian on all of Kubernetes' platforms but s390x."""
    packed = b"".join(bytes.fromhex(address[place : place + 8])[::-1] for place in range(0, len(address), 8))
    if len(packed) not in (4, 16):
        return f"{address}:{int(port, 16)}"
    found = ipaddress.ip_address(packed)
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return f"{mapped}:{int(port, 16)}" if mapped else f"[{found}]:{int(port, 16)}"
    return f"{found}:{int(port, 16)}"
