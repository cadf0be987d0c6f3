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
from ansible_collections.kubedebug.pods.plugins.module_utils._wait import Goal, Scope, _Judge, wait
from tests.unit.plugins.modules.documents import NAMESPACE, POD, RUNNING, pod, stored, terminated, waiting

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


class Held:
    """Stands in for a client behind a proxy that holds back what a watch brings until it ends, or for good; ``conversation`` is what was asked."""

    def __init__(self, clock: Clock, starts_at: float, *, brings: bool = False, answers: bool = True) -> None:
        self.conversation: list[str | float] = []
        self._clock = clock
        self._starts_at = starts_at
        self._brings = brings
        self._answers = answers

    def _pod(self) -> dict[str, t.Any]:
        return there(a=RUNNING) if self._clock.now >= self._starts_at else there()

    def watch_pods(self, _namespace: str, _version: str, seconds: float, **_selection: t.Any) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
        self.conversation.append(seconds)
        self._clock.now += seconds
        if not self._answers:
            raise Failure("api_unreachable", "ReadTimeoutError")
        if self._brings:
            yield "BOOKMARK", self._pod()

    def get_pod(self, *_names: str, **_how: t.Any) -> dict[str, t.Any]:
        self.conversation.append("read")
        return self._pod()


def waited(client: t.Any, clock: Clock, seconds: float) -> dict[str, Failure]:
    goal = Goal(("a",), "running", [0])
    [(_pod, failures)] = wait(client, [(there(), goal)], Scope(NAMESPACE, POD, None, "100"), clock.now + seconds)
    return failures


@pytest.mark.parametrize("answers", [True, False], ids=["nothing comes", "not even headers come"])
def test_a_watch_that_brings_nothing_is_followed_by_a_read(clock: Clock, monkeypatch: pytest.MonkeyPatch, answers: bool) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    client = Held(clock, clock.now + 1, answers=answers)
    assert not waited(client, clock, 120.0)
    assert client.conversation == [5.0, "read"]


def test_watches_grow_so_that_a_long_wait_takes_few_requests(clock: Clock) -> None:
    client = Held(clock, 1e9)
    assert list(waited(client, clock, 200.0)) == ["a"]
    assert client.conversation == [5.0, "read", 10.0, "read", 20.0, "read", 40.0, "read", 60.0, "read", 60.0, "read", 5.0, "read"]


def test_what_a_watch_brings_spares_the_read(clock: Clock) -> None:
    client = Held(clock, 1e9, brings=True)
    waited(client, clock, 35.0)
    assert client.conversation == [5.0, 10.0, 20.0, "read"]
