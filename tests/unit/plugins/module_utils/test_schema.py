# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API's fields as data, against those of ``allowedEphemeralContainerFields`` (the same from 1.25 to 1.36) and core/v1 types.go."""

from __future__ import annotations

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils._schema import CONTAINER, DEFAULTS, MERGE_KEYS, REFUSED, REFUSED_WHY, TYPES

ALLOWED = """name image command args workingDir env envFrom volumeMounts volumeDevices imagePullPolicy terminationMessagePath terminationMessagePolicy
    securityContext stdin stdinOnce tty targetContainerName"""
NOT_ALLOWED = "ports resources resizePolicy restartPolicy restartPolicyRules livenessProbe readinessProbe startupProbe lifecycle"
SECURITY_CONTEXT = """allowPrivilegeEscalation appArmorProfile capabilities privileged procMount readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser
    seLinuxOptions seccompProfile windowsOptions"""
FIELDS = {
    CONTAINER: ALLOWED,
    "SecurityContext": SECURITY_CONTEXT,
    "VolumeMount": "name mountPath readOnly recursiveReadOnly mountPropagation",
    "EnvVarSource": "fieldRef resourceFieldRef configMapKeyRef secretKeyRef fileKeyRef",
    "EnvFromSource": "prefix configMapRef secretRef",
    "WindowsOptions": "gmsaCredentialSpec gmsaCredentialSpecName hostProcess runAsUserName",
}


@pytest.mark.parametrize(("kind", "fields"), FIELDS.items(), ids=FIELDS)
def test_allowed_fields(kind: str, fields: str) -> None:
    assert set(TYPES[kind]) == set(fields.split())


@pytest.mark.parametrize(("kind", "fields"), [(CONTAINER, NOT_ALLOWED), ("VolumeMount", "subPath subPathExpr")])
def test_refused_fields_say_why(kind: str, fields: str) -> None:
    assert set(REFUSED[kind]) == set(fields.split())
    assert all(REFUSED_WHY[field] for field in REFUSED[kind])


def test_every_type_that_is_named_is_described() -> None:
    plain = {"string", "boolean", "integer", "quantity"}
    named = {kind.removeprefix("[]").removeprefix("*") for fields in TYPES.values() for kind in fields.values()} - plain
    assert named == set(TYPES) - {CONTAINER}


def test_defaults_are_those_of_the_server() -> None:
    assert DEFAULTS == {
        CONTAINER: {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"},
        "ObjectFieldSelector": {"apiVersion": "v1"},
        "ResourceFieldSelector": {"divisor": "0"},
        "FileKeySelector": {"optional": False},
    }


def test_lists_merge_by_the_keys_of_the_api() -> None:
    assert MERGE_KEYS == {"env": "name", "volumeMounts": "mountPath", "volumeDevices": "devicePath"}
