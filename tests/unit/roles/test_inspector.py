# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""roles/debug/files/inspector.py against a stand-in of Node's inspector that does not keep to its protocol. The target role_node has the real one."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
import typing as t

import pytest

from tests import collection

if t.TYPE_CHECKING:
    from pathlib import Path

SCRIPT = collection.ROOT / "roles" / "debug" / "files" / "inspector.py"
#: RFC 6455, 1.3.
ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class StandIn(http.server.BaseHTTPRequestHandler):
    """Offers itself as Node does, takes a WebSocket, and answers whatever is asked with the server's ``reply``."""

    def do_GET(self) -> None:
        key = self.headers.get("Sec-WebSocket-Key")
        if key is None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps([{"type": "node", "webSocketDebuggerUrl": "ws://127.0.0.1/own"}]).encode())
            return
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode() + ACCEPT, usedforsecurity=False).digest()).decode())
        self.end_headers()
        self.rfile.read(2)
        reply = t.cast("Server", self.server).reply.encode()
        self.wfile.write(bytes([0x81, len(reply)]) + reply)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server(http.server.HTTPServer):
    reply = ""


@pytest.fixture
def server() -> t.Iterator[Server]:
    with Server(("127.0.0.1", 0), StandIn) as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ('{"id": 1, "result": {}}', "KeyError"),
        ('{"id": 1, "result": {"result": 5}}', "AttributeError"),
        ('{"id": 1, "result": 5}', "TypeError"),
        ('{"id": 1, "error": "no"}', "AttributeError"),
        ("[5]", "AttributeError"),
    ],
)
def test_what_is_not_of_the_protocol_is_said_to_be_none(reply: str, kind: str, server: Server, tmp_path: Path) -> None:
    server.reply = reply
    words = [str(os.getpid()), str(server.server_port), "1", str(tmp_path), "0", "0", "cpu"]
    ran = subprocess.run([sys.executable, str(SCRIPT), *words], capture_output=True, text=True, timeout=60, check=False)
    error, inspector = map(json.loads, ran.stdout.splitlines())
    assert (ran.returncode, ran.stderr) == (1, "")
    assert (error["what"], error["mode"]) == ("error", "")
    assert error["words"].startswith(f"what Node answered is not of the inspector's protocol ({kind}: ")
    assert inspector == {"what": "inspector", "port": server.server_port, "was_open": True, "closed": False, "alive": True}


LEAVE = """
import runpy, sys
left = runpy.run_path(sys.argv[1], run_name="inspector")["left"]
with left(sys.argv[2], "own") as file:
    file.write("whole")
    if sys.argv[3] == "breaks":
        raise OSError(28, "No space left on device")
"""


@pytest.mark.parametrize(("how", "names"), [("works", ["own"]), ("breaks", ["own.partial"])])
def test_a_file_has_its_name_only_once_it_is_whole(how: str, names: list[str], tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", LEAVE, str(SCRIPT), str(tmp_path), how], capture_output=True, timeout=60, check=False)
    assert (ran.returncode == 0) is (how == "works")
    assert [path.name for path in tmp_path.iterdir()] == names
