# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tree that Ansible wants around a collection, wherever the checkout is: ``python -m tests.collection`` prints its directory."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TREE = ROOT / ".build" / "tree"
COLLECTION = TREE / "ansible_collections" / "kubedebug" / "pods"
#: Where the collection is at home.
SOURCE = "https://github.com/kubedebug/kubedebug.pods.git"
#: What a checkout without git holds besides the collection's own files.
_MADE = {".ansible", ".build", ".git", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv", "__pycache__", "output"}


def files() -> list[Path]:
    """The collection's files relative to the checkout: those that git has or would take, or everything but what the tools make."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=False, capture_output=True, text=True)
    if listed.returncode == 0:
        names = [Path(name) for name in listed.stdout.split("\0") if name]
    else:
        names = [path.relative_to(ROOT) for path in ROOT.rglob("*")]
        names = [name for name in names if not _MADE & set(name.parts) and name.suffixes != [".tar", ".gz"]]
    return sorted({name for name in names if (ROOT / name).is_file()})


def tree() -> Path:
    """Bring the copy of the collection up to date. Returns the directory that holds ``ansible_collections``."""
    TREE.mkdir(parents=True, exist_ok=True)
    with (TREE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = files()
        for name in wanted:
            _copy(ROOT / name, COLLECTION / name)
        _remove_stale(set(wanted))
        if not (COLLECTION / ".git").exists() and shutil.which("git"):
            # ansible-test asks the nearest git repository for the files: without one of its own, that is the checkout, which ignores .build.
            subprocess.run(["git", "init", "--quiet"], cwd=COLLECTION, check=True)
    return TREE


def repository(directory: Path) -> Path:
    """Make a git repository of the collection's files, with a branch ``main``. Returns its directory."""
    for name in files():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, directory / name)
    git = ["git", "-C", str(directory), "-c", "user.name=tests", "-c", "user.email=tests@example.com"]
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(directory)], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message=checkout"], check=True)
    return directory


def in_the_place_of_its_home(repository: Path) -> dict[str, str]:
    """The variables with which git finds a repository where the collection's own address is asked for."""
    return {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf", "GIT_CONFIG_VALUE_0": SOURCE}


def _copy(source: Path, copy: Path) -> None:
    if copy.is_file() and copy.read_bytes() == source.read_bytes() and copy.stat().st_mode == source.stat().st_mode:
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, copy)


def _remove_stale(wanted: set[Path]) -> None:
    for path in sorted(COLLECTION.rglob("*"), reverse=True):
        name = path.relative_to(COLLECTION)
        if name.parts[0] == ".git" or "__pycache__" in name.parts or name.parts[:2] == ("tests", "output"):
            continue
        if path.is_file() and name not in wanted:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


if __name__ == "__main__":
    print(tree())
