# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers as they are asked for and as a Kubernetes 1.36 API server stores them, with and without hypothesis."""

from __future__ import annotations

import copy
import typing as t

from hypothesis import strategies as st

PATH = "spec.ephemeralContainers[0]"
Container = dict[str, t.Any]

#: Every field that the API allows on an ephemeral container, each with another value than the server's default.
EVERY_FIELD: Container = {
    "name": "debugger",
    "image": "registry.example.com:5000/tools:1.4",
    "command": ["sh", "-c"],
    "args": ["sleep 900"],
    "workingDir": "/srv",
    "env": [
        {"name": "PLAIN", "value": "1"},
        {"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"containerName": "cart", "resource": "limits.cpu", "divisor": "1m"}}},
        {"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "colour", "optional": True}}},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "database", "key": "password", "optional": False}}},
        {"name": "FROM_FILE", "valueFrom": {"fileKeyRef": {"volumeName": "scratch", "path": "a/env", "key": "b", "optional": True}}},
    ],
    "envFrom": [{"prefix": "A_", "configMapRef": {"name": "settings", "optional": True}}, {"secretRef": {"name": "database"}}],
    "volumeMounts": [
        {"name": "data", "mountPath": "/data", "readOnly": True, "recursiveReadOnly": "IfPossible", "mountPropagation": "None"},
        {"name": "scratch", "mountPath": "/scratch"},
    ],
    "volumeDevices": [{"name": "disk", "devicePath": "/dev/xvda"}],
    "imagePullPolicy": "Never",
    "terminationMessagePath": "/dev/other-log",
    "terminationMessagePolicy": "FallbackToLogsOnError",
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "appArmorProfile": {"type": "Localhost", "localhostProfile": "debug"},
        "capabilities": {"add": ["SYS_PTRACE", "NET_ADMIN"], "drop": ["ALL"]},
        "privileged": False,
        "procMount": "Unmasked",
        "readOnlyRootFilesystem": True,
        "runAsGroup": 0,
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "seLinuxOptions": {"level": "s0", "role": "r", "type": "t", "user": "u"},
        "seccompProfile": {"type": "Localhost", "localhostProfile": "profiles/debug.json"},
        "windowsOptions": {"gmsaCredentialSpec": "{}", "gmsaCredentialSpecName": "spec", "hostProcess": False, "runAsUserName": "Administrator"},
    },
    "stdin": True,
    "stdinOnce": True,
    "tty": True,
    "targetContainerName": "cart",
}

_DIGEST = "@sha256:" + "0123456789abcdef" * 4
#: The imagePullPolicy that the server fills in: k8s.io/kubernetes/pkg/util/parsers with github.com/distribution/reference v0.6.0.
PULL_POLICIES: dict[str, str] = {
    "busybox": "Always",
    "busybox:latest": "Always",
    "busybox:1.28": "IfNotPresent",
    f"busybox{_DIGEST}": "IfNotPresent",
    f"busybox:latest{_DIGEST}": "Always",
    f"busybox:1.28{_DIGEST}": "IfNotPresent",
    "reg:5000/x": "Always",
    "reg:5000/x:1": "IfNotPresent",
    "reg:5000/x:latest": "Always",
    "docker.io/library/busybox": "Always",
    "localhost/x": "Always",
    "[::1]:5000/x": "Always",
    "[fd00:1::2]/x:1": "IfNotPresent",
    "UPPER.example.com/x": "Always",
    "my_reg/x": "Always",
    "a/b/c/d": "Always",
    "a__b": "Always",
    "a--b": "Always",
    "busybox:LATEST": "IfNotPresent",
    f"busybox:{'t' * 128}": "IfNotPresent",
    "Busybox": "IfNotPresent",
    "library/Busybox": "IfNotPresent",
    "my_reg:5000/x": "IfNotPresent",
    "ex-.com/x": "IfNotPresent",
    "reg.example.com:5000": "IfNotPresent",
    "reg.example.com:port/x": "IfNotPresent",
    "https://reg.example.com/x": "IfNotPresent",
    "a//b": "IfNotPresent",
    "a___b": "IfNotPresent",
    "a..b": "IfNotPresent",
    "-busybox": "IfNotPresent",
    "/busybox": "IfNotPresent",
    "busybox:": "IfNotPresent",
    "busybox:-x": "IfNotPresent",
    f"busybox:{'t' * 129}": "IfNotPresent",
    "busybox@sha256:abc": "IfNotPresent",
    "busy box": "IfNotPresent",
    "{{ image }}": "IfNotPresent",
    "b\u00fccher.example/x": "IfNotPresent",
    "a:b:c": "IfNotPresent",
}


def server_stores(asked: t.Mapping[str, t.Any]) -> Container:
    """``asked`` after decoding, defaulting and encoding; its image has to be one of PULL_POLICIES unless it gives a policy."""
    entry: Container = {key: copy.deepcopy(value) for key, value in asked.items() if value is not None and value is not False and value not in ("", [])}
    entry.setdefault("imagePullPolicy", PULL_POLICIES.get(entry["image"]))
    entry.setdefault("terminationMessagePath", "/dev/termination-log")
    entry.setdefault("terminationMessagePolicy", "File")
    entry["resources"] = {}
    for variable in entry.get("env", ()):
        if variable.get("value") == "":
            del variable["value"]
        source = variable.get("valueFrom", {})
        for kind, field, default in (("fieldRef", "apiVersion", "v1"), ("resourceFieldRef", "divisor", "0"), ("fileKeyRef", "optional", False)):
            if kind in source:
                source[kind].setdefault(field, default)
    for mount in entry.get("volumeMounts", ()):
        if mount.get("readOnly") is False:
            del mount["readOnly"]
    return entry


def _mapping(required: t.Mapping[str, t.Any], optional: t.Mapping[str, t.Any]) -> st.SearchStrategy[Container]:
    return st.fixed_dictionaries(dict(required), optional=dict(optional))


_LABELS = st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
_PATHS = _LABELS.map(lambda label: f"/{label}")
_BOOLEANS = st.booleans()
_IDS = st.integers(0, 2147483647)
_LISTS = st.lists(_WORDS, max_size=3)
_KEY_REFS = _mapping({"name": _LABELS, "key": _LABELS}, {"optional": _BOOLEANS})
_SOURCES = st.one_of(
    _mapping({"fieldRef": _mapping({"fieldPath": st.sampled_from(["metadata.name", "status.podIP"])}, {"apiVersion": st.just("v1")})}, {}),
    _mapping({"resourceFieldRef": _mapping({"resource": st.just("limits.cpu"), "divisor": st.sampled_from(["1", "1m"])}, {"containerName": _LABELS})}, {}),
    _mapping({"configMapKeyRef": _KEY_REFS}, {}),
    _mapping({"secretKeyRef": _KEY_REFS}, {}),
    _mapping({"fileKeyRef": _mapping({"volumeName": _LABELS, "path": _LABELS, "key": _LABELS}, {"optional": _BOOLEANS})}, {}),
)
_VARIABLES = st.one_of(_mapping({"name": _LABELS, "value": _WORDS | st.just("")}, {}), _mapping({"name": _LABELS, "valueFrom": _SOURCES}, {}))
_ENV_SOURCES = _mapping({"name": _LABELS}, {"optional": _BOOLEANS})
_PROFILES = _mapping({"type": st.sampled_from(["RuntimeDefault", "Unconfined"])}, {}) | _mapping(
    {"type": st.just("Localhost"), "localhostProfile": _LABELS}, {}
)
_SECURITY: st.SearchStrategy[Container] = _mapping(
    {},
    {
        "allowPrivilegeEscalation": _BOOLEANS,
        "appArmorProfile": _PROFILES,
        "capabilities": _mapping({}, {"add": st.lists(_LABELS, min_size=1, max_size=3), "drop": st.just(["ALL"])}),
        "privileged": _BOOLEANS,
        "readOnlyRootFilesystem": _BOOLEANS,
        "runAsGroup": _IDS,
        "runAsNonRoot": _BOOLEANS,
        "runAsUser": _IDS,
        "seLinuxOptions": _mapping({"level": _LABELS}, {"role": _LABELS}),
        "seccompProfile": _PROFILES,
    },
).filter(lambda context: not (context.get("privileged") and context.get("allowPrivilegeEscalation") is False))
#: Valid containers, zero values and nulls that a person may write included.
CONTAINERS: st.SearchStrategy[Container] = _mapping(
    {"name": _LABELS, "image": st.sampled_from(sorted(PULL_POLICIES))},
    {
        "command": _LISTS,
        "args": _LISTS | st.none(),
        "workingDir": _PATHS | st.just(""),
        "env": st.lists(_VARIABLES, max_size=4, unique_by=lambda variable: variable["name"]),
        "envFrom": st.lists(_mapping({"configMapRef": _ENV_SOURCES}, {"prefix": _LABELS}) | _mapping({"secretRef": _ENV_SOURCES}, {}), max_size=2),
        "volumeMounts": st.lists(
            _mapping({"name": _LABELS, "mountPath": _PATHS}, {"readOnly": _BOOLEANS, "mountPropagation": st.just("HostToContainer")}),
            max_size=3,
            unique_by=lambda mount: mount["mountPath"],
        ),
        "volumeDevices": st.lists(
            _LABELS.map(lambda label: {"name": f"disk-{label}", "devicePath": f"/dev/{label}"}), max_size=2, unique_by=lambda device: device["devicePath"]
        ),
        "imagePullPolicy": st.sampled_from(["Always", "IfNotPresent", "Never", None]),
        "terminationMessagePath": _PATHS | st.none(),
        "terminationMessagePolicy": st.sampled_from(["File", "FallbackToLogsOnError"]),
        "securityContext": _SECURITY,
        "stdin": _BOOLEANS,
        "stdinOnce": _BOOLEANS,
        "tty": _BOOLEANS,
        "targetContainerName": _LABELS | st.just(""),
    },
)
