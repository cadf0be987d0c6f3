# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The fields of an ephemeral container as the API defines them, as data.

Source: k8s.io/api core/v1 types.go (EphemeralContainer and what it refers to, v0.36) and, for what is refused,
``allowedEphemeralContainerFields`` in pkg/apis/core/validation/validation.go, the same from 1.25 to 1.36.

A field's kind is written as Go writes it: ``string``, ``boolean``, ``integer``, ``quantity`` and ``[]…`` have a zero value that the server
never stores; with a ``*`` in front, and for every name of another type, empty is not the same as absent.
"""

from __future__ import annotations

CONTAINER = "EphemeralContainer"

#: Bytes that a pod may have in all (etcd's limit for a request, --max-request-bytes).
LARGEST = 3 * 2**19

TYPES: dict[str, dict[str, str]] = {
    CONTAINER: {
        "name": "string",
        "image": "string",
        "command": "[]string",
        "args": "[]string",
        "workingDir": "string",
        "env": "[]EnvVar",
        "envFrom": "[]EnvFromSource",
        "volumeMounts": "[]VolumeMount",
        "volumeDevices": "[]VolumeDevice",
        "imagePullPolicy": "string",
        "terminationMessagePath": "string",
        "terminationMessagePolicy": "string",
        "securityContext": "SecurityContext",
        "stdin": "boolean",
        "stdinOnce": "boolean",
        "tty": "boolean",
        "targetContainerName": "string",
    },
    "EnvVar": {"name": "string", "value": "string", "valueFrom": "EnvVarSource"},
    "EnvVarSource": {
        "fieldRef": "ObjectFieldSelector",
        "resourceFieldRef": "ResourceFieldSelector",
        "configMapKeyRef": "KeySelector",
        "secretKeyRef": "KeySelector",
        "fileKeyRef": "FileKeySelector",
    },
    "ObjectFieldSelector": {"apiVersion": "string", "fieldPath": "string"},
    "ResourceFieldSelector": {"containerName": "string", "resource": "string", "divisor": "quantity"},
    "KeySelector": {"name": "string", "key": "string", "optional": "*boolean"},
    "FileKeySelector": {"volumeName": "string", "path": "string", "key": "string", "optional": "*boolean"},
    "EnvFromSource": {"prefix": "string", "configMapRef": "EnvSource", "secretRef": "EnvSource"},
    "EnvSource": {"name": "string", "optional": "*boolean"},
    "VolumeMount": {
        "name": "string",
        "mountPath": "string",
        "readOnly": "boolean",
        "recursiveReadOnly": "*string",
        "mountPropagation": "*string",
    },
    "VolumeDevice": {"name": "string", "devicePath": "string"},
    "SecurityContext": {
        "allowPrivilegeEscalation": "*boolean",
        "appArmorProfile": "ProfileSource",
        "capabilities": "Capabilities",
        "privileged": "*boolean",
        "procMount": "*string",
        "readOnlyRootFilesystem": "*boolean",
        "runAsGroup": "*integer",
        "runAsNonRoot": "*boolean",
        "runAsUser": "*integer",
        "seLinuxOptions": "SELinuxOptions",
        "seccompProfile": "ProfileSource",
        "windowsOptions": "WindowsOptions",
    },
    "ProfileSource": {"type": "string", "localhostProfile": "*string"},
    "Capabilities": {"add": "[]string", "drop": "[]string"},
    "SELinuxOptions": {"level": "string", "role": "string", "type": "string", "user": "string"},
    "WindowsOptions": {
        "gmsaCredentialSpec": "*string",
        "gmsaCredentialSpecName": "*string",
        "hostProcess": "*boolean",
        "runAsUserName": "*string",
    },
}

#: Fields that a container has and an ephemeral one must not have. ``resources: {}`` and an empty ``subPath`` are their zero values and pass.
REFUSED: dict[str, dict[str, str]] = {
    CONTAINER: {
        "ports": "[]",
        "resources": "{}",
        "resizePolicy": "[]",
        "restartPolicy": "*string",
        "restartPolicyRules": "[]",
        "livenessProbe": "*",
        "readinessProbe": "*",
        "startupProbe": "*",
        "lifecycle": "*",
    },
    "VolumeMount": {"subPath": "string", "subPathExpr": "string"},
}

#: Why a refused field cannot be had, in words for a person.
REFUSED_WHY: dict[str, str] = {
    "ports": "an ephemeral container has no ports of its own, it shares the pod's network",
    "resources": "a pod's resource allocation cannot change, it runs on what the pod has to spare",
    "resizePolicy": "it has no resources to resize",
    "restartPolicy": "an ephemeral container is never restarted",
    "restartPolicyRules": "an ephemeral container is never restarted",
    "livenessProbe": "an ephemeral container is not probed",
    "readinessProbe": "an ephemeral container is not probed",
    "startupProbe": "an ephemeral container is not probed",
    "lifecycle": "an ephemeral container has no lifecycle hooks",
    "subPath": "mount the whole volume instead",
    "subPathExpr": "mount the whole volume instead",
}

#: Lists that merge and compare by a key, as the API's patchMergeKey has it; the others are taken as a whole.
MERGE_KEYS: dict[str, str] = {"env": "name", "volumeMounts": "mountPath", "volumeDevices": "devicePath"}

#: Values that the server fills in (pkg/apis/core/v1/defaults.go); imagePullPolicy depends on the image.
DEFAULTS: dict[str, dict[str, object]] = {
    CONTAINER: {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"},
    "ObjectFieldSelector": {"apiVersion": "v1"},
    "ResourceFieldSelector": {"divisor": "0"},
    "FileKeySelector": {"optional": False},
}
