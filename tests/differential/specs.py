# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Generated containers, right and wrong ones, and pods that differ in what they allow."""

from __future__ import annotations

import typing as t

from hypothesis import strategies as st

from ansible_collections.kubedebug.pods.plugins.module_utils._schema import CONTAINER, REFUSED, TYPES

Document = dict[str, t.Any]

_APP: Document = {"name": "app", "image": "x"}
_VOLUMES: list[Document] = [
    {"name": "scratch", "emptyDir": {}},
    {"name": "config", "configMap": {"name": "c", "optional": True}},
    {"name": "claim", "persistentVolumeClaim": {"claimName": "p"}},
    {"name": "block", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}},
]
_HOST_PROCESS: Document = {"windowsOptions": {"hostProcess": True}}
#: Pods on which the same container may be judged differently. None of them is ever scheduled.
PODS: dict[str, Document] = {
    "bare": {"containers": [_APP]},
    "volumes": {"containers": [_APP], "initContainers": [{"name": "init", "image": "x"}], "volumes": _VOLUMES},
    "linux": {"containers": [_APP], "os": {"name": "linux"}, "volumes": _VOLUMES},
    "windows": {"containers": [_APP], "os": {"name": "windows"}, "volumes": _VOLUMES},
    "user namespace": {"containers": [_APP], "hostUsers": False, "volumes": _VOLUMES},
    "host process": {"containers": [_APP], "hostNetwork": True, "securityContext": _HOST_PROCESS, "volumes": _VOLUMES},
    "host process of a container": {"containers": [{**_APP, "securityContext": _HOST_PROCESS}], "hostNetwork": True, "os": {"name": "windows"}},
}

NAMES = st.sampled_from(["debugger", "d", "x1-y2", "scratch", "a" * 63])
VOLUMES = st.sampled_from(["scratch", "config", "claim", "block"])
TEXTS = st.sampled_from(["", "x", "A_B", "two words", "\u00e4", "$(HOME)", "a,b", "1"])
ENV_NAMES = st.sampled_from(["A", "HOME", "a.b", "1A", "-", "two words", "\u00e4", "A=B", "", "..", "a\tb"])
OBJECTS = st.sampled_from(["c", "a.b", "x-1", "Upper", "", "-a", "a-", "a" * 254, "-", "a_b"])
KEYS = st.sampled_from(["key", "KEY_1", "a.b-c", "", ".", "..", "..x", "a b", "k" * 254, "a=b"])
PATHS = st.sampled_from(["/a", "/b", "a", "/a/../b", "..", "", "a/..b", "\\a"])
FIELD_PATHS = st.sampled_from(
    [
        *("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs"),
        *("status.podIP", "status.podIPs", "spec.host", "metadata.labels", "metadata.annotations", "status.phase", "spec.restartPolicy"),
        *("metadata.labels['a']", "metadata.labels['a/b']", "metadata.labels['']", "metadata.labels['A b']", "metadata.annotations['Example.COM/x']"),
        *("metadata.annotations['a/b/c']", "metadata.labels['/b']", "spec.x['a']", "spec", "", "metadata.labels['a", "['a']", "metadata.labels['a']['b']"),
        "metadata.labels['" + "a" * 64 + "']",
    ]
)
RESOURCES = st.sampled_from(
    [f"{kind}.{name}" for kind in ("limits", "requests") for name in ("cpu", "memory", "ephemeral-storage", "hugepages-2Mi", "pods")] + ["", "cpu"]
)
DIVISORS = st.sampled_from(
    [
        "0",
        "1",
        "1m",
        1,
        0,
        "1000m",
        "1k",
        "1Ki",
        "1024",
        "1000",
        "1Gi",
        "2",
        "0.001",
        "1E",
        "1Ei",
        "-1",
        "1.5",
        "1n",
        0.5,
        "abc",
        "1.5.2",
        "",
        "1 k",
        ".5",
        "+1",
        "+2",
        "1e3",
        "1E1",
    ]
)
PROFILES = st.sampled_from(["Localhost", "RuntimeDefault", "Unconfined", "localhost", ""])
LOCAL_PROFILES = st.sampled_from(["profile.json", "a/b", "/abs", "../up", "", " padded", "p" * 4096])
USER_NAMES = st.sampled_from(
    ["Admin", "D\\user", "a\\b\\c", "", "D\\", "\\user", "...", "a:b", "u" * 105, "bad?dom\\user", ".x\\user", "a\x01b", "x" * 256 + "\\u", "two.dots\\user"]
)


def some(required: dict[str, st.SearchStrategy[t.Any]], **optional: st.SearchStrategy[t.Any]) -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries(required, optional=optional)


ENV_SOURCES: dict[str, st.SearchStrategy[Document]] = {
    "fieldRef": some({"fieldPath": FIELD_PATHS}, apiVersion=st.sampled_from(["v1", "", "v2"])),
    "resourceFieldRef": some({"resource": RESOURCES}, divisor=DIVISORS, containerName=st.sampled_from(["app", "none", ""])),
    "configMapKeyRef": some({"name": OBJECTS, "key": KEYS}, optional=st.booleans()),
    "secretKeyRef": some({}, name=OBJECTS, key=KEYS, optional=st.booleans()),
    "fileKeyRef": some({}, volumeName=st.one_of(VOLUMES, OBJECTS), path=PATHS, key=ENV_NAMES, optional=st.booleans()),
}
ENV = st.one_of(
    some({"name": ENV_NAMES}, value=TEXTS),
    some({"name": ENV_NAMES, "valueFrom": st.one_of(*(st.fixed_dictionaries({key: source}) for key, source in ENV_SOURCES.items()))}),
    some({"name": ENV_NAMES}, value=TEXTS, valueFrom=st.fixed_dictionaries({}, optional=ENV_SOURCES)),
)
PROFILE = some({}, type=PROFILES, localhostProfile=LOCAL_PROFILES)
FIELDS: dict[str, st.SearchStrategy[t.Any]] = {
    "command": st.lists(TEXTS, max_size=3),
    "args": st.lists(TEXTS, max_size=3),
    "workingDir": PATHS,
    "env": st.lists(ENV, max_size=3),
    "envFrom": st.lists(
        st.one_of(
            st.fixed_dictionaries({"configMapRef": some({}, name=OBJECTS, optional=st.booleans())}, optional={"prefix": ENV_NAMES}),
            some({}, prefix=ENV_NAMES, configMapRef=some({"name": OBJECTS}), secretRef=some({}, name=OBJECTS)),
        ),
        max_size=2,
    ),
    "volumeMounts": st.lists(
        some(
            {"name": st.one_of(VOLUMES, VOLUMES, OBJECTS), "mountPath": PATHS},
            readOnly=st.booleans(),
            mountPropagation=st.sampled_from(["None", "HostToContainer", "Bidirectional", "none", ""]),
            recursiveReadOnly=st.sampled_from(["Disabled", "IfPossible", "Enabled", "enabled", ""]),
        ),
        max_size=3,
    ),
    "volumeDevices": st.lists(some({"name": st.one_of(VOLUMES, VOLUMES, OBJECTS), "devicePath": PATHS}), max_size=3),
    "imagePullPolicy": st.sampled_from(["Always", "IfNotPresent", "Never", "always", ""]),
    "terminationMessagePath": PATHS,
    "terminationMessagePolicy": st.sampled_from(["File", "FallbackToLogsOnError", "file", ""]),
    "securityContext": some(
        {},
        allowPrivilegeEscalation=st.booleans(),
        appArmorProfile=PROFILE,
        capabilities=some({}, add=st.lists(st.sampled_from(["SYS_ADMIN", "CAP_SYS_ADMIN", "x"]), max_size=3), drop=st.lists(st.just("ALL"), max_size=1)),
        privileged=st.booleans(),
        procMount=st.sampled_from(["Default", "Unmasked", "default", ""]),
        readOnlyRootFilesystem=st.booleans(),
        runAsGroup=st.sampled_from([0, 1, 2**31 - 1, 2**31, -1, 2**63 - 1, 2**63]),
        runAsNonRoot=st.booleans(),
        runAsUser=st.sampled_from([0, 1, 65532, 2**31, -1]),
        seLinuxOptions=some({}, level=TEXTS, role=TEXTS, type=TEXTS, user=TEXTS),
        seccompProfile=PROFILE,
        windowsOptions=some(
            {},
            gmsaCredentialSpec=st.sampled_from(["", "x", "s" * 65536, "s" * 65537]),
            gmsaCredentialSpecName=OBJECTS,
            hostProcess=st.booleans(),
            runAsUserName=USER_NAMES,
        ),
    ),
    "stdin": st.booleans(),
    "stdinOnce": st.booleans(),
    "tty": st.booleans(),
    "targetContainerName": st.sampled_from(["app", "app", "init", "debugger", "none", ""]),
}
#: Fields of a container that an ephemeral one must not have, with values that are right for a container, empty ones included.
REFUSED_VALUES: dict[str, st.SearchStrategy[t.Any]] = {
    "ports": st.sampled_from([[], [{"containerPort": 80}]]),
    "resources": st.sampled_from([{}, {"limits": {"cpu": "1"}}]),
    "resizePolicy": st.sampled_from([[], [{"resourceName": "cpu", "restartPolicy": "NotRequired"}]]),
    "restartPolicy": st.sampled_from(["Always", ""]),
    "restartPolicyRules": st.sampled_from([[], [{"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}}]]),
    "livenessProbe": st.sampled_from([{}, {"exec": {"command": ["true"]}}]),
    "readinessProbe": st.sampled_from([{}, {"exec": {"command": ["true"]}}]),
    "startupProbe": st.sampled_from([{}, {"exec": {"command": ["true"]}}]),
    "lifecycle": st.sampled_from([{}, {"preStop": {"exec": {"command": ["true"]}}}]),
}
IMAGES = st.sampled_from(["busybox", "busybox:1.35", "x@sha256:" + "a" * 64, " x", "x\n", "", "Not A Reference"])
WRONG = st.sampled_from(["text", 5, True, [], {}, ["x"], [1], {"a": 1}, 1.5])
BAD_NAMES = st.sampled_from(["", "Upper", "a.b", "-a", "a" * 64, "app", "init", "a_b", "\u00e4", "a\n"])


def containers(most_mistakes: int = 3) -> st.SearchStrategy[Document]:
    """Containers with any of the fields, of the right types, and then up to so many mistakes."""
    right = st.fixed_dictionaries({"name": NAMES, "image": IMAGES.filter(lambda image: image.strip() == image != "")}, optional=FIELDS)
    return st.tuples(right, st.lists(mistakes(), max_size=most_mistakes)).map(lambda parts: _apply(*parts))


Mistake = tuple[tuple[str | int, ...], t.Any]


def mistakes() -> st.SearchStrategy[Mistake]:
    """(path, value): what is put where."""
    known = st.sampled_from([*TYPES[CONTAINER], *REFUSED[CONTAINER]])
    return st.one_of(
        st.tuples(known.map(lambda key: (key,)), WRONG),
        st.tuples(st.just(("name",)), BAD_NAMES),
        st.tuples(st.just(("image",)), IMAGES),
        st.sampled_from(list(REFUSED_VALUES)).flatmap(lambda key: st.tuples(st.just((key,)), REFUSED_VALUES[key])),
        st.tuples(st.sampled_from([("newer",), ("securityContext", "newer"), ("env", 0, "newer"), ("securityContext", "capabilities", "newer")]), WRONG),
        st.tuples(st.sampled_from([("volumeMounts", 0, "subPath"), ("volumeMounts", 0, "subPathExpr")]), st.sampled_from(["", "a", "/a", "../a"])),
        st.tuples(st.sampled_from([("env", 0, "value"), ("securityContext", "runAsUser"), ("volumeMounts", 0, "readOnly"), ("command", 0)]), WRONG),
        st.tuples(known.map(lambda key: (key,)), st.none()),
    )


def _apply(container: Document, changes: t.Sequence[Mistake]) -> Document:
    for path, value in changes:
        container = _put(container, path, value)
    return container


def _put(holder: t.Any, path: tuple[str | int, ...], value: t.Any) -> t.Any:
    """A copy of ``holder`` with ``value`` at ``path``; as it was where the path leads nowhere."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(holder, dict) and isinstance(key, str):
        inner = holder.get(key, {} if rest and isinstance(rest[0], str) else [])
        return {**holder, key: _put(inner, rest, value)}
    if isinstance(holder, list) and isinstance(key, int) and key < len(holder):
        return [*holder[:key], _put(holder[key], rest, value), *holder[key + 1 :]]
    return holder
