# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process of its own that watches a pod and prints, for each ephemeral container, when it was first reported to be there, to run and to have ended.

It reads one line of JSON with ``server``, ``ca_file``, ``token`` and ``path`` (of the watch) from its standard input, and prints lines of JSON.
"""

from __future__ import annotations

import http.client
import json
import ssl
import sys
import time
import typing as t
from urllib.parse import urlsplit


def watch(server: str, ca_file: str | None, token: str, path: str) -> None:
    """Print until the watch ends. The first line is printed as soon as it has begun, and is empty of content."""
    url = urlsplit(server)
    connection = http.client.HTTPSConnection(str(url.hostname), url.port, context=ssl.create_default_context(cafile=ca_file))
    connection.request("GET", url.path.rstrip("/") + path, headers={"Authorization": f"Bearer {token}", "Accept": "application/json"})
    reply = connection.getresponse()
    if reply.status != http.client.OK:
        sys.exit(f"the watch was refused: {reply.status} {reply.read().decode(errors='replace')}")
    seen: set[tuple[str, str]] = set()
    show({})
    while line := reply.readline():
        moment = time.monotonic()
        pod = json.loads(line)["object"]
        found = [(each["name"], "added") for each in pod["spec"].get("ephemeralContainers", ())]
        found += [(each["name"], state) for each in pod.get("status", {}).get("ephemeralContainerStatuses", ()) for state in each["state"]]
        for name, state in found:
            if (name, state) not in seen:
                seen.add((name, state))
                show({"name": name, "state": state, "time": moment})


def show(content: dict[str, t.Any]) -> None:
    """Print a line at once."""
    print(json.dumps(content), flush=True)


if __name__ == "__main__":
    watch(**json.loads(sys.stdin.readline()))
