# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second cluster beside the main one comes, works, goes, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from . import accounts, embedded, machine, model

ROOT = Path(__file__).parents[2]
INHERITED = {key: value for key, value in os.environ.items() if not key.startswith("CLUSTER")}
OTHER = {**INHERITED, "CLUSTER_NAME": "lifecycle"}
SETTINGS = model.Settings.from_environment(OTHER)

pytestmark = pytest.mark.skipif(os.environ.get("CLUSTER", "embedded") != "embedded" or os.geteuid() != 0, reason="needs root and the embedded cluster")


def call(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the command line and capture what it says."""
    command = [sys.executable, "-m", "tests.cluster", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=120)


def succeed(*arguments: str) -> str:
    """Run a command on the second cluster and return what it prints."""
    done = call(OTHER, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def wait(check: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def namespaces(pids: set[int]) -> set[str]:
    """Return the network namespaces of processes."""
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            found.add(str(Path(f"/proc/{pid}/ns/net").readlink()))
    return found


def all_pids() -> set[int]:
    """Return the ID of every process on the machine."""
    return {int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()}


def traces(network_namespaces: set[str]) -> list[str]:
    """List what is left of the second cluster."""
    marks = (str(SETTINGS.state_dir), SETTINGS.identity)
    left = []
    for pid in all_pids():
        process = Path("/proc", str(pid))
        with contextlib.suppress(OSError):
            seen = [(process / file).read_text(errors="replace") for file in ("cmdline", "cgroup", "mountinfo")]
            seen += [str((process / link).readlink()) for link in ("cwd", "exe", "root")]
            left += [f"process {pid}: {mark}" for mark in marks if any(mark in text for text in seen)]
    mounts = Path("/proc/self/mountinfo").read_text()
    left += [f"mount: {mark}" for mark in (*marks, *network_namespaces) if mark in mounts]
    left += [f"network namespace: {name}" for name in network_namespaces & namespaces(all_pids())]
    paths = [Path("/sys/class/net", machine.link_name(SETTINGS.identity))]
    paths += [root / SETTINGS.identity for root, _v2 in machine.hierarchies()]
    paths += [SETTINGS.state_dir, SETTINGS.state_dir.with_name(f"{SETTINGS.name}.lock")]
    return left + [str(path) for path in paths if path.exists()]


@pytest.fixture(autouse=True)
def only_one() -> Iterator[None]:
    """Let one test at a time have the second cluster, whichever process it runs in."""
    path = SETTINGS.cache_dir / "lifecycle-tests.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(autouse=True)
def main_cluster(only_one: None) -> Iterator[None]:
    """Demand that the main cluster, if there is one, is the same afterwards."""
    main = {**os.environ}
    before = call(main, "status").stdout
    yield
    succeed("down")
    assert call(main, "status").stdout == before


def test_it_comes_works_and_goes() -> None:
    with ThreadPoolExecutor() as pool:
        first, second = (started.result() for started in [pool.submit(succeed, "up") for _twice in range(2)])
    assert first == second == str(SETTINGS.state_dir / "etc" / "admin.kubeconfig")
    cluster = model.load(SETTINGS)
    assert cluster

    start = time.monotonic()
    succeed("up")
    assert time.monotonic() - start < 1

    def status(entry: str) -> dict[str, object]:
        pod = json.loads(accounts.kubectl(cluster, "get", "pod", "app", "--output=json"))
        entries = pod["status"].get(entry, [])
        return entries[0] if entries else {}

    accounts.kubectl(cluster, "run", "app", f"--image={cluster.images['distroless']}")
    wait(lambda: status("containerStatuses").get("ready"))
    assert status("containerStatuses")["user"] == {"linux": {"uid": 65532, "gid": 0, "supplementalGroups": [0]}}
    debug = ("debug", "app", f"--image={cluster.images['busybox']}", "--target=app", "--profile=general")
    accounts.kubectl(cluster, *debug, "--container=look", "--", "wget", "-qO-", "http://127.0.0.1:8080/healthz")
    wait(lambda: "terminated" in str(status("ephemeralContainerStatuses")))
    assert accounts.kubectl(cluster, "logs", "app", "--container=look") == "ok\n"

    used = namespaces(machine.members(SETTINGS.identity)) - namespaces({os.getpid()})
    assert len(used) == 2
    assert len(traces(used)) > 10
    succeed("down")
    assert traces(used) == []
    succeed("down")
    assert call(OTHER, "status").returncode == 1


def test_a_broken_one_is_started_afresh_and_a_half_started_one_goes() -> None:
    succeed("up")
    pids = embedded.running_parts(SETTINGS)
    for part in ("kube-apiserver", "containerd"):
        os.kill(pids[part], signal.SIGKILL)
    wait(lambda: "kube-apiserver" not in embedded.running_parts(SETTINGS))
    assert call(OTHER, "status").returncode == 1
    succeed("up")
    assert not set(pids.values()) & set(embedded.running_parts(SETTINGS).values())
    assert call(OTHER, "status").returncode == 0
    succeed("down")

    starting = subprocess.Popen([sys.executable, "-m", "tests.cluster", "up"], cwd=ROOT, env=OTHER, stderr=subprocess.DEVNULL)
    wait(lambda: len(embedded.running_parts(SETTINGS)) == 3)
    starting.kill()
    starting.wait()
    used = namespaces(machine.members(SETTINGS.identity)) - namespaces({os.getpid()})
    assert traces(used)
    succeed("down")
    assert traces(used) == []


def test_an_account_is_the_service_account_in_its_namespace() -> None:
    path = Path(succeed("account", "shop"))
    cluster = model.load(SETTINGS)
    assert cluster
    assert path.stat().st_mode & 0o777 == 0o600
    asked = json.loads(
        machine.run([cluster.kubectl[0], f"--kubeconfig={path}", "auth", "whoami", "--output=json"]),
    )
    assert asked["status"]["userInfo"]["username"] == "system:serviceaccount:shop:kubedebug"
    assert json.loads(path.read_text())["contexts"][0]["context"]["namespace"] == "shop"


def test_what_is_missing_is_said_in_one_line(tmp_path: Path) -> None:
    done = call({**OTHER, "PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}, "up")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: missing: Go 1.26 or newer (`go` is not on PATH)\n"
    assert traces(set()) == []


def test_a_directory_of_something_else_is_refused(tmp_path: Path) -> None:
    directory = tmp_path.parent / "other"
    directory.mkdir()
    (directory / "letter").write_text("dear")
    for command in ("up", "down"):
        done = call({**OTHER, "CLUSTER_DIR": str(directory)}, command)
        assert done.returncode == 1
        assert done.stderr.startswith("error: ")
    assert [path.name for path in directory.iterdir()] == ["letter"]
