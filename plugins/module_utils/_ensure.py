# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Decide, then act: every pod of a request, one write a pod, then one wait for what is still to come."""

from __future__ import annotations

import dataclasses
import time
import typing as t
import uuid

from ._client import Added, Client, Conflict, Lost
from ._decide import Decision, Kept, Policy, check_against, check_known, check_offline, check_stored, check_writable, decide
from ._errors import Failure
from ._manager import manager_name, writer_of
from ._spec import for_pod
from ._status import spec_of, state_of, status_of
from ._wait import Goal, wait

#: How often a write is decided on anew because the pod changed or a reply was lost.
_ROUNDS = 10
_LOG_BYTES_A_TASK = 1024 * 1024


class Reference(t.NamedTuple):
    """A pod by name."""

    namespace: str
    name: str


@dataclasses.dataclass(frozen=True)
class Request:
    """What a task asks for, the same for each of its pods. Times in seconds."""

    containers: t.Sequence[dict[str, t.Any]]
    policy: Policy
    dry_run: bool = False
    wait: bool = True
    wait_for: str = "running"
    wait_timeout: float = 120.0
    success_exit_codes: t.Sequence[int] = (0,)
    logs: bool = False
    log_tail_lines: int | None = None
    log_limit_bytes: int = 64 * 1024
    requested_by: str = ""
    profile: str | None = None


@dataclasses.dataclass
class Outcome:
    """What became of one pod. ``pod`` is its last known state, null where there is none."""

    reference: Reference
    pod: dict[str, t.Any] | None = None
    names: list[str] = dataclasses.field(default_factory=list)
    kept: dict[str, Kept] = dataclasses.field(default_factory=dict)
    added: set[str] = dataclasses.field(default_factory=set)
    before: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    failure: Failure | None = None
    warnings: list[str] = dataclasses.field(default_factory=list)
    logs: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return bool(self.added)

    @property
    def unknown(self) -> bool:
        """Whether a write may have happened: nobody may say then that nothing changed."""
        return self.failure is not None and self.failure.code == "outcome_unknown"

    def fail(self, failure: Failure) -> None:
        """Take ``failure`` as the outcome's, unless an earlier one is there."""
        failure.about(namespace=self.reference.namespace, pod=self.reference.name, container=self.names[0] if len(self.names) == 1 else None)
        self.failure = self.failure or failure


def ensure(client: Client, request: Request, references: t.Sequence[Reference]) -> list[Outcome]:
    """Make it so on every pod. A pod's failure is in its outcome; what is wrong with the request itself is raised before anything is sent."""
    check_offline(request.containers) if request.policy.state == "present" else None
    deadline = time.monotonic() + request.wait_timeout
    manager, cut = manager_name(request.requested_by, uuid.uuid4().hex[:16])
    outcomes = [_settle(client, request, reference, manager, deadline) for reference in references]
    if request.wait and not request.dry_run:
        for outcome in outcomes:
            _wait_for(client, request, outcome, deadline)
    if request.logs and not request.dry_run:
        _read_logs(client, request, outcomes)
    if cut:
        outcomes[0].warnings.append(
            f"requested_by was shortened or cleaned to fit into the field manager's name: {manager.split('/', 1)[1].rpartition('/')[0]}"
        )
    return outcomes


def _settle(client: Client, request: Request, reference: Reference, manager: str, deadline: float) -> Outcome:
    outcome = Outcome(reference)
    try:
        _decide_and_write(client, request, outcome, manager, deadline)
    except Failure as failure:
        if failure.code == "pod_not_found" and request.policy.state == "absent":
            outcome.names = []
        else:
            outcome.fail(failure)
    return outcome


def _decide_and_write(client: Client, request: Request, outcome: Outcome, manager: str, deadline: float) -> None:
    namespace, name = outcome.reference
    lost: Lost | None = None
    outcome.names = [container["name"] for container in request.containers]
    pod = client.get_pod(namespace, name)
    outcome.before = list((pod.get("spec") or {}).get("ephemeralContainers") or ())
    uid = pod["metadata"]["uid"]
    sent: Decision | None = None
    for attempt in range(_ROUNDS + 1):
        outcome.pod = pod
        if lost and sent and _is_written_by(manager, pod, sent):
            _take_reply(request, outcome, sent, Added(pod, []))
            return
        policy = request.policy._replace(pod_uid=request.policy.pod_uid or uid)
        fitted = [for_pod(container, pod, request.profile) for container in request.containers]
        decision = decide(pod, [container for container, _unknown in fitted], policy, [unknown for _container, unknown in fitted])
        outcome.names = decision.order
        if lost:
            _claim(outcome, pod, decision, manager)
        if not decision.missing:
            outcome.kept = decision.kept
            outcome.warnings += _difference_warnings(outcome)
            return
        if attempt == _ROUNDS or (lost and time.monotonic() > deadline):
            break
        check_writable(pod)
        check_known(pod, decision)
        check_against(pod, decision.missing)
        sent = decision
        try:
            _take_reply(request, outcome, decision, client.add_ephemeral_containers(pod, decision.missing, field_manager=manager, dry_run=request.dry_run))
            return
        except Conflict:
            pod = client.get_pod(namespace, name)
        except Lost as exc:
            if not request.dry_run and (lost is None or lost.answered):
                lost = exc
            pause = max(exc.retry_after, min(0.1 * 2**attempt, 3.0))
            time.sleep(max(0.0, min(pause, deadline - time.monotonic())))
            pod = _read_after_loss(client, outcome, exc, deadline)
    raise _no_end(outcome, lost)


def _is_written_by(manager: str, pod: t.Mapping[str, t.Any], sent: Decision) -> bool:
    """Whether the write whose reply was lost took effect: it was one patch, so all of its containers are there or none."""
    writers = [writer_of(pod, container["name"]) for container in sent.missing]
    return bool(writers) and all(writer is not None and writer.manager == manager for writer in writers)


def _take_reply(request: Request, outcome: Outcome, decision: Decision, reply: Added) -> None:
    outcome.pod = reply.pod
    outcome.warnings += reply.warnings
    outcome.added |= {container["name"] for container in decision.missing if spec_of(reply.pod, container["name"])}
    stored = check_stored(reply.pod, decision.missing, allow_injected=request.policy.allow_injected, dry_run=request.dry_run)
    outcome.kept = {**decision.kept, **stored}
    outcome.warnings += _difference_warnings(outcome)


def _claim(outcome: Outcome, pod: t.Mapping[str, t.Any], decision: Decision, manager: str) -> None:
    """After a lost reply: which of the containers that are there now were written by this task."""
    earlier = {container["name"] for container in outcome.before}
    for name in decision.kept:
        writer = writer_of(pod, name)
        if name in earlier or name in outcome.added:
            continue
        if writer is None:
            outcome.warnings.append(
                f"The reply to the write of {name} was lost, and the server no longer tells who wrote it (managedFields are folded). It is counted as changed."
            )
        if writer is None or writer.manager == manager:
            outcome.added.add(name)


def _read_after_loss(client: Client, outcome: Outcome, lost: Lost, deadline: float) -> dict[str, t.Any]:
    namespace, name = outcome.reference
    try:
        return client.get_pod(namespace, name, patience=max(deadline - time.monotonic(), 1.0))
    except Failure as failure:
        if failure.code == "pod_not_found":
            raise
        raise Failure(
            "outcome_unknown",
            f"Whether the ephemeral container was added to pod {namespace}/{name} is not known: "
            f"the write got no answer ({lost.words}), and then: {failure.message}",
            details=failure.details,
            hint="Run the task again once the API server is back: it finds the container if it was added, and adds it if it was not.",
        ) from None


def _no_end(outcome: Outcome, lost: Lost | None) -> Failure:
    namespace, name = outcome.reference
    said = f"the last write got no answer ({lost.words})" if lost else "each write was refused because the pod was no longer as it had been read"
    if lost and not lost.answered:
        return Failure(
            "outcome_unknown",
            f"Whether the ephemeral container was added to pod {namespace}/{name} is not known: {said}. It was not there when last looked, and may still come.",
            hint="Run the task again: it finds the container if it was added, and adds it if it was not.",
        )
    return Failure(
        "api_error",
        f"The ephemeral container could not be added to pod {namespace}/{name}: {said}. It was not there when last looked.",
        hint="Try again; if it stays, look at the API server's and its webhooks' health.",
    )


def _difference_warnings(outcome: Outcome) -> list[str]:
    return [
        f"The ephemeral container {kept.name} on pod {outcome.reference.namespace}/{outcome.reference.name} is not what was asked for, "
        "and is kept (on_difference): " + ", ".join(difference["field"] for difference in kept.differences)
        for kept in outcome.kept.values()
        if kept.differences
    ]


def _wait_for(client: Client, request: Request, outcome: Outcome, deadline: float) -> None:
    if outcome.failure or outcome.pod is None or not outcome.names:
        return
    try:
        waited = wait(client, outcome.pod, Goal(tuple(outcome.names), request.wait_for, request.success_exit_codes), deadline)
    except Failure as failure:
        outcome.fail(failure)
        return
    outcome.pod = waited.pod
    for name in outcome.names:
        if name in waited.failures:
            outcome.fail(waited.failures[name])


def _read_logs(client: Client, request: Request, outcomes: t.Sequence[Outcome]) -> None:
    left = _LOG_BYTES_A_TASK
    for outcome in outcomes:
        for name in outcome.names:
            if outcome.pod is None or state_of(status_of(outcome.pod, name)).state not in ("running", "terminated") or left <= 0:
                continue
            limit = min(request.log_limit_bytes, left)
            try:
                text = client.read_log(*outcome.reference, name, tail_lines=request.log_tail_lines, limit_bytes=limit)
            except Failure as failure:
                outcome.warnings.append(f"The log of {name} could not be read: {failure.msg}")
                continue
            left -= len(text.encode("utf-8", errors="replace"))
            outcome.logs[name] = text
