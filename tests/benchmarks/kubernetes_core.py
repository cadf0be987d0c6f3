# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kubernetes.core collection, out of PyPI's ``ansible`` package."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import typing as t
import zipfile
from pathlib import Path

ANSIBLE = "12.3.0"
INSIDE = "ansible_collections/kubernetes/core"


class NotToBeHadError(Exception):
    """The package cannot be had here; the message says why."""


def provide(cache: Path, say: t.Callable[[str], None]) -> Path:
    """Return the directory for ANSIBLE_COLLECTIONS_PATH that holds kubernetes.core and nothing else, kept in ``cache``."""
    path = cache / f"kubernetes-core-of-ansible-{ANSIBLE}"
    if path.exists():
        return path
    say(f"getting kubernetes.core out of the package ansible {ANSIBLE} (54 MB, once)")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        wanted = ["--no-deps", "--ignore-requires-python", "--only-binary=:all:", f"--dest={scratch}", f"ansible=={ANSIBLE}"]
        done = subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", *wanted], check=False, capture_output=True, text=True)
        if done.returncode:
            raise NotToBeHadError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"pip ended with {done.returncode}")
        unpacked = Path(scratch, "unpacked")
        with zipfile.ZipFile(next(Path(scratch).glob("*.whl"))) as wheel:
            wheel.extractall(unpacked, [name for name in wheel.namelist() if name.startswith(f"{INSIDE}/")])
        if not path.exists():
            shutil.move(unpacked, path)
    return path


def version(path: Path) -> str:
    """The version of the collection in what ``provide`` returned."""
    return str(json.loads((path / INSIDE / "MANIFEST.json").read_text())["collection_info"]["version"])
