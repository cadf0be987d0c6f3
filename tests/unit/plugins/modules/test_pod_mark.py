# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module ``pod_mark`` over the wire: what cannot be had from the real cluster on demand. The rest is target ``mark``."""

from __future__ import annotations

import typing as t

import pytest
import yaml

from ansible_collections.kubedebug.pods.plugins.modules import pod_mark as module
from tests.unit.plugins.modules.documents import NAMESPACE, NOT_FOUND, POD_PATH, TARGET, TEST_FAILED, UID, pod, status
from tests.unit.plugins.modules.script import Call

RunModule = t.Callable[..., dict[str, t.Any]]

EVENTS = f"/api/v1/namespaces/{NAMESPACE}/events"
A = {"kubedebug.pods/a": "1"}
EVENT = {"reason": "DebugContainerStarted", "text": "It runs."}
EXISTS = status(409, "AlreadyExists", 'events "x" already exists', name="x", kind="events")
BROKEN = status(500, "InternalError", "etcd has a bad day")


def get(**metadata: t.Any) -> Call:
    return Call("GET", POD_PATH).query().json(pod(**metadata))


def patch() -> Call:
    return Call("PATCH", POD_PATH).query(fieldManager="kubedebug.pods//mark", fieldValidation="Strict")


def post() -> Call:
    return Call("POST", EVENTS).query(fieldManager="kubedebug.pods//mark", fieldValidation="Strict")


def test_what_is_sent_and_returned(run_module: RunModule) -> None:
    operations = [
        {"op": "test", "path": "/metadata/uid", "value": UID},
        {"op": "test", "path": "/metadata/annotations", "value": None},
        {"op": "add", "path": "/metadata/annotations", "value": A},
    ]
    calls = [
        get(),
        Call("PATCH", POD_PATH)
        .query(fieldManager="kubedebug.pods/me/mark", fieldValidation="Strict", dryRun="All")
        .header(content_type="application/json-patch+json")
        .body(operations)
        .json(pod(annotations=A)),
        Call("POST", EVENTS)
        .query(fieldManager="kubedebug.pods/me/mark", fieldValidation="Strict", dryRun="All")
        .header(content_type="application/json")
        .json({"kind": "Event"}, 201),
    ]
    result = run_module(module, calls, check=True, diff=True, **TARGET, annotations=A, event=EVENT, requested_by="me")
    returned = yaml.safe_load(module.RETURN)
    assert result["changed"]
    assert set(returned) - {"failure"} <= set(result)
    assert set(result["event"]) == set(returned["event"]["contains"])
    assert set(result["pod"]) == set(returned["pod"]["contains"])
    sent = result["requests"][2].body
    assert (sent["involvedObject"]["uid"], sent["source"], sent["count"]) == (UID, {"component": "kubedebug.pods"}, 1)
    assert [set(diff) for diff in result["diff"]] == [{"before", "after", "before_header", "after_header"}] * 2


def test_an_event_with_a_uid_takes_no_look_at_the_pod(run_module: RunModule) -> None:
    result = run_module(module, [post().json({"kind": "Event"}, 201)], **TARGET, pod_uid=UID, event=EVENT)
    assert (result["changed"], result["annotations"], result["pod"]["uid"]) == (True, None, UID)


def test_somebody_annotates_in_between(run_module: RunModule) -> None:
    second: list[dict[str, t.Any]] = [{"op": "test", "path": "/metadata/uid", "value": UID}]
    second += [
        {"op": "test", "path": "/metadata/annotations/kubedebug.pods~1a", "value": None},
        {"op": "add", "path": "/metadata/annotations/kubedebug.pods~1a", "value": "1"},
    ]
    calls = [get(), patch().json(TEST_FAILED, 422), get(annotations={"b": "2"}), patch().body(second).json(pod(annotations={"b": "2", **A}))]
    result = run_module(module, calls, **TARGET, annotations=A)
    assert (result["changed"], result["annotations"]) == (True, A)


def test_somebody_always_annotates_in_between(run_module: RunModule) -> None:
    result = run_module(module, [get(), *[patch().json(TEST_FAILED, 422), get()] * 5], **TARGET, annotations=A)
    assert (result["changed"], result["failure"]["code"], result["failure"]["pod"]) == (False, "api_error", "cart-7c9f")


def test_a_lost_reply_to_what_was_written(run_module: RunModule) -> None:
    calls = [get(), patch().broken(), get(annotations=A), post().broken(), post().json(EXISTS, 409)]
    result = run_module(module, calls, **TARGET, annotations=A, event=EVENT)
    assert (result["changed"], result["event"]["changed"], result["annotations"]) == (True, True, A)


def test_lost_replies_to_the_end(run_module: RunModule) -> None:
    calls = [get(), *[patch().broken(), get()] * 5, *[post().broken()] * 5]
    result = run_module(module, calls, **TARGET, annotations=A, event=EVENT)
    assert (result["changed"], result["failure"]["code"]) == (True, "outcome_unknown")
    assert result["msg"].count("is not known") == 2


def test_in_check_mode_nothing_is_unknown(run_module: RunModule) -> None:
    calls = [get(), *[Call("PATCH", POD_PATH).broken(), get()] * 5]
    result = run_module(module, calls, check=True, **TARGET, annotations=A)
    assert (result["changed"], result["failure"]["code"]) == (False, "api_error")


def test_a_server_that_fails_is_no_unknown_outcome(run_module: RunModule) -> None:
    result = run_module(module, [*[post().json(BROKEN, 500)] * 5], **TARGET, pod_uid=UID, event=EVENT)
    assert (result["changed"], result["failure"]["code"]) == (False, "api_error")
    assert "etcd has a bad day" in result["msg"]


def test_the_pod_goes_in_between(run_module: RunModule) -> None:
    calls = [get(), patch().json(NOT_FOUND, 404), post().json({"kind": "Event"}, 201)]
    result = run_module(module, calls, **TARGET, annotations=A, event=EVENT)
    assert (result["changed"], result["failure"]["code"], result["event"]["changed"]) == (True, "pod_not_found", True)


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (status(422, "Invalid", "Too long: may not be more than 262144 bytes"), "invalid_spec", "refuses the annotations for pod shop/cart-7c9f"),
        (status(403, "Forbidden", 'admission webhook "w" denied the request: no'), "forbidden_admission", "Change the annotations so that"),
        (status(404, "NotFound", "the server could not find the requested resource"), "api_error", "does not know the path"),
        (status(401, "Unauthorized", "Unauthorized"), "unauthorized", "credentials"),
    ],
)
def test_refusals_are_about_annotations(run_module: RunModule, reply: dict[str, t.Any], code: str, words: str) -> None:
    result = run_module(module, [get(), patch().json(reply, reply["code"])], **TARGET, annotations=A)
    assert (result["changed"], result["failure"]["code"]) == (False, code)
    assert words in result["msg"]
    assert "ephemeral" not in result["msg"].lower()


def test_an_answer_that_is_no_pod_is_asked_about(run_module: RunModule) -> None:
    result = run_module(module, [get(), patch().text(b"<html>"), get(annotations=A)], **TARGET, annotations=A)
    assert (result["changed"], result["annotations"]) == (True, A)
