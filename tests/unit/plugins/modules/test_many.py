# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module ``ephemeral_container`` on many pods, over the wire: writes side by side in any order, and one wait for all."""

from __future__ import annotations

import json
import time
import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils import _wait
from ansible_collections.kubedebug.pods.plugins.modules import ephemeral_container as module
from ansible_collections.kubedebug.pods.plugins.modules import ephemeral_container_info as info
from tests.unit.plugins.modules.documents import (
    DUPLICATE,
    NAMESPACE,
    PODS_PATH,
    RUNNING,
    SENT,
    TEST_FAILED,
    numbered,
    pod_list,
    status,
    stored,
    terminated,
    waiting,
)
from tests.unit.plugins.modules.script import Call, Request

RunModule = t.Callable[..., dict[str, t.Any]]

EVENTS_PATH = f"/api/v1/namespaces/{NAMESPACE}/events"
ASKED: dict[str, t.Any] = {"namespace": NAMESPACE, "label_selectors": ["app=cart"], "name": "debugger", "image": "busybox:1.37", "command": ["sleep", "900"]}


def page(*pods: dict[str, t.Any], version: str = "200") -> Call:
    return Call("GET", PODS_PATH).query(labelSelector="app=cart", limit="500").json(pod_list(*pods, version=version))


def patch(number: int, answer: t.Any = None, code: int = 200, dry_run: bool = False) -> Call:
    """The write to pod ``cart-NUMBER``."""
    query: dict[str, t.Any] = {"fieldManager": lambda name: name.startswith("kubedebug.pods/"), "fieldValidation": "Strict"}
    if dry_run:
        query["dryRun"] = "All"

    def checked(body: t.Any) -> None:
        assert body[0] == {"op": "test", "path": "/metadata/uid", "value": f"uid-{number}"}

    document = numbered(number, stored(), version="300") if answer is None else answer
    return Call("PATCH", f"{PODS_PATH}/cart-{number}/ephemeralcontainers").query(**query).body(checked).json(document, code)


def again(number: int, *pods: t.Any) -> Call:
    """Reading pod ``cart-NUMBER`` once more, for which the right to list has to do."""
    return Call("GET", PODS_PATH).query(fieldSelector=f"metadata.name=cart-{number}", limit="500").json(pod_list(*pods))


def watch(*events: tuple[str, t.Any], version: str = "200", labels: str | None = "app=cart") -> Call:
    query = {"watch": "true", "labelSelector": labels, "resourceVersion": version, "allowWatchBookmarks": "true"}
    return Call("GET", PODS_PATH).query(**query, timeoutSeconds=lambda text: int(text or 0) > 0).events(*events)


def forbidden(number: int) -> dict[str, t.Any]:
    resource = 'cannot patch resource "pods/ephemeralcontainers" in API group "" in the namespace "shop"'
    return status(403, "Forbidden", f'pods "cart-{number}" is forbidden: User "u" {resource}', name=f"cart-{number}", kind="pods")


def gone(number: int) -> dict[str, t.Any]:
    return status(404, "NotFound", f'pods "cart-{number}" not found', name=f"cart-{number}", kind="pods")


def changed(result: dict[str, t.Any]) -> dict[str, bool]:
    return {entry["pod"]: entry["changed"] for entry in result["containers"]}


def codes(result: dict[str, t.Any]) -> dict[str, str | None]:
    return {entry["pod"]: (entry["failure"] or {}).get("code") for entry in result["containers"]}


def skipped(result: dict[str, t.Any]) -> dict[str, str]:
    return {entry["pod"]: entry["reason"] for entry in result["skipped_pods"]}


def partial() -> list[Call]:
    """One converged, one forbidden, one gone, one different, one replaced, one added."""
    return [
        page(numbered(1, stored()), numbered(2), numbered(3), numbered(4, stored(image="other:1")), numbered(5), numbered(6)),
        patch(2, forbidden(2), 403),
        patch(3, gone(3), 404),
        patch(5, TEST_FAILED, 422),
        again(5, numbered(5, uid="another")),
        patch(6),
    ]


def test_every_pod_has_its_outcome(run_module: RunModule) -> None:
    result = run_module(module, partial(), any_order=True, **ASKED, wait=False)
    assert changed(result) == {"cart-1": False, "cart-2": False, "cart-4": False, "cart-6": True}
    assert codes(result) == {"cart-1": None, "cart-2": "forbidden_rbac", "cart-4": "different", "cart-6": None}
    assert skipped(result) == {"cart-3": "pod_not_found", "cart-5": "pod_replaced"}
    assert result["changed"]
    assert "container" not in result


def test_the_task_fails_with_what_went_wrong_on_which_pods(run_module: RunModule) -> None:
    result = run_module(module, partial(), any_order=True, **ASKED, wait=False)
    failure = result["failure"]
    assert (failure["code"], failure["pod"], failure["container"], failure["namespace"]) == ("forbidden_rbac", "cart-2", "debugger", NAMESPACE)
    assert [(detail["pod"], detail["code"]) for detail in failure["details"]] == [("cart-2", "forbidden_rbac"), ("cart-4", "different")]
    assert "2 of 4 pods failed (forbidden_rbac: cart-2, different: cart-4). Changed: cart-6." in result["msg"]
    assert 'resources: ["pods/ephemeralcontainers"], verbs: ["patch"]' in result["msg"]
    entries = {entry["pod"]: entry for entry in result["containers"]}
    assert entries["cart-4"]["failure"]["details"][0]["field"] == "spec.ephemeralContainers[0].image"
    assert "busybox:1.37" in entries["cart-4"]["failure"]["msg"]
    assert entries["cart-2"]["failure"]["pod"] == "cart-2"


def test_nothing_was_written_is_not_said_of_a_task_that_wrote(run_module: RunModule) -> None:
    result = run_module(module, [page(numbered(1, stored(image="other:1")), numbered(2), numbered(3, stored(image="other:2"))), patch(2)], **ASKED, wait=False)
    assert "Changed: cart-2." in result["msg"]
    assert "Nothing was written" not in result["msg"].replace("on the pod", "")
    assert result["containers"][0]["failure"]["hint"].startswith("Nothing was written")


def test_all_forbidden(run_module: RunModule) -> None:
    calls = [page(*(numbered(number) for number in range(7))), *(patch(number, forbidden(number), 403) for number in range(7))]
    result = run_module(module, calls, any_order=True, **ASKED)
    assert not result["changed"]
    assert "7 of 7 pods failed (forbidden_rbac: cart-0, cart-1, cart-2, cart-3, cart-4 and 2 more). No pod was changed." in result["msg"]


def test_one_pod_that_fails_is_told_as_such(run_module: RunModule) -> None:
    result = run_module(module, [page(numbered(1)), patch(1, forbidden(1), 403)], **ASKED)
    assert result["failure"]["details"][0]["resource"] == "pods/ephemeralcontainers"
    assert "of 1 pods" not in result["msg"]
    assert "container" not in result


def test_details_are_bounded(run_module: RunModule) -> None:
    listed = [numbered(number, stored(image="other:1")) for number in range(150)]
    result = run_module(module, [page(*listed)], **ASKED, max_pods=150)
    assert len(result["failure"]["details"]) == 100
    assert len(result["containers"]) == 150
    assert len(result["msg"]) < 2000


def test_all_gone_in_the_middle(run_module: RunModule) -> None:
    result = run_module(module, [page(numbered(1), numbered(2)), patch(1, gone(1), 404), patch(2, gone(2), 404)], any_order=True, **ASKED)
    assert result["failure"]["code"] == "no_pods_matched"
    assert {detail["pod"]: detail["code"] for detail in result["failure"]["details"]} == {"cart-1": "pod_not_found", "cart-2": "pod_not_found"}


def test_check_mode(run_module: RunModule) -> None:
    calls = [page(numbered(1), numbered(2, stored()), numbered(3)), patch(1, dry_run=True), patch(3, forbidden(3), 403, dry_run=True)]
    result = run_module(module, calls, any_order=True, check=True, diff=True, **ASKED, logs=True)
    assert changed(result) == {"cart-1": True, "cart-2": False, "cart-3": False}
    assert result["changed"]
    assert "dry run" in result["msg"]
    assert [diff["before_header"] for diff in result["diff"]] == ["shop/cart-1 spec.ephemeralContainers"]


def test_races(run_module: RunModule) -> None:
    """Somebody adds the same to one pod and something else to another while this task writes."""
    other = stored(name="other")
    calls = [
        page(numbered(1), numbered(2)),
        patch(1, {**DUPLICATE}, 422),
        again(1, numbered(1, stored())),
        patch(2, TEST_FAILED, 422),
        again(2, numbered(2, other)),
        patch(2, numbered(2, other, stored())),
    ]
    result = run_module(module, calls, any_order=True, **ASKED, wait=False, concurrency=2)
    assert changed(result) == {"cart-1": False, "cart-2": True}


class Managers:
    """The field managers of the writes, by pod, for the reads that follow."""

    def __init__(self) -> None:
        self.name = ""

    def lose(self, call: Call) -> Call:
        def note(name: str) -> bool:
            self.name = name
            return name.startswith("kubedebug.pods/")

        assert call.expected_query
        call.expected_query["fieldManager"] = note
        return call.broken()

    def written(self, number: int, manager: str | None = None) -> Call:
        def reply(_request: Request) -> t.Any:
            return pod_list(numbered(number, stored(), managed=[(manager or self.name, "debugger")]))

        call = again(number)
        call.make_reply = reply
        return call


def test_lost_replies(run_module: RunModule) -> None:
    """One write happened, one did not and is made again, one was forestalled, one pod went with the reply."""
    memory = Managers()
    calls = [
        page(*(numbered(number) for number in (1, 2, 3, 4))),
        memory.lose(patch(1)),
        memory.written(1),
        patch(2).broken(),
        again(2, numbered(2)),
        patch(2),
        patch(3).broken(),
        memory.written(3, "kubedebug.pods//other"),
        patch(4).broken(),
        again(4),
    ]
    result = run_module(module, calls, any_order=True, **ASKED, wait=False, concurrency=4)
    assert changed(result) == {"cart-1": True, "cart-2": True, "cart-3": False}
    assert skipped(result) == {"cart-4": "pod_not_found"}


def test_unknown_outcomes_are_told_apart(run_module: RunModule) -> None:
    away = [again(1).broken() for _attempt in range(40)]
    result = run_module(module, [page(numbered(1), numbered(2, stored())), patch(1).broken(), *away], **ASKED, wait=False)
    assert result["changed"]
    assert codes(result) == {"cart-1": "outcome_unknown", "cart-2": None}
    assert "No pod was changed" not in result["msg"]
    assert "Not known whether changed: cart-1." in result["msg"]


def test_no_more_connections_than_needed(run_module: RunModule) -> None:
    calls = [page(*(numbered(number) for number in range(60))), *(patch(number).after(0.01) for number in range(60))]
    result = run_module(module, calls, any_order=True, **ASKED, wait=False, max_pods=60, concurrency=5)
    assert sum(changed(result).values()) == 60
    assert result["connections"] <= 5 + 2


def test_one_at_a_time(run_module: RunModule) -> None:
    calls = [page(*(numbered(number) for number in range(9))), *(patch(number) for number in range(9))]
    result = run_module(module, calls, **ASKED, wait=False, concurrency=1)
    assert sum(changed(result).values()) == 9
    assert result["connections"] == 1


def running(number: int, version: str = "301", state: t.Any = RUNNING, **more: t.Any) -> dict[str, t.Any]:
    return numbered(number, stored(), states={"debugger": state}, version=version, **more)


def test_one_watch_for_all(run_module: RunModule) -> None:
    events = [
        ("MODIFIED", numbered(1, stored(), version="300")),
        ("MODIFIED", running(2, "303", terminated(128, "StartError"))),
        ("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": "304", "creationTimestamp": None}}),
        ("ADDED", numbered(9, stored(), states={"debugger": RUNNING}, version="305")),
        ("MODIFIED", running(1, "306")),
        ("MODIFIED", running(3, "307")),
    ]
    calls = [page(*(numbered(number) for number in (1, 2, 3)), running(4)), patch(1), patch(2), patch(3), watch(*events)]
    result = run_module(module, calls, any_order=True, **ASKED)
    assert codes(result) == {"cart-1": None, "cart-2": "start_error", "cart-3": None, "cart-4": None}
    assert [entry["state"] for entry in result["containers"]] == ["running", "terminated", "running", "running"]
    assert "1 of 4 pods failed (start_error: cart-2). Changed: cart-1, cart-2, cart-3." in result["msg"]


def test_a_watch_that_ends_goes_on_where_it_was(run_module: RunModule) -> None:
    calls = [
        page(numbered(1, stored()), numbered(2, stored())),
        watch(("MODIFIED", running(1, "310"))),
        watch(("MODIFIED", running(2, "311")), version="310"),
    ]
    result = run_module(module, calls, **ASKED)
    assert codes(result) == {"cart-1": None, "cart-2": None}


def test_a_watch_without_labels_for_a_selection_by_fields(run_module: RunModule) -> None:
    first = Call("GET", PODS_PATH).query(fieldSelector="spec.nodeName=node1", limit="500").json(pod_list(numbered(1, stored())))
    result = run_module(
        module, [first, watch(("MODIFIED", running(1)), labels=None)], **{**ASKED, "label_selectors": None, "field_selectors": ["spec.nodeName=node1"]}
    )
    assert codes(result) == {"cart-1": None}


GONE = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version: 200 (400)"}


@pytest.mark.parametrize("how", ["event", "answer"])
def test_pods_are_listed_anew_where_the_watch_has_expired(run_module: RunModule, how: str) -> None:
    expired = watch(("ERROR", GONE)) if how == "event" else watch().json(GONE | {"apiVersion": "v1"}, 410)
    calls = [
        page(numbered(1, stored()), numbered(2, stored())),
        expired,
        page(running(1, "410"), numbered(2, stored(), version="250"), version="500"),
        watch(("MODIFIED", running(2, "501")), version="500"),
    ]
    result = run_module(module, calls, **ASKED)
    assert codes(result) == {"cart-1": None, "cart-2": None}


def test_pods_that_are_not_listed_any_more_are_looked_for_by_name(run_module: RunModule) -> None:
    """Their labels may have been changed: only one of these two is gone."""
    calls = [
        page(numbered(1, stored()), numbered(2, stored())),
        watch(("ERROR", GONE)),
        page(version="500"),
        again(1, running(1)),
        again(2),
    ]
    result = run_module(module, calls, any_order=True, **ASKED)
    assert codes(result) == {"cart-1": None, "cart-2": "pod_not_found"}


@pytest.mark.parametrize(("there", "code"), [([running(1)], None), ([], "pod_not_found")], ids=["labels changed", "deleted"])
def test_a_pod_that_leaves_the_selection(run_module: RunModule, there: list[t.Any], code: str | None) -> None:
    result = run_module(module, [page(numbered(1, stored())), watch(("DELETED", numbered(1, stored(), version="210"))), again(1, *there)], **ASKED)
    assert codes(result) == {"cart-1": code}


def test_a_pod_that_has_left_the_selection_is_waited_for_all_the_same(run_module: RunModule) -> None:
    calls = [
        page(numbered(1, stored()), numbered(2, stored())),
        watch(("DELETED", numbered(1, stored(), version="210")), ("MODIFIED", running(2, "211"))),
        again(1, numbered(1, stored(), version="210")),
        watch(("MODIFIED", running(2, "211")), ("MODIFIED", running(1, "212")), version="210", labels=None),
    ]
    result = run_module(module, calls, any_order=True, **ASKED)
    assert codes(result) == {"cart-1": None, "cart-2": None}


def test_states_from_before_the_write_do_not_count(run_module: RunModule) -> None:
    """The watch begins where the list was taken, and tells first what happened between it and the write."""
    calls = [
        page(numbered(1)),
        patch(1),
        watch(("MODIFIED", numbered(1, version="250")), ("MODIFIED", numbered(1, phase="Running", version="260"))),
        watch(version="260").json(status(401, "Unauthorized", "Unauthorized"), 401),
    ]
    result = run_module(module, calls, **ASKED)
    assert codes(result) == {"cart-1": "unauthorized"}
    assert result["containers"][0]["spec"] == stored()


def test_a_pod_that_is_replaced_while_waiting(run_module: RunModule) -> None:
    result = run_module(module, [page(numbered(1, stored())), watch(("ADDED", running(1, uid="another")))], **ASKED)
    assert codes(result) == {"cart-1": "pod_replaced"}


def test_lists_where_watching_is_forbidden(run_module: RunModule) -> None:
    denied = status(403, "Forbidden", 'pods is forbidden: User "u" cannot watch resource "pods" in API group "" in the namespace "shop"')
    calls = [
        page(numbered(1, stored()), numbered(2, stored())),
        watch().json(denied, 403),
        page(running(1), numbered(2, stored())),
        page(running(1), running(2)),
    ]
    result = run_module(module, calls, **ASKED)
    assert codes(result) == {"cart-1": None, "cart-2": None}


def test_who_is_not_let_in_any_more_still_knows_what_was_settled(run_module: RunModule) -> None:
    calls = [
        page(*(numbered(number, stored()) for number in (1, 2, 3))),
        watch(("MODIFIED", running(1, "310"))),
        watch(version="310").json(status(401, "Unauthorized", "Unauthorized"), 401),
    ]
    result = run_module(module, calls, **ASKED)
    assert codes(result) == {"cart-1": None, "cart-2": "unauthorized", "cart-3": "unauthorized"}
    assert [entry["failure"] and entry["failure"]["pod"] for entry in result["containers"]] == [None, "cart-2", "cart-3"]
    assert result["containers"][0]["state"] == "running"


def test_time_outs_name_each_pod(run_module: RunModule) -> None:
    creating = waiting("ContainerCreating", "mounting")
    listed = [running(1), running(2, state=creating), numbered(3, stored(), phase="Pending")]
    result = run_module(module, [page(*listed)], **ASKED, wait_timeout=0)
    assert codes(result) == {"cart-1": None, "cart-2": "timed_out", "cart-3": "timed_out"}
    assert "2 of 3 pods failed (timed_out: cart-2, cart-3). No pod was changed." in result["msg"]
    second, third = result["containers"][1:]
    assert (second["failure"]["pod"], third["failure"]["pod"]) == ("cart-2", "cart-3")
    assert "waiting ContainerCreating: mounting; the pod is Running on node node1" in second["failure"]["msg"]
    assert "the kubelet has not reported on it; the pod is Pending" in third["failure"]["msg"]


def test_a_last_look_before_time_is_called(run_module: RunModule) -> None:
    calls = [page(numbered(1, stored()), numbered(2, stored())), watch().after(30), page(running(1), numbered(2, stored()))]
    result = run_module(module, calls, **ASKED, wait_timeout=1)
    assert codes(result) == {"cart-1": None, "cart-2": "timed_out"}


def event(number: int, words: str) -> dict[str, t.Any]:
    return {
        "type": "Warning",
        "message": words,
        "involvedObject": {"uid": f"uid-{number}", "fieldPath": "spec.ephemeralContainers{debugger}"},
        "lastTimestamp": None,
    }


def test_events_of_five_pods_explain_why_an_image_cannot_be_had(run_module: RunModule) -> None:
    listed = [running(number, state=waiting("ErrImageNeverPull")) for number in range(8)]
    asked = [
        Call("GET", EVENTS_PATH)
        .query(fieldSelector=f"involvedObject.uid=uid-{number}", limit="500")
        .json({"kind": "EventList", "items": [event(number, f"no such image on node {number}")]})
        for number in range(5)
    ]
    result = run_module(module, [page(*listed), *asked], **ASKED)
    assert set(codes(result).values()) == {"image_error"}
    told = [f"no such image on node {number}" in entry["failure"]["msg"] for number, entry in enumerate(result["containers"])]
    assert told == [True] * 5 + [False] * 3


def test_a_failed_pull_is_given_up_although_nothing_more_is_reported(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wait, "PULL_GRACE", 0.3)
    calls = [
        page(numbered(1, stored()), numbered(2, stored())),
        watch(("MODIFIED", running(1, "310")), ("MODIFIED", running(2, "311", waiting("ImagePullBackOff", "back-off")))),
        watch(version="311").after(60),
        Call("GET", EVENTS_PATH).query(fieldSelector="involvedObject.uid=uid-2", limit="500").json({"kind": "EventList", "items": []}),
    ]
    began = time.monotonic()
    result = run_module(module, calls, **ASKED, wait_timeout=60)
    assert codes(result) == {"cart-1": None, "cart-2": "image_error"}
    assert time.monotonic() - began < 20


def test_a_pull_that_comes_right_within_its_grace(run_module: RunModule) -> None:
    calls = [page(numbered(1, stored())), watch(("MODIFIED", running(1, "310", waiting("ErrImagePull"))), ("MODIFIED", running(1, "311")))]
    assert codes(run_module(module, calls, **ASKED)) == {"cart-1": None}


def log(number: int, limit: int, content: bytes, name: str = "debugger") -> Call:
    return Call("GET", f"{PODS_PATH}/cart-{number}/log").query(container=name, limitBytes=str(limit + 1)).text(content)


@pytest.mark.parametrize("asked", [module, info], ids=["ephemeral_container", "info"])
def test_logs_share_what_a_task_may_return(run_module: RunModule, asked: t.Any) -> None:
    share = 2**20 // 4
    calls = [page(*(running(number) for number in range(4))), *(log(number, share, b"x" * (share + 1)) for number in range(4))]
    params = ASKED if asked is module else {"namespace": NAMESPACE, "label_selectors": ["app=cart"]}
    result = run_module(asked, calls, any_order=True, **params, logs=True, log_limit_bytes=2**30)
    assert [len(entry["log"]) for entry in result["containers"]] == [share] * 4
    assert all(entry["log_truncated"] for entry in result["containers"])
    if asked is module:
        cut = [warning for warning in result["warnings"] if "longer than the limit" in str(warning)]
        assert len(cut) == 1
        assert "debugger on pod shop/cart-0 and of 3 more" in str(cut[0])


def test_logs_are_read_of_what_has_one(run_module: RunModule) -> None:
    listed = [running(1), running(2, state=waiting("ContainerCreating")), numbered(3, stored())]
    result = run_module(module, [page(*listed), log(1, 65536, b"hello")], **ASKED, logs=True, wait=False)
    assert [(entry["log"], entry["log_truncated"]) for entry in result["containers"]] == [("hello", False), (None, False), (None, False)]
    assert "warnings" not in result


def test_binary_logs_of_several_containers_never_take_more_than_the_limit(run_module: RunModule) -> None:
    both = numbered(1, stored(), stored(name="other"), states={"debugger": RUNNING, "other": RUNNING})
    document = {"apiVersion": "v1", "kind": "EphemeralContainers", "ephemeralContainers": [SENT, {**SENT, "name": "other"}]}
    calls = [page(both), log(1, 500, b"\xff" * 500), log(1, 500, b"\xff" * 501, "other")]
    result = run_module(module, calls, namespace=NAMESPACE, label_selectors=["app=cart"], definition=document, logs=True, log_limit_bytes=1000)
    assert [(len(entry["log"]), entry["log_truncated"]) for entry in result["containers"]] == [(500, False), (500, True)]


def test_warnings_are_told_once(run_module: RunModule) -> None:
    calls = [page(numbered(1), numbered(2))]
    for number in (1, 2):
        answer = patch(number)
        answer.reply_headers = {"Warning": '299 - "would violate PodSecurity"'}
        calls.append(answer)
    result = run_module(module, calls, any_order=True, **ASKED, wait=False)
    assert len(result["warnings"]) == 1
    assert "would violate PodSecurity" in json.dumps(result["warnings"])
