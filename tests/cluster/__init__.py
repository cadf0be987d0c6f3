# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Kubernetes cluster for tests: up(), account(), down()."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Protocol, cast

from . import accounts, model
from .model import LABEL, Cluster, ClusterError, Progress, Settings

__all__ = ["LABEL", "Cluster", "ClusterError", "account", "describe", "down", "image", "up"]


class Backend(Protocol):
    """What the module of each kind of cluster offers."""

    def check(self, settings: Settings) -> None:
        """Refuse at once what cannot work here."""

    def up(self, settings: Settings, say: Progress) -> Cluster:
        """Return the cluster, started if need be."""

    def down(self, settings: Settings, say: Progress) -> None:
        """Leave nothing behind."""

    def image(self, settings: Settings, cluster: Cluster, name: str, say: Progress) -> str:
        """Return the full name of an image that is not among the cluster's from the start, made if need be."""

    def ailment(self, settings: Settings, cluster: Cluster) -> str | None:
        """Say what is wrong with a cluster that should be up."""

    def describe(self, settings: Settings) -> list[tuple[str, str]]:
        """Return what there is to see of the cluster, for a person."""


def choose() -> tuple[Settings, Backend]:
    """Return what the environment asks for, and the module for that kind of cluster."""
    settings = Settings.from_environment()
    backend = cast("Backend", importlib.import_module(f".{settings.kind}", __package__))
    backend.check(settings)
    return settings, backend


def up() -> Cluster:
    """Return the cluster that the environment asks for, started if need be."""
    settings, backend = choose()
    say = Progress()
    with model.lock(settings, say):
        return backend.up(settings, say)


def down() -> None:
    """Leave nothing of the cluster behind, whatever state it is in."""
    settings, backend = choose()
    say = Progress()
    with model.lock(settings, say):
        backend.down(settings, say)


def account(cluster: Cluster, namespace: str, name: str = "kubedebug") -> Path:
    """Return the kubeconfig of a service account in a namespace with the roles of docs/rbac.yml.

    The namespace is made if it is missing, and the account too: one that docs/rbac.yml does not name has no rights.
    """
    return accounts.account(cluster, namespace, name)


def image(cluster: Cluster, name: str) -> str:
    """Return the full name of an image of the cluster: one of its ``images``, or a large one of trees.py, made and given to the cluster if need be."""
    if name in cluster.images:
        return cluster.images[name]
    settings, backend = choose()
    say = Progress()
    with model.lock(settings, say):
        return backend.image(settings, cluster, name, say)


def describe() -> tuple[bool, list[tuple[str, str]]]:
    """Tell whether the cluster is well, with rows for a person."""
    settings, backend = choose()
    rows = [("cluster", f"{settings.name} ({settings.kind})"), ("state", str(settings.state_dir))]
    cluster = model.load(settings)
    if not cluster:
        return False, [*rows, ("health", "not up")]
    complaint = backend.ailment(settings, cluster)
    rows += [("health", complaint or "well"), ("server", cluster.server), ("kubeconfig", str(cluster.kubeconfig))]
    return complaint is None, rows + backend.describe(settings)
