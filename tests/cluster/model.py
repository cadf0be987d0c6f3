# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test cluster is, which one is asked for, and how its state is kept."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

Kind = Literal["embedded", "kubeconfig", "kind"]

STATE_ROOT = Path("/var/lib/kubedebug-pods")
LABEL = "app.kubernetes.io/managed-by=kubedebug-pods-tests"
LONGEST_STATE_DIR = 60  # sockets live below it, and their addresses end at 108 bytes


class ClusterError(Exception):
    """The cluster cannot be had; the message is for a person."""


@dataclasses.dataclass(frozen=True)
class Cluster:
    """A cluster that is up, and what a test needs to know to use it."""

    kind: Kind
    name: str
    kubeconfig: Path
    """The admin's."""
    kubectl: list[str]
    """How to call kubectl as admin: append the arguments."""
    server: str
    ca_file: Path | None
    """Verifies the server; None where the system's authorities do."""
    admin_token: str | None
    images: dict[str, str]
    """Image names under the keys busybox, distroless, crash and names."""
    static_pod_dir: Path | None
    """The kubelet runs the manifests in this folder as static pods."""
    host_address: str | None
    """Where the API server and pods reach a server that a test starts on this host."""
    state_dir: Path


@dataclasses.dataclass(frozen=True)
class Settings:
    """Which cluster is asked for."""

    kind: Kind
    name: str
    state_dir: Path
    cache_dir: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read CLUSTER, CLUSTER_NAME, CLUSTER_DIR and XDG_CACHE_HOME, of this process if no other environment is given."""
        environment = os.environ if environment is None else environment
        kind: Kind
        match environment.get("CLUSTER") or "embedded":
            case "embedded" | "kubeconfig" | "kind" as kind:
                pass
            case other:
                raise ClusterError(f"CLUSTER={other}: choose embedded, kubeconfig or kind")
        name = environment.get("CLUSTER_NAME") or "kubedebug"
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?", name):
            raise ClusterError(f"CLUSTER_NAME={name}: use up to 30 lower case letters, digits and inner dashes")
        cache_home = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        default = STATE_ROOT / name if kind == "embedded" else cache_home / "kubedebug-pods" / f"{kind}-{name}"
        state_dir = Path(environment.get("CLUSTER_DIR") or default).resolve()
        if len(os.fsencode(state_dir)) > LONGEST_STATE_DIR:
            raise ClusterError(f"{state_dir} is longer than {LONGEST_STATE_DIR} bytes: set a shorter CLUSTER_DIR")
        return cls(kind, name, state_dir, cache_home / "kubedebug-pods")

    @property
    def identity(self) -> str:
        """A name for things outside the state directory, unique to this cluster on this machine."""
        return f"{self.name}-{hashlib.sha256(os.fsencode(self.state_dir)).hexdigest()[:6]}"

    @property
    def record(self) -> Path:
        """The file that describes the cluster, and marks the state directory as one."""
        return self.state_dir / "cluster.json"


class Progress:
    """Says on stderr what happens, with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, text: str) -> None:
        print(f"{time.monotonic() - self._start:7.1f} s  {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def lock(settings: Settings, say: Progress) -> Iterator[None]:
    """Let one process at a time work on a cluster."""
    path = settings.state_dir.with_name(f"{settings.state_dir.name}.lock")
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("w")
        except OSError as error:
            raise ClusterError(f"cannot lock {path}: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another process that works on {settings.name}")
            fcntl.flock(file, fcntl.LOCK_EX)
        if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
            break
        file.close()
    try:
        yield
    finally:
        if not settings.record.exists():
            path.unlink(missing_ok=True)
            if path.parent == STATE_ROOT:
                with contextlib.suppress(OSError):
                    path.parent.rmdir()
        file.close()


def claim(settings: Settings) -> None:
    """Make the state directory, and mark it as one."""
    check_ours(settings)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    write(settings.record, json.dumps({"kind": settings.kind, "name": settings.name}))


def check_ours(settings: Settings) -> None:
    """Refuse a directory that holds something else than this cluster."""
    if not settings.state_dir.exists():
        return
    kind = read_record(settings).get("kind")
    if kind is None and any(settings.state_dir.iterdir()):
        raise ClusterError(f"{settings.state_dir} is not empty and not a test cluster's: set another CLUSTER_DIR")
    if kind not in (None, settings.kind):
        raise ClusterError(f"{settings.state_dir} is the state of a cluster of kind {kind}: set CLUSTER={kind}")


def release(settings: Settings) -> None:
    """Remove the state directory, last what marks it as one."""
    check_ours(settings)
    if not settings.state_dir.exists():
        return
    for path in settings.state_dir.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path != settings.record:
            path.unlink()
    shutil.rmtree(settings.state_dir)


def save(settings: Settings, cluster: Cluster) -> None:
    """Record a cluster that is up."""
    write(settings.record, json.dumps(dataclasses.asdict(cluster), default=str, indent=2) + "\n")


def read_record(settings: Settings) -> dict[str, Any]:
    """Return what is recorded: nothing, a bare claim, or a whole cluster."""
    try:
        record = json.loads(settings.record.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def load(settings: Settings) -> Cluster | None:
    """Return the recorded cluster, or None if none was ever up."""
    record = read_record(settings)
    if record.get("kind") != settings.kind:
        return None
    for field in ("kubeconfig", "ca_file", "static_pod_dir", "state_dir"):
        record[field] = record.get(field) and Path(record[field])
    try:
        return Cluster(**record)
    except TypeError:
        return None


def write(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)


def kubeconfig(cluster: dict[str, Any], user: dict[str, Any], name: str, namespace: str = "default") -> str:
    """Return the text of a kubeconfig with one context."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": namespace}}],
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
    }
    return json.dumps(config, indent=2) + "\n"
