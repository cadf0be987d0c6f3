# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module ``pod_context_info`` over the wire: what cannot be had from the real cluster on demand. The rest is target ``pod_context``."""

from __future__ import annotations

import datetime
import typing as t

import pytest
import yaml

from ansible_collections.kubedebug.pods.plugins.module_utils import _context
from ansible_collections.kubedebug.pods.plugins.modules import pod_context_info as module
from tests.unit.plugins.modules.documents import NAMESPACE, POD_PATH, RUNNING, TARGET, pod, status, terminated
from tests.unit.plugins.modules.script import Call

RunModule = t.Callable[..., dict[str, t.Any]]

POLICIES = f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/networkpolicies"
REPLICA_SET = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "cart-7c9f", "uid": "uid-of-rs", "controller": True}


def get(path: str, document: t.Any, code: int = 200) -> Call:
    return Call("GET", path).json(document, code)


def denied(resource: str) -> dict[str, t.Any]:
    message = f'{resource} is forbidden: User "u" cannot get resource "{resource}" in API group "apps" in the namespace "shop"'
    return status(403, "Forbidden", message)


def policies(*names: str, rest: str | None = None) -> dict[str, t.Any]:
    items = [{"metadata": {"name": name}, "spec": {"podSelector": {}}} for name in names]
    return {"kind": "NetworkPolicyList", "metadata": {"continue": rest} if rest else {}, "items": items}


def look(run_module: RunModule, calls: t.Sequence[Call], *parts: str, **more: t.Any) -> dict[str, t.Any]:
    return run_module(module, calls, **TARGET, parts=list(parts), concurrency=1, **more)


def test_the_context_has_the_documented_keys(run_module: RunModule) -> None:
    returned = yaml.safe_load(module.RETURN)["context"]["contains"]
    result = look(run_module, [get(POD_PATH, pod())])
    assert set(result["context"]) == set(returned)
    assert {key for key, value in result["context"].items() if value is None} == set(returned) - {"pod", "server", "read_at", "clock_skew"}


def test_a_list_is_read_in_pages(run_module: RunModule) -> None:
    first = Call("GET", POLICIES).query(limit="500").json(policies("one", rest="more"))
    second = Call("GET", POLICIES).query(**{"limit": "500", "continue": "more"}).json(policies("two"))
    result = look(run_module, [get(POD_PATH, pod()), first, second], "network_policies")
    assert [item["metadata"]["name"] for item in result["context"]["network_policies"]] == ["one", "two"]


@pytest.mark.parametrize(
    "answer",
    [
        {"kind": "NetworkPolicyList", "items": [7]},
        {"kind": "NetworkPolicyList", "items": [{"spec": {"podSelector": "all"}}]},
        {"kind": "NetworkPolicyList", "items": [{"spec": {"podSelector": {"matchExpressions": [{"values": 3}]}}}]},
        {"kind": "PodList", "items": []},
        [],
    ],
)
def test_what_is_no_list_of_policies_is_a_problem_and_no_traceback(run_module: RunModule, answer: t.Any) -> None:
    result = look(run_module, [get(POD_PATH, pod()), get(POLICIES, answer)], "network_policies")
    assert result["context"]["network_policies"] is None
    assert [problem["code"] for problem in result["problems"]] == ["api_error"]


def test_an_owner_that_cannot_be_read_ends_the_chain_with_its_reference(run_module: RunModule) -> None:
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/replicasets/cart-7c9f"
    result = look(run_module, [get(POD_PATH, pod(ownerReferences=[REPLICA_SET])), get(path, denied("replicasets"), 403)], "owners")
    assert result["context"]["owners"] == [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "cart-7c9f", "uid": "uid-of-rs"}}]
    assert [(problem["part"], problem["code"]) for problem in result["problems"]] == [("owners", "forbidden_rbac")]


def test_an_owner_of_an_unknown_kind_is_its_reference(run_module: RunModule) -> None:
    reference = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "cart", "uid": "uid-of-rollout", "controller": True}
    result = look(run_module, [get(POD_PATH, pod(ownerReferences=[reference]))], "owners")
    assert [owner["kind"] for owner in result["context"]["owners"]] == ["Rollout"]
    assert result["problems"] == []


def test_one_log_that_is_gone_does_not_hide_the_others(run_module: RunModule) -> None:
    document = pod()
    document["status"]["containerStatuses"] = [{"name": "cart", "state": RUNNING, "lastState": terminated(1, "Error")}]
    now = Call("GET", f"{POD_PATH}/log").query(container="cart", limitBytes="262145", tailLines="2000").text(b"now\xff\n")
    before = Call("GET", f"{POD_PATH}/log").query(container="cart", limitBytes="262145", tailLines="2000", previous="true")
    gone = status(400, "BadRequest", 'previous terminated container "cart" in pod "cart-7c9f" not found')
    result = look(run_module, [get(POD_PATH, document), now, before.json(gone, 400)], "logs")
    assert result["context"]["logs"] == [{"container": "cart", "kind": "container", "previous": False, "log": "now\ufffd\n", "log_truncated": False}]
    [problem] = result["problems"]
    assert "cart before its restart" in problem["msg"]
    assert "not found" in problem["msg"]


@pytest.mark.parametrize(("path", "code", "expected"), [(POD_PATH, 401, "unauthorized"), (POLICIES, 401, "unauthorized")])
def test_credentials_that_are_refused_are_a_failure(run_module: RunModule, path: str, code: int, expected: str) -> None:
    calls = [get(POD_PATH, pod())] if path != POD_PATH else []
    result = look(run_module, [*calls, get(path, status(code, "Unauthorized", "Unauthorized"), code)], "network_policies")
    assert result["failed"]
    assert result["failure"]["code"] == expected


def test_values_of_variables_are_left_out_everywhere(run_module: RunModule) -> None:
    variables = [{"name": "PASSWORD", "value": "canary"}, {"name": "OF", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    document = pod(ownerReferences=[REPLICA_SET], annotations={"kubectl.kubernetes.io/last-applied-configuration": "canary", "a": "b"})
    document["spec"]["containers"][0]["env"] = document["spec"]["initContainers"][0]["env"] = variables
    owner = {"kind": "ReplicaSet", "metadata": {"name": "cart-7c9f"}, "spec": {"template": {"spec": {"containers": [{"name": "cart", "env": variables}]}}}}
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/replicasets/cart-7c9f"
    calls = [get(POD_PATH, document), get(path, owner)]
    shown = look(run_module, calls, "owners")["context"]
    assert "canary" not in str(shown)
    assert shown["pod"]["spec"]["containers"][0]["env"] == [{"name": "PASSWORD", "value": None}, variables[1]]
    assert shown["pod"]["metadata"]["annotations"]["a"] == "b"
    assert str(look(run_module, calls, "owners", env_values=True)["context"]).count("canary") == 4


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Sun, 01 Nov 2026 10:00:05 GMT", 5),
        ("Sun, 01 Nov 2026 09:59:00 GMT", -60),
        ("noon", None),
        ("", None),
        (None, None),
        ("Sun, 01 Nov 2026 10:00:05", None),
    ],
)
def test_the_clock_of_the_server(date: str | None, seconds: int | None) -> None:
    assert _context._skew(date, datetime.datetime(2026, 11, 1, 10, 0, 0, tzinfo=datetime.timezone.utc)) == seconds
