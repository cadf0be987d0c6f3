# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks the real API server what it says of a container on a pod, by dry runs on kept connections."""

from __future__ import annotations

import dataclasses
import json
import typing as t

import urllib3

from tests.cluster import Cluster

Document = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Answer:
    """``pod`` where the server accepts; else ``causes``, the (field, reason) pairs of its validation, or None where it did not get as far."""

    status: int
    pod: Document | None
    causes: frozenset[tuple[str, str]] | None
    message: str


class Server:
    """Requests as admin."""

    def __init__(self, cluster: Cluster) -> None:
        trust = {"ca_certs": str(cluster.ca_file)} if cluster.ca_file else {}
        self._pool = urllib3.PoolManager(headers={"Authorization": f"Bearer {cluster.admin_token}"}, retries=False, timeout=30, **trust)
        self._server = cluster.server

    def request(self, method: str, path: str, body: t.Any = None, content_type: str = "application/json") -> tuple[int, Document]:
        """(status, document) of a request."""
        data = None if body is None else json.dumps(body).encode()
        reply = self._pool.request(method, f"{self._server}{path}", body=data, headers={**self._pool.headers, "Content-Type": content_type})
        return reply.status, json.loads(reply.data)

    def create(self, namespace: str, pod: Document) -> Document:
        """The pod as stored."""
        status, stored = self.request("POST", f"/api/v1/namespaces/{namespace}/pods", pod)
        assert status == 201, stored
        return stored

    def try_out(self, pod: Document, container: Document) -> Answer:
        """What the server says to adding ``container``, without storing it."""
        first = not pod["spec"].get("ephemeralContainers")
        operation = {"op": "add", "path": "/spec/ephemeralContainers" + ("" if first else "/-"), "value": [container] if first else container}
        return self._dry_run(pod, operation)

    def try_in_place(self, pod: Document, container: Document) -> Answer:
        """What the server says to ``container`` in the place of the pod's first one."""
        return self._dry_run(pod, {"op": "replace", "path": "/spec/ephemeralContainers/0", "value": container})

    def _dry_run(self, pod: Document, operation: Document) -> Answer:
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/ephemeralcontainers?dryRun=All&fieldValidation=Strict"
        status, document = self.request("PATCH", path, [operation], "application/json-patch+json")
        if status == 200:
            return Answer(status, document, None, "")
        causes = (document.get("details") or {}).get("causes") or []
        validated = status == 422 and causes and all(cause.get("field") != "patch" for cause in causes)
        found = frozenset((cause["field"], cause["reason"]) for cause in causes) if validated else None
        return Answer(status, None, found, str(document.get("message")))
