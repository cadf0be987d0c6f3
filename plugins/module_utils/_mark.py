# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Leave a mark on a pod: annotations of this collection's own, and an event that ``kubectl describe`` shows."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import time
import typing as t

from ._client import Conflict, Lost
from ._errors import DRY_RUN_NEEDS, Failure, FieldError, escaped, type_of
from ._manager import PREFIX, manager_name

if t.TYPE_CHECKING:
    from ._client import Client

#: What keys of annotations begin with.
OURS = f"{PREFIX}/"
#: The part after the slash (apimachinery, content.IsQualifiedName).
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
LONGEST_VALUE = 4096
#: Of an event's message, in bytes (pkg/apis/core/validation/events.go).
LONGEST_MESSAGE = 1024
REASONS = ("DebugContainerStarted", "DebugContainerCompleted", "DebugContainerRefused", "DebugContainerExpired")
TYPES = ("Normal", "Warning")
_ROUNDS = 5


class Event(t.NamedTuple):
    """``reason`` is one of REASONS, ``type`` one of TYPES. Events that are equal in all of it are one; ``run`` tells those of different runs apart."""

    reason: str
    text: str
    type: str = "Normal"
    run: str = ""


class Reference(t.NamedTuple):
    """A pod; ``uid`` None: whichever has the name."""

    namespace: str
    name: str
    uid: str | None = None


class Marked(t.NamedTuple):
    """What came of it: ``pod`` as in the result; annotations of ours ``before`` and ``after``, None where none were asked for; the event with ``changed``;
    the failures of either. ``changed``: whether something was written, or may have been."""

    pod: dict[str, t.Any]
    before: dict[str, str] | None
    after: dict[str, str] | None
    event: dict[str, t.Any] | None
    changed: bool
    failures: list[Failure]


def annotation_errors(annotations: t.Mapping[t.Any, t.Any]) -> list[FieldError]:
    """What is wrong with annotations to set: each key has to be ours, each value a string that is not too long, or null."""
    errors = []
    for key, value in annotations.items():
        name = str(key).removeprefix(OURS)
        if not str(key).startswith(OURS) or not _NAME.fullmatch(name):
            words = f"The annotation {escaped(str(key))} is none of this collection's: {OURS}NAME, with a name of at most 63 letters, digits, -, _ and dots."
            errors.append(FieldError("annotations", "FieldValueInvalid", words))
        elif value is not None and not isinstance(value, str):
            words = f"The annotation {key} is {type_of(value)}. It has to be a string, or null to remove it: quote it."
            errors.append(FieldError("annotations", "FieldValueTypeInvalid", words))
        elif value is not None and _size(value) > LONGEST_VALUE:
            words = f"The annotation {key} has {_size(value)} bytes. It may have {LONGEST_VALUE}."
            errors.append(FieldError("annotations", "FieldValueTooLong", words))
    return errors


def _size(text: str) -> int:
    return len(text.encode("utf-8", errors="surrogatepass"))


def own(pod: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The annotations of the pod that are this collection's."""
    annotations = pod["metadata"].get("annotations") or {}
    return {key: value for key, value in sorted(annotations.items()) if key.startswith(OURS)}


def operations(pod: t.Mapping[str, t.Any], wanted: t.Mapping[str, str | None]) -> list[dict[str, t.Any]]:
    """The JSON patch that makes the annotations so; empty where they are. Null removes one.

    Each begins with a test of what was read, so that nobody's change in the meantime is overwritten.
    """
    stored = pod["metadata"].get("annotations")
    if not stored:
        added = {key: value for key, value in wanted.items() if value is not None}
        test = {"op": "test", "path": "/metadata/annotations", "value": stored}
        return [test, {"op": "add", "path": "/metadata/annotations", "value": added}] if added else []
    steps: list[dict[str, t.Any]] = []
    for key, value in wanted.items():
        path = f"/metadata/annotations/{key.replace('~', '~0').replace('/', '~1')}"
        if stored.get(key) == value:
            continue
        steps.append({"op": "test", "path": path, "value": stored.get(key)})
        steps.append({"op": "remove", "path": path} if value is None else {"op": "add", "path": path, "value": value})
    return steps


def event_of(reference: Reference, event: Event, now: datetime.datetime) -> dict[str, t.Any]:
    """The event in the form of the API (core v1). Equal ones have equal names, whoever makes them and whenever."""
    told = json.dumps([reference.uid, *event])
    moment = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{reference.name[:200].rstrip('-.')}.{hashlib.sha256(told.encode()).hexdigest()[:16]}", "namespace": reference.namespace},
        "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": reference.namespace, "name": reference.name, "uid": reference.uid},
        "reason": event.reason,
        "message": _bounded(event.text),
        "type": event.type,
        "source": {"component": PREFIX},
        "reportingComponent": PREFIX,
        "reportingInstance": PREFIX,
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
    }


def _bounded(message: str) -> str:
    """On one line, with nothing in it that would steer a terminal, and as long as an event's may be."""
    words = escaped(" ".join(message.split()))
    if _size(words) <= LONGEST_MESSAGE:
        return words
    return words.encode("utf-8", errors="replace")[: LONGEST_MESSAGE - 4].decode("utf-8", errors="ignore") + " ..."


def mark(
    client: Client,
    reference: Reference,
    *,
    annotations: t.Mapping[str, str | None],
    event: Event | None,
    requested_by: str = "",
    dry_run: bool = False,
) -> Marked:
    """Set the annotations and make the event. Each stands for itself: where one fails, the other is made all the same.

    A pod is read for annotations, and where its uid is not given. Raises Failure where it cannot be read.
    """
    manager, _cut = manager_name(requested_by, "mark")
    failures: list[Failure] = []
    before: dict[str, str] | None = None
    after: dict[str, str] | None = None
    told: dict[str, t.Any] | None = None
    changed = False
    if annotations or reference.uid is None:
        pod = _read(client, reference)
        reference = reference._replace(uid=pod["metadata"]["uid"])
        if annotations:
            before = after = own(pod)
            try:
                changed, pod = _annotate(client, reference, pod, annotations, manager, dry_run)
                after = own(pod)
            except Failure as failure:
                changed = failure.code == "outcome_unknown"
                failures.append(_in_check_mode(failure, dry_run))
    if event:
        document = event_of(reference, event, datetime.datetime.now(datetime.timezone.utc))
        made = False
        try:
            made = _make(client, document, manager, dry_run)
        except Failure as failure:
            made = failure.code == "outcome_unknown"
            failures.append(_in_check_mode(failure, dry_run))
        told = {"name": document["metadata"]["name"], **{key: document[key] for key in ("reason", "message", "type")}, "changed": made}
        changed = changed or made
    return Marked({"namespace": reference.namespace, "pod": reference.name, "uid": reference.uid}, before, after, told, changed, failures)


def _read(client: Client, reference: Reference) -> dict[str, t.Any]:
    from ._status import check_uid

    pod = client.get_pod(reference.namespace, reference.name)
    check_uid(pod, reference.uid)
    return pod


def _annotate(
    client: Client, reference: Reference, pod: dict[str, t.Any], wanted: t.Mapping[str, str | None], manager: str, dry_run: bool
) -> tuple[bool, dict[str, t.Any]]:
    """(whether the pod was changed, the pod with the annotations). After a lost reply what is there now counts as this task's."""
    lost: Lost | None = None
    for attempt in range(_ROUNDS):
        steps = operations(pod, wanted)
        if not steps:
            return lost is not None, pod
        try:
            return True, client.patch_pod(pod, steps, field_manager=manager, dry_run=dry_run)
        except Conflict:
            pass
        except Lost as exc:
            lost = lost if dry_run else exc
            time.sleep(max(exc.retry_after, min(0.1 * 2**attempt, 3.0)))
        pod = _read(client, reference)
    raise _no_end(reference, "The annotations", lost)


def _make(client: Client, document: t.Mapping[str, t.Any], manager: str, dry_run: bool) -> bool:
    """Whether the event was made; not where an equal one is there. One that is there after a lost reply counts as this task's."""
    lost: Lost | None = None
    for attempt in range(_ROUNDS):
        try:
            client.create_event(document, field_manager=manager, dry_run=dry_run)
        except Conflict:
            return lost is not None
        except Lost as exc:
            lost = lost if dry_run else exc
            time.sleep(max(exc.retry_after, min(0.1 * 2**attempt, 3.0)))
        else:
            return True
    about = document["involvedObject"]
    raise _no_end(Reference(about["namespace"], about["name"], about["uid"]), "The event", lost)


def _no_end(reference: Reference, what: str, lost: Lost | None) -> Failure:
    place = f"pod {reference.namespace}/{reference.name}"
    if lost and not lost.answered:
        words = f"{what} of {place}: whether it was written is not known, for the write got no answer ({lost.words})."
        failure = Failure("outcome_unknown", words, hint="Run the task again: what is there is found.")
    else:
        said = f"the API server failed ({lost.words})" if lost else "each write got no answer, or met a pod that was no longer as it had been read"
        failure = Failure("api_error", f"{what} of {place} could not be written: {said}.", hint="Try again; if it stays, look at the API server's health.")
    return failure.about(namespace=reference.namespace, pod=reference.name)


def _in_check_mode(failure: Failure, dry_run: bool) -> Failure:
    if dry_run and failure.code == "forbidden_rbac":
        failure.message += DRY_RUN_NEEDS
    return failure


def marked_diff(marked: Marked) -> list[dict[str, t.Any]]:
    """The ``diff``: the annotations of ours without and with what this task changed, and the event that it made."""
    place = f"{marked.pod['namespace']}/{marked.pod['pod']}"
    found = []
    if marked.before != marked.after:
        header = f"{place} metadata.annotations"
        found.append({"before_header": header, "after_header": header, "before": marked.before, "after": marked.after})
    if marked.event and marked.event["changed"]:
        header = f"{place} event {marked.event['name']}"
        after = {key: marked.event[key] for key in ("reason", "message", "type")}
        found.append({"before_header": header, "after_header": header, "before": {}, "after": after})
    return found
