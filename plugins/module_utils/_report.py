# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Pods and outcomes in the form that tasks return. Pure."""

from __future__ import annotations

import shlex
import typing as t

from ._errors import Failure, escaped
from ._manager import requested_by, writer_of
from ._status import is_finished, phase_ended, spec_of, state_of, status_of

if t.TYPE_CHECKING:
    from ._ensure import Ensured, Outcome

#: Entries of a list that has one for each pod or warning, and names in a message.
_LONGEST, _SHOWN = 100, 5


def container_entry(pod: t.Mapping[str, t.Any], namespace: str, pod_name: str, name: str, kubectl: t.Sequence[str]) -> dict[str, t.Any]:
    """One ephemeral container of one pod, spec and status: always the same keys, null where the pod says nothing."""
    found = spec_of(pod, name)
    status = status_of(pod, name)
    over = is_finished(pod, name) or phase_ended(pod)
    return {
        "namespace": namespace,
        "pod": pod_name,
        "uid": (pod.get("metadata") or {}).get("uid"),
        "node": (pod.get("spec") or {}).get("nodeName"),
        "name": name,
        "spec": found[1] if found else None,
        "status": status,
        **state_of(status)._asdict(),
        "attach_command": attach_command(namespace, pod_name, name, found[1], kubectl) if found and not over else None,
    }


def attach_command(namespace: str, pod: str, name: str, spec: t.Mapping[str, t.Any], kubectl: t.Sequence[str]) -> str:
    """The command that attaches a person to the container, quoted for a shell; ``kubectl`` are the options that lead to the cluster."""
    flags = "".join(letter for letter, key in (("i", "stdin"), ("t", "tty")) if spec.get(key))
    return shlex.join(["kubectl", "attach", *([f"-{flags}"] if flags else []), "-n", namespace, pod, "-c", name, *kubectl])


def outcome_entries(outcome: Outcome, kubectl: t.Sequence[str]) -> list[dict[str, t.Any]]:
    """The outcome of one pod: one entry a container."""
    return [_outcome_entry(outcome, name, kubectl) for name in outcome.names]


def _outcome_entry(outcome: Outcome, name: str, kubectl: t.Sequence[str]) -> dict[str, t.Any]:
    kept, log = outcome.kept.get(name), outcome.logs.get(name)
    return {
        **container_entry(outcome.pod or {}, outcome.reference.namespace, outcome.reference.name, name, kubectl),
        "changed": name in outcome.added,
        "failure": {"msg": outcome.failure.msg, **outcome.failure.to_dict()} if outcome.failure else None,
        "differences": kept.differences if kept else [],
        "injected": kept.injected if kept else [],
        "not_compared": list(kept.not_compared) if kept else [],
        "log": log[0] if log else None,
        "log_truncated": bool(log and log[1]),
    }


def outcome_diff(outcome: Outcome) -> dict[str, t.Any] | None:
    """The ``diff`` of a changed pod: its ephemeral containers in the reply to the write, without and with what this task added."""
    if not outcome.changed or outcome.written is None:
        return None
    header = f"{outcome.reference.namespace}/{outcome.reference.name} spec.ephemeralContainers"
    after = (outcome.written.get("spec") or {}).get("ephemeralContainers") or []
    return {
        "before_header": header,
        "after_header": header,
        "before": {"ephemeralContainers": [container for container in after if container.get("name") not in outcome.added]},
        "after": {"ephemeralContainers": after},
    }


def ensured(done: Ensured, kubectl: t.Sequence[str], *, selected: bool) -> dict[str, t.Any]:
    """What a task that ensures containers returns, but for its diff. ``selected``: on the pods of a selection, however many they were."""
    outcomes = done.outcomes
    containers = [entry for outcome in outcomes for entry in outcome_entries(outcome, kubectl)]
    result: dict[str, t.Any] = {
        "changed": any(outcome.changed or outcome.unknown for outcome in outcomes),
        "containers": containers,
        "skipped_pods": skipped_pods(done.left_out),
        "warnings": _warnings(done),
    }
    if len(containers) == 1 and not selected:
        result["container"] = containers[0]
    failure = _failure_of_all(outcomes)
    if failure:
        result.update(msg=failure.msg, failure=failure.to_dict())
    return result


def skipped_pods(left_out: t.Sequence[Failure]) -> list[dict[str, t.Any]]:
    """The pods of a selection that take no container, and why: the first ones, if they are many."""
    return [{"namespace": each.namespace, "pod": each.pod, "reason": each.code, "message": each.message} for each in left_out[:_LONGEST]]


def _warnings(done: Ensured) -> list[str]:
    """Each warning once, however many pods it is about."""
    warnings = dict.fromkeys([*done.warnings, *(warning for outcome in done.outcomes for warning in outcome.warnings)])
    warnings.update((f"mounts_from: {words}.", None) for outcome in done.outcomes if outcome.changed for words in outcome.left_out)
    cut = [(entry.reference, name) for entry in done.outcomes for name, (_text, more) in entry.logs.items() if more]
    if cut:
        (namespace, pod), name = cut[0]
        others = f" and of {len(cut) - 1} more" if len(cut) > 1 else ""
        warnings[
            f"The log of {name} on pod {namespace}/{pod}{others} is longer than the limit, and only its beginning is returned. "
            "log_tail_lines takes the end, log_limit_bytes moves the limit."
        ] = None
    return [escaped(warning) for warning in warnings][:_LONGEST]


def _failure_of_all(outcomes: t.Sequence[Outcome]) -> Failure | None:
    """The failure that the task fails with, if any pod failed: with several pods, in words about all of them."""
    failed = [(outcome, outcome.failure) for outcome in outcomes if outcome.failure]
    if not failed or len(outcomes) == 1:
        return failed[0][1] if failed else None
    first = failed[0][1]
    told: dict[str, list[str]] = {}
    for outcome, failure in failed:
        told.setdefault(failure.code, []).append(outcome.reference.name)
    counts = ", ".join(f"{code}: {_some(names)}" for code, names in told.items())
    changed = [outcome.reference.name for outcome in outcomes if outcome.changed]
    unknown = [outcome.reference.name for outcome in outcomes if outcome.unknown]
    written = f"Changed: {_some(changed)}." if changed else "" if unknown else "No pod was changed."
    if unknown:
        written = f"{written} Not known whether changed: {_some(unknown)}.".lstrip()
    return Failure(
        first.code,
        f"{len(failed)} of {len(outcomes)} pods failed ({counts}). {written} The first failure: {first.message}",
        hint=first.hint and first.hint.removeprefix("Nothing was written. "),
        namespace=first.namespace,
        pod=first.pod,
        container=first.container,
        field=first.field,
        details=[{"pod": failure.pod, "code": failure.code, "message": failure.message} for _outcome, failure in failed[:_LONGEST]],
    )


def _some(names: t.Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def info_entry(pod: t.Mapping[str, t.Any], name: str, kubectl: t.Sequence[str]) -> dict[str, t.Any]:
    """One ephemeral container with everything that ``kubectl describe pod`` prints of it, and who added it when."""
    metadata = pod["metadata"]
    entry = container_entry(pod, metadata.get("namespace"), metadata["name"], name, kubectl)
    spec, status = entry["spec"] or {}, entry["status"] or {}
    writer = writer_of(pod, name)
    return {
        **entry,
        "container_id": status.get("containerID"),
        "image": status.get("image") or spec.get("image"),
        "image_id": status.get("imageID"),
        "port": None,
        "host_port": None,
        "target": spec.get("targetContainerName"),
        "command": spec.get("command") or [],
        "args": spec.get("args") or [],
        "ready": bool(status.get("ready")),
        "restart_count": status.get("restartCount", 0),
        "last_state": status.get("lastState") or {},
        "environment": spec.get("env") or [],
        "environment_from": spec.get("envFrom") or [],
        "mounts": spec.get("volumeMounts") or [],
        "devices": spec.get("volumeDevices") or [],
        "added_by": writer.manager if writer else None,
        "added_at": writer.time if writer else None,
        "requested_by": requested_by(writer.manager) if writer else None,
    }
