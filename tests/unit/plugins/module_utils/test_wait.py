# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdicts on one pod as its states come in, and when something has to be decided though nothing is reported."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure
from ansible_collections.kubedebug.pods.plugins.module_utils._status import PULL_GRACE
from ansible_collections.kubedebug.pods.plugins.module_utils._wait import Goal, _Judge
from tests.unit.plugins.modules.documents import POD, RUNNING, pod, stored, terminated, waiting

DEADLINE = 5000.0


class Clock:
    now = 1000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: made.now)
    return made


def there(phase: str = "Running", **states: t.Any) -> dict[str, t.Any]:
    """A pod with ephemeral containers ``a`` and ``b`` in these states."""
    return pod(stored(name="a"), stored(name="b"), states=states, phase=phase)


def judged(*names: str, wait_for: str = "running") -> _Judge:
    return _Judge(there(), Goal(names or ("a", "b"), wait_for, [0]))


PULLING, BACKING_OFF = waiting("ErrImagePull", "no route"), waiting("ImagePullBackOff", "back-off")


def test_nothing_has_to_be_decided_before_the_deadline(clock: Clock) -> None:
    judge = judged()
    judge.look(there(a=waiting("ContainerCreating")))
    assert judge.next_look(DEADLINE) == DEADLINE


def test_a_failed_pull_is_decided_on_after_its_grace(clock: Clock) -> None:
    judge = judged()
    judge.look(there(a=PULLING))
    assert judge.next_look(DEADLINE) == 1000 + PULL_GRACE
    assert judge.next_look(1005.0) == 1005.0
    judge.pulls_given_up(1000 + PULL_GRACE - 0.01)
    assert judge.open == {"a", "b"}
    judge.pulls_given_up(1000 + PULL_GRACE)
    assert judge.open == {"b"}
    assert judge.failures["a"].code == "image_error"
    assert judge.next_look(DEADLINE) == DEADLINE


def test_grace_begins_with_the_first_failure_and_the_last_words_count(clock: Clock) -> None:
    judge = judged("a")
    judge.look(there(a=PULLING))
    clock.now += 10
    judge.look(there(a=BACKING_OFF))
    assert judge.next_look(DEADLINE) == 1000 + PULL_GRACE
    judge.pulls_given_up(1000 + PULL_GRACE)
    assert "ImagePullBackOff: back-off" in judge.failures["a"].msg


def test_each_container_has_its_own_grace(clock: Clock) -> None:
    judge = judged()
    judge.look(there(a=PULLING))
    clock.now += 5
    judge.look(there(a=PULLING, b=PULLING))
    assert judge.next_look(DEADLINE) == 1000 + PULL_GRACE
    judge.pulls_given_up(1000 + PULL_GRACE)
    assert judge.next_look(DEADLINE) == 1005 + PULL_GRACE


def test_a_pull_that_came_right_is_not_given_up(clock: Clock) -> None:
    judge = judged("a")
    judge.look(there(a=PULLING))
    judge.look(there(a=RUNNING))
    judge.pulls_given_up(1e9)
    assert not judge.failures
    assert not judge.open


def test_what_is_settled_stays_settled() -> None:
    judge = judged("a", wait_for="running")
    judge.look(there(a=RUNNING))
    judge.look(there(a=terminated(1, "Error")))
    judge.take("DELETED", there())
    assert not judge.failures


GONE: dict[str, tuple[str, dict[str, t.Any], str]] = {
    "deleted": ("DELETED", there(), "pod_not_found"),
    "replaced": ("ADDED", pod(uid="another"), "pod_replaced"),
    "replaced and deleted": ("DELETED", pod(uid="another"), "pod_replaced"),
    "finished": ("MODIFIED", there(phase="Failed"), "pod_finished"),
}


@pytest.mark.parametrize(("event", "document", "code"), GONE.values(), ids=GONE)
def test_what_ends_every_wait(event: str, document: dict[str, t.Any], code: str) -> None:
    judge = judged()
    judge.take(event, document)
    assert {name: failure.code for name, failure in judge.failures.items()} == {"a": code, "b": code}
    assert not judge.open


def test_a_pod_that_is_deleted_after_it_was_reached() -> None:
    """The last state that a DELETED event carries counts."""
    judge = judged("a", wait_for="completed")
    judge.take("DELETED", there(a=terminated()))
    assert not judge.failures


def test_one_failure_for_all_that_is_open() -> None:
    judge = judged()
    judge.look(there(a=RUNNING))
    judge.give_up(Failure("unauthorized", "x", pod="another", container="c"))
    assert list(judge.failures) == ["b"]
    assert (judge.failures["b"].pod, judge.failures["b"].container) == (POD, "b")


TIMES: dict[str, tuple[dict[str, t.Any], str]] = {
    "not reported": (there(), "Last seen: the kubelet has not reported on it; the pod is Running on node node1."),
    "waits": (there(a=waiting("ContainerCreating", "mounting")), "Last seen: waiting ContainerCreating: mounting; the pod is Running on node node1."),
    "no node": ({**there(phase="Pending"), "spec": {"ephemeralContainers": [stored(name="a")]}}, "the pod is Pending and on no node."),
    "no phase": ({**there(), "status": {}}, "the pod is in no phase on node node1."),
}


@pytest.mark.parametrize(("document", "words"), TIMES.values(), ids=TIMES)
def test_a_time_out_says_what_was_seen_last(document: dict[str, t.Any], words: str) -> None:
    judge = judged("a")
    judge.look(document)
    judge.time_out(" The server is away.")
    failure = judge.failures["a"]
    assert failure.code == "timed_out"
    assert f"{words} The server is away." in failure.message
    assert "wait_timeout" in failure.msg
