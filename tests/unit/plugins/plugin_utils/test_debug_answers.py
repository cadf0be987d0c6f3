# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers from outputs of real tools: busybox 1.35 and the kernel's own files."""

from __future__ import annotations

import textwrap
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_answers import READERS, answer
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_frames import parts
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_parts import Answer

ROOT = "/proc/7/root"


def part(title: str, text: str = "", code: int = 0) -> str:
    return f"@ {code} {title}\n{textwrap.indent(textwrap.dedent(text).strip(chr(10)), ' ', lambda line: True)}\n\n"


def ask(preset: str, text: str, *arguments: str) -> Answer:
    return answer(preset, parts(text), arguments)


FOUND = "Server:\t\t127.0.0.1\nAddress:\t127.0.0.1:53\n\nName:\tcart.test\nAddress: 192.0.2.7\n"
EMPTY = "Server:\t\t127.0.0.1\nAddress:\t127.0.0.1:53\n"
ABSENT = EMPTY + "\n** server can't find cart.test: NXDOMAIN\n"
DNS = {
    "found": (part("query 0 cart.test a", FOUND) + part("query 0 cart.test aaaa", EMPTY), "DNS: 1 of 1 name resolves"),
    "found by an older busybox": (
        part("query 0 cart.test a", "Server:    1.1.1.1\nAddress 1: 1.1.1.1 one\n\nName:      cart\nAddress 1: 192.0.2.7 cart"),
        "DNS: 1 of 1 name resolves",
    ),
    "in hosts": (part("hosts", "127.0.0.1\tlocalhost\n10.0.0.1 other cart # comment") + part("query 0 cart a", ABSENT, 1), "DNS: 1 of 1 name resolves"),
    "absent": (part("query 0 cart a", ABSENT, 1), "DNS: 0 of 1 name resolves; cart does not exist (NXDOMAIN)"),
    "the server fails": (
        part("query 0 cart.a a", ABSENT, 1) + part("query 0 cart a", EMPTY + "\n** server can't find cart: SERVFAIL", 1),
        "DNS: 0 of 1 name resolves; cart made the DNS server fail (SERVFAIL)",
    ),
    "refused": (
        part("query 0 cart a", EMPTY + "\n** server can't find cart: REFUSED", 1),
        "DNS: 0 of 1 name resolves; cart was refused by the DNS server (REFUSED)",
    ),
    "no server": (
        part("query 0 cart a", "nslookup: read: Connection refused\n;; connection timed out; no servers could be reached", 1),
        "DNS: 0 of 1 name resolves; cart was not answered: nothing listens at the DNS server's address",
    ),
    "silence": (
        part("query 0 cart a", ";; connection timed out; no servers could be reached", 1),
        "DNS: 0 of 1 name resolves; cart got no answer from a DNS server",
    ),
    "no address": (part("query 0 cart a", EMPTY + "\n*** Can't find cart: No answer"), "DNS: 0 of 1 name resolves; cart has no address"),
    "invalid": (part("invalid 0", "", 1), "DNS: 0 of 1 name resolves; cart is not the name of a host"),
    "nothing": ("", "DNS: 0 of 1 name resolves; cart does not resolve: no query was answered"),
}


@pytest.mark.parametrize(("text", "summary"), DNS.values(), ids=DNS.keys())
def test_dns(text: str, summary: str) -> None:
    assert ask("dns", text, "cart").summary == summary


def test_dns_configuration() -> None:
    text = part("resolv", "search a.test b.test\nnameserver 10.0.0.1\nnameserver 10.0.0.2\noptions ndots:5 edns0")
    assert {key: value for key, value in ask("dns", text).data.items() if key != "names"} == {
        "nameservers": ["10.0.0.1", "10.0.0.2"],
        "search": ["a.test", "b.test"],
        "options": ["ndots:5", "edns0"],
    }


CONNECT = {
    "open": (part("tcp 0"), None, None),
    "refused": (part("tcp 0", "nc: can't connect to remote host (127.0.0.1): Connection refused", 1), None, "refuses the connection"),
    "no name": (part("tcp 0", "nc: bad address 'missing.test'", 1), None, "cannot be resolved"),
    "no port": (part("tcp 0", "nc: bad port '99999'", 1), None, "has no such port"),
    "no route": (part("tcp 0", "nc: can't connect to remote host (10.0.0.1): No route to host", 1), None, "cannot be reached (no route to host)"),
    "unreachable": (part("tcp 0", "nc: can't connect to remote host (192.0.2.1): Network is unreachable", 1), None, "cannot be reached (network unreachable)"),
    "no answer": (part("tcp 0", "nc: timed out", 1), None, "does not answer in time"),
    "ended by timeout of busybox": (part("http 0", "Connecting to 10.0.0.1 (10.0.0.1:80)", 143), None, "does not answer in time"),
    "ended by timeout of coreutils": (part("http 0", "", 124), None, "does not answer in time"),
    "status 200": (part("http 0", "Connecting to 127.0.0.1:8080 (127.0.0.1:8080)\n  HTTP/1.1 200 OK\n  Connection: close"), 200, None),
    "after a redirection": (part("http 0", "  HTTP/1.1 302 Found\n  HTTP/1.1 200 OK"), 200, None),
    "status 404": (
        part("http 0", "  HTTP/1.1 404 Not Found\nwget: server returned error: HTTP/1.1 404 Not Found", 1),
        404,
        "answers with HTTP status 404",
    ),
    "invalid": (part("invalid 0", "", 1), None, "is neither HOST:PORT nor a URL"),
    "something else": (part("tcp 0", "nc: something new", 1), None, "does not answer: nc: something new"),
    "nothing": ("", None, "was not tried"),
}


@pytest.mark.parametrize(("text", "status", "error"), CONNECT.values(), ids=CONNECT.keys())
def test_connect(text: str, status: int | None, error: str | None) -> None:
    found = ask("connect", text + part("took 0 100.10 100.35"), "5", "host:80")
    assert (found.data["endpoints"][0]["status"], found.data["endpoints"][0]["error"]) == (status, error)
    assert found.data["endpoints"][0]["seconds"] == 0.25
    assert found.problems == ([f"host:80 {error}"] if error else [])


TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 50 1 0000000000000000 100 0 0 10 0
"""
CLOSE_WAIT = "".join(
    f"   {number}: 0100007F:1B9E 0100007F:D2A4 08 00000000:00000001 00:00000000 00000000  1000        0 {100 + number} 1 0 20 4 30 10 -1\n"
    for number in range(1, 12)
)


def test_sockets() -> None:
    held = "\n".join(f"lrwx------ 1 1000 1000 64 Nov 25 01:20 {number} -> socket:[{100 + number}]" for number in range(1, 12))
    text = part("tcp", TCP + CLOSE_WAIT) + part("descriptors 7 cart", held) + part("netstat", "TcpExt: ListenOverflows\nTcpExt: 1")
    found = ask("sockets", text)
    assert found.problems == [
        "11 connections are in CLOSE_WAIT: the other end has closed them, the application has not (11 of cart)",
        "3 connections to 0.0.0.0:8080 wait to be accepted",
        "connections were dropped 1 time because the queue of a listener was full",
    ]
    assert found.summary.startswith("Sockets: 1 listening on 0.0.0.0:8080; 11 CLOSE_WAIT; 11 connections")
    assert found.data["tcp"][1]["process"] == "7/cart"


def process(state: str = "S", ticks: tuple[int, int] = (0, 0), limit: str = "1024", opened: int = 3) -> str:
    stats = [f"5 (cart) {state} 0 5 5 0 -1 0 0 0 0 0 {used} 0 0 0 20 0 2 0 900 1 1 1" for used in ticks]
    listed = "total 0\n" + "\n".join(f"lr-x------ 1 1 1 64 Nov 25 01:20 {number} -> /dev/null" for number in range(opened))
    return (
        part("clock", "100.00 1.00")
        + part("stat 5", stats[0])
        + part("status 5", "Name:\tcart\nVmRSS:\t    2048 kB\nSigCgt:\t0000000000000004")
        + part(
            "limits 5",
            f"Limit                     Soft Limit           Hard Limit           Units     \nMax open files            {limit}            1048576    files  ",
        )
        + part("descriptors 5", listed)
        + part("command 5", "cart\n--password\x01x\n{{ 1 + 1 }}")
        + part("environment 5", "PATH\nPASSWORD")
        + part("clock", "101.00 2.00")
        + part("stat 5", stats[1])
    )


PROCESS: dict[str, tuple[str, list[str]]] = {
    "well": (process(), []),
    "descriptors": (process(limit="10  ", opened=9), ["process 5 (cart) has 9 of 10 descriptors open"]),
    "unlimited": (process(limit="unlimited", opened=9), []),
    "stuck": (process("D"), ["process 5 (cart) is stuck in the kernel, mostly waiting for a disk"]),
    "stopped": (process("T"), ["process 5 (cart) is stopped"]),
    "busy": (process("R", (100, 195)), ["process 5 (cart) uses 95 % of a CPU"]),
    "zombies": (
        process() + part("zombies", "6 (sh) Z 5 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 9 0\n7 (sh) Z 4 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 9 0"),
        ["1 zombie: process 5 does not wait for its children"],
    ),
}


@pytest.mark.parametrize(("text", "problems"), PROCESS.values(), ids=PROCESS.keys())
def test_process(text: str, problems: list[str]) -> None:
    found = ask("process", text, "64")
    assert found.problems == problems
    (one,) = found.data["processes"]
    assert one["command"] == ["cart", "--password\nx", "{{ 1 + 1 }}"]
    assert one["environment_names"] == ["PATH", "PASSWORD"]
    assert found.summary.startswith("Process: 1 process; 5 is cart, ")


V1 = {
    "memory/memory.usage_in_bytes": "62000000",
    "memory/memory.limit_in_bytes": "64000000",
    "memory/memory.stat": "cache 3\ntotal_inactive_file 1000000",
    "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2",
    "memory/memory.failcnt": "17",
    "cpu/cpu.cfs_quota_us": "10000",
    "cpu/cpu.cfs_period_us": "100000",
    "pids/pids.current": "95",
    "pids/pids.max": "100",
}
#: As the kernel's documentation has them (admin-guide/cgroup-v2); this was not run on a node of version 2.
V2 = {
    "memory.current": "62000000",
    "memory.max": "64000000",
    "memory.stat": "anon 1\ninactive_file 1000000",
    "memory.events": "low 0\nhigh 0\nmax 17\noom 2\noom_kill 2",
    "cpu.max": "10000 100000",
    "pids.current": "95",
    "pids.max": "100",
}


def pressure(files: dict[str, str], usage: tuple[str, str], samples: tuple[str, str]) -> str:
    begin, end = (part("clock", clock) + part(usage[0], sample) for clock, sample in zip(("10.00 1", "12.00 1"), samples, strict=True))
    return begin + "".join(part(name, text) for name, text in files.items()) + end


@pytest.mark.parametrize(
    "text",
    [
        pressure(V1, ("cpu/cpu.stat", ""), ("nr_periods 100\nnr_throttled 10\nthrottled_time 5", "nr_periods 120\nnr_throttled 20\nthrottled_time 9")),
        pressure(V2, ("cpu.stat", ""), ("usage_usec 1000000\nnr_periods 100\nnr_throttled 10", "usage_usec 1200000\nnr_periods 120\nnr_throttled 20")),
    ],
    ids=["version 1", "version 2"],
)
def test_pressure(text: str) -> None:
    found = ask("pressure", text)
    assert found.problems == [
        "memory is at 95% of its limit (58.2 MiB of 61.0 MiB, page cache left out)",
        "the kernel has killed 2 processes for lack of memory",
        "CPU is throttled in 50% of its periods now (limit 0.1 CPU)",
        "95 of 100 processes and threads are used",
    ]
    assert found.data["memory"]["failures"] == 17
    assert found.data["cpu"]["limit"] == 0.1


def test_pressure_without_limits() -> None:
    files = {"memory.current": "62000000", "memory.max": "max", "cpu.max": "max 100000", "pids.current": "95", "pids.max": "max"}
    found = ask(
        "pressure", pressure(files, ("cpu.stat", ""), ("usage_usec 0\nnr_periods 0\nnr_throttled 0", "usage_usec 1000000\nnr_periods 0\nnr_throttled 0"))
    )
    assert found.summary == "Pressure: memory 59.1 MiB of no limit, CPU 0.50 of no limit, 95 pids of no limit"
    huge = ask("pressure", part("memory/memory.usage_in_bytes", "1") + part("memory/memory.limit_in_bytes", "9223372036854771712"))
    assert huge.data["memory"]["limit"] is None


def test_pressure_stalls() -> None:
    stall = "some avg10=60.00 avg60=1.00 avg300=0.00 total=5\nfull avg10=25.50 avg60=1.00 avg300=0.00 total=5"
    text = part("memory.current", "1") + part("memory.pressure", stall) + part("node.io", stall)
    found = ask("pressure", text)
    assert found.problems == ["memory stalls everything 25.5 % of the time"]
    assert found.data["stall_percent"]["node.io"] == 25.5


def test_filesystem() -> None:
    text = (
        part("pid 7")
        + part("from 1795569648")
        + part("space overlay /", "4096 1000 500 100 50")
        + part("space tmpfs /with\\040blank", "4096 256 0 0 0")
        + part("space nfs /gone", "stat: can't read file system information", 1)
        + part("mounted", "/etc/hosts")
        + part(
            "changed",
            f"1795569724 200 644 0 0 {ROOT}/etc/hosts\n"
            f"1795569725 5 644 1000 1000 {ROOT}/tmp/{{{{ 1 + 1 }}}}\n"
            f"find: {ROOT}/lost+found: Permission denied\n"
            "@ 0 pid 99",
        )
        + part("privileged", f"1795569725 5 4755 1000 1000 {ROOT}//tmp/su")
        + part("deleted 7 3", "524288 regular file\n/tmp/deleted (deleted)")
        + part("deleted 7 4", "0 socket\nx (deleted)")
    )
    found = ask("filesystem", text, "0", "2000", "1", "/")
    assert [one["path"] for one in found.data["changed"]] == ["/tmp/{{ 1 + 1 }}"]
    assert found.data["privileged"][0] == {"path": "/tmp/su", "modified": 1795569725, "size": 5, "mode": "4755", "uid": 1000, "gid": 1000}
    assert found.data["deleted"] == [{"pid": 7, "descriptor": 3, "path": "/tmp/deleted", "size": 524288}]
    assert found.problems == ["/with\\040blank is 100% full (0.0 MiB free)", "1 deleted file still open holds 0.5 MiB"]
    assert not found.data["cut"]


def test_filesystem_archive_that_is_not_complete() -> None:
    text = part("pid 7") + part("archive", "tar: ./none: No such file or directory", 1)
    assert ask("filesystem", text, "0", "10", "1", "/").problems == ["the archive is not complete: tar: ./none: No such file or directory"]


def test_filesystem_archive_of_what_changes() -> None:
    text = part("pid 7") + part("archive", "") + part("changing", f"{ROOT}/./var/log/a\n{ROOT}/./b")
    found = ask("filesystem", text, "0", "10", "1", "/")
    assert found.problems == ["2 files changed while the archive was packed: /var/log/a, /b"]
    assert found.data["changing"] == ["/var/log/a", "/b"]


def test_filesystem_paths() -> None:
    text = (
        part("pid 7")
        + part("path 0", "/tmp/abs\n/etc")
        + part("path 1", "/tmp/loop\ntoo many symbolic links", 1)
        + part("path 2", f"/none\nls: {ROOT}/none: No such file or directory", 1)
    )
    found = ask("filesystem", text, "0", "10", "3", "/tmp/abs", "/tmp/loop", "/none")
    assert [one["path"] for one in found.data["paths"]] == ["/etc", None, None]
    assert found.problems == ["/tmp/loop is left out: too many symbolic links", "/none is left out: ls: /none: No such file or directory"]


def test_nothing_that_a_pod_says_steers_a_terminal() -> None:
    found = ask("filesystem", part("pid 7") + part("archive", "tar: \x1b[2J\u202e", 1), "0", "10", "1", "/")
    assert found.problems == ["the archive is not complete: tar: \\x1b[2J\\u202e"]
    assert found.summary.isprintable()
    assert ask("shell", part("identity", "uid=1\x1b]0;x\x07")).summary == "Shell: a shell as uid=1\\x1b]0;x\\x07"


OWN = "Uid:\t65532\t65532\t65532\t65532\nGid:\t65532\t65532\t65532\t65532\nCapPrm:\t0\nCapEff:\t0"


@pytest.mark.parametrize(
    ("line", "explained"),
    [
        ("ls: /proc/7/root/.: Permission denied", True),
        ("find: /proc/7/root/: Permission denied", True),
        ("ls: /proc/7/fd: Permission denied", True),
        ("cat: can't open '/proc/7/environ': Permission denied", True),
        ("cat: can't open '/proc/7/io': Permission denied", True),
        (f"find: {ROOT}/lost+found: Permission denied", False),
        (f"find: {ROOT}/proc/7/fd: Permission denied", False),
    ],
)
def test_what_the_kernel_denies_is_explained(line: str, explained: bool) -> None:
    text = part("pid 7") + part("own", OWN) + part("target", OWN.replace("65532", "1000")) + part("access", line, 1)
    found = ask("pressure", text)
    assert any("match_target" in problem for problem in found.problems) == explained
    assert found.data["target"]["user"] == 1000


def test_no_target() -> None:
    found = ask("process", part("no_target", "1 pause\n9 sh", 1), "64")
    assert found.summary == "Process: no process of the target was found, it does not run now; there are 1 pause, 9 sh"


TITLES = [
    "pid",
    "stat",
    "space",
    "clock",
    "took",
    "query",
    "tcp",
    "http",
    "invalid",
    "deleted",
    "descriptors",
    "cpu.stat",
    "memory.current",
    "changed",
    "own",
    "target",
    "dig",
    "getent",
    "curl",
    "ss",
    "tls",
    "certificate",
    "names",
    "capture",
    "conversations",
    "trace",
    "states",
]
WORDS = [
    "7",
    "x",
    "(7) Z",
    "7 (x) S " + "9 " * 20,
    "",
    "-1",
    "1.5",
    "Uid:\t1",
    "5 regular file",
    "9" * 30,
    "full avg10=..",
    "Address: x",
    "Max open files  9  9",
    "total 1 2 3",
    "tcp a b 1 2 3 4 5 6 7 8 9",
    "times 1 2 3 4 5",
    "status x",
    "notAfter=x",
    " 99.9 1.0 1.0 5 6 openat",
    "ESTAB 0 0 x:1 [::1%lo]:2 timer:(on,1ms,2)",
]


@given(
    st.lists(st.tuples(st.sampled_from(TITLES), st.lists(st.sampled_from(WORDS), max_size=4), st.lists(st.sampled_from(WORDS), max_size=3)), max_size=6),
    st.sampled_from(sorted(READERS)),
)
def test_whatever_a_pod_prints_there_is_an_answer(text: list[tuple[str, list[str], list[str]]], preset: str) -> None:
    printed = "".join(part(" ".join([title, *words]), "\n".join(lines)) for title, words, lines in text)
    assert ask(preset, printed, "0", "10", "1", "/").summary


@pytest.mark.parametrize("preset", READERS)
def test_nothing_makes_no_traceback(preset: str) -> None:
    arguments = ["0", "10", "1", "/"]
    for text in ("", "@ 0 pid\n", "garbage", part("pid x") + part("stat x", "(((") + part("space a b", "x") + part("clock", "1.0 1")):
        assert ask(preset, text, *arguments).summary


def test_a_preset_without_a_reader_is_answered_with_its_output() -> None:
    assert ask("own", part("a") + part("b")).summary == "Own: its output is in stdout"


@pytest.mark.parametrize("preset", sorted(READERS))
@pytest.mark.parametrize(
    "line",
    ["'/proc/1/" * 20_000, '"' + '" ' * 20_000, "[" * 20_000, '{"a":' * 20_000, "9" * 5_000, '"main" #1 cpu=1.1.1ms tid=0', "1e999", "0", "null", "{}", "[]"],
    ids=lambda line: line[:12],
)
def test_no_line_of_a_pod_stops_the_answers_or_takes_long(preset: str, line: str) -> None:
    titles = ("threads", "report", "server", "profile", "inspector", "dump", "heap", "process", "pg 0 server", "redis 0 info")
    text = "\n".join(f"@ 0 {title}\n {line}" for title in titles)
    begun = time.process_time()
    found = answer(preset, parts(text), ["1"])
    assert isinstance(found.summary, str)
    assert time.process_time() - begun < 5


def test_names_with_line_ends_are_whole() -> None:
    text = part("pid 7") + part("privileged", f"1 2 4755 0 0 {ROOT}/a\x011 2 4755 0 0 {ROOT}/b") + part("deleted 7 3", "5 regular file\n/tmp/c\nd (deleted)")
    text += part("changing", f"{ROOT}/./e\x01{ROOT}/./f")
    found = ask("filesystem", text, "0", "9")
    assert [one["path"] for one in found.data["privileged"]] == [f"/a\n1 2 4755 0 0 {ROOT}/b"]
    assert [one["path"] for one in found.data["deleted"]] == ["/tmp/c\nd"]
    assert found.data["changing"] == [f"/e\n{ROOT}/./f"]
    assert "\n" not in found.summary
