# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Read what the API knows of a pod and around it. Each part stands for itself: one that cannot be read is a problem, and the others go on."""

from __future__ import annotations

import copy
import datetime
import email.utils
import typing as t
from urllib.parse import quote

from ._client import Subject, side_by_side
from ._errors import Failure
from ._select import matches

if t.TYPE_CHECKING:
    from ._client import Client

#: Kind of an owner -> API group and version, resource. Closed, so that no discovery is needed; of other owners there is the reference only.
OWNERS: dict[tuple[str, str], str] = {
    ("apps/v1", "ReplicaSet"): "replicasets",
    ("apps/v1", "Deployment"): "deployments",
    ("apps/v1", "StatefulSet"): "statefulsets",
    ("apps/v1", "DaemonSet"): "daemonsets",
    ("batch/v1", "Job"): "jobs",
    ("batch/v1", "CronJob"): "cronjobs",
    ("v1", "ReplicationController"): "replicationcontrollers",
}
_DEEPEST = 5
#: Bytes of logs that a task returns: Ansible takes every value of a result apart.
LOG_BYTES = 4 * 1024 * 1024
#: kubectl's copy of what was applied, values of variables included.
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_STATUSES = {"containerStatuses": "container", "initContainerStatuses": "init", "ephemeralContainerStatuses": "ephemeral"}


class Query(t.NamedTuple):
    """Which ``parts`` to read, and how much of each log. ``env_values``: with the values of environment variables."""

    parts: t.Sequence[str]
    env_values: bool = False
    log_tail_lines: int = 2000
    log_limit_bytes: int = 256 * 1024
    concurrency: int = 8


class _Log(t.NamedTuple):
    container: str
    kind: str
    previous: bool


def read(client: Client, pod: dict[str, t.Any], query: Query) -> tuple[dict[str, t.Any], list[dict[str, t.Any]]]:
    """(the context, problems) of a pod that was just read. A part that was not asked for, or cannot be read, is null.

    A problem has ``part``, and the failure's ``code`` and ``msg``. Raises Failure ``unauthorized`` and ``api_unreachable`` only.
    """
    now = datetime.datetime.now(datetime.timezone.utc)
    context: dict[str, t.Any] = dict.fromkeys(PARTS)
    context.update(pod=pod, server=client.host, read_at=_text(now), clock_skew=_skew(client.date, now))
    problems: list[dict[str, t.Any]] = []

    def work(part: str) -> None:
        try:
            context[part] = PARTS[part](client, pod, query, problems)
        except Failure as failure:
            if failure.code in ("unauthorized", "api_unreachable"):
                raise
            problems.append(_problem(part, failure))

    side_by_side(work, [part for part in PARTS if part in query.parts], query.concurrency)
    if not query.env_values:
        context = _without_values(context)
    return context, sorted(problems, key=lambda problem: (list(PARTS).index(problem["part"]), problem["msg"]))


def _problem(part: str, failure: Failure) -> dict[str, t.Any]:
    return {"part": part, "code": failure.code, "msg": failure.msg}


def _text(moment: datetime.datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _skew(date: str | None, now: datetime.datetime) -> int | None:
    """Seconds that the API server's clock is ahead of ours, by the Date of its last reply, which is to the second."""
    try:
        server = email.utils.parsedate_to_datetime(date or "")
    except (TypeError, ValueError):
        return None
    return round((server - now).total_seconds()) if server.tzinfo else None


def _get(client: Client, namespace: str | None, version: str, resource: str, kind: str, name: str) -> dict[str, t.Any]:
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    place = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
    where = f"{kind.lower()} {namespace}/{name}" if namespace else f"{kind.lower()} {name}"
    return client.get_object(f"{root}{place}/{resource}/{quote(name, safe='')}", kind, Subject(namespace or "", where, kind=resource))


def _owners(client: Client, pod: dict[str, t.Any], _query: Query, problems: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The controller of the pod, that controller's controller and so on: the object where its kind is one of OWNERS, else its reference."""
    found: list[dict[str, t.Any]] = []
    document = pod
    while len(found) < _DEEPEST:
        reference = next((owner for owner in document["metadata"].get("ownerReferences") or () if owner.get("controller")), None)
        if reference is None:
            break
        version, kind, name = (str(reference.get(key)) for key in ("apiVersion", "kind", "name"))
        resource = OWNERS.get((version, kind))
        bare = {"apiVersion": version, "kind": kind, "metadata": {"name": name, "uid": reference.get("uid")}}
        if resource is None:
            found.append(bare)
            break
        try:
            document = _get(client, pod["metadata"]["namespace"], version, resource, kind, name)
        except Failure as failure:
            if failure.code in ("unauthorized", "api_unreachable"):
                raise
            problems.append(_problem("owners", failure))
            found.append(bare)
            break
        found.append(document)
    return found


def _version(client: Client, _pod: dict[str, t.Any], _query: Query, _problems: list[dict[str, t.Any]]) -> str:
    return client.server_version()


def _node(client: Client, pod: dict[str, t.Any], _query: Query, _problems: list[dict[str, t.Any]]) -> dict[str, t.Any] | None:
    name = (pod.get("spec") or {}).get("nodeName")
    return _get(client, None, "v1", "nodes", "Node", name) if name else None


def _namespace(client: Client, pod: dict[str, t.Any], _query: Query, _problems: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    return _get(client, None, "v1", "namespaces", "Namespace", pod["metadata"]["namespace"])


def _events(client: Client, pod: dict[str, t.Any], _query: Query, _problems: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    metadata = pod["metadata"]
    return client.list_events(metadata["namespace"], metadata["uid"], metadata["name"])


def _selecting(client: Client, pod: dict[str, t.Any], version: str, resource: str, kind: str, selector: str) -> list[dict[str, t.Any]]:
    """The objects of the namespace whose selector matches the pod."""
    namespace = pod["metadata"]["namespace"]
    where = f"{resource} of namespace {namespace}"
    items = client.list_objects(f"/apis/{version}/namespaces/{quote(namespace, safe='')}/{resource}", f"{kind}List", Subject(namespace, where, kind=resource))
    labels = pod["metadata"].get("labels") or {}
    return [{"apiVersion": version, "kind": kind, **item} for item in items if matches((item.get("spec") or {}).get(selector), labels)]


def _network_policies(client: Client, pod: dict[str, t.Any], _query: Query, _problems: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    return _selecting(client, pod, "networking.k8s.io/v1", "networkpolicies", "NetworkPolicy", "podSelector")


def _budgets(client: Client, pod: dict[str, t.Any], _query: Query, _problems: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    return _selecting(client, pod, "policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", "selector")


def logs_of(pod: t.Mapping[str, t.Any]) -> list[_Log]:
    """The logs that the kubelet may have: of each container that was started, and of its run before."""
    status = pod.get("status") or {}
    found = []
    for key, kind in _STATUSES.items():
        for each in status.get(key) or ():
            state, last = each.get("state") or {}, each.get("lastState") or {}
            if state.get("running") or state.get("terminated"):
                found.append(_Log(each["name"], kind, False))
            if last.get("terminated"):
                found.append(_Log(each["name"], kind, True))
    return found


def _logs(client: Client, pod: dict[str, t.Any], query: Query, problems: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    metadata, wanted = pod["metadata"], logs_of(pod)
    limit = min(query.log_limit_bytes, LOG_BYTES // max(1, len(wanted)))
    entries: dict[_Log, dict[str, t.Any]] = {}

    def work(log: _Log) -> None:
        try:
            text, more = client.read_log(
                metadata["namespace"], metadata["name"], log.container, tail_lines=query.log_tail_lines, limit_bytes=limit, previous=log.previous
            )
        except Failure as failure:
            if failure.code in ("unauthorized", "api_unreachable", "forbidden_rbac"):
                raise
            failure.message = f"The log of {log.container}{' before its restart' if log.previous else ''} could not be read: {failure.message}"
            problems.append(_problem("logs", failure))
            return
        whole = not more and text.count("\n") < query.log_tail_lines
        entries[log] = {"container": log.container, "kind": log.kind, "previous": log.previous, "log": text, "log_truncated": not whole}

    side_by_side(work, wanted, query.concurrency)
    return [entries[log] for log in wanted if log in entries]


def _without_values(context: dict[str, t.Any]) -> dict[str, t.Any]:
    """The pod and its owners without the values of environment variables, and without kubectl's copies of them."""
    shown = {**context, "pod": copy.deepcopy(context["pod"]), "owners": copy.deepcopy(context["owners"])}
    for document in (shown["pod"], *(shown["owners"] or ())):
        annotations = document.get("metadata", {}).get("annotations") or {}
        if _APPLIED in annotations:
            annotations[_APPLIED] = None
        spec = document.get("spec") or {}
        job = (spec.get("jobTemplate") or {}).get("spec") or {}
        for holder in (spec, (spec.get("template") or {}).get("spec") or {}, (job.get("template") or {}).get("spec") or {}):
            for container in (each for key in _CONTAINERS for each in holder.get(key) or ()):
                for variable in container.get("env") or ():
                    if "value" in variable:
                        variable["value"] = None
    return shown


#: Part -> how it is read, in the order in which problems are told.
PARTS: dict[str, t.Callable[[t.Any, dict[str, t.Any], Query, list[dict[str, t.Any]]], t.Any]] = {
    "version": _version,
    "owners": _owners,
    "node": _node,
    "namespace": _namespace,
    "events": _events,
    "logs": _logs,
    "network_policies": _network_policies,
    "pod_disruption_budgets": _budgets,
}
