# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of docs/rights.md: which rights each operation needs, found out by taking one after the other away from a real account."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
import secrets
import typing as t

import pytest
import yaml

from ansible_collections.kubedebug.pods.plugins.modules import (
    ephemeral_container,
    ephemeral_container_exec,
    ephemeral_container_fetch,
    ephemeral_container_info,
    pod_mark,
    pod_recycle,
)
from tests.cluster.accounts import RBAC, kubectl
from tests.collection import ROOT
from tests.invoke import invoke

if t.TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster import Cluster

TABLE = ROOT / "docs" / "rights.md"
WORKLOADS = ("deployment", "statefulset", "daemonset", "replicaset", "job")
#: Names that have been used on the pods.
_NAMES = (f"c{number}" for number in itertools.count())


class Right(t.NamedTuple):
    """One verb on one resource."""

    verb: str
    group: str
    resource: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}{'.' if self.group else ''}{self.group}"

    @property
    def name(self) -> str:
        """A name for a role and for the account that lacks it."""
        return re.sub("[^a-z]+", "-", str(self))


@dataclasses.dataclass(frozen=True)
class Operation:
    """A use of a module as a person would say it. ``options`` are those besides the login, the namespace and, for what adds a container, its name."""

    words: str
    options: dict[str, t.Any]
    module: t.Any = ephemeral_container
    check: bool = False
    name: str | None = None

    def run(self, login: dict[str, t.Any]) -> dict[str, t.Any]:
        """The module's result."""
        if self.module is not ephemeral_container:
            # A mark that is there is not made again.
            fresh = {"kubedebug.pods/mark": next(_NAMES)}, {"reason": "DebugContainerStarted", "text": next(_NAMES)}
            marks = {option: value for option, value in zip(("annotations", "event"), fresh, strict=True) if option in self.options}
            return invoke(self.module, {**login, **self.options, **marks}, check=self.check)
        options = {"command": ["sleep", "900"], "wait": False, **self.options}
        return invoke(ephemeral_container, {**login, "name": self.name or next(_NAMES), **options}, check=self.check)


def operations(image: str, scratch: str, uid: str) -> list[Operation]:
    """Everything that the documentation says the modules can do and that asks the server for something else."""
    here = {"pod": "runs", "image": image}
    there = {"pod": "runs", "name": "there"}
    return [
        Operation("add a container to a `pod`", {"pod": "pending", "image": image}),
        Operation("the same in check mode", {"pod": "pending", "image": image}, check=True),
        Operation("find it there", {"pod": "runs", "image": image}, name="there"),
        Operation("add it and wait until it runs", {**here, "wait": True}),
        Operation("add it and return its log", {**here, "command": ["hostname"], "wait": True, "wait_for": "completed", "logs": True}),
        Operation("add it to pods by `label_selectors` or `field_selectors`", {"label_selectors": ["of=deployment"], "image": image}),
        Operation("add it to them and wait until it runs", {"label_selectors": ["of=runs"], "image": image, "wait": True}),
        *(Operation(f"add it to the pods of a workload `{type_}/NAME`", {"workload": f"{type_}/{type_}", "image": image}) for type_ in WORKLOADS),
        Operation("look at a `pod`", {"pod": "runs"}, ephemeral_container_info),
        Operation("look at it and return logs", {"pod": "runs", "logs": True}, ephemeral_container_info),
        Operation("look at it and return events", {"pod": "runs", "events": True}, ephemeral_container_info),
        Operation("look at pods by `label_selectors` or `field_selectors`", {"label_selectors": ["of=runs"]}, ephemeral_container_info),
        Operation("look at the pods of a workload `deployment/NAME`", {"workload": "deployment/deployment"}, ephemeral_container_info),
        Operation("run a command in a container that runs", {**there, "command": ["true"]}, ephemeral_container_exec),
        Operation("fetch a file out of it", {**there, "path": "/etc/passwd", "dest": f"{scratch}/"}, ephemeral_container_fetch),
        Operation("annotate a `pod`", {"pod": "runs", "annotations": {}}, pod_mark),
        Operation("leave an event about it", {"pod": "runs", "event": {}}, pod_mark),
        Operation("leave an event about it by its `pod_uid`", {"pod": "runs", "pod_uid": uid, "event": {}}, pod_mark),
        Operation("find the pods to evict, in check mode", {"recycle_after": 0}, pod_recycle, check=True),
        Operation("find those of a workload `deployment/NAME`", {"recycle_after": 0, "workload": "deployment/debugged"}, pod_recycle, check=True),
    ]


def rights() -> list[Right]:
    """Every right of docs/rbac.yml and of the files beside it, but for what pod_context_info goes on without."""
    files = [RBAC, *(RBAC.with_name(f"rbac-{more}.yml") for more in ("exec", "mark", "recycle"))]
    rules = [rule for path in files for item in yaml.safe_load(path.read_text())["items"] if item["kind"] == "Role" for rule in item["rules"]]
    each = [Right(verb, group, resource) for rule in rules for group in rule["apiGroups"] for resource in rule["resources"] for verb in rule["verbs"]]
    return list(dict.fromkeys(each))


def documented() -> dict[str, list[str]]:
    """The table: operation -> rights."""
    rows = [line.strip("|").split("|") for line in TABLE.read_text().splitlines() if line.startswith("| ")][1:]
    return {operation.strip(): [right.strip(" `") for right in said.split(",")] for operation, said in rows}


class Accounts:
    """Service accounts with all rights but one, and with exactly some."""

    def __init__(self, cluster: Cluster, namespace: str, known: t.Sequence[Right]) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._logins: dict[str, dict[str, t.Any]] = {}
        granted = {"all": list(known), **{f"without-{right.name}": [other for other in known if other != right] for right in known}}
        granted |= {f"exactly-{number}": [right for right in known if str(right) in said] for number, said in enumerate(documented().values())}
        items: list[dict[str, t.Any]] = [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}} for name in granted]
        for right in known:
            rule = {"apiGroups": [right.group], "resources": [right.resource], "verbs": [right.verb]}
            items.append({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": right.name}, "rules": [rule]})
            items.append(
                {
                    "apiVersion": "rbac.authorization.k8s.io/v1",
                    "kind": "RoleBinding",
                    "metadata": {"name": right.name},
                    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": right.name},
                    "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace} for name, has in granted.items() if right in has],
                }
            )
        kubectl(cluster, "create", f"--namespace={namespace}", "--filename=-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))

    def login(self, name: str) -> dict[str, t.Any]:
        """The options that a module logs in with as this account."""
        if name not in self._logins:
            token = kubectl(self._cluster, "create", "token", name, f"--namespace={self._namespace}").strip()
            ca = {"ca_cert": str(self._cluster.ca_file)} if self._cluster.ca_file else {}
            self._logins[name] = {"host": self._cluster.server, "api_key": token, "namespace": self._namespace, **ca}
        return self._logins[name]


def objects(application: str) -> list[dict[str, t.Any]]:
    """A pod that runs, two of a deployment that run, and of every workload one whose pods are bound to no node."""
    container = {"name": "app", "image": application}
    waiting = {"containers": [container], "schedulerName": "nobody"}
    found: list[dict[str, t.Any]] = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pending"}, "spec": waiting},
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "runs", "labels": {"of": "runs"}},
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
        },
    ]
    labels: dict[str, str] = {"of": "debugged"}
    template = {"metadata": {"labels": labels}, "spec": found[1]["spec"]}
    spec: dict[str, t.Any] = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    found.append({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "debugged"}, "spec": spec})
    for type_ in WORKLOADS:
        labels = {"of": type_}
        spec = {"template": {"metadata": {"labels": labels}, "spec": dict(waiting)}}
        if type_ == "job":
            spec["template"]["spec"]["restartPolicy"] = "Never"
        else:
            spec["selector"] = {"matchLabels": labels}
        if type_ == "daemonset":
            # A daemon set's pods are bound to their nodes by itself: its scheduler's name has no say, a selector of nodes has.
            spec["template"]["spec"].pop("schedulerName")
        version, kind = ("batch/v1", "Job") if type_ == "job" else ("apps/v1", {"deployment": "Deployment", "daemonset": "DaemonSet"}.get(type_, ""))
        kind = kind or {"statefulset": "StatefulSet", "replicaset": "ReplicaSet"}[type_]
        found.append({"apiVersion": version, "kind": kind, "metadata": {"name": type_}, "spec": spec})
    return found


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> t.Iterator[str]:
    name = f"kd-rights-{secrets.token_hex(3)}"
    kubectl(cluster, "create", "namespace", name)
    try:
        everything = {"apiVersion": "v1", "kind": "List", "items": objects(cluster.images["distroless"])}
        kubectl(cluster, "create", f"--namespace={name}", "--filename=-", text=json.dumps(everything))
        kubectl(cluster, "wait", f"--namespace={name}", "pod/runs", "--for=condition=Ready", "--timeout=60s")
        kubectl(cluster, "wait", f"--namespace={name}", "deployment/debugged", "--for=condition=Available", "--timeout=60s")
        for type_ in WORKLOADS:
            kubectl(cluster, "wait", f"--namespace={name}", "pod", f"--selector=of={type_}", "--for=create", "--timeout=60s")
        yield name
    finally:
        kubectl(cluster, "delete", "namespace", name, "--wait=false")


@pytest.mark.integration
def test_the_table_of_rights(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    known = rights()
    accounts = Accounts(cluster, namespace, known)
    image = cluster.images["busybox"]
    uid = kubectl(cluster, "get", "pod", "runs", f"--namespace={namespace}", "--output=jsonpath={.metadata.uid}")
    asked = operations(image, str(tmp_path), uid)
    there = Operation("", {"pod": "runs", "image": image, "wait": True}, name="there").run(accounts.login("all"))
    assert not there.get("failed"), there
    over = {"label_selectors": ["of=debugged"], "image": image, "command": ["true"], "env": {"KD_SCHEMA": "1"}, "wait": True, "wait_for": "completed"}
    debugged = Operation("", over, name="kd-rights").run(accounts.login("all"))
    assert not debugged.get("failed"), debugged
    found = {operation.words: needs(operation, accounts, known) for operation in asked}
    table = [f"| {words} | {', '.join(f'`{right}`' for right in needed)} |" for words, needed in found.items()]
    assert documented() == found, "docs/rights.md has to have this table:\n" + "\n".join(table)
    for number, operation in enumerate(asked):
        result = operation.run(accounts.login(f"exactly-{number}"))
        assert not result.get("failed"), (operation.words, result)


@pytest.mark.integration
def test_a_right_on_some_of_the_pods(cluster: Cluster, namespace: str) -> None:
    """One pod may be written to, the other not, and each has its own outcome."""
    pods = kubectl(
        cluster, "get", "pods", f"--namespace={namespace}", "--selector=of in (deployment,runs)", "--output=jsonpath={.items[*].metadata.name}"
    ).split()
    pods.sort()
    scope = f"--namespace={namespace}"
    kubectl(cluster, "create", "serviceaccount", "some", scope)
    kubectl(cluster, "create", "role", "some-list", "--verb=list", "--resource=pods", scope)
    kubectl(cluster, "create", "role", "some-patch", "--verb=patch", "--resource=pods/ephemeralcontainers", f"--resource-name={pods[0]}", scope)
    for role in ("some-list", "some-patch"):
        kubectl(cluster, "create", "rolebinding", role, f"--role={role}", f"--serviceaccount={namespace}:some", scope)
    token = kubectl(cluster, "create", "token", "some", scope).strip()
    ca = {"ca_cert": str(cluster.ca_file)} if cluster.ca_file else {}
    login = {"host": cluster.server, "api_key": token, "namespace": namespace, **ca}
    options = {"label_selectors": ["of in (deployment,runs)"], "name": "some", "image": cluster.images["busybox"], "wait": False}
    result = invoke(ephemeral_container, {**login, **options})
    assert (len(pods), result["changed"], result["failure"]["code"]) == (2, True, "forbidden_rbac")
    assert {entry["pod"]: (entry["changed"], entry["failure"] and entry["failure"]["code"]) for entry in result["containers"]} == {
        pods[0]: (True, None),
        pods[1]: (False, "forbidden_rbac"),
    }
    assert result["msg"].startswith(f"1 of 2 pods failed (forbidden_rbac: {pods[1]}). Changed: {pods[0]}.")
    again = invoke(ephemeral_container, {**login, **options})
    assert (again["changed"], again["failure"]["code"]) == (False, "forbidden_rbac")


def needs(operation: Operation, accounts: Accounts, known: t.Sequence[Right]) -> list[str]:
    """The rights without which the operation fails, each time saying so."""
    result = operation.run(accounts.login("all"))
    assert not result.get("failed"), (operation.words, result)
    needed = []
    for right in known:
        result = operation.run(accounts.login(f"without-{right.name}"))
        if not result.get("failed"):
            continue
        [detail] = result["failure"]["details"]
        assert result["failure"]["code"] == "forbidden_rbac", (operation.words, right, result)
        assert (detail["verb"], detail["group"], detail["resource"]) == tuple(right), (operation.words, right, result)
        rule = re.search(rf'apiGroups: \["{right.group}"\], resources: \["{right.resource}"\], verbs: \[(.*?)\]', result["msg"])
        assert rule, result["msg"]
        assert f'"{right.verb}"' in rule[1]
        if operation.check:
            assert right.verb != "patch" or "dry run" in result["msg"]
        needed.append(str(right))
    return needed
