# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What a pod needs so that the wanted containers are on it. Pure: reads the pod, writes nothing."""

from __future__ import annotations

import itertools
import json
import re
import typing as t

from ._compare import Comparison, compare
from ._errors import Failure, FieldError
from ._spec import OPTION_FIELDS
from ._status import check_uid, describe, is_finished, is_stuck, phase_ended, spec_of, state_of, status_of
from ._validate import is_within, live_errors, names, pod_errors, static_errors

MIRROR_ANNOTATION = "kubernetes.io/config.mirror"
_SHOWN = 6
#: Characters of a container's name (a DNS label).
_LONGEST_NAME = 63


class Policy(t.NamedTuple):
    """The options that decide about a name that is taken."""

    state: str = "present"
    on_difference: str = "fail"
    on_finished: str = "keep"
    allow_injected: bool = False
    pod_uid: str | None = None


class Kept(t.NamedTuple):
    """A wanted container that is on the pod already."""

    name: str
    differences: list[dict[str, t.Any]]
    injected: list[dict[str, t.Any]]
    not_compared: t.Sequence[str] = ()


class Decision(t.NamedTuple):
    """``kept`` is there; ``missing`` has to be added, in this order and in one write; ``order`` has all their names as they were asked for;
    ``unknown``: for a missing one, the fields of its securityContext that its profile could not find out."""

    kept: dict[str, Kept]
    missing: list[dict[str, t.Any]]
    order: list[str]
    unknown: dict[str, list[str]]


def check_offline(containers: t.Sequence[t.Mapping[str, t.Any]], options: t.Sequence[FieldError] = (), *, state: str = "present") -> None:
    """Raise with everything that no server has to be asked about: Failure ``invalid_options`` where ``options`` (errors about options) are among
    it, else ``invalid_spec``. For ``absent`` only the names count."""
    errors: list[FieldError] = []
    for index, container in enumerate(containers):
        path = f"spec.ephemeralContainers[{index}]"
        told = {f"{path}.{OPTION_FIELDS.get(option, option)}" for option in (re.split(r"[.\[]", found.field)[0] for found in options)}
        errors.extend(found for found in static_errors(container, path) if not is_within(found.field, told))
        if container.get("name") in [earlier.get("name") for earlier in containers[:index]]:
            errors.append(FieldError(f"{path}.name", "FieldValueDuplicate", f'{path}.name: Duplicate value: "{container.get("name")}"'))
    if state == "absent":
        errors = [found for found in errors if re.fullmatch(r"spec\.ephemeralContainers\[\d+\]\.name", found.field)]
    _raise_invalid([*options, *errors], code="invalid_options" if options else "invalid_spec")


def _raise_invalid(errors: t.Sequence[FieldError], pod: str | None = None, code: str = "invalid_spec") -> None:
    if not errors:
        return
    told = "; ".join(error.message.rstrip(".") for error in errors[:_SHOWN])
    more = f"; and {len(errors) - _SHOWN} more in failure.details" if len(errors) > _SHOWN else ""
    raise Failure(
        code,
        f"The ephemeral container cannot be added{f' to pod {pod}' if pod else ''}: {told}{more}.",
        field=errors[0].field,
        details=[error.to_dict() for error in errors],
        hint="Nothing was written. What is wrong with a container can never be corrected on the pod, so correct it here.",
    )


def decide(pod: t.Mapping[str, t.Any], containers: t.Sequence[t.Mapping[str, t.Any]], policy: Policy, unknown: t.Sequence[t.Sequence[str]] = ()) -> Decision:
    """Look up each wanted container by name, whatever the pod's phase. ``unknown``: for each, fields of its securityContext that nobody knows.

    Raises Failure ``pod_replaced``, ``different``, ``removal_refused``, ``finished`` or, where the next name would be too long, ``invalid_spec``, each
    before anything is written.
    """
    check_uid(pod, policy.pod_uid)
    if policy.state == "absent":
        return _decide_absent(pod, containers)
    kept: dict[str, Kept] = {}
    missing: list[dict[str, t.Any]] = []
    order: list[str] = []
    different: list[Kept] = []
    not_known: dict[str, list[str]] = {}
    for wanted, keys in zip(containers, unknown or [()] * len(containers), strict=True):
        name = wanted["name"]
        if policy.on_finished == "next":
            others = [*order, *(other["name"] for other in containers if other is not wanted), *names(pod, "containers", "initContainers")]
            name = _next_name(pod, name, others, _Sameness(pod, wanted, keys, policy.allow_injected))
            if len(name) > _LONGEST_NAME >= len(wanted["name"]):
                raise _no_next_name(pod, wanted["name"], name)
        order.append(name)
        found = spec_of(pod, name)
        if found is None:
            missing.append({**wanted, "name": name})
            not_known[name] = list(keys)
            continue
        index, stored = found
        path = f"spec.ephemeralContainers[{index}]"
        comparison = _compare(wanted, stored, path, keys, policy.allow_injected)
        kept[name] = Kept(name, comparison.differences, comparison.injected, [f"{path}.securityContext.{key}" for key in keys])
        if comparison.differences and policy.on_difference == "fail":
            different.append(kept[name])
        if policy.on_finished == "fail" and is_finished(pod, name):
            raise _finished(pod, name)
    if different:
        raise _different(pod, different)
    return Decision(kept, missing, order, not_known)


def _place(pod: t.Mapping[str, t.Any]) -> str:
    return f"{pod['metadata'].get('namespace')}/{pod['metadata'].get('name')}"


class _Sameness(t.NamedTuple):
    """Whether a container of the pod is what is wanted."""

    pod: t.Mapping[str, t.Any]
    wanted: t.Mapping[str, t.Any]
    keys: t.Sequence[str]
    allow_injected: bool

    def holds(self, name: str) -> bool:
        found = spec_of(self.pod, name)
        return found is not None and not _compare(self.wanted, found[1], "", self.keys, self.allow_injected).differences


def _compare(wanted: t.Mapping[str, t.Any], stored: t.Mapping[str, t.Any], path: str, keys: t.Sequence[str], allow_injected: bool) -> Comparison:
    return compare(_with_stored(wanted, stored, keys), stored, path, allow_injected=allow_injected)


def _is_over(pod: t.Mapping[str, t.Any], name: str, same: _Sameness) -> bool:
    """Whether ``next`` passes over it: it has ended, can never start, or waits for an image that is not the one that is wanted now."""
    stuck = is_stuck(pod, name)
    return is_finished(pod, name) or stuck.done or (stuck.grace and not same.holds(name))


def _next_name(pod: t.Mapping[str, t.Any], base: str, others: t.Sequence[str], same: _Sameness) -> str:
    """The newest of ``base``, ``base``-2, ``base``-3 ... that is not over, else the next free one. Names of ``others`` are left to them."""
    numbers = [1] if spec_of(pod, base) else []
    for container in (pod.get("spec") or {}).get("ephemeralContainers") or ():
        match = re.fullmatch(re.escape(base) + r"-([1-9]\d{0,8})", str(container.get("name")))
        if match and int(match[1]) >= 2:
            numbers.append(int(match[1]))
    for number in sorted(numbers, reverse=True):
        name = base if number == 1 else f"{base}-{number}"
        if name not in others and not _is_over(pod, name, same):
            return name
    if not numbers:
        return base
    return next(name for name in (f"{base}-{number}" for number in itertools.count(max(numbers) + 1)) if name not in others)


def _no_next_name(pod: t.Mapping[str, t.Any], base: str, name: str) -> Failure:
    return Failure(
        "invalid_spec",
        f"The ephemeral container {base} on pod {_place(pod)} is over, and the next name, {name}, is longer than the {_LONGEST_NAME} characters that a name "
        "may have.",
        container=base,
        field="on_finished",
        hint=f"Nothing was written. Use a name of at most {_LONGEST_NAME - len(name) + len(base)} characters, so that on_finished: next can number it.",
    )


def _decide_absent(pod: t.Mapping[str, t.Any], containers: t.Sequence[t.Mapping[str, t.Any]]) -> Decision:
    there = [str(container["name"]) for container in containers if spec_of(pod, container["name"])]
    if there:
        state = describe(state_of(status_of(pod, there[0])))
        running = not all(is_finished(pod, name) for name in there)
        stop = " To have it merely stop, let its command end, or end its processes."
        raise Failure(
            "removal_refused",
            f"The ephemeral container {', '.join(there)} is on pod {_place(pod)} ({state}) and Kubernetes never removes one: "
            "the list only grows, so that it stays visible that the pod was altered.",
            container=there[0],
            field="state",
            hint="It goes when the pod goes: delete the pod (a controller makes a new one)." + (stop if running else ""),
        )
    return Decision({}, [], [], {})


def _finished(pod: t.Mapping[str, t.Any], name: str) -> Failure:
    state = state_of(status_of(pod, name))
    return Failure(
        "finished",
        f"The ephemeral container {name} on pod {_place(pod)} has ended ({describe(state)}) and Kubernetes never starts one again.",
        container=name,
        field="on_finished",
        details=[state._asdict()],
        hint="Set on_finished: next to add another one under the next free name, or on_finished: keep to accept that it has run.",
    )


def _different(pod: t.Mapping[str, t.Any], different: t.Sequence[Kept]) -> Failure:
    details = [{"container": kept.name, **difference} for kept in different for difference in kept.differences]
    told = "; ".join(f"{item['field']} is {_shown(item['stored'])}, asked was {_shown(item['wanted'])}" for item in details[:_SHOWN])
    more = f"; and {len(details) - _SHOWN} more in failure.details" if len(details) > _SHOWN else ""
    taken = ", ".join(kept.name for kept in different)
    return Failure(
        "different",
        f"Pod {_place(pod)} has an ephemeral container {taken} already, and it is not what was asked for: {told}{more}. "
        "Kubernetes never changes an ephemeral container.",
        container=different[0].name,
        field=details[0]["field"],
        details=details,
        hint="Nothing was written. Use another name, or on_difference: keep to take the one that is there, or recreate the pod.",
    )


def _shown(value: t.Any) -> str:
    text = "not set" if value is None else json.dumps(value, default=str)
    return text if len(text) <= 120 else text[:117] + "..."


def _with_stored(wanted: t.Mapping[str, t.Any], stored: t.Mapping[str, t.Any], keys: t.Sequence[str]) -> dict[str, t.Any]:
    """``wanted`` with what nobody knows as it is stored, so that it makes no difference."""
    known = {key: value for key, value in (stored.get("securityContext") or {}).items() if key in keys}
    return {**wanted, "securityContext": {**wanted.get("securityContext", {}), **known}} if known else dict(wanted)


def check_known(pod: t.Mapping[str, t.Any], decision: Decision) -> None:
    """Raise where a container is missing whose user or group cannot be found out."""
    for container in decision.missing:
        keys = decision.unknown.get(container["name"])
        if keys:
            raise Failure(
                "invalid_options",
                f"profile: {' and '.join(keys)} of container {container['targetContainerName']} of pod {_place(pod)} are not known: its spec does not say, "
                "and its status does not either (the kubelet reports it from Kubernetes 1.31, with containerd 2, once the container has started).",
                field="profile",
                container=container["name"],
                hint=f"Nothing was written. Give {' and '.join(f'securityContext.{key}' for key in keys)} in definition.",
            )


def check_writable(pod: t.Mapping[str, t.Any]) -> None:
    """Raise where an ephemeral container could be written but would never run: the API server accepts all of these but static pods."""
    metadata = pod["metadata"]
    if MIRROR_ANNOTATION in (metadata.get("annotations") or {}):
        raise Failure(
            "static_pod",
            f"Pod {_place(pod)} is a static pod: the API server only mirrors it, and static pods do not support ephemeral containers.",
            hint="Nothing was written. Debug it from its node, or debug a copy of it.",
        )
    if metadata.get("deletionTimestamp"):
        raise Failure(
            "pod_terminating",
            f"Pod {_place(pod)} is being deleted (since {metadata['deletionTimestamp']}): nothing is started on it any more.",
            hint="Nothing was written. Use the pod that replaces it.",
        )
    phase = phase_ended(pod)
    if phase:
        raise Failure(
            "pod_finished",
            f"Pod {_place(pod)} has finished ({phase}): the API server would accept an ephemeral container, but its kubelet never starts it.",
            hint="Nothing was written. Use a pod that runs; what this one said is in its log, or in a copy of it with another command.",
        )


def unfit(pod: t.Mapping[str, t.Any]) -> Failure | None:
    """Why this pod can take no ephemeral container, None where it can."""
    try:
        check_writable(pod)
    except Failure as failure:
        metadata = pod["metadata"]
        return failure.about(namespace=metadata.get("namespace"), pod=metadata.get("name"))
    return None


def check_against(pod: t.Mapping[str, t.Any], containers: t.Sequence[t.Mapping[str, t.Any]]) -> None:
    """Raise Failure ``invalid_spec`` with everything that is wrong with these containers on this pod, at the paths they would have there."""
    first = len((pod.get("spec") or {}).get("ephemeralContainers") or ())
    errors: list[FieldError] = []
    for index, container in enumerate(containers):
        path = f"spec.ephemeralContainers[{first + index}]"
        errors.extend(static_errors(container, path))
        errors.extend(live_errors(container, pod, path))
    errors.extend(pod_errors(containers, pod))
    _raise_invalid(errors, _place(pod))


def check_stored(pod: t.Mapping[str, t.Any], containers: t.Sequence[t.Mapping[str, t.Any]], policy: Policy, *, dry_run: bool = False) -> dict[str, Kept]:
    """What the server made of the containers just written, or would make of them.

    Raises Failure ``dropped_by_server`` or ``different`` where it is not what was asked for, unless differences are to be kept.
    """
    stored_as: dict[str, Kept] = {}
    for wanted in containers:
        name = wanted["name"]
        found = spec_of(pod, name)
        if found is None:
            raise Failure(
                "dropped_by_server",
                f"The API server accepted the change of pod {_place(pod)}, but the ephemeral container {name} is not in its answer.",
                container=name,
                hint="An admission webhook removed it, or the server does not know ephemeral containers.",
            )
        comparison = compare(wanted, found[1], f"spec.ephemeralContainers[{found[0]}]", allow_injected=policy.allow_injected)
        stored_as[name] = Kept(name, comparison.differences, comparison.injected)
        if comparison.differences and policy.on_difference == "fail":
            raise _altered(pod, stored_as[name], dry_run=dry_run)
    return stored_as


def _altered(pod: t.Mapping[str, t.Any], kept: Kept, *, dry_run: bool) -> Failure:
    dropped = all(difference["stored"] is None for difference in kept.differences)
    told = "; ".join(f"{item['field']} is {_shown(item['stored'])}, asked was {_shown(item['wanted'])}" for item in kept.differences[:_SHOWN])
    cause = "the server dropped fields (a feature gate is off, or it is older than the field)" if dropped else "the cluster's admission changed it on the way"
    return Failure(
        "dropped_by_server" if dropped else "different",
        f"The ephemeral container {kept.name} {'would be' if dry_run else 'was'} added to pod {_place(pod)}, but {cause}: {told}.",
        container=kept.name,
        field=kept.differences[0]["field"],
        details=[{"container": kept.name, **difference} for difference in kept.differences],
        hint=f"{'Nothing was written.' if dry_run else 'It is on the pod for good.'} allow_injected: true accepts securityContext, env, envFrom and "
        "volumeMounts that admission adds; check mode shows beforehand what it would do.",
    )
