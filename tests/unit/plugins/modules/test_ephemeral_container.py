# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module ``ephemeral_container`` over the wire: each test is the whole conversation with the API server, in order."""

from __future__ import annotations

import json
import time
import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils import _wait
from ansible_collections.kubedebug.pods.plugins.modules import ephemeral_container as module
from tests.unit.plugins.modules.documents import (
    ASKED,
    DUPLICATE,
    FORBIDDEN,
    NAMESPACE,
    NOT_FOUND,
    PATCH_PATH,
    POD,
    POD_PATH,
    PODS_PATH,
    RUNNING,
    SENT,
    TARGET,
    TEST_FAILED,
    UID,
    pod,
    status,
    stored,
    terminated,
    waiting,
)
from tests.unit.plugins.modules.script import Call, Request, ScriptedServer

if t.TYPE_CHECKING:
    from pathlib import Path

RunModule = t.Callable[..., dict[str, t.Any]]

FIRST: list[dict[str, t.Any]] = [
    {"op": "test", "path": "/metadata/uid", "value": UID},
    {"op": "test", "path": "/spec/ephemeralContainers", "value": None},
    {"op": "add", "path": "/spec/ephemeralContainers", "value": [SENT]},
]
NEXT: list[dict[str, t.Any]] = [{"op": "test", "path": "/metadata/uid", "value": UID}, {"op": "add", "path": "/spec/ephemeralContainers/-", "value": SENT}]


def get(document: t.Any, code: int = 200, **headers: str) -> Call:
    return Call("GET", POD_PATH).query().header(Authorization="Bearer token-of-the-test").json(document, code, **headers)


def patch(document: t.Any, code: int = 200, body: t.Any = None, dry_run: bool = False, **headers: str) -> Call:
    query: dict[str, t.Any] = {"fieldManager": lambda name: name.startswith("kubedebug.pods/"), "fieldValidation": "Strict"}
    if dry_run:
        query["dryRun"] = "All"
    return Call("PATCH", PATCH_PATH).query(**query).header(Content_Type="application/json-patch+json").body(body or FIRST).json(document, code, **headers)


def watch(*events: tuple[str, t.Any], version: str = "101") -> Call:
    def positive(text: str) -> bool:
        return int(text) > 0

    query = {"watch": "true", "fieldSelector": f"metadata.name={POD}", "resourceVersion": version, "allowWatchBookmarks": "true", "timeoutSeconds": positive}
    return Call("GET", PODS_PATH).query(**query).events(*events)


ADDED = pod(stored(), version="101")


def test_add_and_wait(run_module: RunModule) -> None:
    running = pod(stored(), states={"debugger": RUNNING}, version="103")
    result = run_module(
        module,
        [get(pod()), patch(ADDED), watch(("MODIFIED", pod(stored(), states={"debugger": waiting("ContainerCreating")}, version="102")), ("MODIFIED", running))],
        **ASKED,
    )
    assert result["changed"]
    assert result["container"] == result["containers"][0]
    assert result["container"]["state"] == "running"
    assert result["container"]["spec"] == stored()
    assert result["container"]["attach_command"] == f"kubectl attach -n shop cart-7c9f -c debugger --server {result['url']}"


def test_converged_is_one_get(run_module: RunModule) -> None:
    result = run_module(module, [get(pod(stored(), states={"debugger": RUNNING}))], **ASKED)
    assert not result["changed"]
    assert result["container"]["state"] == "running"


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_converged_on_a_finished_pod(run_module: RunModule, phase: str) -> None:
    result = run_module(module, [get(pod(stored(), states={"debugger": terminated()}, phase=phase))], **ASKED)
    assert not result["changed"]
    assert result["container"]["exit_code"] == 0


def test_second_container_is_appended(run_module: RunModule) -> None:
    other = stored(name="other")
    result = run_module(module, [get(pod(other)), patch(pod(other, stored()), body=NEXT)], wait=False, **ASKED)
    assert result["changed"]


def test_check_mode_is_a_dry_run(run_module: RunModule) -> None:
    result = run_module(module, [get(pod()), patch(ADDED, dry_run=True)], check=True, diff=True, **ASKED)
    assert result["changed"]
    assert result["diff"][0]["before"] == {"ephemeralContainers": []}
    assert result["diff"][0]["after"] == {"ephemeralContainers": [stored()]}


def test_check_mode_on_a_converged_pod_asks_nothing(run_module: RunModule) -> None:
    result = run_module(module, [get(pod(stored()))], check=True, diff=True, **ASKED)
    assert not result["changed"]
    assert result["diff"] == []


def test_check_mode_without_the_right(run_module: RunModule) -> None:
    result = run_module(module, [get(pod()), patch(FORBIDDEN, 403, dry_run=True)], check=True, **ASKED)
    assert result["failure"]["code"] == "forbidden_rbac"
    assert "dry run" in result["msg"]


def test_edit_is_refused(run_module: RunModule) -> None:
    there = stored(image="busybox:1.36", securityContext={"privileged": True})
    result = run_module(module, [get(pod(there, states={"debugger": RUNNING}))], **ASKED)
    assert result["failed"]
    assert not result["changed"]
    assert result["failure"]["code"] == "different"
    assert [(item["field"], item["wanted"], item["stored"]) for item in result["failure"]["details"]] == [
        ("spec.ephemeralContainers[0].image", "busybox:1.37", "busybox:1.36"),
        ("spec.ephemeralContainers[0].securityContext", None, {"privileged": True}),
    ]
    assert "on_difference: keep" in result["msg"]


def test_difference_can_be_kept(run_module: RunModule) -> None:
    result = run_module(module, [get(pod(stored(image="busybox:1.36"), states={"debugger": RUNNING}))], on_difference="keep", **ASKED)
    assert not result["changed"]
    assert result["container"]["differences"] == [{"field": "spec.ephemeralContainers[0].image", "wanted": "busybox:1.37", "stored": "busybox:1.36"}]
    assert any("is not what was asked for" in str(warning) for warning in result["warnings"])


def test_removal_is_refused(run_module: RunModule) -> None:
    result = run_module(module, [get(pod(stored(), states={"debugger": RUNNING}))], state="absent", name="debugger", **TARGET)
    assert result["failure"]["code"] == "removal_refused"
    assert "delete the pod" in result["msg"]


@pytest.mark.parametrize("answer", [get(pod(stored(name="other"))), get(NOT_FOUND, 404)], ids=["no container", "no pod"])
def test_absent_is_ok_where_there_is_none(run_module: RunModule, answer: Call) -> None:
    result = run_module(module, [answer], state="absent", name="debugger", **TARGET)
    assert not result.get("failed")
    assert not result["changed"]
    assert "failure" not in result


def test_document_of_the_original_page(run_module: RunModule) -> None:
    document: dict[str, t.Any] = {
        "apiVersion": "v1",
        "kind": "EphemeralContainers",
        "metadata": {"name": "example-pod"},
        "ephemeralContainers": [
            {
                "command": ["sh"],
                "image": "busybox",
                "imagePullPolicy": "IfNotPresent",
                "name": "debugger",
                "stdin": True,
                "tty": True,
                "terminationMessagePolicy": "File",
            }
        ],
    }
    path = "/api/v1/namespaces/default/pods/example-pod"
    written = {**document["ephemeralContainers"][0], "terminationMessagePath": "/dev/termination-log", "resources": {}}
    changes: dict[str, t.Any] = {"name": "example-pod", "namespace": "default"}
    result = run_module(
        module,
        [Call("GET", path).json(pod(**changes)), Call("PATCH", f"{path}/ephemeralcontainers").json(pod(written, **changes))],
        definition=document,
        wait=False,
    )
    assert result["changed"]
    assert result["container"]["attach_command"] == f"kubectl attach -it -n default example-pod -c debugger --server {result['url']}"
    again = run_module(module, [Call("GET", path).json(pod(written, states={"debugger": RUNNING}, **changes))], definition=document)
    assert not again["changed"]


def test_document_of_several_containers_is_one_write(run_module: RunModule) -> None:
    one, two, three = ({"name": name, "image": "busybox:1.37"} for name in ("one", "two", "three"))
    there = stored(name="two", command=None)
    operations = [
        {"op": "test", "path": "/metadata/uid", "value": UID},
        {"op": "add", "path": "/spec/ephemeralContainers/-", "value": one},
        {"op": "add", "path": "/spec/ephemeralContainers/-", "value": three},
    ]
    reply = pod(there, stored(name="one", command=None), stored(name="three", command=None))
    result = run_module(
        module,
        [get(pod(there)), patch(reply, body=operations)],
        definition={"kind": "EphemeralContainers", "apiVersion": "v1", "ephemeralContainers": [one, two, three]},
        wait=False,
        **TARGET,
    )
    assert [(entry["name"], entry["changed"]) for entry in result["containers"]] == [("one", True), ("two", False), ("three", True)]
    assert "container" not in result


@pytest.mark.parametrize("answer", [patch(DUPLICATE, 422), patch(TEST_FAILED, 422), patch(status(409, "Conflict", "modified"), 409)])
def test_lost_race_is_decided_again(run_module: RunModule, answer: Call) -> None:
    theirs = pod(stored(), states={"debugger": RUNNING}, managed=[("kubedebug.pods//other", "debugger")])
    result = run_module(module, [get(pod()), answer, get(theirs)], **ASKED)
    assert not result["changed"]


def test_lost_race_against_something_else(run_module: RunModule) -> None:
    result = run_module(module, [get(pod()), patch(DUPLICATE, 422), get(pod(stored(image="other:1")))], **ASKED)
    assert result["failure"]["code"] == "different"
    assert not result["changed"]


def test_another_name_was_added_first(run_module: RunModule) -> None:
    other = stored(name="other")
    result = run_module(module, [get(pod()), patch(TEST_FAILED, 422), get(pod(other)), patch(pod(other, stored()), body=NEXT)], wait=False, **ASKED)
    assert result["changed"]


def test_pod_replaced_under_the_write(run_module: RunModule) -> None:
    result = run_module(module, [get(pod()), patch(TEST_FAILED, 422), get(pod(uid="another"))], **ASKED)
    assert result["failure"]["code"] == "pod_replaced"
    assert not result["changed"]


class Remembered:
    """Keeps the field manager of the write whose reply gets lost, for the read that follows."""

    def __init__(self) -> None:
        self.manager = ""

    def lose(self, call: Call) -> Call:
        def note(name: str) -> bool:
            self.manager = name
            return True

        assert call.expected_query
        call.expected_query["fieldManager"] = note
        return call

    def written(self, _request: Request) -> t.Any:
        return pod(stored(), states={"debugger": RUNNING}, managed=[(self.manager, "debugger")])


@pytest.mark.parametrize("loss", ["reset", 500, 503, 504])
def test_lost_reply_of_a_write_that_happened(run_module: RunModule, loss: t.Any) -> None:
    memory = Remembered()
    write = memory.lose(patch(None).broken() if loss == "reset" else patch(status(loss, "InternalError", "oops"), loss))
    result = run_module(module, [get(pod()), write, get(memory.written)], **ASKED)
    assert result["changed"]


def test_lost_reply_of_a_write_that_did_not_happen(run_module: RunModule) -> None:
    result = run_module(module, [get(pod()), patch(None).broken(), get(pod()), patch(ADDED)], wait=False, **ASKED)
    assert result["changed"]


def test_lost_reply_and_somebody_else_was_there(run_module: RunModule) -> None:
    theirs = pod(stored(), states={"debugger": RUNNING}, managed=[("kubedebug.pods//other", "debugger")])
    result = run_module(module, [get(pod()), patch(None).broken(), get(theirs)], **ASKED)
    assert not result["changed"]


def test_lost_reply_and_folded_managers(run_module: RunModule) -> None:
    folded = pod(stored(), states={"debugger": RUNNING}, managed=[("ancient-changes", "debugger")])
    result = run_module(module, [get(pod()), patch(None).broken(), get(folded)], **ASKED)
    assert result["changed"]
    assert any("folded" in str(warning) for warning in result["warnings"])


def test_late_write_is_claimed_after_the_duplicate(run_module: RunModule) -> None:
    memory = Remembered()
    result = run_module(module, [get(pod()), memory.lose(patch(None).broken()), get(pod()), patch(DUPLICATE, 422), get(memory.written)], **ASKED)
    assert result["changed"]


def test_outcome_unknown(run_module: RunModule) -> None:
    away = [Call("GET", POD_PATH).broken() for _attempt in range(40)]
    result = run_module(module, [get(pod()), patch(None).broken(), *away], **ASKED)
    assert result["failure"]["code"] == "outcome_unknown"
    assert "not known" in result["msg"]
    assert result["changed"]


def test_lost_reply_of_a_write_that_admission_altered(run_module: RunModule) -> None:
    memory = Remembered()
    altered = stored(env=[{"name": "PROXY", "value": "http://proxy"}])
    answer = get(lambda _request: pod(altered, states={"debugger": RUNNING}, managed=[(memory.manager, "debugger")]))
    result = run_module(module, [get(pod()), memory.lose(patch(None).broken()), answer], **ASKED)
    assert result["failure"]["code"] == "different"
    assert result["changed"]
    assert "was added" in result["msg"]


def test_lost_reply_of_the_next_container_that_has_ended_already(run_module: RunModule) -> None:
    memory = Remembered()
    answer = get(lambda _request: pod(stored(), states={"debugger": terminated()}, managed=[(memory.manager, "debugger")]))
    result = run_module(module, [get(pod()), memory.lose(patch(None).broken()), answer], on_finished="next", **ASKED)
    assert result["changed"]
    assert [container["name"] for container in result["containers"]] == ["debugger"]


@pytest.mark.parametrize("code", [401, 403, 404], ids=["credentials", "right", "path"])
def test_lost_reply_and_a_pod_that_cannot_be_read_any_more(run_module: RunModule, code: int) -> None:
    answer = get(FORBIDDEN if code == 403 else status(code, "Other", "no"), code)
    result = run_module(module, [get(pod()), patch(None).broken(), answer], **ASKED)
    assert result["failure"]["code"] == "outcome_unknown"
    assert result["changed"]


@pytest.mark.parametrize("there", [True, False], ids=["it did happen", "it may still"])
def test_the_last_of_many_lost_replies(run_module: RunModule, there: bool) -> None:
    memory = Remembered()
    lost = [call for _round in range(9) for call in (patch(None).broken(), get(pod()))]
    result = run_module(module, [get(pod()), *lost, memory.lose(patch(None).broken()), get(memory.written if there else pod())], **ASKED)
    assert result["changed"]
    assert ("failure" in result) == (not there)
    assert there or result["failure"]["code"] == "outcome_unknown"


def test_a_server_that_fails_is_left_alone_as_long_as_it_asks(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    busy = patch(status(503, "ServiceUnavailable", "busy"), 503, Retry_After="3")
    result = run_module(module, [get(pod()), busy, get(pod()), patch(ADDED)], wait=False, **ASKED)
    assert result["changed"]
    assert 2.9 < sum(pauses) < 3.1


def test_a_token_file_that_ends_in_a_line_break(run_module: RunModule, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("token-of-the-test\n\n")
    user = {"name": "u", "user": {"tokenFile": str(tmp_path / "token")}}
    server = ScriptedServer([get(pod(stored(), states={"debugger": RUNNING})).header(authorization="Bearer token-of-the-test")])
    kubeconfig = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server.url}}],
        "users": [user],
    }
    result = run_module(module, [], connect=False, kubeconfig=kubeconfig, **ASKED)
    server.finish()
    assert not result["changed"]


def test_the_text_of_a_kubeconfig_is_not_printed(run_module: RunModule) -> None:
    text = "apiVersion: v1\nusers:\n- name: u\n  user: {token: token-of-the-test}\n"
    result = run_module(module, [], connect=False, kubeconfig=text, **ASKED)
    assert result["failure"]["field"] == "kubeconfig"
    assert "from_yaml" in result["msg"]


def test_half_a_character_is_refused(run_module: RunModule, tmp_path: Path) -> None:
    (tmp_path / "container.json").write_text('{"name": "debugger", "image": "x", "command": ["\\ud800"]}')
    result = run_module(module, [], src=str(tmp_path / "container.json"), **TARGET)
    assert result["failure"]["field"] == "spec.ephemeralContainers[0].command[0]"


def test_overload_is_waited_out(run_module: RunModule) -> None:
    busy = status(429, "TooManyRequests", "too many requests")
    result = run_module(
        module,
        [get(busy, 429, Retry_After="1"), get(status(503, "ServiceUnavailable", "away"), 503), get(pod()), patch(busy, 429, Retry_After="1"), patch(ADDED)],
        wait=False,
        **ASKED,
    )
    assert result["changed"]


def test_retry_after_beyond_the_patience_is_not_waited_for(run_module: RunModule) -> None:
    result = run_module(module, [get(status(429, "TooManyRequests", "too many requests"), 429, Retry_After="3600")], **ASKED)
    assert result["failure"]["code"] == "api_error"


def test_bounded_retries(run_module: RunModule) -> None:
    result = run_module(module, [get(status(503, "ServiceUnavailable", "away"), 503) for _attempt in range(8)], **ASKED)
    assert result["failure"]["code"] == "api_error"


REFUSALS = [
    (status(401, "Unauthorized", "Unauthorized"), 401, "unauthorized", "token"),
    (FORBIDDEN, 403, "forbidden_rbac", '{apiGroups: [""], resources: ["pods/ephemeralcontainers"], verbs: ["patch"]}'),
    (
        status(403, "Forbidden", f'pods "{POD}" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false', name=POD),
        403,
        "forbidden_pod_security",
        "allowPrivilegeEscalation != false",
    ),
    (status(403, "Forbidden", 'admission webhook "deny.example.com" denied the request: no debugging on Fridays'), 403, "forbidden_admission", "Fridays"),
    (status(400, "BadRequest", 'admission webhook "deny.example.com" denied the request: no'), 400, "forbidden_admission", "deny.example.com"),
    (
        status(422, "Invalid", f"pods \"{POD}\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: images"),
        422,
        "forbidden_admission",
        "ValidatingAdmissionPolicy",
    ),
    (status(403, "Forbidden", "unable to validate against any security context constraint: []"), 403, "forbidden_admission", "constraint"),
    (status(400, "BadRequest", 'admission webhook "w" does not support dry run'), 400, "dry_run_unsupported", "sideEffects"),
    (status(404, "NotFound", "the server could not find the requested resource"), 404, "subresource_missing", "1.23"),
    (NOT_FOUND, 404, "pod_not_found", "There is no pod shop/cart-7c9f"),
    (
        status(
            422,
            "Invalid",
            f'Pod "{POD}" is invalid: spec.ephemeralContainers[0].env[0].name: Required value',
            name=POD,
            causes=[{"reason": "FieldValueRequired", "message": "Required value", "field": "spec.ephemeralContainers[0].env[0].name"}],
        ),
        422,
        "invalid_spec",
        "env[0].name",
    ),
]


@pytest.mark.parametrize(("answer", "code", "failure", "words"), REFUSALS, ids=[f"{row[2]}-{row[1]}" for row in REFUSALS])
def test_refusals_have_codes_and_words(run_module: RunModule, answer: t.Any, code: int, failure: str, words: str) -> None:
    result = run_module(module, [get(pod()), patch(answer, code)], **ASKED)
    assert result["failure"]["code"] == failure
    assert words in result["msg"]
    assert not result["changed"]
    assert (result["failure"]["namespace"], result["failure"]["pod"], result["failure"]["container"]) == (NAMESPACE, POD, "debugger")


def test_decoding_error_does_not_quote_the_pod(run_module: RunModule) -> None:
    message = f'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.ephemeralContainers[0].newer" in {json.dumps(pod())}'
    result = run_module(
        module,
        [get(pod()), patch(status(422, "Invalid", message, causes=[{"reason": "FieldValueInvalid", "message": message, "field": "patch"}]), 422)],
        **ASKED,
    )
    assert result["failure"]["code"] == "invalid_spec"
    assert "spec.ephemeralContainers[0].newer" in result["msg"]
    assert UID not in json.dumps({key: result[key] for key in ("msg", "failure")})


CANNOT = [
    ({"phase": "Succeeded"}, "pod_finished"),
    ({"phase": "Failed"}, "pod_finished"),
    ({"deletionTimestamp": "2026-11-01T10:00:00Z"}, "pod_terminating"),
    ({"annotations": {"kubernetes.io/config.mirror": "x"}}, "static_pod"),
]


@pytest.mark.parametrize(("changes", "code"), CANNOT)
def test_pods_that_cannot_are_refused_before_the_write(run_module: RunModule, changes: dict[str, t.Any], code: str) -> None:
    result = run_module(module, [get(pod(**changes))], **ASKED)
    assert result["failure"]["code"] == code
    assert "Nothing was written" in result["msg"]


def test_everything_wrong_is_told_at_once_and_nothing_is_sent(run_module: RunModule) -> None:
    container = {"name": "Bad_Name", "image": " x", "ports": [], "resources": {"limits": {"cpu": 1}}, "livenessProbe": {}, "nonsense": 1, "command": [1.1]}
    result = run_module(module, [], definition=container, **TARGET)
    assert result["failure"]["code"] == "invalid_spec"
    path = "spec.ephemeralContainers[0]"
    fields = {f"{path}.{field}" for field in ("name", "image", "ports", "resources", "livenessProbe", "nonsense", "command[0]")}
    assert {detail["field"] for detail in result["failure"]["details"]} == fields


LIVE = [
    ({"name": "cart"}, "spec.ephemeralContainers[1].name", "FieldValueDuplicate"),
    ({"name": "setup"}, "spec.ephemeralContainers[1].name", "FieldValueDuplicate"),
    ({"target": "nobody"}, "spec.ephemeralContainers[1].targetContainerName", "FieldValueNotFound"),
    ({"target": "other"}, "spec.ephemeralContainers[1].targetContainerName", "FieldValueNotFound"),
]


@pytest.mark.parametrize(("changes", "field", "reason"), LIVE)
def test_checked_against_the_live_pod(run_module: RunModule, changes: dict[str, t.Any], field: str, reason: str) -> None:
    result = run_module(module, [get(pod(stored(name="other")))], **{**ASKED, **changes})
    assert [(detail["field"], detail["reason"]) for detail in result["failure"]["details"]] == [(field, reason)]


@pytest.mark.parametrize("target", ["cart", "setup"])
def test_app_and_init_containers_can_be_targets(run_module: RunModule, target: str) -> None:
    wanted = {**SENT, "targetContainerName": target}
    body = [*FIRST[:2], {**FIRST[2], "value": [wanted]}]
    result = run_module(module, [get(pod()), patch(pod(stored(targetContainerName=target)), body=body)], target=target, wait=False, **ASKED)
    assert result["changed"]


INVALID = [
    ({"command": "sleep,900"}, "command"),
    ({"args": "x"}, "args"),
    ({"command": [1.1]}, "command[0]"),
    ({"command": {"a": 1}}, "command"),
    ({"env": {"VERSION": 1.1}}, "env.VERSION"),
    ({"pod": None}, "pod"),
    ({"pod": ""}, "pod"),
    ({"pod": "", "definition": {"kind": "EphemeralContainers", "apiVersion": "v1", "ephemeralContainers": [{"image": "x"}]}}, "pod"),
    ({"namespace": ""}, "namespace"),
    ({"pod_uid": ""}, "pod_uid"),
    ({"pod": "../nodes"}, "pod"),
    ({"pod": ".."}, "pod"),
    ({"namespace": "a/b"}, "namespace"),
    ({"name": ""}, "name"),
    ({"log_limit_bytes": 0}, "log_limit_bytes"),
    ({"log_tail_lines": -1}, "log_tail_lines"),
    ({"wait_timeout": -1}, "wait_timeout"),
    ({"request_timeout": 0}, "request_timeout"),
    ({"definition": {"name": "other", "image": "x"}}, "name"),
    ({"definition": {"kind": "Deployment", "spec": {}}}, "definition.kind"),
    ({"definition": {"kind": "EphemeralContainers", "apiVersion": "v2", "ephemeralContainers": []}}, "definition.apiVersion"),
    ({"definition": {"kind": "EphemeralContainers", "apiVersion": "v1", "ephemeralContainers": []}}, "definition.ephemeralContainers"),
    ({"definition": {"kind": "EphemeralContainers", "apiVersion": "v1", "ephemeralContainers": [1]}}, "definition.ephemeralContainers[0]"),
    ({"definition": {"kind": "Pod", "apiVersion": "v1", "spec": 1}}, "definition.spec.ephemeralContainers"),
    ({"definition": {"kind": ["Pod"], "apiVersion": "v1"}}, "definition.kind"),
    (
        {"definition": {"kind": "EphemeralContainers", "apiVersion": "v1", "metadata": {"name": "other-pod"}, "ephemeralContainers": [{"image": "x"}]}},
        "pod",
    ),
]


@pytest.mark.parametrize(("changes", "field"), INVALID, ids=[row[1] + str(number) for number, row in enumerate(INVALID)])
def test_bad_options_are_refused_before_anything_is_sent(run_module: RunModule, changes: dict[str, t.Any], field: str) -> None:
    result = run_module(module, [], **{**ASKED, **changes})
    assert result["failure"]["code"] == "invalid_options"
    assert result["failure"]["field"] == field
    assert not result["changed"]


def test_pod_uid(run_module: RunModule) -> None:
    result = run_module(module, [get(pod(stored()))], pod_uid="another", **ASKED)
    assert result["failure"]["code"] == "pod_replaced"


FINISHED = [
    ("keep", [terminated()], None),
    ("fail", [terminated(3, "Error")], "finished"),
    ("fail", [RUNNING], None),
]


@pytest.mark.parametrize(("policy", "states", "code"), FINISHED)
def test_on_finished(run_module: RunModule, policy: str, states: list[t.Any], code: str | None) -> None:
    result = run_module(module, [get(pod(stored(), states={"debugger": states[0]}))], on_finished=policy, **ASKED)
    assert result.get("failure", {}).get("code") == code
    assert not result["changed"]


def test_next_takes_the_newest_that_still_runs(run_module: RunModule) -> None:
    there = pod(stored(), stored(name="debugger-2"), states={"debugger": terminated(), "debugger-2": RUNNING})
    result = run_module(module, [get(there)], on_finished="next", **ASKED)
    assert not result["changed"]
    assert result["container"]["name"] == "debugger-2"


def test_next_adds_another_when_all_have_ended(run_module: RunModule) -> None:
    there = pod(stored(), stored(name="debugger-2"), states={"debugger": terminated(), "debugger-2": waiting("RunContainerError")})
    wanted = {**SENT, "name": "debugger-3"}
    reply = pod(stored(), stored(name="debugger-2"), stored(name="debugger-3"))
    result = run_module(module, [get(there), patch(reply, body=[NEXT[0], {**NEXT[1], "value": wanted}])], on_finished="next", wait=False, **ASKED)
    assert result["changed"]
    assert result["container"]["name"] == "debugger-3"


INJECTED = stored(env=[{"name": "PROXY", "value": "http://proxy"}])


def test_admission_that_injects_is_told(run_module: RunModule) -> None:
    result = run_module(module, [get(pod()), patch(pod(INJECTED))], **ASKED)
    assert result["failure"]["code"] == "different"
    assert result["changed"]
    assert "admission" in result["msg"]


def test_injected_can_be_allowed(run_module: RunModule) -> None:
    result = run_module(module, [get(pod()), patch(pod(INJECTED))], allow_injected=True, wait=False, **ASKED)
    assert result["changed"]
    assert result["container"]["injected"] == [{"field": "spec.ephemeralContainers[0].env", "stored": [{"name": "PROXY", "value": "http://proxy"}]}]
    again = run_module(module, [get(pod(INJECTED))], allow_injected=True, wait=False, **ASKED)
    assert not again["changed"]


def test_dropped_fields_are_told(run_module: RunModule) -> None:
    result = run_module(module, [get(pod()), patch(pod(stored(command=None)))], **ASKED)
    assert result["failure"]["code"] == "dropped_by_server"
    assert result["changed"]


def test_container_missing_from_the_reply(run_module: RunModule) -> None:
    result = run_module(module, [get(pod()), patch(pod())], **ASKED)
    assert result["failure"]["code"] == "dropped_by_server"
    assert not result["changed"]


def test_old_api_server(run_module: RunModule) -> None:
    old = {"kind": "EphemeralContainers", "apiVersion": "v1", "metadata": {"name": POD}, "ephemeralContainers": []}
    result = run_module(module, [get(pod()), patch(old)], **ASKED)
    assert result["failure"]["code"] == "subresource_missing"


def test_not_an_api_server(run_module: RunModule) -> None:
    result = run_module(module, [Call("GET", POD_PATH).text(b"<html>login</html>")], **ASKED)
    assert result["failure"]["code"] == "api_error"
    assert "Kubernetes API server" in result["msg"]


def test_warnings_of_the_server_are_passed_on(run_module: RunModule) -> None:
    result = run_module(module, [get(pod()), patch(ADDED, Warning='299 - "would violate PodSecurity \\"restricted:latest\\""')], wait=False, **ASKED)
    assert any('would violate PodSecurity "restricted:latest"' in str(warning) for warning in result["warnings"])


def test_warnings_of_the_server_cannot_steer_a_terminal(run_module: RunModule) -> None:
    result = run_module(module, [get(pod()), patch(ADDED, Warning='299 - "\033[2Jok: [localhost]"')], wait=False, **ASKED)
    assert result["warnings"]
    assert repr(r"\x1b[2Jok: [localhost]") in str(result["warnings"])


VERDICTS = [
    (terminated(0), "running", None),
    (terminated(5, "Error"), "running", None),
    (terminated(0), "completed", None),
    (terminated(5, "Error"), "completed", "exited"),
    (terminated(128, "StartError"), "running", "start_error"),
    (waiting("RunContainerError", "exec: no such file"), "running", "start_error"),
    (waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root"), "running", "start_error"),
    (waiting("InvalidImageName"), "running", "image_error"),
    (waiting("ErrImageNeverPull"), "running", "image_error"),
]


@pytest.mark.parametrize(("state", "wait_for", "code"), VERDICTS)
def test_verdicts(run_module: RunModule, state: t.Any, wait_for: str, code: str | None) -> None:
    calls = [get(pod()), patch(ADDED), watch(("MODIFIED", pod(stored(), states={"debugger": state}, version="102")))]
    if code == "image_error":
        event = {"type": "Warning", "message": "no such image", "involvedObject": {"fieldPath": "spec.ephemeralContainers{debugger}"}}
        calls.append(Call("GET", f"/api/v1/namespaces/{NAMESPACE}/events").json({"kind": "EventList", "items": [event]}))
    result = run_module(module, calls, wait_for=wait_for, **ASKED)
    assert result["changed"]
    assert result.get("failure", {}).get("code") == code
    if code in ("start_error", "image_error"):
        assert "used up" in result["msg"]
    if code == "image_error":
        assert "no such image" in result["msg"]


CAUSE = 'failed to pull and unpack image "busybox:1.37": failed to resolve reference: dial tcp: lookup registry: no such host'
PULLED: dict[str, tuple[str, str]] = {
    "the same": (CAUSE, f'Failed to pull image "busybox:1.37": {CAUSE}'),
    "as the runtime says it": (CAUSE, f'Failed to pull image "busybox:1.37": rpc error: code = Unknown desc = {CAUSE}'),
    "while it waits": (
        f'Back-off pulling image "busybox:1.37": ErrImagePull: rpc error: code = Unknown desc = {CAUSE}',
        f'Failed to pull image "busybox:1.37": {CAUSE}',
    ),
    "only in the event": ('Back-off pulling image "busybox:1.37"', f'Failed to pull image "busybox:1.37": \033[2J{CAUSE}'),
}


@pytest.mark.parametrize(("said", "event"), PULLED.values(), ids=PULLED)
def test_why_a_pull_failed_is_said_once(run_module: RunModule, said: str, event: str) -> None:
    state = waiting("ImageInspectError", said)
    told = {"type": "Warning", "message": event, "involvedObject": {"fieldPath": "spec.ephemeralContainers{debugger}"}}
    events = Call("GET", f"/api/v1/namespaces/{NAMESPACE}/events").json({"kind": "EventList", "items": [told]})
    watched = watch(("MODIFIED", pod(stored(), states={"debugger": state}, version="102")))
    result = run_module(module, [get(pod()), patch(ADDED), watched, events], **ASKED)
    assert result["msg"].count("no such host") == 1
    assert result["msg"].isprintable()
    assert {"event": event} in result["failure"]["details"]


def test_other_success_exit_codes(run_module: RunModule) -> None:
    result = run_module(module, [get(pod(stored(), states={"debugger": terminated(5, "Error")}))], wait_for="completed", success_exit_codes=[0, 5], **ASKED)
    assert not result.get("failed")


def test_watch_goes_on_after_it_ends_and_after_410(run_module: RunModule) -> None:
    creating = pod(stored(), states={"debugger": waiting("ContainerCreating")}, version="102")
    gone = {"kind": "Status", "code": 410}
    running = pod(stored(), states={"debugger": RUNNING}, version="110")
    result = run_module(module, [get(pod()), patch(ADDED), watch(("MODIFIED", creating)), watch(("ERROR", gone), version="102"), get(running)], **ASKED)
    assert result["container"]["state"] == "running"


def test_a_watch_that_a_proxy_holds_back_does_not_hold_up_the_wait(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wait, "_WATCH_FIRST", 0.7)
    began = time.monotonic()
    result = run_module(module, [get(pod()), patch(ADDED), watch().after(60), get(pod(stored(), states={"debugger": RUNNING}))], **ASKED)
    assert result["container"]["state"] == "running"
    assert time.monotonic() - began < 20


def test_polls_where_watching_is_forbidden(run_module: RunModule) -> None:
    denied = status(403, "Forbidden", 'pods is forbidden: User "u" cannot watch resource "pods" in API group "" in the namespace "shop"')
    refused = watch()
    refused.reply, refused.status = json.dumps(denied).encode(), 403
    creating = pod(stored(), states={"debugger": waiting("ContainerCreating")}, version="102")
    result = run_module(module, [get(pod()), patch(ADDED), refused, get(creating), get(pod(stored(), states={"debugger": RUNNING}))], **ASKED)
    assert result["container"]["state"] == "running"


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (("DELETED", pod(stored(), version="102")), "pod_not_found"),
        (("MODIFIED", pod(stored(), version="102", phase="Failed")), "pod_finished"),
        (("MODIFIED", pod(stored(), version="102", deletionTimestamp="2026-11-01T10:00:00Z")), "pod_terminating"),
        (("ADDED", pod(stored(), version="102", uid="another")), "pod_replaced"),
    ],
)
def test_pod_that_goes_ends_the_wait(run_module: RunModule, event: tuple[str, t.Any], code: str) -> None:
    result = run_module(module, [get(pod()), patch(ADDED), watch(event)], **ASKED)
    assert result["failure"]["code"] == code
    assert result["changed"]


def test_time_out_says_the_last_state(run_module: RunModule) -> None:
    there = pod(stored(), states={"debugger": waiting("ContainerCreating", "mounting")})
    result = run_module(module, [get(there)], wait_timeout=0, **ASKED)
    assert result["failure"]["code"] == "timed_out"
    assert "waiting ContainerCreating: mounting" in result["msg"]


def test_log(run_module: RunModule) -> None:
    there = pod(stored(), states={"debugger": terminated()})
    log = Call("GET", f"{POD_PATH}/log").query(container="debugger", limitBytes="1001", tailLines="5").text(b"caf\xc3\xa9 \xff {{ x }}\n")
    result = run_module(module, [get(there), log], logs=True, log_tail_lines=5, log_limit_bytes=1000, **ASKED)
    assert result["container"]["log"] == "café \ufffd {{ x }}\n"


def test_log_that_must_not_be_read_fails_and_what_was_done_counts(run_module: RunModule) -> None:
    there = pod(stored(), states={"debugger": RUNNING}, version="101")
    denied = status(403, "Forbidden", 'pods "x" is forbidden: User "u" cannot get resource "pods/log" in API group "" in the namespace "shop"')
    result = run_module(module, [get(pod()), patch(there), Call("GET", f"{POD_PATH}/log").json(denied, 403)], logs=True, **ASKED)
    assert result["failure"]["code"] == "forbidden_rbac"
    assert result["failure"]["details"][0]["resource"] == "pods/log"
    assert result["changed"]
    assert result["container"]["state"] == "running"


def test_log_that_is_not_there_is_a_warning(run_module: RunModule) -> None:
    there = pod(stored(), states={"debugger": RUNNING})
    gone = status(400, "BadRequest", 'container "debugger" in pod "cart-7c9f" is not available')
    result = run_module(module, [get(there), Call("GET", f"{POD_PATH}/log").json(gone, 400)], logs=True, **ASKED)
    assert not result.get("failed")
    assert any("is not available" in str(warning) for warning in result["warnings"])


def test_field_manager_tells_who_asked(run_module: RunModule) -> None:
    write = patch(ADDED)
    assert write.expected_query
    write.expected_query["fieldManager"] = lambda name: name.startswith("kubedebug.pods/INC-4711/") and len(name) > len("kubedebug.pods/INC-4711/") + 8
    run_module(module, [get(pod()), write], requested_by="INC-4711", wait=False, **ASKED)


def test_too_long_words_about_who_asked_are_cut_aloud(run_module: RunModule) -> None:
    write = patch(ADDED)
    assert write.expected_query
    write.expected_query["fieldManager"] = lambda name: len(name.encode()) <= 128 and "\n" not in name
    result = run_module(module, [get(pod()), write], requested_by="é\n" * 200, wait=False, **ASKED)
    assert any("requested_by" in str(warning) for warning in result["warnings"])


def test_unreachable_server(run_module: RunModule) -> None:
    result = run_module(module, [], connect=False, host="http://user:secret-word@127.0.0.1:9", api_key="x", **ASKED)
    assert result["failure"]["code"] == "api_unreachable"
    assert "secret-word" not in result["msg"]


def test_src_file(run_module: RunModule, tmp_path: t.Any) -> None:
    file = tmp_path / "container.yml"
    file.write_text("# a container\nname: debugger\nimage: busybox:1.37\ncommand: [sleep, '900']\n")
    result = run_module(module, [get(pod(stored()))], src=str(file), wait=False, **TARGET)
    assert not result["changed"]


SRC = [
    (b"a: [", "neither JSON nor YAML|not one JSON or YAML"),
    (b"name: a\nname: b\n", "stands twice"),
    (b'{"name": "a", "name": "b"}', "stands twice"),
    (b"\xff\xfe", "UTF-8"),
    (b"", "holds 0 documents"),
    (b"a: 1\n---\nb: 2\n", "holds 2 documents"),
    (b"- 1\n", "one mapping"),
    (b"!!python/object/apply:os.system [id]\n", "not one JSON or YAML"),
]


@pytest.mark.parametrize(("content", "words"), SRC)
def test_bad_src_files(run_module: RunModule, tmp_path: t.Any, content: bytes, words: str) -> None:
    file = tmp_path / "container.yml"
    file.write_bytes(content)
    result = run_module(module, [], src=str(file), **TARGET)
    assert result["failure"]["code"] == "invalid_options"
    assert any(word in result["msg"] for word in words.split("|"))


def test_missing_src_file(run_module: RunModule, tmp_path: t.Any) -> None:
    result = run_module(module, [], src=str(tmp_path / "none.yml"), **TARGET)
    assert result["failure"]["code"] == "invalid_options"
