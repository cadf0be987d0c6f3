# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Other releases than those that tests/requirements.txt installs: got from the package index once, and kept in the cache."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import typing as t
import zipfile
from pathlib import Path

from tests.cluster.model import Settings

PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"
#: Collections of others: the files that pin the releases of PyPI's package ``ansible`` that have them.
KUBERNETES_CORE = Path(__file__).parent / "parity" / "requirements.txt"
AWX = Path(__file__).parent / "awx" / "requirements.txt"


class NotToBeHadError(Exception):
    """The package cannot be had here; the message says why."""


def venv(requirements: Path) -> str:
    """Return the Python of a virtual environment with what the file names."""

    def make(directory: Path) -> None:
        _run(sys.executable, "-m", "venv", directory)
        python = str(directory / "bin" / "python")
        if not _installed(f"--python={python}", f"--requirement={requirements}"):
            _run(python, "-m", "pip", "install", "--quiet", "--requirement", requirements)

    return str(_kept(f"{PYTHON}-{_digest(requirements)}", make) / "bin" / "python")


def folder(requirement: str) -> Path:
    """Return a directory for PYTHONPATH with one package, and what it needs."""

    def make(directory: Path) -> None:
        if not _installed(f"--python={sys.executable}", f"--target={directory}", requirement):
            _run(sys.executable, "-m", "pip", "install", "--quiet", "--target", directory, requirement)

    return _kept(f"{PYTHON}-{requirement}", make)


def kubernetes_core() -> Path:
    """Return the directory for ANSIBLE_COLLECTIONS_PATH that holds kubernetes.core."""
    return _collection("kubernetes.core", KUBERNETES_CORE)


def kubernetes_core_version(path: Path) -> str:
    """The version of the collection in what ``kubernetes_core`` returned."""
    manifest = path / "ansible_collections" / "kubernetes" / "core" / "MANIFEST.json"
    return str(json.loads(manifest.read_text())["collection_info"]["version"])


def awx() -> Path:
    """Return the directory for ANSIBLE_COLLECTIONS_PATH that holds awx.awx."""
    return _collection("awx.awx", AWX)


def _collection(name: str, requirements: Path) -> Path:
    """The directory that holds one collection out of the package ``ansible`` (54 MB) that a file pins, and nothing else."""
    inside = f"ansible_collections/{name.replace('.', '/')}/"

    def make(directory: Path) -> None:
        wanted: list[str | Path] = ["--no-deps", "--ignore-requires-python", "--only-binary=:all:", "--requirement", requirements]
        with tempfile.TemporaryDirectory(dir=directory.parent) as scratch:
            _run(sys.executable, "-m", "pip", "download", "--quiet", "--dest", scratch, *wanted)
            with zipfile.ZipFile(next(Path(scratch).glob("*.whl"))) as wheel:
                wheel.extractall(directory, [member for member in wheel.namelist() if member.startswith(inside)])

    return _kept(f"{name.replace('.', '-')}-{_digest(requirements)}", make)


def _kept(name: str, make: t.Callable[[Path], None]) -> Path:
    """The directory of the cache that ``make`` has made, now or at some time before; one process makes it, others wait."""
    directory = Settings.from_environment().cache_dir / "releases" / name
    done = directory.with_name(f"{name}.done")
    directory.parent.mkdir(parents=True, exist_ok=True)
    with directory.with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (done.exists() and directory.exists()):
            done.unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(directory)
            make(directory)
            done.touch()
    return directory


def _digest(requirements: Path) -> str:
    return f"{requirements.parent.name}-{hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]}"


def _uv() -> str | None:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else shutil.which("uv")


def _installed(*arguments: str) -> bool:
    """Whether uv could; pip has to do it otherwise."""
    uv = _uv()
    return bool(uv) and subprocess.run([str(uv), "pip", "install", "--quiet", "--compile-bytecode", *arguments], check=False).returncode == 0


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        words = done.stderr.strip() or done.stdout.strip() or f"{command[0]} ended with {done.returncode}"
        raise NotToBeHadError(words.splitlines()[-1])
