# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers from outputs of real tools that the toolkit image has: Debian 12's openssl, tcpdump, strace, dig, curl and ss."""

from __future__ import annotations

import textwrap
import typing as t
from pathlib import Path

import pytest

from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_answers import answer
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_frames import parts

if t.TYPE_CHECKING:
    from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_parts import Answer

ROOT = "/proc/7/root"
RECORDED = Path(__file__).parent / "recorded"


def part(title: str, text: str = "", code: int = 0) -> str:
    return f"@ {code} {title}\n{textwrap.indent(textwrap.dedent(text).strip(chr(10)), ' ', lambda line: True)}\n\n"


def ask(preset: str, text: str, *arguments: str) -> Answer:
    return answer(preset, parts(text), arguments)


ENDS = {
    "127.0.0.1:7001/old.test": ": self-signed, expired 3 days ago",
    "127.0.0.1:7002/cart.test": None,
    "127.0.0.1:7002": ": not made for 127.0.0.1 (made for DNS:cart.test, DNS:*.shop.test)",
    "127.0.0.1:7002/other.test": ": not made for other.test (made for DNS:cart.test, DNS:*.shop.test)",
    "127.0.0.1:7003/cart.test": ": its issuer CN=Test Intermediate is neither sent nor trusted here",
    "127.0.0.1:7004/cart.test": ": expires in 4 days",
    "127.0.0.1:7005/a": ": self-signed, not made for a (made for DNS:x, \\x1b[2J notAfter=2099-01-01 00:00:00Z, DNS:cart.test)",
    "127.0.0.1:7006/cart.test": ": its issuer CN=Test Intermediate is neither sent nor trusted here, speaks no newer version than TLSv1.0",
    "127.0.0.1:7007/cart.test": None,
    "127.0.0.1:7080": " does not speak TLS there: what it says is plain text",
    "127.0.0.1:1": " refuses the connection",
    "nosuch.test:443": " cannot be resolved",
    "127.0.0.1:7099": " does not answer in time, or does not speak TLS there",
    "-x:1": " is neither HOST:PORT nor HOST:PORT/NAME",
    "$(id):4": " is neither HOST:PORT nor HOST:PORT/NAME",
}


def test_tls() -> None:
    found = ask("tls", (RECORDED / "tls.txt").read_text(), "14", "3", "", "PEM", *ENDS)
    assert found.problems == [f"{to}{words}" for to, words in ENDS.items() if words]
    assert found.summary.startswith("TLS: 2 of 15 endpoints are well; 127.0.0.1:7001")
    good, with_client = found.data["endpoints"][1], found.data["endpoints"][8]
    assert (good["protocol"], good["cipher"], good["trusted"]) == ("TLSv1.3", "TLS_AES_256_GCM_SHA384", True)
    assert [one["subject"] for one in good["chain"]] == ["CN=cart.test", "CN=cart.test", "CN=Test Intermediate"]
    assert good["chain"][0]["names"] == ["DNS:cart.test", "DNS:*.shop.test"]
    assert good["chain"][0]["days_left"] == 79
    assert len(good["chain"][0]["sha256"]) == 64
    assert with_client["asks_client_certificate"]
    assert not good["asks_client_certificate"]


def certificate(index: int, subject: str, issuer: str, after: str) -> str:
    dates = f"subject={subject}\nissuer={issuer}\nserial=1\nnotBefore=2026-01-01 00:00:00Z\nnotAfter={after}\nsha256 Fingerprint=AB:CD"
    return part(f"certificate {index}", dates) + part(f"names {index}", "No extensions in certificate")


@pytest.mark.parametrize(
    ("said", "after", "problem"),
    [
        ("", "2027-06-01 00:00:00Z", None),
        ("", "Jun  1 00:00:00 2027 GMT", None),
        ("", "2026-11-25 04:00:00Z", "h:1: expired less than a day ago"),
        ("", "2026-11-26 04:36:00Z", "h:1: expires in 1 day"),
        ("", "2026-11-25 05:00:00Z", "h:1: expires in 0 days"),
        ("verify error:num=9:certificate is not yet valid", "2027-06-01 00:00:00Z", "h:1: not valid before 2026-01-01 00:00:00Z"),
        ("verify error:num=19:self-signed certificate in certificate chain", "2027-06-01 00:00:00Z", "h:1: its authority CN=root is not trusted here"),
        ("verify error:num=23:certificate revoked", "2027-06-01 00:00:00Z", "h:1: certificate revoked"),
        ("verify error:num=62:hostname mismatch", "2027-06-01 00:00:00Z", "h:1: not made for h (made for CN=a)"),
    ],
)
def test_a_certificate(said: str, after: str, problem: str | None) -> None:
    text = (
        part("clock", "1795581360")
        + part("tls 0 h", said + "\nNew, TLSv1.2, Cipher is ECDHE-RSA-AES256-GCM-SHA384")
        + part("took 0 1.00 1.50")
        + certificate(0, "CN=a", "CN=root", after)
        + certificate(0, "CN=root", "CN=root", "2027-06-01 00:00:00Z")
    )
    found = ask("tls", text, "14", "3", "", "", "h:1")
    assert found.problems == ([problem] if problem else [])
    if problem is None:
        assert found.summary == "TLS: h:1 is well: CN=a by CN=root, 187 days left, TLSv1.2"
        assert found.data["endpoints"][0]["seconds"] == 0.5


@pytest.mark.parametrize(
    ("said", "code", "problem"),
    [
        ("...:SSL routines:ssl3_read_bytes:tlsv1 alert internal error:../ssl/record/rec_layer_s3.c", 1, "refuses the handshake (internal error)"),
        (
            "...:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:../ssl/",
            1,
            "refuses the handshake (no cipher in common, or it wants a client certificate)",
        ),
        ("...:SSL routines:ssl3_read_n:unexpected eof while reading:../ssl/", 1, "closes the connection before TLS is set up"),
        ("...:system library:BIO_connect:No route to host:../crypto/bio/", 1, "cannot be reached (no route to host)"),
        ("something new", 1, "does not set up TLS: something new"),
        ("", 3, "does not set up TLS: exit code 3"),
        ("", 143, "does not answer in time, or does not speak TLS there"),
    ],
)
def test_no_tls(said: str, code: int, problem: str) -> None:
    assert ask("tls", part("tls 0 h", said, code), "14", "3", "", "", "h:1").problems == [f"h:1 {problem}"]


def test_tls_with_certificates_to_trust_that_are_none() -> None:
    found = ask("tls", part("clock", "1") + part("trust", "Could not read certificate", 1), "14", "3", "", "nonsense", "h:1")
    assert found.summary == "TLS: debug_tls_ca holds no certificate that openssl can read, so nothing was asked"


def test_capture() -> None:
    found = ask("capture", (RECORDED / "capture.txt").read_text(), "3", "1000", "96", "any", "no", "")
    assert found.summary.startswith("Capture: 79 packets in 0.273 s, 8 conversations; the busiest 127.0.0.1 to 127.0.0.1:7080 (tcp, 36 packets, 6630 bytes)")
    assert found.problems == [
        "10.203.0.1 reset connections to 10.203.0.2:443 (1 time)",
        "127.0.0.1:1 refused 1 connection of 127.0.0.1",
        "[::1]:7080 refused 1 connection of ::1",
    ]
    assert found.data["conversations"][0]["connections"] == 3
    assert found.data["dropped"] == 0
    assert found.data["complete"]
    assert found.data["pcap"] is None


def captured(*lines: str, code: int = 124, said: str = "0 packets dropped by kernel") -> str:
    return part("capture", f"tcpdump: listening on any\n{said}", code) + part("conversations", "\n".join(["total 100 0 2.5", *lines]))


CONVERSATIONS = {
    "well": ("tcp 10.0.0.1.40000 10.0.0.2.80 10 900 8 700 1 1 0 0 0", None),
    "refused": ("tcp 10.0.0.1.40000 10.0.0.2.80 2 160 2 120 2 0 0 2 0", "10.0.0.2:80 refused 1 connection of 10.0.0.1"),
    "unanswered": ("tcp 10.0.0.1.40000 10.0.0.2.80 3 240 0 0 3 0 0 0 2", "10.0.0.2:80 did not answer 1 connection of 10.0.0.1"),
    "reset by the server": ("tcp 10.0.0.1.40000 10.0.0.2.80 5 400 5 400 1 1 0 1 0", "10.0.0.2:80 reset connections of 10.0.0.1 (1 time)"),
    "reset by the client": ("tcp 10.0.0.1.40000 10.0.0.2.80 5 400 5 400 1 1 2 0 0", "10.0.0.1 reset connections to 10.0.0.2:80 (2 times)"),
    "sent again": ("tcp 10.0.0.1.40000 10.0.0.2.80 50 400 50 400 1 1 0 0 5", "5 of 100 packets between 10.0.0.2:80 and 10.0.0.1 were sent again"),
    "seen from the server's side first": ("tcp 10.0.0.2.80 10.0.0.1.40000 5 400 5 400 0 0 1 0 0", "10.0.0.2:80 reset connections of 10.0.0.1 (1 time)"),
    "IPv6": ("tcp fd00::1.40000 fd00::2.80 2 160 2 120 1 0 0 1 0", "[fd00::2]:80 refused 1 connection of fd00::1"),
    "DNS": ("udp 10.0.0.1.40000 10.0.0.2.53 1 80 1 120 0 0 0 0 0", None),
    "ICMP": ("icmp 10.0.0.1 10.0.0.2 1 80 1 80 0 0 0 0 0", None),
}


@pytest.mark.parametrize(("line", "problem"), CONVERSATIONS.values(), ids=CONVERSATIONS.keys())
def test_a_conversation(line: str, problem: str | None) -> None:
    assert ask("capture", captured(line), "3", "1000", "96", "any", "no", "").problems == ([problem] if problem else [])


def test_conversations_of_one_client_with_one_server_are_one() -> None:
    lines = [f"tcp 10.0.0.1.{port} 10.0.0.2.80 2 160 2 120 1 0 0 1 0" for port in range(40000, 40010)]
    found = ask("capture", captured(*lines, "tcp ; 1 2 3", "nonsense"), "3", "1000", "96", "any", "no", "")
    assert found.problems == ["10.0.0.2:80 refused 10 connections of 10.0.0.1"]
    assert found.summary.startswith("Capture: 100 packets in 2.5 s, 1 conversation; the busiest 10.0.0.1 to 10.0.0.2:80 (tcp, 40 packets, 2800 bytes)")


@pytest.mark.parametrize(
    ("said", "code", "problem"),
    [
        (
            "tcpdump: can't parse filter expression: syntax error",
            1,
            "the filter is not one of pcap-filter(7): tcpdump: can't parse filter expression: syntax error",
        ),
        ("tcpdump: nope: No such device exists\n(No such device exists)", 1, "there is no such interface: (No such device exists)"),
        (
            "tcpdump: any: You don't have permission to perform this capture on that device\n(socket: Operation not permitted)",
            1,
            (
                "the debug container may not capture, for it is not root with NET_RAW and SETGID, which the runtime gives it under debug_profile: baseline: "
                "(socket: Operation not permitted)"
            ),
        ),
        ("something new", 9, "tcpdump captured nothing: exit code 9"),
    ],
)
def test_no_capture(said: str, code: int, problem: str) -> None:
    assert ask("capture", part("capture", said, code), "3", "1000", "96", "any", "no", "x").problems == [problem]


def test_a_capture_that_could_not_be_cut_says_why_there_is_none() -> None:
    found = ask("capture", captured() + part("headers", "headers: the headers of link type 105 are not known", 1), "3", "9", "0", "any", "no", "")
    assert found.summary.startswith("Capture: the packets could not be cut to their headers (headers: the headers of link type 105 are not known), so nothing")


def test_a_capture_that_is_not_whole() -> None:
    line = CONVERSATIONS["well"][0]
    assert ask("capture", captured(line, code=153), "3", "9", "96", "any", "no", "").problems == [
        "the capture ended early, for its file became as large as debug_capture_mib lets it"
    ]
    dropped = ask("capture", captured(line, said="7 packets dropped by kernel"), "3", "9", "96", "any", "no", "")
    assert dropped.problems == ["7 packets came too fast and are not in the capture"]
    large = ask("capture", captured(line) + part("too_large", "", 1), "3", "9", "96", "any", "yes", "")
    assert large.problems == ["the capture is larger than a log may hold, so it is not in it: debug_dest takes it by pods/exec"]
    kept = ask("capture", captured(line) + part("pcap", "1MOy\noQIA"), "3", "9", "96", "any", "yes", "")
    assert kept.data["pcap"] == "1MOyoQIA"
    nothing = part("capture", "0 packets dropped by kernel", 124) + part("conversations", "total 0 0 0")
    assert ask("capture", nothing, "3", "9", "96", "any", "no", "tcp").problems == ["no packet fits the filter in 3 s"]
    assert ask("capture", nothing, "3", "9", "96", "any", "no", "").problems == ["no packet came or went in 3 s"]


STAT = "7 (cart) {} 1 1 1 0 -1 4194304 1249 0 0 0 {} 0 0 0 20 0 2 0 1258868 89026560 2519 18446744073709551615 1 1 1"
STRACE = """\
strace: Process 7 attached with 2 threads
strace: Process 7 detached
strace: Process 9 detached
% time     seconds  longest     calls    errors syscall
------ ----------- -------- --------- --------- ----------------
 71.38    1.892473 0.044358       176           futex
 28.62    0.011833 0.002083       176       176 openat
------ ----------- -------- --------- --------- ----------------
100.00    1.904306 0.044358       352       176 total
"""
ATTACHED = "strace: Process 7 attached\nstrace: Process 7 detached"
REFUSED = "strace: attach: ptrace(PTRACE_SEIZE, 7): Operation not permitted"


def traced(said: str, *, code: int = 124, ticks: int = 0, state: str = "S", more: str = "", gone: bool = False) -> str:
    return (
        part("clock", "100.00 1")
        + part("stat 7", STAT.format(state, 100))
        + part("states 7", f"{state}\nS")
        + more
        + part("trace", said, code)
        + (part("stat 7", "cat: /proc/7/stat: No such file or directory", 1) if gone else part("stat 7", STAT.format(state, 100 + ticks)))
        + part("clock", "102.00 1")
    )


TRACES = {
    "waits and fails": (
        traced(STRACE, ticks=2),
        "Trace: 71 % of time in futex; 352 calls in 2 s, most of them futex (176); 176 of 176 openat failed; 1 % CPU; openat fails 176 of 176 times",
    ),
    "computes": (traced(ATTACHED, ticks=190, state="R"), "Trace: no system call ended in 2 s: it computes (95 % CPU)"),
    "waits": (traced(ATTACHED), "Trace: no system call ended in 2 s: it waits, in calls that had begun before"),
    "loops": (
        traced(STRACE.replace("      176       176 openat", "   110000           read")),
        "Trace: 71 % of time in futex; 110176 calls in 2 s, most of them read (110000); 0 % CPU; read is called 55000 times a second",
    ),
    "ended": (
        traced(ATTACHED, code=0, gone=True),
        "Trace: no system call ended in 2 s: it waits, in calls that had begun before; the target's first process (7) ended while it was watched",
    ),
    "refused": (traced(REFUSED, code=1), "Trace: the target could not be watched (strace: Operation not permitted)"),
    "watched already": (
        traced(REFUSED, code=1, more=part("target", "TracerPid:\t31")),
        "Trace: the target is watched by process 31 already, and only one can (strace: Operation not permitted)",
    ),
    "Yama": (
        traced(REFUSED, code=1, more=part("yama", "1")),
        (
            "Trace: the target could not be watched (strace: Operation not permitted). The node lets none but a parent attach (kernel.yama.ptrace_scope is 1): "
            "only SYS_PTRACE is let in, with debug_profile: general as root"
        ),
    ),
    "part of it refused": (
        traced(f"{STRACE}{REFUSED}", ticks=2),
        (
            "Trace: 71 % of time in futex; 352 calls in 2 s, most of them futex (176); 176 of 176 openat failed; 1 % CPU; "
            "not all processes could be watched (Operation not permitted); openat fails 176 of 176 times"
        ),
    ),
}


@pytest.mark.parametrize(("text", "summary"), TRACES.values(), ids=TRACES.keys())
def test_trace(text: str, summary: str) -> None:
    assert ask("trace", text, "2", "16").summary == summary


def test_trace_as_data() -> None:
    data = ask("trace", traced(STRACE), "2", "16").data
    assert data["calls"][1] == {"name": "openat", "percent": 28.62, "seconds": 0.011833, "longest": 0.002083, "calls": 176, "errors": 176}
    assert (data["processes"], data["threads"], data["seconds"]) == ([7], {"S": 2}, 2.0)


DIG = """
; <<>> DiG 9.18.49-1~deb12u3-Debian <<>> +tries=1 +time=2 +nosearch -q cart.test. -t a
;; global options: +cmd
;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: {}, id: 51689
;; flags: qr aa rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 0

;; QUESTION SECTION:
;cart.test.		IN	A

{}
;; Query time: 12 msec
;; SERVER: 127.0.0.1#53(127.0.0.1) (UDP)
;; WHEN: Wed Nov 25 04:30:30 UTC 2026
;; MSG SIZE  rcvd: 52
"""
FOUND = ";; ANSWER SECTION:\ncart.test.\t60\tIN\tCNAME\tweb.test.\nweb.test.\t30\tIN\tA\t192.0.2.7\n"
DIGS = {
    "found": (part("dig 0 cart.test a", DIG.format("NOERROR", FOUND)), []),
    "absent": (part("dig 0 cart.test a", DIG.format("NXDOMAIN", "")), ["cart does not exist (NXDOMAIN)"]),
    "the server fails": (part("dig 0 cart.test a", DIG.format("SERVFAIL", "")), ["cart made the DNS server fail (SERVFAIL)"]),
    "refused": (part("dig 0 cart.test a", DIG.format("REFUSED", "")), ["cart was refused by the DNS server (REFUSED)"]),
    "no address": (part("dig 0 cart.test a", DIG.format("NOERROR", "")), ["cart has no address"]),
    "silence": (
        part("dig 0 cart.test a", ";; communications error to 127.0.0.1#53: timed out\n;; no servers could be reached", 9),
        ["cart got no answer from a DNS server"],
    ),
    "no server": (
        part("dig 0 cart.test a", ";; communications error to 127.0.0.1#53: connection refused\n;; no servers could be reached", 9),
        ["cart was not answered: nothing listens at the DNS server's address"],
    ),
    "the C library finds none": (
        part("dig 0 cart.test a", DIG.format("NOERROR", FOUND)) + part("getent 0", "", 2),
        ["cart has addresses, and the C library finds none"],
    ),
}


@pytest.mark.parametrize(("text", "problems"), DIGS.values(), ids=DIGS.keys())
def test_dns(text: str, problems: list[str]) -> None:
    assert ask("dns", text, "cart").problems == problems


def test_dns_tells_more() -> None:
    [name] = ask("dns", DIGS["found"][0] + part("getent 0", "192.0.2.7       STREAM web.test\n192.0.2.7       DGRAM"), "cart").data["names"]
    assert name["library"] == ["192.0.2.7"]
    assert name["queries"] == [
        {
            "name": "cart.test",
            "type": "A",
            "addresses": ["192.0.2.7"],
            "said": "",
            "status": "NOERROR",
            "milliseconds": 12,
            "server": "127.0.0.1",
            "aliases": ["web.test."],
            "ttl": 30,
            "silent_servers": [],
        }
    ]


def test_of_two_servers_one_is_dead() -> None:
    found = ask("dns", (RECORDED / "dns_two_servers.txt").read_text(), "cart")
    assert found.summary == "DNS: 1 of 1 name resolves; the DNS server 127.0.0.9 does not answer, another one does"


CURL = """\
status {}
version 1.1
remote 127.0.0.1 8080
verify {}
redirects 1
times 0.000025 0.000183 {} 0.504137 0.504223
bytes 1751
*   Trying 127.0.0.1:8080...
"""
FAILED = "*   Trying 127.0.0.1:1...\n* connect to 127.0.0.1 port 1 failed: {}\ncurl: (7) Failed to connect to 127.0.0.1 port 1"
CURLS = {
    "well": (CURL.format(200, 0, "0.000000"), 0, 200, None),
    "not found": (CURL.format(404, 0, "0.000000"), 0, 404, "answers with HTTP status 404"),
    "refused": (FAILED.format("Connection refused"), 7, None, "refuses the connection"),
    "no route": (FAILED.format("No route to host"), 7, None, "cannot be reached (no route to host)"),
    "unreachable": (FAILED.format("Something new"), 7, None, "cannot be reached"),
    "no name": ("curl: (6) Could not resolve host: x", 6, None, "cannot be resolved"),
    "too late": (CURL.format("000", 0, "0.000000") + "curl: (28) Operation timed out", 28, None, "does not answer in time"),
    "no TLS": ("curl: (35) error: wrong version number", 35, None, "does not set up TLS ((35) error: wrong version number)"),
    "says nothing": ("curl: (52) Empty reply from server", 52, None, "closes the connection without an answer"),
    "something new": ("curl: (77) new", 77, None, "does not answer: (77) new"),
}


@pytest.mark.parametrize(("said", "code", "status", "error"), CURLS.values(), ids=CURLS.keys())
def test_connect(said: str, code: int, status: int | None, error: str | None) -> None:
    [end] = ask("connect", part("curl 0", said, code) + part("took 0 1.00 1.25"), "5", "http://h/").data["endpoints"]
    assert (end["kind"], end["status"], end["error"], end["seconds"]) == ("http", status, error, 0.25)


def test_connect_tells_more() -> None:
    [end] = ask("connect", part("curl 0", CURL.format(200, 20, "0.300000")), "5", "https://h/").data["endpoints"]
    assert end["times"] == {"resolved": 0.000025, "connected": 0.000183, "tls": 0.3, "first_byte": 0.504137, "whole": 0.504223}
    assert (end["remote"], end["redirects"], end["bytes"], end["http_version"], end["certificate_trusted"]) == ("127.0.0.1:8080", 1, 1751, "1.1", False)


TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:D2A4 0100007F:1C03 02 00000001:00000000 01:00000012 00000001  1000        0 50 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1B9E 0100007F:D2A4 01 00000000:00000000 00:00000000 00000000  1000        0 51 1 0 20 4 30 10 -1
"""
SS = """\
SYN-SENT 0      1      127.0.0.1:53924 127.0.0.1:7171 timer:(on,012ms,1) bbr rto:1000 mss:524 cwnd:1 unacked:1 retrans:1/1 lost:1
ESTAB    0      0      [::ffff:127.0.0.1]:7070 127.0.0.1%lo:53924 cubic wscale:10,10 rto:201 rtt:0.031/0.015 mss:32768 retrans:0/2 rcv_space:65483
LISTEN   0      5      0.0.0.0:7080    0.0.0.0:*    bbr cwnd:10
"""


def test_sockets() -> None:
    found = ask("sockets", part("tcp", TCP) + part("ss", SS))
    sent, established = found.data["tcp"]
    assert found.problems == ["1 connection to 127.0.0.1:7171 is not answered: SYN is sent again and again"]
    assert (sent["unacknowledged"], sent["sent_again"], sent["rtt_ms"]) == (1, 1, None)
    assert (established["unacknowledged"], established["sent_again"], established["rtt_ms"]) == (0, 2, 0.031)


def test_filesystem() -> None:
    text = part("pid 7") + part("from 1795569648")
    text += part("changed", f"1000000000 5 644 1000 1000 c1795569700 {ROOT}/tmp/old\n1795569700 5 600 0 0 c1795569700 {ROOT}//tmp/new")
    found = ask("filesystem", text, "0", "2000", "1", "/")
    assert found.summary == "Filesystem: 2 files changed, 1 of them with an older date, 0 setuid or setgid, 0 deleted but open"
    assert [(one["path"], one["modified"], one["inode_changed"]) for one in found.data["changed"]] == [
        ("/tmp/old", 1000000000, 1795569700),
        ("/tmp/new", 1795569700, 1795569700),
    ]
