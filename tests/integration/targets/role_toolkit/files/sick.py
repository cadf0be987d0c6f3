# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An application with what the toolkit's tools see better than busybox: a peer that does not answer, a file whose date was set back, slow and odd HTTP."""

from __future__ import annotations

import http.server
import os
import pathlib
import socket
import time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(0.5)
        self.send_response(302 if self.path == "/moved" else 404 if self.path == "/none" else 200)
        self.send_header("Set-Cookie", "session=topsecret")
        if self.path == "/moved":
            self.send_header("Location", "/slow")
        self.end_headers()


pathlib.Path("/tmp/changed.txt").write_text("changed")
pathlib.Path("/tmp/old.txt").write_text("not as old as it says")
os.utime("/tmp/old.txt", (1_000_000_000, 1_000_000_000))
pathlib.Path("/tmp/privileged").touch()
pathlib.Path("/tmp/privileged").chmod(0o4755)

# A listener that accepts nothing: what it has no room for is never answered.
full = socket.create_server(("127.0.0.1", 7171), backlog=0)
waiting = [socket.socket() for _number in range(4)]
for one in waiting:
    one.setblocking(False)
    one.connect_ex(("127.0.0.1", 7171))
silent = socket.create_server(("127.0.0.1", 7272))
pathlib.Path("/tmp/ready").touch()
http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Handler).serve_forever()
