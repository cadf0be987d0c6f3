# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A secret that is given in any of the ways there are appears nowhere, at the highest verbosity, whether the task succeeds, fails or breaks.

What the secrets are given to is the real API server. Each is told from the others, so that a leak names the way.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import secrets
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import kubernetes
import pytest

from tests import cluster as test_cluster
from tests.cluster import Cluster
from tests.integration import playbook

pytestmark = pytest.mark.integration

Task = dict[str, t.Any]
INFO, ENSURE = "kubedebug.pods.ephemeral_container_info", "kubedebug.pods.ephemeral_container"
BROKEN_REST = """
def _broken(self, configuration, *args, **kwargs):
    raise RuntimeError(f"broken: {vars(configuration)}")


RESTClientObject.__init__ = _broken
"""
BROKEN_PACKAGE = """
import os
raise RuntimeError(f"broken: {dict(os.environ)}")
"""


@dataclasses.dataclass
class Setting:
    """Where the tasks run, and the secrets that were made up for them: name -> value."""

    cluster: Cluster
    collections_path: Path
    scratch: Path
    namespace: str
    account: dict[str, t.Any]
    canaries: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def token(self) -> str:
        """The account's token, which is a secret of each run."""
        return str(self.account["users"][0]["user"]["token"])

    @property
    def host(self) -> Task:
        """Where the API server is, without credentials."""
        return {"host": self.cluster.server, **({"ca_cert": str(self.cluster.ca_file)} if self.cluster.ca_file else {})}

    def canary(self, name: str) -> str:
        """A secret that can be told from all others."""
        return self.canaries.setdefault(name, f"canary-{name}-{secrets.token_hex(8)}")

    def kubeconfig(self, *more: Task, **user: t.Any) -> dict[str, t.Any]:
        """The account's kubeconfig, with ``user`` for its user, if given, and other users that are not used."""
        users = [{**self.account["users"][0], **({"user": user} if user else {})}]
        return {**self.account, "users": [*users, *({"name": f"other-{index}", "user": entry} for index, entry in enumerate(more))]}

    def write(self, name: str, content: str | dict[str, t.Any]) -> str:
        """A file, and its path."""
        path = self.scratch / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def encrypt(self, path: str) -> str:
        """Encrypt a file with Ansible Vault."""
        subprocess.run([self.tool("ansible-vault"), "encrypt", path], check=True, env=self.environment(), capture_output=True)
        return path

    @staticmethod
    def tool(name: str) -> str:
        return str(Path(sys.executable).with_name(name))

    def environment(self) -> dict[str, str]:
        password = self.scratch / "vault-password"
        if not password.exists():
            password.write_text(self.canary("vault-password"))
        return {
            **playbook.ansible_environment(self.collections_path),
            "ANSIBLE_VAULT_PASSWORD_FILE": str(password),
            "ANSIBLE_LOG_PATH": str(self.scratch / "ansible.log"),
            "ANSIBLE_DISPLAY_TRACEBACK": "always",
        }

    def run(self, tasks: dict[str, Task], **environment: str) -> dict[str, str]:
        """Run the tasks, each whatever becomes of the others. Returns what was written, and where: nothing of it may hold a secret."""
        module = {name: task.pop("module", INFO) for name, task in tasks.items()}
        listed = [{"name": name, module[name]: {"namespace": self.namespace, "pod": "app", **task}, "ignore_errors": True} for name, task in tasks.items()]
        play = self.write("play.json", json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": listed}]))
        done = subprocess.run(
            [self.tool("ansible-playbook"), "-vvvv", play],
            env=self.environment() | environment,
            cwd=self.scratch,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-4000:]
        said = {"stdout": done.stdout, "stderr": done.stderr, "log": (self.scratch / "ansible.log").read_text()}
        for place, text in said.items():
            found = {name for name, value in {**self.canaries, "token": self.token}.items() for form in forms(value) if form in text}
            assert not found, f"{found} in {place}: {excerpt(text, {**self.canaries, 'token': self.token}[next(iter(found))])}"
        return said


def forms(value: str) -> t.Iterator[str]:
    """How a secret may be written."""
    yield value
    for text in (value, f"user:{value}"):
        yield base64.b64encode(text.encode()).decode().rstrip("=")


def excerpt(text: str, value: str) -> str:
    where = min((text.find(form) for form in forms(value) if form in text), default=0)
    return text[max(0, where - 500) : where + 200]


@pytest.fixture
def setting(cluster: Cluster, collections_path: Path, tmp_path: Path) -> t.Iterator[Setting]:
    namespace = f"kd-canary-{secrets.token_hex(3)}"
    with contextlib.ExitStack() as stack:
        stack.callback(subprocess.run, [*cluster.kubectl, "delete", "namespace", namespace, "--ignore-not-found", "--wait=false"], stdout=subprocess.DEVNULL)
        account = json.loads(test_cluster.account(cluster, namespace).read_text())
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "app", "namespace": namespace},
            "spec": {"containers": [{"name": "app", "image": cluster.images["distroless"]}]},
        }
        subprocess.run([*cluster.kubectl, "create", "--filename=-"], input=json.dumps(pod), check=True, text=True, stdout=subprocess.DEVNULL)
        yield Setting(cluster, collections_path, tmp_path, namespace, account)


def ways(setting: Setting) -> dict[str, Task]:
    """Each option that takes a secret, in a way that lets the task succeed."""
    canary = setting.canary
    plain = setting.write("plain.json", setting.account)
    credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": setting.token}}
    plugin = {
        "apiVersion": credential["apiVersion"],
        "command": "/bin/sh",
        "args": ["-c", f"cat {setting.write('credential.json', credential)}", canary("argument")],
        "env": [{"name": "SECRET", "value": canary("plugin-variable")}],
    }
    others: list[Task] = [
        {"client-certificate-data": canary("certificate"), "client-key-data": canary("key"), "password": canary("kubeconfig-password")},
        {"auth-provider": {"name": "oidc", "config": {"refresh-token": canary("refresh"), "client-secret": canary("client-secret")}}},
        {"exec": plugin},
    ]
    encrypted = setting.write("encrypted", f"# {canary('comment')}\n{json.dumps(setting.kubeconfig(*others))}")
    container = {"name": "debugger", "image": setting.cluster.images["busybox"], "command": ["sleep", "900"]}
    source = setting.write("container", f"# {canary('comment-of-src')}\n{json.dumps(container)}")
    return {
        "api_key": {**setting.host, "api_key": setting.token},
        "password": {"kubeconfig": plain, "username": "user", "password": canary("password")},
        "kubeconfig as a mapping": {"kubeconfig": setting.kubeconfig(*others)},
        "kubeconfig's plugin": {"kubeconfig": setting.write("plugin.json", setting.kubeconfig(exec=plugin))},
        "encrypted kubeconfig": {"kubeconfig": setting.encrypt(encrypted)},
        "encrypted src": {"module": ENSURE, "wait": False, "kubeconfig": plain, "src": setting.encrypt(source)},
        "proxy_headers": {
            "kubeconfig": plain,
            "proxy_headers": {"basic_auth": f"user:{canary('basic')}", "proxy_basic_auth": f"user:{canary('proxy')}"},
        },
        "proxy": {"kubeconfig": plain, "proxy": f"http://user:{canary('proxy-password')}@127.0.0.1:9", "no_proxy": "*"},
    }


def variables(setting: Setting) -> dict[str, str]:
    """The variables that take a secret."""
    return {
        "K8S_AUTH_API_KEY": setting.token,
        "K8S_AUTH_PASSWORD": setting.canary("password-variable"),
        "K8S_AUTH_PROXY": f"http://user:{setting.canary('proxy-variable')}@127.0.0.1:9",
        "K8S_AUTH_NO_PROXY": "*",
        "K8S_AUTH_PROXY_HEADERS_BASIC_AUTH": f"user:{setting.canary('basic-variable')}",
        "K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH": f"user:{setting.canary('proxy-basic-variable')}",
    }


def counts(said: dict[str, str]) -> dict[str, int]:
    """How the tasks ended."""
    recap = said["stdout"].splitlines()[-1] if "ok=" in said["stdout"].splitlines()[-1] else next(line for line in said["stdout"].splitlines() if "ok=" in line)
    return {key: int(value) for key, value in (word.split("=") for word in recap.partition(":")[2].split())}


def test_success(setting: Setting) -> None:
    tasks = ways(setting)
    ended = counts(setting.run(tasks))
    assert (ended["ok"], ended["ignored"]) == (len(tasks), 0)


@pytest.mark.parametrize(("unbuffered", "is_file"), [("", False), ("1", True)])
def test_no_file_holds_the_arguments(setting: Setting, unbuffered: str, is_file: bool) -> None:
    """With a local connection the module goes through a pipe; with PYTHONUNBUFFERED it does not, which shows that this test would see the file."""
    temporary = setting.scratch / "temporary"
    task = {"api_key": {**setting.host, "api_key": setting.token}}
    said = setting.run(task, ANSIBLE_REMOTE_TMP=str(temporary), PYTHONUNBUFFERED=unbuffered)
    assert counts(said)["ok"] == 1, said["stdout"]
    assert temporary.exists() == is_file


def test_success_by_variables(setting: Setting) -> None:
    ended = counts(setting.run({"variables": dict(setting.host)}, **variables(setting)))
    assert (ended["ok"], ended["ignored"]) == (1, 0)


def test_failure(setting: Setting) -> None:
    canary = setting.canary
    wrong = setting.account["users"][0]["name"]
    header = {"proxy_basic_auth": f"user:{canary('header')}\n\x00"}
    credentials = {"api_key": canary("api-key"), "password": canary("password"), "username": "user"}
    mapping = setting.kubeconfig(token=canary("token"))
    failing = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "/bin/sh",
        "args": ["-c", "echo no $SECRET >&2; exit 1"],
        "env": [{"name": "SECRET", "value": canary("said-by-the-plugin")}],
    }
    malformed = {**setting.account, "users": [{"name": wrong, "token": canary("misplaced"), "password": canary("misplaced-password")}]}
    tasks: dict[str, Task] = {
        "a pod that is not there": {**setting.host, "api_key": setting.token, "pod": "nowhere"},
        "a token that is not known": {**setting.host, **credentials},
        "a server that is not there": {"host": f"https://user:{canary('password-of-the-host')}@127.0.0.1:9", **credentials},
        "a proxy that is not there": {**setting.host, **credentials, "proxy": f"http://user:{canary('proxy-password')}@127.0.0.1:9"},
        "a header that cannot be sent": {**setting.host, "proxy": "http://127.0.0.1:9", "proxy_headers": header},
        "an option that is wrong": {"module": ENSURE, "state": "x", "name": "x", "kubeconfig": mapping, **credentials},
        "an option that there is not": {"nonsense": 1, "kubeconfig": mapping, **credentials},
        "a kubeconfig's text": {"kubeconfig": f"apiVersion: v1\nusers:\n- token: {canary('text')}\n"},
        "a kubeconfig that does not hang together": {"kubeconfig": {**mapping, "current-context": "x"}},
        "a user that is malformed": {"kubeconfig": setting.write("malformed.json", malformed)},
        "a user that is malformed, in a mapping": {"kubeconfig": malformed},
        "a plugin that fails": {"kubeconfig": setting.write("failing.json", setting.kubeconfig(exec=failing))},
        "a kubeconfig that is encrypted, and none": {"kubeconfig": setting.encrypt(setting.write("none", f"a: b: {canary('content')}"))},
        "a src that is encrypted, and none": {
            "module": ENSURE,
            "kubeconfig": mapping,
            "src": setting.encrypt(setting.write("no-src", f"a: b: {canary('content-of-src')}")),
        },
    }
    ended = counts(setting.run(tasks))
    assert (ended["ok"], ended["ignored"]) == (len(tasks), len(tasks))


def test_failure_by_variables(setting: Setting) -> None:
    changed = {**variables(setting), "K8S_AUTH_API_KEY": setting.canary("api-key-variable")}
    ended = counts(setting.run({"variables": dict(setting.host)}, **changed))
    assert (ended["ok"], ended["ignored"]) == (1, 1)


@pytest.mark.parametrize(("file", "content"), [("client/rest.py", BROKEN_REST), ("__init__.py", BROKEN_PACKAGE)], ids=["a part", "all of it"])
def test_traceback(setting: Setting, file: str, content: str) -> None:
    tasks = {**ways(setting), "variables": dict(setting.host)}
    broken = package_without(Path(next(iter(kubernetes.__path__))), setting.scratch / "broken" / "kubernetes", file)
    broken.write_text(broken.read_text() + content)
    said = setting.run(tasks, PYTHONPATH=str(setting.scratch / "broken"), **variables(setting))
    ended = counts(said)
    assert (ended["ok"], ended["ignored"]) == (len(tasks), len(tasks))
    assert said["stdout"].count("RuntimeError: broken") >= len(tasks), said["stdout"][-6000:]


def package_without(package: Path, copy: Path, file: str) -> Path:
    """Make a package of links to all that is in another but for one file, which is copied. Returns its path."""
    first, _slash, rest = file.partition("/")
    copy.mkdir(parents=True)
    for path in package.iterdir():
        if path.name != first and path.name != "__pycache__":
            (copy / path.name).symlink_to(path)
    return package_without(package / first, copy / first, rest) if rest else Path(shutil.copy(package / first, copy))
