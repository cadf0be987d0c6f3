# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Watch until there is a verdict on every container of every pod: started, completed, failed for good, or timed out."""

from __future__ import annotations

import re
import time
import typing as t

from ._client import Client, WatchExpired
from ._errors import Failure, printable
from ._status import PULL_GRACE, Verdict, describe, judge, spec_of, state_of, status_of

#: Seconds of the first watch, and of the longest. A proxy on the way may keep all that a watch brings until it ends: each takes twice as long as the
#: one before it, and after one that brought nothing the pods are read.
_WATCH_FIRST, _WATCH_MOST = 5.0, 60.0
_POLL_FIRST, _POLL_MOST = 0.2, 2.0
_EVENTS_SHOWN = 5
#: How the kubelet's events begin, and the runtime's words within.
_PULL_FAILED = re.compile(r'^Failed to pull image "[^"]*": |rpc error: code = \w+ desc = ')
#: Of how many pods the events are read to explain why an image cannot be had.
_PODS_EXPLAINED = 5


class Goal(t.NamedTuple):
    """What to wait for, on one pod."""

    names: tuple[str, ...]
    wait_for: str
    success_exit_codes: t.Sequence[int]


class Scope(t.NamedTuple):
    """What a watch of all these pods asks for: the one of that name, or those that a label selector matches, from a resourceVersion on."""

    namespace: str
    pod: str | None
    label_selector: str | None
    resource_version: str


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

    @property
    def name(self) -> str:
        return str(self.pod["metadata"]["name"])

    def take(self, event: str, pod: dict[str, t.Any]) -> None:
        """Take an event about a pod of this name into account."""
        if pod["metadata"]["uid"] != self.pod["metadata"]["uid"]:
            self._fail_open("pod_replaced", "The pod was replaced by another of the same name before the ephemeral container {name} was ready.")
            return
        self.look(pod)
        if event == "DELETED":
            self._fail_open("pod_not_found", "The pod was deleted before the ephemeral container {name} was ready.")

    def look(self, pod: dict[str, t.Any]) -> None:
        """Take this state of the pod into account, unless it is one from before the containers were there: a watch begins with what it missed."""
        if any(spec_of(self.pod, name) and not spec_of(pod, name) for name in self.goal.names):
            return
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

    def _fail_open(self, code: str, message: str) -> None:
        for name in sorted(self.open):
            self.failures[name] = Failure(code, message.format(name=name), container=name)
        self.open.clear()

    def give_up(self, failure: Failure) -> None:
        """End what is open with this failure, whichever pod it met."""
        for name in sorted(self.open):
            self.failures[name] = failure.copy()
            self.failures[name].pod, self.failures[name].container = self.name, name
        self.open.clear()

    def time_out(self, away: str) -> None:
        """Give up what is open, and say what was seen last."""
        for name in sorted(self.open):
            self.failures[name] = _timed_out(self.pod, name, self.goal.wait_for, away)
        self.open.clear()


def wait(client: Client, pods: t.Sequence[tuple[dict[str, t.Any], Goal]], scope: Scope, deadline: float) -> list[Waited]:
    """Follow the pods from these states on, by one watch, until every container of every goal is settled or ``deadline`` (time.monotonic) is there.

    Where the server refuses to tell more, that is the failure of what was not settled until then.
    """
    judges = [_Judge(pod, goal) for pod, goal in pods]
    for judge_ in judges:
        judge_.look(judge_.pod)
    try:
        _Follower(client, judges, scope, deadline).run()
    except Failure as failure:
        for judge_ in judges:
            judge_.give_up(failure)
    explained = [judge_ for judge_ in judges if any(failure.code == "image_error" for failure in judge_.failures.values())]
    for judge_ in explained[:_PODS_EXPLAINED]:
        _add_events(client, judge_)
    return [Waited(judge_.pod, judge_.failures) for judge_ in judges]


class _Follower:
    """Brings what the API server tells of the pods to their judges: by a watch, by polling where that is not granted."""

    def __init__(self, client: Client, judges: t.Sequence[_Judge], scope: Scope, deadline: float) -> None:
        self._client = client
        self._judges = {judge_.name: judge_ for judge_ in judges}
        self._scope = scope
        self._deadline = deadline
        self._version: str | None = scope.resource_version
        self._watching = True
        self._span = _WATCH_FIRST
        self._pause = _POLL_FIRST

    def _open(self) -> list[_Judge]:
        return [judge_ for judge_ in self._judges.values() if judge_.open]

    def run(self) -> None:
        """Return when nothing is open any more."""
        waited = False
        while True:
            now = time.monotonic()
            for judge_ in self._open():
                judge_.pulls_given_up(now)
            waiting = self._open()
            if not waiting:
                return
            if now >= self._deadline:
                self._last_look() if waited else self._time_out("")
                return
            waited = True
            self._step(min(judge_.next_look(self._deadline) for judge_ in waiting) - now)

    def _step(self, left: float) -> None:
        try:
            if self._version is None or not self._watching:
                self._read_again(left)
                if not self._watching and self._open():
                    self._rest(left)
            else:
                seconds = min(left, self._span)
                self._span = min(self._span * 2, _WATCH_MOST)
                self._version = self._watch_once(seconds)
        except WatchExpired:
            self._version = None
            time.sleep(max(0.0, min(_POLL_FIRST, left)))
        except Failure as failure:
            if failure.code == "forbidden_rbac" and self._watching:
                self._watching = False
            elif failure.code in ("api_unreachable", "api_error"):
                self._version = None
                self._rest(left)
            else:
                raise

    def _rest(self, left: float) -> None:
        time.sleep(max(0.0, min(self._pause, left)))
        self._pause = min(self._pause * 1.5, _POLL_MOST)

    def _read_again(self, patience: float) -> None:
        """The pods as they are now, for a watch has to begin anew or cannot be had."""
        scope = self._scope
        if scope.pod is not None:
            self._version = self._read_one(self._judges[scope.pod], patience)
            return
        seen: set[str] = set()
        rest: str | None = None
        while True:
            page = self._client.list_pods(scope.namespace, label_selector=scope.label_selector, rest=rest, patience=patience, until=self._deadline)
            for pod in page.pods:
                seen.add(str(pod["metadata"]["name"]))
                self._take("MODIFIED", pod)
            rest = page.rest
            if rest is None:
                break
        for judge_ in self._open():
            if judge_.name not in seen:
                self._read_one(judge_, patience)
        self._version = page.resource_version

    def _read_one(self, judge_: _Judge, patience: float) -> str | None:
        try:
            pod = self._client.get_pod(self._scope.namespace, judge_.name, by_list=self._scope.pod is None, patience=patience, until=self._deadline)
        except Failure as failure:
            if failure.code != "pod_not_found":
                raise
            judge_.take("DELETED", judge_.pod)
            return None
        judge_.take("MODIFIED", pod)
        return str(pod["metadata"]["resourceVersion"])

    def _watch_once(self, seconds: float) -> str | None:
        """One watch. Returns the resourceVersion to go on from, or None where the pods have to be read again."""
        scope, version, started, seen = self._scope, self._version or "", time.monotonic(), False
        for event, pod in self._client.watch_pods(scope.namespace, version, max(seconds, 0.05), pod=scope.pod, label_selector=scope.label_selector):
            seen = True
            version = str(pod["metadata"]["resourceVersion"])
            if event != "BOOKMARK":
                self._take(event, pod)
            if not self._open() or self._scope is not scope or time.monotonic() >= started + seconds:
                return version
        if not seen and time.monotonic() < started + min(seconds, 1.0) / 2:
            self._rest(seconds)
        return version if seen else None

    def _take(self, event: str, pod: dict[str, t.Any]) -> None:
        judge_ = self._judges.get(str(pod["metadata"]["name"]))
        if judge_ is None or not judge_.open:
            return
        if event == "DELETED" and self._scope.label_selector:
            # A pod whose labels were changed leaves the selection, and is no more deleted than before: all pods are watched then.
            self._read_one(judge_, 0.0)
            if judge_.open:
                self._scope = self._scope._replace(label_selector=None)
        else:
            judge_.take(event, pod)

    def _last_look(self) -> None:
        """Read the pods once more before time is called: what a watch was told may still be on its way."""
        away = ""
        try:
            self._read_again(0.0)
        except Failure as failure:
            away = f" The API server could not be asked at last: {failure.message}"
        self._time_out(away)

    def _time_out(self, away: str) -> None:
        for judge_ in self._open():
            judge_.time_out(away)


def _timed_out(pod: t.Mapping[str, t.Any], name: str, wait_for: str, away: str) -> Failure:
    seen = describe(state_of(status_of(pod, name)))
    phase = (pod.get("status") or {}).get("phase") or "in no phase"
    node = (pod.get("spec") or {}).get("nodeName")
    place = f"the pod is {phase} on node {node}" if node else f"the pod is {phase} and on no node"
    return Failure(
        "timed_out",
        f"The ephemeral container {name} was not {wait_for} in time. Last seen: {seen}; {place}.{away}",
        container=name,
        hint="It is on the pod for good and may still get there: run the task again to go on waiting, with a longer wait_timeout if need be.",
    )


def _add_events(client: Client, judge_: _Judge) -> None:
    """The words of the kubelet's events, which say why a pull failed where the status only says that it waits."""
    metadata = judge_.pod["metadata"]
    try:
        events = client.list_events(metadata["namespace"], metadata["uid"], metadata["name"])
    except Failure:
        return
    for name, failure in judge_.failures.items():
        if failure.code != "image_error":
            continue
        path = f"spec.ephemeralContainers{{{name}}}"
        ours = [event for event in events if (event.get("involvedObject") or {}).get("fieldPath") == path and event.get("type") == "Warning"]
        told = list(dict.fromkeys(str(event.get("message")) for event in ours))[-_EVENTS_SHOWN:]
        failure.details += [{"event": text} for text in told]
        stored = spec_of(judge_.pod, name)
        longest = max(told, key=len, default="")
        if longest and _cause(longest) not in _cause(str(failure.details[0]["message"])):
            failure.message += f" {stored[1].get('image') if stored else name}: {printable(longest, 500)}."


def _cause(said: str) -> str:
    """What is said of a failed pull, on one line and without what only says that it is one."""
    return _PULL_FAILED.sub("", " ".join(said.split()))
