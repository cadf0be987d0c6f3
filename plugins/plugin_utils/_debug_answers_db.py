# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What databases say of themselves to psql and redis-cli: whether they answer, and who waits for what. Pure."""

from __future__ import annotations

import json
import re
import typing as t

from ._debug_parts import SHOWN, Answer, Parts, count, mib, more

if t.TYPE_CHECKING:
    from ._debug_frames import Part

#: A share of a limit from which on it is a problem.
NEARLY = 0.9
#: Seconds that a transaction may be open: it keeps locks, and what others delete cannot be cleaned up.
LONG_TRANSACTION = 300
#: Seconds or bytes that a replica may be behind.
LATE_SECONDS = 60
LATE_BYTES = 128 * 2**20
#: What a slot that nobody reads may keep of the log.
KEPT_BYTES = 2**30
#: A database stops writing at 2^31 transactions that are not frozen.
UNFROZEN = 1_500_000_000
#: Milliseconds that Redis may take for a PING on the average.
SLOW = 10
#: Words per database among the arguments, behind the first three: see roles/debug/files/db.sh.
_WORDS = 8
#: Port, and user and database, where none is given; as in roles/debug/files/db.sh.
_USUAL: dict[str, tuple[int, str | None]] = {"postgresql": (5432, "postgres"), "redis": (6379, None)}
#: What the clients and the servers say, and what that means.
_REFUSALS = (
    (r"^no openssl$", "was not asked: the image has no openssl, which with ca compares the name in the certificate of a Redis"),
    (r"password authentication failed|WRONGPASS|invalid password", "the password or the user is wrong"),
    (r"no password supplied|NOAUTH", "wants a password, and none was given: password says which Secret has it"),
    (r"role \"(.*)\" does not exist", "has no such user"),
    (r"database \"(.*)\" does not exist|DB index is out of range", "has no such database"),
    (r"no pg_hba\.conf entry", "does not let this user in from here (pg_hba.conf)"),
    (r"permission denied for database|NOPERM", "the user has not the right to ask"),
    (r"too many clients|remaining connection slots|max number of clients", "has no connection left: all that it may have are taken"),
    (r"server does not support SSL", "does not speak TLS"),
    (r"does not match host ?name|hostname mismatch|IP address mismatch|verify error:num=6[24]\b", "has a certificate of another name: it was not asked"),
    (
        r"could not read root certificate|no start line|no certificate or crl found",
        "was not asked: ca holds no certificate in PEM format that can be read",
    ),
    (r"certificate verify failed|[Vv]erif(?:y error|ication error)", "has a certificate that none of ca has issued, or that is out of date: it was not asked"),
    (r"SSL_connect failed|SSL error|certificate|wrong version number", "TLS failed"),
    (r"starting up|LOADING", "is starting up and does not answer yet"),
    (r"shutting down|in recovery mode", "is shutting down, or recovers from a crash"),
    (r"protected mode|DENIED", "refuses all but its own host (protected mode)"),
    (r"could not translate host name|Name or service not known|No address associated|Temporary failure in name resolution", "its name cannot be resolved"),
    (r"Connection refused", "refuses the connection: nothing listens there"),
    (r"No route to host|Network is unreachable", "cannot be reached (no route to host)"),
    (r"timeout expired|timed out|Operation now in progress", "does not answer in time"),
    (r"Server closed the connection|server closed the connection|Connection reset|I/O error|expected authentication request|invalid response", None),
)


def db(parts: Parts, arguments: t.Sequence[str]) -> Answer:
    """Whether databases answer, how full they are, and who waits for whom."""
    words = list(arguments[3:])
    found, told, problems = [], [], []
    for index in range(len(words) // _WORDS):
        kind, host, port, user, database, tls, secret, ca = words[index * _WORDS : (index + 1) * _WORDS]
        usual_port, usual = _USUAL[kind]
        end = f"{kind} {host}:{port or usual_port}"
        one: dict[str, t.Any] = {"kind": kind, "host": host, "port": int(port or usual_port)}
        one.update(user=user or usual, database=database or usual, error=None, tls=None, verified=None)
        error = _why_not(parts, index, kind, tls=bool(tls or ca), secret=bool(secret))
        if error:
            one["error"] = error
            problems.append(f"{end} {error}")
        else:
            said, bad, data = (_redis if kind == "redis" else _postgresql)(parts, index)
            one.update(data, tls=data["server"]["tls"] if kind == "postgresql" else bool(tls or ca), verified=bool(ca))
            told.append(f"{end} {said}{', by TLS with a certificate that nobody verified' if one['tls'] and not ca else ''}")
            problems += [f"{end}: {words}" for words in bad]
        found.append(one)
    answering = sum(1 for one in found if not one["error"])
    head = f"{answering} of {count(len(found), 'database')} {'answers' if len(found) == 1 else 'answer'}"
    return Answer("; ".join([head, *told]), problems, {"databases": found})


def _of(parts: Parts, name: str, index: int, what: str = "") -> Part | None:
    return next((part for part in parts.all(name) if part.title[1] == str(index) and part.title[2:] == ((what,) if what else ())), None)


def _why_not(parts: Parts, index: int, kind: str, *, tls: bool, secret: bool) -> str | None:
    """What kept a database from being asked; None where it answered."""
    if _of(parts, "invalid", index):
        return "is not a host and a port"
    if _of(parts, "no_secret", index):
        return "was not asked: the Secret that password names is not in the pod's namespace, or has no such key"
    if kind == "redis":
        certificate = _of(parts, "redis", index, "certificate")
        first = certificate if certificate and certificate.code else _of(parts, "redis", index, "ping")
    else:
        first = _of(parts, "pg", index, "server")
    if first is None:
        return "was not asked"
    text = " ".join(first.lines)
    if first.code == 0 and (kind != "redis" or text == "PONG"):
        return None
    for pattern, words in _REFUSALS:
        if re.search(pattern, text):
            return words or f"closes the connection{' when TLS begins' if tls else ': it may want TLS (tls: true), or be something else'}"
    if first.code in (124, 143):
        return f"does not answer in time{', or not to TLS' if tls else ''}"
    return f"cannot be asked: {text.strip() or f'the client ended with {first.code}'}"


def _postgresql(parts: Parts, index: int) -> tuple[str, list[str], dict[str, t.Any]]:
    names = ("server", "connections", "transactions", "blocked", "databases", "replicas", "slots", "standby")
    asked = {name: _of(parts, "pg", index, name) for name in names}
    data: dict[str, t.Any] = {name: json.loads("\n".join(part.lines)) if part and part.code == 0 else None for name, part in asked.items()}
    server = data["server"]
    problems = [f"its {name} could not be read: {' '.join(part.lines)}" for name, part in asked.items() if part and part.code]
    used = sum(int(one["count"]) for one in data["connections"] or ())
    most = int(server["max_connections"])
    said = f"is version {str(server['version']).split(' ', 1)[0]}{', a standby' if server['standby'] else ''}, {used} of {most} connections"
    if used >= NEARLY * (most - int(server["reserved"])):
        problems.append(f"{used} of {most} connections are taken, and {server['reserved']} of them are for superusers only")
    oldest = next(iter(data["transactions"] or ()), None)
    if oldest:
        said += f", oldest transaction {_seconds(oldest['transaction_seconds'])}"
        if oldest["transaction_seconds"] is not None and oldest["transaction_seconds"] >= LONG_TRANSACTION:
            problems.append(f"a transaction is open for {_seconds(oldest['transaction_seconds'])}: {_who(oldest)}, {oldest['state']}")
    blocked = data["blocked"] or []
    if blocked:
        waiting, sessions = {one["pid"] for one in blocked}, {one["pid"]: one for one in data["transactions"] or ()}
        roots = sorted({pid for one in blocked for pid in one["blocked_by"] if pid not in waiting})
        who = ", ".join(f"{_who(sessions[pid])} ({sessions[pid]['state']})" if pid in sessions else f"process {pid}" for pid in roots[:SHOWN])
        longest = max((one["state_seconds"] or 0 for one in blocked), default=0)
        waits = "waits" if len(blocked) == 1 else "wait"
        problems.append(
            f"{count(len(blocked), 'session')} {waits} for locks, for up to {_seconds(longest)}, that are held by {who or 'each other'}{more(roots)}"
        )
    problems += [
        f"{one['database']} has {one['transactions_unfrozen']:,} transactions that are not frozen: it stops at 2,147,483,648"
        for one in data["databases"] or ()
        if one["transactions_unfrozen"] >= UNFROZEN
    ]
    replicas = data["replicas"] or []
    for one in replicas:
        if (one["lag_seconds"] or 0) >= LATE_SECONDS or (one["lag_bytes"] or 0) >= LATE_BYTES:
            problems.append(f"the replica {one['application']} is behind by {_seconds(one['lag_seconds'])} and {mib(one['lag_bytes'])}")
    problems += [
        f"the replication slot {one['slot']}, which nobody reads, keeps {mib(one['kept_bytes'])} of the log"
        for one in data["slots"] or ()
        if not one["active"] and (one["kept_bytes"] or 0) >= KEPT_BYTES
    ]
    behind = (data["standby"] or {}).get("lag_seconds")
    if behind is not None and behind >= LATE_SECONDS:
        problems.append(f"this standby is behind by {_seconds(behind)}")
    if replicas:
        said += f", {count(len(replicas), 'replica')}"
    if not server["sees_all"]:
        said += " (what other users do is hidden from this one: the role pg_monitor shows it)"
    return said, problems, data


def _redis(parts: Parts, index: int) -> tuple[str, list[str], dict[str, t.Any]]:
    read = _of(parts, "redis", index, "info")
    info = {key: value for key, colon, value in (line.strip().partition(":") for line in (read.lines if read else ())) if colon}
    if "redis_version" not in info:
        said = " ".join(read.lines) if read else "nothing"
        return "answers", [f"INFO could not be read: {said}"], {"info": {}}
    number = {key: int(value) for key, value in info.items() if re.fullmatch(r"-?\d+", value)}
    slow, latency = _of(parts, "redis", index, "slow"), _of(parts, "redis", index, "latency")
    measured = latency.lines[-1].split() if latency and latency.lines else []
    average = float(measured[2]) if len(measured) == 4 else None
    used, most, clients, allowed = (number.get(key, 0) for key in ("used_memory", "maxmemory", "connected_clients", "maxclients"))
    said = f"is version {info['redis_version']}, a {info.get('role', 'server')}, memory {mib(used)} of {mib(most) if most else 'no limit'}"
    said += f", {count(clients, 'client')}" + (f", {average:g} ms a PING" if average is not None else "")
    problems = []
    if most and used >= NEARLY * most:
        problems.append(f"memory is at {used / most:.0%} of maxmemory ({info.get('maxmemory_policy')})")
    if number.get("evicted_keys"):
        problems.append(f"{count(number['evicted_keys'], 'key')} were evicted for lack of memory since the start")
    if number.get("rejected_connections"):
        problems.append(f"{count(number['rejected_connections'], 'connection')} were rejected: maxclients is {allowed}")
    elif allowed and clients >= NEARLY * allowed:
        problems.append(f"{clients} of {allowed} clients are connected")
    for key, words in (
        ("rdb_last_bgsave_status", "the last save to disk failed"),
        ("aof_last_write_status", "the last write to the append-only file failed"),
        ("aof_last_bgrewrite_status", "the append-only file could not be rewritten"),
    ):
        if info.get(key, "ok") != "ok":
            problems.append(words)
    if info.get("master_link_status", "up") != "up":
        problems.append(f"the connection to its master is down for {_seconds(number.get('master_link_down_since_seconds'))}")
    if info.get("loading") == "1":
        problems.append("it is loading its data and does not serve yet")
    if average is not None and average >= SLOW:
        problems.append(f"a PING takes {average:g} ms on the average")
    slowed = int(slow.lines[0]) if slow and slow.lines and slow.lines[0].isdecimal() else None
    data = {"info": info, "slow_commands": slowed, "latency_ms": average, "last_save": number.get("rdb_last_save_time")}
    return said, problems, data


def _who(one: t.Mapping[str, t.Any]) -> str:
    return f"process {one['pid']} of {one['user'] or 'a user'}{' (' + str(one['application']) + ')' if one['application'] else ''}"


def _seconds(number: t.Any) -> str:
    return "an unknown time" if number is None else f"{float(number):g} s"
