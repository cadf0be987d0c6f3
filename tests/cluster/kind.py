# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kind cluster, where kind and a container engine are installed."""

from __future__ import annotations

import shutil
from pathlib import Path

from . import images, kubeconfig, machine, model, trees
from .kubeconfig import ailment, describe
from .model import Cluster, ClusterError, Progress, Settings

__all__ = ["ailment", "check", "describe", "down", "image", "up"]


def check(settings: Settings) -> None:
    """Refuse at once what cannot work here."""
    kubeconfig.check(settings)
    if not shutil.which("kind"):
        raise ClusterError("missing: kind (it is not on PATH)")


def up(settings: Settings, say: Progress) -> Cluster:
    """Return the kind cluster, made if it is not there, with the images of the tests."""
    cluster = model.load(settings)
    if cluster and not ailment(settings, cluster):
        return cluster
    machine.provide([] if machine.is_static("busybox") else ["busybox-static"], say)
    packed = images.pack(settings.cache_dir, Path(str(shutil.which("busybox"))), say)
    down(settings, say)
    model.claim(settings)
    say(f"creating the kind cluster {settings.name}")
    raw = settings.state_dir / "kind.kubeconfig"
    machine.run(["kind", "create", "cluster", f"--name={settings.name}", f"--kubeconfig={raw}", "--wait=5m"])
    machine.run(["kind", "load", "image-archive", packed.archive, f"--name={settings.name}"])
    kubectl = kubeconfig.find_kubectl(settings)
    config = machine.run([kubectl, f"--kubeconfig={raw}", "config", "view", "--flatten", "--raw", "--output=json"])
    cluster = kubeconfig.describe_cluster(settings, config, kubectl, packed.names)
    model.save(settings, cluster)
    return cluster


def down(settings: Settings, say: Progress) -> None:
    """Delete the kind cluster."""
    model.check_ours(settings)
    if settings.state_dir.exists():
        say(f"deleting the kind cluster {settings.name}")
        machine.run(["kind", "delete", "cluster", f"--name={settings.name}"])
    model.release(settings)


def image(settings: Settings, cluster: Cluster, name: str, say: Progress) -> str:
    """Return an image of trees.TREES, made and given to the cluster."""
    image_name, archive = trees.pack(settings.cache_dir, name, say)
    machine.run(["kind", "load", "image-archive", archive, f"--name={settings.name}"])
    return image_name
