# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wanted against stored, under the server's defaulting (pkg/apis/core/v1/defaults.go) and encoding."""

from __future__ import annotations

import copy
import typing as t

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.kubedebug.pods.plugins.module_utils._compare import compare, default_pull_policy, normal_form
from tests.unit.plugins.module_utils.specs import CONTAINERS, EVERY_FIELD, PATH, PULL_POLICIES, Container, server_stores
from tests.unit.plugins.modules.documents import SENT, stored

PROPERTY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ENV_PATH = f"{PATH}.env[0].valueFrom"


def variable(**source: t.Any) -> Container:
    return {"env": [{"name": "A", "valueFrom": source}]}


@pytest.mark.parametrize(("image", "policy"), PULL_POLICIES.items())
def test_default_pull_policy(image: str, policy: str) -> None:
    assert default_pull_policy(image) == policy


UNPARSABLE = {
    "64 hexadecimal digits": "a" * 64,
    "sha256 with 36 digits": "busybox:latest@sha256:" + "a" * 36,
    "sha256 in capitals": "busybox:latest@sha256:" + "A" * 64,
    "unsupported digest": "busybox:latest@md5:" + "a" * 32,
    "255 letters": "x" * 255,
}


@pytest.mark.parametrize("image", UNPARSABLE.values(), ids=UNPARSABLE)
def test_pull_policy_of_what_the_reference_library_refuses(image: str) -> None:
    assert default_pull_policy(image) == "IfNotPresent"


DEFAULTED: dict[str, tuple[Container, Container]] = {
    "nothing but what was sent": ({}, {}),
    "imagePullPolicy by tag": ({"image": "busybox:latest"}, {"image": "busybox:latest", "imagePullPolicy": "Always"}),
    "imagePullPolicy without tag": ({"image": "busybox"}, {"image": "busybox", "imagePullPolicy": "Always"}),
    "imagePullPolicy given": ({"image": "busybox", "imagePullPolicy": "Never"}, {"image": "busybox", "imagePullPolicy": "Never"}),
    "imagePullPolicy given as default": ({"imagePullPolicy": "IfNotPresent"}, {}),
    "terminationMessagePath": ({"terminationMessagePath": "/dev/termination-log"}, {}),
    "terminationMessagePolicy": ({"terminationMessagePolicy": "File"}, {}),
    "fieldRef.apiVersion": (variable(fieldRef={"fieldPath": "metadata.name"}), variable(fieldRef={"apiVersion": "v1", "fieldPath": "metadata.name"})),
    "fileKeyRef.optional": (
        variable(fileKeyRef={"volumeName": "v", "path": "p", "key": "k"}),
        variable(fileKeyRef={"volumeName": "v", "path": "p", "key": "k", "optional": False}),
    ),
    "resources": ({"resources": {}}, {}),
    "stdin false": ({"stdin": False, "stdinOnce": False, "tty": False}, {}),
    "env value empty": ({"env": [{"name": "A", "value": ""}]}, {"env": [{"name": "A"}]}),
    "workingDir empty": ({"workingDir": ""}, {}),
    "targetContainerName empty": ({"targetContainerName": ""}, {}),
    "readOnly false": ({"volumeMounts": [{"name": "v", "mountPath": "/v", "readOnly": False}]}, {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}),
    "subPath empty": ({"volumeMounts": [{"name": "v", "mountPath": "/v", "subPath": ""}]}, {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}),
    "lists empty": ({"args": [], "env": [], "envFrom": [], "volumeMounts": [], "volumeDevices": []}, {}),
    "capability lists empty": ({"securityContext": {"capabilities": {"add": [], "drop": ["ALL"]}}}, {"securityContext": {"capabilities": {"drop": ["ALL"]}}}),
    "nulls": ({"args": None, "env": None, "securityContext": None, "imagePullPolicy": None, "terminationMessagePath": None}, {}),
    "securityContext empty": ({"securityContext": {}}, {"securityContext": {}}),
    "pointers to zero": ({"securityContext": {"privileged": False, "runAsUser": 0}}, {"securityContext": {"privileged": False, "runAsUser": 0}}),
    "every field": (EVERY_FIELD, EVERY_FIELD),
}


@pytest.mark.parametrize(("asked", "read"), DEFAULTED.values(), ids=DEFAULTED)
def test_equal_under_defaulting(asked: Container, read: Container) -> None:
    assert compare({**SENT, **asked}, stored(**read), PATH) == ([], [])


def test_equal_under_the_default_divisor() -> None:
    asked, read = variable(resourceFieldRef={"resource": "limits.cpu"}), variable(resourceFieldRef={"resource": "limits.cpu", "divisor": "0"})
    assert compare({**SENT, **asked}, stored(**read), PATH) == ([], [])


QUANTITIES = [("1000m", "1"), (1, "1"), ("1", "1"), ("0.001", "1m"), (0.001, "1m"), ("1024Ki", "1Mi"), ("1000k", "1M"), ("0", "0"), (0, "0"), ("1Ei", "1Ei")]


@pytest.mark.parametrize(("asked", "read"), QUANTITIES)
def test_quantities_are_equal_by_value(asked: t.Any, read: str) -> None:
    wanted, there = (variable(resourceFieldRef={"resource": "limits.cpu", "divisor": divisor}) for divisor in (asked, read))
    assert compare({**SENT, **wanted}, stored(**there), PATH).differences == []


@pytest.mark.parametrize(("asked", "read"), [("1", "1m"), ("1", "1k"), ("1M", "1Mi"), ("2", "1"), ("1", "nonsense"), ("1.2.3", "1")])
def test_other_quantities_differ(asked: str, read: str) -> None:
    wanted, there = (variable(resourceFieldRef={"resource": "limits.cpu", "divisor": divisor}) for divisor in (asked, read))
    found = compare({**SENT, **wanted}, stored(**there), PATH)
    assert [difference["field"] for difference in found.differences] == [f"{ENV_PATH}.resourceFieldRef.divisor"]


MOUNT = {"name": "v", "mountPath": "/v"}
A, B = {"name": "A", "value": "1"}, {"name": "B", "value": "2"}
#: asked, stored, the differences as (field, wanted, stored)
DIFFERENT: dict[str, tuple[Container, Container, list[tuple[str, t.Any, t.Any]]]] = {
    "image": ({}, {"image": "busybox:1.36"}, [("image", "busybox:1.37", "busybox:1.36")]),
    "command": ({}, {"command": ["sleep", "901"]}, [("command", ["sleep", "900"], ["sleep", "901"])]),
    "command order": ({"command": ["a", "b"]}, {"command": ["b", "a"]}, [("command", ["a", "b"], ["b", "a"])]),
    "command longer": ({}, {"command": ["sleep", "900", "1"]}, [("command", ["sleep", "900"], ["sleep", "900", "1"])]),
    "command gone": ({}, {"command": None}, [("command", ["sleep", "900"], None)]),
    "args": ({"args": ["a"]}, {"args": ["b"]}, [("args", ["a"], ["b"])]),
    "workingDir": ({"workingDir": "/a"}, {"workingDir": "/b"}, [("workingDir", "/a", "/b")]),
    "targetContainerName": ({"targetContainerName": "cart"}, {"targetContainerName": "setup"}, [("targetContainerName", "cart", "setup")]),
    "targetContainerName gone": ({"targetContainerName": "cart"}, {}, [("targetContainerName", "cart", None)]),
    "stdin": ({"stdin": True}, {}, [("stdin", True, None)]),
    "stdinOnce": ({"stdinOnce": True}, {}, [("stdinOnce", True, None)]),
    "tty": ({"tty": True}, {}, [("tty", True, None)]),
    "imagePullPolicy": ({"imagePullPolicy": "Always"}, {}, [("imagePullPolicy", "Always", "IfNotPresent")]),
    "imagePullPolicy against the default": ({}, {"imagePullPolicy": "Always"}, [("imagePullPolicy", "IfNotPresent", "Always")]),
    "terminationMessagePath": ({"terminationMessagePath": "/a"}, {}, [("terminationMessagePath", "/a", "/dev/termination-log")]),
    "terminationMessagePath against the default": ({}, {"terminationMessagePath": "/a"}, [("terminationMessagePath", "/dev/termination-log", "/a")]),
    "terminationMessagePolicy against the default": (
        {},
        {"terminationMessagePolicy": "FallbackToLogsOnError"},
        [("terminationMessagePolicy", "File", "FallbackToLogsOnError")],
    ),
    "env value": ({"env": [A]}, {"env": [{**A, "value": "2"}]}, [("env[0].value", "1", "2")]),
    "env value gone": ({"env": [A]}, {"env": [{"name": "A"}]}, [("env[0].value", "1", None)]),
    "env gone": ({"env": [A]}, {}, [("env", [A], None)]),
    "env one gone": ({"env": [A, B]}, {"env": [A]}, [("env[1]", B, None)]),
    "env one more": ({"env": [B]}, {"env": [A, B]}, [("env[0]", None, A)]),
    "env all extra": ({}, {"env": [A]}, [("env", None, [A])]),
    "env order": ({"env": [A, B]}, {"env": [B, A]}, [("env[0]", None, B), ("env[1]", B, None)]),
    "env value became a reference": (
        {"env": [A]},
        variable(secretKeyRef={"name": "s", "key": "k"}),
        [("env[0].value", "1", None), ("env[0].valueFrom", None, {"secretKeyRef": {"name": "s", "key": "k"}})],
    ),
    "fieldRef.fieldPath": (
        variable(fieldRef={"fieldPath": "metadata.name"}),
        variable(fieldRef={"apiVersion": "v1", "fieldPath": "metadata.uid"}),
        [("env[0].valueFrom.fieldRef.fieldPath", "metadata.name", "metadata.uid")],
    ),
    "secretKeyRef.optional": (
        variable(secretKeyRef={"name": "s", "key": "k", "optional": False}),
        variable(secretKeyRef={"name": "s", "key": "k"}),
        [("env[0].valueFrom.secretKeyRef.optional", False, None)],
    ),
    "envFrom": (
        {"envFrom": [{"configMapRef": {"name": "a"}}]},
        {"envFrom": [{"configMapRef": {"name": "b"}}]},
        [("envFrom[0]", {"configMapRef": {"name": "a"}}, None), ("envFrom[0]", None, {"configMapRef": {"name": "b"}})],
    ),
    "envFrom extra": ({}, {"envFrom": [{"secretRef": {"name": "a"}}]}, [("envFrom", None, [{"secretRef": {"name": "a"}}])]),
    "volumeMounts name": ({"volumeMounts": [MOUNT]}, {"volumeMounts": [{**MOUNT, "name": "w"}]}, [("volumeMounts[0].name", "v", "w")]),
    "volumeMounts readOnly": ({"volumeMounts": [MOUNT]}, {"volumeMounts": [{**MOUNT, "readOnly": True}]}, [("volumeMounts[0].readOnly", None, True)]),
    "volumeMounts path": (
        {"volumeMounts": [MOUNT]},
        {"volumeMounts": [{**MOUNT, "mountPath": "/w"}]},
        [("volumeMounts[0]", MOUNT, None), ("volumeMounts[0]", None, {**MOUNT, "mountPath": "/w"})],
    ),
    "volumeMounts extra": ({}, {"volumeMounts": [MOUNT]}, [("volumeMounts", None, [MOUNT])]),
    "volumeDevices name": (
        {"volumeDevices": [{"name": "a", "devicePath": "/dev/a"}]},
        {"volumeDevices": [{"name": "b", "devicePath": "/dev/a"}]},
        [("volumeDevices[0].name", "a", "b")],
    ),
    "securityContext gone": ({"securityContext": {"privileged": True}}, {}, [("securityContext", {"privileged": True}, None)]),
    "securityContext extra": ({}, {"securityContext": {"privileged": True}}, [("securityContext", None, {"privileged": True})]),
    "securityContext empty against none": ({"securityContext": {}}, {}, [("securityContext", {}, None)]),
    "securityContext one more": (
        {"securityContext": {"runAsUser": 0}},
        {"securityContext": {"runAsUser": 0, "runAsGroup": 0}},
        [("securityContext.runAsGroup", None, 0)],
    ),
    "securityContext false against none": (
        {"securityContext": {"privileged": False}},
        {"securityContext": {}},
        [("securityContext.privileged", False, None)],
    ),
    "runAsUser": ({"securityContext": {"runAsUser": 0}}, {"securityContext": {"runAsUser": 1}}, [("securityContext.runAsUser", 0, 1)]),
    "capability extra": (
        {"securityContext": {"capabilities": {"add": ["KILL"]}}},
        {"securityContext": {"capabilities": {"add": ["KILL", "SYS_ADMIN"]}}},
        [("securityContext.capabilities.add[1]", None, "SYS_ADMIN")],
    ),
    "capability gone": (
        {"securityContext": {"capabilities": {"add": ["KILL", "CHOWN"]}}},
        {"securityContext": {"capabilities": {"add": ["KILL"]}}},
        [("securityContext.capabilities.add[1]", "CHOWN", None)],
    ),
    "two at once": ({"tty": True}, {"image": "x:1"}, [("image", "busybox:1.37", "x:1"), ("tty", True, None)]),
}


@pytest.mark.parametrize(("asked", "read", "expected"), DIFFERENT.values(), ids=DIFFERENT)
def test_differences(asked: Container, read: Container, expected: list[tuple[str, t.Any, t.Any]]) -> None:
    found = compare({**SENT, **asked}, stored(**read), PATH)
    assert [(item["field"], item["wanted"], item["stored"]) for item in found.differences] == [
        (f"{PATH}.{field}", wanted, there) for field, wanted, there in expected
    ]
    assert found.injected == []


#: stored beyond what was asked, the injected fields, and whether it takes allow_injected to make them no differences
INJECTED: dict[str, tuple[Container, list[tuple[str, t.Any]], bool]] = {
    "a field of a newer API": ({"newer": {"a": 1}}, [("newer", {"a": 1})], False),
    "resources": ({"resources": {"limits": {"cpu": "1"}}}, [("resources", {"limits": {"cpu": "1"}})], False),
    "env": ({"env": [A]}, [("env", [A])], True),
    "envFrom": ({"envFrom": [{"secretRef": {"name": "a"}}]}, [("envFrom", [{"secretRef": {"name": "a"}}])], True),
    "volumeMounts": ({"volumeMounts": [MOUNT]}, [("volumeMounts", [MOUNT])], True),
    "securityContext": ({"securityContext": {"runAsUser": 5}}, [("securityContext", {"runAsUser": 5})], True),
}


@pytest.mark.parametrize(("read", "expected", "strict"), INJECTED.values(), ids=INJECTED)
def test_injected(read: Container, expected: list[tuple[str, t.Any]], strict: bool) -> None:
    extras = [(f"{PATH}.{field}", value) for field, value in expected]
    allowed = compare(SENT, stored(**read), PATH, allow_injected=True)
    assert ([(item["field"], item["stored"]) for item in allowed.injected], allowed.differences) == (extras, [])
    plain = compare(SENT, stored(**read), PATH)
    told = plain.differences if strict else plain.injected
    assert [(item["field"], item["stored"]) for item in told] == extras
    assert bool(plain.differences) is strict


AUTHORED: dict[str, t.Any] = {
    "command": ["sleep", "900"],
    "args": ["x"],
    "workingDir": "/w",
    "targetContainerName": "cart",
    "stdin": True,
    "stdinOnce": True,
    "tty": True,
    "volumeDevices": [{"name": "a", "devicePath": "/a"}],
}


@pytest.mark.parametrize(("field", "value"), AUTHORED.items(), ids=AUTHORED)
@pytest.mark.parametrize("asked", ["left out", "nothing"])
@pytest.mark.parametrize("allow_injected", [False, True])
def test_what_only_an_author_gives_is_a_difference(field: str, value: t.Any, asked: str, allow_injected: bool) -> None:
    """Also where nothing was asked for in so many words: ``stdin: false``, ``command: []``, ``target: ""``."""
    wanted = {key: item for key, item in SENT.items() if key != field} | ({} if asked == "left out" else {field: type(value)()})
    found = compare(wanted, stored(**{field: value}), PATH, allow_injected=allow_injected)
    assert [(item["field"], item["stored"]) for item in found.differences] == [(f"{PATH}.{field}", value)]


def test_injected_between_and_within_asked_items() -> None:
    asked = {"env": [A, B], "securityContext": {"capabilities": {"drop": ["ALL"]}}}
    extra = {"name": "X", "value": "x"}
    read = {"env": [extra, A, extra, B, extra], "securityContext": {"capabilities": {"add": ["KILL"], "drop": ["ALL"]}, "privileged": False}}
    found = compare({**SENT, **asked}, stored(**read), PATH, allow_injected=True)
    assert found.differences == []
    assert [item["field"].removeprefix(f"{PATH}.") for item in found.injected] == [
        "env[0]",
        "env[2]",
        "env[4]",
        "securityContext.capabilities.add",
        "securityContext.privileged",
    ]


def test_allow_injected_does_not_allow_changes() -> None:
    found = compare({**SENT, "env": [A]}, stored(env=[{**A, "value": "2"}]), PATH, allow_injected=True)
    assert [item["field"] for item in found.differences] == [f"{PATH}.env[0].value"]


def test_names_are_left_aside() -> None:
    assert compare(SENT, stored(name="debugger-2"), PATH) == ([], [])


def test_normal_form_is_what_the_server_stores() -> None:
    without_resources = {key: value for key, value in stored().items() if key != "resources"}
    assert normal_form(SENT) == normal_form(stored()) == without_resources


def _leaves(value: t.Any, path: tuple[t.Any, ...] = ()) -> list[tuple[t.Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in _leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in _leaves(item, (*path, index))]
    return [path]


def _changed(container: Container, path: tuple[t.Any, ...]) -> Container:
    copied = copy.deepcopy(container)
    parent: t.Any = copied
    for step in path[:-1]:
        parent = parent[step]
    old = parent[path[-1]]
    parent[path[-1]] = not old if isinstance(old, bool) else old + 1 if isinstance(old, int) else f"{old}-other"
    return copied


@PROPERTY
@given(CONTAINERS)
def test_what_the_server_makes_of_a_container_equals_it(asked: Container) -> None:
    read = server_stores(asked)
    before = copy.deepcopy((asked, read))
    assert compare(asked, read, PATH) == ([], [])
    assert compare(read, read, PATH) == ([], [])
    assert (asked, read) == before


@PROPERTY
@given(CONTAINERS, st.data())
def test_any_changed_field_is_a_difference(asked: Container, data: st.DataObject) -> None:
    read = server_stores(asked)
    path = data.draw(st.sampled_from([leaf for leaf in _leaves(read) if leaf != ("name",)]))
    other = _changed(read, path)
    before = copy.deepcopy((asked, other))
    for allow_injected in (False, True):
        found = compare(asked, other, PATH, allow_injected=allow_injected)
        assert found.differences
        assert all(item["field"].startswith(f"{PATH}.{path[0]}") and item["wanted"] != item["stored"] for item in found.differences)
    assert (asked, other) == before


@PROPERTY
@given(CONTAINERS, st.data())
def test_any_field_that_is_not_stored_is_a_difference(asked: Container, data: st.DataObject) -> None:
    read = server_stores(asked)
    fields = sorted(set(read) & set(asked) - {"name", "image", "imagePullPolicy", "terminationMessagePath", "terminationMessagePolicy"})
    for field in data.draw(st.permutations(fields))[:1]:
        without = {key: value for key, value in read.items() if key != field}
        assert [(item["field"], item["stored"]) for item in compare(asked, without, PATH).differences] == [(f"{PATH}.{field}", None)]


@pytest.mark.parametrize("path", _leaves(EVERY_FIELD), ids=lambda path: ".".join(map(str, path)))
def test_each_field_counts(path: tuple[t.Any, ...]) -> None:
    found = compare(EVERY_FIELD, server_stores(_changed(EVERY_FIELD, path)), PATH)
    assert bool(found.differences) == (path != ("name",))
