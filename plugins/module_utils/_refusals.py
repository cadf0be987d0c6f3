# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What a Status of the API server means: one of the failure codes, in words that say what to do. Pure.

Texts are those of kube-apiserver 1.21 to 1.37; none of them is relied on where the Status has a field that says the same.
"""

from __future__ import annotations

import json
import re
import typing as t

from ._errors import Failure, printable

if t.TYPE_CHECKING:
    from ._client import Subject

_RBAC = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]*)")?'
)
_ANONYMOUS = 'User "system:anonymous" cannot'
_UNKNOWN_FIELD = re.compile(r'unknown field "([^"]{1,200})"')
#: etcd's server, the API server's gRPC client of etcd, and the other side of one.
_TOO_LARGE = re.compile(r"request is too large|trying to send message larger than max|received message larger than max")
#: The cause of a 429 for an eviction, and of no other (pkg/registry/core/pod/storage/eviction.go).
_BUDGET = "DisruptionBudget"
_NO_LONGER_SO = "the server rejected our request due to an error in our request"
#: The server quotes the pod whole where it cannot decode what a patch makes of it.
_QUOTED_POD = re.compile(r'Invalid value: "\{.*\}(?:\\n)?": ', re.DOTALL)

#: Resource: all the verbs that it takes, and what else there is to say.
_RIGHTS = {
    "pods/ephemeralcontainers": (["patch"], " The built-in roles view, edit and admin do not contain it."),
    "pods/exec": (["get", "create"], " A stream is asked for with get, and since Kubernetes 1.35 create is checked too."),
}
#: What API servers, kubelets and container runtimes say of a container that does not run (any more).
_NOT_RUNNING = re.compile(
    r"container not found \(|container .* is not running|cannot exec in a (?:stopped|deleted|paused) |process does not exist|task .* not found|"
    r"container is in CONTAINER_(?:EXITED|CREATED)|is not created or running|container_linux.*no such process",
    re.IGNORECASE,
)
#: From here on the words are the runtime's own about the command.
_RUNTIME = re.compile(r".*(?:unable to start container process|OCI runtime exec failed): (?:exec failed: )?", re.DOTALL)


class Status(t.NamedTuple):
    """A ``kind: Status`` reply; where the body was none, only ``code`` and ``message`` are filled."""

    code: int
    reason: str
    message: str
    name: str
    causes: list[dict[str, t.Any]]


def status_of(code: int, phrase: str | None, body: bytes) -> Status:
    """The Status in a reply that is no success: its HTTP status code, reason phrase and body, which may be anything."""
    text = body.decode("utf-8", errors="replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("kind") != "Status":
        return Status(code, "", printable(text, 300) or str(phrase or ""), "", [])
    details = document.get("details")
    if not isinstance(details, dict):
        details = {}
    causes = details.get("causes")
    return Status(
        code,
        str(document.get("reason") or ""),
        str(document.get("message") or ""),
        str(details.get("name") or ""),
        [cause for cause in (causes if isinstance(causes, list) else ()) if isinstance(cause, dict)],
    )


def words(status: Status) -> str:
    """The server's own words, without what it quotes of the pod, and short enough for a message."""
    fields = _UNKNOWN_FIELD.findall(status.message)
    if fields:
        return printable("unknown field " + ", ".join(dict.fromkeys(fields)))
    shown = printable(_QUOTED_POD.sub("", status.message))
    return f"{status.code} {shown}" if shown else f"HTTP {status.code}"


def is_conflict(status: Status) -> bool:
    """Whether the pod is not as it was when the patch was made: worth reading it again."""
    duplicate = any(cause.get("reason") == "FieldValueDuplicate" and str(cause.get("field")).endswith("].name") for cause in status.causes)
    return status.code == 409 or (status.code == 422 and (duplicate or status.message.startswith(_NO_LONGER_SO)))


def is_held(status: Status) -> bool:
    """Whether a PodDisruptionBudget does not allow the eviction now."""
    return status.code == 429 and any(cause.get("reason") == _BUDGET for cause in status.causes)


def held_words(status: Status) -> str:
    """What the server says of the budgets that hold an eviction back."""
    return printable(" ".join(str(cause.get("message")) for cause in status.causes if cause.get("reason") == _BUDGET and cause.get("message"))) or words(status)


def is_too_large(status: Status) -> bool:
    """Whether the request (413), the pod that it makes (500 of etcd) or the message to etcd (500 of gRPC) is too large: that will not change."""
    return status.code == 413 or bool(_TOO_LARGE.search(status.message))


def is_unexplained(status: Status) -> bool:
    """Whether the answer does not say why: it has no body, or it is what API servers since 1.35 say of a stream without the right to create."""
    return not status.message or status.message.rstrip().endswith("is forbidden:")


def explain(status: Status, subject: Subject) -> Failure:
    """The failure that this answer is for a request about ``subject``."""
    code, message, hint = _classify(status, subject)
    details: list[dict[str, t.Any]] = [{"status": status.code, "reason": status.reason, "message": words(status)}]
    if code == "invalid_spec" and status.causes:
        details = [
            {"field": cause.get("field"), "reason": cause.get("reason"), "message": words(status._replace(message=str(cause.get("message"))))}
            for cause in status.causes
        ]
    rule = _rbac_rule(status)
    if code == "forbidden_rbac" and rule:
        details[0].update(rule)
    field = details[0].get("field") if code == "invalid_spec" else None
    return Failure(code, message, hint=hint, namespace=subject.namespace, pod=subject.pod, field=field, details=details)


def _rbac_rule(status: Status) -> dict[str, str] | None:
    match = _RBAC.search(status.message)
    return {key: value or "" for key, value in match.groupdict().items()} if match else None


def _classify(status: Status, subject: Subject) -> tuple[str, str, str | None]:
    where, said, text = subject.where, words(status), status.message
    if "does not support dry run" in text:
        return (
            "dry_run_unsupported",
            f"Check mode cannot say what would happen to {where}: {said}.",
            "An admission webhook has side effects and does not say that it can be asked without them (sideEffects). Run without check mode, or have it fixed.",
        )
    if status.code == 401:
        return (
            "unauthorized",
            f"The API server does not accept the credentials: {said}.",
            "Renew the token, or check which kubeconfig, context or K8S_AUTH_* variable is used.",
        )
    if status.code == 403 and _ANONYMOUS in text:
        return (
            "unauthorized",
            f"The request for {where} carried no credentials, and the API server lets nobody in as anonymous: {said}.",
            "Give credentials: a kubeconfig whose user has some, or host and api_key, as options or as K8S_AUTH_* variables.",
        )
    if status.code == 403 and _RBAC.search(text):
        return _forbidden_rbac(status, where)
    if "violates PodSecurity" in text:
        return (
            "forbidden_pod_security",
            f"Pod Security admission of namespace {subject.namespace} refuses the change of {where}: {said}.",
            (
                "The whole pod is judged, its own containers included. Give the container a securityContext that the level allows "
                "(restricted: runAsNonRoot, allowPrivilegeEscalation: false, capabilities drop ALL, seccompProfile RuntimeDefault)."
            ),
        )
    if (status.code in (400, 403, 422) and ("denied the request" in text or "denied request" in text or "security context constraint" in text)) or (
        status.code == 403 and subject.writes
    ):
        return (
            "forbidden_admission",
            f"The cluster's admission refuses the change of {where}: {said}.",
            f"A policy of this cluster decides that. Change {subject.what or 'the container'} so that it complies, or ask those who own the policy.",
        )
    if status.code == 403:
        return (
            "forbidden_rbac",
            f"The account may not read {where}: {said}.",
            "What refuses it does not say which right it takes: ask those who run the cluster, or the proxy before it.",
        )
    if status.code == 404:
        return _missing(status, subject)
    if not subject.writes:
        return "api_error", f"The API server does not answer for {where}: {said}.", "Try again; if it stays, those who run the cluster have to look."
    return _refused_write(status, subject, said)


def _missing(status: Status, subject: Subject) -> tuple[str, str, str | None]:
    where, said = subject.where, words(status)
    if status.name and subject.kind != "pods":
        return "workload_not_found", f"There is no {where}.", "Check namespace, type and name."
    if status.name:
        return "pod_not_found", f"There is no {where}.", "Check namespace and name; a pod that a controller replaced has a new name."
    if subject.writes and subject.what is None:
        return (
            "subresource_missing",
            f"The API server has no ephemeralcontainers subresource for {where}: {said}.",
            "Ephemeral containers need Kubernetes 1.23 or newer (before 1.25 with the feature gate EphemeralContainers on), and a proxy that passes the path.",
        )
    return "api_error", f"The server that was asked for {where} does not know the path: {said}.", "Check host: is it a Kubernetes API server's whole URL?"


def _refused_write(status: Status, subject: Subject, said: str) -> tuple[str, str, str | None]:
    where = subject.where
    if is_too_large(status):
        return (
            "invalid_spec",
            f"The ephemeral container makes {where} larger than Kubernetes can store: {said}.",
            "Nothing was written. A pod may have about 1.5 MiB in all: put large values into a ConfigMap, or have the command fetch them.",
        )
    if "static pods do not support ephemeral containers" in status.message:
        return "static_pod", f"The API server says that {where} is a static pod: {said}.", "Nothing was written. Debug it from its node, or debug a copy of it."
    if status.code in (400, 422):
        return (
            "invalid_spec",
            f"The API server refuses {subject.what or 'the ephemeral container'} for {where}: {said}.",
            "Nothing was written. Correct the named field.",
        )
    return "api_error", f"The API server failed on {where}: {said}.", "Try again; if it stays, those who run the cluster have to look."


def _forbidden_rbac(status: Status, where: str) -> tuple[str, str, str | None]:
    rule = _rbac_rule(status) or {}
    place = f"a Role in namespace {rule['namespace']}" if rule.get("namespace") else "a ClusterRole"
    resource = rule["resource"]
    verbs, note = _RIGHTS.get(resource, ([rule["verb"]], ""))
    hint = f'Add to {place} that the account is bound to: {{apiGroups: ["{rule["group"]}"], resources: ["{resource}"], verbs: {json.dumps(verbs)}}}.{note}'
    return "forbidden_rbac", f"The account {rule['user']} may not {rule['verb']} {rule['resource']} for {where}.", hint


def explain_exec(status: Status, subject: Subject, container: str) -> Failure:
    """The failure that this answer is, or this end of a stream, for a command that did not start."""
    where, said, text = f"the ephemeral container {container} of {subject.where}", words(status), status.message
    details = [{"status": status.code, "reason": status.reason, "message": said}]
    code, message, hint = "exec_failed", "", ""
    if status.code in (401, 403) or (status.code == 404 and status.name):
        failure = explain(status, subject)
        if failure.code == "forbidden_admission":
            failure.message = f"The cluster's admission refuses commands in {where}: {said}."
            failure.hint = "A policy of this cluster decides that. Ask those who own the policy."
        return failure.about(container=container)
    if _NOT_RUNNING.search(text):
        code, message = "not_running", f"Nothing can be run in {where}, because it does not run: {said}."
        hint = 'A container that has ended is never started again: add one under another name, with a command that stays, such as [sleep, "900"].'
    elif "is not valid for pod" in text:
        code, message = "container_not_found", f"There is no such container as {where}: {said}."
        hint = "Add it with kubedebug.pods.ephemeral_container, or look at those that are there with kubedebug.pods.ephemeral_container_info."
    elif _RUNTIME.search(text):
        message = f"The command could not be started in {where}: {_RUNTIME.sub('', said)}."
        hint = "Its first word has to be a program of the container's own image. Without a shell word there is no shell: no pipes, no variables."
    elif status.code == 429 or status.code >= 500:
        code, message = "api_error", f"The API server failed on a command for {where}: {said}."
        hint = "Try again; if it stays, those who run the cluster have to look: the kubelet of the pod's node may be out of reach."
    else:
        message, hint = (
            f"The command for {where} was refused: {said}.",
            "Look at the words of the API server, and at proxies on the way: they have to pass websockets.",
        )
    return Failure(code, message, hint=hint, namespace=subject.namespace, pod=subject.pod, container=container, details=details)
