# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An API server by script: a real HTTP server on loopback that expects certain requests in a certain order and answers each as told.

It stands in for what cannot be had from the real cluster on demand: lost replies, overload, old servers. Everything else is tested
against the real cluster in tests/integration.
"""

from __future__ import annotations

import dataclasses
import http.server
import json
import socket
import struct
import threading
import typing as t
from urllib.parse import parse_qsl, urlsplit


@dataclasses.dataclass
class Call:
    """One expected request, and the answer to it. Chain ``query``, ``body`` and ``header`` for what it has to look like."""

    method: str
    path: str
    expected_query: dict[str, t.Any] | None = None
    expected_body: t.Any = None
    check_body: t.Callable[[t.Any], None] | None = None
    expected_headers: dict[str, str] = dataclasses.field(default_factory=dict)
    status: int = 200
    reply: bytes = b""
    reply_headers: dict[str, str] = dataclasses.field(default_factory=dict)
    reset: bool = False
    delay: float = 0.0
    make_reply: t.Callable[[Request], t.Any] | None = None
    serve: t.Callable[[http.server.BaseHTTPRequestHandler, list[str]], None] | None = None

    def query(self, **expected: t.Any) -> Call:
        """The whole query: values are compared as text, and a callable is asked."""
        self.expected_query = expected
        return self

    def body(self, expected: t.Any) -> Call:
        """The JSON body; a callable is given the body to assert on."""
        if callable(expected):
            self.check_body = expected
        else:
            self.expected_body = expected
        return self

    def header(self, **expected: str) -> Call:
        """Headers that the request has to have."""
        self.expected_headers = {name.replace("_", "-").lower(): value for name, value in expected.items()}
        return self

    def json(self, document: t.Any, status: int = 200, **headers: str) -> Call:
        """Answer with a JSON document; a callable is given the request and makes it."""
        if callable(document):
            self.make_reply = document
        else:
            self.reply = json.dumps(document).encode()
        self.status = status
        self.reply_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self

    def text(self, content: bytes, status: int = 200) -> Call:
        """Answer with these bytes."""
        self.reply, self.status = content, status
        return self

    def events(self, *events: tuple[str, t.Any]) -> Call:
        """Answer a watch with these events, then end it."""
        self.reply = b"".join(json.dumps({"type": kind, "object": item}).encode() + b"\n" for kind, item in events)
        return self

    def broken(self) -> Call:
        """Reset the connection instead of answering."""
        self.reset = True
        return self

    def after(self, seconds: float) -> Call:
        """Let the client wait so long for the answer, or until the script is over."""
        self.delay = seconds
        return self


@dataclasses.dataclass(frozen=True)
class Request:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: t.Any


class ScriptedServer:
    """Serves a list of calls. ``finish`` fails unless all of them, and nothing else, were made: in order, or with ``any_order`` each once whenever
    it comes, the first in the list that a request matches."""

    def __init__(self, calls: t.Sequence[Call], *, any_order: bool = False) -> None:
        self.requests: list[Request] = []
        self.problems: list[str] = []
        self.connections = 0
        self._calls = list(calls)
        self._any_order = any_order
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._expected = len(calls)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                with outer._lock:
                    outer.connections += 1
                super().setup()

            def _handle(self) -> None:
                outer._serve(self)

            do_GET = do_PATCH = do_PUT = do_POST = do_DELETE = _handle

            def log_message(self, format: str, *args: t.Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def _serve(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        raw = handler.rfile.read(length)
        parts = urlsplit(handler.path)
        request = Request(
            handler.command,
            parts.path,
            dict(parse_qsl(parts.query)),
            {name.lower(): value for name, value in handler.headers.items()},
            json.loads(raw) if raw else None,
        )
        with self._lock:
            self.requests.append(request)
            call = self._take(request)
        if call is None:
            self.problems.append(f"request {len(self.requests)} was not expected: {request.method} {handler.path}")
            self._answer(handler, 418, b"{}", {})
            return
        if call.delay and self._over.wait(call.delay):
            handler.close_connection = True
            return
        if call.reset:
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
            handler.close_connection = True
            return
        if call.serve:
            call.serve(handler, [value for name, value in parse_qsl(parts.query, keep_blank_values=True) if name == "command"])
            return
        reply = json.dumps(call.make_reply(request)).encode() if call.make_reply else call.reply
        self._answer(handler, call.status, reply, call.reply_headers)

    def _take(self, request: Request) -> Call | None:
        if not self._calls:
            return None
        place = 0
        if self._any_order:
            fitting = [index for index, call in enumerate(self._calls) if not list(_mismatches(call, request, 0))]
            near = [index for index, call in enumerate(self._calls) if (call.method, call.path) == (request.method, request.path)]
            place = next(iter(fitting or near), 0)
        call = self._calls.pop(place)
        self.problems += list(_mismatches(call, request, len(self.requests)))
        return call

    @staticmethod
    def _answer(handler: http.server.BaseHTTPRequestHandler, status: int, reply: bytes, headers: dict[str, str]) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(reply)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(reply)

    def finish(self) -> None:
        """Stop, and assert that the script was followed."""
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        made = [f"{request.method} {request.path}" for request in self.requests]
        assert not self.problems, "\n".join([*self.problems, "requests:", *made])
        assert not self._calls, "\n".join([f"{len(self._calls)} of {self._expected} expected requests were not made; requests:", *made])


def _mismatches(call: Call, request: Request, number: int) -> t.Iterator[str]:
    if (call.method, call.path) != (request.method, request.path):
        yield f"request {number} is {request.method} {request.path}, expected {call.method} {call.path}"
        return
    if call.expected_query is not None:
        for name in sorted(set(call.expected_query) | set(request.query)):
            expected, got = call.expected_query.get(name), request.query.get(name)
            if (callable(expected) and not expected(got)) or (not callable(expected) and expected != got):
                yield f"request {number}: query {name} is {got!r}, expected {expected!r}"
    if call.expected_body is not None and call.expected_body != request.body:
        yield f"request {number}: body is {request.body!r}, expected {call.expected_body!r}"
    if call.check_body is not None:
        try:
            call.check_body(request.body)
        except AssertionError as exc:
            yield f"request {number}: body {request.body!r}: {exc}"
    for name, value in call.expected_headers.items():
        if request.headers.get(name) != value:
            yield f"request {number}: header {name} is {request.headers.get(name)!r}, expected {value!r}"
