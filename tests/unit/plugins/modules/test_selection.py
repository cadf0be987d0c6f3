# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pods a selection or a workload is, over the wire: what the server is asked, and what is refused before anything is written."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.modules import ephemeral_container as module
from ansible_collections.kubedebug.pods.plugins.modules import ephemeral_container_info as info
from tests.unit.plugins.modules.documents import NAMESPACE, PODS_PATH, SENT, numbered, pod_list, status, stored, terminated
from tests.unit.plugins.modules.script import Call

RunModule = t.Callable[..., dict[str, t.Any]]

CONTAINER: dict[str, t.Any] = {"namespace": NAMESPACE, "name": "debugger", "image": "busybox:1.37", "command": ["sleep", "900"], "wait": False}
LABELED: dict[str, t.Any] = {**CONTAINER, "label_selectors": ["app=cart"]}
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


def page(document: t.Any, code: int = 200, *, limit: str = "500", rest: str | None = None, **query: t.Any) -> Call:
    return Call("GET", PODS_PATH).query(**({"labelSelector": "app=cart", "limit": limit, "continue": rest} | query)).json(document, code)


def patch(number: int, reply: t.Any = None, code: int = 200) -> Call:
    """The write to pod ``cart-NUMBER``, which has no ephemeral container yet."""

    def checked(body: t.Any) -> None:
        assert body[0] == {"op": "test", "path": "/metadata/uid", "value": f"uid-{number}"}
        assert body[-1]["value"] == [SENT]

    document = numbered(number, stored(), version="300") if reply is None else reply
    return Call("PATCH", f"{PODS_PATH}/cart-{number}/ephemeralcontainers").body(checked).json(document, code)


def changed(result: dict[str, t.Any]) -> dict[str, bool]:
    return {entry["pod"]: entry["changed"] for entry in result["containers"]}


def finished(number: int, *containers: dict[str, t.Any]) -> dict[str, t.Any]:
    return numbered(number, *containers, phase="Succeeded", states={container["name"]: terminated() for container in containers})


def test_every_pod_that_the_selectors_match(run_module: RunModule) -> None:
    query: dict[str, t.Any] = {"labelSelector": "app=cart,tier in (web,api)", "fieldSelector": "spec.nodeName=node1,status.phase=Running"}
    result = run_module(
        module,
        [page(pod_list(numbered(1), numbered(2)), **query), patch(1), patch(2)],
        any_order=True,
        **{**CONTAINER, "label_selectors": "app=cart,tier in (web,api)", "field_selectors": ["spec.nodeName=node1", "status.phase=Running"]},
    )
    assert changed(result) == {"cart-1": True, "cart-2": True}
    assert result["skipped_pods"] == []
    assert "container" not in result


def test_of_a_selection_only_the_pods_that_are_named(run_module: RunModule) -> None:
    calls = [page(pod_list(numbered(1), numbered(2), numbered(3))), patch(2)]
    result = run_module(module, calls, **LABELED, pod_names=["cart-2", "cart-9"], max_pods=1)
    assert changed(result) == {"cart-2": True}
    assert [(one["pod"], one["reason"]) for one in result["skipped_pods"]] == [("cart-9", "pod_not_found")]


@pytest.mark.parametrize("names", [[], [""], ["a/b"], [".."]])
def test_names_that_no_pod_has(run_module: RunModule, names: list[str]) -> None:
    result = run_module(module, [], **LABELED, pod_names=names)
    assert (result["failure"]["code"], result["failure"]["field"]) == ("invalid_options", "pod_names")


def test_names_narrow_a_selection(run_module: RunModule) -> None:
    result = run_module(module, [], **CONTAINER, pod_names=["cart-1"])
    assert "pod_names narrows a selection" in result["msg"]


def test_one_pod_of_a_selection_is_still_a_list(run_module: RunModule) -> None:
    result = run_module(module, [page(pod_list(numbered(1))), patch(1)], **LABELED)
    assert changed(result) == {"cart-1": True}
    assert "container" not in result


def test_converged_is_one_list(run_module: RunModule) -> None:
    result = run_module(module, [page(pod_list(*(numbered(number, stored()) for number in range(10))))], **LABELED)
    assert changed(result) == {f"cart-{number}": False for number in range(10)}
    assert not result["changed"]


def test_pages(run_module: RunModule) -> None:
    calls = [page(pod_list(numbered(1, stored()), rest="b", remaining=2)), page(pod_list(rest="c"), rest="b")]
    result = run_module(module, [*calls, page(pod_list(numbered(2)), rest="c"), patch(2)], **LABELED)
    assert changed(result) == {"cart-1": False, "cart-2": True}


EXPIRED = status(410, "Expired", "The provided continue parameter is too old to display a consistent list result.")


def test_a_list_that_expires_between_pages_is_begun_anew(run_module: RunModule) -> None:
    calls = [page(pod_list(numbered(1), numbered(7), rest="b")), page(EXPIRED, 410, rest="b")]
    again = [page(pod_list(numbered(1), rest="c")), page(pod_list(numbered(2, stored())), rest="c")]
    result = run_module(module, [*calls, *again, patch(1)], **LABELED)
    assert changed(result) == {"cart-1": True, "cart-2": False}


def test_a_list_that_always_expires(run_module: RunModule) -> None:
    calls = [page(pod_list(numbered(1), rest="b")), page(EXPIRED, 410, rest="b")] * 4
    result = run_module(module, calls, **LABELED)
    assert result["failure"]["code"] == "api_error"
    assert "too old" in result["msg"]
    assert not result["changed"]


def table(rows: int, rest: str | None = None) -> dict[str, t.Any]:
    return {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"continue": rest} if rest else {}, "rows": [{"cells": [], "object": None}] * rows}


def counted(document: t.Any, token: str, code: int = 200) -> Call:
    return page(document, code, limit="5000", includeObject="None", rest=token).header(Accept=TABLE)


MANY = [numbered(number) for number in range(500)]


def refused(result: dict[str, t.Any], total: int, limit: int = 10) -> None:
    assert result["failure"]["code"] == "too_many_pods"
    assert result["failure"]["field"] == "max_pods"
    assert result["failure"]["details"] == [{"matched": total, "max_pods": limit}]
    assert f"matches {total} pods" in result["msg"]
    assert "set max_pods" in result["msg"]
    assert "written" not in result["msg"], "modules that write nothing say so too"
    assert not result["changed"]


def test_fifty_thousand_pods_are_counted_and_none_is_written(run_module: RunModule) -> None:
    tables = [counted(table(5000, f"t{number + 1}"), f"t{number}") for number in range(9)]
    result = run_module(module, [page(pod_list(*MANY, rest="t0")), *tables, counted(table(4500), "t9")], **LABELED)
    refused(result, 50_000)
    assert "can take" not in result["msg"]


def test_a_server_that_says_how_many_remain_is_believed(run_module: RunModule) -> None:
    refused(run_module(module, [page(pod_list(*MANY, rest="t0", remaining=49_500))], **LABELED), 50_000)


def test_a_server_without_tables(run_module: RunModule) -> None:
    refused(run_module(module, [page(pod_list(*MANY, rest="t0")), counted(pod_list(*MANY[:7]), "t0")], **LABELED), 507)


def test_counting_that_expires_begins_anew(run_module: RunModule) -> None:
    calls = [page(pod_list(*MANY, rest="t0")), counted(EXPIRED, "t0", 410), page(pod_list(*MANY, rest="t1")), counted(table(1), "t1")]
    refused(run_module(module, calls, **LABELED), 501)


def test_more_pods_than_are_meant(run_module: RunModule) -> None:
    listed = pod_list(*(numbered(number) for number in range(3)), finished(3), finished(4, stored()))
    result = run_module(module, [page(listed)], **LABELED, max_pods=2)
    refused(result, 5, 2)
    assert "at least 2 can take no container" in result["msg"]


def test_pods_that_take_no_container_do_not_count(run_module: RunModule) -> None:
    others = [
        finished(3),
        numbered(4, deletionTimestamp="2026-11-01T10:00:00Z"),
        numbered(5, annotations={"kubernetes.io/config.mirror": "x"}),
        numbered(6, phase="Failed"),
    ]
    result = run_module(module, [page(pod_list(numbered(1), numbered(2), *others)), patch(1), patch(2)], any_order=True, **LABELED, max_pods=2)
    assert changed(result) == {"cart-1": True, "cart-2": True}
    reasons = {skipped["pod"]: skipped["reason"] for skipped in result["skipped_pods"]}
    assert reasons == {"cart-3": "pod_finished", "cart-4": "pod_terminating", "cart-5": "static_pod", "cart-6": "pod_finished"}
    assert all(skipped["namespace"] == NAMESPACE and skipped["pod"] in skipped["message"] for skipped in result["skipped_pods"])


def test_finished_pods_that_have_it_are_converged(run_module: RunModule) -> None:
    listed = pod_list(numbered(1, stored()), finished(2, stored()), finished(3, stored(name="other")))
    result = run_module(module, [page(listed)], **LABELED, max_pods=1)
    assert changed(result) == {"cart-1": False, "cart-2": False}
    assert [(skipped["pod"], skipped["reason"]) for skipped in result["skipped_pods"]] == [("cart-3", "pod_finished")]


def test_finished_pods_that_have_another_one_of_that_name_fail(run_module: RunModule) -> None:
    result = run_module(module, [page(pod_list(finished(1, stored(image="other:1"))))], **LABELED)
    assert (result["failure"]["code"], result["failure"]["pod"]) == ("different", "cart-1")


def test_no_pod_matches(run_module: RunModule) -> None:
    result = run_module(module, [page(pod_list())], **LABELED)
    assert result["failure"]["code"] == "no_pods_matched"
    assert result["failure"]["namespace"] == NAMESPACE


def test_none_that_matches_can_take_one(run_module: RunModule) -> None:
    result = run_module(module, [page(pod_list(finished(1), finished(2)))], **LABELED)
    assert result["failure"]["code"] == "no_pods_matched"
    assert [(detail["pod"], detail["code"]) for detail in result["failure"]["details"]] == [("cart-1", "pod_finished"), ("cart-2", "pod_finished")]
    assert "None of the 2 pods" in result["msg"]


@pytest.mark.parametrize(
    ("listed", "code"),
    [([], None), ([numbered(1), finished(2)], None), ([numbered(1), numbered(2, stored())], "removal_refused"), ([finished(1, stored())], "removal_refused")],
    ids=["no pod", "no container", "one", "on a finished pod"],
)
def test_absent_from_a_selection(run_module: RunModule, listed: list[t.Any], code: str | None) -> None:
    result = run_module(module, [page(pod_list(*listed))], namespace=NAMESPACE, label_selectors=["app=cart"], name="debugger", state="absent")
    assert result.get("failure", {}).get("code") == code
    assert not result["changed"]
    assert bool(result["containers"]) == bool(code)


def of(kind: str, name: str, uid: str) -> dict[str, t.Any]:
    return {"ownerReferences": [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": True}]}


def workload(kind: str, path: str, uid: str = "uid-of-it", **metadata: t.Any) -> Call:
    selector = {"matchLabels": {"app": "cart"}, "matchExpressions": [{"key": "tier", "operator": "In", "values": ["web", "api"]}]}
    group, _slash, _rest = path.partition("/namespaces")
    document = {"kind": kind, "apiVersion": group, "metadata": {"name": "cart", "uid": uid, **metadata}, "spec": {"selector": selector}}
    return Call("GET", f"/apis/{path}").query().json(document)


def replica_set(name: str, uid: str, owner: str, code: int = 200) -> Call:
    document = {"kind": "ReplicaSet", "metadata": {"name": name, "uid": uid, **of("Deployment", "cart", owner)}}
    gone = status(404, "NotFound", f'replicasets.apps "{name}" not found', name=name, kind="replicasets", group="apps")
    return Call("GET", f"/apis/apps/v1/namespaces/{NAMESPACE}/replicasets/{name}").query().json(document if code == 200 else gone, code)


LABELS: dict[str, t.Any] = {"labelSelector": "app=cart,tier in (web,api)"}
DEPLOYMENT = f"apps/v1/namespaces/{NAMESPACE}/deployments/cart"


def test_a_deployment_through_its_replica_sets(run_module: RunModule) -> None:
    listed = pod_list(
        numbered(1, **of("ReplicaSet", "cart-new", "uid-new")),
        numbered(2, **of("ReplicaSet", "cart-new", "uid-new")),
        numbered(3, **of("ReplicaSet", "cart-old", "uid-old")),
        numbered(4, **of("ReplicaSet", "of-another", "uid-foreign")),
        numbered(5, **of("ReplicaSet", "gone", "uid-gone")),
        numbered(6, **of("ReplicaSet", "made-anew", "uid-before")),
        numbered(7, **of("StatefulSet", "other", "uid-other")),
        numbered(8),
        numbered(9, **of("ReplicaSet", "gone", "uid-gone")),
    )
    calls = [
        workload("Deployment", DEPLOYMENT),
        page(listed, **LABELS),
        replica_set("cart-new", "uid-new", "uid-of-it"),
        replica_set("cart-old", "uid-old", "uid-of-it"),
        replica_set("of-another", "uid-foreign", "uid-of-another"),
        replica_set("gone", "uid-gone", "", 404),
        replica_set("made-anew", "uid-now", "uid-of-it"),
        patch(1),
        patch(2),
        patch(3),
    ]
    result = run_module(module, calls, any_order=True, **CONTAINER, workload="deployment/cart", max_pods=3)
    assert changed(result) == {"cart-1": True, "cart-2": True, "cart-3": True}


OWNERS = [
    ("StatefulSet", "apps/v1", "statefulsets"),
    ("DaemonSet", "apps/v1", "daemonsets"),
    ("ReplicaSet", "apps/v1", "replicasets"),
    ("Job", "batch/v1", "jobs"),
]


@pytest.mark.parametrize(("kind", "group", "resource"), OWNERS, ids=[row[0] for row in OWNERS])
def test_workloads_that_own_their_pods(run_module: RunModule, kind: str, group: str, resource: str) -> None:
    listed = pod_list(numbered(1, **of(kind, "cart", "uid-of-it")), numbered(2, **of(kind, "cart", "uid-of-its-predecessor")), numbered(3))
    calls = [workload(kind, f"{group}/namespaces/{NAMESPACE}/{resource}/cart"), page(listed, **LABELS), patch(1)]
    result = run_module(module, calls, **CONTAINER, workload=f"{kind.lower()}/cart", max_pods=1)
    assert changed(result) == {"cart-1": True}


def test_a_workload_has_too_many_pods(run_module: RunModule) -> None:
    listed = pod_list(*(numbered(number, **of("Job", "cart", "uid-of-it" if number else "another")) for number in range(5)))
    result = run_module(
        module, [workload("Job", f"batch/v1/namespaces/{NAMESPACE}/jobs/cart"), page(listed, **LABELS)], **CONTAINER, workload="job/cart", max_pods=3
    )
    refused(result, 4, 3)
    assert f"job {NAMESPACE}/cart" in result["msg"]


def test_a_workload_that_is_not_there(run_module: RunModule) -> None:
    gone = status(404, "NotFound", 'deployments.apps "cart" not found', name="cart", kind="deployments", group="apps")
    result = run_module(module, [Call("GET", f"/apis/{DEPLOYMENT}").json(gone, 404)], **CONTAINER, workload="deployment/cart")
    assert (result["failure"]["code"], result["failure"]["namespace"]) == ("workload_not_found", NAMESPACE)
    assert "deployment shop/cart" in result["msg"]


@pytest.mark.parametrize("resource", ["deployments", "replicasets", "pods"])
def test_a_right_that_a_workload_takes(run_module: RunModule, resource: str) -> None:
    group, verb = ("", "list") if resource == "pods" else ("apps", "get")
    words = f'{resource} is forbidden: User "u" cannot {verb} resource "{resource}" in API group "{group}" in the namespace "shop"'
    denied = status(403, "Forbidden", words)
    calls = [
        workload("Deployment", DEPLOYMENT),
        page(pod_list(numbered(1, **of("ReplicaSet", "cart-new", "uid-new"))), **LABELS),
        replica_set("cart-new", "uid-new", "uid-of-it"),
    ]
    place = ["deployments", "pods", "replicasets"].index(resource)
    calls[place].json(denied, 403)
    result = run_module(module, calls[: place + 1], **CONTAINER, workload="deployment/cart")
    assert result["failure"]["code"] == "forbidden_rbac"
    assert f'{{apiGroups: ["{group}"], resources: ["{resource}"], verbs: ["{verb}"]}}' in result["msg"]
    assert "built-in roles" not in result["msg"]
    assert not result["changed"]


UNKNOWN = [
    "field label not supported: spec.nope",
    "invalid selector: 'spec.nope'; can't understand 'spec.nope'",
    "invalid field selector: unescaped character in value: ,",
    'Unable to find "/v1, Resource=pods" that match label selector "app=cart", field selector "spec.nope=1": field label not supported: spec.nope',
]
UNREADABLE = ["unable to parse requirement: found '&', expected: in, notin, =, ==, !=, gt, lt", 'unable to parse requirement: <nil>: Invalid value: "field!"']
SELECTORS: list[tuple[dict[str, t.Any], str, str]] = [
    *(({"field_selectors": ["spec.nope"]}, words, "field_selectors") for words in UNKNOWN),
    *(({"field_selectors": ["spec.nope"], "label_selectors": ["app=cart"]}, words, "field_selectors") for words in UNKNOWN),
    *(({"label_selectors": ["app & cart"]}, words, "label_selectors") for words in UNREADABLE),
    *(({"field_selectors": ["status.phase=Running"], "label_selectors": ["app & cart"]}, words, "label_selectors") for words in UNREADABLE),
]


@pytest.mark.parametrize(("selectors", "words", "field"), SELECTORS, ids=[f"{row[2]}{number}" for number, row in enumerate(SELECTORS)])
def test_selectors_that_the_server_does_not_understand(run_module: RunModule, selectors: dict[str, t.Any], words: str, field: str) -> None:
    answer = Call("GET", PODS_PATH).json(status(400, "BadRequest", words), 400)
    result = run_module(module, [answer], **CONTAINER, **selectors)
    assert (result["failure"]["code"], result["failure"]["field"]) == ("invalid_options", field)
    assert words in result["msg"]
    assert selectors[field][0] in result["msg"]


#: What is refused before anything is sent.
REFUSED: dict[str, tuple[dict[str, t.Any], str]] = {
    "no labels": ({"label_selectors": []}, "label_selectors"),
    "empty label": ({"label_selectors": [""]}, "label_selectors"),
    "blank label": ({"label_selectors": [" "]}, "label_selectors"),
    "one empty label": ({"label_selectors": ["app=cart", ""]}, "label_selectors"),
    "no text": ({"label_selectors": ""}, "label_selectors"),
    "no fields": ({"field_selectors": []}, "field_selectors"),
    "only a comma, which matches every pod": ({"field_selectors": [","]}, "field_selectors"),
    "labels and empty fields": ({"label_selectors": ["a=b"], "field_selectors": ["  "]}, "field_selectors"),
    "no workload": ({"workload": ""}, "workload"),
    "TYPE alone": ({"workload": "deployment"}, "workload"),
    "unknown type": ({"workload": "cronjob/check"}, "workload"),
    "up": ({"workload": "deployment/.."}, "workload"),
    "max_pods 0": ({"label_selectors": ["a=b"], "max_pods": 0}, "max_pods"),
    "max_pods too many": ({"label_selectors": ["a=b"], "max_pods": 100_001}, "max_pods"),
    "concurrency 0": ({"label_selectors": ["a=b"], "concurrency": 0}, "concurrency"),
    "concurrency too much": ({"label_selectors": ["a=b"], "concurrency": 65}, "concurrency"),
}


@pytest.mark.parametrize(("options", "field"), REFUSED.values(), ids=REFUSED)
def test_selections_that_are_refused_before_anything_is_sent(run_module: RunModule, options: dict[str, t.Any], field: str) -> None:
    for asked, params in ((module, CONTAINER), (info, {"namespace": NAMESPACE})):
        result = run_module(asked, [], **{**params, **options})
        assert (result["failure"]["code"], result["failure"]["field"]) == ("invalid_options", field)
        assert not result["changed"]


TWICE: dict[str, dict[str, t.Any]] = {
    "pod and labels": {"pod": "cart", "label_selectors": ["a=b"]},
    "pod and fields": {"pod": "cart", "field_selectors": ["a=b"]},
    "pod and workload": {"pod": "cart", "workload": "job/cart"},
    "workload and labels": {"workload": "job/cart", "label_selectors": ["a=b"]},
    "workload and fields": {"workload": "job/cart", "field_selectors": ["a=b"]},
}


@pytest.mark.parametrize("options", TWICE.values(), ids=TWICE)
def test_two_ways_to_say_which_pods(run_module: RunModule, options: dict[str, t.Any]) -> None:
    for asked, params in ((module, CONTAINER), (info, {"namespace": NAMESPACE})):
        result = run_module(asked, [], **{**params, **options})
        assert result["failure"]["code"] == "invalid_options"
        assert all(option in result["msg"] for option in options)


DOCUMENTS: dict[str, tuple[dict[str, t.Any], str]] = {
    "of a pod": ({"definition": {"metadata": {"name": "cart-1"}}}, "definition"),
    "of a uid": ({"definition": {"metadata": {"uid": "uid-1"}}}, "pod_uid"),
    "and pod_uid": ({"definition": {}, "pod_uid": "uid-1"}, "pod_uid"),
}


@pytest.mark.parametrize(("options", "field"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_one_pod_and_a_selection(run_module: RunModule, options: dict[str, t.Any], field: str) -> None:
    document = {"apiVersion": "v1", "kind": "EphemeralContainers", "ephemeralContainers": [{}], **options["definition"]}
    result = run_module(module, [], **{**LABELED, **options, "definition": document})
    assert (result["failure"]["code"], result["failure"]["field"]) == ("invalid_options", field)


def test_a_document_without_a_name_goes_with_a_selection(run_module: RunModule) -> None:
    document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": NAMESPACE}, "spec": {"ephemeralContainers": [SENT]}}
    result = run_module(module, [page(pod_list(numbered(1, stored())))], definition=document, label_selectors=["app=cart"], wait=False)
    assert changed(result) == {"cart-1": False}


#: Answers to the list that no API server gives.
ODD: dict[str, t.Any] = {
    "a page": "x",
    "a pod": numbered(1),
    "items of another type": {"kind": "PodList", "items": 5},
    "an item of another type": {"kind": "PodList", "items": ["x"]},
    "an item without a name": {"kind": "PodList", "items": [{"metadata": {"uid": "u"}}]},
    "owners of another type": {"kind": "PodList", "items": [numbered(1, ownerReferences=["x"])]},
    "metadata of another type": {"kind": "PodList", "metadata": [1], "items": []},
    "a token of another type": {"kind": "PodList", "metadata": {"continue": 5}, "items": []},
    "a count of another type": {"kind": "PodList", "metadata": {"continue": "b", "remainingItemCount": "many"}, "items": MANY[:11]},
}


@pytest.mark.parametrize("document", ODD.values(), ids=ODD)
def test_lists_that_are_none(run_module: RunModule, document: t.Any) -> None:
    result = run_module(module, [page(document)], **LABELED)
    assert result["failure"]["code"] == "api_error"


@pytest.mark.parametrize("document", [{"kind": "Table", "rows": 5}, {"metadata": 5}, {"rows": ["x"]}], ids=["rows", "metadata", "row"])
def test_tables_that_are_none(run_module: RunModule, document: t.Any) -> None:
    result = run_module(module, [page(pod_list(*MANY, rest="t0")), counted(document, "t0")], **LABELED)
    assert result["failure"]["code"] == "api_error"


ODD_WORKLOADS: dict[str, t.Any] = {
    "another kind": {"kind": "Pod", "metadata": {"uid": "u"}},
    "spec": {"kind": "Deployment", "metadata": {"uid": "u"}, "spec": "x"},
    "metadata": {"kind": "Deployment", "metadata": "x"},
    "labels": {"kind": "Deployment", "metadata": {"uid": "u"}, "spec": {"selector": {"matchLabels": ["x"]}}},
    "operator": {"kind": "Deployment", "metadata": {"uid": "u"}, "spec": {"selector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}}},
}


@pytest.mark.parametrize("document", ODD_WORKLOADS.values(), ids=ODD_WORKLOADS)
def test_workloads_that_are_none(run_module: RunModule, document: t.Any) -> None:
    result = run_module(module, [Call("GET", f"/apis/{DEPLOYMENT}").json(document)], **CONTAINER, workload="deployment/cart")
    assert result["failure"]["code"] == "api_error"


def test_info_of_a_selection(run_module: RunModule) -> None:
    listed = pod_list(numbered(1, stored()), numbered(2), finished(3, stored(), stored(name="other")))
    result = run_module(info, [page(listed)], namespace=NAMESPACE, label_selectors=["app=cart"], max_pods=2)
    assert [(entry["pod"], entry["name"]) for entry in result["containers"]] == [("cart-1", "debugger"), ("cart-3", "debugger"), ("cart-3", "other")]


def test_info_of_nothing(run_module: RunModule) -> None:
    result = run_module(info, [page(pod_list())], namespace=NAMESPACE, label_selectors=["app=cart"])
    assert result["containers"] == []
    assert not result.get("failed")


def test_info_of_too_many(run_module: RunModule) -> None:
    result = run_module(info, [page(pod_list(*MANY[:11]))], namespace=NAMESPACE, label_selectors=["app=cart"])
    refused(result, 11)
