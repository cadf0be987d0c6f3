# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a pod needs so that the wanted containers are on it, and what is refused before a write."""

from __future__ import annotations

import copy
import json
import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils._decide import (
    Decision,
    Policy,
    check_against,
    check_offline,
    check_stored,
    check_writable,
    decide,
)
from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure, FieldError
from ansible_collections.kubedebug.pods.plugins.module_utils._spec import build
from tests.unit.plugins.module_utils.specs import EVERY_FIELD, Container, server_stores
from tests.unit.plugins.modules.documents import NAMESPACE, POD, RUNNING, SENT, UID, pod, stored, terminated, waiting


def failure_of(call: t.Callable[..., t.Any], *args: t.Any, **kwargs: t.Any) -> Failure:
    """The Failure that the call raises, its arguments unharmed."""
    before = copy.deepcopy((args, kwargs))
    with pytest.raises(Failure) as caught:
        call(*args, **kwargs)
    assert (args, kwargs) == before
    return caught.value


def named(name: str, **changes: t.Any) -> Container:
    return {**SENT, "name": name, **changes}


def test_all_errors_of_all_containers_before_anything_is_sent() -> None:
    failure = failure_of(check_offline, [SENT, named("Bad", ports=[]), {"name": "c"}])
    assert failure.code == "invalid_spec"
    assert failure.field == failure.details[0]["field"]
    assert [detail["field"] for detail in failure.details] == [
        "spec.ephemeralContainers[1].ports",
        "spec.ephemeralContainers[1].name",
        "spec.ephemeralContainers[2].image",
    ]
    assert all(detail["message"] in failure.msg for detail in failure.details)
    assert "Nothing was written" in failure.msg


def test_errors_about_options_come_with_those_about_the_container() -> None:
    """A field that an option sets is mentioned once, as the option."""
    params = {"name": "Bad", "image": True, "command": "sleep", "env": {"A": 1}, "target": 5, "stdin": True}
    wanted = build(params, {"ports": [], "env": [{"name": ""}], "nonsense": 1})
    pods = FieldError("pod", "FieldValueInvalid", "pod is '..', which cannot be the name of one.")
    failure = failure_of(check_offline, wanted.containers, [pods, *wanted.errors])
    assert (failure.code, failure.field) == ("invalid_options", "pod")
    path = "spec.ephemeralContainers[0]"
    options = ["pod", "image", "command", "target", "env.A"]
    assert [detail["field"] for detail in failure.details] == [*options, f"{path}.ports", f"{path}.nonsense", f"{path}.name"]


@pytest.mark.parametrize(("container", "fields"), [({"name": "Bad", "ports": []}, ["name"]), ({"name": 5}, ["name"]), ({"name": "fine", "ports": []}, [])])
def test_only_the_name_counts_for_what_is_to_be_absent(container: Container, fields: list[str]) -> None:
    if not fields:
        check_offline([container], state="absent")
        return
    failure = failure_of(check_offline, [container], state="absent")
    assert failure.code == "invalid_spec"
    assert [detail["field"] for detail in failure.details] == [f"spec.ephemeralContainers[0].{field}" for field in fields]


def test_valid_containers_pass() -> None:
    check_offline([SENT, EVERY_FIELD | {"name": "other"}])


@pytest.mark.parametrize("place", [1, 2])
def test_names_twice_in_one_request(place: int) -> None:
    containers = [named("a"), named("b"), named("c")]
    containers[place]["name"] = "a"
    failure = failure_of(check_offline, containers)
    path = f"spec.ephemeralContainers[{place}].name"
    assert failure.details == [{"field": path, "reason": "FieldValueDuplicate", "message": f'{path}: Duplicate value: "a"'}]


def test_long_lists_of_errors_are_bounded_in_words_and_whole_in_details() -> None:
    failure = failure_of(check_offline, [{**SENT, **{f"unknown{number:02}": 1 for number in range(40)}}])
    assert len(failure.details) == 40
    assert "34 more in failure.details" in failure.msg
    assert "unknown05" in failure.msg
    assert "unknown06" not in failure.msg


def test_errors_on_the_pod_are_at_the_paths_that_they_would_have_there() -> None:
    there = pod(stored(name="one"), stored(name="two"))
    failure = failure_of(check_against, there, [named("cart"), named("d", targetContainerName="one", lifecycle={})])
    assert [(detail["field"], detail["reason"]) for detail in failure.details] == [
        ("spec.ephemeralContainers[2].name", "FieldValueDuplicate"),
        ("spec.ephemeralContainers[3].lifecycle", "FieldValueForbidden"),
        ("spec.ephemeralContainers[3].targetContainerName", "FieldValueNotFound"),
    ]
    assert f"{NAMESPACE}/{POD}" in failure.msg


def test_containers_that_the_pod_can_take_pass() -> None:
    there = pod(stored(name="one"))
    there["spec"]["volumes"] = [
        {"name": "data", "configMap": {}},
        {"name": "scratch", "emptyDir": {}},
        {"name": "disk", "persistentVolumeClaim": {"claimName": "p"}},
    ]
    every_field = copy.deepcopy(EVERY_FIELD)
    every_field["securityContext"]["procMount"] = "Default"
    check_against(there, [SENT, every_field])


def test_decision_keeps_what_is_there_and_adds_the_rest_in_order() -> None:
    there = pod(stored(name="b"), states={"b": RUNNING})
    containers = [named("c"), named("b"), named("a")]
    before = copy.deepcopy((there, containers))
    decision = decide(there, containers, Policy())
    assert list(decision.kept) == ["b"]
    assert tuple(decision.kept["b"]) == ("b", [], [], [])
    assert decision.missing == [named("c"), named("a")]
    assert decision.order == ["c", "b", "a"]
    assert (there, containers) == before


@pytest.mark.parametrize("phase", ["Pending", "Running", "Succeeded", "Failed", "Unknown"])
@pytest.mark.parametrize("state", [None, RUNNING, terminated(), waiting("ImagePullBackOff")], ids=["no status", "running", "ended", "pulling"])
def test_what_is_there_as_asked_is_kept_whatever_the_pod_does(phase: str, state: t.Any) -> None:
    there = pod(server_stores(EVERY_FIELD), phase=phase, states={"debugger": state} if state else None, deletionTimestamp="2026-11-01T10:00:00Z")
    decision = decide(there, [EVERY_FIELD], Policy())
    assert (list(decision.kept), decision.missing) == (["debugger"], [])


def test_differences_of_all_containers_are_told_at_once() -> None:
    there = pod(stored(name="a", image="x:1"), stored(name="b", command=["sh"]), stored(name="c"))
    failure = failure_of(decide, there, [named("a"), named("b"), named("c"), named("d")], Policy())
    assert failure.code == "different"
    assert failure.details == [
        {"container": "a", "field": "spec.ephemeralContainers[0].image", "wanted": "busybox:1.37", "stored": "x:1"},
        {"container": "b", "field": "spec.ephemeralContainers[1].command", "wanted": ["sleep", "900"], "stored": ["sh"]},
    ]
    assert failure.field == "spec.ephemeralContainers[0].image"
    assert 'spec.ephemeralContainers[0].image is "x:1", asked was "busybox:1.37"' in failure.msg
    assert 'spec.ephemeralContainers[1].command is ["sh"], asked was ["sleep", "900"]' in failure.msg


def test_fields_that_are_not_there_are_told_as_such() -> None:
    failure = failure_of(decide, pod(stored(tty=True, command=None)), [named("debugger", stdin=True)], Policy())
    assert 'command is not set, asked was ["sleep", "900"]' in failure.msg
    assert "stdin is not set, asked was true" in failure.msg


def test_long_differences_are_bounded_in_words() -> None:
    failure = failure_of(decide, pod(stored(command=["x" * 100_000])), [SENT], Policy())
    assert len(failure.msg) < 1000
    assert failure.details[0]["stored"] == ["x" * 100_000]


def test_differences_can_be_kept() -> None:
    decision = decide(pod(stored(image="x:1", newer="/w")), [SENT], Policy(on_difference="keep"))
    assert decision.missing == []
    assert decision.kept["debugger"].differences == [{"field": "spec.ephemeralContainers[0].image", "wanted": "busybox:1.37", "stored": "x:1"}]
    assert decision.kept["debugger"].injected == [{"field": "spec.ephemeralContainers[0].newer", "stored": "/w"}]


@pytest.mark.parametrize(("allow_injected", "code"), [(False, "different"), (True, None)])
def test_injected_environment(allow_injected: bool, code: str | None) -> None:
    there = pod(stored(env=[{"name": "PROXY", "value": "x"}]))
    policy = Policy(allow_injected=allow_injected)
    if code:
        assert failure_of(decide, there, [SENT], policy).code == code
    else:
        assert [item["field"] for item in decide(there, [SENT], policy).kept["debugger"].injected] == ["spec.ephemeralContainers[0].env"]


@pytest.mark.parametrize(("uid", "replaced"), [(None, False), (UID, False), ("another", True)], ids=["any", "this", "another"])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_pod_uid(uid: str | None, replaced: bool, state: str) -> None:
    policy = Policy(state=state, pod_uid=uid)
    if replaced:
        failure = failure_of(decide, pod(), [SENT], policy)
        assert (failure.code, failure.field) == ("pod_replaced", "pod_uid")
        assert UID in failure.msg
    else:
        assert decide(pod(), [SENT], policy).missing == ([SENT] if state == "present" else [])


ON_FINISHED: dict[str, tuple[str, t.Any, str | None]] = {
    "keep running": ("keep", RUNNING, None),
    "keep ended": ("keep", terminated(1, "Error"), None),
    "fail running": ("fail", RUNNING, None),
    "fail pulling": ("fail", waiting("ImagePullBackOff"), None),
    "fail unseen": ("fail", None, None),
    "fail ended well": ("fail", terminated(), "finished"),
    "fail ended": ("fail", terminated(1, "Error"), "finished"),
    "fail not started": ("fail", waiting("RunContainerError"), "finished"),
}


@pytest.mark.parametrize(("policy", "state", "code"), ON_FINISHED.values(), ids=ON_FINISHED)
def test_on_finished(policy: str, state: t.Any, code: str | None) -> None:
    there = pod(stored(), states={"debugger": state} if state else None)
    if code is None:
        assert list(decide(there, [SENT], Policy(on_finished=policy)).kept) == ["debugger"]
    else:
        failure = failure_of(decide, there, [SENT], Policy(on_finished=policy))
        assert (failure.code, failure.container, failure.field) == (code, "debugger", "on_finished")
        assert "on_finished: next" in failure.msg


ENDED = terminated()
#: the containers that are there with their states, the name that is worked on, whether it is to be added
NEXT: dict[str, tuple[dict[str, t.Any], str, bool]] = {
    "none": ({}, "debugger", True),
    "first runs": ({"debugger": RUNNING}, "debugger", False),
    "first is unseen": ({"debugger": None}, "debugger", False),
    "first ended": ({"debugger": ENDED}, "debugger-2", True),
    "first was not started": ({"debugger": waiting("RunContainerError")}, "debugger-2", True),
    "first is pulled": ({"debugger": waiting("ImagePullBackOff")}, "debugger", False),
    "second runs": ({"debugger": ENDED, "debugger-2": RUNNING}, "debugger-2", False),
    "all ended": ({"debugger": ENDED, "debugger-2": ENDED}, "debugger-3", True),
    "first runs still, second ended": ({"debugger": RUNNING, "debugger-2": ENDED}, "debugger", False),
    "the newest that runs": ({"debugger": RUNNING, "debugger-2": RUNNING, "debugger-3": ENDED}, "debugger-2", False),
    "stored in another order": ({"debugger-3": ENDED, "debugger": ENDED, "debugger-2": ENDED}, "debugger-4", True),
    "ten is more than nine": ({"debugger": ENDED, "debugger-9": ENDED, "debugger-10": ENDED}, "debugger-11", True),
    "first was never there": ({"debugger-2": ENDED}, "debugger-3", True),
    "a gap": ({"debugger": ENDED, "debugger-5": ENDED}, "debugger-6", True),
    "names that only look alike": (
        {"debugger": ENDED, "debugger-1": RUNNING, "debugger-02": RUNNING, "debugger-x": RUNNING, "debugger-2-2": RUNNING, "my-debugger-7": RUNNING},
        "debugger-2",
        True,
    ),
    "a number beyond reason": ({"debugger": ENDED, "debugger-99999999999999": RUNNING}, "debugger-2", True),
}


@pytest.mark.parametrize(("there", "name", "added"), NEXT.values(), ids=NEXT)
def test_next(there: dict[str, t.Any], name: str, added: bool) -> None:
    document = pod(*(stored(name=each) for each in there), states={each: state for each, state in there.items() if state})
    decision = decide(document, [SENT], Policy(on_finished="next"))
    assert decision.order == [name]
    assert decision.missing == ([named(name)] if added else [])
    assert list(decision.kept) == ([] if added else [name])


NON_ROOT = waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root")
#: how a container of that name waits, whether it is as asked, and whether ``next`` passes over it
STUCK: dict[str, tuple[t.Any, bool, bool]] = {
    "creating": (waiting("ContainerCreating"), True, False),
    "creating another": (waiting("ContainerCreating"), False, False),
    "no such name of an image": (waiting("InvalidImageName"), True, True),
    "never to be pulled": (waiting("ErrImageNeverPull"), True, True),
    "root image": (NON_ROOT, True, True),
    "secret missing": (waiting("CreateContainerConfigError", 'secret "s" not found'), True, False),
    "pull fails": (waiting("ErrImagePull"), True, False),
    "pull fails for long": (waiting("ImagePullBackOff"), True, False),
    "pull of another fails": (waiting("ErrImagePull"), False, True),
    "pull of another fails for long": (waiting("ImagePullBackOff"), False, True),
}


@pytest.mark.parametrize(("state", "same", "passed"), STUCK.values(), ids=STUCK)
def test_next_passes_over_what_can_never_start(state: t.Any, same: bool, passed: bool) -> None:
    there = pod(stored(image=SENT["image"] if same else "other:1"), states={"debugger": state})
    decision = decide(there, [SENT], Policy(on_finished="next", on_difference="keep"))
    assert decision.order == (["debugger-2"] if passed else ["debugger"])


def test_next_compares_a_failing_pull_under_what_admission_may_inject() -> None:
    there = pod(stored(env=[{"name": "PROXY", "value": "x"}]), states={"debugger": waiting("ImagePullBackOff")})
    for allowed, name in ((True, "debugger"), (False, "debugger-2")):
        assert decide(there, [SENT], Policy(on_finished="next", allow_injected=allowed)).order == [name]


def test_next_compares_the_one_that_it_finds() -> None:
    there = pod(stored(), stored(name="debugger-2", image="x:1"), states={"debugger": ENDED, "debugger-2": RUNNING})
    failure = failure_of(decide, there, [SENT], Policy(on_finished="next"))
    assert (failure.code, failure.container, failure.field) == ("different", "debugger-2", "spec.ephemeralContainers[1].image")


def test_next_for_a_name_with_letters_of_a_pattern() -> None:
    there = pod(stored(name="a.b"), stored(name="axb-7"), states={"a.b": ENDED, "axb-7": RUNNING})
    assert decide(there, [named("a.b")], Policy(on_finished="next")).order == ["a.b-2"]


def test_next_does_not_take_the_name_of_another_container() -> None:
    there = pod(stored(), states={"debugger": ENDED})
    there["spec"]["containers"].append({"name": "debugger-2", "image": "x"})
    [missing] = decide(there, [SENT], Policy(on_finished="next")).missing
    check_against(there, [missing])


def test_next_gives_two_wanted_containers_two_names() -> None:
    there = pod(stored(), states={"debugger": ENDED})
    order = decide(there, [SENT, named("debugger-2")], Policy(on_finished="next")).order
    assert len(set(order)) == 2


@pytest.mark.parametrize(
    ("state", "words"), [(RUNNING, "running"), (terminated(3, "Error"), "exit code 3"), (None, "not reported")], ids=["runs", "ended", "unseen"]
)
def test_removal_is_refused_with_what_to_do(state: t.Any, words: str) -> None:
    there = pod(stored(), states={"debugger": state} if state else None)
    failure = failure_of(decide, there, [{"name": "debugger"}], Policy(state="absent"))
    assert (failure.code, failure.container, failure.field) == ("removal_refused", "debugger", "state")
    assert words in failure.msg
    assert "delete the pod" in failure.msg


def test_removal_of_several_names_those_that_are_there() -> None:
    failure = failure_of(decide, pod(stored(name="b"), stored(name="c")), [{"name": name} for name in "abcd"], Policy(state="absent"))
    assert "b, c is on pod" in failure.msg


def test_absent_is_fine_where_there_is_none() -> None:
    assert decide(pod(stored(name="other")), [{"name": "debugger"}], Policy(state="absent")) == Decision({}, [], [], {})


CANNOT: dict[str, tuple[dict[str, t.Any], str]] = {
    "static": ({"annotations": {"kubernetes.io/config.mirror": "abc"}}, "static_pod"),
    "static with an empty annotation": ({"annotations": {"kubernetes.io/config.mirror": ""}}, "static_pod"),
    "terminating": ({"deletionTimestamp": "2026-11-01T10:00:00Z"}, "pod_terminating"),
    "succeeded": ({"phase": "Succeeded"}, "pod_finished"),
    "failed": ({"phase": "Failed"}, "pod_finished"),
}


@pytest.mark.parametrize(("changes", "code"), CANNOT.values(), ids=CANNOT)
def test_pods_on_which_it_could_never_run(changes: dict[str, t.Any], code: str) -> None:
    failure = failure_of(check_writable, pod(**changes))
    assert failure.code == code
    assert f"{NAMESPACE}/{POD}" in failure.msg
    assert "Nothing was written" in failure.msg


CAN: dict[str, dict[str, t.Any]] = {
    "running": {},
    "pending": {"phase": "Pending"},
    "unknown": {"phase": "Unknown"},
    "annotated": {"annotations": {"kubernetes.io/config.source": "api"}},
    "null annotations": {"annotations": None},
    "null deletion": {"deletionTimestamp": None},
}


@pytest.mark.parametrize("changes", CAN.values(), ids=CAN)
def test_pods_on_which_it_can_run(changes: dict[str, t.Any]) -> None:
    check_writable(pod(**changes))


def test_pods_that_are_not_scheduled_can_run_it_later() -> None:
    document = pod(phase="Pending")
    del document["spec"]["nodeName"]
    check_writable(document)


REPLIES: dict[str, tuple[list[Container], str | None, str | None]] = {
    "as asked": ([stored()], None, None),
    "not in it": ([], "dropped_by_server", None),
    "another": ([stored(name="other")], "dropped_by_server", None),
    "field dropped": ([stored(command=None)], "dropped_by_server", "command"),
    "field changed": ([stored(image="mirror/busybox:1.37")], "different", "image"),
    "field dropped and another changed": ([stored(command=None, image="x:1")], "different", "command"),
    "environment injected": ([stored(env=[{"name": "A", "value": "b"}])], "different", "env"),
    "something harmless injected": ([stored(newer="/w")], None, None),
}


@pytest.mark.parametrize(("containers", "code", "field"), REPLIES.values(), ids=REPLIES)
def test_the_reply_to_the_write(containers: list[Container], code: str | None, field: str | None) -> None:
    reply = pod(stored(name="earlier"), *containers)
    if code is None:
        assert check_stored(reply, [SENT], Policy())["debugger"].differences == []
        return
    failure = failure_of(check_stored, reply, [SENT], Policy())
    assert (failure.code, failure.container) == (code, "debugger")
    assert failure.field == (field and f"spec.ephemeralContainers[1].{field}")


@pytest.mark.parametrize(
    "change", [{"image": "mirror/busybox:1.37"}, {"env": [{"name": "A", "value": "b"}]}, {"command": None}], ids=["changed", "injected", "dropped"]
)
def test_what_admission_made_of_the_write_can_be_kept(change: dict[str, t.Any]) -> None:
    kept = check_stored(pod(stored(**change)), [SENT], Policy(on_difference="keep"))["debugger"]
    assert [difference["field"].rpartition(".")[2] for difference in kept.differences] == list(change)


def test_a_container_that_is_not_in_the_reply_cannot_be_kept() -> None:
    assert failure_of(check_stored, pod(), [SENT], Policy(on_difference="keep")).code == "dropped_by_server"


def test_injected_fields_of_the_reply_are_listed() -> None:
    extra = {"securityContext": {"runAsUser": 1}, "newer": "/w"}
    kept = check_stored(pod(stored(**extra)), [SENT], Policy(allow_injected=True))["debugger"]
    assert [item["field"].rpartition(".")[2] for item in kept.injected] == ["newer", "securityContext"]


def test_failures_are_plain_data() -> None:
    failure = failure_of(decide, pod(stored(image="x:1")), [SENT], Policy())
    assert json.loads(json.dumps(failure.to_dict())) == failure.to_dict()


def test_a_next_name_that_is_too_long_is_said() -> None:
    base = "x" * 62
    document = pod(stored(name=base), states={base: terminated()})
    with pytest.raises(Failure) as caught:
        decide(document, [{**SENT, "name": base}], Policy(on_finished="next"))
    assert (caught.value.code, caught.value.field) == ("invalid_spec", "on_finished")
    assert f"{base}-2" in caught.value.msg
    assert "at most 61 characters" in caught.value.msg
    shorter = base[:61]
    document = pod(stored(name=shorter), states={shorter: terminated()})
    assert decide(document, [{**SENT, "name": shorter}], Policy(on_finished="next")).order == [f"{shorter}-2"]
