# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Labels, fields or a workload become pods."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import quote

from ._client import Subject
from ._decide import unfit
from ._errors import Failure

if t.TYPE_CHECKING:
    from ._client import Client, Page

#: TYPE of a workload -> API group and version, resource, kind. Closed, so that no discovery is needed.
WORKLOADS: dict[str, tuple[str, str, str]] = {
    "deployment": ("apps/v1", "deployments", "Deployment"),
    "statefulset": ("apps/v1", "statefulsets", "StatefulSet"),
    "daemonset": ("apps/v1", "daemonsets", "DaemonSet"),
    "replicaset": ("apps/v1", "replicasets", "ReplicaSet"),
    "job": ("batch/v1", "jobs", "Job"),
}
#: A DNS subdomain, which the name of every workload is (apimachinery, NameIsDNSSubdomain).
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_PAGE = 500
#: How often a list is begun anew because its continue token expired.
_RESTARTS = 3
#: What the server says of field selectors only (apimachinery, pkg/fields and runtime/conversion.go).
_OF_FIELDS = ("field label not supported", "field selector: ", "can't understand", "is not a known field selector")
_OPERATORS = {"In": "{key} in ({values})", "NotIn": "{key} notin ({values})", "Exists": "{key}", "DoesNotExist": "!{key}"}


class Selection(t.NamedTuple):
    """Which pods of a namespace: those that all the selectors match, or those of a workload (TYPE/NAME). At most ``max_pods`` of them.

    Of these only those with one of ``pod_names``, where such are given.
    """

    label_selectors: t.Sequence[str] | None = None
    field_selectors: t.Sequence[str] | None = None
    workload: str | None = None
    max_pods: int = 10
    pod_names: t.Sequence[str] | None = None


class Selected(t.NamedTuple):
    """The pods of a selection, ``listed`` as the list had them.

    ``unfit`` says of other pods of it why they take no container. The list's ``resource_version`` and ``label_selector`` are for a watch.
    """

    listed: list[dict[str, t.Any]]
    unfit: list[Failure]
    resource_version: str
    label_selector: str | None


class _Workload(t.NamedTuple):
    kind: str
    uid: str
    label_selector: str
    words: str


def parse_workload(text: str) -> tuple[str, str]:
    """(TYPE, NAME). Raises Failure ``invalid_options`` where the text is not one, or the type is none of WORKLOADS."""
    kind, slash, name = text.partition("/")
    types = ", ".join(WORKLOADS)
    if not slash or not name or "/" in name:
        raise Failure("invalid_options", f"workload is {text!r}. It has to be TYPE/NAME, for example deployment/cart.", field="workload")
    if not _NAME.fullmatch(name):
        raise Failure("invalid_options", f"workload is {text!r}, and {name!r} cannot be the name of one.", field="workload")
    if kind.lower() not in WORKLOADS:
        jobs = " A cron job's pods are those of the jobs that it makes: name one of these." if kind.lower().startswith("cronjob") else ""
        raise Failure("invalid_options", f"workload is {text!r}, and {kind!r} is not a type that has pods here: it can be {types}.{jobs}", field="workload")
    return kind.lower(), name


def select(client: Client, namespace: str, selection: Selection) -> Selected:
    """The pods of the selection, by one list (paged). Those that can take no container do not count, and are ``unfit`` unless they have one.

    Raises Failure ``too_many_pods`` with the count, ``workload_not_found``, ``invalid_options`` for selectors that the server does not understand.
    """
    workload = _find(client, namespace, selection.workload) if selection.workload is not None else None
    labels = workload.label_selector if workload else ",".join(selection.label_selectors or ())
    fields = ",".join(selection.field_selectors or ())
    if not workload and not labels.strip(" ,") and not fields.strip(" ,"):
        raise Failure("invalid_options", "Nothing says which pods: no label, no field and no workload is given.", field="label_selectors")
    owners: dict[str, bool] = {}
    for attempt in range(_RESTARTS + 1):
        try:
            return _collect(client, namespace, selection, workload, labels or None, fields or None, owners)
        except Failure as failure:
            status = next((detail.get("status") for detail in failure.details), None)
            if status == 400 and not workload:
                raise _not_understood(failure, labels, fields) from None
            if status != 410 or attempt == _RESTARTS:
                raise
    raise AssertionError("every round returns or raises")


def _collect(
    client: Client, namespace: str, selection: Selection, workload: _Workload | None, labels: str | None, fields: str | None, owners: dict[str, bool]
) -> Selected:
    pods: list[dict[str, t.Any]] = []
    left_out: list[Failure] = []
    fit = seen = 0
    missing = dict.fromkeys(selection.pod_names or ())
    page: Page | None = None
    while page is None or page.rest:
        page = client.list_pods(namespace, label_selector=labels, field_selector=fields, limit=_PAGE, rest=page.rest if page else None)
        for pod in page.pods:
            if workload and not _belongs(client, namespace, workload, pod, owners):
                continue
            if selection.pod_names is not None and pod["metadata"]["name"] not in selection.pod_names:
                continue
            missing.pop(pod["metadata"]["name"], None)
            seen += 1
            reason = unfit(pod)
            fit += reason is None
            if reason is None or (pod.get("spec") or {}).get("ephemeralContainers"):
                pods.append(pod)
            else:
                left_out.append(reason)
        if fit > selection.max_pods:
            rest = _count_rest(client, namespace, labels, fields, page)
            raise _too_many(selection, workload, seen + rest, seen - fit)
    left_out += [_not_found(namespace, name) for name in missing]
    return Selected(pods, left_out, page.resource_version, labels)


def _not_found(namespace: str, name: str) -> Failure:
    words = f"The selection has no pod {namespace}/{name}: it was deleted, or it is none of those that were meant."
    return Failure("pod_not_found", words, namespace=namespace, pod=name, field="pod_names")


def _count_rest(client: Client, namespace: str, labels: str | None, fields: str | None, page: Page) -> int:
    if not page.rest:
        return 0
    if page.remaining is not None:
        return page.remaining
    return client.count_pods(namespace, label_selector=labels, field_selector=fields, rest=page.rest)


def _too_many(selection: Selection, workload: _Workload | None, total: int, unfit_ones: int) -> Failure:
    what = workload.words if workload else ", ".join([*(selection.label_selectors or ()), *(selection.field_selectors or ())])
    some = f", of which at least {unfit_ones} can take no container" if unfit_ones else ""
    return Failure(
        "too_many_pods",
        f"{what} matches {total} pods{some}, and max_pods is {selection.max_pods}.",
        field="max_pods",
        details=[{"matched": total, "max_pods": selection.max_pods}],
        hint="Narrow the selection, or set max_pods to what you mean.",
    )


def _not_understood(failure: Failure, labels: str, fields: str) -> Failure:
    said = next((str(detail.get("message")) for detail in failure.details), failure.message)
    field = "field_selectors" if fields and (not labels or any(words in said for words in _OF_FIELDS)) else "label_selectors"
    return Failure("invalid_options", f"The API server does not understand {field} ({fields if field == 'field_selectors' else labels}): {said}.", field=field)


def _find(client: Client, namespace: str, text: str) -> _Workload:
    type_, name = parse_workload(text)
    group, resource, kind = WORKLOADS[type_]
    words = f"{type_} {namespace}/{name}"
    path = f"/apis/{group}/namespaces/{quote(namespace, safe='')}/{resource}/{quote(name, safe='')}"
    document = client.get_object(path, kind, Subject(namespace, words, kind=resource))
    selector = (document.get("spec") or {}).get("selector") or {}
    return _Workload(kind, str((document.get("metadata") or {}).get("uid")), selector_text(selector), words)


def selector_text(selector: t.Mapping[str, t.Any]) -> str:
    """A LabelSelector of the API as the text that a list takes. Raises Failure ``api_error`` for an operator that the API does not have."""
    words = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for expression in selector.get("matchExpressions") or ():
        form = _OPERATORS.get(str(expression.get("operator")))
        if form is None:
            raise Failure("api_error", f"The workload's selector has the operator {expression.get('operator')!r}, which is none of {', '.join(_OPERATORS)}.")
        words.append(form.format(key=expression.get("key"), values=",".join(expression.get("values") or ())))
    return ",".join(words)


def matches(selector: t.Mapping[str, t.Any] | None, labels: t.Mapping[str, str]) -> bool:
    """Whether a LabelSelector of the API matches labels: an empty one matches all, none at all matches nothing (apimachinery, LabelSelectorAsSelector)."""
    if selector is None:
        return False

    def holds(expression: t.Mapping[str, t.Any]) -> bool:
        key, operator, values = str(expression.get("key")), expression.get("operator"), expression.get("values") or ()
        return {
            "In": labels.get(key) in values and key in labels,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }.get(str(operator), False)

    wanted = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in wanted.items()) and all(map(holds, selector.get("matchExpressions") or ()))


def _belongs(client: Client, namespace: str, workload: _Workload, pod: t.Mapping[str, t.Any], owners: dict[str, bool]) -> bool:
    """Whether the pod's owner references lead to the workload: a deployment's by its replica sets, each of which is asked for once."""
    for owner in pod["metadata"].get("ownerReferences") or ():
        if owner.get("uid") == workload.uid:
            return True
        if workload.kind == "Deployment" and owner.get("kind") == "ReplicaSet":
            uid = str(owner.get("uid"))
            if uid not in owners:
                owners[uid] = _is_owned(client, namespace, owner, workload.uid)
            if owners[uid]:
                return True
    return False


def _is_owned(client: Client, namespace: str, owner: t.Mapping[str, t.Any], uid: str) -> bool:
    group, resource, kind = WORKLOADS["replicaset"]
    path = f"/apis/{group}/namespaces/{quote(namespace, safe='')}/{resource}/{quote(str(owner.get('name')), safe='')}"
    try:
        document = client.get_object(path, kind, Subject(namespace, f"replicaset {namespace}/{owner.get('name')}", kind=resource))
    except Failure as failure:
        if failure.code == "workload_not_found":
            return False
        raise
    metadata = document.get("metadata") or {}
    return metadata.get("uid") == owner.get("uid") and any(reference.get("uid") == uid for reference in metadata.get("ownerReferences") or ())
