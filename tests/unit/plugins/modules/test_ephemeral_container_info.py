# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module ``ephemeral_container_info`` over the wire: each test is the whole conversation with the API server, in order."""

from __future__ import annotations

import copy
import json
import typing as t

import pytest
import yaml

from ansible_collections.kubedebug.pods.plugins.modules import ephemeral_container_info as module
from tests.unit.plugins.modules.documents import (
    NAMESPACE,
    NOT_FOUND,
    POD,
    POD_PATH,
    PODS_PATH,
    RUNNING,
    TARGET,
    UID,
    pod,
    pod_list,
    status,
    stored,
    terminated,
    waiting,
)
from tests.unit.plugins.modules.script import Call, ScriptedServer

RunModule = t.Callable[..., dict[str, t.Any]]

EVENTS_PATH = f"/api/v1/namespaces/{NAMESPACE}/events"
MANAGER = "kubedebug.pods/INC-4711/5b0c9f5ad0f14e3c"


def get(document: t.Any, code: int = 200) -> Call:
    return Call("GET", POD_PATH).query().header(Authorization="Bearer token-of-the-test").json(document, code)


def log(name: str = "debugger", content: bytes = b"", **query: str) -> Call:
    return Call("GET", f"{POD_PATH}/log").query(container=name, limitBytes=query.pop("limitBytes", "65537"), **query).text(content)


def events(*items: dict[str, t.Any]) -> Call:
    return Call("GET", EVENTS_PATH).query(fieldSelector=f"involvedObject.uid={UID}", limit="500").json({"kind": "EventList", "items": list(items)})


def event(reason: str, at: str | None, name: str = "debugger", **more: t.Any) -> dict[str, t.Any]:
    place = {"fieldPath": f"spec.ephemeralContainers{{{name}}}"}
    return {"type": "Normal", "reason": reason, "message": f"{reason} it", "firstTimestamp": at, "lastTimestamp": at, "involvedObject": place, **more}


def denied(verb: str, resource: str) -> dict[str, t.Any]:
    message = f'pods "{POD}" is forbidden: User "u" cannot {verb} resource "{resource}" in API group "" in the namespace "shop"'
    return status(403, "Forbidden", message, name=POD, kind="pods")


#: The container of the original documentation's ``kubectl describe pod``, with everything that it prints.
DESCRIBED = stored(
    image="busybox",
    command=["sh"],
    stdin=True,
    tty=True,
    targetContainerName="cart",
    env=[{"name": "A", "value": "b"}],
    envFrom=[{"secretRef": {"name": "s"}}],
    volumeMounts=[{"name": "v", "mountPath": "/v"}],
    volumeDevices=[{"name": "d", "devicePath": "/dev/d"}],
)
DESCRIBED_STATUS = {
    "name": "debugger",
    "containerID": "docker://cf81908f149e7e9213d3c3644eda55c72efaff67652a2685c1146f0ce151e80f",
    "image": "docker.io/library/busybox:latest",
    "imageID": "docker-pullable://busybox@sha256:9f1003c480699be56815db0f8146ad2e22efea85129b5b5983d0e0fb52d9ab70",
    "state": {"running": {"startedAt": "2019-08-29T06:42:21Z"}},
    "lastState": {},
    "ready": False,
    "restartCount": 0,
}


def described() -> dict[str, t.Any]:
    document = pod(DESCRIBED, managed=[("kubelet", "other"), (MANAGER, "debugger")])
    document["status"]["ephemeralContainerStatuses"] = [DESCRIBED_STATUS]
    return document


def test_everything_about_a_container_is_one_get(run_module: RunModule) -> None:
    result = run_module(module, [get(described())], **TARGET)
    assert not result["changed"]
    assert result["containers"] == [
        {
            "namespace": NAMESPACE,
            "pod": POD,
            "uid": UID,
            "node": "node1",
            "name": "debugger",
            "spec": DESCRIBED,
            "status": DESCRIBED_STATUS,
            "state": "running",
            "exit_code": None,
            "reason": None,
            "message": None,
            "started_at": "2019-08-29T06:42:21Z",
            "finished_at": None,
            "last_state": {},
            "container_id": DESCRIBED_STATUS["containerID"],
            "image": "docker.io/library/busybox:latest",
            "image_id": DESCRIBED_STATUS["imageID"],
            "port": None,
            "host_port": None,
            "target": "cart",
            "command": ["sh"],
            "args": [],
            "ready": False,
            "restart_count": 0,
            "environment": [{"name": "A", "value": "b"}],
            "environment_from": [{"secretRef": {"name": "s"}}],
            "mounts": [{"name": "v", "mountPath": "/v"}],
            "devices": [{"name": "d", "devicePath": "/dev/d"}],
            "added_by": MANAGER,
            "added_at": "2026-11-01T10:00:00Z",
            "requested_by": "INC-4711",
            "log": None,
            "log_truncated": False,
            "events": [],
            "attach_command": f"kubectl attach -it -n shop cart-7c9f -c debugger --server {result['url']}",
        }
    ]


@pytest.mark.parametrize("document", [described(), pod(stored())], ids=["running", "not seen yet"])
def test_an_entry_has_the_documented_keys(run_module: RunModule, document: dict[str, t.Any]) -> None:
    returned = yaml.safe_load(module.RETURN)["containers"]["contains"]
    [entry] = run_module(module, [get(document)], **TARGET)["containers"]
    assert set(entry) == set(returned)
    kinds: dict[str, type] = {"str": str, "dict": dict, "list": list, "int": int, "bool": bool}
    assert all(value is None or isinstance(value, kinds[returned[key]["type"]]) for key, value in entry.items())


@pytest.mark.parametrize("document", [pod(), pod(phase="Succeeded"), {**pod(), "spec": {"ephemeralContainers": None}}], ids=["running", "finished", "null"])
def test_a_pod_without_ephemeral_containers_is_no_error(run_module: RunModule, document: dict[str, t.Any]) -> None:
    result = run_module(module, [get(document)], logs=True, events=True, **TARGET)
    assert result["containers"] == []
    assert not result.get("failed")


STATES: dict[str, tuple[t.Any, dict[str, t.Any]]] = {
    "not seen yet": (None, {"state": "unknown", "status": None, "image": "busybox:1.37", "image_id": None, "restart_count": 0, "last_state": {}}),
    "waiting": (
        waiting("ImagePullBackOff", "Back-off pulling image"),
        {"state": "waiting", "reason": "ImagePullBackOff", "message": "Back-off pulling image", "exit_code": None, "started_at": None},
    ),
    "running": (RUNNING, {"state": "running", "started_at": "2026-11-01T10:00:01Z", "finished_at": None, "ready": False}),
    "completed": (terminated(), {"state": "terminated", "exit_code": 0, "reason": "Completed", "finished_at": "2026-11-01T10:00:02Z"}),
    "failed": (terminated(3, "Error", message="bye"), {"state": "terminated", "exit_code": 3, "reason": "Error", "message": "bye"}),
}


@pytest.mark.parametrize(("state", "expected"), STATES.values(), ids=STATES)
def test_states(run_module: RunModule, state: t.Any, expected: dict[str, t.Any]) -> None:
    [entry] = run_module(module, [get(pod(stored(), states={"debugger": state} if state else None))], **TARGET)["containers"]
    assert {key: entry[key] for key in expected} == expected


def test_last_state_of_a_start_that_failed(run_module: RunModule) -> None:
    document = pod(stored(), states={"debugger": waiting("RunContainerError")})
    document["status"]["ephemeralContainerStatuses"][0]["lastState"] = terminated(128, "StartError")
    [entry] = run_module(module, [get(document)], **TARGET)["containers"]
    assert (entry["state"], entry["last_state"]) == ("waiting", terminated(128, "StartError"))


def test_a_pod_that_is_not_scheduled(run_module: RunModule) -> None:
    document = pod(stored(), phase="Pending")
    del document["spec"]["nodeName"]
    [entry] = run_module(module, [get(document)], **TARGET)["containers"]
    assert (entry["node"], entry["state"]) == (None, "unknown")


THREE = pod(stored(name="c"), stored(name="a"), stored(name="b"), states={"a": RUNNING, "b": terminated(), "c": waiting("ContainerCreating")})
FILTERS: dict[str, tuple[t.Any, list[str]]] = {
    "left out": (None, ["c", "a", "b"]),
    "empty": ([], ["c", "a", "b"]),
    "one": (["b"], ["b"]),
    "two": (["b", "c"], ["c", "b"]),
    "one twice": (["a", "a"], ["a"]),
    "unknown": (["d"], []),
    "unknown and known": (["d", "a"], ["a"]),
    "a container of the application": (["cart"], []),
    "commas": ("a,b", ["a", "b"]),
}


@pytest.mark.parametrize(("names", "expected"), FILTERS.values(), ids=FILTERS)
def test_filter_keeps_the_stored_order(run_module: RunModule, names: t.Any, expected: list[str]) -> None:
    result = run_module(module, [get(THREE)], **TARGET, **({} if names is None else {"names": names}))
    assert [entry["name"] for entry in result["containers"]] == expected


MANAGERS: dict[str, tuple[list[tuple[str, str]], tuple[str | None, str | None, str | None]]] = {
    "ours": ([(MANAGER, "debugger")], (MANAGER, "2026-11-01T10:00:00Z", "INC-4711")),
    "ours without words": ([("kubedebug.pods//5b0c", "debugger")], ("kubedebug.pods//5b0c", "2026-11-01T10:00:00Z", None)),
    "kubectl": ([("kubectl-debug", "debugger")], ("kubectl-debug", "2026-11-01T10:00:00Z", None)),
    "folded": ([("ancient-changes", "debugger")], (None, None, None)),
    "only another's": ([(MANAGER, "other")], (None, None, None)),
    "none": ([], (None, None, None)),
}


@pytest.mark.parametrize(("managed", "expected"), MANAGERS.values(), ids=MANAGERS)
def test_who_added_it_and_when(run_module: RunModule, managed: list[tuple[str, str]], expected: tuple[str | None, ...]) -> None:
    [entry] = run_module(module, [get(pod(stored(), managed=managed))], **TARGET)["containers"]
    assert (entry["added_by"], entry["added_at"], entry["requested_by"]) == expected


ATTACHED: dict[str, tuple[dict[str, t.Any], str]] = {
    "neither": ({}, "kubectl attach -n shop cart-7c9f -c debugger"),
    "stdin": ({"stdin": True}, "kubectl attach -i -n shop cart-7c9f -c debugger"),
    "tty": ({"tty": True}, "kubectl attach -t -n shop cart-7c9f -c debugger"),
    "both": ({"stdin": True, "tty": True}, "kubectl attach -it -n shop cart-7c9f -c debugger"),
}


@pytest.mark.parametrize(("changes", "command"), ATTACHED.values(), ids=ATTACHED)
def test_attach_command(run_module: RunModule, changes: dict[str, t.Any], command: str) -> None:
    result = run_module(module, [get(pod(stored(**changes)))], **TARGET)
    assert [entry["attach_command"] for entry in result["containers"]] == [f"{command} --server {result['url']}"]


OVER: dict[str, dict[str, t.Any]] = {
    "ended": pod(stored(), states={"debugger": terminated()}),
    "never started": pod(stored(), states={"debugger": waiting("RunContainerError")}),
    "on a pod that has ended": pod(stored(), phase="Succeeded", states={"debugger": RUNNING}),
}


@pytest.mark.parametrize("document", OVER.values(), ids=OVER)
def test_nobody_attaches_to_what_is_over(run_module: RunModule, document: dict[str, t.Any]) -> None:
    [entry] = run_module(module, [get(document)], **TARGET)["containers"]
    assert entry["attach_command"] is None


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
@pytest.mark.parametrize("diff", [False, True], ids=["plain", "diff mode"])
def test_every_mode_looks_and_changes_nothing(run_module: RunModule, check: bool, diff: bool) -> None:
    result = run_module(module, [get(THREE)], check=check, diff=diff, **TARGET)
    assert not result["changed"]
    assert "diff" not in result
    assert len(result["containers"]) == 3


def test_logs_of_what_has_started(run_module: RunModule) -> None:
    result = run_module(module, [get(THREE), log("a", b"caf\xc3\xa9 \xff\n"), log("b", b"")], logs=True, concurrency=1, **TARGET)
    assert {entry["name"]: entry["log"] for entry in result["containers"]} == {"c": None, "a": "caf\u00e9 \ufffd\n", "b": ""}


def test_logs_in_check_mode(run_module: RunModule) -> None:
    result = run_module(module, [get(THREE), log("a", b"x")], check=True, logs=True, names=["a"], **TARGET)
    assert [entry["log"] for entry in result["containers"]] == ["x"]


def test_limits_of_a_log(run_module: RunModule) -> None:
    calls = [get(THREE), log("a", b"x", limitBytes="8", tailLines="0")]
    assert run_module(module, calls, logs=True, log_limit_bytes=7, log_tail_lines=0, names=["a"], **TARGET)["containers"][0]["log"] == "x"


def test_a_log_that_cannot_be_read_is_a_warning(run_module: RunModule) -> None:
    gone = status(400, "BadRequest", 'container "a" in pod "cart-7c9f" is waiting to start: trying and failing to pull image')
    calls = [get(THREE), Call("GET", f"{POD_PATH}/log").json(gone, 400), log("b", b"x")]
    result = run_module(module, calls, logs=True, names=["a", "b"], concurrency=1, **TARGET)
    assert [entry["log"] for entry in result["containers"]] == [None, "x"]
    assert any("log of a could not be read" in str(warning) for warning in result["warnings"])
    assert not any("log of b" in str(warning) for warning in result["warnings"])


def test_a_log_that_must_not_be_read_fails(run_module: RunModule) -> None:
    calls = [get(THREE), Call("GET", f"{POD_PATH}/log").json(denied("get", "pods/log"), 403)]
    result = run_module(module, calls, logs=True, concurrency=1, **TARGET)
    assert result["failure"]["code"] == "forbidden_rbac"
    assert 'resources: ["pods/log"], verbs: ["get"]' in result["msg"]


def test_events_about_each_container_oldest_first(run_module: RunModule) -> None:
    found = [
        event("Started", "2026-11-01T10:00:03Z", "a"),
        event("Pulled", "2026-11-01T10:00:01Z", "a", count=4, type="Warning"),
        event("Pulled", "2026-11-01T10:00:01Z", "b"),
        event("Started", "2026-11-01T10:00:04Z", involvedObject={"fieldPath": "spec.containers{a}"}),
        event("Scheduled", "2026-11-01T10:00:00Z", involvedObject={}),
        event("Created", None, "a", eventTime="2026-11-01T10:00:02.5Z"),
        event("Lost", "2026-11-01T10:00:05Z", involvedObject=None),
    ]
    result = run_module(module, [get(THREE), events(*found)], events=True, **TARGET)
    told = {entry["name"]: entry["events"] for entry in result["containers"]}
    assert [item["reason"] for item in told["a"]] == ["Pulled", "Created", "Started"]
    assert told["a"][0] == {
        "type": "Warning",
        "reason": "Pulled",
        "message": "Pulled it",
        "count": 4,
        "first_at": "2026-11-01T10:00:01Z",
        "last_at": "2026-11-01T10:00:01Z",
    }
    assert (told["a"][1]["first_at"], told["a"][1]["last_at"], told["a"][1]["count"]) == ("2026-11-01T10:00:02.5Z",) * 2 + (1,)
    assert [item["reason"] for item in told["b"]] == ["Pulled"]
    assert told["c"] == []


def test_events_of_nothing_are_not_asked_for(run_module: RunModule) -> None:
    assert run_module(module, [get(THREE)], events=True, names=["d"], **TARGET)["containers"] == []


def test_events_without_the_right(run_module: RunModule) -> None:
    result = run_module(module, [get(THREE), Call("GET", EVENTS_PATH).json(denied("list", "events"), 403)], events=True, **TARGET)
    assert result["failure"]["code"] == "forbidden_rbac"
    assert 'resources: ["events"], verbs: ["list"]' in result["msg"]


FAILURES: dict[str, tuple[Call, str, str]] = {
    "no pod": (get(NOT_FOUND, 404), "pod_not_found", "There is no pod shop/cart-7c9f"),
    "no right": (get(denied("get", "pods"), 403), "forbidden_rbac", 'resources: ["pods"], verbs: ["get"]'),
    "no credentials": (get(status(401, "Unauthorized", "Unauthorized"), 401), "unauthorized", "token"),
    "something else": (get({"kind": "PodList", "items": []}), "api_error", "PodList"),
    "a page": (Call("GET", POD_PATH).text(b"<html>login</html>"), "api_error", "Kubernetes API server"),
    "a refusal of a proxy": (Call("GET", POD_PATH).text(b"<html>no</html>", 407), "api_error", "407"),
}


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
@pytest.mark.parametrize(("call", "code", "words"), FAILURES.values(), ids=FAILURES)
def test_failures(run_module: RunModule, call: Call, code: str, words: str, check: bool) -> None:
    result = run_module(module, [call], check=check, **TARGET)
    assert result["failed"]
    assert not result["changed"]
    assert result["failure"]["code"] == code
    assert words in result["msg"]
    assert "containers" not in result


def test_the_pods_that_were_looked_at(run_module: RunModule) -> None:
    result = run_module(module, [get(pod())], pod_uid=UID, **TARGET)
    assert (result["containers"], result["skipped_pods"]) == ([], [])
    assert result["pods"] == [{"namespace": NAMESPACE, "pod": POD, "uid": UID, "node": "node1"}]
    ended = pod(phase="Succeeded", name="ended")
    listed = Call("GET", PODS_PATH).query(labelSelector="app=cart", limit="500").json(pod_list(pod(), ended))
    result = run_module(module, [listed], namespace=NAMESPACE, label_selectors=["app=cart"])
    assert result["pods"] == [{"namespace": NAMESPACE, "pod": POD, "uid": UID, "node": "node1"}]
    assert [(one["pod"], one["reason"]) for one in result["skipped_pods"]] == [("ended", "pod_finished")]


def test_a_namesake_is_not_looked_at(run_module: RunModule) -> None:
    result = run_module(module, [get(pod(stored(), states={"debugger": RUNNING}))], pod_uid="another", **TARGET)
    assert result["failure"]["code"] == "pod_replaced"
    assert "containers" not in result
    assert "missing" in run_module(module, [], pod_uid=UID, namespace=NAMESPACE, workload="deployment/cart")["msg"]


def test_an_absent_pod_is_named_in_the_failure(run_module: RunModule) -> None:
    failure = run_module(module, [get(NOT_FOUND, 404)], **TARGET)["failure"]
    assert (failure["namespace"], failure["pod"], failure["container"]) == (NAMESPACE, POD, None)


def test_a_server_that_is_away_for_a_moment(run_module: RunModule) -> None:
    away = status(503, "ServiceUnavailable", "away")
    result = run_module(module, [get(away, 503), Call("GET", POD_PATH).broken(), get(THREE)], **TARGET)
    assert len(result["containers"]) == 3


BAD: dict[str, tuple[dict[str, t.Any], str]] = {
    "pod path": ({"pod": "../nodes"}, "pod"),
    "pod dots": ({"pod": ".."}, "pod"),
    "pod empty": ({"pod": ""}, "pod"),
    "pod with a line end": ({"pod": "cart\n"}, "pod"),
    "pod escaped": ({"pod": "%2e%2e"}, "pod"),
    "namespace path": ({"namespace": "a/b"}, "namespace"),
    "namespace dot": ({"namespace": "."}, "namespace"),
    "log_limit_bytes": ({"log_limit_bytes": 0}, "log_limit_bytes"),
    "log_tail_lines": ({"log_tail_lines": -1}, "log_tail_lines"),
    "request_timeout zero": ({"request_timeout": 0}, "request_timeout"),
    "request_timeout negative": ({"request_timeout": -1.5}, "request_timeout"),
    "ca_cert": ({"ca_cert": "/nowhere/ca.crt"}, "ca_cert"),
    "kubeconfig": ({"api_key": None, "kubeconfig": "/nowhere/kubeconfig"}, "kubeconfig"),
}


@pytest.mark.parametrize(("changes", "field"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_before_anything_is_sent(run_module: RunModule, changes: dict[str, t.Any], field: str) -> None:
    result = run_module(module, [], **{**TARGET, **changes})
    assert (result["failure"]["code"], result["failure"]["field"]) == ("invalid_options", field)
    assert not result["changed"]


ARGUMENTS: dict[str, tuple[dict[str, t.Any], str]] = {
    "no pod": ({"namespace": NAMESPACE}, "pod"),
    "logs": ({**TARGET, "logs": "perhaps"}, "logs"),
    "log_tail_lines": ({**TARGET, "log_tail_lines": "few"}, "log_tail_lines"),
    "names": ({**TARGET, "names": {"a": 1}}, "names"),
    "unknown": ({**TARGET, "name": "debugger"}, "name"),
    "option of the other module": ({**TARGET, "state": "absent"}, "state"),
}


@pytest.mark.parametrize(("params", "option"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments_that_are_none_of_the_module(run_module: RunModule, params: dict[str, t.Any], option: str) -> None:
    result = run_module(module, [], **params)
    assert result["failed"]
    assert option in result["msg"]


@pytest.mark.parametrize("seconds", ["inf", "nan", "1e300"])
def test_timeouts_that_are_no_time(run_module: RunModule, seconds: str) -> None:
    result = run_module(module, [], connect=False, host="http://127.0.0.1:9", api_key="x", request_timeout=seconds, **TARGET)
    assert result["failure"]["field"] == "request_timeout"


def test_names_are_quoted_into_the_path(run_module: RunModule) -> None:
    document = pod(stored(), name="a b?c=d", namespace="\u00e9")
    result = run_module(module, [Call("GET", "/api/v1/namespaces/%C3%A9/pods/a%20b%3Fc%3Dd").query().json(document)], pod="a b?c=d", namespace="\u00e9")
    [entry] = result["containers"]
    assert entry["attach_command"] == f"kubectl attach -n '\u00e9' 'a b?c=d' -c debugger --server {result['url']}"


def test_default_namespace(run_module: RunModule) -> None:
    call = Call("GET", f"/api/v1/namespaces/default/pods/{POD}").query().json(pod(stored(), namespace="default"))
    [entry] = run_module(module, [call], pod=POD)["containers"]
    assert entry["namespace"] == "default"


CONTEXTS: dict[str, tuple[dict[str, t.Any], str, str]] = {
    "current": ({}, "shop", "kubectl attach -n shop cart-7c9f -c debugger"),
    "another": ({"context": "the other"}, "default", "kubectl attach -n default cart-7c9f -c debugger --context 'the other'"),
    "option": ({"namespace": "team"}, "team", "kubectl attach -n team cart-7c9f -c debugger"),
}


@pytest.mark.parametrize(("params", "namespace", "command"), CONTEXTS.values(), ids=CONTEXTS)
def test_namespace_and_context_of_a_kubeconfig(run_module: RunModule, params: dict[str, t.Any], namespace: str, command: str) -> None:
    reply = pod(stored(), namespace=namespace)
    server = ScriptedServer([Call("GET", f"/api/v1/namespaces/{namespace}/pods/{POD}").header(Authorization="Bearer token-of-the-user").json(reply)])
    kubeconfig = {
        "current-context": "one",
        "clusters": [{"name": "c", "cluster": {"server": server.url}}],
        "users": [{"name": "u", "user": {"token": "token-of-the-user"}}],
        "contexts": [
            {"name": "one", "context": {"cluster": "c", "user": "u", "namespace": "shop"}},
            {"name": "the other", "context": {"cluster": "c", "user": "u"}},
        ],
    }
    result = run_module(module, [], connect=False, kubeconfig=kubeconfig, pod=POD, **params)
    server.finish()
    assert [(entry["namespace"], entry["attach_command"]) for entry in result["containers"]] == [(namespace, command)]
    del result["requests"]
    assert "token-of-the-user" not in json.dumps(result)


def test_the_document_of_the_server_is_not_changed(run_module: RunModule) -> None:
    document = described()
    before = copy.deepcopy(document)
    run_module(module, [get(document)], **TARGET)
    assert document == before
