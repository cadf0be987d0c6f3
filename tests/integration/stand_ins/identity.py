# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for an OpenID provider: ``python identity.py TOKEN_FILE FILE`` gives out the token, to whoever has a refresh token.

Serves plain HTTP on loopback, keeps {url, asked, expired} in FILE, where ``expired`` is a JSON web token that has, and ends when FILE is gone.
"""

from __future__ import annotations

import base64
import http.server
import json
import sys
import threading
import time
import typing as t
from pathlib import Path

POLL_SECONDS = 0.2


class Provider(http.server.ThreadingHTTPServer):
    """Counts the tokens that it gives, in the file."""

    daemon_threads = True

    def __init__(self, token: str, file: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.token, self.file, self.asked = token, file, -1
        self.url = f"http://127.0.0.1:{t.cast('tuple[str, int]', self.server_address)[1]}"

    def count(self) -> None:
        """Write the file."""
        self.asked += 1
        temporary = self.file.with_suffix(".new")
        temporary.write_text(json.dumps({"url": self.url, "asked": self.asked, "expired": expired()}))
        temporary.rename(self.file)


class Handler(http.server.BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        """Discovery."""
        self._answer({"issuer": self.server.url, "token_endpoint": f"{self.server.url}/token"})

    def do_POST(self) -> None:
        """A new token."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.count()
        self._answer({"id_token": self.server.token, "refresh_token": "refreshed", "access_token": "unused", "token_type": "Bearer"})

    def _answer(self, document: dict[str, str]) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: t.Any) -> None:
        pass


def expired() -> str:
    """An unsigned token of 2001."""
    parts: tuple[dict[str, t.Any], ...] = ({"alg": "none"}, {"exp": 1_000_000_000, "sub": "jane"}, {})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


def main() -> None:
    token_file, file = Path(sys.argv[1]), Path(sys.argv[2])
    server = Provider(token_file.read_text().strip(), file)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.count()
    while file.exists():
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    main()
