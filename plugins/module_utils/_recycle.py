# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Evict pods whose debug containers are over: only a new pod is one without them. Decisions are pure; ``recycle`` carries them out."""

from __future__ import annotations

import collections
import datetime
import email.utils
import re
import time
import typing as t
from urllib.parse import quote

from ._client import Conflict, Held, Lost, Subject
from ._decide import unfit
from ._errors import DRY_RUN_NEEDS, Failure, printable
from ._manager import PREFIX, writer_of
from ._select import Selection, select
from ._status import State, describe, is_finished, state_of, status_of

if t.TYPE_CHECKING:
    from ._client import Client

Pod = t.Mapping[str, t.Any]

#: Whoever may annotate a pod or its namespace with this, ``true``, can stop all of this.
KILL_SWITCH = f"{PREFIX}/disabled"
#: When a pod's debug containers expire, as 2026-11-01T12:00:00Z.
EXPIRES = f"{PREFIX}/expires"
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z")
#: More pods than any cluster has (the API server's own scalability limit is 150 000).
_ALL = 10**6
_ROUNDS = 3
#: Why a pod that takes no debug container is not evicted either.
_UNFIT = {
    "static_pod": "It is a static pod, which its kubelet makes and the API server only mirrors.",
    "pod_terminating": "It is being deleted already.",
    "pod_finished": "It has finished, so nothing of it runs any more.",
}
#: With these nothing else will go either.
_FATAL = ("unauthorized", "forbidden_rbac", "api_unreachable")


class Rule(t.NamedTuple):
    """Seconds after the last debug container's end until the pod goes, and how many may go in one run."""

    recycle_after: int = 3600
    max_evictions: int = 1


class Kept(t.NamedTuple):
    """A pod with debug containers that stays, and why: ``reason`` for programs, ``message`` for people."""

    pod: Pod
    reason: str
    message: str


class Due(t.NamedTuple):
    """A pod that may go, and since when."""

    pod: Pod
    since: datetime.datetime


class Recycled(t.NamedTuple):
    """The pods that were evicted (for a dry run: would be), those that stay, and what failed. ``unknown``: an eviction of which nobody knows."""

    evicted: list[Due]
    kept: list[Kept]
    failures: list[Failure]
    unknown: bool


def own_containers(pod: Pod) -> list[str]:
    """The names of the pod's ephemeral containers that the role debug made: kd-PRESET-HASH, with KD_SCHEMA=1 in their environment."""
    return [
        str(container["name"])
        for container in (pod.get("spec") or {}).get("ephemeralContainers") or ()
        if str(container.get("name")).startswith("kd-")
        and any(variable.get("name") == "KD_SCHEMA" and variable.get("value") == "1" for variable in container.get("env") or ())
    ]


def controller_of(pod: Pod) -> t.Mapping[str, t.Any] | None:
    """The owner reference of what makes a new pod once this one is gone."""
    return next((owner for owner in pod["metadata"].get("ownerReferences") or () if owner.get("controller")), None)


def workload_of(pod: Pod) -> tuple[str, str]:
    """(kind, name) that is the same for all pods of one workload, those of a deployment's other replica sets included.

    A deployment's replica set is called DEPLOYMENT-HASH, and the pod is labelled with the hash (pkg/controller/deployment).
    """
    owner = controller_of(pod) or {}
    kind, name = str(owner.get("kind")), str(owner.get("name"))
    suffix = (pod["metadata"].get("labels") or {}).get("pod-template-hash")
    return kind, name.removesuffix(f"-{suffix}") if kind == "ReplicaSet" and suffix else name


def is_ready(pod: Pod) -> bool:
    """Whether the pod is ready and is not being deleted."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    ready = any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)
    return ready and not pod["metadata"].get("deletionTimestamp")


def is_disabled(document: t.Mapping[str, t.Any]) -> bool:
    """Whether the object carries the kill switch."""
    return str(((document.get("metadata") or {}).get("annotations") or {}).get(KILL_SWITCH)).lower() == "true"


def moment(text: t.Any) -> datetime.datetime | None:
    """A time of the API (RFC 3339, UTC); None for anything else."""
    match = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    try:
        return datetime.datetime.strptime(f"{match[1]}+0000", "%Y-%m-%dT%H:%M:%S%z") if match else None
    except ValueError:
        return None


def judge(pod: Pod, ready: int, namespace: t.Mapping[str, t.Any], rule: Rule, now: datetime.datetime) -> Due | Kept:
    """Whether a pod that has debug containers may go, by itself. ``ready``: how many pods its controller has that are ready, this one included.

    Order: who must not be touched at all, then who is not due, then who is needed.
    """
    wrong = unfit(pod)
    if wrong:
        return Kept(pod, wrong.code, _UNFIT[wrong.code])
    for what, document in (("pod", pod), ("namespace", namespace)):
        if is_disabled(document):
            return Kept(pod, "disabled", f"Its {what} is annotated {KILL_SWITCH}=true. Remove the annotation to allow it.")
    owner = controller_of(pod)
    if owner is None:
        return Kept(pod, "no_controller", "It has no controller, so nothing would make a new one.")
    if owner.get("kind") == "Job":
        return Kept(pod, "job", f"It is a pod of the job {owner.get('name')}, whose work would begin anew. It ends by itself.")
    expires = (pod["metadata"].get("annotations") or {}).get(EXPIRES)
    if expires is not None and moment(expires) is None:
        return Kept(pod, "invalid_expiry", f"Its annotation {EXPIRES} is {printable(expires, 100)!r}, which is no time such as 2026-11-01T12:00:00Z.")
    ended = _ended(pod)
    if isinstance(ended, Kept):
        return ended
    since = max(filter(None, (min(ended, now) + datetime.timedelta(seconds=rule.recycle_after), moment(expires))))
    if since > now:
        return Kept(pod, "not_expired", f"Its debug containers expire at {text_of(since)}.")
    if is_ready(pod) and ready < 2:
        return Kept(pod, "last_ready", f"It is the last pod of {owner.get('kind')} {owner.get('name')} that is ready.")
    return Due(pod, since)


def _ended(pod: Pod) -> datetime.datetime | Kept:
    """When the last ephemeral container of the pod, which has one, ended, whoever added it."""
    times = []
    for name in (str(container["name"]) for container in pod["spec"]["ephemeralContainers"]):
        status = status_of(pod, name)
        state = state_of(status)
        if not is_finished(pod, name):
            return Kept(pod, "not_ended", f"Its ephemeral container {name} has not ended ({describe(State(state.state, reason=state.reason))}).")
        before = state_of({"state": (status or {}).get("lastState")})
        writer = writer_of(pod, name)
        when = moment(state.finished_at) or moment(before.finished_at) or moment(writer.time if writer else None)
        if when is None:
            return Kept(pod, "not_ended", f"When its ephemeral container {name} ended is not known.")
        times.append(when)
    return max(times)


def text_of(when: datetime.datetime) -> str:
    """A time as the API writes it."""
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")


def decide(
    pods: t.Sequence[Pod], wanted: t.Collection[str] | None, namespace: t.Mapping[str, t.Any], rule: Rule, now: datetime.datetime
) -> tuple[list[Due], list[Kept]]:
    """(pods that may go, the one that is due for longest first; those that stay). ``pods`` are all of the namespace, for readiness is counted among them;
    ``wanted`` the uids of those that are asked for, None for all."""
    ready = collections.Counter(str((controller_of(pod) or {}).get("uid")) for pod in pods if is_ready(pod))
    judged = [
        judge(pod, ready[str((controller_of(pod) or {}).get("uid"))], namespace, rule, now)
        for pod in pods
        if own_containers(pod) and (wanted is None or pod["metadata"]["uid"] in wanted)
    ]
    due = sorted((each for each in judged if isinstance(each, Due)), key=lambda each: (each.since, str(each.pod["metadata"]["name"])))
    return due, [each for each in judged if isinstance(each, Kept)]


def recycle(client: Client, namespace: str, selection: Selection, pod: str | None, rule: Rule, *, dry_run: bool = False) -> Recycled:
    """Evict what is due, at most ``rule.max_evictions`` pods and one of a workload. ``pod`` or ``selection`` narrow the namespace, if they say anything.

    A pod that a disruption budget holds back, or that changed since it was read, is kept. Raises Failure where nothing could be decided.
    """
    marks = client.get_object(f"/api/v1/namespaces/{quote(namespace, safe='')}", "Namespace", Subject(namespace, f"namespace {namespace}", kind="namespaces"))
    pods = select(client, namespace, Selection(field_selectors=[f"metadata.namespace={namespace}"], max_pods=_ALL)).listed
    wanted = _wanted(client, namespace, selection, pod, pods)
    due, kept = decide(pods, wanted, marks, rule, now_by(client.date))
    evicted: list[Due] = []
    failures: list[Failure] = []
    unknown = False
    gone: set[tuple[str, str]] = set()
    for each in due:
        if any(failure.code in _FATAL for failure in failures):
            kept.append(Kept(each.pod, "not_tried", "It was not tried, because of the failure before."))
        elif workload_of(each.pod) in gone:
            kept.append(Kept(each.pod, "same_workload", "Another pod of its workload goes in this run."))
        elif len(evicted) >= rule.max_evictions:
            kept.append(Kept(each.pod, "max_evictions", f"{rule.max_evictions} go in this run, and that is all that max_evictions allows."))
        else:
            try:
                stays = _evict(client, each.pod, dry_run)
            except Failure as failure:
                unknown = unknown or failure.code == "outcome_unknown"
                if dry_run and failure.code == "forbidden_rbac":
                    failure.message += DRY_RUN_NEEDS
                failures.append(failure)
                stays = Kept(each.pod, failure.code, failure.message)
            if stays:
                kept.append(stays)
            else:
                evicted.append(each)
            if not stays or stays.reason == "outcome_unknown":
                gone.add(workload_of(each.pod))
    return Recycled(evicted, kept, failures, unknown)


def _wanted(client: Client, namespace: str, selection: Selection, pod: str | None, pods: t.Sequence[Pod]) -> set[str] | None:
    if pod is not None:
        found = {str(each["metadata"]["uid"]) for each in pods if each["metadata"]["name"] == pod}
        if not found:
            # Those that can take no container and have none are not in the list.
            found = {str(client.get_pod(namespace, pod, by_list=True)["metadata"]["uid"])}
        return found
    if selection.workload is None and selection.label_selectors is None and selection.field_selectors is None:
        return None
    return {str(each["metadata"]["uid"]) for each in select(client, namespace, selection._replace(max_pods=_ALL)).listed}


def now_by(date: str | None) -> datetime.datetime:
    """The time by the Date of a reply of the API server, for its cluster's times are compared with it; where it does not tell, this machine's."""
    try:
        told = email.utils.parsedate_to_datetime(date or "")
    except (TypeError, ValueError):
        told = None
    return told if told and told.tzinfo else datetime.datetime.now(datetime.timezone.utc)


def _evict(client: Client, pod: Pod, dry_run: bool) -> Kept | None:
    """None where the pod goes. After a lost reply the pod is looked at, and asked for again while it is as it was: the preconditions make that safe."""
    lost: Lost | None = None
    for attempt in range(_ROUNDS):
        try:
            client.evict_pod(pod, dry_run=dry_run)
        except Held as held:
            return Kept(pod, "held", f"A disruption budget holds it back: {held}")
        except Conflict as conflict:
            return None if lost and _is_going(client, pod) else Kept(pod, "changed", f"It is not as it was when it was read: {conflict}")
        except Lost as exc:
            if not dry_run and _is_going(client, pod):
                return None
            if exc.answered or attempt + 1 == _ROUNDS:
                raise _no_answer(pod, exc, dry_run) from None
            lost = exc
            time.sleep(max(exc.retry_after, min(0.1 * 2**attempt, 3.0)))
        except Failure as failure:
            if failure.code != "pod_not_found":
                raise
            return None if lost else Kept(pod, failure.code, failure.message)
        else:
            return None
    raise AssertionError("every round returns or raises")


def _no_answer(pod: Pod, lost: Lost, dry_run: bool) -> Failure:
    metadata = pod["metadata"]
    place = f"pod {metadata['namespace']}/{metadata['name']}"
    if lost.answered or dry_run:
        hint = "Look at what it says: a pod that two disruption budgets select, for example, cannot be evicted."
        failure = Failure("api_error", f"The API server failed on the eviction of {place}: {lost.words}.", hint=hint)
    else:
        words = f"Whether {place} is evicted is not known: the request got no answer ({lost.words}). It was there when last looked."
        failure = Failure("outcome_unknown", words, hint="Run the task again: it finds the pod if it is there.")
    return failure.about(namespace=metadata["namespace"], pod=metadata["name"])


def _is_going(client: Client, pod: Pod) -> bool:
    metadata = pod["metadata"]
    try:
        now = client.get_pod(metadata["namespace"], metadata["name"], by_list=True)
    except Failure as failure:
        if failure.code != "pod_not_found":
            raise
        return True
    return bool(now["metadata"]["uid"] != metadata["uid"] or now["metadata"].get("deletionTimestamp"))


def recycled(done: Recycled) -> dict[str, t.Any]:
    """What the task returns, but for its warnings."""
    result: dict[str, t.Any] = {
        "changed": bool(done.evicted) or done.unknown,
        "pods": [{**_entry(each.pod), "expired_at": text_of(each.since)} for each in done.evicted],
        "kept": [{**_entry(each.pod), "reason": each.reason, "message": each.message} for each in done.kept],
    }
    if done.failures:
        first = done.failures[0]
        result.update(msg=" ".join(failure.msg for failure in done.failures[:3]), failure=first.to_dict())
    return result


def _entry(pod: Pod) -> dict[str, t.Any]:
    metadata, owner = pod["metadata"], controller_of(pod)
    return {
        "namespace": metadata["namespace"],
        "pod": metadata["name"],
        "uid": metadata["uid"],
        "node": pod["spec"].get("nodeName"),
        "controller": f"{owner.get('kind')}/{owner.get('name')}" if owner else None,
        "containers": own_containers(pod),
    }


def recycled_diff(done: Recycled) -> list[dict[str, t.Any]]:
    """The ``diff``: each evicted pod's debug containers before, and none after."""
    found = []
    for each in done.evicted:
        header = f"{each.pod['metadata']['namespace']}/{each.pod['metadata']['name']}"
        found.append({"before_header": header, "after_header": f"{header} (evicted)", "before": {"ephemeralContainers": own_containers(each.pod)}, "after": {}})
    return found
