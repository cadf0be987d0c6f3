# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a pod's status says of an ephemeral container, and what that means for whoever waits."""

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils._status import (
    State,
    describe,
    is_finished,
    is_pod,
    judge,
    phase_ended,
    spec_of,
    state_of,
    status_of,
)
from tests.unit.plugins.modules.documents import RUNNING, pod, stored, terminated, waiting

AT, LATER = "2026-11-01T10:00:01Z", "2026-11-01T10:00:02Z"
REASONS = """ContainerCreating PodInitializing ErrImagePull ImagePullBackOff RegistryUnavailable SignatureValidationFailed ErrImageNeverPull
    InvalidImageName ImageInspectError CreateContainerConfigError CreateContainerError RunContainerError PreCreateHookError PreStartHookError
    ImageVolumeMountFailed RROUnsupported"""

STATES: dict[str, tuple[t.Any, State]] = {
    "no entry": (None, State("unknown")),
    "empty entry": ({}, State("unknown")),
    "null state": ({"state": None}, State("unknown")),
    "empty state": ({"state": {}}, State("unknown")),
    "a state of a newer API": ({"state": {"paused": {}}}, State("unknown")),
    "waiting": ({"state": waiting("ContainerCreating")}, State("waiting", None, "ContainerCreating")),
    "waiting without reason": ({"state": {"waiting": {}}}, State("waiting")),
    "waiting with message": ({"state": waiting("ErrImagePull", "no such host")}, State("waiting", None, "ErrImagePull", "no such host")),
    "running": ({"state": RUNNING, "ready": False}, State("running", started_at=AT)),
    "running without time": ({"state": {"running": {}}}, State("running")),
    "completed": ({"state": terminated()}, State("terminated", 0, "Completed", None, AT, LATER)),
    "error": ({"state": terminated(3, "Error", message="bye")}, State("terminated", 3, "Error", "bye", AT, LATER)),
    "killed": ({"state": terminated(137, "OOMKilled")}, State("terminated", 137, "OOMKilled", None, AT, LATER)),
    "ended unseen": ({"state": terminated(137, "ContainerStatusUnknown")}, State("terminated", 137, "ContainerStatusUnknown", None, AT, LATER)),
    "not started": ({"state": terminated(128, "StartError")}, State("terminated", 128, "StartError", None, AT, LATER)),
    "ended without words": ({"state": {"terminated": {}}}, State("terminated")),
    "waiting after a start that failed": (
        {"state": waiting("RunContainerError"), "lastState": terminated(128, "StartError")},
        State("waiting", None, "RunContainerError"),
    ),
}


@pytest.mark.parametrize(("status", "state"), STATES.values(), ids=STATES)
def test_state_of(status: t.Any, state: State) -> None:
    before = copy.deepcopy(status)
    assert state_of(status) == state
    assert status == before


def test_a_termination_message_cannot_steer_a_terminal() -> None:
    message = "\033]0;PWNED\007\033[2Jbye\nfatal: [localhost]: ok"
    state = state_of({"state": terminated(3, "Error", message=message)})
    assert state.message == message
    assert describe(state) == r"terminated Error exit code 3: \x1b]0;PWNED\x07\x1b[2Jbye fatal: [localhost]: ok"
    document = pod(stored(), states={"debugger": terminated(3, "Error", message=message)})
    failure = judge(document, "debugger", "completed", [0]).failure
    assert failure is not None
    assert failure.msg.isprintable()
    assert failure.details[0]["message"] == message


EXITS: dict[str, tuple[dict[str, t.Any], str]] = {
    "with a message": (terminated(3, "Error", message="bye\n"), "The ephemeral container debugger ended with exit code 3: Error: bye."),
    "without": (terminated(3, "Error"), "The ephemeral container debugger ended with exit code 3: Error."),
    "killed": (terminated(137, "OOMKilled"), "The ephemeral container debugger ended with exit code 137: OOMKilled."),
    "without a reason": ({"terminated": {"exitCode": 3}}, "The ephemeral container debugger ended with exit code 3: it gave no reason."),
}


@pytest.mark.parametrize(("state", "message"), EXITS.values(), ids=EXITS)
def test_an_exit_is_said_once(state: dict[str, t.Any], message: str) -> None:
    failure = judge(pod(stored(), states={"debugger": state}), "debugger", "completed", [0]).failure
    assert failure is not None
    assert failure.message == message
    assert "on_finished: next" in failure.msg


@pytest.mark.parametrize("document", [pod(stored(), phase="Failed"), pod(stored(), deletionTimestamp="2026-11-01T10:00:00Z")])
def test_another_name_is_no_help_on_a_pod_that_is_over(document: dict[str, t.Any]) -> None:
    failure = judge(document, "debugger", "running", [0]).failure
    assert failure is not None
    assert "name" not in str(failure.hint)
    assert "use one that runs" in str(failure.hint)


NULLS: dict[str, t.Any] = {
    "terminated null": {"state": {"terminated": None}},
    "running null": {"state": {"running": None}},
    "waiting null": {"state": {"waiting": None}},
    "state null": {"state": None},
}


@pytest.mark.parametrize("status", NULLS.values(), ids=NULLS)
def test_a_state_of_nulls_is_unknown(status: dict[str, t.Any]) -> None:
    document = pod(stored())
    document["status"]["ephemeralContainerStatuses"] = [{"name": "debugger", **status}]
    assert is_pod(document)
    state = state_of(status_of(document, "debugger"))
    assert state.state == "unknown"
    assert isinstance(describe(state), str)
    assert judge(document, "debugger", "completed", [0]).failure is None


NO_PODS: dict[str, t.Any] = {
    "terminated is a text": {"status": {"ephemeralContainerStatuses": [{"state": {"terminated": "yes"}}]}},
    "running is true": {"status": {"ephemeralContainerStatuses": [{"state": {"running": True}}]}},
    "waiting is a list": {"status": {"ephemeralContainerStatuses": [{"state": {"waiting": []}}]}},
    "state is a text": {"status": {"ephemeralContainerStatuses": [{"state": "running"}]}},
    "state is a number": {"status": {"ephemeralContainerStatuses": [{"state": 1}]}},
    "state is a list": {"status": {"ephemeralContainerStatuses": [{"state": ["waiting"]}]}},
    "exit code is a text": {"status": {"ephemeralContainerStatuses": [{"state": {"terminated": {"exitCode": "0"}}}]}},
    "message is a number": {"status": {"ephemeralContainerStatuses": [{"state": {"waiting": {"message": 5}}}]}},
    "reason is a mapping": {"status": {"ephemeralContainerStatuses": [{"state": {"waiting": {"reason": {"a": 1}}}}]}},
    "text among statuses": {"status": {"ephemeralContainerStatuses": ["debugger"]}},
    "null among statuses": {"status": {"ephemeralContainerStatuses": [None]}},
    "status is a text": {"status": "Running"},
    "spec is a list": {"spec": []},
    "text among containers": {"spec": {"ephemeralContainers": ["debugger"]}},
    "containers is a mapping": {"spec": {"containers": {"name": "app"}}},
    "name is a number": {"spec": {"initContainers": [{"name": 1}]}},
    "metadata is null": {"metadata": None},
    "uid is a number": {"metadata": {"uid": 5}},
    "managed fields is a text": {"metadata": {"managedFields": "x"}},
    "fields is a list": {"metadata": {"managedFields": [{"fieldsV1": {"f:spec": []}}]}},
    "another kind": {"kind": "PodList"},
}


@pytest.mark.parametrize("parts", NO_PODS.values(), ids=NO_PODS)
def test_what_only_looks_like_a_pod(parts: dict[str, t.Any]) -> None:
    assert is_pod(pod(stored(), states={"debugger": RUNNING}))
    assert not is_pod({**pod(), **parts})


@pytest.mark.parametrize("document", [None, [], "Pod", 1, {}, {"kind": "Pod"}], ids=repr)
def test_what_does_not_even_look_like_a_pod(document: t.Any) -> None:
    assert not is_pod(document)


LISTS: dict[str, t.Any] = {
    "no pod": {},
    "null": {"spec": None, "status": None},
    "empty": {"spec": {}, "status": {}},
    "null lists": {"spec": {"ephemeralContainers": None}, "status": {"ephemeralContainerStatuses": None}},
    "empty lists": {"spec": {"ephemeralContainers": []}, "status": {"ephemeralContainerStatuses": []}},
    "entries without name": {"spec": {"ephemeralContainers": [{}]}, "status": {"ephemeralContainerStatuses": [{}]}},
    "other entries": {"spec": {"ephemeralContainers": [{"name": "a"}]}, "status": {"ephemeralContainerStatuses": [{"name": "a", "state": RUNNING}]}},
}


@pytest.mark.parametrize("document", LISTS.values(), ids=LISTS)
def test_a_container_that_the_pod_does_not_tell_of(document: dict[str, t.Any]) -> None:
    assert spec_of(document, "debugger") is None
    assert status_of(document, "debugger") is None
    assert not is_finished(document, "debugger")
    assert phase_ended(document) is None
    assert judge(document, "debugger", "running", [0]) == (False, None, False)


def test_entries_are_found_by_name() -> None:
    document = pod(stored(name="a"), stored(name="b", image="x"), states={"a": RUNNING, "b": terminated(1, "Error")})
    assert spec_of(document, "b") == (1, stored(name="b", image="x"))
    found = status_of(document, "b")
    assert found is not None
    assert found["state"] == terminated(1, "Error")


FINISHED: dict[str, tuple[t.Any, bool]] = {
    "no status": (None, False),
    "running": (RUNNING, False),
    "completed": (terminated(), True),
    "failed": (terminated(1, "Error"), True),
    **{reason: (waiting(reason), reason == "RunContainerError") for reason in REASONS.split()},
}


@pytest.mark.parametrize(("state", "finished"), FINISHED.values(), ids=FINISHED)
def test_is_finished(state: t.Any, finished: bool) -> None:
    assert is_finished(pod(stored(), states={"debugger": state} if state else None), "debugger") is finished


@pytest.mark.parametrize(
    ("phase", "ended"), [("Pending", None), ("Running", None), ("Succeeded", "Succeeded"), ("Failed", "Failed"), ("Unknown", None), ("", None)]
)
def test_phase_ended(phase: str, ended: str | None) -> None:
    assert phase_ended(pod(phase=phase)) == ended


DESCRIBED = [
    (State("unknown"), "the kubelet has not reported on it"),
    (State("running", started_at=AT), "running"),
    (State("waiting"), "waiting"),
    (State("waiting", reason="ErrImagePull", message=" no such host\n"), "waiting ErrImagePull: no such host"),
    (State("terminated", 0, "Completed"), "terminated Completed exit code 0"),
    (State("terminated", 3, "Error", "bye"), "terminated Error exit code 3: bye"),
]


@pytest.mark.parametrize(("state", "words"), DESCRIBED, ids=[row[1] for row in DESCRIBED])
def test_describe(state: State, words: str) -> None:
    assert describe(state) == words


NON_ROOT = [
    'container has runAsNonRoot and image will run as root (pod: "cart_shop(1)", container: debugger)',
    "container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root",
    "container's runAsUser breaks non-root policy",
]
#: state -> (verdict when waiting for running, when waiting for completed): "goes on", "well", a code, or "code in the end" after the grace
VERDICTS: dict[str, tuple[t.Any, str, str]] = {
    "no status": (None, "goes on", "goes on"),
    "waiting without reason": ({"waiting": {}}, "goes on", "goes on"),
    "ContainerCreating": (waiting("ContainerCreating"), "goes on", "goes on"),
    "PodInitializing": (waiting("PodInitializing"), "goes on", "goes on"),
    "ErrImagePull": (waiting("ErrImagePull"), "image_error in the end", "image_error in the end"),
    "ImagePullBackOff": (waiting("ImagePullBackOff"), "image_error in the end", "image_error in the end"),
    "RegistryUnavailable": (waiting("RegistryUnavailable"), "image_error in the end", "image_error in the end"),
    "SignatureValidationFailed": (waiting("SignatureValidationFailed"), "image_error in the end", "image_error in the end"),
    "ErrImageNeverPull": (waiting("ErrImageNeverPull"), "image_error", "image_error"),
    "InvalidImageName": (waiting("InvalidImageName"), "image_error", "image_error"),
    "ImageInspectError": (waiting("ImageInspectError"), "image_error", "image_error"),
    "missing secret": (waiting("CreateContainerConfigError", 'secret "database" not found'), "goes on", "goes on"),
    "target never created": (waiting("CreateContainerConfigError", "unable to find target container cart"), "goes on", "goes on"),
    "target stopped": (
        waiting("CreateContainerError", 'invalid target container: container "1" is not running - in state CONTAINER_EXITED'),
        "goes on",
        "goes on",
    ),
    "RunContainerError": (waiting("RunContainerError", "exec: no such file"), "start_error", "start_error"),
    "PreCreateHookError": (waiting("PreCreateHookError"), "goes on", "goes on"),
    "running": (RUNNING, "well", "goes on"),
    "completed": (terminated(), "well", "well"),
    "accepted exit code": (terminated(2, "Error"), "well", "well"),
    "other exit code": (terminated(3, "Error"), "well", "exited"),
    "killed": (terminated(137, "OOMKilled"), "well", "exited"),
    "ended unseen": (terminated(137, "ContainerStatusUnknown"), "well", "exited"),
    "StartError": (terminated(128, "StartError"), "start_error", "start_error"),
    "ContainerCannotRun": (terminated(127, "ContainerCannotRun"), "start_error", "start_error"),
    **{f"root {number}": (waiting("CreateContainerConfigError", words), "start_error", "start_error") for number, words in enumerate(NON_ROOT)},
}


def told(document: dict[str, t.Any], wait_for: str) -> str:
    verdict = judge(document, "debugger", wait_for, [0, 2])
    assert not (verdict.grace and verdict.done)
    if verdict.failure is None:
        return "well" if verdict.done else "goes on"
    assert verdict.failure.container == "debugger"
    return verdict.failure.code + (" in the end" if verdict.grace else "")


@pytest.mark.parametrize(("state", "running", "completed"), VERDICTS.values(), ids=VERDICTS)
def test_judge(state: t.Any, running: str, completed: str) -> None:
    document = pod(stored(), states={"debugger": state} if state else None)
    assert (told(document, "running"), told(document, "completed")) == (running, completed)


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
@pytest.mark.parametrize("state", [None, waiting("ContainerCreating"), waiting("ImagePullBackOff")], ids=["no status", "creating", "pulling"])
def test_a_finished_pod_starts_nothing(phase: str, state: t.Any) -> None:
    assert told(pod(stored(), phase=phase, states={"debugger": state} if state else None), "running") == "pod_finished"


@pytest.mark.parametrize("state", [None, waiting("ContainerCreating"), waiting("ErrImagePull")], ids=["no status", "creating", "pulling"])
def test_a_terminating_pod_starts_nothing(state: t.Any) -> None:
    document = pod(stored(), deletionTimestamp=AT, states={"debugger": state} if state else None)
    assert told(document, "running") == "pod_terminating"


@pytest.mark.parametrize(("state", "expected"), [(terminated(), "well"), (terminated(3, "Error"), "exited"), (waiting("RunContainerError"), "start_error")])
def test_what_became_of_the_container_counts_more_than_the_pod(state: t.Any, expected: str) -> None:
    assert told(pod(stored(), phase="Failed", deletionTimestamp=AT, states={"debugger": state}), "completed") == expected


@pytest.mark.parametrize("state", [waiting("RunContainerError", "exec: no such file"), waiting("InvalidImageName", "exec: no such file")])
def test_a_failure_has_the_words_of_the_kubelet_and_what_to_do(state: t.Any) -> None:
    failure = judge(pod(stored(), states={"debugger": state}), "debugger", "running", [0]).failure
    assert failure is not None
    assert "exec: no such file" in failure.message
    assert failure.hint is not None
    assert "use another name" in failure.hint
    reason = state["waiting"]["reason"]
    assert failure.details == [{"state": "waiting", "reason": reason, "message": "exec: no such file", "exit_code": None}]


def test_exit_code_is_among_the_details() -> None:
    failure = judge(pod(stored(), states={"debugger": terminated(3, "Error")}), "debugger", "completed", [0]).failure
    assert failure is not None
    assert failure.details[0]["exit_code"] == 3
    assert "exit code 3" in failure.message


def test_readiness_is_never_looked_at() -> None:
    for ready in (True, False):
        for state in (RUNNING, waiting("ContainerCreating")):
            document = pod(stored(), states={"debugger": state})
            document["status"]["ephemeralContainerStatuses"][0].update(ready=ready, started=ready)
            assert told(document, "running") == ("well" if state is RUNNING else "goes on")
