# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of kube-apiserver, word for word, and the failures that they are."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils._client import Subject, of_pod
from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure, printable
from ansible_collections.kubedebug.pods.plugins.module_utils._refusals import Status, explain, is_conflict, status_of, words
from tests.unit.plugins.modules.documents import DUPLICATE, FORBIDDEN, NAMESPACE, NOT_FOUND, POD, TEST_FAILED, UID, pod, status

P = "spec.ephemeralContainers[0]"


def answer(document: t.Any, code: int | None = None, reason: str = "") -> Status:
    """The Status in a reply with this document as its body."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return status_of(document["code"] if code is None else code, reason, body)


def explained(document: dict[str, t.Any]) -> Failure:
    return explain(answer(document), of_pod(NAMESPACE, POD, writes=True))


def invalid(message: str, reason: str = "FieldValueInvalid") -> dict[str, t.Any]:
    """A 422 about one field of the pod, as apimachinery writes it."""
    field, _colon, rest = message.partition(": ")
    return status(422, "Invalid", f'Pod "{POD}" is invalid: {message}', name=POD, kind="Pod", causes=[{"reason": reason, "message": rest, "field": field}])


LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character "
    "(e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
BETWEEN = "must be between 0 and 2147483647, inclusive"
FIELD_ERRORS = [
    f"{P}.name: Required value",
    f'{P}.name: Invalid value: "X": {LABEL}',
    f'{P}.name: Invalid value: "a": must be no more than 63 characters',
    f'{P}.name: Invalid value: "a.b": must not contain dots',
    f"{P}.image: Required value",
    f'{P}.image: Invalid value: " x": must not have leading or trailing whitespace',
    f'{P}.targetContainerName: Not found: "X"',
    f"{P}.ports: Forbidden: cannot be set for an Ephemeral Container",
    f"{P}.volumeMounts[0].subPath: Forbidden: cannot be set for an Ephemeral Container",
    f'{P}.terminationMessagePolicy: Unsupported value: "X": supported values: "File", "FallbackToLogsOnError"',
    f'{P}.imagePullPolicy: Unsupported value: "X": supported values: "Always", "IfNotPresent", "Never"',
    f"{P}.env[0].name: Required value",
    f"{P}.env[0].name: Invalid value: \"a=b\": a valid environment variable name must consist only of printable ASCII characters other than '='",
    f'{P}.env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
    f'{P}.env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    f'{P}.env[0].valueFrom: Invalid value: "": may not have more than one field specified at a time',
    f'{P}.envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
    f'{P}.volumeMounts[0].name: Not found: "X"',
    f'{P}.volumeMounts[1].mountPath: Invalid value: "/v": must be unique',
    f"{P}.volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers",
    f"{P}.volumeDevices[0].name: Invalid value: can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
    f"{P}.volumeDevices: Forbidden: when `hostUsers` is false",
    f"{P}.securityContext.privileged: Forbidden: disallowed by cluster policy",
    f"{P}.securityContext.runAsUser: Invalid value: -1: {BETWEEN}",
    f"{P}.securityContext: Invalid value: {{}}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
    f'{P}.securityContext.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`',
    f"{P}.securityContext.seccompProfile.type: Required value: type is required when seccompProfile is set",
    f"{P}.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod",
    f"{P}.securityContext.capabilities: Forbidden: cannot be set for a windows pod",
    'spec.ephemeralContainers: Forbidden: existing ephemeral containers "x" may not be removed\n',
    "spec.containers[0].image: Required value",
]


@pytest.mark.parametrize("message", FIELD_ERRORS, ids=lambda message: str(message)[:70].strip())
def test_what_the_api_finds_invalid(message: str) -> None:
    failure = explained(invalid(message))
    field, _colon, rest = message.partition(": ")
    assert (failure.code, failure.field) == ("invalid_spec", field)
    assert [(detail["field"], detail["reason"]) for detail in failure.details] == [(field, "FieldValueInvalid")]
    assert printable(rest) in failure.details[0]["message"]
    assert printable(message) in failure.msg
    assert "Nothing was written" in failure.msg


STEERING = "\033[2Jno\nfatal: [localhost]: ok\x9b"
STEERED = r"\x1b[2Jno fatal: [localhost]: ok\x9b"
FORGED: dict[str, tuple[t.Any, int]] = {
    "a status": (status(422, "Invalid", STEERING), 422),
    "an unknown field": (status(400, "BadRequest", f'strict decoding error: unknown field "{STEERING}"'), 400),
    "a webhook": (status(403, "Forbidden", f'admission webhook "w" denied the request: {STEERING}'), 403),
    "a proxy": (STEERING.encode(), 502),
}


@pytest.mark.parametrize(("document", "code"), FORGED.values(), ids=FORGED)
def test_no_answer_steers_a_terminal(document: t.Any, code: int) -> None:
    failure = explain(answer(document, code), of_pod(NAMESPACE, POD, writes=True))
    assert STEERED in failure.message
    assert failure.msg.isprintable()


def test_several_errors_are_several_details() -> None:
    causes = [{"reason": "FieldValueRequired", "message": "Required value", "field": f"{P}.{field}"} for field in ("image", "env[0].name")]
    message = f'Pod "{POD}" is invalid: [{P}.image: Required value, {P}.env[0].name: Required value]'
    failure = explained(status(422, "Invalid", message, name=POD, causes=causes))
    assert [detail["field"] for detail in failure.details] == [f"{P}.image", f"{P}.env[0].name"]
    assert failure.field == f"{P}.image"


RESTRICTED = (
    'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "debugger" must set '
    'securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "debugger" must set securityContext.capabilities.drop=["ALL"]), '
    'runAsNonRoot != true (pod or container "debugger" must set securityContext.runAsNonRoot=true)'
)
BASELINE = 'violates PodSecurity "baseline:v1.36": privileged (container "debugger" must not set securityContext.privileged=true)'
SECRET = (
    'ephemeral container debugger with envVar A referencing secret.secretName="s" is not allowed because service account default does not reference that secret'
)
DENIED = 'admission webhook "deny.example.com" denied the request: no'
POLICY = f"pods \"{POD}\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: images"
CONSTRAINT = f'pods "{POD}" is forbidden: unable to validate against any security context constraint: [provider "anyuid": Forbidden: not usable by user]'
OTHERS: dict[str, tuple[dict[str, t.Any], str, str]] = {
    "no credentials": (status(401, "Unauthorized", "Unauthorized"), "unauthorized", "token"),
    "no right": (FORBIDDEN, "forbidden_rbac", "Add to a Role in namespace shop"),
    "Pod Security restricted": (status(403, "Forbidden", f'pods "{POD}" is forbidden: {RESTRICTED}'), "forbidden_pod_security", "runAsNonRoot"),
    "Pod Security baseline": (status(403, "Forbidden", f'pods "{POD}" is forbidden: {BASELINE}'), "forbidden_pod_security", "whole pod"),
    "webhook 403": (status(403, "Forbidden", DENIED), "forbidden_admission", "policy"),
    "webhook 400": (status(400, "BadRequest", DENIED), "forbidden_admission", "policy"),
    "webhook 422": (status(422, "Invalid", DENIED), "forbidden_admission", "policy"),
    "webhook without words": (status(403, "Forbidden", 'admission webhook "w" denied the request without explanation'), "forbidden_admission", "policy"),
    "admission policy 422": (status(422, "Invalid", POLICY), "forbidden_admission", "policy"),
    "admission policy 403": (status(403, "Forbidden", POLICY), "forbidden_admission", "policy"),
    "OpenShift": (status(403, "Forbidden", CONSTRAINT), "forbidden_admission", "policy"),
    "service account's secrets": (status(403, "Forbidden", f'pods "{POD}" is forbidden: {SECRET}'), "forbidden_admission", "policy"),
    "image policy": (
        status(403, "Forbidden", f'pods "{POD}" is forbidden: image policy webhook backend denied one or more images'),
        "forbidden_admission",
        "images",
    ),
    "403 of a proxy": (status(403, "Forbidden", "no entry"), "forbidden_admission", "no entry"),
    "dry run 400": (
        status(400, "BadRequest", 'admission webhook "w" does not support dry run'),
        "dry_run_unsupported",
        "sideEffects",
    ),
    "dry run 403": (status(403, "Forbidden", 'admission webhook "w" does not support dry run'), "dry_run_unsupported", "sideEffects"),
    "no pod": (NOT_FOUND, "pod_not_found", "namespace and name"),
    "no subresource": (status(404, "NotFound", "the server could not find the requested resource"), "subresource_missing", "1.23"),
    "bad body": (status(400, "BadRequest", "the object provided is unrecognized"), "invalid_spec", "unrecognized"),
    "uid is immutable": (invalid(f'metadata.uid: Invalid value: "{UID}": field is immutable'), "invalid_spec", "immutable"),
    "conflict": (status(409, "Conflict", "the object has been modified; please apply your changes to the latest version and try again"), "api_error", "again"),
    "media type": (status(415, "UnsupportedMediaType", "the body of the request was in an unknown format"), "api_error", "415"),
    "overload": (status(429, "TooManyRequests", "too many requests"), "api_error", "Try again"),
    "webhook is away": (status(500, "InternalError", 'Internal error occurred: failed calling webhook "w": timeout'), "api_error", "failed calling webhook"),
    "server is away": (status(503, "ServiceUnavailable", "apiserver is shutting down"), "api_error", "shutting down"),
    "gateway": (status(504, "Timeout", "request did not complete within the allotted timeout"), "api_error", "allotted"),
}


@pytest.mark.parametrize(("document", "code", "said"), OTHERS.values(), ids=OTHERS)
def test_other_answers(document: dict[str, t.Any], code: str, said: str) -> None:
    failure = explained(document)
    assert (failure.code, failure.namespace, failure.pod) == (code, NAMESPACE, POD)
    assert failure.hint
    assert said in failure.msg
    assert failure.details[0].get("status", document["code"]) == document["code"]


@pytest.mark.parametrize("document", [row[0] for row in OTHERS.values() if row[1] in ("forbidden_pod_security", "forbidden_admission")])
def test_admission_is_quoted(document: dict[str, t.Any]) -> None:
    assert document["message"] in explained(document).msg


def test_static_pod() -> None:
    message = f'Pod "{POD}" is invalid: []: Forbidden: static pods do not support ephemeral containers'
    cause = {"reason": "FieldValueForbidden", "message": "Forbidden: static pods do not support ephemeral containers", "field": "[]"}
    assert explained(status(422, "Invalid", message, name=POD, causes=[cause])).code == "static_pod"


RIGHTS = [
    (f'pods "{POD}" is forbidden: User "u" cannot get resource "pods" in API group "" in the namespace "shop"', "get", "pods", "", "shop"),
    (f'pods "{POD}" is forbidden: User "u" cannot get resource "pods/log" in API group "" in the namespace "shop"', "get", "pods/log", "", "shop"),
    ('events is forbidden: User "u" cannot list resource "events" in API group "events.k8s.io" at the cluster scope', "list", "events", "events.k8s.io", ""),
    (
        f'pods "{POD}" is forbidden: User "u" cannot patch resource "pods/ephemeralcontainers" in API group "" in the namespace "shop": RBAC: no role',
        "patch",
        "pods/ephemeralcontainers",
        "",
        "shop",
    ),
]


@pytest.mark.parametrize(("message", "verb", "resource", "group", "namespace"), RIGHTS, ids=[f"{row[1]} {row[2]}" for row in RIGHTS])
def test_a_missing_right_comes_as_the_rule_to_add(message: str, verb: str, resource: str, group: str, namespace: str) -> None:
    failure = explained(status(403, "Forbidden", message))
    assert failure.code == "forbidden_rbac"
    rule = {"user": "u", "verb": verb, "resource": resource, "group": group, "namespace": namespace}
    assert rule.items() <= failure.details[0].items()
    assert f'{{apiGroups: ["{group}"], resources: ["{resource}"], verbs: ["{verb}"]}}' in failure.msg
    assert ("Role in namespace shop" if namespace else "ClusterRole") in failure.msg


CONFLICTS: dict[str, tuple[dict[str, t.Any], bool]] = {
    "409": (status(409, "Conflict", "the object has been modified"), True),
    "test failed": (TEST_FAILED, True),
    "duplicate": (DUPLICATE, True),
    "duplicate and another": (
        status(422, "Invalid", "x", causes=[{"reason": "FieldValueRequired", "field": f"{P}.image"}, *DUPLICATE["details"]["causes"]]),
        True,
    ),
    "invalid": (invalid(f"{P}.image: Required value"), False),
    "duplicate of another field": (invalid(f'{P}.volumeMounts[0].mountPath: Duplicate value: "/v"', "FieldValueDuplicate"), False),
    "bad name": (invalid(f'{P}.name: Invalid value: "X": {LABEL}'), False),
    "test failed with another code": ({**TEST_FAILED, "code": 400}, False),
    "not found": (NOT_FOUND, False),
    "forbidden": (FORBIDDEN, False),
    "failure": (status(500, "InternalError", "the server rejected our request due to an error in our request"), False),
    "cause without field": (status(422, "Invalid", "x", causes=[{"reason": "FieldValueDuplicate"}]), False),
}


@pytest.mark.parametrize(("document", "conflict"), CONFLICTS.values(), ids=CONFLICTS)
def test_is_conflict(document: dict[str, t.Any], conflict: bool) -> None:
    assert is_conflict(answer(document)) is conflict


BODIES: dict[str, tuple[t.Any, tuple[str, str, str]]] = {
    "a Status": (json.dumps(NOT_FOUND).encode(), ("NotFound", NOT_FOUND["message"], POD)),
    "empty": (b"", ("", "Reason", "")),
    "not UTF-8": (b"\xff\xfe", ("", "\ufffd\ufffd", "")),
    "page of a proxy": (b"<html>\n  <b>Bad Gateway</b>\n</html>", ("", "<html> <b>Bad Gateway</b> </html>", "")),
    "JSON list": (b"[1]", ("", "[1]", "")),
    "JSON null": (b"null", ("", "null", "")),
    "another kind": (b'{"kind": "Pod"}', ("", '{"kind": "Pod"}', "")),
    "status without anything": (b'{"kind": "Status"}', ("", "", "")),
    "nulls": (b'{"kind": "Status", "reason": null, "message": null, "details": null}', ("", "", "")),
    "null details": (b'{"kind": "Status", "message": "m", "details": {"name": null, "causes": null}}', ("", "m", "")),
    "causes of wrong types": (b'{"kind": "Status", "message": "m", "details": {"causes": ["x", null, 1]}}', ("", "m", "")),
}


@pytest.mark.parametrize(("body", "expected"), BODIES.values(), ids=BODIES)
def test_bodies_of_any_kind(body: t.Any, expected: tuple[str, str, str]) -> None:
    found = answer(body, 502, "Reason")
    assert (found.reason, found.message, found.name) == expected
    assert (found.code, found.causes) == (502, [])
    failure = explain(found, of_pod(NAMESPACE, POD, writes=True))
    assert failure.code == "api_error"
    assert "502" in failure.msg


@pytest.mark.parametrize("details", ["x", [1], {"causes": 5}], ids=["text", "list", "causes number"])
def test_details_of_wrong_types_are_no_traceback(details: t.Any) -> None:
    assert answer({"kind": "Status", "message": "m", "details": details}, 500).message == "m"


TOO_LARGE = [
    (413, "Request entity too large: limit is 3145728"),
    (500, "etcdserver: request is too large"),
    (500, "rpc error: code = ResourceExhausted desc = trying to send message larger than max (3145811 vs. 2097152)"),
    (500, "rpc error: code = ResourceExhausted desc = grpc: received message larger than max (3145811 vs. 2097152)"),
]


@pytest.mark.parametrize(("code", "message"), TOO_LARGE)
def test_what_is_too_large(code: int, message: str) -> None:
    failure = explained(status(code, "InternalError", message))
    assert failure.code == "invalid_spec"
    assert "1.5 MiB" in failure.msg


def test_pages_are_cut_in_messages() -> None:
    assert len(answer(b"<html>" + b"x" * 100_000, 502).message) <= 300


def test_long_words_are_cut() -> None:
    failure = explained(status(403, "Forbidden", "denied the request: " + "x" * 100_000))
    assert len(failure.msg) < 2500
    assert len(json.dumps(failure.details)) < 2500


def undecodable(error: str) -> dict[str, t.Any]:
    """What the server answers to a JSON patch that makes something which cannot be decoded as a pod: it quotes the patched pod whole."""
    detail = f"Invalid value: {json.dumps(json.dumps(pod()))}: {error}"
    cause = {"reason": "FieldValueInvalid", "message": detail, "field": "patch"}
    return status(422, "Invalid", f' "" is invalid: patch: {detail}', causes=[cause])


def quoted(failure: Failure) -> bool:
    return UID in json.dumps([failure.msg, failure.to_dict()])


def test_unknown_fields_are_told_without_the_pod() -> None:
    error = f'strict decoding error: unknown field "{P}.newer", unknown field "{P}.other", unknown field "{P}.newer"'
    failure = explained(undecodable(error))
    assert failure.code == "invalid_spec"
    assert f"unknown field {P}.newer, {P}.other" in failure.msg
    assert failure.msg.count("newer") == 1
    assert not quoted(failure)


@pytest.mark.parametrize(
    "error",
    [
        "json: cannot unmarshal number 1180591620717411303424 into Go struct field SecurityContext.runAsUser of type int64",
        "json: cannot unmarshal bool into Go struct field EphemeralContainer.spec.ephemeralContainers.livenessProbe of type v1.Probe",
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    ids=["number too big", "wrong type", "no quantity"],
)
def test_other_decoding_errors_are_told_without_the_pod(error: str) -> None:
    failure = explained(undecodable(error))
    assert failure.code == "invalid_spec"
    assert error.split(" into ")[0] in failure.msg
    assert not quoted(failure)


def test_words_begin_with_the_code() -> None:
    assert words(answer(NOT_FOUND)) == f'404 pods "{POD}" not found'
    assert words(Status(500, "", " ", "", [])) == "HTTP 500"


def asked(code: int, message: str, subject: Subject, **details: t.Any) -> Failure:
    return explain(answer(status(code, "x", message, **details)), subject)


PODS = Subject(NAMESPACE, f"the pods of namespace {NAMESPACE}")
JOB = Subject(NAMESPACE, "job shop/cart", kind="jobs")
ONE, WRITTEN = of_pod(NAMESPACE, POD), of_pod(NAMESPACE, POD, writes=True)
NOWHERE = "the server could not find the requested resource"
MISSING: dict[str, tuple[Failure, str, str]] = {
    "no pod": (asked(404, "x", ONE, name=POD), "pod_not_found", f"There is no pod shop/{POD}"),
    "no pod to write to": (asked(404, "x", WRITTEN, name=POD), "pod_not_found", f"There is no pod shop/{POD}"),
    "no job": (asked(404, "x", JOB, name="cart"), "workload_not_found", "There is no job shop/cart"),
    "no subresource": (asked(404, NOWHERE, WRITTEN), "subresource_missing", "1.23"),
    "no path of a pod": (asked(404, NOWHERE, ONE), "api_error", "does not know the path"),
    "no path of a list": (asked(404, "404 page not found", PODS), "api_error", "does not know the path"),
    "no path of jobs": (asked(404, NOWHERE, JOB), "api_error", "does not know the path"),
}


@pytest.mark.parametrize(("failure", "code", "said"), MISSING.values(), ids=MISSING)
def test_what_is_not_there(failure: Failure, code: str, said: str) -> None:
    assert failure.code == code
    assert said in failure.msg


@pytest.mark.parametrize("subject", [ONE, PODS, JOB], ids=["pod", "list", "job"])
@pytest.mark.parametrize("message", ["no entry", "", 'admission webhook "w" has an opinion', "pods is forbidden"])
def test_a_read_is_no_change_that_is_refused(subject: Subject, message: str) -> None:
    failure = asked(403, message, subject)
    assert failure.code == "forbidden_rbac"
    assert "change" not in failure.msg
    assert f"may not read {subject.where}" in failure.msg


@pytest.mark.parametrize("verb", ["get", "list", "watch", "patch"])
@pytest.mark.parametrize("resource", ["pods", "pods/log", "pods/ephemeralcontainers", "deployments", "events"])
def test_the_built_in_roles_lack_only_the_subresource(resource: str, verb: str) -> None:
    failure = asked(403, f'x is forbidden: User "u" cannot {verb} resource "{resource}" in API group "" in the namespace "shop"', WRITTEN)
    assert ("built-in roles" in failure.msg) is (resource == "pods/ephemeralcontainers")
