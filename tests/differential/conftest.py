# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real API server and pods on it to try containers out on."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import typing as t

import pytest

from tests.differential import specs
from tests.differential.server import Server

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster

#: How many generated containers a test tries.
SPECS = int(os.environ.get("SPECS") or 3000)


@pytest.fixture(scope="session")
def server(cluster: Cluster) -> Server:
    return Server(cluster)


@pytest.fixture(scope="session")
def pods(cluster: Cluster, server: Server) -> Iterator[dict[str, specs.Document]]:
    with pods_of_each_kind(cluster, server) as stored:
        yield stored


@contextlib.contextmanager
def pods_of_each_kind(cluster: Cluster, server: Server) -> Iterator[dict[str, specs.Document]]:
    """One stored pod of each kind, in a namespace of their own. Nothing is ever added to them."""
    namespace = f"kd-differential-{secrets.token_hex(3)}"
    labels = {"app.kubernetes.io/managed-by": "kubedebug-pods-tests"}
    status, _namespace = server.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace, "labels": labels}})
    assert status == 201
    subprocess.run(
        [*cluster.kubectl, "wait", "--for=create", "--timeout=60s", "--namespace", namespace, "serviceaccount/default"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield {kind: server.create(namespace, pod(f"pod-{number}", spec)) for number, (kind, spec) in enumerate(specs.PODS.items())}
    finally:
        server.request("DELETE", f"/api/v1/namespaces/{namespace}")


def pod(name: str, spec: specs.Document) -> specs.Document:
    """A pod that no scheduler binds to a node."""
    return {"metadata": {"name": name}, "spec": {"schedulerName": "none", "automountServiceAccountToken": False, **spec}}
