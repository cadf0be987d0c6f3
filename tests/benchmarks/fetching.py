# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast a file of 100 MB is fetched next to ``kubectl exec -- cat``, and what memory that takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import typing as t

from tests.cluster.accounts import RBAC, kubectl

from .figures import Figure, megabytes, ratio
from .stage import CONVERGED, Stage, Task, pod

#: A pod of its own, with a share of the processors as applications ask for it: without one, the checksum waits for everybody else on the machine.
POD = "fetched-from"
SIZE = 100 * 1024 * 1024
SMALL = 64 * 1024
MODULE = "ansible_collections.kubedebug.pods.plugins.modules.ephemeral_container_fetch"
Say = t.Callable[[str], None]


def figures(stage: Stage, rounds: int, say: Say) -> list[Figure]:
    """The ratio of the times (kubectl's over ours), of the module by itself and of a whole task, and the memory of 100 MB above that of 64 KiB."""
    kubectl(stage.cluster, "apply", f"--namespace={stage.namespace}", f"--filename={RBAC.with_name('rbac-exec.yml')}")
    manifest = pod(stage.cluster, stage.namespace)
    manifest["metadata"]["name"] = POD
    manifest["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "500m"}}
    kubectl(stage.cluster, "create", "--filename=-", text=json.dumps(manifest))
    kubectl(stage.cluster, "wait", f"--namespace={stage.namespace}", f"pod/{POD}", "--for=condition=Ready", "--timeout=120s")
    stage.play(stage.ensure(CONVERGED, pod=POD, target="app"), changed=1)
    make = f"head -c {SIZE} /dev/urandom >/tmp/large; head -c {SMALL} /dev/urandom >/tmp/small; sha256sum </tmp/large"
    wanted = _exec(stage, "sh", "-c", make).split()[0]
    ours, theirs, tasks, large, small = [], [], [], [], []
    for turn in range(rounds + 1):
        theirs.append(_kubectl(stage))
        elapsed, memory = _module(stage, "/tmp/large", wanted)
        ours.append(elapsed)
        large.append(memory)
        small.append(_module(stage, "/tmp/small", None)[1])
        tasks.append(_task(stage))
        seconds = f"kubectl {theirs[-1]:.2f} s, module {ours[-1]:.2f} s, task {tasks[-1]:.2f} s"
        say(f"fetching: round {turn} of {rounds}: {seconds}, {large[-1] / 1e6:.0f} MB of memory")
    # The first round does not count: it warms what there is to warm.
    return [
        ratio("fetch of 100 MB: speed of the module / kubectl exec -- cat", theirs[1:], ours[1:], at_least=0.5),
        ratio("fetch of 100 MB: speed of a whole task / kubectl exec -- cat", theirs[1:], tasks[1:]),
        megabytes("memory of a fetch of 100 MB above one of 64 KiB", [one - other for one, other in zip(large, small, strict=True)], at_most=64.0),
    ]


def _options(stage: Stage, path: str) -> Task:
    place = {"namespace": stage.namespace, "pod": POD, "name": CONVERGED}
    return {**stage.authentication(), **place, "path": path, "dest": str(stage.scratch / "fetched")}


def _exec(stage: Stage, *command: str) -> str:
    return kubectl(stage.cluster, "exec", f"--namespace={stage.namespace}", POD, f"--container={CONVERGED}", "--", *command)


def _kubectl(stage: Stage) -> float:
    """Seconds of ``kubectl exec -- cat`` into a file."""
    command = [*stage.cluster.kubectl, "exec", f"--namespace={stage.namespace}", POD, f"--container={CONVERGED}", "--", "cat", "/tmp/large"]
    path = stage.scratch / "cat"
    with path.open("wb") as file:
        start = time.monotonic()
        subprocess.run(command, env=os.environ | {"NO_PROXY": "*"}, check=True, stdout=file, stderr=subprocess.DEVNULL)
        elapsed = time.monotonic() - start
    if path.stat().st_size != SIZE:
        raise RuntimeError(f"kubectl brought {path.stat().st_size} of {SIZE} bytes")
    path.unlink()
    return elapsed


def _module(stage: Stage, path: str, wanted: str | None) -> tuple[float, int]:
    """(seconds of the module's process from its start to its end, the most bytes of memory that it took)."""
    (stage.scratch / "fetched").unlink(missing_ok=True)
    arguments = json.dumps({"ANSIBLE_MODULE_ARGS": {**_options(stage, path), "_ansible_remote_tmp": str(stage.scratch)}})
    environment = os.environ | {"PYTHONPATH": str(stage.collections[0]), "NO_PROXY": "*"}
    start = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", MODULE], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    process.stdin.write(arguments)
    process.stdin.close()
    result = json.loads(process.stdout.read())
    _pid, _status, usage = os.wait4(process.pid, 0)
    elapsed = time.monotonic() - start
    process.returncode = 0
    if not result.get("changed") or (wanted and result["file"]["checksum"] != wanted):
        raise RuntimeError(f"the file was not fetched as it is: {result}")
    return elapsed, usage.ru_maxrss * 1024


def _task(stage: Stage) -> float:
    """Seconds that a task in a playbook takes, from the return of the one before it."""
    (stage.scratch / "fetched").unlink(missing_ok=True)
    fetch: Task = {"kubedebug.pods.ephemeral_container_fetch": _options(stage, "/tmp/large")}
    noted = [note.time for note in stage.play_noted({"do_nothing": {}}, fetch, changed=1) if note.kind == "task"]
    return noted[1] - noted[0]
