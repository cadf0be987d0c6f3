# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Streams of ``pods/exec`` by script: what a server says over a websocket, for ScriptedServer.

It stands in for what cannot be had from the real cluster on demand: streams that break at a certain byte, altered bytes, servers that know only
the older protocol or are silent.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import socket
import struct
import time
import typing as t

from tests.unit.plugins.modules.documents import POD_PATH
from tests.unit.plugins.modules.script import Call

EXEC_PATH = f"{POD_PATH}/exec"
V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"
SUCCESS = b'{"metadata":{},"status":"Success"}'
BINARY, CLOSE, PING, PONG = 2, 8, 9, 10


def exited(code: int) -> bytes:
    """The status of a command that ended so."""
    return (
        '{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code","reason":"NonZeroExitCode",'
        f'"details":{{"causes":[{{"reason":"ExitCode","message":"{code}"}}]}}}}'
    ).encode()


class Wire:
    """The server's end of a websocket."""

    def __init__(self, handler: http.server.BaseHTTPRequestHandler, words: list[str]) -> None:
        self._socket = handler.connection
        self._reader = handler.rfile
        self.words = words

    def say(self, channel: int, data: bytes, piece: int = 32768) -> None:
        """Send data on a channel."""
        for start in range(0, len(data), piece) or [0]:
            self.frame(BINARY, bytes([channel]) + data[start : start + piece])

    def frame(self, opcode: int, payload: bytes) -> None:
        """Send one frame."""
        size = len(payload)
        length = bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size) if size < 65536 else b"\x7f" + struct.pack(">Q", size)
        self._socket.sendall(bytes([0x80 | opcode]) + length + payload)

    def end(self, status: bytes = SUCCESS) -> None:
        """Say how the command ended, and close."""
        self.say(3, status)
        self.frame(CLOSE, b"\x03\xe8")

    def hear(self) -> tuple[int, bytes]:
        """The next frame of the client: (opcode, payload)."""
        first, second = self._reader.read(2)
        size = second & 127
        if size == 126:
            size = struct.unpack(">H", self._reader.read(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self._reader.read(8))[0]
        mask = self._reader.read(4)
        payload = bytes(byte ^ mask[index % 4] for index, byte in enumerate(self._reader.read(size)))
        return first & 15, payload

    def stdin(self) -> bytes:
        """What the client sends on the standard input, until it closes it."""
        data = b""
        while True:
            opcode, payload = self.hear()
            if opcode == BINARY and payload == b"\xff\x00":
                return data
            if opcode == BINARY and payload[:1] == b"\x00":
                data += payload[1:]

    def reset(self) -> None:
        """Break the connection."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def wait_for_reading(self) -> None:
        """Give the client the time to read what was said before the connection is reset, which would throw it away."""
        for _turn in range(200):
            if _unread(self._socket) == 0:
                return
            _pause(0.005)


def _unread(connection: socket.socket) -> int:
    import fcntl
    import termios

    return int(struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0])


_pause = time.sleep  # the tests replace time.sleep


def stream(act: t.Callable[[Wire], None], protocols: t.Sequence[str] = (V5, V4)) -> Call:
    """The call of ``pods/exec`` that becomes a stream. ``act`` plays the server; ``protocols`` are those that it knows, best first."""
    call = Call("GET", EXEC_PATH)
    call.serve = lambda handler, words: _serve(handler, words, act, protocols)
    return call


def _serve(handler: http.server.BaseHTTPRequestHandler, words: list[str], act: t.Callable[[Wire], None], protocols: t.Sequence[str]) -> None:
    handler.close_connection = True
    asked = [name.strip() for name in (handler.headers.get("Sec-WebSocket-Protocol") or "").split(",")]
    chosen = next((name for name in protocols if name in asked), None)
    if chosen is None:
        handler.send_response(403)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    digest = hashlib.sha1(handler.headers["Sec-WebSocket-Key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    handler.send_response(101)
    accept = base64.b64encode(digest).decode()
    for name, value in {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept, "Sec-WebSocket-Protocol": chosen}.items():
        handler.send_header(name, value)
    handler.end_headers()
    wire = Wire(handler, words)
    try:
        act(wire)
    except OSError:
        return
