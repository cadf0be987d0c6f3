# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers against the API's rules: paths, reasons and words of pkg/apis/core/validation/validation.go."""

from __future__ import annotations

import copy
import typing as t

import pytest
from hypothesis import given, settings

from ansible_collections.kubedebug.pods.plugins.module_utils._schema import LARGEST
from ansible_collections.kubedebug.pods.plugins.module_utils._validate import live_errors, names, static_errors
from tests.unit.plugins.module_utils.specs import CONTAINERS, EVERY_FIELD, PATH, Container
from tests.unit.plugins.modules.documents import SENT, pod, stored

LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character "
    "(e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
FORBIDDEN = "Forbidden: cannot be set for an Ephemeral Container"


def found(**changes: t.Any) -> list[tuple[str, str]]:
    """(field, reason) of everything that is wrong with SENT and these changes."""
    return [(error.field.removeprefix(f"{PATH}."), error.reason) for error in static_errors({**SENT, **changes}, PATH)]


VALID: dict[str, Container] = {
    "what was sent": SENT,
    "every field": EVERY_FIELD,
    "the least": {"name": "d", "image": "x"},
    "no image reference": {"name": "d", "image": "Not an Image!"},
    "tty without stdin": {**SENT, "tty": True},
    "nulls": {**SENT, "args": None, "env": None, "securityContext": None, "ports": None, "livenessProbe": None, "lifecycle": None},
    "resources empty": {**SENT, "resources": {}},
    "subPath empty": {**SENT, "volumeMounts": [{"name": "v", "mountPath": "/v", "subPath": "", "subPathExpr": ""}]},
    "lists empty": {**SENT, "command": [], "args": [], "env": [], "envFrom": [], "volumeMounts": [], "volumeDevices": []},
    "name of one letter": {**SENT, "name": "a"},
    "name of digits": {**SENT, "name": "007"},
    "name of 63 letters": {**SENT, "name": "a" * 63},
    "names twice in env": {**SENT, "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]},
    "command words of any kind": {**SENT, "command": ["", " ", "\n", "$(A)", "{{ x }}", "\u00e9"]},
    **{
        f"divisor {divisor!r}": {**SENT, "env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": divisor}}}]}
        for divisor in ("1m", "1", 1, 0.001, "0")
    },
}


@pytest.mark.parametrize("container", VALID.values(), ids=VALID)
def test_valid(container: Container) -> None:
    before = copy.deepcopy(container)
    assert static_errors(container, PATH) == []
    assert container == before


@settings(max_examples=100, deadline=None)
@given(CONTAINERS)
def test_any_valid_container_is_accepted(container: Container) -> None:
    assert static_errors(container, PATH) == []


REFUSED: dict[str, tuple[str, t.Any]] = {
    "ports": ("ports", [{"containerPort": 80}]),
    "ports empty": ("ports", []),
    "resources": ("resources", {"limits": {"cpu": "1"}}),
    "resources with an empty mapping": ("resources", {"limits": {}}),
    "resizePolicy": ("resizePolicy", [{"resourceName": "cpu", "restartPolicy": "NotRequired"}]),
    "resizePolicy empty": ("resizePolicy", []),
    "restartPolicy": ("restartPolicy", "Always"),
    "restartPolicy Never": ("restartPolicy", "Never"),
    "restartPolicy empty": ("restartPolicy", ""),
    "restartPolicyRules": ("restartPolicyRules", [{"action": "Restart"}]),
    "restartPolicyRules empty": ("restartPolicyRules", []),
    "livenessProbe": ("livenessProbe", {"exec": {"command": ["true"]}}),
    "livenessProbe empty": ("livenessProbe", {}),
    "readinessProbe": ("readinessProbe", {"httpGet": {"port": 80}}),
    "readinessProbe empty": ("readinessProbe", {}),
    "startupProbe": ("startupProbe", {"tcpSocket": {"port": 80}}),
    "startupProbe empty": ("startupProbe", {}),
    "lifecycle": ("lifecycle", {"preStop": {"exec": {"command": ["true"]}}}),
    "lifecycle stopSignal": ("lifecycle", {"stopSignal": "SIGTERM"}),
    "lifecycle empty": ("lifecycle", {}),
}


@pytest.mark.parametrize(("field", "value"), REFUSED.values(), ids=REFUSED)
def test_refused_fields(field: str, value: t.Any) -> None:
    [error] = static_errors({**SENT, field: value}, PATH)
    assert (error.field, error.reason) == (f"{PATH}.{field}", "FieldValueForbidden")
    assert error.message.startswith(f"{PATH}.{field}: {FORBIDDEN} (")


@pytest.mark.parametrize("value", [False, 0], ids=["false", "zero"])
@pytest.mark.parametrize("field", ["ports", "restartPolicy", "livenessProbe", "lifecycle"])
def test_refused_fields_of_another_type(field: str, value: t.Any) -> None:
    assert [place for place, _reason in found(**{field: value})] == [field]


@pytest.mark.parametrize("field", ["subPath", "subPathExpr"])
def test_parts_of_volumes_are_refused(field: str) -> None:
    mounts = [{"name": "v", "mountPath": "/v"}, {"name": "v", "mountPath": "/w", field: "a"}]
    [error] = static_errors({**SENT, "volumeMounts": mounts}, PATH)
    assert error.message.startswith(f"{PATH}.volumeMounts[1].{field}: {FORBIDDEN} (")


UNKNOWN: dict[str, Container] = {
    "newer": {"newer": 1},
    "Image": {"Image": "x"},
    "target": {"target": "cart"},
    "env[1].vlaue": {"env": [{"name": "A"}, {"name": "B", "vlaue": "1"}]},
    "env[0].valueFrom.newKeyRef": {"env": [{"name": "A", "valueFrom": {"newKeyRef": {}}}]},
    "env[0].valueFrom.fieldRef.path": {"env": [{"name": "A", "valueFrom": {"fieldRef": {"path": "x"}}}]},
    "env[0].valueFrom.secretKeyRef.namespace": {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"namespace": "x"}}}]},
    "envFrom[0].name": {"envFrom": [{"name": "x"}]},
    "envFrom[0].secretRef.key": {"envFrom": [{"secretRef": {"key": "x"}}]},
    "volumeMounts[0].path": {"volumeMounts": [{"name": "v", "path": "/v"}]},
    "volumeDevices[0].mountPath": {"volumeDevices": [{"name": "v", "mountPath": "/v"}]},
    "securityContext.fsGroup": {"securityContext": {"fsGroup": 1}},
    "securityContext.capabilities.Add": {"securityContext": {"capabilities": {"Add": []}}},
    "securityContext.seccompProfile.path": {"securityContext": {"seccompProfile": {"path": "x"}}},
    "securityContext.seLinuxOptions.label": {"securityContext": {"seLinuxOptions": {"label": "x"}}},
    "securityContext.windowsOptions.user": {"securityContext": {"windowsOptions": {"user": "x"}}},
}


@pytest.mark.parametrize(("field", "changes"), UNKNOWN.items(), ids=UNKNOWN)
def test_unknown_fields(field: str, changes: Container) -> None:
    assert [finding for finding in found(**changes) if finding[1] != "FieldValueRequired"][:1] == [(field, "UnknownField")]


def test_unknown_fields_with_null_are_unknown_too() -> None:
    assert found(newer=None) == [("newer", "UnknownField")]


def reference(**source: t.Any) -> Container:
    return {"env": [{"name": "A", "valueFrom": source}]}


WRONG_TYPES: dict[str, tuple[str, Container]] = {
    "image number": ("image", {"image": 1}),
    "name list": ("name", {"name": ["d"]}),
    "command text": ("command", {"command": "sleep 900"}),
    "command number in it": ("command[1]", {"command": ["sleep", 900]}),
    "command null in it": ("command[0]", {"command": [None]}),
    "args boolean in it": ("args[0]", {"args": [True]}),
    "args mapping": ("args", {"args": {}}),
    "workingDir": ("workingDir", {"workingDir": 1}),
    "imagePullPolicy": ("imagePullPolicy", {"imagePullPolicy": True}),
    "terminationMessagePath": ("terminationMessagePath", {"terminationMessagePath": []}),
    "stdin as text": ("stdin", {"stdin": "true"}),
    "tty as number": ("tty", {"tty": 1}),
    "stdinOnce as text": ("stdinOnce", {"stdinOnce": "False"}),
    "targetContainerName": ("targetContainerName", {"targetContainerName": 1}),
    "env mapping": ("env", {"env": {"A": "b"}}),
    "env text in it": ("env[0]", {"env": ["A=b"]}),
    "env null in it": ("env[0]", {"env": [None]}),
    "env value number": ("env[0].value", {"env": [{"name": "A", "value": 1.1}]}),
    "env value boolean": ("env[0].value", {"env": [{"name": "A", "value": False}]}),
    "env name number": ("env[0].name", {"env": [{"name": 1}]}),
    "valueFrom text": ("env[0].valueFrom", {"env": [{"name": "A", "valueFrom": "x"}]}),
    "secretKeyRef text": ("env[0].valueFrom.secretKeyRef", reference(secretKeyRef="s")),
    "optional as text": ("env[0].valueFrom.secretKeyRef.optional", reference(secretKeyRef={"name": "s", "key": "k", "optional": "yes"})),
    "divisor boolean": ("env[0].valueFrom.resourceFieldRef.divisor", reference(resourceFieldRef={"resource": "limits.cpu", "divisor": True})),
    "divisor list": ("env[0].valueFrom.resourceFieldRef.divisor", reference(resourceFieldRef={"resource": "limits.cpu", "divisor": [1]})),
    "envFrom mapping": ("envFrom", {"envFrom": {"secretRef": {"name": "s"}}}),
    "volumeMounts text": ("volumeMounts[0]", {"volumeMounts": ["/data"]}),
    "readOnly as text": ("volumeMounts[0].readOnly", {"volumeMounts": [{"name": "v", "mountPath": "/v", "readOnly": "true"}]}),
    "volumeDevices number": ("volumeDevices[0].devicePath", {"volumeDevices": [{"name": "v", "devicePath": 1}]}),
    "securityContext list": ("securityContext", {"securityContext": []}),
    "privileged as text": ("securityContext.privileged", {"securityContext": {"privileged": "true"}}),
    "runAsUser as text": ("securityContext.runAsUser", {"securityContext": {"runAsUser": "1000"}}),
    "runAsUser boolean": ("securityContext.runAsUser", {"securityContext": {"runAsUser": True}}),
    "runAsGroup fraction": ("securityContext.runAsGroup", {"securityContext": {"runAsGroup": 1.5}}),
    "capabilities list": ("securityContext.capabilities", {"securityContext": {"capabilities": ["ALL"]}}),
    "capabilities add text": ("securityContext.capabilities.add", {"securityContext": {"capabilities": {"add": "ALL"}}}),
    "seccompProfile text": ("securityContext.seccompProfile", {"securityContext": {"seccompProfile": "RuntimeDefault"}}),
    "hostProcess as text": ("securityContext.windowsOptions.hostProcess", {"securityContext": {"windowsOptions": {"hostProcess": "no"}}}),
}


@pytest.mark.parametrize(("field", "changes"), WRONG_TYPES.values(), ids=WRONG_TYPES)
def test_wrong_types(field: str, changes: Container) -> None:
    assert found(**changes) == [(field, "FieldValueTypeInvalid")]


@pytest.mark.parametrize("value", [1.1, 8080, True], ids=str)
def test_what_YAML_took_for_something_else_is_to_be_quoted(value: t.Any) -> None:
    [error] = static_errors({**SENT, "args": [value]}, PATH)
    assert "put it in quotes" in error.message


NAMES: dict[str, tuple[str, str]] = {
    "capitals": ("Debugger", LABEL),
    "underscore": ("my_name", LABEL),
    "space": ("my name", LABEL),
    "dash first": ("-a", LABEL),
    "dash last": ("a-", LABEL),
    "line end": ("debugger\n", LABEL),
    "other digits": ("debugger\u0661", LABEL),
    "64 letters": ("a" * 64, "must be no more than 63 characters"),
}


@pytest.mark.parametrize(("name", "words"), NAMES.values(), ids=NAMES)
def test_bad_names(name: str, words: str) -> None:
    [error] = static_errors({**SENT, "name": name}, PATH)
    shown = name.replace("\n", "\\n")
    assert (error.field, error.reason) == (f"{PATH}.name", "FieldValueInvalid")
    assert error.message == f'{PATH}.name: Invalid value: "{shown}": {words}'


def test_name_with_dots() -> None:
    assert found(name="a.b") == [("name", "FieldValueInvalid")]


def test_name_that_is_bad_and_too_long() -> None:
    assert found(name="A" * 64) == [("name", "FieldValueInvalid")] * 2


IMAGES: dict[str, tuple[t.Any, str, str]] = {
    "empty": ("", "FieldValueRequired", "Required value"),
    "null": (None, "FieldValueRequired", "Required value"),
    "space before": (" x", "FieldValueInvalid", 'Invalid value: " x": must not have leading or trailing whitespace'),
    "space after": ("x ", "FieldValueInvalid", 'Invalid value: "x ": must not have leading or trailing whitespace'),
    "line end": ("x\n", "FieldValueInvalid", 'Invalid value: "x\\n": must not have leading or trailing whitespace'),
    "only a space": (" ", "FieldValueInvalid", 'Invalid value: " ": must not have leading or trailing whitespace'),
}


@pytest.mark.parametrize(("image", "reason", "words"), IMAGES.values(), ids=IMAGES)
def test_bad_images(image: t.Any, reason: str, words: str) -> None:
    assert static_errors({**SENT, "image": image}, PATH) == [(f"{PATH}.image", reason, f"{PATH}.image: {words}")]


def test_image_forgotten() -> None:
    assert [error.message for error in static_errors({"name": "d"}, PATH)] == [f"{PATH}.image: Required value"]


def test_everything_at_once_in_one_answer() -> None:
    wrong = {
        "name": "Bad",
        "ports": [],
        "livenessProbe": {},
        "newer": 1,
        "stdin": "yes",
        "command": ["a", 1, 2],
        "env": [{"name": "A", "value": 1}, {"naem": "B"}],
        "volumeMounts": [{"name": "v", "mountPath": "/v", "subPath": "x"}],
        "securityContext": {"runAsUser": "0", "capabilities": {"add": [1]}},
    }
    fields = {error.field.removeprefix(f"{PATH}.") for error in static_errors(wrong, PATH)}
    assert fields == {
        "name",
        "image",
        "ports",
        "livenessProbe",
        "newer",
        "stdin",
        "command[1]",
        "command[2]",
        "env[0].value",
        "env[1].naem",
        "env[1].name",
        "volumeMounts[0].subPath",
        "securityContext.runAsUser",
        "securityContext.capabilities.add[0]",
    }


def test_long_values_are_cut_in_messages() -> None:
    [error] = static_errors({**SENT, "name": "A" * 10_000 + "z"}, PATH)[:1]
    assert len(error.message) < 500


def test_quotes_in_values_are_escaped_as_the_server_does() -> None:
    [error] = static_errors({**SENT, "image": ' a"b\\'}, PATH)
    assert error.message.startswith(f'{PATH}.image: Invalid value: " a\\"b\\\\": ')


def test_finding_as_a_dictionary() -> None:
    [error] = static_errors({"name": "d"}, PATH)
    assert error.to_dict() == {"field": f"{PATH}.image", "reason": "FieldValueRequired", "message": f"{PATH}.image: Required value"}


POD = pod(stored(name="other"))
LIVE: dict[str, tuple[Container, list[tuple[str, str, str]]]] = {
    "free name": ({}, []),
    "name of an ephemeral container": ({"name": "other"}, []),
    "name of a container": ({"name": "cart"}, [("name", "FieldValueDuplicate", 'Duplicate value: "cart"')]),
    "name of an init container": ({"name": "setup"}, [("name", "FieldValueDuplicate", 'Duplicate value: "setup"')]),
    "target container": ({"targetContainerName": "cart"}, []),
    "target init container": ({"targetContainerName": "setup"}, []),
    "no target": ({"targetContainerName": ""}, []),
    "null target": ({"targetContainerName": None}, []),
    "target unknown": ({"targetContainerName": "nobody"}, [("targetContainerName", "FieldValueNotFound", 'Not found: "nobody"')]),
    "target ephemeral": ({"targetContainerName": "other"}, [("targetContainerName", "FieldValueNotFound", 'Not found: "other"')]),
    "target itself": ({"targetContainerName": "debugger"}, [("targetContainerName", "FieldValueNotFound", 'Not found: "debugger"')]),
    "both": (
        {"name": "cart", "targetContainerName": "nobody"},
        [("name", "FieldValueDuplicate", 'Duplicate value: "cart"'), ("targetContainerName", "FieldValueNotFound", 'Not found: "nobody"')],
    ),
}


@pytest.mark.parametrize(("changes", "expected"), LIVE.values(), ids=LIVE)
def test_against_the_live_pod(changes: Container, expected: list[tuple[str, str, str]]) -> None:
    errors = live_errors({**SENT, **changes}, POD, PATH)
    assert [(error.field, error.reason) for error in errors] == [(f"{PATH}.{field}", reason) for field, reason, _words in expected]
    for error, (field, _reason, words) in zip(errors, expected, strict=True):
        assert error.message.startswith(f"{PATH}.{field}: {words}")


def test_an_unknown_target_comes_with_what_the_pod_has() -> None:
    [error] = live_errors({**SENT, "targetContainerName": "nobody"}, POD, PATH)
    assert "cart, setup" in error.message


def test_an_ephemeral_target_comes_with_why_not() -> None:
    [error] = live_errors({**SENT, "targetContainerName": "other"}, POD, PATH)
    assert "ephemeral container" in error.message


@pytest.mark.parametrize("spec", [{}, {"spec": None}, {"spec": {}}, {"spec": {"containers": None}}], ids=["no spec", "null spec", "empty spec", "null list"])
def test_pods_without_containers(spec: dict[str, t.Any]) -> None:
    assert live_errors(SENT, spec, PATH) == []
    assert names(spec, "containers", "initContainers", "ephemeralContainers") == []


def test_names_in_the_order_of_the_lists() -> None:
    assert names(POD, "containers", "initContainers", "ephemeralContainers") == ["cart", "setup", "other"]


SIZES: dict[str, tuple[Container, int]] = {
    "one value": ({"env": [{"name": "A", "value": "x" * LARGEST}]}, 1),
    "many values": ({"env": [{"name": f"A{number}", "value": "x" * 1024} for number in range(1536)]}, 1),
    "an argument of several bytes a letter": ({"args": ["\u4e2d" * (LARGEST // 3)]}, 1),
    "the largest that may be": ({"args": ["\n" * (LARGEST - len("debuggerbusybox:1.37"))]}, 0),
}


@pytest.mark.parametrize(("changes", "number"), SIZES.values(), ids=SIZES)
def test_what_no_pod_can_hold(changes: Container, number: int) -> None:
    errors = [error for error in static_errors({"name": "debugger", "image": "busybox:1.37", **changes}, PATH) if error.reason == "FieldValueTooLong"]
    assert len(errors) == number
    for error in errors:
        assert error.field == PATH
        assert str(LARGEST) in error.message
        assert len(error.message) < 200


def test_kinds_have_their_articles() -> None:
    [error] = static_errors({"name": "debugger", "image": "busybox:1.37", "securityContext": {"runAsUser": "0"}}, PATH)
    assert error.message.endswith("must be an integer")
    [error] = static_errors({"name": "debugger", "image": "busybox:1.37", "tty": 1}, PATH)
    assert error.message.endswith("must be a boolean")
