# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Pods and outcomes in the form that tasks return. Pure."""

from __future__ import annotations

import shlex
import typing as t

from ._manager import requested_by, writer_of
from ._status import spec_of, state_of, status_of

if t.TYPE_CHECKING:
    from ._ensure import Outcome
    from ._errors import Failure


def container_entry(pod: t.Mapping[str, t.Any], namespace: str, pod_name: str, name: str, context: str | None) -> dict[str, t.Any]:
    """One ephemeral container of one pod, spec and status: always the same keys, null where the pod says nothing."""
    found = spec_of(pod, name)
    status = status_of(pod, name)
    return {
        "namespace": namespace,
        "pod": pod_name,
        "uid": (pod.get("metadata") or {}).get("uid"),
        "node": (pod.get("spec") or {}).get("nodeName"),
        "name": name,
        "spec": found[1] if found else None,
        "status": status,
        **state_of(status)._asdict(),
        "attach_command": attach_command(namespace, pod_name, name, found[1], context) if found else None,
    }


def attach_command(namespace: str, pod: str, name: str, spec: t.Mapping[str, t.Any], context: str | None) -> str:
    """The kubectl command that attaches a person to the container, quoted for a shell."""
    flags = "".join(letter for letter, key in (("i", "stdin"), ("t", "tty")) if spec.get(key))
    words = ["kubectl", "attach", *([f"-{flags}"] if flags else []), "-n", namespace, pod, "-c", name]
    return shlex.join([*words, *(["--context", context] if context else [])])


def outcome_entries(outcome: Outcome, context: str | None) -> list[dict[str, t.Any]]:
    """The outcome of one pod: one entry a container."""
    return [_outcome_entry(outcome, name, context) for name in outcome.names]


def _outcome_entry(outcome: Outcome, name: str, context: str | None) -> dict[str, t.Any]:
    kept = outcome.kept.get(name)
    return {
        **container_entry(outcome.pod or {}, outcome.reference.namespace, outcome.reference.name, name, context),
        "changed": name in outcome.added,
        "differences": kept.differences if kept else [],
        "injected": kept.injected if kept else [],
        "not_compared": list(kept.not_compared) if kept else [],
        "log": outcome.logs.get(name),
    }


def outcome_diff(outcome: Outcome) -> dict[str, t.Any] | None:
    """The ``diff`` of a changed pod: its ephemeral containers before and after."""
    if not outcome.changed or outcome.pod is None:
        return None
    header = f"{outcome.reference.namespace}/{outcome.reference.name} spec.ephemeralContainers"
    after = (outcome.pod.get("spec") or {}).get("ephemeralContainers") or []
    return {
        "before_header": header,
        "after_header": header,
        "before": {"ephemeralContainers": outcome.before},
        "after": {"ephemeralContainers": after},
    }


def ensured(outcomes: t.Sequence[Outcome], context: str | None) -> dict[str, t.Any]:
    """What a task that ensures containers returns, but for its failure and its diff."""
    containers = [entry for outcome in outcomes for entry in outcome_entries(outcome, context)]
    result: dict[str, t.Any] = {"changed": any(outcome.changed or outcome.unknown for outcome in outcomes), "containers": containers}
    if len(containers) == 1 and not first_failure(outcomes):
        result["container"] = containers[0]
    return result


def first_failure(outcomes: t.Sequence[Outcome]) -> Failure | None:
    """The failure that the task fails with, if any pod failed."""
    return next((outcome.failure for outcome in outcomes if outcome.failure), None)


def info_entry(pod: t.Mapping[str, t.Any], name: str, context: str | None) -> dict[str, t.Any]:
    """One ephemeral container with everything that ``kubectl describe pod`` prints of it, and who added it when."""
    metadata = pod["metadata"]
    entry = container_entry(pod, metadata.get("namespace"), metadata["name"], name, context)
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
