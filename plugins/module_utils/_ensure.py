# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Decide, then act: every pod of a request, one write a pod, side by side; then one wait for what is still to come."""

from __future__ import annotations

import dataclasses
import os
import time
import typing as t

from ._client import LOG_BYTES_A_TASK, PATIENCE, Added, Client, Conflict, Lost, side_by_side
from ._decide import Decision, Kept, Policy, check_against, check_known, check_stored, check_writable, decide
from ._errors import DRY_RUN_NEEDS, Failure
from ._manager import manager_name, writer_of
from ._spec import for_pod
from ._status import judge, spec_of, state_of, status_of

#: How often a write is decided on anew because the pod changed or a reply was lost.
_ROUNDS = 10
#: Seconds that there are for writing, however short ``wait_timeout`` is.
_LEAST_SECONDS = 5.0
#: Why a pod of a selection is left out, and not failed: it takes no container, or is not there any more.
_UNFIT = ("static_pod", "pod_terminating", "pod_finished", "pod_not_found", "pod_replaced")


class Reference(t.NamedTuple):
    """A pod by name."""

    namespace: str
    name: str


class Pods(t.NamedTuple):
    """The pods of a task: the one that is ``named``, still to be read, or the ``listed`` ones of a selection, as the list had them.

    ``unfit`` says of other pods of the selection why they take no container. The list's ``resource_version`` and ``label_selector`` are for a watch.
    """

    namespace: str
    named: str | None = None
    listed: t.Sequence[dict[str, t.Any]] = ()
    unfit: t.Sequence[Failure] = ()
    resource_version: str = ""
    label_selector: str | None = None


class Request(t.NamedTuple):
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
    mounts_from: str | None = None
    concurrency: int = 8


@dataclasses.dataclass(eq=False, repr=False)
class Outcome:
    """What became of one pod. ``pod`` is its last known state, null where there is none; ``before`` the names of its ephemeral containers as they
    were first seen; ``written`` the pod as the server stored it; ``left_out`` says what of ``mounts_from`` the container that was sent does not have;
    ``logs`` are (text, whether there is more)."""

    reference: Reference
    pod: dict[str, t.Any] | None = None
    names: list[str] = dataclasses.field(default_factory=list)
    kept: dict[str, Kept] = dataclasses.field(default_factory=dict)
    added: set[str] = dataclasses.field(default_factory=set)
    before: frozenset[str] = frozenset()
    written: dict[str, t.Any] | None = None
    failure: Failure | None = None
    warnings: list[str] = dataclasses.field(default_factory=list)
    left_out: list[str] = dataclasses.field(default_factory=list)
    logs: dict[str, tuple[str, bool]] = dataclasses.field(default_factory=dict)

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


class Ensured(t.NamedTuple):
    """An outcome a pod, and what says of the pods of a selection that were left out why they were."""

    outcomes: list[Outcome]
    left_out: list[Failure]
    warnings: list[str]


def ensure(client: Client, request: Request, pods: Pods) -> Ensured:
    """Make it so on every pod. A pod's failure is in its outcome.

    Raises Failure ``no_pods_matched`` where a selection has no pod that could take a container, nor one that has it.
    """
    deadline = time.monotonic() + request.wait_timeout
    manager, cut = manager_name(request.requested_by, os.urandom(8).hex())
    if pods.named is not None:
        outcomes = [Outcome(Reference(pods.namespace, pods.named))]
    else:
        outcomes = [Outcome(Reference(pods.namespace, str(pod["metadata"]["name"])), pod) for pod in pods.listed]
    last = max(deadline, time.monotonic() + _LEAST_SECONDS)
    write = _Write(client, request, manager, deadline, pods.named is None, last)
    unknown = "api_error" if request.dry_run else "outcome_unknown"
    side_by_side(_guarded(lambda outcome: _settle(write, outcome), unknown), outcomes, request.concurrency)
    left_out = list(pods.unfit)
    if pods.named is None:
        left_out += [outcome.failure for outcome in outcomes if outcome.failure and not outcome.changed and outcome.failure.code in _UNFIT]
        outcomes = [outcome for outcome in outcomes if outcome.changed or not outcome.failure or outcome.failure.code not in _UNFIT]
        if not outcomes and request.policy.state == "present":
            raise _none_matched(pods.namespace, left_out)
    if request.wait and not request.dry_run:
        _wait(client, request, outcomes, pods, deadline)
    if request.logs:
        _read_logs(client, request, outcomes)
    words = manager.split("/", 1)[1].rpartition("/")[0]
    return Ensured(outcomes, left_out, [f"requested_by was shortened or cleaned to fit into the field manager's name: {words}"] if cut else [])


def _none_matched(namespace: str, left_out: t.Sequence[Failure]) -> Failure:
    if not left_out:
        return Failure(
            "no_pods_matched", f"No pod of namespace {namespace} matches.", namespace=namespace, hint="Check the namespace, and labels, fields or workload."
        )
    return Failure(
        "no_pods_matched",
        f"None of the {len(left_out)} pods that match in namespace {namespace} can take an ephemeral container: {left_out[0].message}",
        namespace=namespace,
        details=[{"pod": failure.pod, "code": failure.code, "message": failure.message} for failure in left_out[:100]],
        hint="Nothing was written.",
    )


class _Write(t.NamedTuple):
    """What the writes of a task have in common."""

    client: Client
    request: Request
    manager: str
    deadline: float
    by_list: bool
    last: float
    """When the last write may begin."""

    def read(self, reference: Reference, patience: float = PATIENCE) -> dict[str, t.Any]:
        """The pod as it is now."""
        until = max(self.deadline, time.monotonic() + 1.0)
        return self.client.get_pod(*reference, by_list=self.by_list, patience=patience, until=until)


def _settle(write: _Write, outcome: Outcome) -> None:
    request = write.request
    try:
        _decide_and_write(write, outcome)
    except Failure as failure:
        if failure.code == "pod_not_found" and request.policy.state == "absent":
            outcome.names = []
            return
        if request.dry_run and failure.code == "forbidden_rbac" and failure.details[0].get("resource") == "pods/ephemeralcontainers":
            failure.message += DRY_RUN_NEEDS
        outcome.fail(failure)


def _guarded(work: t.Callable[[Outcome], None], code: str) -> t.Callable[[Outcome], None]:
    """``work`` whose unknown errors are the outcome's failure: on one pod they must not hide what was written to it and to the others."""

    def guarded(outcome: Outcome) -> None:
        try:
            work(outcome)
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is told as a failure of this pod
            outcome.fail(_unexpected(code, exc))

    return guarded


def _unexpected(code: str, exc: Exception) -> Failure:
    import traceback

    place = traceback.extract_tb(exc.__traceback__)[-1]
    return Failure(
        code,
        f"The module came upon an error that it does not know ({type(exc).__name__} in {place.name}, line {place.lineno}).",
        hint="Look with ephemeral_container_info what is on the pod, and report it: it is an error of this collection.",
    )


def _decide_and_write(write: _Write, outcome: Outcome) -> None:
    client, request, manager, deadline, _by_list, _last = write
    lost: Lost | None = None
    unanswered: Lost | None = None
    outcome.names = [str(container["name"]) for container in request.containers]
    pod = outcome.pod or write.read(outcome.reference)
    outcome.before = frozenset(str(container.get("name")) for container in (pod.get("spec") or {}).get("ephemeralContainers") or ())
    policy = request.policy._replace(pod_uid=request.policy.pod_uid or pod["metadata"]["uid"])
    taken = (request.profile, request.mounts_from) if policy.state == "present" else (None, None)
    sent: Decision | None = None
    for attempt in range(_ROUNDS + 1):
        outcome.pod = pod
        if lost and sent and _is_written_by(manager, pod, sent):
            _take_reply(request, outcome, sent, Added(pod, []))
            return
        fitted = [for_pod(container, pod, *taken) for container in request.containers]
        decision = decide(pod, [each.container for each in fitted], policy, [each.unknown for each in fitted])
        outcome.names = decision.order
        if lost:
            _claim(outcome, pod, decision, manager)
        if not decision.missing:
            outcome.kept = decision.kept
            outcome.warnings += _difference_warnings(outcome)
            return
        if attempt == _ROUNDS or (unanswered and time.monotonic() > deadline):
            break
        check_writable(pod)
        check_against(pod, decision.missing)
        check_known(pod, decision)
        if not sent and time.monotonic() > write.last:
            raise _too_late(outcome.reference)
        sent = decision
        outcome.left_out = [words for each in fitted for words in each.left_out]
        try:
            reply = client.add_ephemeral_containers(pod, decision.missing, field_manager=manager, dry_run=request.dry_run, until=deadline)
        except Conflict:
            pod = _read_after_loss(write, outcome, lost) if lost else write.read(outcome.reference)
        except Lost as exc:
            unanswered = exc
            if not request.dry_run and (lost is None or lost.answered):
                lost = exc
            pause = max(exc.retry_after, min(0.1 * 2**attempt, 3.0))
            time.sleep(max(0.0, min(pause, deadline - time.monotonic())))
            pod = _read_after_loss(write, outcome, exc)
        else:
            _take_reply(request, outcome, decision, reply)
            return
    raise _no_end(outcome, lost or unanswered, dry_run=request.dry_run)


def _too_late(reference: Reference) -> Failure:
    return Failure(
        "timed_out",
        f"Nothing was written to pod {reference.namespace}/{reference.name}: the time was over before its turn came.",
        hint="Run the task again: what it has done stays done. A longer wait_timeout or more concurrency brings it further.",
    )


def _is_written_by(manager: str, pod: t.Mapping[str, t.Any], sent: Decision) -> bool:
    """Whether the write whose reply was lost took effect: it was one patch, so all of its containers are there or none."""
    writers = [writer_of(pod, container["name"]) for container in sent.missing]
    return bool(writers) and all(writer is not None and writer.manager == manager for writer in writers)


def _take_reply(request: Request, outcome: Outcome, decision: Decision, reply: Added) -> None:
    outcome.pod = outcome.written = reply.pod
    outcome.warnings += reply.warnings
    outcome.added |= {container["name"] for container in decision.missing if spec_of(reply.pod, container["name"])}
    stored = check_stored(reply.pod, decision.missing, request.policy, dry_run=request.dry_run)
    outcome.kept = {**decision.kept, **stored}
    outcome.warnings += _difference_warnings(outcome)


def _claim(outcome: Outcome, pod: t.Mapping[str, t.Any], decision: Decision, manager: str) -> None:
    """After a lost reply: which of the containers that are there now were written by this task."""
    for name in decision.kept:
        writer = writer_of(pod, name)
        if name in outcome.before or name in outcome.added:
            continue
        if writer is None:
            outcome.warnings.append(
                f"The reply to the write of {name} was lost, and the server no longer tells who wrote it (managedFields are folded). It is counted as changed."
            )
        if writer is None or writer.manager == manager:
            outcome.added.add(name)
            outcome.written = dict(pod)


def _read_after_loss(write: _Write, outcome: Outcome, lost: Lost) -> dict[str, t.Any]:
    namespace, name = outcome.reference
    try:
        return write.read(outcome.reference, patience=max(write.deadline - time.monotonic(), 1.0))
    except Failure as failure:
        if failure.code == "pod_not_found" or write.request.dry_run:
            raise
        raise Failure(
            "outcome_unknown",
            f"Whether the ephemeral container was added to pod {namespace}/{name} is not known: "
            f"the write got no answer ({lost.words}), and then: {failure.message}",
            details=failure.details,
            hint="Run the task again once the API server is back: it finds the container if it was added, and adds it if it was not.",
        ) from None


def _no_end(outcome: Outcome, lost: Lost | None, *, dry_run: bool) -> Failure:
    namespace, name = outcome.reference
    said = f"the last write got no answer ({lost.words})" if lost else "each write was refused because the pod was no longer as it had been read"
    if lost and not lost.answered and not dry_run:
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


def _wait(client: Client, request: Request, outcomes: t.Sequence[Outcome], pods: Pods, deadline: float) -> None:
    waiting = [
        (outcome, outcome.pod) for outcome in outcomes if not outcome.failure and outcome.pod is not None and not _is_there(request, outcome, outcome.pod)
    ]
    if not waiting:
        return
    from ._wait import Goal, Scope, wait

    version = pods.resource_version if pods.named is None else str(waiting[0][1]["metadata"]["resourceVersion"])
    scope = Scope(pods.namespace, pods.named, pods.label_selector, version)
    goals = [(pod, Goal(tuple(outcome.names), request.wait_for, request.success_exit_codes)) for outcome, pod in waiting]
    try:
        waited = wait(client, goals, scope, deadline)
    except Exception as exc:  # noqa: BLE001 - what was written has to be told all the same
        for outcome, _pod in waiting:
            outcome.fail(_unexpected("api_error", exc))
        return
    for (outcome, _pod), (pod, failures) in zip(waiting, waited, strict=True):
        outcome.pod = pod
        for name in outcome.names:
            if name in failures:
                outcome.fail(failures[name])


def _is_there(request: Request, outcome: Outcome, pod: t.Mapping[str, t.Any]) -> bool:
    """Whether all that is waited for has come about already."""
    verdicts = [judge(pod, name, request.wait_for, request.success_exit_codes) for name in outcome.names]
    return all(verdict.done and not verdict.failure for verdict in verdicts)


def _read_logs(client: Client, request: Request, outcomes: t.Sequence[Outcome]) -> None:
    there = [(outcome, names) for outcome in outcomes if (names := [name for name in outcome.names if _has_log(request, outcome, name)])]
    share = min(request.log_limit_bytes, LOG_BYTES_A_TASK // max(1, len(there)))
    named = {id(outcome): names for outcome, names in there}
    read = _guarded(lambda outcome: _read_log(client, request, outcome, named[id(outcome)], share), "api_error")
    side_by_side(read, [outcome for outcome, _names in there], request.concurrency)


def _has_log(request: Request, outcome: Outcome, name: str) -> bool:
    foretold = request.dry_run and name in outcome.added
    return outcome.pod is not None and not foretold and state_of(status_of(outcome.pod, name)).state in ("running", "terminated")


def _read_log(client: Client, request: Request, outcome: Outcome, names: t.Sequence[str], limit: int) -> None:
    for number, name in enumerate(names):
        share = limit // (len(names) - number)
        try:
            text, more = client.read_log(*outcome.reference, name, tail_lines=request.log_tail_lines, limit_bytes=share)
        except Failure as failure:
            if failure.code in ("forbidden_rbac", "unauthorized"):
                outcome.fail(failure)
                return
            outcome.warnings.append(f"The log of {name} could not be read: {failure.msg}")
            continue
        outcome.logs[name] = (text, more)
        limit -= min(share, len(text.encode("utf-8", errors="replace")))
