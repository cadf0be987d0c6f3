# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that are root trees of Debian packages, by mmdebstrap: the toolkit, and the runtimes that tests look into.

They are large, so they are made and given to a cluster only when a test asks for them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from . import machine
from .build import cached
from .images import Archive, full_name
from .model import ClusterError, Progress

ROOT = Path(__file__).parents[2]
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclasses.dataclass(frozen=True)
class Tree:
    """An image that is made of a list of packages."""

    image: str
    folder: Path
    """Holds packages.txt; if there is a python.txt too, its programs come from PyPI."""
    config: dict[str, Any]
    sources: tuple[str, ...] = ()
    """Files of the folder that go to /opt/app."""
    before: tuple[str, ...] = ()
    """Shell commands before packages are configured, with the tree's path as $1."""
    after: tuple[str, ...] = ()
    """Shell commands in the end."""
    left_out: tuple[str, ...] = ()
    """Patterns of files that no package needs to bring."""

    def packages(self) -> list[str]:
        """Return the names in packages.txt."""
        lines = (self.folder / "packages.txt").read_text().splitlines()
        return [name for name in (line.partition("#")[0].strip() for line in lines) if name]

    def key(self) -> str:
        """Name the image's archive after everything of ours that goes into it."""
        digest = hashlib.sha256(platform.machine().encode() + Path(__file__).read_bytes())
        for path in (self.folder / name for name in ("packages.txt", "python.txt", *self.sources)):
            if path.exists():
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()[:16]


TREES = {
    "toolkit": Tree(
        image="kubedebug-toolkit:1",
        folder=ROOT / "images" / "toolkit",
        config={"Cmd": ["sh"], "User": "65532:65532", "Env": [PATH, "HOME=/tmp"]},
    ),
    "runtimes": Tree(
        image="runtimes:1",
        folder=Path(__file__).parent / "runtimes",
        config={"Cmd": ["sh"], "User": "1000:1000", "Env": [PATH, "HOME=/tmp"], "WorkingDir": "/opt/app"},
        sources=("Sick.java", "busy.py", "server.js"),
        # openjdk's links to its manual need this folder. A server of the tests makes its own data, and initdb wants its user to have a name.
        before=('mkdir -p "$1/usr/share/man/man1" "$1/etc/postgresql-common"; echo create_main_cluster=false >"$1/etc/postgresql-common/createcluster.conf"',),
        after=('chroot "$1" javac -d /opt/app /opt/app/Sick.java', 'echo app:x:1000:1000::/tmp:/bin/sh >>"$1/etc/passwd"'),
        # The modules of javac's cross-compilation, and PostgreSQL's compiler of expressions.
        left_out=("/usr/lib/jvm/*/jmods/*", "/usr/lib/postgresql/*/lib/bitcode/*", "/usr/lib/postgresql/*/lib/llvmjit*", "/usr/lib/*/libLLVM*"),
    ),
}


def pack(cache_dir: Path, name: str, say: Progress) -> tuple[str, Path]:
    """Return the name of an image of TREES and its OCI archive, made if need be."""
    tree = TREES[name]
    with cached(cache_dir / f"{name}-{tree.key()}") as (path, new):
        if new:
            check()
            machine.provide([] if shutil.which("mmdebstrap") else ["mmdebstrap"], say)
            say(f"making the image {tree.image} of {len(tree.packages())} packages")
            with tempfile.TemporaryDirectory(dir=new.parent) as scratch:
                layer = root_tree(tree, Path(scratch))
                with tarfile.open(new / "image.tar", "w") as tar:
                    archive = Archive(tar)
                    archive.add([full_name(tree.image)], layer.read_bytes(), tree.config)
                    archive.finish()
    return tree.image, path / "image.tar"


def check() -> None:
    """Refuse at once to make a tree without Debian's apt."""
    if not shutil.which("apt-get"):
        raise ClusterError("missing: apt-get (the toolkit image is made of Debian packages)")


def root_tree(tree: Tree, scratch: Path) -> Path:
    """Make the tree as a tar."""
    layer, added = scratch / "layer.tar", scratch / "added"
    app = added / "opt" / "app"
    app.mkdir(parents=True)
    for source in tree.sources:
        (app / source).write_bytes((tree.folder / source).read_bytes())
    if (tree.folder / "python.txt").exists():
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes", "--no-compile")
        machine.run([*pip, f"--requirement={tree.folder / 'python.txt'}", f"--target={scratch / 'pypi'}"])
        (added / "usr" / "local").mkdir(parents=True)
        (scratch / "pypi" / "bin").rename(added / "usr" / "local" / "bin")
    hooks = [f"--essential-hook={command}" for command in tree.before]
    hooks += [f"--customize-hook=copy-in {path} /" for path in sorted(added.iterdir())]
    hooks += [f"--customize-hook={command}" for command in tree.after]
    left_out = [f"--dpkgopt=path-exclude={pattern}" for pattern in (*LEFT_OUT, *tree.left_out)]
    command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=essential", *left_out, f"--include={','.join(tree.packages())}", *hooks, "", str(layer), "-"]
    done = subprocess.run(command, input=sources(), check=False, capture_output=True, text=True)
    if done.returncode:
        raise ClusterError("\n".join([f"making the image {tree.image} failed:", *done.stderr.strip().splitlines()[-8:]]))
    return layer


def sources() -> str:
    """Return where this machine's apt gets Debian's packages, in the words of a sources.list."""
    asked = ("apt-get", "indextargets", "Created-By: Packages", "Origin: Debian", "--format", "deb $(REPO_URI) $(RELEASE) $(COMPONENT)")
    listed = machine.run(asked)
    if not listed:
        machine.apt(["update"])
        listed = machine.run(asked)
    if not listed:
        raise ClusterError("missing: a Debian in apt's sources (`apt-get indextargets` names none)")
    return listed
