# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policies of docs/, on the real API server: what each lets pass, what it refuses and in which words, and what is recorded."""

from __future__ import annotations

import contextlib
import copy
import json
import secrets
import time
import typing as t

import pytest
import yaml

from ansible_collections.kubedebug.pods.plugins.modules import ephemeral_container
from tests.cluster.accounts import RBAC, kubectl
from tests.cluster.parts import audit_log
from tests.invoke import invoke

if t.TYPE_CHECKING:
    from tests.cluster import Cluster

pytestmark = pytest.mark.integration

DOCS = RBAC.parent
#: The account of docs/rbac-unattended.yml, which docs/pod-security.yml exempts.
UNATTENDED = "system:serviceaccount:kubedebug:kubedebug"
RESTRICTED = {
    "runAsUser": 65532,
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def _keep_configmaps(cluster: Cluster, policy: dict[str, t.Any], binding: dict[str, t.Any]) -> None:
    """A policy for no namespace, which stays: when the last one with parameters in ConfigMaps is deleted, the API server (1.36) stops reading these, and
    does not begin again for one that is made later."""
    kept_policy, kept_binding = copy.deepcopy([policy, binding])
    kept_policy["metadata"]["name"] = kept_binding["metadata"]["name"] = kept_binding["spec"]["policyName"] = "kubedebug-tests-keep-configmaps"
    kept_binding["spec"]["matchResources"]["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": "none-of-them"}}
    kubectl(cluster, "apply", "--filename=-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": [kept_policy, kept_binding]}))


@contextlib.contextmanager
def admission_policy(cluster: Cluster, namespace: str, data: dict[str, str]) -> t.Iterator[dict[str, t.Any]]:
    """docs/admission-policy.yml for one namespace, with other values in its ConfigMap. Its objects have the namespace's name."""
    config, policy, binding = copy.deepcopy(yaml.safe_load((DOCS / "admission-policy.yml").read_text())["items"])
    config["metadata"]["namespace"] = binding["spec"]["paramRef"]["namespace"] = namespace
    config["data"] |= data
    policy["metadata"]["name"] = binding["metadata"]["name"] = binding["spec"]["policyName"] = namespace
    binding["spec"]["matchResources"]["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    if cluster.kind == "embedded":
        _keep_configmaps(cluster, policy, binding)
    try:
        kubectl(cluster, "apply", "--filename=-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": [config, policy, binding]}))
        yield config
    finally:
        kubectl(cluster, "delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", namespace, "--ignore-not-found")


class Place:
    """A namespace with the roles of docs/ and a pod that complies with Pod Security's level restricted."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.namespace = f"kd-policies-{secrets.token_hex(3)}"
        self.scope = f"--namespace={self.namespace}"
        self.admin = {"kubeconfig": str(cluster.kubeconfig), "namespace": self.namespace, "pod": "app", "image": cluster.images["busybox"]}

    def make(self) -> None:
        """Make it."""
        kubectl(self.cluster, "create", "namespace", self.namespace)
        for name in ("rbac", "rbac-context", "rbac-exec", "rbac-unattended", "rbac-attended"):
            kubectl(self.cluster, "apply", self.scope, f"--filename={DOCS / name}.yml")
        container = {"name": "app", "image": self.cluster.images["distroless"], "securityContext": RESTRICTED}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app"}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]}}
        kubectl(self.cluster, "create", self.scope, "--filename=-", text=json.dumps(pod))
        kubectl(self.cluster, "wait", self.scope, "pod/app", "--for=condition=Ready", "--timeout=60s")

    def add(self, name: str, user: str = UNATTENDED, *, check: bool = False, **options: t.Any) -> dict[str, t.Any]:
        """The result of adding a container as a user, who is impersonated."""
        groups = {"impersonate_groups": ["kubedebug-users"]} if user == "jane" else {}
        options = {"definition": {"securityContext": RESTRICTED}, "command": ["sleep", "900"], "wait": False, **options}
        return invoke(ephemeral_container, {**self.admin, "name": name, "impersonate_user": user, **groups, **options}, check=check)

    def may(self, user: str, verb: str, resource: str, *groups: str) -> bool:
        """Whether RBAC lets a user do something here."""
        flags = [f"--as={user}", *(f"--as-group={group}" for group in groups)]
        review = kubectl(self.cluster, "auth", "can-i", "--list", self.scope, *flags)
        kind, _slash, part = resource.partition("/")
        name = f"{kind}/{part}" if part else kind
        return any(line.split()[0] == name and verb in line[line.rindex("[") :] for line in review.splitlines() if line.strip())


@pytest.fixture(scope="module")
def place(cluster: Cluster) -> t.Iterator[Place]:
    found = Place(cluster)
    try:
        found.make()
        yield found
    finally:
        kubectl(cluster, "delete", "namespace", found.namespace, "--ignore-not-found", "--wait=false")


def test_rights_of_people_and_of_jobs(place: Place) -> None:
    for verb, resource in (("patch", "pods/ephemeralcontainers"), ("get", "pods/log"), ("list", "poddisruptionbudgets.policy")):
        assert place.may(UNATTENDED, verb, resource)
        assert place.may("jane", verb, resource, "kubedebug-users")
    assert place.may("jane", "create", "pods/exec", "kubedebug-users")
    assert not place.may(UNATTENDED, "create", "pods/exec")
    assert not place.may("jane", "patch", "pods/ephemeralcontainers")


def test_admission_policy(place: Place) -> None:
    """What is refused is refused in check mode too, is not written, and the policy's words say why."""
    image = place.cluster.images["busybox"]
    data = {"accounts": f"{UNATTENDED}\n", "images": f"{image}\nregistry.invalid/debug/*\n"}
    with admission_policy(place.cluster, place.namespace, data) as config:
        wait_for_the_policy(place)
        typed = json.loads(kubectl(place.cluster, "get", "validatingadmissionpolicy", place.namespace, "--output=json"))["status"]
        assert not typed.get("typeChecking", {}).get("expressionWarnings"), typed
        where = f"ConfigMap {place.namespace}/kubedebug-policy"
        refused: dict[str, tuple[dict[str, t.Any], str]] = {
            "by an account that is not allowed": ({"user": "system:serviceaccount:kubedebug:other"}, f"groups of the {where} only, and system:service"),
            "of an image that is not allowed": ({"image": "busybox:latest"}, f"the image busybox:latest is none of those that the {where} allows"),
            "of an image whose name only begins alike": ({"image": f"{image}-other"}, "is none of those"),
            "with the profile sysadmin": ({"profile": "sysadmin", "definition": {}}, "privileged ephemeral containers (profile sysadmin)"),
            "with the profile netadmin": ({"profile": "netadmin", "definition": {}}, "refused adds capabilities that neither a container of the pod"),
        }
        kubectl(place.cluster, "create", place.scope, "rolebinding", "other", "--role=kubedebug", "--serviceaccount=kubedebug:other")
        for how, (options, words) in refused.items():
            for check in (True, False):
                result = place.add("refused", check=check, **options)
                assert result.get("failure", {}).get("code") == "forbidden_admission", (how, result)
                assert words in result["msg"], how
                assert "A policy of this cluster decides that." in result["msg"], how
                assert result["changed"] is False
        allowed = [
            place.add("as-the-target", target="app", profile="match_target", definition={}, wait=True),
            place.add("restricted", wait=True),
            place.add("a-person", user="jane", check=True),
            place.add("an-image-of-a-folder", image="registry.invalid/debug/toolkit:1", check=True),
        ]
        assert [result.get("failed") for result in allowed] == [None] * 4, allowed
        again = place.add("restricted", wait=True)
        assert (again["changed"], again.get("failed")) == (False, None)

        config["data"] |= {"capabilities": "NET_ADMIN\nNET_RAW\n", "privileged": "true"}
        kubectl(place.cluster, "apply", "--filename=-", text=json.dumps(config))
        until(lambda: not place.add("strong", profile="sysadmin", definition={}, check=True).get("failed"))
        assert not place.add("strong", profile="netadmin", definition={}, check=True).get("failed")
        assert place.add("strong", profile="general", definition={}, check=True)["failure"]["code"] == "forbidden_admission"

        kubectl(place.cluster, "delete", place.scope, "configmap", "kubedebug-policy")
        until(lambda: bool(place.add("strong", check=True).get("failed")))
        assert place.add("strong", check=True)["failure"]["code"] == "forbidden_admission"
    until(lambda: not place.add("refused", image="busybox:latest", check=True).get("failed"))


def wait_for_the_policy(place: Place) -> None:
    """The API server takes a policy up some time after it was made, and its ConfigMap again some time later."""
    until(lambda: "is none of those" in place.add("early", image="none-of-them", check=True).get("msg", ""))


def until(holds: t.Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something holds; fail where it does not."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.5)


def test_pod_security_exempts_the_account(place: Place) -> None:
    """It may add what class 3 needs to a pod of a namespace that enforces restricted; others may not."""
    if place.cluster.kind != "embedded":
        pytest.skip("the API server of this cluster was not started with docs/pod-security.yml")
    kubectl(place.cluster, "label", "namespace", place.namespace, "pod-security.kubernetes.io/enforce=restricted")
    try:
        refused = place.add("exempt", user="jane", profile="netadmin", definition={})
        assert refused["failure"]["code"] == "forbidden_pod_security"
        assert not place.add("exempt", profile="netadmin", definition={}, wait=True).get("failed")
    finally:
        kubectl(place.cluster, "label", "namespace", place.namespace, "pod-security.kubernetes.io/enforce-")


def test_audit(place: Place) -> None:
    """The log has the whole container, who asked for it and what was answered, and of who read logs and ran commands no content."""
    if place.cluster.kind != "embedded":
        pytest.skip("the audit log of this cluster's API server is out of reach")
    result = place.add("audited", command=["sh", "-c", "echo words-of-the-pod; exec sleep 900"], wait=True, requested_by="jane, INC-7")
    assert result["changed"], result
    kubectl(place.cluster, "exec", place.scope, "app", "--container=audited", "--", "echo", "words-of-a-command")
    kubectl(place.cluster, "logs", place.scope, "app", "--container=audited")
    kubectl(place.cluster, "get", place.scope, "pods")
    text = audit_log(place.cluster.state_dir).read_text()
    events = [event for line in text.splitlines() if (event := json.loads(line))["objectRef"].get("namespace") == place.namespace]
    assert {event["objectRef"].get("subresource") for event in events} >= {"ephemeralcontainers", "exec", "log"}
    assert all("subresource" in event["objectRef"] for event in events)
    (added,) = [event for event in events if "audited" in json.dumps(event.get("requestObject"))]
    assert (added["level"], added["verb"], added["responseStatus"]["code"]) == ("RequestResponse", "patch", 200)
    assert added["impersonatedUser"]["username"] == UNATTENDED
    assert added["requestURI"].count("kubedebug.pods%2Fjane%2C+INC-7%2F") == 1
    assert [each["name"] for each in added["responseObject"]["spec"]["ephemeralContainers"]][-1] == "audited"
    rest = [event for event in events if event["objectRef"]["subresource"] != "ephemeralcontainers"]
    assert {event["level"] for event in rest} == {"Metadata"}
    assert "words-of-a-command" in "".join(event["requestURI"] for event in rest)
    assert "words-of-the-pod" not in json.dumps(rest)
