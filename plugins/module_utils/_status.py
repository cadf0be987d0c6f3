# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What a pod says about one of its ephemeral containers, and what that means for whoever waits for it. Pure.

Source: what the kubelets of 1.36 and 1.37 were seen to report (tests/integration holds each case), k8s.io/api ContainerStatus.
"""

from __future__ import annotations

import typing as t

from ._errors import Failure, printable
from ._schema import CONTAINER, TYPES

#: Seconds that a failed pull may still come right (the kubelet tries again after 10, 20, 40 ...).
PULL_GRACE = 15.0

_PULL = ("ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "SignatureValidationFailed")
_IMAGE_FOR_GOOD = ("InvalidImageName", "ErrImageNeverPull", "ImageInspectError")
_NOT_STARTED = ("StartError", "ContainerCannotRun")
_NON_ROOT = ("runAsNonRoot", "non-root")
_USED_UP = (
    "The name {name} is used up on this pod: an ephemeral container is never started again and cannot be removed. "
    "Correct the cause, and use another name, or on_finished: next."
)
_POD_OVER = "Nothing is started on this pod any more: use one that runs, such as the one that replaces it."


def _shape(kind: str) -> t.Any:
    """The shape of a field's kind in _schema."""
    kind = kind.removeprefix("*")
    if kind.startswith("[]"):
        return [_shape(kind[2:])]
    if kind in TYPES:
        return {key: _shape(within) for key, within in TYPES[kind].items()}
    return {"string": str, "boolean": bool, "integer": int}.get(kind, object)


#: What JSON values have to be: of a type, a list of such, or a mapping with such under these keys. Null and missing keys fit.
_STATE: dict[str, t.Any] = {"reason": str, "message": str, "exitCode": int, "startedAt": str, "finishedAt": str}
_STATES: dict[str, t.Any] = {"waiting": _STATE, "running": _STATE, "terminated": _STATE}
_CONTAINERS = [{"name": str, "volumeMounts": [_shape("VolumeMount")], "securityContext": _shape("SecurityContext")}]
_USERS = [{"name": str, "user": {"linux": {"uid": int, "gid": int}}}]
_POD: dict[str, t.Any] = {
    "metadata": {
        "name": str,
        "namespace": str,
        "uid": str,
        "resourceVersion": str,
        "deletionTimestamp": str,
        "annotations": dict,
        "labels": dict,
        "ownerReferences": [{"kind": str, "name": str, "uid": str, "controller": bool}],
        "managedFields": [{"manager": str, "time": str, "fieldsV1": {"f:spec": {"f:ephemeralContainers": dict}}}],
    },
    "spec": {
        "nodeName": str,
        "os": {"name": str},
        "hostUsers": bool,
        "securityContext": {"runAsUser": int, "runAsGroup": int, "windowsOptions": {"hostProcess": bool}},
        "volumes": [{"name": str}],
        "containers": _CONTAINERS,
        "initContainers": _CONTAINERS,
        "ephemeralContainers": [_shape(CONTAINER)],
    },
    "status": {
        "phase": str,
        "conditions": [{"type": str, "status": str}],
        "containerStatuses": _USERS,
        "initContainerStatuses": _USERS,
        "ephemeralContainerStatuses": [{"name": str, "state": _STATES, "lastState": _STATES}],
    },
}


def is_pod(document: t.Any) -> t.TypeGuard[dict[str, t.Any]]:
    """Whether a document has the types of a pod wherever this collection reads it, so that nothing stumbles over what only looks like one."""
    return isinstance(document, dict) and document.get("kind") == "Pod" and isinstance(document.get("metadata"), dict) and fits(document, _POD)


def check_uid(pod: t.Mapping[str, t.Any], uid: str | None, container: str | None = None) -> None:
    """Raise Failure ``pod_replaced`` where the pod is not the one of this uid; None is any."""
    metadata = pod["metadata"]
    if uid and uid != metadata["uid"]:
        raise Failure(
            "pod_replaced",
            f"The pod {metadata['namespace']}/{metadata['name']} is not the one that was meant: its uid is {metadata['uid']}, meant was {uid}.",
            namespace=metadata["namespace"],
            pod=metadata["name"],
            container=container,
            field="pod_uid",
            hint="It was deleted and another one has its name now. Run the task again, without pod_uid, to work on that one.",
        )


def fits(value: t.Any, shape: t.Any) -> bool:
    """Whether a JSON value is of a shape: a type, a list with one shape for its items, or a mapping of keys to shapes. Null and missing keys fit."""
    if value is None:
        return True
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(key not in shape or fits(within, shape[key]) for key, within in value.items())
    if isinstance(shape, list):
        return isinstance(value, list) and all(item is not None and fits(item, shape[0]) for item in value)
    return isinstance(value, shape)


class State(t.NamedTuple):
    """``state`` is waiting, running, terminated, or unknown where the kubelet has not reported yet; the rest is null where it does not apply."""

    state: str
    exit_code: int | None = None
    reason: str | None = None
    message: str | None = None
    started_at: str | None = None
    finished_at: str | None = None


class Verdict(t.NamedTuple):
    """``done`` ends the wait, with ``failure`` or well. ``grace``: a failure that counts only when it is still there after PULL_GRACE seconds."""

    done: bool
    failure: Failure | None = None
    grace: bool = False


def spec_of(pod: t.Mapping[str, t.Any], name: str) -> tuple[int, dict[str, t.Any]] | None:
    """(index, stored entry) of that ephemeral container in ``spec.ephemeralContainers``."""
    for index, container in enumerate((pod.get("spec") or {}).get("ephemeralContainers") or ()):
        if container.get("name") == name:
            return index, container
    return None


def status_of(pod: t.Mapping[str, t.Any], name: str) -> dict[str, t.Any] | None:
    """The entry of ``status.ephemeralContainerStatuses``, if the kubelet has written one."""
    for status in (pod.get("status") or {}).get("ephemeralContainerStatuses") or ():
        if status.get("name") == name:
            return t.cast("dict[str, t.Any]", status)
    return None


def state_of(status: t.Mapping[str, t.Any] | None) -> State:
    """The container's state in flat form. ``ready`` is not looked at: it stays false while the container runs."""
    states = (status or {}).get("state") or {}
    ended, running, waiting = (states.get(state) for state in ("terminated", "running", "waiting"))
    if ended is not None:
        return State("terminated", ended.get("exitCode"), ended.get("reason"), ended.get("message"), ended.get("startedAt"), ended.get("finishedAt"))
    if running is not None:
        return State("running", started_at=running.get("startedAt"))
    if waiting is not None:
        return State("waiting", reason=waiting.get("reason"), message=waiting.get("message"))
    return State("unknown")


def is_finished(pod: t.Mapping[str, t.Any], name: str) -> bool:
    """Whether the container has ended for good: it ran and ended, or its start failed."""
    state = state_of(status_of(pod, name))
    return state.state == "terminated" or (state.state == "waiting" and state.reason == "RunContainerError")


def is_stuck(pod: t.Mapping[str, t.Any], name: str) -> Verdict:
    """Whether it waits for what will not come: ``done`` for good, ``grace`` where its image may still be pulled one day."""
    state = state_of(status_of(pod, name))
    return _judge_waiting(state, name) if state.state == "waiting" else Verdict(False)


def phase_ended(pod: t.Mapping[str, t.Any]) -> str | None:
    """``Succeeded`` or ``Failed`` where the pod has finished: its kubelet starts nothing any more."""
    phase = (pod.get("status") or {}).get("phase")
    return phase if phase in ("Succeeded", "Failed") else None


def describe(state: State) -> str:
    """The state in words for a message."""
    if state.state == "unknown":
        return "the kubelet has not reported on it"
    words = [state.state]
    if state.reason:
        words.append(printable(state.reason))
    if state.exit_code is not None:
        words.append(f"exit code {state.exit_code}")
    return " ".join(words) + (f": {printable(state.message)}" if state.message else "")


def judge(pod: t.Mapping[str, t.Any], name: str, wait_for: str, success_exit_codes: t.Sequence[int]) -> Verdict:
    """Whether waiting for ``name`` to be ``running`` or ``completed`` is over, as this pod tells it."""
    state = state_of(status_of(pod, name))
    if state.state == "running":
        return Verdict(wait_for == "running")
    if state.state == "terminated":
        return _judge_terminated(state, name, wait_for, success_exit_codes)
    if state.state == "waiting":
        verdict = _judge_waiting(state, name)
        if verdict.done:
            return verdict
    else:
        verdict = Verdict(False)
    ended = phase_ended(pod)
    if ended:
        return _failed("pod_finished", f"The pod is {ended}, so the ephemeral container {name} can never start", state, name, hint=_POD_OVER)
    if (pod.get("metadata") or {}).get("deletionTimestamp"):
        return _failed("pod_terminating", f"The pod is being deleted, so the ephemeral container {name} does not start", state, name, hint=_POD_OVER)
    return verdict


def _failed(code: str, message: str, state: State, name: str, *, said: str | None = None, hint: str = _USED_UP, grace: bool = False) -> Verdict:
    """``said``: what is told of the state, where not all of it."""
    detail = {"state": state.state, "reason": state.reason, "message": state.message, "exit_code": state.exit_code}
    failure = Failure(code, f"{message}: {said or describe(state)}.", container=name, details=[detail], hint=hint.format(name=name))
    return Verdict(not grace, failure, grace)


def _judge_terminated(state: State, name: str, wait_for: str, success_exit_codes: t.Sequence[int]) -> Verdict:
    if state.reason in _NOT_STARTED:
        return _failed("start_error", f"The ephemeral container {name} could not be started", state, name)
    if wait_for == "completed" and state.exit_code not in success_exit_codes:
        said = ": ".join(printable(words) for words in (state.reason, state.message) if words) or "it gave no reason"
        return _failed("exited", f"The ephemeral container {name} ended with exit code {state.exit_code}", state, name, said=said)
    return Verdict(True)


def _judge_waiting(state: State, name: str) -> Verdict:
    reason, message = state.reason or "", state.message or ""
    if reason == "RunContainerError":
        return _failed("start_error", f"The ephemeral container {name} could not be started, which the kubelet does not try again", state, name)
    if reason == "CreateContainerConfigError" and any(words in message for words in _NON_ROOT):
        return _failed("start_error", f"The ephemeral container {name} must not run as root, but its image would", state, name)
    if reason in _IMAGE_FOR_GOOD:
        return _failed("image_error", f"The image of the ephemeral container {name} cannot be had", state, name)
    if reason in _PULL:
        return _failed("image_error", f"The image of the ephemeral container {name} cannot be pulled", state, name, grace=True)
    return Verdict(False)
