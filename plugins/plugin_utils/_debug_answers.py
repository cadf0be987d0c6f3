# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What the parts of each preset say: one line that a person can act on, the problems found, and the findings as data. Pure."""

from __future__ import annotations

import collections
import re
import typing as t

from ansible_collections.kubedebug.pods.plugins.module_utils._errors import printable

from . import _debug_answers_toolkit as toolkit
from . import _debug_proc as proc
from ._debug_answers_capture import capture
from ._debug_answers_db import db
from ._debug_answers_forensic import forensic
from ._debug_answers_go import go
from ._debug_answers_jvm import jvm
from ._debug_answers_node import node
from ._debug_answers_python import python
from ._debug_answers_tls import tls
from ._debug_answers_trace import trace
from ._debug_parts import SHOWN, Answer, Parts, count, mib, more, named, nothing_of

if t.TYPE_CHECKING:
    from ._debug_frames import Part

#: A share of a limit from which on it is a problem.
NEARLY = 0.9
#: Connections that the other end has closed and the application has not: more than a few are a leak.
MANY_CLOSE_WAIT = 10


def shell(parts: Parts, arguments: t.Sequence[str]) -> Answer:
    """Who one is in the shell."""
    identity = parts.text("identity")
    return Answer(f"a shell as {identity or 'an unknown user'}", [], {"identity": identity})


def dns(parts: Parts, arguments: t.Sequence[str]) -> Answer:
    """Whether names resolve, to what, and if not, what the server said."""
    hosts = {name for line in parts.lines("hosts") for name in line.partition("#")[0].split()[1:]}
    names: list[dict[str, t.Any]] = []
    for index, name in enumerate(arguments):
        queries = [_query(part) for part in parts.all("query") if part.title[1] == str(index)]
        queries += [toolkit.query(part) for part in parts.all("dig") if part.title[1] == str(index)]
        library = next((part for part in parts.all("getent") if part.title[1] == str(index)), None)
        addresses = list(dict.fromkeys(address for query in queries for address in query["addresses"]))
        found: dict[str, t.Any] = {"name": name, "addresses": addresses, "in_hosts": name.rstrip(".") in hosts, "queries": queries, "error": None}
        if not addresses and not found["in_hosts"]:
            invalid = any(part.title[1] == str(index) for part in parts.all("invalid"))
            found["error"] = "is not the name of a host" if invalid else _dns_error(queries)
        if library:
            found["library"] = list(dict.fromkeys(line.split()[0] for line in library.lines if line.split())) if library.code == 0 else []
        names.append(found)
    bad = [found for found in names if found["error"]]
    config = [line.split() for line in parts.lines("resolv")]
    data = {
        "names": names,
        "nameservers": [words[1] for words in config if words[:1] == ["nameserver"] and len(words) > 1],
        "search": next((words[1:] for words in reversed(config) if words[:1] == ["search"]), []),
        "options": [word for words in config if words[:1] == ["options"] for word in words[1:]],
    }
    problems = [f"{found['name']} {found['error']}" for found in bad]
    problems += [f"{found['name']} has addresses, and the C library finds none" for found in names if found["addresses"] and found.get("library") == []]
    silent = {server for found in names if found["addresses"] for query in found["queries"] for server in query.get("silent_servers", ())}
    problems += [f"the DNS server {server} does not answer, another one does" for server in sorted(silent)]
    return Answer(f"{len(names) - len(bad)} of {count(len(names), 'name')} {'resolves' if len(names) == 1 else 'resolve'}", problems, data)


def connect(parts: Parts, arguments: t.Sequence[str]) -> Answer:
    """Whether something answers there."""
    ends: list[dict[str, t.Any]] = []
    for index, to in enumerate(arguments[1:]):
        tried = next((part for kind in ("tcp", "http", "curl", "invalid") for part in parts.all(kind) if part.title[1] == str(index)), None)
        took = next((part.title for part in parts.all("took") if part.title[1] == str(index)), ())
        seconds = round(float(took[3]) - float(took[2]), 2) if len(took) == 4 else None
        kind, status, error = ("", None, "was not tried") if tried is None else _connected(tried)
        more_of_it: dict[str, t.Any] = {}
        if tried and kind == "curl":
            kind, (status, error, more_of_it) = "http", toolkit.curl(tried)
        ends.append({"to": _without_password(to), "kind": kind, "status": status, "error": error, "seconds": seconds, **more_of_it})
    bad = [end for end in ends if end["error"]]
    return Answer(
        f"{len(ends) - len(bad)} of {count(len(ends), 'endpoint')} {'answers' if len(ends) == 1 else 'answer'}",
        [f"{end['to']} {end['error']}" for end in bad],
        {"endpoints": ends},
    )


def sockets(parts: Parts, arguments: t.Sequence[str]) -> Answer:
    """The sockets by state, who listens, and what piles up."""
    tables = {name: proc.sockets(parts.lines(name), tcp=name.startswith("tcp")) for name in ("tcp", "tcp6", "udp", "udp6")}
    owners = _owners(parts)
    details = toolkit.connections(parts.lines("ss"))
    for entry in (entry for table in tables.values() for entry in table):
        entry["process"] = owners.get(entry["inode"])
        entry.update(details.get((entry["local"], entry["remote"]), {}))
    tcp = tables["tcp"] + tables["tcp6"]
    listening = [entry for entry in tcp if entry["state"] == "LISTEN"]
    states = collections.Counter(entry["state"] for entry in tcp)
    counted = proc.counters(parts.lines("netstat")) | proc.counters(parts.lines("snmp"))
    problems = []
    if states["CLOSE_WAIT"] > MANY_CLOSE_WAIT:
        whose = collections.Counter(_holder(entry) for entry in tcp if entry["state"] == "CLOSE_WAIT").most_common(1)[0]
        problems.append(
            f"{states['CLOSE_WAIT']} connections are in CLOSE_WAIT: the other end has closed them, the application has not ({whose[1]} of {whose[0]})"
        )
    problems += [
        f"{count(entry['receive_queue'], 'connection')} to {entry['local']} {'waits' if entry['receive_queue'] == 1 else 'wait'} to be accepted"
        for entry in listening
        if entry["receive_queue"] > 0
    ]
    if counted.get("TcpExt.ListenOverflows"):
        problems.append(f"connections were dropped {count(counted['TcpExt.ListenOverflows'], 'time')} because the queue of a listener was full")
    waiting = collections.Counter((entry["remote"], entry["state"]) for entry in tcp if entry.get("unacknowledged"))
    for (remote, state), number in waiting.most_common():
        what = "is not answered" if number == 1 else "are not answered"
        problems.append(f"{count(number, 'connection')} to {remote} {what}: {'SYN' if state == 'SYN_SENT' else 'what was sent'} is sent again and again")
    others = ", ".join(f"{number} {state}" for state, number in sorted(states.items()) if state != "LISTEN")
    where = ", ".join(entry["local"] + (f" ({entry['process']})" if entry["process"] else "") for entry in listening[:SHOWN]) + more(listening)
    data = {**tables, "states": dict(states), "counters": counted, "processes_known": bool(owners)}
    return Answer(f"{len(listening)} listening{f' on {where}' if where else ''}{f'; {others}' if others else ''}", problems, data)


def process(parts: Parts, arguments: t.Sequence[str]) -> Answer:
    """The target's processes: what runs, what it holds open, how near it is to its limits."""
    clocks = [float(part.lines[0].split()[0]) for part in parts.all("clock") if part.lines]
    members = list(dict.fromkeys(part.title[1] for part in parts.all("stat")))
    found = [one for one in (_process(parts, pid, clocks) for pid in members) if one]
    problems = []
    for one in found:
        who = f"process {one['pid']} ({one['name']})"
        limit, used = one["limits"].get("Max open files"), one["descriptors"]
        if used is not None and limit and used >= NEARLY * limit:
            problems.append(f"{who} has {used} of {limit} descriptors open")
        if one["state"] in ("D", "T", "t"):
            problems.append(f"{who} is {'stuck in the kernel, mostly waiting for a disk' if one['state'] == 'D' else 'stopped'}")
        if one["cpu_percent"] is not None and one["cpu_percent"] >= 90:
            problems.append(f"{who} uses {one['cpu_percent']} % of a CPU")
    seen = [proc.stat([line]) for part in parts.all("zombies") for line in part.lines]
    zombies = [one for one in seen if one and one["state"] == "Z" and str(one["parent"]) in members]
    if zombies:
        parents = ", ".join(sorted({str(one["parent"]) for one in zombies}))
        problems.append(f"{count(len(zombies), 'zombie')}: process {parents} does not wait for its children")
    if not found:
        return Answer("no process could be read", ["no process could be read"], {"processes": []})
    first = found[0]
    memory = f", {first['resident_kib'] // 1024} MiB resident" if first["resident_kib"] is not None else ""
    opened = f", {first['descriptors']} descriptors" if first["descriptors"] is not None else ""
    cpu = f", {first['cpu_percent']} % CPU" if first["cpu_percent"] is not None else ""
    summary = f"{count(len(found), 'process', 'processes')}; {first['pid']} is {first['name']}{cpu}{memory}{opened}, {count(first['threads'], 'thread')}"
    return Answer(summary, problems, {"processes": found, "zombies": zombies})


def pressure(parts: Parts, arguments: t.Sequence[str]) -> Answer:
    """How near the target's control group is to its limits."""
    memory = _memory(parts)
    cpu = _cpu(parts)
    pids = {"current": _number(parts.text("pids.current", "pids/pids.current")), "limit": _number(parts.text("pids.max", "pids/pids.max"))}
    stalls = {name: _stall(parts.lines(name)) for name in ("memory.pressure", "cpu.pressure", "io.pressure", "node.memory", "node.cpu", "node.io")}
    problems = []
    if memory["share"] is not None and memory["share"] >= NEARLY:
        problems.append(f"memory is at {memory['share']:.0%} of its limit ({mib(memory['working_set'])} of {mib(memory['limit'])}, page cache left out)")
    if memory["oom_kills"]:
        problems.append(f"the kernel has killed {count(memory['oom_kills'], 'process', 'processes')} for lack of memory")
    if cpu["throttled_share"] is not None and cpu["throttled_share"] >= 0.1:
        problems.append(
            f"CPU is throttled in {cpu['throttled_share']:.0%} of its periods now (limit {cpu['limit']:g} CPU)" if cpu["limit"] else "CPU is throttled"
        )
    if pids["current"] is not None and pids["limit"] and pids["current"] >= NEARLY * pids["limit"]:
        problems.append(f"{pids['current']} of {pids['limit']} processes and threads are used")
    problems += [
        f"{name.partition('.')[0]} stalls everything {share:g} % of the time"
        for name, share in stalls.items()
        if share is not None and share >= 10 and not name.startswith("node.")
    ]
    said = f"memory {mib(memory['current'])} of {mib(memory['limit']) if memory['limit'] else 'no limit'}"
    if cpu["cores"] is not None:
        said += f", CPU {cpu['cores']:.2f} of {format(cpu['limit'], 'g') if cpu['limit'] else 'no limit'}"
    if pids["current"] is not None:
        said += f", {pids['current']} pids of {pids['limit'] or 'no limit'}"
    if memory["current"] is None:
        said, problems = "the target's control group could not be read", [*problems, "the target's control group could not be read"]
    return Answer(said, problems, {"memory": memory, "cpu": cpu, "pids": pids, "stall_percent": stalls})


def filesystem(parts: Parts, arguments: t.Sequence[str]) -> Answer:
    """What was written since the target's start, what is full, what is deleted and still open."""
    if any(part.code for part in parts.all("access")):
        return Answer("the files of the target could not be read", [], {})
    root = f"/proc/{parts.all('pid')[0].title[1]}/root" if parts.all("pid") else ""
    most = int(arguments[1])
    lists = {name: [_listed(line, root) for part in parts.all(name) for line in part.lines] for name in ("changed", "privileged")}
    mounted = set(parts.lines("mounted"))
    changed, privileged = ([one for one in lists[name] if one and one["path"] not in mounted] for name in ("changed", "privileged"))
    cut = any(len(part.lines) >= most for name in ("changed", "privileged") for part in parts.all(name))
    space = [one for one in (_space(part) for part in parts.all("space")) if one]
    deleted = [one for one in (_deleted(part) for part in parts.all("deleted")) if one]
    paths = [_path(part, root) for part in parts.all("path") if part.lines]
    problems = [f"{one['asked']} is left out: {one['error']}" for one in paths if one["error"]]
    problems += [f"{one['place']} is {one['used']:.0%} full ({mib(one['free'])} free)" for one in space if one["used"] is not None and one["used"] >= NEARLY]
    problems += [
        f"{one['place']} has {one['inodes_used']:.0%} of its inodes used" for one in space if one["inodes_used"] is not None and one["inodes_used"] >= NEARLY
    ]
    held = sum(one["size"] for one in deleted)
    if deleted:
        problems.append(f"{count(len(deleted), 'deleted file')} still open {'holds' if len(deleted) == 1 else 'hold'} {mib(held)}")
    archive = next(iter(parts.all("archive")), None)
    if archive and archive.code:
        problems.append(f"the archive is not complete: {archive.lines[-1] if archive.lines else f'tar ended with {archive.code}'}")
    changing = [named(line).removeprefix(root).removeprefix("/.") for part in parts.all("changing") for line in part.lines if line.startswith(root)]
    if changing:
        problems.append(f"{count(len(changing), 'file')} changed while the archive was packed: {', '.join(changing[:SHOWN])}{more(changing)}")
    data = {
        "from": _number(next((part.title[1] for part in parts.all("from")), "")),
        "paths": paths,
        "changed": changed,
        "privileged": privileged,
        "space": space,
        "deleted": deleted,
        "cut": cut,
        "changing": changing,
    }
    dated_back = [one for one in changed if data["from"] is not None and "inode_changed" in one and one["modified"] < data["from"]]
    fullest = max((one for one in space if one["used"] is not None), key=lambda one: float(one["used"]), default=None)
    back = f", {len(dated_back)} of them with an older date" if dated_back else ""
    summary = f"{count(len(changed), 'file')} changed{' (list cut)' if cut else ''}{back}, {len(privileged)} setuid or setgid, {len(deleted)} deleted but open"
    return Answer(summary + (f"; fullest {fullest['place']} {fullest['used']:.0%}" if fullest else ""), problems, data)


def runtime(parts: Parts, arguments: t.Sequence[str]) -> Answer:
    """Which runtime the target has and how that is seen, and what the preset of that runtime found."""
    seen = [
        {"runtime": part.title[1], "pid": int(part.title[2]), "name": part.lines[0], "why": part.lines[1]}
        for name in ("runtime", "other")
        for part in parts.all(name)
    ]
    if not seen:
        names = next((part.lines for part in parts.all("no_runtime")), ())
        return nothing_of(parts, "of a runtime that a preset knows", names, "one of its marks, which the preset's page lists; the preset process describes any")
    first, *others = seen
    rest = list(arguments[arguments.index(str(first["runtime"])) + 1 :])
    found = READERS[str(first["runtime"])](parts, rest[1 : 1 + int(rest[0])])
    summary = f"{first['runtime']}, for process {first['pid']} ({first['name']}) {first['why']}"
    if others:
        listed = ", ".join(f"{one['pid']} ({one['name']}) is {one['runtime']}" for one in others[:SHOWN])
        summary += f", and process {listed}{more(others)}"
    return Answer(f"{summary}; {found.summary}" if found.summary else summary, found.problems, {**found.data, "runtimes": seen})


def _evidence(parts: Parts, arguments: t.Sequence[str]) -> dict[str, Answer]:
    """What forensic has of other presets, whose scripts run in its container."""
    return {"sockets": sockets(parts, ()), "process": process(parts, ()), "filesystem": filesystem(parts, ("0", arguments[1]))}


#: Preset: what reads its parts. A preset that is not here is answered with its output alone.
READERS: dict[str, t.Callable[[Parts, t.Sequence[str]], Answer]] = {
    "shell": shell,
    "dns": dns,
    "connect": connect,
    "sockets": sockets,
    "process": process,
    "pressure": pressure,
    "filesystem": filesystem,
    "jvm": jvm,
    "python": python,
    "runtime": runtime,
    "tls": tls,
    "capture": capture,
    "trace": trace,
    "forensic": lambda parts, arguments: forensic(parts, arguments, _evidence(parts, arguments)),
    "go": go,
    "db": db,
    "node": node,
}
#: How a preset's answer begins.
TITLES = {"dns": "DNS", "jvm": "JVM", "tls": "TLS", "db": "Database"}


def answer(preset: str, parts: t.Sequence[Part], arguments: t.Sequence[str]) -> Answer:
    """The answer of a preset. The problems come first in its summary; where the target was out of reach, what stood in the way is one of them."""
    sorted_parts = Parts(parts)
    missing = sorted_parts.all("no_target")
    lacking = sorted_parts.all("no_tool")
    if lacking:
        tools = ", ".join(lacking[0].title[1:])
        said = f"the image has no {tools}. images/toolkit of this collection has it, as debug_image_toolkit, and its README names others that do"
        found = Answer("", [said], {"missing_tools": list(lacking[0].title[1:])})
    elif missing:
        listed = ", ".join(line for line in missing[0].lines[:20])
        found = Answer(
            "",
            [f"no process of the target was found, it does not run now; there are {listed or 'none that can be seen'}"],
            {"processes": list(missing[0].lines)},
        )
    else:
        found = _read(preset, sorted_parts, arguments)
        own, target = (proc.credentials(sorted_parts.lines(name)) for name in ("own", "target"))
        denied = sorted_parts.denied()
        if own and target:
            found.data.update(own=_credentials(own), target=_credentials(target))
            if denied:
                found.problems.append(f"permission was denied ({', '.join(denied[:SHOWN])}{more(denied)}). {proc.why_denied(own, target)}")
    problems = [printable(problem) for problem in found.problems]
    told = "; ".join([*([printable(found.summary)] if found.summary else []), *problems])
    return found._replace(summary=f"{TITLES.get(preset, preset.capitalize())}: {told}", problems=problems)


def _read(preset: str, parts: Parts, arguments: t.Sequence[str]) -> Answer:
    reader = READERS.get(preset)
    if reader is None:
        return Answer("its output is in stdout", [], {})
    try:
        return reader(parts, arguments)
    except Exception as exc:  # noqa: BLE001 - a number that is zero, nesting without end: whatever it is, the other pods' answers must not be lost
        # Whoever is in the pod can write to its processes' files, and there may be anything in them.
        return Answer("", [f"the output is not what the preset prints, and only stdout has it ({type(exc).__name__}: {exc})"], {})


def _number(text: str) -> int | None:
    """A number of a control group's file; None for ``max`` and for what says no limit (version 1 says almost 2^63)."""
    return int(text) if text.strip().isdecimal() and int(text) < 2**60 else None


def _credentials(found: proc.Credentials) -> dict[str, t.Any]:
    return {"user": int(found.user[1]), "group": int(found.group[1]), "capabilities": sorted(found.effective), "no_new_privileges": found.no_new_privileges}


def _path(part: Part, root: str) -> dict[str, t.Any]:
    """A path that was asked for, and where the target's symbolic links lead from it."""
    asked, found = part.lines[0], part.lines[-1].replace(root, "") if root else part.lines[-1]
    return {"asked": asked, "path": found if part.code == 0 else None, "error": found if part.code else None}


def _query(part: Part) -> dict[str, t.Any]:
    start = next((place for place, line in enumerate(part.lines) if line.startswith("Name:")), len(part.lines))
    addresses = [found.group(1) for found in (re.match(r"Address(?: \d+)?:\s+(\S+)", line) for line in part.lines[start:]) if found]
    said = next((line for line in part.lines if re.search(r"\*\*|timed out|can't (?:find|resolve|connect)|nslookup:", line)), "")
    return {"name": part.title[2], "type": part.title[3].upper(), "addresses": addresses, "said": said.lstrip("*; ")}


def _dns_error(queries: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """The worst of what was said to the candidates of a name: no answer at all, a refusal or failure of the server, else that it does not exist."""
    said = [str(query["said"]) for query in queries]
    for pattern, words in (
        (r"Connection refused", "was not answered: nothing listens at the DNS server's address"),
        (r"timed out|no servers could be reached", "got no answer from a DNS server"),
        (r"REFUSED", "was refused by the DNS server (REFUSED)"),
        (r"SERVFAIL", "made the DNS server fail (SERVFAIL)"),
        (r"NXDOMAIN", "does not exist (NXDOMAIN)"),
        (r"No answer", "has no address"),
    ):
        if any(re.search(pattern, text, re.IGNORECASE) for text in said):
            return words
    return f"does not resolve: {next(filter(None, said), 'no query was answered')}"


def _connected(part: Part) -> tuple[str, int | None, str | None]:
    """(tcp or http, the HTTP status, what is wrong)."""
    kind, text = part.title[0], "\n".join(part.lines)
    if kind == "invalid":
        return "", None, "is neither HOST:PORT nor a URL"
    statuses = [int(found) for found in re.findall(r"^\s*HTTP/\S+ (\d{3})", text, re.MULTILINE)]
    statuses += [int(found) for found in re.findall(r"server returned error: HTTP/\S+ (\d{3})", text)]
    status = statuses[-1] if statuses else None
    if part.code == 0:
        return kind, status, None
    if status is not None:
        return kind, status, f"answers with HTTP status {status}"
    if part.code in (124, 143) or "timed out" in text:
        return kind, None, "does not answer in time"
    for pattern, words in (
        (r"bad address|getaddrinfo", "cannot be resolved"),
        (r"Connection refused", "refuses the connection"),
        (r"No route to host|Host is unreachable", "cannot be reached (no route to host)"),
        (r"Network(?: is)? unreachable", "cannot be reached (network unreachable)"),
        (r"bad port|port number", "has no such port"),
    ):
        if re.search(pattern, text):
            return kind, None, words
    return kind, None, f"does not answer: {part.lines[-1] if part.lines else f'exit code {part.code}'}"


def _without_password(to: str) -> str:
    """What was asked for, without the user and password that a URL may have before its host. Where these hold a slash, nothing before the last @ is told."""
    scheme, found, rest = to.rpartition("://") if "://" in to else ("", "", to)
    place = re.match(r"(?:[^/?#]*@)?((?:\[[^\]/@]*\]|[^/?#@:]*)(?::\d*)?)(?=[/?#]|$)", rest)
    return scheme + found + (place.group(1) + rest[place.end() :] if place else rest.rpartition("@")[2])


def _holder(entry: t.Mapping[str, t.Any]) -> str:
    """Who has a socket: the name of its process, or its own end where no process is known."""
    return str(entry["process"]).partition("/")[2] if entry["process"] else str(entry["local"])


def _owners(parts: Parts) -> dict[int, str]:
    """The process that holds a socket, by the socket's inode: ``PID/NAME``."""
    found: dict[int, str] = {}
    for part in parts.all("descriptors"):
        for path in proc.descriptors(part.lines).values():
            inode = re.fullmatch(r"socket:\[(\d+)\]", path)
            if inode:
                found.setdefault(int(inode.group(1)), "/".join(part.title[1:]))
    return found


def _process(parts: Parts, pid: str, clocks: t.Sequence[float]) -> dict[str, t.Any] | None:
    def of(name: str) -> t.Sequence[tuple[str, ...]]:
        return [part.lines for part in parts.all(name) if part.title[1] == pid and part.code == 0]

    stats = [one for one in map(proc.stat, of("stat")) if one]
    if not stats:
        return None
    first, last = stats[0], stats[-1]
    elapsed = clocks[-1] - clocks[0] if len(clocks) > 1 and len(stats) > 1 else 0
    status = proc.fields(of("status")[0]) if of("status") else {}
    open_files = proc.descriptors(of("descriptors")[0]) if of("descriptors") else None
    resident = re.match(r"\d+", status.get("VmRSS", ""))
    score = of("oom")[0] if of("oom") else ()
    return {
        "pid": first["pid"],
        "name": first["name"],
        "state": last["state"],
        "parent": first["parent"],
        "threads": last["threads"],
        "command": [named(word) for word in of("command")[0]] if of("command") else None,
        "cpu_percent": round(100 * (last["ticks"] - first["ticks"]) / proc.TICKS / elapsed) if elapsed > 0 else None,
        "resident_kib": int(resident.group()) if resident else None,
        "limits": proc.limits(of("limits")[0]) if of("limits") else {},
        "descriptors": len(open_files) if open_files is not None else None,
        "open_files": open_files,
        "environment_names": list(of("environment")[0]) if of("environment") else None,
        "io": {key: int(value) for key, value in proc.fields(of("io")[0]).items() if value.isdecimal()} if of("io") else None,
        "memory_kib": {key: int(value.split()[0]) for key, value in proc.fields(of("memory")[0]).items() if re.match(r"\d+ kB", value)}
        if of("memory")
        else None,
        "oom_score": int(score[0]) if score and score[0].isdecimal() else None,
        "signals_caught": status.get("SigCgt"),
    }


def _memory(parts: Parts) -> dict[str, t.Any]:
    """Version 2 or 1 of control groups. The working set is what the kubelet calls so: usage without the page cache that can be dropped at once."""
    current = _number(parts.text("memory.current", "memory/memory.usage_in_bytes"))
    limit = _number(parts.text("memory.max", "memory/memory.limit_in_bytes"))
    told = proc.numbers(parts.lines("memory.stat") or parts.lines("memory/memory.stat"))
    inactive = told.get("total_inactive_file", told.get("inactive_file", 0))
    working_set = None if current is None else max(0, current - inactive)
    events = proc.numbers(parts.lines("memory.events") or parts.lines("memory/memory.oom_control"))
    return {
        "current": current,
        "limit": limit,
        "working_set": working_set,
        "share": round(working_set / limit, 3) if working_set is not None and limit else None,
        "oom_kills": events.get("oom_kill", 0),
        "failures": _number(parts.text("memory/memory.failcnt")) if parts.text("memory/memory.failcnt") else events.get("max"),
    }


def _cpu(parts: Parts) -> dict[str, t.Any]:
    names = ("cpu.stat", "cpu/cpu.stat", "cpu,cpuacct/cpu.stat")
    samples = next(([proc.numbers(part.lines) for part in parts.all(name)] for name in names if parts.all(name)), [])
    clocks = [float(part.lines[0].split()[0]) for part in parts.all("clock") if part.lines]
    first, last = (samples[0], samples[-1]) if samples else ({}, {})
    quota, period = [*parts.text("cpu.max").split(), "", ""][:2]
    quota = quota or parts.text("cpu/cpu.cfs_quota_us", "cpu,cpuacct/cpu.cfs_quota_us")
    period = period or parts.text("cpu/cpu.cfs_period_us", "cpu,cpuacct/cpu.cfs_period_us")
    periods = last.get("nr_periods", 0) - first.get("nr_periods", 0)
    elapsed = clocks[-1] - clocks[0] if len(clocks) > 1 else 0
    spent = [last["usage_usec"] - first.get("usage_usec", 0)] if "usage_usec" in last else []
    for name in ("cpuacct/cpuacct.usage", "cpu,cpuacct/cpuacct.usage"):
        totals = [int(part.lines[0]) // 1000 for part in parts.all(name) if part.lines and part.lines[0].isdecimal()]
        spent += [totals[-1] - totals[0]] if totals else []
    return {
        "limit": int(quota) / int(period) if quota.isdecimal() and period.isdecimal() and int(period) else None,
        "cores": round(spent[0] / 1e6 / elapsed, 3) if spent and elapsed > 0 else None,
        "throttled_share": (last.get("nr_throttled", 0) - first.get("nr_throttled", 0)) / periods if periods > 0 else None,
        "throttled_periods": last.get("nr_throttled"),
        "periods": last.get("nr_periods"),
    }


def _stall(lines: t.Sequence[str]) -> float | None:
    """The share of the last ten seconds in which everything waited: ``full avg10`` of pressure stall information, in percent."""
    found = next((re.search(r"avg10=([\d.]+)", line) for line in lines if line.startswith("full")), None)
    return float(found.group(1)) if found else None


def _listed(line: str, root: str) -> dict[str, t.Any] | None:
    found = re.match(r"(\d+) (\d+) ([0-7]+) (\d+) (\d+) (?:c(\d+) )?(/.*)$", line)
    if not found:
        return None
    return {
        "path": "/" + named(found.group(7)).removeprefix(root).lstrip("/"),
        "modified": int(found.group(1)),
        "size": int(found.group(2)),
        "mode": found.group(3).rjust(4, "0"),
        "uid": int(found.group(4)),
        "gid": int(found.group(5)),
        **({"inode_changed": int(found.group(6))} if found.group(6) else {}),
    }


def _space(part: Part) -> dict[str, t.Any] | None:
    words = part.lines[0].split() if part.lines and part.code == 0 else []
    if len(words) != 5 or not all(word.isdecimal() for word in words):
        return None
    block, blocks, free, inodes, inodes_free = map(int, words)
    return {
        "place": part.title[2],
        "type": part.title[1],
        "size": block * blocks,
        "free": block * free,
        "used": 1 - free / blocks if blocks else None,
        "inodes_used": 1 - inodes_free / inodes if inodes else None,
    }


def _deleted(part: Part) -> dict[str, t.Any] | None:
    words = part.lines[0].split(" ", 1) if part.lines and part.code == 0 else []
    if len(words) != 2 or not words[0].isdecimal() or not words[1].startswith("regular"):
        return None
    path = "\n".join(part.lines[1:]).removesuffix(" (deleted)")
    return {"pid": int(part.title[1]), "descriptor": int(part.title[2]), "path": path, "size": int(words[0])}
