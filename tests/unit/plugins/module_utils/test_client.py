# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a client goes on: pauses between attempts, what each request may take, and which errors are worth another attempt."""

from __future__ import annotations

import dataclasses
import errno
import socket
import ssl
import threading
import time
import typing as t

import pytest
import urllib3.exceptions

from ansible_collections.kubedebug.pods.plugins.module_utils import _auth
from ansible_collections.kubedebug.pods.plugins.module_utils._client import ATTEMPTS, PATIENCE, Client, _is_final, _Retry, side_by_side
from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure
from tests.unit.plugins.modules.documents import NAMESPACE, POD, POD_PATH, pod
from tests.unit.plugins.modules.script import Call, ScriptedServer


@dataclasses.dataclass
class Clock:
    """Time that passes only by sleeping."""

    now: float = 1000.0
    pauses: list[float] = dataclasses.field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "monotonic", made.monotonic)
    monkeypatch.setattr(time, "sleep", made.sleep)
    return made


def used_up(retry: _Retry, at_least: float = 0.0) -> None:
    for _attempt in range(100):
        if not retry.wait(at_least):
            return
    pytest.fail("there was always another attempt")


def test_pauses_grow_and_end(clock: Clock) -> None:
    used_up(_Retry(24.0))
    assert len(clock.pauses) == ATTEMPTS - 1
    steps = [min(0.1 * 2**number, 3.0) for number in range(1, ATTEMPTS)]
    assert all(0.7 * step <= pause <= 1.3 * step for step, pause in zip(steps, clock.pauses, strict=True))
    assert clock.pauses[4] > 4 * clock.pauses[0]


def test_who_has_more_patience_makes_more_attempts(clock: Clock) -> None:
    used_up(_Retry(120.0))
    assert 100 < sum(clock.pauses) <= 120


def test_pauses_differ_between_tasks(clock: Clock) -> None:
    for _task in range(20):
        _Retry(1e9).wait()
    assert len(set(clock.pauses)) > 1


def test_the_server_says_how_long_at_least(clock: Clock) -> None:
    retry = _Retry(100)
    assert retry.wait(7.5)
    assert retry.wait(0.0)
    assert clock.pauses[0] == 7.5
    assert clock.pauses[1] < 1


@pytest.mark.parametrize(("patience", "until"), [(10.0, None), (10.0, 1e9), (1e9, 1010.0), (10.0, 1005.0)])
def test_no_pause_ends_after_the_patience_or_the_deadline(clock: Clock, patience: float, until: float | None) -> None:
    used_up(_Retry(patience, until), at_least=2.0)
    end = min(1000.0 + patience, until or 1e9)
    assert end - 4.0 <= clock.now <= end


@pytest.mark.parametrize("asked", [16.0, 3600.0, float("inf")])
def test_a_server_that_wants_more_than_there_is_patience(clock: Clock, asked: float) -> None:
    assert not _Retry(PATIENCE).wait(asked)
    assert not clock.pauses


def client(url: str = "http://127.0.0.1:9", **how: t.Any) -> Client:
    return Client(_auth.connect(_auth.gather({"host": url, "api_key": "abc"}, {})), **how)


class Pool:
    """Stands in for urllib3's pool, and tells what a request may take."""

    def __init__(self) -> None:
        self.timeouts: list[tuple[float, float]] = []

    def request(self, _method: str, _url: str, *, timeout: t.Any, **_how: t.Any) -> t.NoReturn:
        self.timeouts.append((timeout.connect_timeout, timeout.read_timeout))
        raise ConnectionResetError


#: request_timeout, seconds until the deadline -> what connecting and reading may take.
TIMEOUTS = [
    (30.0, None, 10.0, 30.0),
    (30.0, 100.0, 10.0, 30.0),
    (30.0, 12.0, 10.0, 12.0),
    (30.0, 7.0, 7.0, 7.0),
    (30.0, 1.0, 5.0, 5.0),
    (30.0, -50.0, 5.0, 5.0),
    (2.0, -50.0, 2.0, 2.0),
    (2.0, 100.0, 2.0, 2.0),
]


@pytest.mark.parametrize(("request_timeout", "left", "connect", "read"), TIMEOUTS)
def test_requests_have_what_is_left_but_five_seconds(clock: Clock, request_timeout: float, left: float | None, connect: float, read: float) -> None:
    asked, pool = client(request_timeout=request_timeout), Pool()
    asked._pool = pool
    until = None if left is None else clock.now + left
    with pytest.raises(Failure):
        asked.get_pod(NAMESPACE, POD, patience=0, until=until)
    assert pool.timeouts == [(connect, read)]


def test_no_attempt_begins_after_the_deadline(clock: Clock) -> None:
    asked, pool = client(), Pool()
    asked._pool = pool
    with pytest.raises(Failure):
        asked.get_pod(NAMESPACE, POD, until=clock.now - 1)
    assert len(pool.timeouts) == 1


def caused(error: BaseException, *, by: BaseException) -> BaseException:
    error.__context__ = by
    return error


HOST = t.cast("t.Any", None)


def unresolved(error: socket.gaierror) -> Exception:
    """What urllib3 makes of it: releases before 2 have no error of their own for it."""
    own = getattr(urllib3.exceptions, "NameResolutionError", None)
    return t.cast("Exception", own("h", HOST, error)) if own else urllib3.exceptions.NewConnectionError(HOST, "x")


AGAIN, NO_NAME = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), socket.gaierror(socket.EAI_NONAME, "Name or service not known")
CERTIFICATE = ssl.SSLCertVerificationError("certificate verify failed: self-signed certificate")
FINAL: dict[str, tuple[BaseException, bool]] = {
    "reset": (urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError(errno.ECONNRESET, "x")), False),
    "refused": (caused(urllib3.exceptions.NewConnectionError(HOST, "x"), by=ConnectionRefusedError()), False),
    "read timeout": (urllib3.exceptions.ReadTimeoutError(HOST, "/", "x"), False),
    "connect timeout": (urllib3.exceptions.ConnectTimeoutError(HOST, "x"), False),
    "TLS EOF": (caused(urllib3.exceptions.SSLError("EOF occurred in violation of protocol"), by=ssl.SSLEOFError(8, "EOF")), False),
    "TLS closed": (caused(urllib3.exceptions.SSLError("x"), by=ssl.SSLZeroReturnError(6, "closed")), False),
    "TLS syscall": (caused(urllib3.exceptions.SSLError("x"), by=ssl.SSLSyscallError(5, "x")), False),
    "certificate": (caused(urllib3.exceptions.SSLError("x"), by=CERTIFICATE), True),
    "certificate bare": (CERTIFICATE, True),
    "no TLS there": (caused(urllib3.exceptions.SSLError("x"), by=ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")), True),
    "name for now": (caused(unresolved(AGAIN), by=AGAIN), False),
    "no such name": (caused(unresolved(NO_NAME), by=NO_NAME), True),
    "no such name, urllib3 1.26": (caused(urllib3.exceptions.NewConnectionError(HOST, "x"), by=NO_NAME), True),
    "no such name, bare": (NO_NAME, True),
    "bad URL": (urllib3.exceptions.LocationParseError("x"), True),
    "proxy's certificate": (caused(urllib3.exceptions.ProxyError("x", Exception()), by=CERTIFICATE), True),
    "no proxy there": (caused(urllib3.exceptions.ProxyError("x", Exception()), by=ConnectionRefusedError()), False),
}


@pytest.mark.parametrize(("error", "final"), FINAL.values(), ids=FINAL)
def test_which_errors_are_final(error: Exception, final: bool) -> None:
    assert _is_final(error) is final


def test_a_server_that_ends_tls_at_once_is_asked_again(clock: Clock) -> None:
    """A real socket that closes during the handshake, as a server does that is being restarted."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def serve() -> None:
            for _attempt in range(ATTEMPTS):
                connection, _address = listening.accept()
                asked.append(connection.recv(1024))
                connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(Failure) as caught:
            client(f"https://127.0.0.1:{listening.getsockname()[1]}").get_pod(NAMESPACE, POD, patience=24.0)
        thread.join(10)
    assert caught.value.code == "api_unreachable"
    assert len(asked) == ATTEMPTS
    assert len(clock.pauses) == ATTEMPTS - 1


#: Nesting that Python's parser gives up on.
DEEP = b"[" * 100_000


@pytest.mark.parametrize("code", [200, 500], ids=["answer", "error"])
def test_answers_that_are_nested_too_deep(code: int) -> None:
    server = ScriptedServer([Call("GET", POD_PATH).text(DEEP, code)])
    with pytest.raises(Failure) as caught:
        client(server.url).get_pod(NAMESPACE, POD, patience=0)
    server.finish()
    assert caught.value.code == "api_error"
    assert len(caught.value.msg) < 1000


WATCHED: dict[str, tuple[bytes, int]] = {
    "no JSON": (b"<html>\n", 0),
    "no event": (b"[]\n", 0),
    "no object": (b'{"type": "ADDED"}\n', 0),
    "not a pod": (b'{"type": "ADDED", "object": {"kind": "Status", "code": 500}}\n', 0),
    "a pod without a name": (b'{"type": "ADDED", "object": {"kind": "Pod", "metadata": {"resourceVersion": "1"}}}\n', 0),
    "a pod without a version": (b'{"type": "ADDED", "object": {"kind": "Pod", "metadata": {"name": "a", "namespace": "b", "uid": "c"}}}\n', 0),
    "a bookmark without a version": (b'{"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {}}}\n', 0),
    "a bookmark": (b'{"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "1"}}}\n', 1),
    "too deep": (DEEP + b"\n", 0),
    "the end in the middle": (b'{"type": "ADDED", "obj', 0),
    "empty lines": (b"\n\n", 0),
}


@pytest.mark.parametrize(("content", "events"), WATCHED.values(), ids=WATCHED)
def test_watches_that_say_something_else_end(content: bytes, events: int) -> None:
    server = ScriptedServer([Call("GET", f"/api/v1/namespaces/{NAMESPACE}/pods").text(content)])
    assert len(list(client(server.url).watch_pods(NAMESPACE, "1", 5, pod=POD))) == events
    server.finish()


ODD_EVENTS: dict[str, t.Any] = {
    "no list": {"kind": "EventList", "items": 5},
    "no event": {"kind": "EventList", "items": ["x"]},
    "no object": {"kind": "EventList", "items": [{"involvedObject": "x"}]},
    "no time": {"kind": "EventList", "items": [{"lastTimestamp": 5}, {"lastTimestamp": "x"}]},
}


@pytest.mark.parametrize("document", ODD_EVENTS.values(), ids=ODD_EVENTS)
def test_events_that_are_none(document: t.Any) -> None:
    server = ScriptedServer([Call("GET", f"/api/v1/namespaces/{NAMESPACE}/events").json(document)])
    with pytest.raises(Failure) as caught:
        client(server.url).list_events(NAMESPACE, "uid", POD)
    server.finish()
    assert caught.value.code == "api_error"


@pytest.mark.parametrize("concurrency", [1, 2, 3, 20])
def test_work_is_done_side_by_side(concurrency: int) -> None:
    lock, now, most, done = threading.Lock(), 0, 0, []

    def work(item: int) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with lock:
            now -= 1
            done.append(item)

    side_by_side(work, range(10), concurrency)
    assert sorted(done) == list(range(10))
    assert min(2, concurrency) <= most <= concurrency


@pytest.mark.parametrize("concurrency", [1, 4])
def test_what_is_raised_ends_the_work(concurrency: int) -> None:
    """Those that have begun are done first: nothing goes on behind the back of who is told of the failure."""
    begun: list[int] = []
    done: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        if item == 1:
            raise Failure("api_error", "x")
        time.sleep(0.02)
        done.append(item)

    with pytest.raises(Failure):
        side_by_side(work, range(100), concurrency)
    assert sorted(done) == sorted({*begun} - {1})
    assert len(begun) < 20
    time.sleep(0.05)
    assert len(begun) == len(done) + 1


def test_threads_that_share_a_client_ask_who_they_are_one_after_the_other() -> None:
    """A kubeconfig's plugin renews a token for all of them, and must not be run by several at once."""
    server = ScriptedServer([Call("GET", POD_PATH).header(Authorization="Bearer renewed").json(pod()) for _request in range(16)], any_order=True)
    asked = client(server.url, concurrency=8)
    inside, most = 0, 0

    def renew(configuration: t.Any) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.01)
        configuration.api_key["authorization"] = configuration.api_key["BearerToken"] = "Bearer renewed"
        inside -= 1

    asked._configuration.refresh_api_key_hook = renew

    def work(_number: int) -> None:
        asked.get_pod(NAMESPACE, POD)

    side_by_side(work, range(16), 8)
    server.finish()
    assert most == 1
