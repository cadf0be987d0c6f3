# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An HTTP proxy: ``python tunnel.py USER:PASSWORD FILE`` makes tunnels (CONNECT) for those who give user and password.

Serves on loopback, keeps {url, requests: [{target, allowed, agent}]} in FILE, and ends when FILE is gone.
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import select
import socket
import sys
import threading
import time
import typing as t
from pathlib import Path

POLL_SECONDS = 0.2
IDLE_SECONDS = 30.0


class Proxy(http.server.ThreadingHTTPServer):
    """Notes each request in the file."""

    daemon_threads = True

    def __init__(self, credentials: str, file: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.expected = f"Basic {base64.b64encode(credentials.encode()).decode()}"
        self.file = file
        self.requests: list[dict[str, t.Any]] = []

    def write(self) -> None:
        """Write the file."""
        temporary = self.file.with_suffix(".new")
        url = f"http://127.0.0.1:{t.cast('tuple[str, int]', self.server_address)[1]}"
        temporary.write_text(json.dumps({"url": url, "requests": self.requests}))
        temporary.rename(self.file)


class Handler(http.server.BaseHTTPRequestHandler):
    server: Proxy

    def do_CONNECT(self) -> None:
        """Connect to the target and pass on bytes, both ways."""
        allowed = self.headers.get("Proxy-Authorization") == self.server.expected
        self.server.requests.append({"target": self.path, "allowed": allowed, "agent": self.headers.get("User-Agent", "")})
        self.server.write()
        if not allowed:
            self.send_error(407)
            return
        host, _colon, port = self.path.rpartition(":")
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=IDLE_SECONDS) as target:
            self.send_response(200)
            self.end_headers()
            self._pass_on(target)
        self.close_connection = True

    def _pass_on(self, target: socket.socket) -> None:
        others = {self.connection: target, target: self.connection}
        while ready := select.select([*others], [], [], IDLE_SECONDS)[0]:
            for side in ready:
                data = side.recv(65536)
                if not data:
                    return
                others[side].sendall(data)

    def log_message(self, format: str, *args: t.Any) -> None:
        pass


def main() -> None:
    server = Proxy(sys.argv[1], Path(sys.argv[2]))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.write()
    while server.file.exists():
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    main()
