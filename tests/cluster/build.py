# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds Kubernetes and containerd from published Go modules, once."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from .model import ClusterError, Progress

GO = Path(__file__).parent / "go"
LINKS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kubelet")
CONTAINERD_TAGS = "no_btrfs no_devmapper no_zfs no_aufs"


@dataclasses.dataclass(frozen=True)
class Build:
    """One run of `go build`."""

    module: str
    """The folder below go/."""
    title: str
    target: str
    flags: tuple[str, ...] = ()


def version(module: str, requirement: str) -> str:
    """Return the version of a requirement in a go.mod of ours."""
    found = re.search(rf"^\s*{re.escape(requirement)} (v\S+)", (GO / module / "go.mod").read_text(), re.MULTILINE)
    if not found:
        raise ClusterError(f"{module}/go.mod does not require {requirement}")
    return found[1]


def kubernetes_version() -> str:
    """Return the Kubernetes version that is built, such as v1.36.3."""
    return version("kube", "k8s.io/kubernetes")


def containerd_version() -> str:
    """Return the containerd version that is built."""
    return version("containerd", "github.com/containerd/containerd/v2")


def cluster_builds() -> tuple[Build, ...]:
    """Return what an embedded cluster is built from."""
    kubernetes = kubernetes_version()
    major, minor, _patch = kubernetes.removeprefix("v").split(".", 2)
    stamp = "k8s.io/component-base/version"
    stamps = f"-X {stamp}.gitVersion={kubernetes} -X {stamp}.gitMajor={major} -X {stamp}.gitMinor={minor}"
    return (
        Build("kube", f"Kubernetes {kubernetes}", ".", ("-ldflags", f"-s -w {stamps}")),
        Build(
            "containerd",
            f"containerd {containerd_version()}",
            "tool",
            ("-tags", CONTAINERD_TAGS, "-ldflags", "-s -w"),
        ),
    )


def key(builds: tuple[Build, ...]) -> str:
    """Name the outcome of builds after everything that goes into it."""
    digest = hashlib.sha256(platform.machine().encode())
    for build in builds:
        digest.update(repr(build).encode())
        for path in sorted((GO / build.module).rglob("*")):
            if path.is_file():
                digest.update(path.relative_to(GO).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def folder(cache_dir: Path) -> Path:
    """Return where the cluster's programs are, once they are built."""
    return cache_dir / f"cluster-{key(cluster_builds())}"


def check(cache_dir: Path) -> None:
    """Refuse at once to build without a Go that can."""
    if not folder(cache_dir).exists():
        for build in cluster_builds():
            check_go(build)


def programs(cache_dir: Path, say: Progress) -> Path:
    """Return the folder of the cluster's programs, built if need be."""
    with cached(folder(cache_dir)) as (path, new):
        if new:
            for build in cluster_builds():
                go_build(build, new, say)
            for link in LINKS:
                (new / link).symlink_to("kube")
    return path


@contextlib.contextmanager
def cached(path: Path) -> Iterator[tuple[Path, Path | None]]:
    """Yield a folder of the cache and, if it is not there yet, the one to fill that then takes its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name("lock").open("w") as file, contextlib.ExitStack() as stack:
        if not path.exists():
            fcntl.flock(file, fcntl.LOCK_EX)
        if path.exists():
            yield path, None
            return
        new = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=path.parent)), path.name)
        new.mkdir()
        yield path, new
        new.rename(path)


def go_build(build: Build, output: Path, say: Progress) -> None:
    """Build with Go, and say every ten seconds how far it is."""
    check_go(build)
    command = ["go", "build", "-v", "-trimpath", "-buildvcs=false", *build.flags, "-o", f"{output}/", build.target]
    say(f"building {build.title}")
    with subprocess.Popen(
        command,
        cwd=GO / build.module,
        env=go_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as go:
        downloaded = compiled = 0
        last: collections.deque[str] = collections.deque(maxlen=8)

        def read() -> None:
            nonlocal downloaded, compiled
            assert go.stderr
            for line in go.stderr:
                if line.startswith("go: downloading"):
                    downloaded += 1
                elif " " not in line.strip():
                    compiled += 1
                else:
                    last.append(line.rstrip())

        reader = threading.Thread(target=read)
        reader.start()
        next_report = time.monotonic() + 10
        while go.poll() is None:
            time.sleep(0.05)
            if time.monotonic() >= next_report:
                say(f"  {build.title}: {downloaded} modules downloaded, {compiled} packages compiled")
                next_report += 10
        reader.join()
    if go.returncode:
        raise ClusterError("\n".join([f"building {build.title} failed:", *last]))


def go_environment() -> dict[str, str]:
    """Return the environment to run Go in, free of settings that would change what it builds."""
    return os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}


def check_go(build: Build) -> None:
    """Refuse to build without a Go that can, or that can get one that can."""
    module = GO / build.module
    wanted = re.search(r"^go (\d+)\.(\d+)", (module / "go.mod").read_text(), re.MULTILINE)
    assert wanted
    needed = f"Go {wanted[1]}.{wanted[2]} or newer"
    if not shutil.which("go"):
        raise ClusterError(f"missing: {needed} (`go` is not on PATH)")
    asked = subprocess.run(["go", "env", "GOVERSION"], cwd=module, env=go_environment(), check=False, capture_output=True, text=True)
    found = re.match(r"go(\d+)\.(\d+)", asked.stdout)
    if not found or (int(found[1]), int(found[2])) < (int(wanted[1]), int(wanted[2])):
        reason = asked.stdout.strip() or asked.stderr.strip().replace("\n", " ")
        raise ClusterError(f"missing: {needed} (the one on PATH says: {reason})")
