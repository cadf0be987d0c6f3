# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs the images of the tests as one OCI archive, without a registry or a container engine."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import platform
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from .build import Build, cached, go_build, key
from .model import ClusterError, Progress

LIBRARY = "docker.io/library"  # where containers' tools look for a short name; nothing is ever fetched from there
PAUSE = f"{LIBRARY}/pause:1"
PROGRAMS = Build("images", "the images' programs", "./...", ("-ldflags", "-s -w"))
NONROOT = "65532:65532"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclasses.dataclass(frozen=True)
class Images:
    """A packed archive, and the names of what is in it."""

    archive: Path
    names: dict[str, str]


class Layer:
    """A file tree that becomes an image's only layer."""

    def __init__(self) -> None:
        self._entries: list[tuple[tarfile.TarInfo, bytes]] = []

    def directory(self, path: str, mode: int = 0o755) -> None:
        """Add a folder."""
        self._add(path, tarfile.DIRTYPE, mode)

    def file(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """Add a file."""
        self._add(path, tarfile.REGTYPE, mode, content)

    def link(self, path: str, target: str) -> None:
        """Add a symbolic link."""
        self._add(path, tarfile.SYMTYPE, 0o777, target=target)

    def _add(self, path: str, kind: bytes, mode: int, content: bytes = b"", target: str = "") -> None:
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode, entry.size, entry.linkname = kind, mode, len(content), target
        self._entries.append((entry, content))

    def content(self) -> bytes:
        """Return the tar."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for entry, content in self._entries:
                tar.addfile(entry, io.BytesIO(content))
        return buffer.getvalue()


class Archive:
    """An OCI image layout that is written to a tar."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._manifests: list[dict[str, Any]] = []

    def add(self, names: list[str], layer: bytes, config: dict[str, Any]) -> None:
        """Add an image of one layer under one or more full names."""
        layer_entry = self._blob(layer, "application/vnd.oci.image.layer.v1.tar")
        image = {
            "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()),
            "os": "linux",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [layer_entry["digest"]]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": self._blob(encode(image), "application/vnd.oci.image.config.v1+json"),
            "layers": [layer_entry],
        }
        entry = self._blob(encode(manifest), manifest["mediaType"])
        self._manifests += [{**entry, "annotations": {"io.containerd.image.name": name}} for name in names]

    def finish(self) -> None:
        """Write what makes the blobs a layout."""
        index = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": self._manifests,
        }
        self._write("index.json", encode(index))
        self._write("oci-layout", encode({"imageLayoutVersion": "1.0.0"}))

    def _blob(self, content: bytes, media_type: Any) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        self._write(f"blobs/sha256/{digest}", content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    def _write(self, name: str, content: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        self._tar.addfile(entry, io.BytesIO(content))


def encode(document: object) -> bytes:
    """Return a document as JSON."""
    return json.dumps(document).encode()


def pack(cache_dir: Path, busybox: Path, say: Progress) -> Images:
    """Return the archive of all images, built and packed if need be."""
    content = busybox.read_bytes()
    sources = Path(__file__).read_bytes() + content
    name = f"images-{hashlib.sha256(key((PROGRAMS,)).encode() + sources).hexdigest()[:16]}"
    with cached(cache_dir / name) as (path, new):
        if new:
            with tempfile.TemporaryDirectory() as programs:
                go_build(PROGRAMS, Path(programs), say)
                say("packing the images")
                with tarfile.open(new / "images.tar", "w") as tar:
                    names = pack_all(Archive(tar), Path(programs), busybox)
            (new / "names.json").write_text(json.dumps(names))
    return Images(path / "images.tar", json.loads((path / "names.json").read_text()))


def pack_all(archive: Archive, programs: Path, busybox: Path) -> dict[str, str]:
    """Write all images and return the names of those that are for tests."""
    names = {
        "busybox": f"busybox:{busybox_version(busybox)}",
        "crash": "crash-app:1",
        "distroless": "distroless-app:1",
        "leaky": "leaky-app:1",
        "names": "names:1",
    }
    archive.add([PAUSE], one_program("pause", programs / "pause"), {"Entrypoint": ["/pause"], "User": "65535:65535"})
    archive.add(
        [full_name(names["distroless"])],
        one_program("app", programs / "app"),
        {"Entrypoint": ["/app"], "User": NONROOT, "ExposedPorts": {"8080/tcp": {}}},
    )
    archive.add(
        [full_name(names["crash"])],
        one_program("app", programs / "crash"),
        {"Entrypoint": ["/app"], "User": NONROOT},
    )
    archive.add([full_name(names["leaky"])], one_program("app", programs / "leaky"), {"Entrypoint": ["/app"], "User": NONROOT})
    archive.add([full_name(names["names"])], one_program("names", programs / "names"), {"Entrypoint": ["/names"], "User": NONROOT})
    archive.add(
        [full_name(names["busybox"]), full_name("busybox:latest")],
        busybox_layer(busybox),
        {"Cmd": ["sh"], "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},
    )
    archive.finish()
    return names


def full_name(name: str) -> str:
    """Return what a short name stands for."""
    return f"{LIBRARY}/{name}"


def one_program(path: str, program: Path) -> bytes:
    """Return a layer that holds a single static program."""
    layer = Layer()
    layer.file(path, program.read_bytes(), 0o755)
    return layer.content()


def busybox_version(busybox: Path) -> str:
    """Return the version without its last part, as the official image is tagged."""
    banner = subprocess.run([busybox], check=True, capture_output=True, text=True).stdout
    found = re.match(r"BusyBox v(\d+\.\d+)", banner)
    if not found:
        raise ClusterError(f"{busybox} does not say its version")
    return found[1]


def busybox_layer(busybox: Path) -> bytes:
    """Return a small root file system with a link for each applet."""
    applets = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True).stdout.split()
    layer = Layer()
    for path in ("bin", "dev", "etc", "home", "proc", "sys", "usr", "usr/bin", "var"):
        layer.directory(path)
    layer.directory("root", 0o700)
    layer.directory("tmp", 0o1777)
    layer.file("bin/busybox", busybox.read_bytes(), 0o755)
    for applet in sorted(set(applets) - {"busybox"}):
        layer.link(f"bin/{applet}", "busybox")
    layer.link("usr/bin/env", "../../bin/env")
    layer.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n")
    layer.file("etc/group", b"root:x:0:\ntty:x:5:\nnobody:x:65534:\n")
    return layer.content()
