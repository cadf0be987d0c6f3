# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of go, node, forensic and db from what their tools print: Go 1.26, Node 20, gdb 13, PostgreSQL 15 and Redis 7, recorded, and as they fail."""

from __future__ import annotations

import base64
import gzip
import json
import re
import textwrap
import typing as t
from pathlib import Path

import pytest

from ansible_collections.kubedebug.pods.plugins.plugin_utils import _debug_answers_go as go
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_answers import answer
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_frames import parts
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_parts import Answer

ROOT = "/proc/7/root"
RECORDED = Path(__file__).parent / "recorded"
GO = (RECORDED / "go.txt").read_text()
DB = (RECORDED / "db.txt").read_text()


def part(title: str, text: str = "", code: int = 0) -> str:
    return f"@ {code} {title}\n{textwrap.indent(textwrap.dedent(text).strip(chr(10)), ' ', lambda line: True)}\n\n"


def ask(preset: str, text: str, *arguments: str) -> Answer:
    return answer(preset, parts(text), arguments)


def lines(title: str) -> tuple[str, ...]:
    return next(one.lines for one in parts(GO) if " ".join(one.title) == title)


def test_a_go_program_that_leaks() -> None:
    found = ask("go", GO)
    goroutines, profiles = found.data["goroutines"], found.data["profiles"]
    assert found.problems[0] == "1,200 goroutines wait in chan receive at main.leak (main.go:4): so many at one place are mostly a leak"
    assert found.summary.startswith("Go: 1,205 goroutines; heap ")
    assert goroutines["groups"][0] | {"minutes": 0} == {
        "count": 1200,
        "state": "chan receive",
        "minutes": 0,
        "at": "main.leak",
        "stack": ["main.leak /src/leaky/main.go:4"],
    }
    assert sum(goroutines["states"].values()) in (goroutines["total"], goroutines["total"] + 1)
    assert [group["state"] for group in goroutines["groups"] if group["at"] == "main.wait"] == ["sync.Mutex.Lock"]
    assert profiles["heap"]["unit"] == "bytes"
    assert profiles["heap"]["by"][0]["function"] == "main.cache"
    assert profiles["heap"]["total"] == sum(one["value"] for one in profiles["heap"]["by"])
    assert profiles["profile"]["by"][0]["function"] == "main.spin"
    assert profiles["profile"]["seconds"] == pytest.approx(3, abs=0.1)
    assert "the mutex profile is empty: the program does not call runtime.SetMutexProfileFraction" in found.summary


def test_goroutines_that_were_too_many_to_list_are_counted() -> None:
    text = part("base", "http://127.0.0.1:6060/debug/pprof") + part("stacks", "\n".join(lines("stacks")))
    found = ask("go", text)
    assert found.data["goroutines"]["groups"][0]["count"] == 1200
    assert found.data["goroutines"]["groups"][0]["state"] is None
    assert "too many to list each" in found.summary
    assert found.problems == ["1,200 goroutines are at main.leak (main.go:4): so many at one place are mostly a leak"]


@pytest.mark.parametrize(
    ("functions", "place"),
    [
        (["main.leak"], "main.leak"),
        (["runtime.gopark", "sync.(*Mutex).Lock", "shop/cart.(*Basket).add", "main.main"], "shop/cart.(*Basket).add"),
        (["internal/poll.runtime_pollWait", "net.(*conn).Read", "github.com/lib/pq.(*conn).recv", "main.main"], "github.com/lib/pq.(*conn).recv"),
        (["internal/poll.runtime_pollWait", "net/http.(*connReader).Read", "net/http.(*conn).serve"], "net/http.(*conn).serve"),
        ([], ""),
    ],
)
def test_where_a_stack_is_of_the_program(functions: list[str], place: str) -> None:
    assert go.at(functions) == place


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            part("no_pprof 6060 000", "curl: (7) Failed to connect", 7),
            r"^port 6060 refuses .* the pod listens on 8080 \(debug_go_port: 0 asks each\)\. A Go program",
        ),
        (part("no_pprof 8080 404", "404 page not found"), r"^port 8080 has nothing under that path \(HTTP status 404\)"),
        (part("no_pprof 8080 401", "no"), r"^port 8080 wants to know who asks"),
        (part("no_pprof 8080 200", "<html>"), r"^port 8080 answers with something that is not pprof"),
        (part("no_pprof 6379 000", "curl: (1) Received HTTP/0.9 when not allowed", 1), r"^port 6379 does not speak HTTP \(curl: \(1\)"),
        (part("no_pprof 8080 000", "curl: (28) timed out", 28), r"^port 8080 does not answer in time"),
        (part("no_pprof 1 000", "", 7) + part("no_pprof 2 404"), r"^none of 2 ports answers as pprof \(1 refuses .*; 2 has nothing"),
        ("", r"^the pod listens on 8080\. A Go"),
    ],
)
def test_why_there_is_no_pprof(text: str, problem: str) -> None:
    found = ask("go", part("listening", "8080") + text)
    assert len(found.problems) == 1
    assert re.match(problem, found.problems[0]), found.problems


@pytest.mark.parametrize(
    "content",
    [b"", b"not gzip", gzip.compress(b"\xff" * 40), gzip.compress(b"\x12\x7f\x01"), gzip.compress(b"\x0a\x00"), gzip.compress(b"\x12\x02\x10\x01")[:-4]],
    ids=["nothing", "not packed", "noise", "cut within", "empty", "cut"],  # workers of a parallel run have to agree on them, and gzip writes the time
)
def test_a_profile_that_is_none_is_said_to_be_none(content: bytes) -> None:
    text = part("base", "http://127.0.0.1:6060") + part("asked heap 200") + part("profile heap", base64.b64encode(content).decode())
    found = ask("go", text)
    assert [problem.startswith("the heap profile cannot be read") for problem in found.problems] == [True]


def test_a_profile_of_nothing_but_air_is_not_unpacked() -> None:
    packed = gzip.compress(bytes(64 * 1024 * 1024))
    with pytest.raises(ValueError, match="too large"):
        go.unpacked([base64.b64encode(packed).decode()])


def test_what_a_go_program_refuses_is_told() -> None:
    text = part("base", "http://127.0.0.1:6060") + part("asked profile 500", "Could not enable CPU profiling: cpu profiling already in use")
    text += part("asked heap 000", "curl: (52) Empty reply from server", 52) + part("large allocs 200000")
    assert ask("go", text).problems == [
        "profile did not come: Could not enable CPU profiling: cpu profiling already in use (HTTP status 500)",
        "heap did not come: curl: (52) Empty reply from server, so the program may have ended",
        "allocs is 200000 bytes long, too long for the log: debug_go_files fetches it",
    ]


FACTS = {"what": "facts", "version": "v20.20.2", "heap": {"used_heap_size": 3490400, "heap_size_limit": 4345298944}}
CPU = {
    "what": "cpu",
    "seconds": 2.052723,
    "microseconds": 2052097,
    "functions": [["matchPrices (file:///opt/app/server.js:10)", 1535490], ["(idle)", 509911], ["pushAsyncContext (node:internal/async_hooks:539)", 2626]],
}
CLOSED = {"what": "inspector", "port": 9229, "was_open": False, "closed": True, "alive": True}


def node(*found: dict[str, t.Any], nodes: str = "120 7", code: int = 0) -> Answer:
    return ask("node", part("nodes", nodes) + part("inspector 7", "\n".join(map(json.dumps, found)), code))


def test_a_node_that_computes() -> None:
    held = {"what": "allocations", "seconds": 2, "bytes": 8000000, "functions": [["repeat", 6000000], ["remember (file:///app/x.mjs:2)", 2000000]]}
    found = node({"what": "signal", "signal": "SIGUSR1"}, FACTS, CPU, held, CLOSED)
    assert found.problems == []
    assert found.summary == (
        "Node: v20.20.2, process 7; heap 3.3 MiB of 4144.0 MiB; CPU 75% busy over 2 s, 75% of the time in matchPrices (server.js:10); "
        "7.6 MiB allocated in 2 s and still there, 75% of it by repeat; its inspector was opened on port 9229 and closed again"
    )
    assert found.data["cpu"]["functions"][0] == {"function": "matchPrices (file:///opt/app/server.js:10)", "value": 1535490}


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (
            [{**CPU, "functions": [["spin (file:///a.js:1)", 2000000], ["(idle)", 52097]]}],
            "the event loop has no rest (97% busy, 97% of the time in spin (a.js:1))",
        ),
        ([{**CPU, "functions": [["(garbage collector)", 1000000], ["(idle)", 1052097]]}], "the garbage collector takes 49% of the time"),
        ([{**FACTS, "heap": {"used_heap_size": 95, "heap_size_limit": 100}}], "the heap is at 95% of its limit"),
        ([{**CLOSED, "closed": False}], "its inspector, which this preset opened, could not be closed"),
        ([{**CLOSED, "closed": False, "alive": False}], "the process ended while it was looked into"),
        ([{"what": "error", "mode": "snapshot", "words": "no snapshot was taken"}, CLOSED], "snapshot: no snapshot was taken"),
    ],
)
def test_what_is_wrong_with_a_node(found: list[dict[str, t.Any]], problem: str) -> None:
    problems = node(*found, *([CLOSED] if found[-1]["what"] != "inspector" else [])).problems
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_a_client_that_fails_without_a_word_is_no_success() -> None:
    assert node(code=1).problems == ["the client ended with 1: nothing was said"]
    text = part("nodes", "120 7") + part("inspector 7", f"{json.dumps(CLOSED)}\nTraceback:\nMemoryError", 1)
    assert ask("node", text).problems == ["the client ended with 1: MemoryError"]
    assert node({"what": "error", "mode": "", "words": "No."}, CLOSED, code=1).problems == ["No."]


def test_what_a_node_is_left_with_is_said() -> None:
    assert "was open before, on port 9333, and is left so" in node({**CLOSED, "port": 9333, "was_open": True, "closed": False}).summary
    refused = {"what": "error", "mode": "", "words": "the inspector did not open"}
    nowhere = {**CLOSED, "port": None, "closed": False}
    assert node({"what": "signal"}, refused, nowhere).summary == "Node: process 7; SIGUSR1 was sent; the inspector did not open"
    assert node(refused, nowhere).summary == "Node: process 7; nothing was left in it; the inspector did not open"


def test_a_target_that_is_not_node() -> None:
    assert ask("node", part("no_node", "1 sleep\n9 \x1b[2Jsh")).summary == r"Node: no process of the target is Node; there are 1 sleep, 9 \x1b[2Jsh"


STATUS = "Uid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1"


def test_what_the_kernel_denies_is_explained_once() -> None:
    text = part("own", STATUS.replace("1000", "1001")) + part("target", STATUS) + part("nodes", "1 7")
    denied = {"what": "error", "mode": "", "words": "cannot see which ports the process listens on: /proc/7/fd: Permission denied"}
    found = ask("node", text + part("inspector 7", json.dumps(denied), 1))
    assert len(found.problems) == 1
    assert "permission was denied (inspector 7). The debug container is 1001:1001" in found.problems[0]


SHA = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
EVIDENCE = (
    part("pid 7")
    + part("own", STATUS)
    + part("target", STATUS)
    + part("access", f"{ROOT}/.")
    + part("clocks", "1795581348 2026-11-25T04:35:48Z")
    + part("program 7", f"/usr/bin/sleep\n{SHA}")
    + part("program 9", f"/tmp/.miner (deleted)\n{SHA}")
    + part("program 11", f"/memfd:x (deleted)\n{SHA}")
    + part("maps 9", "r-xp 12 55d0-55d1 /tmp/.miner (deleted)\nrw-p 0 7f00-7f01 [heap]\nrwxp 0 7f01-7f02 \nr-xp 3 7f02-7f03 /usr/lib/libc.so.6")
    + part("held 7 3", f"/tmp/loot (deleted)\n1048576\n{SHA}")
    + part("namespaces 7", "lrwxrwxrwx 1 1000 1000 0 Nov 25 04:00 net -> net:[4026532265]")
    + part(f"folder {ROOT}/tmp", f"1795581348 1795581349 12 755 1000 1000 regular file|{ROOT}/tmp/.drop.sh\n1 2 0 1777 0 0 directory|{ROOT}/tmp/x")
    + part("from 1795581000")
    + part("privileged", f"1795581348 12 4755 1000 1000 {ROOT}/usr/bin/new\n1600000000 12 4755 0 0 {ROOT}/usr/bin/passwd")
    + part("out /dev/shm/kd-forensic-1")
    + part(
        f"folder {ROOT}/dev/shm",
        f"1 2 3 600 1000 1000 regular file|{ROOT}/dev/shm/kd-forensic-1.own/part\n1 2 3 600 1000 1000 regular file|{ROOT}/dev/shm/kd-forensic-12",
    )
)


def test_evidence() -> None:
    found = ask("forensic", EVIDENCE, "64", "2000")
    assert found.problems == [
        f"process 9 runs a program that was deleted or replaced since: /tmp/.miner, sha256 {SHA}",
        f"process 11 runs a program that is in no file, only in memory: /memfd:x, sha256 {SHA}",
        "process 9 has executable memory of /tmp/.miner (deleted)",
        "1 deleted file still open holds 1.0 MiB: /tmp/loot",
        "1 executable file in temporary folders: /tmp/.drop.sh",
        "1 setuid or setgid file made since the start: /usr/bin/new",
    ]
    assert found.data["maps"]["9"]["writable_and_executable"] == ["7f01-7f02"]
    assert found.data["namespaces"] == {"7": {"net": "4026532265"}}
    assert [one["path"] for one in found.data["temporary"]] == ["/tmp/.drop.sh", "/tmp/x", "/dev/shm/kd-forensic-12"]
    assert found.summary.startswith("Forensic: 3 processes, 0 TCP sockets, 0 files changed since the start, 1 deleted but open, 3 in temporary folders")


STACKS = """
    [New LWP 15462]
    0x00007f9cf6f26f36 in epoll_wait () from /lib/libc.so.6

    Thread 2 (Thread 0x7f9cf61ff6c0 (LWP 15462) "bio_close_file"):
    #0  __futex_abstimed_wait_common64 (...) at ./nptl/futex-internal.c:57
    #1  0x0000558533c088ee in bioProcessBackgroundJobs ()

    Thread 1 (Thread 0x7f9cf6e1c240 (LWP 15459) "redis-server"):
    #0  0x00007f9cf6f26f36 in epoll_wait (...) at ../sysdeps/unix/sysv/linux/epoll_wait.c:30
    #1  0x0000558533b819ed in aeMain ()
    [Inferior 1 (process 15459) detached]
"""


def test_stacks() -> None:
    found = ask("forensic", EVIDENCE + part("stacks 7", STACKS), "64", "2000", "stacks")
    assert found.data["stacks"]["7"] == [
        {"thread": 15459, "name": "redis-server", "frames": ["epoll_wait (...) at ../sysdeps/unix/sysv/linux/epoll_wait.c:30", "aeMain ()"]},
        {
            "thread": 15462,
            "name": "bio_close_file",
            "frames": ["__futex_abstimed_wait_common64 (...) at ./nptl/futex-internal.c:57", "bioProcessBackgroundJobs ()"],
        },
    ]


def test_stacks_of_a_process_without_threads() -> None:
    text = "Thread 1 (process 8):\n#0  0x00007f1ff8 in ?? ()\n#1  0x0000000000 in ?? ()\n[Inferior 1 (process 8) detached]"
    found = ask("forensic", EVIDENCE + part("stacks 8", text), "64", "2000", "stacks")
    assert found.data["stacks"]["8"] == [{"thread": 8, "name": None, "frames": ["?? ()", "?? ()"]}]


SAVED = """
    warning: Memory read failed for corefile section, 4096 bytes at 0xffffffffff600000.
    Saved corefile /dev/shm/kd/core
    [Inferior 1 (process 7) detached]
"""
FULL = """
    warning: Failed to write corefile contents (No space left on device).
    warning: Memory read failed for corefile section, 4096 bytes at 0xffffffffff600000.
    warning: writing note section (No space left on device)
    warning: cannot close "/dev/shm/kd/core": No space left on device
    Saved corefile /dev/shm/kd/core
    [Inferior 1 (process 7) detached]
"""
ROOM = part("core_needs 1048576 67108864 1073741824 /dev/shm/kd")


@pytest.mark.parametrize(
    ("text", "problem", "core"),
    [
        (ROOM + part("core 7", SAVED) + part("dumped 900000"), None, (900000, True)),
        (
            ROOM + part("core 7", FULL) + part("fragment 1048576"),
            "the core dump was a fragment of 1.0 MiB, and is removed again: no space was left on the device",
            (1048576, False),
        ),
        (
            part("core_needs 99999999 4194304 1073741824 /dev/shm/kd"),
            "no core dump was made: it may take 95.4 MiB, and /dev/shm/kd has room for 4.0 MiB",
            (None, False),
        ),
        (
            part("core_needs 2097152 4194304 1048576 /tmp/kd"),
            "no core dump was made: it may take 2.0 MiB, and debug_forensic_core_mib lets it become 1.0 MiB",
            (None, False),
        ),
        (
            ROOM + part("core 7", "Could not attach to process.  If your uid matches\nptrace: Operation not permitted.", 1) + part("fragment 0"),
            "no core dump was made: gdb may not attach: another user, fewer capabilities than the target, or a node that forbids it (kernel.yama.ptrace_scope)",
            (None, False),
        ),
        (ROOM + part("core 7", "ptrace: No such process.", 1) + part("fragment 0"), "no core dump was made: the process has ended", (None, False)),
        (
            ROOM + part("core 7", "", 124) + part("fragment 4096"),
            "the core dump was a fragment of 0.0 MiB, and is removed again: gdb was ended before it was through",
            (4096, False),
        ),
    ],
    ids=["whole", "no space", "no room", "too large", "denied", "gone", "late"],
)
def test_a_core_dump_is_whole_or_said_not_to_be(text: str, problem: str | None, core: tuple[int | None, bool]) -> None:
    found = ask("forensic", EVIDENCE + text, "64", "2000", "core")
    assert found.problems[6:] == ([problem] if problem else [])
    assert (found.data["core"]["bytes"], found.data["core"]["whole"]) == core


WORDS = (
    *("3", "0", "postgresql+redis"),
    *("postgresql", "127.0.0.1", "15432", "shop", "", "", "password", ""),
    *("redis", "127.0.0.1", "16379", "", "", "", "password", ""),
    *("postgresql", "127.0.0.1", "15432", "shop", "postgres", "", "password", ""),
    *("postgresql", "127.0.0.1", "15432", "shop", "postgres", "tls", "", ""),
    *("redis", "127.0.0.1", "16379", "", "", "", "password", ""),
    *("redis", "127.0.0.1", "16379", "", "3", "tls", "", ""),
    *("redis", "127.0.0.1", "1", "", "", "", "", ""),
    *("postgresql", "127.0.0.1", "1", "u", "d", "", "", ""),
    *("redis", "$(id)", "1", "", "", "", "", ""),
    *("redis", "127.0.0.1", "1", "", "", "", "password", ""),
    *("redis", "127.0.0.1", "15432", "", "", "", "", ""),
    *("postgresql", "127.0.0.1", "15432", "shop", "no", "", "", ""),
)


def test_databases() -> None:
    found = ask("db", DB, *WORDS)
    databases = found.data["databases"]
    assert found.summary.startswith(
        "Database: 2 of 12 databases answer; postgresql 127.0.0.1:15432 is version 15.18, 8 of 10 connections, oldest transaction 8 s"
    )
    assert found.problems[:2] == [
        "postgresql 127.0.0.1:15432: 8 of 10 connections are taken, and 3 of them are for superusers only",
        "postgresql 127.0.0.1:15432: 1 session waits for locks, for up to 4 s, that are held by process 22784 of shop (cart) (idle in transaction)",
    ]
    assert databases[0]["database"] == "postgres"
    assert databases[0]["blocked"][0]["query"] == "UPDATE"
    assert databases[1]["info"]["redis_version"] == "7.0.15"
    assert any("memory is at " in problem for problem in found.problems)
    assert any(" keys were evicted" in problem for problem in found.problems)
    assert [one["error"] for one in databases[2:]] == [
        "the password or the user is wrong",
        "does not speak TLS",
        "the password or the user is wrong",
        "does not answer in time, or not to TLS",
        "refuses the connection: nothing listens there",
        "refuses the connection: nothing listens there",
        "is not a host and a port",
        "was not asked: the Secret that password names is not in the pod's namespace, or has no such key",
        "closes the connection: it may want TLS (tls: true), or be something else",
        "wants a password, and none was given: password says which Secret has it",
    ]


PG = ("3", "0", "postgresql", "postgresql", "db", "", "", "", "", "", "")
SERVER = {"version": "17.1", "standby": False, "max_connections": 100, "reserved": 3, "uptime": 9, "tls": True, "sees_all": True}


def pg(**told: t.Any) -> str:
    usual: dict[str, t.Any] = {
        "connections": [],
        "transactions": [],
        "blocked": [],
        "databases": [],
        "replicas": [],
        "slots": [],
        "standby": {"lag_seconds": None},
    }
    return "".join(part(f"pg 0 {name}", json.dumps(value)) for name, value in {"server": SERVER, **usual, **told}.items())


SESSION = {"pid": 5, "user": "shop", "application": "", "state": "active", "transaction_seconds": 400, "state_seconds": 3}


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"connections": [{"count": 88}]}, "88 of 100 connections are taken, and 3 of them are for superusers only"),
        ({"transactions": [SESSION]}, "a transaction is open for 400 s: process 5 of shop, active"),
        ({"blocked": [{**SESSION, "blocked_by": [9]}]}, "1 session waits for locks, for up to 3 s, that are held by process 9"),
        (
            {"databases": [{"database": "shop", "transactions_unfrozen": 1900000000}]},
            "shop has 1,900,000,000 transactions that are not frozen: it stops at 2,147,483,648",
        ),
        ({"replicas": [{"application": "r1", "lag_seconds": 90, "lag_bytes": None}]}, "the replica r1 is behind by 90 s and unknown"),
        ({"slots": [{"slot": "old", "active": False, "kept_bytes": 2**31}]}, "the replication slot old, which nobody reads, keeps 2048.0 MiB of the log"),
        ({"standby": {"lag_seconds": 61}}, "this standby is behind by 61 s"),
    ],
)
def test_what_is_wrong_with_a_postgresql(told: dict[str, t.Any], problem: str) -> None:
    assert ask("db", pg(**told), *PG).problems == [f"postgresql db:5432: {problem}"]


def test_a_user_who_sees_little_is_told_so() -> None:
    assert "what other users do is hidden from this one: the role pg_monitor shows it" in ask("db", pg(server={**SERVER, "sees_all": False}), *PG).summary


def test_one_question_that_fails_leaves_the_others() -> None:
    found = ask("db", pg() + part("pg 1 server", "no"), *PG)
    assert found.problems == []
    failed = pg().replace("@ 0 pg 0 slots", "@ 1 pg 0 slots")
    assert ask("db", failed, *PG).problems == ["postgresql db:5432: its slots could not be read: []"]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ('FATAL:  role "x" does not exist', "has no such user"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1"', "does not let this user in from here (pg_hba.conf)"),
        ("FATAL:  sorry, too many clients already", "has no connection left: all that it may have are taken"),
        ("FATAL:  the database system is starting up", "is starting up and does not answer yet"),
        ("psql: error: connection to server failed: timeout expired", "does not answer in time"),
        ("something else\x1b[2J", "cannot be asked: something else\x1b[2J"),
    ],
)
def test_why_a_postgresql_does_not_answer(said: str, error: str) -> None:
    found = ask("db", part("pg 0 server", said, 2), *PG)
    assert found.data["databases"][0]["error"] == error
    assert "\x1b" not in found.summary


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ('psql: error: server certificate for "other" does not match host name "db"', "has a certificate of another name: it was not asked"),
        (
            "psql: error: SSL error: certificate verify failed",
            "has a certificate that none of ca has issued, or that is out of date: it was not asked",
        ),
        (
            'psql: error: could not read root certificate file "/tmp/ca": no SSL error reported',
            "was not asked: ca holds no certificate in PEM format that can be read",
        ),
        ("psql: error: server does not support SSL, but SSL was required", "does not speak TLS"),
    ],
)
def test_a_postgresql_that_cannot_be_verified_is_not_asked(said: str, error: str) -> None:
    found = ask("db", part("pg 0 server", said, 2), *PG[:-1], "PEM").data["databases"][0]
    assert (found["error"], found["tls"], found["verified"]) == (error, None, None)


def test_whether_a_certificate_was_verified_is_told() -> None:
    unverified, verified = (ask("db", pg(), *PG[:-1], ca) for ca in ("", "PEM"))
    assert ", by TLS with a certificate that nobody verified" in unverified.summary
    assert "nobody verified" not in verified.summary
    plain = ask("db", pg(server={**SERVER, "tls": False}), *PG)
    assert "TLS" not in plain.summary
    told = [{key: found.data["databases"][0][key] for key in ("tls", "verified")} for found in (unverified, verified, plain)]
    assert told == [{"tls": True, "verified": False}, {"tls": True, "verified": True}, {"tls": False, "verified": False}]


def test_a_redis_whose_certificate_is_not_its_own_is_not_asked() -> None:
    redis = ("5", "0", "redis", "redis", "cache", "", "", "", "", "", "PEM")
    said = "depth=0 CN = other\nverify error:num=62:hostname mismatch\nCONNECTION ESTABLISHED"
    assert ask("db", part("redis 0 certificate", said, 1), *redis).problems == ["redis cache:6379 has a certificate of another name: it was not asked"]
    unread = "80CBA532F57F0000:error:05800088:x509 certificate routines:X509_load_cert_crl_file_ex:no certificate or crl found:../crypto/x509/by_file.c:252:"
    assert ask("db", part("redis 0 certificate", unread, 1), *redis).problems[0].endswith("ca holds no certificate in PEM format that can be read")
    assert "openssl, which with ca" in ask("db", part("redis 0 certificate", "no openssl", 1), *redis).problems[0]
    text = part("redis 0 certificate", "CONNECTION ESTABLISHED") + part("redis 0 ping", "PONG") + part("redis 0 info", "redis_version:7.2.4")
    [found] = ask("db", text, *redis).data["databases"]
    assert (found["error"], found["tls"], found["verified"]) == (None, True, True)


def test_what_is_wrong_with_a_redis() -> None:
    info = "redis_version:7.2.4\r\nrole:slave\r\nused_memory:10\r\nmaxmemory:0\r\nconnected_clients:95\r\nmaxclients:100\r\n"
    info += "rdb_last_bgsave_status:err\r\nmaster_link_status:down"
    text = part("redis 0 ping", "PONG") + part("redis 0 info", info) + part("redis 0 slow", "17") + part("redis 0 latency", "0 120 31.5 80")
    found = ask("db", text, "5", "0", "redis", "redis", "cache", "", "", "", "", "", "")
    assert found.problems == [
        "redis cache:6379: 95 of 100 clients are connected",
        "redis cache:6379: the last save to disk failed",
        "redis cache:6379: the connection to its master is down for an unknown time",
        "redis cache:6379: a PING takes 31.5 ms on the average",
    ]
    assert found.data["databases"][0]["slow_commands"] == 17
    denied = part("redis 0 ping", "PONG") + part("redis 0 info", "NOPERM this user has no permissions to run the 'info' command")
    assert "INFO could not be read: NOPERM" in ask("db", denied, "5", "0", "redis", "redis", "cache", "", "", "", "", "", "").problems[0]
