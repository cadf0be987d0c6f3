# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Watch until there is a verdict on every container: started, completed, failed for good, or timed out."""

from __future__ import annotations

import time
import typing as t

from ._client import Client, WatchExpired
from ._errors import Failure
from ._status import PULL_GRACE, Verdict, describe, judge, spec_of, state_of, status_of

_WATCH_SECONDS = 60.0
_POLL_FIRST, _POLL_MOST = 0.2, 2.0
_EVENTS_SHOWN = 5


class Goal(t.NamedTuple):
    """What to wait for, on one pod."""

    names: tuple[str, ...]
    wait_for: str
    success_exit_codes: t.Sequence[int]


class Waited(t.NamedTuple):
    """The pod as it was seen last, and the failures by container name (none: every goal was reached)."""

    pod: dict[str, t.Any]
    failures: dict[str, Failure]


class _Judge:
    """Keeps the open containers of one pod and their verdicts as states of the pod come in."""

    def __init__(self, pod: dict[str, t.Any], goal: Goal) -> None:
        self.pod = pod
        self.goal = goal
        self.open = set(goal.names)
        self.failures: dict[str, Failure] = {}
        self._pulls: dict[str, tuple[float, Failure]] = {}

    def look(self, pod: dict[str, t.Any]) -> None:
        """Take this state of the pod into account."""
        self.pod = pod
        for name in sorted(self.open):
            self._settle(name, judge(pod, name, self.goal.wait_for, self.goal.success_exit_codes))

    def _settle(self, name: str, verdict: Verdict) -> None:
        if verdict.grace and verdict.failure:
            self._pulls[name] = (self._pulls.get(name, (time.monotonic(),))[0], verdict.failure)
        if verdict.done:
            self.open.discard(name)
            if verdict.failure:
                self.failures[name] = verdict.failure

    def pulls_given_up(self, now: float) -> None:
        """End the wait for images that have failed to be pulled for PULL_GRACE seconds."""
        for name, (since, failure) in self._pulls.items():
            if name in self.open and now >= since + PULL_GRACE:
                self.open.discard(name)
                self.failures[name] = failure

    def next_look(self, deadline: float) -> float:
        """When something has to be decided even if nothing is reported."""
        return min([deadline, *(since + PULL_GRACE for name, (since, _failure) in self._pulls.items() if name in self.open)])

    def fail_open(self, code: str, message: str, hint: str | None = None) -> None:
        for name in sorted(self.open):
            self.failures[name] = Failure(code, message.format(name=name), container=name, hint=hint)
        self.open.clear()


def wait(client: Client, pod: dict[str, t.Any], goal: Goal, deadline: float) -> Waited:
    """Follow ``pod`` from this state on until every container of ``goal`` is settled or ``deadline`` (time.monotonic) is there."""
    judge_ = _Judge(pod, goal)
    judge_.look(pod)
    if judge_.open:
        _follow(client, judge_, deadline)
    for name, failure in judge_.failures.items():
        if failure.code == "image_error":
            _add_events(client, judge_.pod, name, failure)
    return Waited(judge_.pod, judge_.failures)


def _follow(client: Client, judge_: _Judge, deadline: float) -> None:
    metadata = judge_.pod["metadata"]
    namespace, name, uid = metadata["namespace"], metadata["name"], metadata["uid"]
    version: str | None = metadata["resourceVersion"]
    watching, pause, waited = True, _POLL_FIRST, False
    while judge_.open:
        now = time.monotonic()
        judge_.pulls_given_up(now)
        if not judge_.open:
            return
        if now >= deadline:
            if waited:
                _last_look(client, judge_, namespace, name, uid)
            else:
                _time_out(judge_, "")
            return
        waited = True
        left = judge_.next_look(deadline) - now
        try:
            if version is None or not watching:
                pod = client.get_pod(namespace, name, patience=left)
                version = pod["metadata"]["resourceVersion"]
                _take(judge_, "MODIFIED", pod, uid)
                if not watching and judge_.open:
                    time.sleep(min(pause, max(left, 0.0)))
                    pause = min(pause * 1.5, _POLL_MOST)
            else:
                version = _watch_once(client, judge_, namespace, name, uid, version, min(left, _WATCH_SECONDS))
        except WatchExpired:
            version = None
            time.sleep(min(_POLL_FIRST, left))
        except Failure as failure:
            if failure.code == "forbidden_rbac" and watching:
                watching = False
            elif failure.code == "pod_not_found":
                _take(judge_, "DELETED", judge_.pod, uid)
            elif failure.code in ("api_unreachable", "api_error"):
                time.sleep(max(0.0, min(pause, left)))
                pause = min(pause * 1.5, _POLL_MOST)
            else:
                raise


def _last_look(client: Client, judge_: _Judge, namespace: str, name: str, uid: str) -> None:
    """Read the pod once more before time is called: what a watch was told may still be on its way."""
    away = ""
    try:
        _take(judge_, "MODIFIED", client.get_pod(namespace, name, patience=0.0), uid)
    except Failure as failure:
        away = f" The API server could not be asked at last: {failure.message}"
    if judge_.open:
        _time_out(judge_, away)


def _watch_once(client: Client, judge_: _Judge, namespace: str, name: str, uid: str, version: str, seconds: float) -> str | None:
    """One watch. Returns the resourceVersion to go on from, or None where the pod has to be read again."""
    started, seen = time.monotonic(), False
    for event, pod in client.watch_pod(namespace, name, version, max(seconds, 0.05)):
        seen = True
        version = pod["metadata"]["resourceVersion"]
        if event != "BOOKMARK":
            _take(judge_, event, pod, uid)
        if not judge_.open or time.monotonic() >= started + seconds:
            return version
    broken = not seen and time.monotonic() < started + min(seconds, 1.0) / 2
    if broken:
        time.sleep(_POLL_FIRST)
    return None if broken else version


def _take(judge_: _Judge, event: str, pod: dict[str, t.Any], uid: str) -> None:
    if pod["metadata"]["uid"] != uid:
        judge_.fail_open("pod_replaced", "The pod was replaced by another of the same name before the ephemeral container {name} was ready.")
        return
    judge_.look(pod)
    if event == "DELETED":
        judge_.fail_open("pod_not_found", "The pod was deleted before the ephemeral container {name} was ready.")


def _time_out(judge_: _Judge, away: str) -> None:
    for name in sorted(judge_.open):
        seen = describe(state_of(status_of(judge_.pod, name)))
        phase = (judge_.pod.get("status") or {}).get("phase")
        node = (judge_.pod.get("spec") or {}).get("nodeName")
        place = f"the pod is {phase} on node {node}" if node else f"the pod is {phase} and on no node"
        judge_.failures[name] = Failure(
            "timed_out",
            f"The ephemeral container {name} was not {judge_.goal.wait_for} in time. Last seen: {seen}; {place}.{away}",
            container=name,
            hint="It is on the pod for good and may still get there: run the task again to go on waiting, with a longer wait_timeout if need be.",
        )
    judge_.open.clear()


def _add_events(client: Client, pod: dict[str, t.Any], name: str, failure: Failure) -> None:
    """The words of the kubelet's events, which say why a pull failed where the status only says that it waits."""
    metadata = pod["metadata"]
    try:
        events = client.list_events(metadata["namespace"], metadata["uid"], metadata["name"])
    except Failure:
        return
    path = f"spec.ephemeralContainers{{{name}}}"
    ours = [event for event in events if (event.get("involvedObject") or {}).get("fieldPath") == path and event.get("type") == "Warning"]
    told = list(dict.fromkeys(str(event.get("message")) for event in ours))[-_EVENTS_SHOWN:]
    failure.details += [{"event": text} for text in told]
    stored = spec_of(pod, name)
    longest = max(told, key=len, default="")
    if longest and longest not in failure.message:
        failure.message += f" {stored[1].get('image') if stored else name}: {longest[:500]}."
