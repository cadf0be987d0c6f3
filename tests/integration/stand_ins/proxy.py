# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy in front of the real API server that does what the real one cannot be asked to do.

``python proxy.py MODE UPSTREAM CA TOKEN_FILE FILE`` serves plain HTTP on loopback, writes {url} into FILE when it serves, and ends when
FILE is gone. MODE ``lose-reply``: the first write reaches the API server, its reply is lost. ``lose-request``: the first write does not even reach
it. ``away``: as lose-reply, and from then on every connection is reset. ``no-subresource``: a stand-in for a server without ephemeral containers,
the subresource answers the 404 of one. ``tunnel``: an HTTP proxy for CONNECT that wants the user PROXY_USER. ``cut-streams``: the first two
streams of commands that bring more than CUT_AFTER bytes are reset there. ``together``: the replies to the first RACERS GETs are held until all
of them have come, at most HOLD_SECONDS, so that as many clients have read the same before one of them writes.

GET {url}/counts is answered by the proxy itself: {reads, writes, together}, where ``together`` is whether all racers were there in time.
"""

from __future__ import annotations

import base64
import http.server
import json
import select
import socket
import ssl
import struct
import sys
import threading
import time
import typing as t
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

POLL_SECONDS = 0.2
PROXY_USER = "somebody:secret"
CUT_AFTER = 7_000_000
CUTS = 2
RACERS = 16
HOLD_SECONDS = 25
COUNTS = "/counts"
NO_SUBRESOURCE = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": "the server could not find the requested resource",
    "reason": "NotFound",
    "details": {},
    "code": 404,
}


class Proxy(http.server.ThreadingHTTPServer):
    """Forwards each request, but for what ``mode`` says."""

    daemon_threads = True
    request_queue_size = 4 * RACERS

    def __init__(self, mode: str, upstream: str, context: ssl.SSLContext, token: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mode, self.upstream, self.context, self.token = mode, upstream, context, token
        self.lock = threading.Lock()
        self.all_there = threading.Event()
        self.reads = 0
        self.writes = 0
        self.cuts = 0

    def note(self, command: str) -> int:
        """Count a request; returns which one of its kind it is, from 1 on."""
        with self.lock:
            if command == "PATCH":
                self.writes += 1
                return self.writes
            self.reads += 1
            return self.reads

    def hold(self, number: int) -> None:
        """Hold one of the first reads until the others are there."""
        if number == RACERS:
            self.all_there.set()
        if number <= RACERS:
            self.all_there.wait(HOLD_SECONDS)


class Handler(http.server.BaseHTTPRequestHandler):
    server: Proxy

    def _forward(self) -> None:
        if self.path == COUNTS:
            counts = {"reads": self.server.reads, "writes": self.server.writes, "together": self.server.all_there.is_set()}
            self._answer(200, json.dumps(counts).encode())
            return
        if self.headers.get("Upgrade"):
            self._relay()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        server, write = self.server, self.command == "PATCH"
        number = server.note(self.command)
        if server.mode == "no-subresource" and write:
            self._answer(404, json.dumps(NO_SUBRESOURCE).encode())
            return
        if (server.mode == "lose-request" and write and number == 1) or (server.mode == "away" and server.writes and not write):
            self._reset()
            return
        status, reply = self._ask(body)
        if server.mode in ("lose-reply", "away") and write and number == 1:
            self._reset()
            return
        if server.mode == "together" and not write:
            server.hold(number)
        self._answer(status, reply)

    do_GET = do_PATCH = _forward

    def _ask(self, body: bytes | None) -> tuple[int, bytes]:
        headers = {name: value for name, value in self.headers.items() if name.lower() in ("content-type", "accept", "user-agent")}
        request = urllib.request.Request(
            self.server.upstream + self.path, data=body, method=self.command, headers={**headers, "Authorization": f"Bearer {self.server.token}"}
        )
        try:
            with urllib.request.urlopen(request, context=self.server.context) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def _relay(self) -> None:
        """Pass a stream in both directions until one side ends, or until it is to be cut."""
        server, upstream = self.server, urlsplit(self.server.upstream)
        host, port = str(upstream.hostname), upstream.port or 443
        kept = {name: value for name, value in self.headers.items() if name.lower().startswith(("upgrade", "connection", "sec-websocket"))}
        lines = [
            f"GET {self.path} HTTP/1.1",
            f"Host: {host}:{port}",
            f"Authorization: Bearer {server.token}",
            *(f"{name}: {value}" for name, value in kept.items()),
        ]
        self.close_connection = True
        with socket.create_connection((host, port)) as plain, server.context.wrap_socket(plain, server_hostname=host) as there:
            there.sendall("\r\n".join([*lines, "", ""]).encode())
            self._pump(there)

    def do_CONNECT(self) -> None:
        self.close_connection = True
        if self.headers.get("Proxy-Authorization") != f"Basic {base64.b64encode(PROXY_USER.encode()).decode()}":
            self.send_error(407)
            return
        host, _colon, port = self.path.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port))) as there:
            self.send_response(200)
            self.end_headers()
            self._pump(there)

    def _pump(self, there: socket.socket) -> None:
        server, brought = self.server, 0
        while True:
            ready = [there] if isinstance(there, ssl.SSLSocket) and there.pending() else select.select([self.connection, there], [], [])[0]
            for source, sink in ((there, self.connection), (self.connection, there)):
                if source in ready:
                    data = source.recv(65536)
                    if not data:
                        return
                    brought += len(data) if source is there else 0
                    sink.sendall(data)
            if server.mode == "cut-streams" and server.cuts < CUTS and brought > CUT_AFTER:
                server.cuts += 1
                self._reset()
                return

    def _answer(self, status: int, reply: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: t.Any) -> None:
        pass


def main() -> None:
    mode, upstream, authority, token_file, file = sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]), Path(sys.argv[5])
    server = Proxy(mode, upstream, ssl.create_default_context(cafile=authority or None), token_file.read_text().strip())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    temporary = file.with_suffix(".new")
    temporary.write_text(json.dumps({"url": f"http://127.0.0.1:{t.cast('tuple[str, int]', server.server_address)[1]}"}))
    temporary.rename(file)
    while file.exists():
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    main()
