# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pods may be evicted: every reason to keep one, by tables."""

from __future__ import annotations

import datetime
import re
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.kubedebug.pods.plugins.module_utils import _recycle
from ansible_collections.kubedebug.pods.plugins.module_utils._recycle import Due, Kept, Rule
from ansible_collections.kubedebug.pods.plugins.modules import pod_recycle
from ansible_collections.kubedebug.pods.plugins.plugin_utils import _debug_guards
from tests.unit.plugins.modules.documents import RUNNING, pod, terminated, waiting

#: The containers of documents.terminated end at 10:00:02.
NOW = datetime.datetime(2026, 11, 1, 12, 0, tzinfo=datetime.timezone.utc)
OWN = {"name": "kd-dns-0123456789", "env": [{"name": "KD_SCHEMA", "value": "1"}]}
ENDED = {"kd-dns-0123456789": terminated()}
REPLICA_SET = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "cart-7c9f", "uid": "rs", "controller": True}
NAMESPACE: dict[str, t.Any] = {"metadata": {"name": "shop"}}


def debugged(*others: dict[str, t.Any], states: dict[str, t.Any] | None = None, ready: bool = True, **more: t.Any) -> dict[str, t.Any]:
    """A pod of a replica set, with a container of the role that has ended."""
    document = pod(OWN, *others, states={**ENDED, **(states or {})}, **{"ownerReferences": [REPLICA_SET], **more})
    document["status"]["conditions"] = [{"type": "Ready", "status": str(ready)}]
    return document


def annotated(**values: str) -> dict[str, str]:
    return {f"kubedebug.pods/{key}": value for key, value in values.items()}


def reason(document: dict[str, t.Any], ready: int = 3, namespace: dict[str, t.Any] | None = None, after: int = 3600) -> str:
    verdict = _recycle.judge(document, ready, namespace or NAMESPACE, Rule(after), NOW)
    return verdict.reason if isinstance(verdict, Kept) else _recycle.text_of(verdict.since)


@pytest.mark.parametrize(
    ("after", "annotations", "expected"),
    [
        (0, {}, "2026-11-01T10:00:02Z"),
        (7198, {}, "2026-11-01T12:00:00Z"),
        (7199, {}, "not_expired"),
        (0, annotated(expires="2026-11-01T11:59:59Z"), "2026-11-01T11:59:59Z"),
        (0, annotated(expires="2026-11-01T12:00:00.999Z"), "2026-11-01T12:00:00Z"),
        (0, annotated(expires="2026-11-01T12:00:01Z"), "not_expired"),
        # The annotation only makes it later.
        (7199, annotated(expires="2026-11-01T10:00:00Z"), "not_expired"),
        (3600, annotated(expires="2026-11-01T10:00:00Z"), "2026-11-01T11:00:02Z"),
        (0, annotated(expires="9999-12-31T23:59:59Z"), "not_expired"),
        (0, annotated(expires="soon"), "invalid_expiry"),
        (0, annotated(expires=""), "invalid_expiry"),
        (0, annotated(expires="2026-13-01T10:00:00Z"), "invalid_expiry"),
        (0, annotated(expires="2026-11-01T10:00:00+02:00"), "invalid_expiry"),
        (0, annotated(expires="2026-11-01T10:00:00"), "invalid_expiry"),
    ],
)
def test_when_a_pod_is_due(after: int, annotations: dict[str, str], expected: str) -> None:
    assert reason(debugged(annotations=annotations), after=after) == expected


SHELL = {"name": "shell"}
ENDED_LATER = {"terminated": {"exitCode": 0, "finishedAt": "2026-11-01T11:30:00Z"}}


@pytest.mark.parametrize(
    ("others", "states", "expected"),
    [
        ([SHELL], {"shell": RUNNING}, "not_ended"),
        ([SHELL], {"shell": waiting("ContainerCreating")}, "not_ended"),
        ([SHELL], {"shell": waiting("ImagePullBackOff")}, "not_ended"),
        ([SHELL], {}, "not_ended"),
        ([SHELL], {"shell": ENDED_LATER}, "not_expired"),
        ([SHELL], {"shell": terminated(128, "StartError")}, "2026-11-01T11:00:02Z"),
        ([SHELL], {"shell": {"terminated": {"exitCode": 137}}}, "not_ended"),
        ([], {"kd-dns-0123456789": {"terminated": {"exitCode": 0, "finishedAt": "2026-11-01T13:00:00Z"}}}, "not_expired"),
        ([], {"kd-dns-0123456789": {"terminated": {"exitCode": 0, "finishedAt": "9999-12-31T23:59:59Z"}}}, "not_expired"),
    ],
)
def test_every_container_has_to_have_ended_whoever_added_it(others: list[dict[str, t.Any]], states: dict[str, t.Any], expected: str) -> None:
    assert reason(debugged(*others, states=states)) == expected


def test_a_container_that_does_not_say_when_it_ended_is_as_old_as_its_entry() -> None:
    document = debugged(SHELL, states={"shell": {"terminated": {"exitCode": 137}}}, managed=[("kubectl", "shell")])
    assert reason(document) == "2026-11-01T11:00:02Z"
    failed = debugged(SHELL, states={"shell": waiting("RunContainerError")})
    failed["status"]["ephemeralContainerStatuses"][1]["lastState"] = ENDED_LATER
    assert reason(failed) == "not_expired"
    assert reason(failed, after=1) == "2026-11-01T11:30:01Z"


@pytest.mark.parametrize(
    ("document", "ready", "expected"),
    [
        (debugged(), 2, "2026-11-01T11:00:02Z"),
        (debugged(), 1, "last_ready"),
        (debugged(ready=False), 0, "2026-11-01T11:00:02Z"),
        (debugged(ownerReferences=[]), 0, "no_controller"),
        (debugged(ownerReferences=[{**REPLICA_SET, "controller": False}]), 3, "no_controller"),
        (debugged(ownerReferences=[{**REPLICA_SET, "kind": "Job"}]), 3, "job"),
        (debugged(ownerReferences=[{**REPLICA_SET, "kind": "DaemonSet"}]), 3, "2026-11-01T11:00:02Z"),
        (debugged(annotations={"kubernetes.io/config.mirror": "x"}), 3, "static_pod"),
        (debugged(deletionTimestamp="2026-11-01T11:00:00Z"), 3, "pod_terminating"),
        (debugged(phase="Succeeded"), 3, "pod_finished"),
        (debugged(phase="Failed"), 3, "pod_finished"),
        (debugged(annotations=annotated(disabled="true")), 3, "disabled"),
        (debugged(annotations=annotated(disabled="True")), 3, "disabled"),
        (debugged(annotations=annotated(disabled="false")), 3, "2026-11-01T11:00:02Z"),
    ],
)
def test_who_stays(document: dict[str, t.Any], ready: int, expected: str) -> None:
    assert reason(document, ready) == expected


def test_the_kill_switch_of_the_namespace_is_that_of_the_guards() -> None:
    assert reason(debugged(), namespace={"metadata": {"annotations": {_debug_guards.KILL_SWITCH: "true"}}}) == "disabled"


@pytest.mark.parametrize(
    ("container", "own"),
    [
        (OWN, True),
        ({**OWN, "name": "debugger"}, False),
        ({**OWN, "env": []}, False),
        ({"name": "kd-dns-0123456789"}, False),
        ({**OWN, "env": [{"name": "KD_SCHEMA", "value": "2"}]}, False),
        ({**OWN, "env": [{"name": "KD_SCHEMA", "valueFrom": {}}]}, False),
    ],
)
def test_whose_container_it_is(container: dict[str, t.Any], own: bool) -> None:
    assert _recycle.own_containers(pod(container)) == ([container["name"]] if own else [])


def of(number: int, owner: str, ready: bool = True, ended: str = "2026-11-01T10:00:02Z", **more: t.Any) -> dict[str, t.Any]:
    reference = {**REPLICA_SET, "name": owner, "uid": f"uid-of-{owner}"}
    states = {"kd-dns-0123456789": {"terminated": {"exitCode": 0, "finishedAt": ended}}}
    return debugged(states=states, ready=ready, name=f"pod-{number}", uid=f"uid-{number}", ownerReferences=[reference], **more)


def plain(number: int, owner: str, ready: bool = True, **more: t.Any) -> dict[str, t.Any]:
    """One that nobody has debugged."""
    document = of(number, owner, ready, **more)
    del document["spec"]["ephemeralContainers"]
    return document


def decide(*pods: dict[str, t.Any], wanted: set[str] | None = None) -> tuple[list[str], dict[str, str]]:
    due, kept = _recycle.decide(pods, wanted, NAMESPACE, Rule(0), NOW)
    return [each.pod["metadata"]["name"] for each in due], {each.pod["metadata"]["name"]: each.reason for each in kept}


def test_ready_pods_are_counted_for_each_controller() -> None:
    assert decide(of(1, "a"), plain(2, "a"), of(3, "b"), plain(4, "b", ready=False)) == (["pod-1"], {"pod-3": "last_ready"})
    assert decide(of(1, "a"), plain(2, "a", deletionTimestamp="2026-11-01T11:00:00Z")) == ([], {"pod-1": "last_ready"})
    assert decide(of(1, "a"), of(2, "a"), plain(3, "a"), wanted={"uid-2"}) == (["pod-2"], {})


def test_the_longest_due_is_first() -> None:
    pods = [
        of(1, "a", ended="2026-11-01T11:00:00Z"),
        of(2, "a", ended="2026-11-01T10:00:00Z"),
        of(3, "a", ended="2026-11-01T10:30:00Z"),
        of(0, "a", ended="2026-11-01T10:30:00Z"),
    ]
    assert decide(*pods) == (["pod-2", "pod-0", "pod-3", "pod-1"], {})


def test_replica_sets_of_one_deployment_are_one_workload() -> None:
    old, new = (of(number, f"cart-{hash_}", labels={"pod-template-hash": hash_}) for number, hash_ in enumerate(("7c9f", "86b5")))
    assert _recycle.workload_of(old) == _recycle.workload_of(new) == ("ReplicaSet", "cart")
    assert _recycle.workload_of(of(3, "cart-7c9f")) == ("ReplicaSet", "cart-7c9f")
    stateful = debugged(ownerReferences=[{**REPLICA_SET, "kind": "StatefulSet"}], labels={"pod-template-hash": "7c9f"})
    assert _recycle.workload_of(stateful) == ("StatefulSet", "cart-7c9f")


def test_a_due_pod_says_since_when() -> None:
    [due], _kept = _recycle.decide([of(1, "a"), plain(2, "a")], None, NAMESPACE, Rule(60), NOW)
    assert isinstance(due, Due)
    assert _recycle.text_of(due.since) == "2026-11-01T10:01:02Z"


def test_the_clock_is_that_of_the_server() -> None:
    assert _recycle.now_by("Sun, 01 Nov 2026 12:00:00 GMT") == NOW
    here = datetime.datetime.now(datetime.timezone.utc)
    for date in (None, "", "noon", "Sun, 01 Nov 2026 12:00:00"):
        assert abs(_recycle.now_by(date) - here) < datetime.timedelta(minutes=1)


def test_every_reason_is_documented() -> None:
    said = " ".join(yaml.safe_load(pod_recycle.RETURN)["kept"]["contains"]["reason"]["description"])
    source = Path(_recycle.__file__).read_text()
    reasons = set(re.findall(r'Kept\([\w.]+, "(\w+)"', source)) | set(_recycle._UNFIT)
    assert len(reasons) >= 14
    for each in reasons:
        assert f"V({each})" in said, each
