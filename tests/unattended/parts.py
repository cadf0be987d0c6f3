# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The real Alertmanager and the real ansible-rulebook, on loopback, as a person would set them up: each is a process that ends with its ``with``."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

import yaml

from tests import cluster as test_cluster
from tests.cluster import build, machine
from tests.cluster.accounts import kubectl
from tests.cluster.model import Progress, Settings
from tests.integration import playbook

ALERTMANAGER = build.Build("alertmanager", f"Alertmanager {build.version('alertmanager', 'github.com/prometheus/alertmanager')}", "tool", ("-ldflags", "-s -w"))
#: Debian's name of a Java that ansible-rulebook's engine runs on: 17 or newer.
JAVA = "default-jre-headless"
#: How many playbooks a rulebook of the tests runs at a time, as the rulebooks say.
ACTIONS = 2
#: Seconds until what has to come is given up. Nothing is judged by it: the benchmarks measure how long things take.
PATIENCE = 400
RULEBOOK = "kubedebug.pods.alertmanager"

Alert = dict[str, t.Any]


def programs() -> Path:
    """The folder of alertmanager and amtool, built if need be. Java is installed if there is none."""
    say = Progress()
    if not shutil.which("java"):
        machine.provide([JAVA], say)
    with build.cached(Settings.from_environment().cache_dir / f"alertmanager-{build.key((ALERTMANAGER,))}") as (path, new):
        if new:
            build.go_build(ALERTMANAGER, new, say)
    return path


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait(check: t.Callable[[], t.Any], what: str) -> t.Any:
    """What ``check`` returns as soon as that is true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := check()):
        assert time.monotonic() < deadline, f"after {PATIENCE} s there is not yet {what}"
        time.sleep(0.05)
    return found


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclasses.dataclass
class Process:
    """A part that runs, what it wrote, and where it listens."""

    popen: subprocess.Popen[bytes]
    log: Path
    port: int

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def alive(self) -> bool:
        return self.popen.poll() is None


@contextlib.contextmanager
def running(command: t.Sequence[str], log: Path, port: int, directory: Path, environment: t.Mapping[str, str]) -> t.Iterator[Process]:
    """Start a part, wait until it listens, and end it and all that it started."""
    with log.open("ab") as output:
        popen = subprocess.Popen(command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    process = Process(popen, log, port)
    try:
        wait(lambda: listens(port) or not process.alive(), f"{command[0]} at its port")
        assert process.alive(), process.said()[-4000:]
        yield process
    finally:
        end(popen)


def end(popen: subprocess.Popen[t.Any]) -> None:
    """End a process that leads a session of its own, and all that it started."""
    popen.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        popen.wait(10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(popen.pid, signal.SIGKILL)
    popen.wait()


@dataclasses.dataclass
class Scene:
    """A namespace with its least-privilege account, and a folder with what the parts are told and what they leave."""

    cluster: test_cluster.Cluster
    collections_path: Path
    scratch: Path
    namespace: str
    variables: dict[str, t.Any]
    token: str = dataclasses.field(default_factory=secrets.token_hex)

    @property
    def evidence(self) -> Path:
        return self.scratch / "evidence"

    def environment(self) -> dict[str, str]:
        """Of the rulebook, which is that of its playbooks."""
        temporary = self.scratch / "tmp"
        temporary.mkdir(exist_ok=True)
        direct = {"NO_PROXY": "*", "no_proxy": "*"} if self.cluster.kind == "embedded" else {}
        kubeconfig = self.cluster.state_dir / "accounts" / self.namespace / "kubedebug.kubeconfig"
        own = {"K8S_AUTH_KUBECONFIG": str(kubeconfig), "KUBEDEBUG_TOKEN": self.token, "TMPDIR": str(temporary), "HOME": str(self.scratch)}
        return playbook.ansible_environment(self.collections_path) | own | direct

    def alertmanager(self, programs: Path, receiver: int, repeats: bool = False) -> contextlib.AbstractContextManager[Process]:
        """An Alertmanager that sends each alert by itself, to the port of a rulebook. Its storage is kept from one to the next.

        With ``repeats`` it says every two seconds that an alert still fires, and after one that it is resolved. Otherwise it is as in the guide.
        """
        (self.scratch / "token").write_text(self.token)
        webhook = {
            "url": f"http://127.0.0.1:{receiver}/alerts",
            "send_resolved": True,
            "http_config": {"authorization": {"type": "Bearer", "credentials_file": str(self.scratch / "token")}},
        }
        group, repeat = ("1s", "2s") if repeats else ("1m", "4h")
        route = {"receiver": "kubedebug", "group_by": ["..."], "group_wait": "0s", "group_interval": group, "repeat_interval": repeat}
        config = {"route": route, "receivers": [{"name": "kubedebug", "webhook_configs": [webhook]}]}
        (self.scratch / "alertmanager.yml").write_text(yaml.safe_dump(config))
        port = free_port()
        storage = f"--storage.path={self.scratch / 'alertmanager'}"
        arguments = [
            f"--config.file={self.scratch / 'alertmanager.yml'}",
            storage,
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            "--log.level=debug",
        ]
        return running([str(programs / "alertmanager"), *arguments], self.scratch / "alertmanager.log", port, self.scratch, dict(os.environ))

    @contextlib.contextmanager
    def rulebook(self, name: str = RULEBOOK, *arguments: str, collections: t.Sequence[Path] = (), **variables: t.Any) -> t.Iterator[Process]:
        """One of the rulebooks, run as its head says. Its playbooks have the variables of localhost in the inventory."""
        port = free_port()
        host = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "debug_dest": str(self.evidence),
            **self.variables,
        }
        (self.scratch / "inventory.yml").write_text(yaml.safe_dump({"all": {"hosts": {"localhost": host}}}))
        told = self.scratch / f"variables-{port}.yml"
        told.write_text(yaml.safe_dump({"kubedebug_port": port, **variables}))
        command = [str(Path(sys.executable).with_name("ansible-rulebook")), "--rulebook", name, "--inventory", str(self.scratch / "inventory.yml")]
        command += ["--env-vars", "KUBEDEBUG_TOKEN", "--vars", str(told), "--max-concurrent-actions", str(ACTIONS), "--verbose", *arguments]
        environment = self.environment()
        environment["ANSIBLE_COLLECTIONS_PATH"] = os.pathsep.join(map(str, [self.collections_path, *collections]))
        with running(command, self.scratch / f"rulebook-{port}.log", port, self.scratch, environment) as process:
            yield process

    def alert(self, name: str = "CPUThrottlingHigh", pod: str = "cart", **labels: str) -> dict[str, str]:
        """The labels of an alert for a pod of the namespace."""
        return {"alertname": name, "namespace": self.namespace, "pod": pod, "container": "app", **labels}

    def containers(self, pod: str = "cart") -> list[str]:
        """The names of the ephemeral containers of a pod."""
        return self._query(pod, "{.spec.ephemeralContainers[*].name}")

    def all_containers(self) -> int:
        """How many ephemeral containers there are in the namespace."""
        said = kubectl(self.cluster, "get", "pods", f"--namespace={self.namespace}", "--output=jsonpath={.items[*].spec.ephemeralContainers[*].name}")
        return len(said.split())

    def _query(self, pod: str, path: str) -> list[str]:
        return kubectl(self.cluster, "get", "pod", pod, f"--namespace={self.namespace}", f"--output=jsonpath={path}").split()

    def sealed(self) -> list[Path]:
        """The bundles that are whole."""
        return sorted(path.parent for path in self.evidence.glob("*/SHA256SUMS"))

    def outcomes(self, log: str) -> list[tuple[str, str, str]]:
        """(alert, state, summary) of each playbook that ended, out of what a rulebook wrote."""
        found = re.findall(r'"msg": "((?:[^"\\]|\\.)*)"', log)
        said = (json.loads(f'"{text}"').split(": ", 2) for text in found)
        return [(words[0], words[1], words[2]) for words in said if len(words) == 3]


def create(scene: Scene, *pods: dict[str, t.Any]) -> None:
    """Create pods as admin, and wait until they run."""
    where = f"--namespace={scene.namespace}"
    kubectl(scene.cluster, "create", where, "--filename=-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": pods}))
    kubectl(scene.cluster, "wait", where, "pods", *(pod["metadata"]["name"] for pod in pods), "--for=condition=Ready", "--timeout=120s")


def amtool(programs: Path, alertmanager: Process, *arguments: str) -> None:
    """Run amtool, which talks to an Alertmanager."""
    command = [str(programs / "amtool"), f"--alertmanager.url=http://127.0.0.1:{alertmanager.port}", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def fire(programs: Path, alertmanager: Process, labels: t.Mapping[str, str], *arguments: str) -> None:
    """Let an alert fire."""
    amtool(programs, alertmanager, "alert", "add", *(f"{name}={json.dumps(value)}" for name, value in labels.items()), *arguments)


def fire_all(alertmanager: Process, labels: t.Iterable[t.Mapping[str, str]]) -> None:
    """Let alerts fire by the API that Prometheus uses, whatever their labels say."""
    assert _post(alertmanager.port, "/api/v2/alerts", [{"labels": dict(entry)} for entry in labels], {}) == 200


def message(*alerts: t.Any) -> dict[str, t.Any]:
    """What Alertmanager's webhook sends: version 4."""
    return {"version": "4", "groupKey": "{}:{}", "status": "firing", "receiver": "kubedebug", "groupLabels": {}, "alerts": list(alerts)}


def firing(labels: t.Mapping[str, t.Any], /, **more: t.Any) -> Alert:
    """One alert of such a message."""
    return {
        "status": "firing",
        "fingerprint": secrets.token_hex(8),
        "startsAt": "2026-11-25T10:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "labels": dict(labels),
        **more,
    }


def post(port: int, body: object, token: str | None) -> int:
    """Post to a rulebook, and return the HTTP status. ``bytes`` are sent as they are. It answers late while as many playbooks run as may."""
    return _post(port, "/alerts", body, {"Authorization": f"Bearer {token}"} if token is not None else {})


def _post(port: int, path: str, body: object, headers: dict[str, str]) -> int:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data, headers={"Content-Type": "application/json", **headers})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=300) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
