# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module ``pod_recycle`` over the wire: what cannot be had from the real cluster on demand. The rest is target ``recycle``."""

from __future__ import annotations

import typing as t

import pytest
import yaml

from ansible_collections.kubedebug.pods.plugins.modules import pod_recycle as module
from tests.unit.plugins.modules.documents import NAMESPACE, PODS_PATH, numbered, pod_list, status, terminated
from tests.unit.plugins.modules.script import Call

RunModule = t.Callable[..., dict[str, t.Any]]

OWN = {"name": "kd-dns-0123456789", "env": [{"name": "KD_SCHEMA", "value": "1"}]}
BUDGET = status(
    429,
    "TooManyRequests",
    "Cannot evict pod as it would violate the pod's disruption budget.",
    causes=[{"reason": "DisruptionBudget", "message": "The disruption budget of-cart needs 2 healthy pods and has 2 currently"}],
)
BUSY = status(429, "TooManyRequests", "the server has received too many requests")
DONE = {"kind": "Status", "apiVersion": "v1", "status": "Success", "code": 201}
TWO = status(500, "InternalError", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
MOVED = status(409, "Conflict", "the ResourceVersion in the precondition (100) does not match the ResourceVersion in record (101)")
GONE = status(404, "NotFound", 'pods "cart-1" not found', name="cart-1", kind="pods")
DENIED = status(
    403, "Forbidden", 'pods "cart-1" is forbidden: User "u" cannot create resource "pods/eviction" in API group "" in the namespace "shop"', name="cart-1"
)
WEBHOOK = status(403, "Forbidden", 'admission webhook "w" denied the request: not on Fridays', name="cart-1")


def debugged(number: int, **more: t.Any) -> dict[str, t.Any]:
    """A ready pod of a stateful set of its own, due for longer the lower its number is, and so far alone."""
    states = {"kd-dns-0123456789": {"terminated": {**terminated()["terminated"], "finishedAt": f"2026-01-01T10:00:0{number}Z"}}}
    owner = {"kind": "StatefulSet", "name": f"cart{number}", "uid": f"owner-{number}", "controller": True}
    document = numbered(number, OWN, states=states, ownerReferences=[owner], **more)
    document["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    return document


def sibling(number: int) -> dict[str, t.Any]:
    document = debugged(number)
    document["metadata"].update(name=f"sibling-{number}", uid=f"sibling-{number}")
    del document["spec"]["ephemeralContainers"]
    return document


def looked(*numbers: int) -> list[Call]:
    pods = [document for number in numbers for document in (debugged(number), sibling(number))]
    namespace = {"kind": "Namespace", "metadata": {"name": NAMESPACE}}
    return [
        Call("GET", f"/api/v1/namespaces/{NAMESPACE}").json(namespace),
        Call("GET", PODS_PATH).query(fieldSelector=f"metadata.namespace={NAMESPACE}", limit="500").json(pod_list(*pods)),
    ]


def evict(number: int) -> Call:
    return Call("POST", f"{PODS_PATH}/cart-{number}/eviction")


def again(number: int, *pods: dict[str, t.Any]) -> Call:
    return Call("GET", PODS_PATH).query(fieldSelector=f"metadata.name=cart-{number}", limit="500").json(pod_list(*pods))


def run(run_module: RunModule, calls: t.Sequence[Call], **more: t.Any) -> dict[str, t.Any]:
    result = run_module(module, calls, **{"namespace": NAMESPACE, "max_evictions": 10, **more})
    result["evicted"] = [entry["pod"] for entry in result.get("pods", ())]
    result["reasons"] = {entry["pod"]: entry["reason"] for entry in result.get("kept", ())}
    return result


def test_what_is_sent_and_returned(run_module: RunModule) -> None:
    sent = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "cart-1", "namespace": NAMESPACE},
        "deleteOptions": {"preconditions": {"uid": "uid-1", "resourceVersion": "100"}},
    }
    result = run(run_module, [*looked(1, 2), evict(1).query(dryRun="All").body(sent).json(DONE, 201)], check=True, diff=True, max_evictions=1)
    returned = yaml.safe_load(module.RETURN)
    assert result["changed"]
    assert set(result["pods"][0]) == set(returned["pods"]["contains"])
    assert set(result["kept"][0]) == set(returned["kept"]["contains"]) - {"expired_at"}
    assert (result["evicted"], result["reasons"]) == (["cart-1"], {"cart-2": "max_evictions"})
    assert len(result["diff"]) == 1


@pytest.mark.parametrize(
    ("replies", "evicted", "reasons", "code"),
    [
        # A budget is not waited for, and the next pod is tried.
        ([evict(1).json(BUDGET, 429, Retry_After="10")], ["cart-2"], {"cart-1": "held"}, None),
        # A server that is busy is.
        ([evict(1).json(BUSY, 429), evict(1).json(DONE, 201)], ["cart-1", "cart-2"], {}, None),
        ([evict(1).json(MOVED, 409)], ["cart-2"], {"cart-1": "changed"}, None),
        ([evict(1).json(GONE, 404)], ["cart-2"], {"cart-1": "pod_not_found"}, None),
        # The reply is lost, and the pod goes: of a repeat, that it is gone or changed says the same.
        ([evict(1).broken(), again(1)], ["cart-1", "cart-2"], {}, None),
        ([evict(1).broken(), again(1, debugged(1, deletionTimestamp="2026-11-01T10:00:00Z"))], ["cart-1", "cart-2"], {}, None),
        ([evict(1).broken(), again(1, {**debugged(1, uid="uid-other")})], ["cart-1", "cart-2"], {}, None),
        ([evict(1).broken(), again(1, debugged(1)), evict(1).json(GONE, 404)], ["cart-1", "cart-2"], {}, None),
        ([evict(1).broken(), again(1, debugged(1)), evict(1).json(MOVED, 409), again(1)], ["cart-1", "cart-2"], {}, None),
        ([evict(1).broken(), again(1, debugged(1)), evict(1).json(MOVED, 409), again(1, debugged(1))], ["cart-2"], {"cart-1": "changed"}, None),
        ([*[evict(1).broken(), again(1, debugged(1))] * 3], ["cart-2"], {"cart-1": "outcome_unknown"}, "outcome_unknown"),
        # What fails for one pod is no reason to leave out the others, and no secret.
        ([evict(1).json(TWO, 500), again(1, debugged(1))], ["cart-2"], {"cart-1": "api_error"}, "api_error"),
        ([evict(1).json(WEBHOOK, 403)], ["cart-2"], {"cart-1": "forbidden_admission"}, "forbidden_admission"),
    ],
)
def test_what_an_eviction_may_come_to(run_module: RunModule, replies: list[Call], evicted: list[str], reasons: dict[str, str], code: str | None) -> None:
    result = run(run_module, [*looked(1, 2), *replies, evict(2).json(DONE, 201)])
    assert (result["evicted"], result["reasons"], (result.get("failure") or {}).get("code")) == (evicted, reasons, code)
    assert result["changed"]
    assert bool(result.get("failed")) == (code is not None)


@pytest.mark.parametrize(("check", "words"), [(False, "create pods/eviction"), (True, "dry run")])
def test_without_the_right_the_others_are_not_tried(run_module: RunModule, check: bool, words: str) -> None:
    result = run(run_module, [*looked(1, 2), evict(1).json(DENIED, 403)], check=check)
    assert (result["changed"], result["failure"]["code"]) == (False, "forbidden_rbac")
    assert (result["evicted"], result["reasons"]) == ([], {"cart-1": "forbidden_rbac", "cart-2": "not_tried"})
    assert words in result["msg"]


def test_an_unknown_outcome_counts_as_changed(run_module: RunModule) -> None:
    result = run(run_module, [*looked(1), *[evict(1).broken(), again(1, debugged(1))] * 3])
    assert (result["changed"], result["failure"]["code"]) == (True, "outcome_unknown")


def test_in_check_mode_nothing_is_unknown(run_module: RunModule) -> None:
    result = run(run_module, [*looked(1), *[evict(1).broken()] * 3], check=True)
    assert (result["changed"], result["failure"]["code"]) == (False, "api_error")


def test_a_pod_that_is_not_there(run_module: RunModule) -> None:
    nowhere = Call("GET", PODS_PATH).query(fieldSelector="metadata.name=nowhere", limit="500").json(pod_list())
    assert run(run_module, [*looked(1), nowhere], pod="nowhere")["failure"]["code"] == "pod_not_found"


@pytest.mark.parametrize(
    "given",
    [
        {"recycle_after": -1},
        {"max_evictions": 0},
        {"pod": "a/b"},
        {"label_selectors": []},
        {"workload": "cronjob/x"},
        {"pod": "a", "workload": "deployment/b"},
    ],
)
def test_bad_options_are_refused_before_anything_is_asked(run_module: RunModule, given: dict[str, t.Any]) -> None:
    assert run(run_module, [], **given)["failure"]["code"] == "invalid_options"
