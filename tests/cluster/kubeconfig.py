# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The caller's own cluster, which is neither started nor stopped."""

from __future__ import annotations

import base64
import json
import os
import shutil
from pathlib import Path

from . import accounts, build, machine, model
from .model import LABEL, Cluster, ClusterError, Progress, Settings

IMAGES = {"busybox": "busybox:1.37"}


def check(settings: Settings) -> None:
    """Refuse at once what cannot work here."""
    find_kubectl(settings)


def up(settings: Settings, say: Progress) -> Cluster:
    """Return the cluster of the current context, if tests can run there."""
    kubectl = find_kubectl(settings)
    config = machine.run([kubectl, "config", "view", "--minify", "--flatten", "--raw", "--output=json"])
    model.claim(settings)
    cluster = describe_cluster(settings, config, kubectl, images())
    accounts.kubectl(cluster, "get", "--raw=/readyz")
    try:
        accounts.kubectl(cluster, "auth", "can-i", "create", "namespaces")
    except ClusterError:
        raise ClusterError(f"the kubeconfig's user may not create namespaces at {cluster.server}") from None
    model.save(settings, cluster)
    say(f"using the cluster at {cluster.server}")
    return cluster


def down(settings: Settings, say: Progress) -> None:
    """Delete the namespaces of the tests, in the cluster that `up` found."""
    if cluster := model.load(settings):
        say(f"deleting the namespaces of the tests at {cluster.server}")
        accounts.kubectl(cluster, "delete", "namespaces", f"--selector={LABEL}")
    model.release(settings)


def image(settings: Settings, cluster: Cluster, name: str, say: Progress) -> str:
    """Refuse: what is not in CLUSTER_IMAGES cannot be given to a cluster that is not ours."""
    raise ClusterError(f"missing: an image for {name} (set CLUSTER_IMAGES={name}=NAME, see images/toolkit/README.md and tests/cluster/runtimes)")


def ailment(settings: Settings, cluster: Cluster) -> str | None:
    """Say what is wrong with the cluster."""
    try:
        accounts.kubectl(cluster, "get", "--raw=/readyz")
    except ClusterError as error:
        return str(error)
    return None


def describe(settings: Settings) -> list[tuple[str, str]]:
    """Return what there is to see of the cluster, for a person."""
    return []


def images() -> dict[str, str]:
    """Return the images that the cluster can pull or has; CLUSTER_IMAGES=KEY=NAME,... adds to them."""
    pairs = (pair.partition("=") for pair in os.environ.get("CLUSTER_IMAGES", "").split(",") if pair)
    return IMAGES | {key: name for key, _source, name in pairs}


def find_kubectl(settings: Settings) -> Path:
    """Return the kubectl on PATH, or the one that was built for an embedded cluster."""
    built = build.folder(settings.cache_dir) / "kubectl"
    found = shutil.which("kubectl") or (built.exists() and built)
    if not found:
        raise ClusterError("missing: kubectl (it is not on PATH)")
    return Path(found)


def describe_cluster(settings: Settings, config: str, kubectl: Path, names: dict[str, str]) -> Cluster:
    """Return a cluster from a flat kubeconfig of one context."""
    path, ca_file = settings.state_dir / "admin.kubeconfig", settings.state_dir / "ca.crt"
    model.write(path, config)
    content = json.loads(config)
    try:
        cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
    except (KeyError, IndexError, TypeError):
        raise ClusterError("the kubeconfig's current context names no cluster and user") from None
    authority = cluster.get("certificate-authority-data")
    if authority:
        model.write(ca_file, base64.b64decode(authority).decode())
    return Cluster(
        kind=settings.kind,
        name=settings.name,
        kubeconfig=path,
        kubectl=[str(kubectl), f"--kubeconfig={path}"],
        server=cluster["server"],
        ca_file=ca_file if authority else None,
        admin_token=user.get("token"),
        images=names,
        static_pod_dir=None,
        host_address=None,
        state_dir=settings.state_dir,
    )
