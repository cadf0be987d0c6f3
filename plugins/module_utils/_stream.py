# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Runs a command in a container, over a websocket: the channels of ``pods/exec``, frame by frame.

Source: k8s.io/apimachinery pkg/util/remotecommand (protocols v4 and v5). The websocket is websocket-client's, which the kubernetes package
brings; that package's own WSClient adds up all output in memory and loses the end of long ones.
"""

from __future__ import annotations

import json
import select
import time
import typing as t

from ._client import of_pod, short
from ._errors import Failure

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ._client import Client

STDIN, STDOUT, STDERR, STATUS, CLOSE = 0, 1, 2, 3, 255
_SWITCHING, _INTERNAL = 101, 500

#: Only v5 can say that the standard input is over. v4 is what Python clients have always spoken; API servers pass it on as it is, which is
#: faster, and where the connection is closed, containerd ends the command of v4 and lets the one of v5 run on.
_V4, _V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"
#: Seconds of silence after which a sign of life is asked for, and after which the connection counts as lost.
_PING, _DEAD = 20.0, 60.0
#: Bytes of the standard input in one frame.
_PIECE = 8192

Take = t.Callable[[int, memoryview], None]


class Place(t.NamedTuple):
    """A container of a pod."""

    namespace: str
    pod: str
    container: str


class Broken(Exception):
    """The connection ended before the command did: it may have run, and may run on. ``words`` says what was seen."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Late(Exception):
    """The time is over, and the connection was closed. The command may run on."""


def execute(client: Client, place: Place, command: t.Sequence[str], take: Take, *, deadline: float, stdin: bytes | None = None) -> int:
    """Run ``command``, give each piece of its output to ``take(STDOUT or STDERR, data)``, and return its exit code.

    ``deadline`` is on the clock of time.monotonic. Raises Failure where the command was not started, Broken or Late where it was.
    What ``take`` raises goes through; the connection is closed in any case.
    """
    query = [("command", word) for word in command] + [("container", place.container), ("stdout", "true"), ("stderr", "true")]
    if stdin is not None:
        query.append(("stdin", "true"))
    socket = (_open(client, place, query, _V4) if stdin is None else None) or _open(client, place, query, _V5)
    if socket is None:
        raise _no_protocol(place, stdin is not None)
    status = b""
    try:
        for channel, data in _messages(socket, deadline, stdin):
            if channel == STATUS:
                status += data
            elif channel in (STDOUT, STDERR):
                take(channel, data)
    except (Broken, Late):
        if not status:
            raise
    finally:
        socket.shutdown()
    if not status:
        raise Broken("it was closed before the command's exit code came")
    return _exit_code(status, place)


def _open(client: Client, place: Place, query: list[tuple[str, str]], protocol: str) -> t.Any:
    """The websocket, on a connection that is made as for every other request. None where the server does not take the protocol: nothing was started then."""
    import websocket

    url, headers, seconds = client.exec_request(place.namespace, place.pod, query)
    connection = client.open_connection(place.namespace, place.pod)
    connection.settimeout(seconds)
    socket: t.Any = websocket.WebSocket(skip_utf8_validation=True)
    options = {"header": headers, "subprotocols": [protocol], "suppress_origin": True, "redirect_limit": 0, "socket": connection}
    try:
        socket.connect(f"ws{url[len('http') :]}", **options)
    except websocket.WebSocketBadStatusException as exc:
        connection.close()
        return _refused(client, place, query, exc)
    except (websocket.WebSocketException, OSError, ValueError) as exc:
        connection.close()
        if socket.getstatus() is None:
            raise Broken(f"no stream came of the request: {short(exc)}") from None
    if socket.getstatus() != _SWITCHING:
        connection.close()
        raise _explain(int(socket.getstatus() or 0), b"", place)
    return socket


def _refused(client: Client, place: Place, query: list[tuple[str, str]], exc: t.Any) -> None:
    """Raise what the answer means that is no websocket. Releases of websocket-client before 1.6 do not pass on its body.

    One without any reason is what servers say that do not know the protocol: 403 of golang.org/x/net/websocket.
    """
    from . import _refusals

    status = _refusals.status_of(exc.status_code, None, getattr(exc, "resp_body", None) or b"")
    if _refusals.is_unexplained(status):
        status = client.exec_refusal(place.namespace, place.pod, query, status)
    if status.reason or status.code not in (400, 403):
        raise _refusals.explain_exec(status, of_pod(place.namespace, place.pod), place.container)


def _explain(code: int, body: bytes, place: Place) -> Failure:
    from . import _refusals

    status = _refusals.status_of(code, "a redirect" if 300 <= code < 400 else None, body)
    return _refusals.explain_exec(status, of_pod(place.namespace, place.pod), place.container)


def _no_protocol(place: Place, stdin: bool) -> Failure:
    message = "The API server cannot end the standard input of a command" if stdin else "The API server runs commands in no way that is known here"
    return Failure(
        "exec_failed",
        f"{message}: it does not take the protocol {_V5}. Nothing was run.",
        **place._asdict(),
        field="stdin" if stdin else None,
        hint="That needs Kubernetes 1.30 or newer, and no proxy that changes the protocols of a websocket. Without stdin, older ones will do.",
    )


def _messages(socket: t.Any, deadline: float, stdin: bytes | None) -> Iterator[tuple[int, memoryview]]:
    """(channel, data) of each message until the server closes, while the standard input is sent. Raises Broken and Late."""
    import websocket

    unsent, heard = _frames(stdin), time.monotonic()
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise Late
        socket.settimeout(min(left, _PING))
        try:
            if unsent and not _is_readable(socket.sock):
                socket.send(unsent.pop(0), websocket.ABNF.OPCODE_BINARY)
                continue
            opcode, frame = socket.recv_data_frame(True)
        except websocket.WebSocketTimeoutException:
            silent = time.monotonic() - heard
            if time.monotonic() >= deadline:
                raise Late from None
            if unsent or silent >= _DEAD:
                raise Broken(f"nothing was heard for {silent:.0f} seconds") from None
            _ping(socket)
            continue
        except (websocket.WebSocketException, OSError) as exc:
            if not unsent:
                raise Broken(short(exc)) from None
            unsent = []  # the command does not read it to its end; what it said is still to be read
            continue
        heard = time.monotonic()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return
        if opcode in (websocket.ABNF.OPCODE_BINARY, websocket.ABNF.OPCODE_TEXT) and len(frame.data) > 1:
            yield frame.data[0], memoryview(frame.data)[1:]


def _frames(stdin: bytes | None) -> list[bytes]:
    if stdin is None:
        return []
    pieces = [bytes([STDIN]) + stdin[start : start + _PIECE] for start in range(0, len(stdin), _PIECE)]
    return [*pieces, bytes([CLOSE, STDIN])]


def _is_readable(connection: t.Any) -> bool:
    """Whether there is something to read at once, so that neither side waits for the other to read first."""
    pending = getattr(connection, "pending", None)
    return bool(pending and pending()) or bool(select.select([connection], [], [], 0)[0])


def _ping(socket: t.Any) -> None:
    import websocket

    try:
        socket.ping()
    except (websocket.WebSocketException, OSError) as exc:
        raise Broken(short(exc)) from None


def _exit_code(text: bytes, place: Place) -> int:
    """The exit code that the status at the end of the stream says. Raises Failure where it says that the command was not started."""
    try:
        document = json.loads(text)
        if document["status"] == "Success":
            return 0
        if document.get("reason") == "NonZeroExitCode":
            return next(int(cause["message"]) for cause in document["details"]["causes"] if cause["reason"] == "ExitCode")
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration):
        raise Broken(f"its end cannot be read: {text[:200]!r}") from None
    body = json.dumps({"kind": "Status", **document}).encode()
    raise _explain(int(document.get("code") or _INTERNAL), body, place)
