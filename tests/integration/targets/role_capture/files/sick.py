# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Traffic of a sick application: requests that are answered, refused, reset, and never answered. Every fifth of a second, for ever."""

from __future__ import annotations

import http.client
import http.server
import socket
import struct
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"topsecret" * 100)


def reset(listener: socket.socket) -> None:
    """Take what comes and reset it."""
    while True:
        taken, _peer = listener.accept()
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        taken.close()


server = http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
threading.Thread(target=reset, args=(socket.create_server(("127.0.0.1", 8081)),), daemon=True).start()
# It accepts nothing, and what it has no room for is never answered.
full = socket.create_server(("127.0.0.1", 7171), backlog=0)
waiting: list[socket.socket] = []
while True:
    connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=5)
    connection.request("GET", "/cart/items?password=topsecret")
    connection.getresponse().read()
    connection.close()
    for port in (8081, 7, 7171):
        client = socket.socket()
        client.setblocking(port != 7171)
        client.connect_ex(("127.0.0.1", port))
        if port == 7171:
            waiting = [*waiting[-20:], client]
        else:
            client.close()
    time.sleep(0.2)
