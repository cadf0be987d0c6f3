# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods, statuses and answers as a Kubernetes 1.36 API server and kubelet write them, for the scripted server."""

from __future__ import annotations

import copy
import typing as t

NAMESPACE, POD, UID = "shop", "cart-7c9f", "0a1b2c3d-0000-4000-8000-00000000abcd"
POD_PATH = f"/api/v1/namespaces/{NAMESPACE}/pods/{POD}"
PATCH_PATH = f"{POD_PATH}/ephemeralcontainers"
PODS_PATH = f"/api/v1/namespaces/{NAMESPACE}/pods"
TARGET = {"namespace": NAMESPACE, "pod": POD}
ASKED = {**TARGET, "name": "debugger", "image": "busybox:1.37", "command": ["sleep", "900"]}
SENT = {"name": "debugger", "image": "busybox:1.37", "command": ["sleep", "900"]}


def stored(**changes: t.Any) -> dict[str, t.Any]:
    """The entry that the server makes of SENT, with ``changes`` (None removes)."""
    entry = {
        **SENT,
        "imagePullPolicy": "IfNotPresent",
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        **changes,
    }
    return {key: value for key, value in entry.items() if value is not None}


RUNNING = {"running": {"startedAt": "2026-11-01T10:00:01Z"}}


def terminated(code: int = 0, reason: str = "Completed", **more: t.Any) -> dict[str, t.Any]:
    return {"terminated": {"exitCode": code, "reason": reason, "startedAt": "2026-11-01T10:00:01Z", "finishedAt": "2026-11-01T10:00:02Z", **more}}


def waiting(reason: str, message: str = "") -> dict[str, t.Any]:
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def pod(
    *containers: dict[str, t.Any],
    states: dict[str, t.Any] | None = None,
    phase: str = "Running",
    version: str = "100",
    managed: t.Sequence[tuple[str, str]] = (),
    **metadata: t.Any,
) -> dict[str, t.Any]:
    """A pod with these ephemeral containers, their ``states`` by name, and ``managed`` as (manager, container) pairs."""
    document: dict[str, t.Any] = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            "name": POD,
            "namespace": NAMESPACE,
            "uid": UID,
            "resourceVersion": version,
            "managedFields": [
                {
                    "manager": manager,
                    "operation": "Update",
                    "apiVersion": "v1",
                    "time": "2026-11-01T10:00:00Z",
                    "fieldsType": "FieldsV1",
                    "fieldsV1": {"f:spec": {"f:ephemeralContainers": {f'k:{{"name":"{name}"}}': {".": {}, "f:name": {}}}}},
                    "subresource": "ephemeralcontainers",
                }
                for manager, name in managed
            ],
            **metadata,
        },
        "spec": {"containers": [{"name": "cart", "image": "cart:3"}], "initContainers": [{"name": "setup", "image": "setup:1"}], "nodeName": "node1"},
        "status": {"phase": phase},
    }
    if containers:
        document["spec"]["ephemeralContainers"] = copy.deepcopy(list(containers))
    if states:
        document["status"]["ephemeralContainerStatuses"] = [
            {"name": name, "state": state, "lastState": {}, "ready": False, "restartCount": 0, "image": "docker.io/library/busybox:1.37", "imageID": "sha256:1"}
            for name, state in states.items()
        ]
    return document


def numbered(number: int, *containers: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    """Pod ``cart-NUMBER`` with uid ``uid-NUMBER``."""
    return pod(*containers, **{"name": f"cart-{number}", "uid": f"uid-{number}", **more})


def pod_list(*pods: dict[str, t.Any], version: str = "200", rest: str | None = None, remaining: int | None = None) -> dict[str, t.Any]:
    """A page of a list. Its items have no kind, as the server leaves it out."""
    metadata = {"resourceVersion": version, "continue": rest, "remainingItemCount": remaining}
    items = [{key: value for key, value in item.items() if key not in ("kind", "apiVersion")} for item in pods]
    return {"kind": "PodList", "apiVersion": "v1", "metadata": {key: value for key, value in metadata.items() if value is not None}, "items": items}


def status(code: int, reason: str, message: str, **details: t.Any) -> dict[str, t.Any]:
    """A ``kind: Status`` answer."""
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason, "details": details, "code": code}


NOT_FOUND = status(404, "NotFound", f'pods "{POD}" not found', name=POD, kind="pods")
DUPLICATE = status(
    422,
    "Invalid",
    f'Pod "{POD}" is invalid: spec.ephemeralContainers[1].name: Duplicate value: "debugger"',
    name=POD,
    kind="Pod",
    causes=[{"reason": "FieldValueDuplicate", "message": 'Duplicate value: "debugger"', "field": "spec.ephemeralContainers[1].name"}],
)
TEST_FAILED = status(422, "Invalid", "the server rejected our request due to an error in our request")
FORBIDDEN = status(
    403,
    "Forbidden",
    f'pods "{POD}" is forbidden: User "system:serviceaccount:shop:ci" cannot patch resource "pods/ephemeralcontainers" in API group "" in the namespace "shop"',
    name=POD,
    kind="pods",
)
