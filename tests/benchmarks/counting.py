# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many requests a task on a converged pod makes, counted by a proxy in front of the API server."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import ssl
import threading
import typing as t
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from .figures import Figure
from .stage import CONVERGED, Stage

PER_CONNECTION = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}


class Proxy(t.NamedTuple):
    """``requests`` grows with each that comes: its method and path; ``connections`` with each connection: the port that it comes from."""

    server: str
    ca_file: Path
    requests: list[str]
    connections: list[int]


@contextlib.contextmanager
def proxy(server: str, ca_file: Path | None, scratch: Path) -> t.Iterator[Proxy]:
    """A server on this host that ends TLS, notes each request and passes it on to ``server``."""
    upstream = urlsplit(server)
    trust = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    requests: list[str] = []
    connections: list[int] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            connections.append(self.client_address[1])
            super().setup()

        def pass_on(self) -> None:
            requests.append(f"{self.command} {self.path}")
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in PER_CONNECTION}
            connection = http.client.HTTPSConnection(str(upstream.hostname), upstream.port, context=trust, timeout=30)
            with contextlib.closing(connection):
                connection.request(self.command, upstream.path.rstrip("/") + self.path, body or None, headers)
                reply = connection.getresponse()
                content = reply.read()
            self.send_response(reply.status)
            for name, value in reply.getheaders():
                if name.lower() not in PER_CONNECTION:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PATCH = do_POST = do_PUT = do_DELETE = pass_on

        def log_message(self, format: str, *args: t.Any) -> None:
            """Be quiet."""

    authority = trustme.CA()
    authority.cert_pem.write_to_path(scratch / "proxy-ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        try:
            yield Proxy(f"https://127.0.0.1:{listener.server_address[1]}", scratch / "proxy-ca.pem", requests, connections)
        finally:
            listener.shutdown()
            thread.join()


def figure(stage: Stage, rounds: int) -> Figure:
    """The number of requests of one task."""
    counts: list[int] = []
    with proxy(stage.cluster.server, stage.cluster.ca_file, stage.scratch) as through:
        task = stage.ensure(CONVERGED, host=through.server, ca_cert=str(through.ca_file))
        for _round in range(rounds):
            through.requests.clear()
            stage.play(task)
            counts.append(len(through.requests))
        wanted = [f"GET {stage.pod_path}"]
        met = set(counts) == {1} and through.requests == wanted
        seen = ", ".join(through.requests).replace(stage.namespace, "NAMESPACE")
    return Figure("requests of a converged task", " ".join(map(str, sorted(set(counts)))), rounds, seen, "1", met)
