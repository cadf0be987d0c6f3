# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The guard rails of unattended debugging: what would be too much, before it is done. Pure.

Each function returns refusals: mappings with ``guard``, ``value`` (what was found or asked for), ``limit``, ``variable`` (the role's variable that
moves the guard), ``msg``, and ``namespace`` and ``pod`` where it is about one pod. An empty list is consent.
"""

from __future__ import annotations

import collections
import datetime
import fnmatch
import math
import re
import typing as t

#: On a pod or its namespace: whoever may annotate these can stop all of this.
KILL_SWITCH = "kubedebug.pods/disabled"
#: From this class on a preset may stop the target for a while, so that others have to be able to take its work.
DISRUPTIVE = 2
_HOUR = datetime.timedelta(hours=1)
#: What a container ends with that did not do its work: no folder and too late (files/wrapper.sh), no program to be run (POSIX), no start (containerd).
_BROKEN_CODES = (73, 75, 126, 127, 128)
#: What a container waits for that does not come by itself (kubelet, pkg/kubelet/images and container/sync_result.go).
_BROKEN_REASONS = (
    *("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable"),
    *("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError", "ContainerCannotRun"),
)

Refusal = dict[str, t.Any]


class Limits(t.NamedTuple):
    """The role's variables debug_guard_NAME."""

    namespaces: t.Sequence[str] = ("kube-system", "kube-public", "kube-node-lease")
    """Protected: nothing is added there. Patterns as of a shell."""
    images: t.Sequence[str] = ()
    """Patterns that an image has to match one of; none at all allows any."""
    pods: int = 3
    """Pods a run."""
    percent: int = 34
    """Of the pods that a selection matches, rounded up."""
    containers: int = 8
    """Ephemeral containers of a pod, those that have ended included: none is ever removed."""
    running: int = 1
    """Ephemeral containers of a pod that run."""
    hourly: int = 20
    """Ephemeral containers that were started in the namespace within an hour."""
    failures: int = 3
    """Failures of a preset in a row, after which it is not tried any more."""
    replicas: int = 2
    """Ready replicas that a workload needs for a preset of class 2 and above."""


def _refusal(guard: str, value: t.Any, limit: t.Any, msg: str, **place: str) -> Refusal:
    variable = "debug_approved_class" if guard == "class" else f"debug_guard_{guard}"
    return {"guard": guard, "value": value, "limit": limit, "variable": variable, "msg": f"{msg} (guard {guard}, {variable})", **place}


def of_request(limits: Limits, namespace: str, images: t.Iterable[str]) -> list[Refusal]:
    """What can be told from the request alone: a protected namespace, and images that are not allowed."""
    refused = []
    if any(fnmatch.fnmatchcase(namespace, pattern) for pattern in limits.namespaces):
        refused.append(_refusal("namespaces", namespace, list(limits.namespaces), f"The namespace {namespace} is protected."))
    allowed = ", ".join(limits.images)
    refused += [
        _refusal("images", image, list(limits.images), f"The image {image} is none of those that are allowed: {allowed}.")
        for image in dict.fromkeys(images)
        if allowed and not any(fnmatch.fnmatchcase(image, pattern) for pattern in limits.images)
    ]
    return refused


def choose(limits: Limits, pods: t.Sequence[t.Mapping[str, t.Any]]) -> tuple[list[t.Mapping[str, t.Any]], list[Refusal]]:
    """(the pods of a selection to work on, a refusal for each of the others). Each pod has ``namespace``, ``pod`` and ``node``.

    One of each node comes first, then a second and so on, in the order of the list: trouble of a node and trouble of the application look different.
    """
    share = max(1, math.ceil(len(pods) * limits.percent / 100))
    most = min(limits.pods, share)
    seen: collections.Counter[t.Any] = collections.Counter()
    rounds = []
    for pod in pods:
        rounds.append(seen[pod["node"]])
        seen[pod["node"]] += 1
    order = sorted(range(len(pods)), key=lambda index: (rounds[index], index))
    guard, limit = ("pods", limits.pods) if limits.pods <= share else ("percent", limits.percent)
    kept = sorted(order[:most])
    left = [
        _refusal(guard, len(pods), limit, f"{len(pods)} pods match, of which {most} are looked at in one run.", namespace=pod["namespace"], pod=pod["pod"])
        for index, pod in enumerate(pods)
        if index not in kept
    ]
    return [pods[index] for index in kept], left


def of_pod(limits: Limits, context: t.Mapping[str, t.Any], adding: t.Iterable[str], disruption: int) -> list[Refusal]:
    """What speaks against adding containers of the names ``adding`` to a pod, whose presets are of class ``disruption`` at most.

    ``context`` is that of pod_context_info, with the parts owners, namespace and pod_disruption_budgets. What of it could not be read (null)
    is not taken for consent where the guard is about harm: replicas and budgets of a disruptive preset have to be known.
    """
    pod = context["pod"]
    place = {"namespace": pod["metadata"]["namespace"], "pod": pod["metadata"]["name"]}
    where = f"The pod {place['namespace']}/{place['pod']}"
    refused = []
    for what, document in (("pod", pod), ("namespace", context.get("namespace") or {})):
        value = ((document.get("metadata") or {}).get("annotations") or {}).get(KILL_SWITCH)
        if str(value).lower() == "true":
            words = f"{where} must not be debugged: its {what} is annotated {KILL_SWITCH}=true. Remove the annotation to allow it."
            refused.append({"guard": "kill_switch", "value": value, "limit": None, "variable": None, "msg": f"{words} (guard kill_switch)", **place})
    there = {container["name"] for container in (pod.get("spec") or {}).get("ephemeralContainers") or ()}
    new = set(adding) - there
    if new and len(there) + len(new) > limits.containers:
        words = f"{where} has {len(there)} ephemeral containers, {len(new)} more would be added, and {limits.containers} are allowed. They go with the pod."
        refused.append(_refusal("containers", len(there), limits.containers, words, **place))
    running = [
        status["name"]
        for status in (pod.get("status") or {}).get("ephemeralContainerStatuses") or ()
        if "running" in (status.get("state") or {}) and status["name"] not in set(adding)
    ]
    if new and len(running) >= limits.running:
        words = f"{where} has {len(running)} ephemeral containers that run ({', '.join(running)}), and {limits.running} are allowed."
        refused.append(_refusal("running", len(running), limits.running, words, **place))
    if disruption >= DISRUPTIVE:
        refused += _harm(limits, context, where, place)
    return refused


def _harm(limits: Limits, context: t.Mapping[str, t.Any], where: str, place: dict[str, str]) -> list[Refusal]:
    refused = []
    owners = context.get("owners")
    ready = _ready(owners) if owners is not None else None
    if ready is None:
        words = f"{where}: how many replicas are ready could not be read, and a preset of class {DISRUPTIVE} and above may stop this one for a while."
        refused.append(_refusal("replicas", None, limits.replicas, words, **place))
    elif ready < limits.replicas:
        words = f"{where} is one of {ready} ready replicas, and a preset of class {DISRUPTIVE} and above needs {limits.replicas}."
        refused.append(_refusal("replicas", ready, limits.replicas, words, **place))
    budgets = context.get("pod_disruption_budgets")
    if budgets is None:
        words = f"{where}: its disruption budgets could not be read, and a preset of class {DISRUPTIVE} and above may disrupt it."
        refused.append(_refusal("replicas", None, limits.replicas, words, **place))
    for budget in budgets or ():
        allowed = (budget.get("status") or {}).get("disruptionsAllowed")
        if not allowed:
            words = f"{where}: the disruption budget {budget['metadata']['name']} allows no disruption now."
            refused.append(_refusal("replicas", allowed or 0, 1, words, **place))
    return refused


def _crowd(limits: Limits, contexts: t.Sequence[t.Mapping[str, t.Any]]) -> list[Refusal]:
    """What speaks against disrupting all these pods at once, of which each one alone may be: so many of one workload."""
    refused = []
    by_owner: dict[str, list[t.Mapping[str, t.Any]]] = collections.defaultdict(list)
    for context in contexts:
        if context.get("owners"):
            by_owner[str((context["owners"][0].get("metadata") or {}).get("uid"))].append(context)
    for crowd in by_owner.values():
        owner, ready = crowd[0]["owners"][0], _ready(crowd[0]["owners"])
        allowed = [(budget.get("status") or {}).get("disruptionsAllowed") or 0 for context in crowd for budget in context.get("pod_disruption_budgets") or ()]
        most = min([*allowed, *([] if ready is None else [ready - limits.replicas + 1])], default=len(crowd))
        if len(crowd) > max(1, most):
            whose = f"{len(crowd)} pods of {owner.get('kind')} {(owner.get('metadata') or {}).get('name')}"
            words = f"{whose} would be disrupted at once, and {max(1, most)} may be: name fewer pods."
            refused.append(_refusal("replicas", len(crowd), max(1, most), words))
    return refused


def _ready(owners: t.Sequence[t.Mapping[str, t.Any]]) -> int | None:
    """Ready replicas of the nearest owner that counts them: 1 for a pod without one; None where its status is not known."""
    if not owners:
        return 1
    status = owners[0].get("status")
    if status is None:
        return None
    for key in ("readyReplicas", "numberReady", "ready"):
        if key in status:
            return int(status[key])
    return 0


def of_namespace(limits: Limits, namespace: str, containers: t.Iterable[t.Mapping[str, t.Any]], adding: int, now: datetime.datetime) -> list[Refusal]:
    """Whether ``adding`` containers are too many in the namespace for now. ``containers``: what ephemeral_container_info tells of all its pods."""
    recent = sum((entry.get("added_at") or entry.get("started_at")) is not None and _age(entry, now) < _HOUR for entry in containers)
    if adding and recent + adding > limits.hourly:
        words = f"{recent} ephemeral containers were started in {namespace} within an hour, {adding} more would be, and {limits.hourly} are allowed."
        return [_refusal("hourly", recent, limits.hourly, words, namespace=namespace)]
    return []


def history(preset: str, containers: t.Iterable[t.Mapping[str, t.Any]], now: datetime.datetime) -> list[bool]:
    """Of the runs of a preset within the last hour, oldest first, whether they failed: could not start, or could not do their work.

    ``containers`` as of ``of_namespace``. Whoever added them: the cluster remembers for all controllers. Those that are not known to have begun are left out.
    """
    name = re.compile(rf"kd-{re.escape(preset)}-[0-9a-f]{{10}}(-[1-9][0-9]*)?")
    runs = [(_age(entry, now), entry) for entry in containers if name.fullmatch(entry["name"])]
    recent = sorted(((age, entry) for age, entry in runs if age < _HOUR), key=lambda run: run[0], reverse=True)
    return [_broke(entry) for _age_, entry in recent if entry.get("state") != "waiting" or _broke(entry)]


def _broke(entry: t.Mapping[str, t.Any]) -> bool:
    return entry.get("reason") in _BROKEN_REASONS or (entry.get("state") == "terminated" and entry.get("exit_code") in _BROKEN_CODES)


def _age(entry: t.Mapping[str, t.Any], now: datetime.datetime) -> datetime.timedelta:
    """How long ago a container was added. What nobody can tell counts as now."""
    try:
        return now - datetime.datetime.fromisoformat(str(entry.get("added_at") or entry["started_at"]).replace("Z", "+00:00"))
    except (KeyError, TypeError, ValueError):
        return datetime.timedelta(0)


def of_history(limits: Limits, preset: str, failed: t.Iterable[bool]) -> list[Refusal]:
    """Whether a preset failed so often in a row that it is not tried any more. ``failed``: how its runs ended, in their order."""
    row = 0
    for each in failed:
        row = row + 1 if each else 0
    if row >= limits.failures:
        return [
            _refusal(
                "failures",
                row,
                limits.failures,
                f"The preset {preset} failed {row} times in a row within an hour, so it is not tried again before that is over.",
            )
        ]
    return []


class Consent(t.NamedTuple):
    """What may be done: these ``plans`` on these ``pods``. ``refused`` says what may not."""

    plans: list[t.Mapping[str, t.Any]]
    pods: list[t.Mapping[str, t.Any]]
    refused: list[Refusal]


def consent(
    limits: Limits,
    plans: t.Sequence[t.Mapping[str, t.Any]],
    pods: t.Sequence[t.Mapping[str, t.Any]],
    contexts: t.Mapping[str, t.Mapping[str, t.Any]],
    containers: t.Sequence[t.Mapping[str, t.Any]],
    now: datetime.datetime,
) -> Consent:
    """Ask all guard rails. ``plans`` are those of the role (a ``preset`` with a ``refusal`` already, or with its ``class`` and ``candidates``), ``pods`` as of
    ``choose``, ``contexts`` those of pod_context_info by the pods' uids, ``containers`` as of ``of_namespace``. A pod without a context is left out.

    What is there already is not added, so a repeat is never too much. Where a guard speaks against one preset only, the others go on; where no
    preset is left, no pod is.
    """
    refused = [plan["refusal"] for plan in plans if plan.get("refusal")]
    allowed: list[t.Mapping[str, t.Any]] = []
    known = [pod for pod in pods if pod["uid"] in contexts]
    there = {pod["uid"]: _there(contexts[pod["uid"]]) for pod in known}
    for plan in (plan for plan in plans if not plan.get("refusal")):
        against = of_request(limits._replace(namespaces=()), "", [plan["candidates"][0]["definition"]["image"]])
        if any(_name(plan, names) not in names for names in there.values()):
            against += of_history(limits, plan["preset"], history(plan["preset"], containers, now))
        if plan["class"] >= DISRUPTIVE:
            against += [harm for pod in known for harm in of_pod(limits, contexts[pod["uid"]], (), plan["class"]) if harm["guard"] == "replicas"]
            against += _crowd(limits, [contexts[pod["uid"]] for pod in known])
        refused += [refusal for refusal in against if refusal not in refused]
        if not against:
            allowed.append(plan)
    consented = []
    for pod in known:
        against = of_request(limits._replace(images=()), pod["namespace"], ())
        against += of_pod(limits, contexts[pod["uid"]], [_name(plan, there[pod["uid"]]) for plan in allowed], 0)
        refused += [refusal for refusal in against if refusal not in refused]
        if not against:
            consented.append(pod)
    for namespace in dict.fromkeys(pod["namespace"] for pod in consented):
        adding = sum(_name(plan, there[pod["uid"]]) not in there[pod["uid"]] for pod in consented if pod["namespace"] == namespace for plan in allowed)
        against = of_namespace(limits, namespace, (entry for entry in containers if entry.get("namespace") == namespace), adding, now)
        refused += against
        consented = [pod for pod in consented if not against or pod["namespace"] != namespace]
    return Consent(allowed, consented if allowed else [], refused)


def _there(context: t.Mapping[str, t.Any]) -> set[str]:
    return {container["name"] for container in (context["pod"].get("spec") or {}).get("ephemeralContainers") or ()}


def _name(plan: t.Mapping[str, t.Any], there: t.Container[str]) -> str:
    """The container that the plan is about on a pod: that of the window before where it is there, else the current one."""
    current, previous = (str(candidate["name"]) for candidate in plan["candidates"])
    return previous if previous in there and current not in there else current
