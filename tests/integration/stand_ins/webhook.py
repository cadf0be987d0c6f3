# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An admission webhook for tests, served over TLS: what it does goes by the names of the ephemeral containers that are added.

``python webhook.py ADDRESS FILE`` writes {url, ca (base64)} into FILE when it serves, and ends when FILE is gone.
"""

from __future__ import annotations

import base64
import http.server
import json
import ssl
import sys
import threading
import time
import typing as t
from pathlib import Path

import trustme

POLL_SECONDS = 0.2


def added(request: dict[str, t.Any]) -> list[tuple[int, dict[str, t.Any]]]:
    """(index, container) of the ephemeral containers that this request adds."""
    before = {container["name"] for container in request["oldObject"]["spec"].get("ephemeralContainers", [])}
    containers = request["object"]["spec"].get("ephemeralContainers", [])
    return [(index, container) for index, container in enumerate(containers) if container["name"] not in before]


def validate(request: dict[str, t.Any]) -> dict[str, t.Any]:
    """Deny a container named deny."""
    if any(container["name"] == "deny" for _index, container in added(request)):
        return {"allowed": False, "status": {"code": 403, "message": "no debugging on Fridays"}}
    return {"allowed": True}


def mutate(request: dict[str, t.Any]) -> dict[str, t.Any]:
    """Add a variable to a container named inject, and another image to one named rewrite."""
    patch: list[dict[str, t.Any]] = []
    for index, container in added(request):
        path = f"/spec/ephemeralContainers/{index}"
        if container["name"] == "inject":
            patch.append({"op": "add", "path": f"{path}/env", "value": [{"name": "INJECTED", "value": "yes"}]})
        if container["name"] == "rewrite":
            patch.append({"op": "replace", "path": f"{path}/image", "value": "mirror.invalid/busybox:1"})
    return {"allowed": True, "patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers an AdmissionReview, or 500 where a container named error is added."""

    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = review["request"]
        if any(container["name"] == "error" for _index, container in added(request)):
            self.send_error(500)
            return
        response = (validate if self.path.startswith("/validate") else mutate)(request)
        body = json.dumps({**review, "request": None, "response": {"uid": request["uid"], **response}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: t.Any) -> None:
        pass


def main() -> None:
    address, file = sys.argv[1], Path(sys.argv[2])
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(address).configure_cert(context)
    server = http.server.ThreadingHTTPServer((address, 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    described = {"url": f"https://{address}:{server.server_address[1]}", "ca": base64.b64encode(authority.cert_pem.bytes()).decode()}
    temporary = file.with_suffix(".new")
    temporary.write_text(json.dumps(described))
    temporary.rename(file)
    while file.exists():
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    main()
