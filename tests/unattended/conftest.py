# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A namespace with pods to debug, and the programs of Alertmanager."""

from __future__ import annotations

import secrets
import subprocess
import typing as t
from pathlib import Path

import pytest

from tests import cluster as test_cluster
from tests.cluster import Cluster
from tests.unattended import parts


@pytest.fixture(scope="session")
def programs() -> Path:
    return parts.programs()


@pytest.fixture
def scene(cluster: Cluster, collections_path: Path, tmp_path: Path) -> t.Iterator[parts.Scene]:
    namespace = f"kd-unattended-{secrets.token_hex(3)}"
    variables = {"debug_image_busybox": cluster.images["busybox"], "debug_patience": 60, "debug_dns_names": ["localhost"]}
    try:
        test_cluster.account(cluster, namespace)
        yield parts.Scene(cluster, collections_path, tmp_path, namespace, variables)
    finally:
        subprocess.run([*cluster.kubectl, "delete", "namespace", namespace, "--ignore-not-found", "--wait=false"], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def pods(scene: parts.Scene) -> t.Callable[..., None]:
    """Starts pods of the distroless application, and waits until they run."""

    def start(*names: str) -> None:
        spec = {"terminationGracePeriodSeconds": 1, "containers": [{"name": "app", "image": scene.cluster.images["distroless"]}]}
        parts.create(scene, *({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec} for name in names))

    return start
