# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A namespace with one distroless pod, its least-privilege account, and ansible-playbook runs against it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from tests import cluster as test_cluster
from tests.cluster.accounts import kubectl

HERE = Path(__file__).parent
POD = "app"
CONVERGED = "debugger"

Task = dict[str, t.Any]


class Noted(t.NamedTuple):
    """A task (``kind`` task) or an item of its loop (``kind`` item) that returned at ``time``, on the clock of time.monotonic."""

    kind: str
    task: str
    time: float


@dataclasses.dataclass(frozen=True)
class Stage:
    """Where the benchmarks run. ``collections`` are directories for ANSIBLE_COLLECTIONS_PATH."""

    cluster: test_cluster.Cluster
    namespace: str
    token: str
    scratch: Path
    collections: list[Path]

    @property
    def pod_path(self) -> str:
        """The path of the pod in the API."""
        return f"/api/v1/namespaces/{self.namespace}/pods/{POD}"

    def authentication(self) -> Task:
        """The options that the modules for Kubernetes authenticate with."""
        return {"host": self.cluster.server, "api_key": self.token, **({"ca_cert": str(self.cluster.ca_file)} if self.cluster.ca_file else {})}

    def ensure(self, name: str, **options: t.Any) -> Task:
        """The task that ensures an ephemeral container of the busybox image."""
        container = {"name": name, "image": self.cluster.images["busybox"], "target": POD, "command": ["sleep", "3600"]}
        pod = {"namespace": self.namespace, "pod": POD}
        return {"kubedebug.pods.ephemeral_container": {**self.authentication(), **pod, **container, **options}}

    def play(self, *tasks: Task, changed: int = 0) -> float:
        """Run the tasks in one playbook and return how long the whole run took. They have to be ``ok``, ``changed`` of them changed."""
        return self._run(tasks, len(tasks), changed, {})

    def play_role(self, variables: dict[str, t.Any], *, entry_point: str = "main", changed: int = 0) -> float:
        """Run the role debug in one playbook and return how long the whole run took. ``changed`` of its tasks have to be changed."""
        login = {f"K8S_AUTH_{name.upper()}": str(value) for name, value in self.authentication().items()}
        return self._run(
            [{"ansible.builtin.include_role": {"name": "kubedebug.pods.debug", "tasks_from": entry_point}, "vars": variables}], None, changed, login
        )

    def play_noted(self, *tasks: Task, changed: int = 0) -> list[Noted]:
        """Run the tasks in one playbook and return when each, and each item of a loop, returned."""
        notes = self.scratch / f"times-{secrets.token_hex(4)}.jsonl"
        callback = {"ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"), "ANSIBLE_CALLBACKS_ENABLED": "note_times", "BENCHMARK_TIMES": str(notes)}
        self._run(tasks, len(tasks), changed, callback)
        return [Noted(**json.loads(line)) for line in notes.read_text().splitlines()]

    def _run(self, tasks: t.Sequence[Task], ok: int | None, changed: int, environment: dict[str, str]) -> float:
        playbook = self.scratch / f"playbook-{secrets.token_hex(4)}.yml"
        playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}]))
        command = [str(Path(sys.executable).with_name("ansible-playbook")), str(playbook)]
        start = time.monotonic()
        done = subprocess.run(command, env=self._environment() | environment, cwd=self.scratch, check=False, capture_output=True, text=True)
        elapsed = time.monotonic() - start
        if done.returncode or (ok is not None and f"ok={ok} " not in done.stdout) or f"changed={changed} " not in done.stdout:
            raise RuntimeError(f"the playbook did not go as it should:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
        return elapsed

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "K8S_AUTH_", "KUBE", "PYTHONUNBUFFERED"))}
        direct = {"NO_PROXY": "*", "no_proxy": "*"} if self.cluster.kind == "embedded" else {}
        return kept | {
            "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(map(str, self.collections)),
            "ANSIBLE_CONFIG": str(self.scratch / "ansible.cfg"),
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
            "ANSIBLE_LIBRARY": str(HERE / "library"),
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "TMPDIR": str(self.scratch),
            **direct,
        }


@contextlib.contextmanager
def stage(cluster: test_cluster.Cluster, collections: list[Path]) -> t.Iterator[Stage]:
    """Make the namespace, the pod and on it the converged container; remove them in the end."""
    namespace = f"kd-benchmarks-{secrets.token_hex(3)}"
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch, "ansible.cfg").touch()
        account: Path | None = None
        try:
            account = test_cluster.account(cluster, namespace)
            token = json.loads(account.read_text())["users"][0]["user"]["token"]
            kubectl(cluster, "create", "--filename=-", text=json.dumps(pod(cluster, namespace)))
            kubectl(cluster, "wait", f"--namespace={namespace}", f"pod/{POD}", "--for=condition=Ready", "--timeout=120s")
            it = Stage(cluster, namespace, token, Path(scratch), collections)
            it.play(it.ensure(CONVERGED), changed=1)
            yield it
        finally:
            kubectl(cluster, "delete", "namespace", namespace, "--ignore-not-found", "--timeout=120s")
            if account:
                shutil.rmtree(account.parent)


def pod(cluster: test_cluster.Cluster, namespace: str) -> dict[str, t.Any]:
    """The manifest of the pod."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": POD, "namespace": namespace},
        "spec": {
            "serviceAccountName": "kubedebug",
            "terminationGracePeriodSeconds": 1,
            "containers": [{"name": POD, "image": cluster.images["distroless"]}],
        },
    }
