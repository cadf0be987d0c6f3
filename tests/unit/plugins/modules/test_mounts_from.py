# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The volume mounts of another container of the pod, over the wire."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.modules import ephemeral_container as module
from tests.unit.plugins.modules.documents import ASKED, PATCH_PATH, POD_PATH, SENT, pod, stored
from tests.unit.plugins.modules.script import Call, Request

RunModule = t.Callable[..., dict[str, t.Any]]

VOLUMES = ["data", "cache", "host", "secret", "scratch"]
APP: list[dict[str, t.Any]] = [
    {"name": "data", "mountPath": "/data"},
    {"name": "cache", "mountPath": "/cache", "readOnly": True, "recursiveReadOnly": "IfPossible"},
]
SETUP: list[dict[str, t.Any]] = [{"name": "scratch", "mountPath": "/scratch"}]


def mounted(*containers: dict[str, t.Any], mounts: t.Sequence[dict[str, t.Any]] = (), **more: t.Any) -> dict[str, t.Any]:
    """A pod whose container ``cart`` has APP and these mounts, and whose init container ``setup`` has SETUP."""
    document = pod(*containers, **more)
    document["spec"]["volumes"] = [{"name": name, "emptyDir": {}} for name in VOLUMES]
    document["spec"]["containers"][0]["volumeMounts"] = [*APP, *mounts]
    document["spec"]["initContainers"][0]["volumeMounts"] = SETUP
    document["spec"]["containers"].append({"name": "plain", "image": "x"})
    return document


def get(document: t.Any) -> Call:
    return Call("GET", POD_PATH).json(document)


def writes(*mounts: dict[str, t.Any], there: t.Any = None) -> list[Call]:
    """The conversation in which a container with exactly these mounts is written."""

    def checked(body: t.Any) -> None:
        assert body[-1]["value"] == [{**SENT, **({"volumeMounts": list(mounts)} if mounts else {})}]

    reply = mounted(stored(volumeMounts=list(mounts) or None))
    return [get(there or mounted()), Call("PATCH", PATCH_PATH).body(checked).json(reply)]


def warnings(result: dict[str, t.Any]) -> list[str]:
    return [json.dumps(warning) for warning in result.get("warnings", ())]


COPIED: dict[str, tuple[dict[str, t.Any], list[dict[str, t.Any]]]] = {
    "container": ({"mounts_from": "cart"}, APP),
    "init container": ({"mounts_from": "setup"}, SETUP),
    "one without mounts": ({"mounts_from": "plain"}, []),
    "one more": (
        {"mounts_from": "cart", "definition": {"volumeMounts": [{"name": "secret", "mountPath": "/secret"}]}},
        [*APP, {"name": "secret", "mountPath": "/secret"}],
    ),
    "another volume at a path": (
        {"mounts_from": "cart", "definition": {"volumeMounts": [{"name": "secret", "mountPath": "/data"}]}},
        [{"name": "secret", "mountPath": "/data"}, APP[1]],
    ),
    "a field more": (
        {"mounts_from": "cart", "definition": {"volumeMounts": [{"name": "data", "mountPath": "/data", "readOnly": True}]}},
        [{**APP[0], "readOnly": True}, APP[1]],
    ),
    "a field less": (
        {"mounts_from": "cart", "definition": {"volumeMounts": [{"name": "cache", "mountPath": "/cache", "recursiveReadOnly": None}]}},
        [APP[0], {"name": "cache", "mountPath": "/cache", "readOnly": True}],
    ),
    "only those of the definition": (
        {"mounts_from": "plain", "definition": {"volumeMounts": [{"name": "secret", "mountPath": "/secret"}]}},
        [{"name": "secret", "mountPath": "/secret"}],
    ),
}


@pytest.mark.parametrize(("options", "mounts"), COPIED.values(), ids=COPIED)
def test_what_is_mounted(run_module: RunModule, options: dict[str, t.Any], mounts: list[dict[str, t.Any]]) -> None:
    result = run_module(module, writes(*mounts), **ASKED, **options, wait=False)
    assert result["changed"]
    assert not warnings(result)
    again = run_module(module, [get(mounted(stored(volumeMounts=mounts or None)))], **ASKED, **options, wait=False)
    assert not again["changed"]


SUB_PATH = {"name": "data", "mountPath": "/part", "subPath": "part"}
SUB_PATH_EXPR = {"name": "data", "mountPath": "/mine", "subPathExpr": "$(POD)"}
BACK = {"name": "host", "mountPath": "/host", "mountPropagation": "Bidirectional"}


def test_what_an_ephemeral_container_cannot_have_is_left_out_aloud(run_module: RunModule) -> None:
    there = mounted(mounts=[SUB_PATH, BACK, SUB_PATH_EXPR])
    calls = writes(*APP, {**BACK, "mountPropagation": "HostToContainer"}, there=there)
    result = run_module(module, calls, **ASKED, mounts_from="cart", wait=False)
    told = warnings(result)
    assert len(told) == 3
    assert "mounts_from: /part is not mounted" in told[0]
    assert "/host is mounted with mountPropagation HostToContainer" in told[1]
    assert "/mine is not mounted" in told[2]


def test_a_converged_run_does_not_warn(run_module: RunModule) -> None:
    there = mounted(stored(volumeMounts=APP), mounts=[SUB_PATH])
    result = run_module(module, [get(there)], **ASKED, mounts_from="cart", wait=False)
    assert not result["changed"]
    assert not warnings(result)


def test_what_was_left_out_is_told_though_the_reply_was_lost(run_module: RunModule) -> None:
    manager = ""

    def note(name: str) -> bool:
        nonlocal manager
        manager = name
        return True

    def reply(_request: Request) -> t.Any:
        return mounted(stored(volumeMounts=APP), mounts=[SUB_PATH], managed=[(manager, "debugger")])

    lost = Call("PATCH", PATCH_PATH).query(fieldManager=note, fieldValidation="Strict").broken()
    result = run_module(module, [get(mounted(mounts=[SUB_PATH])), lost, get(reply)], **ASKED, mounts_from="cart", wait=False)
    assert result["changed"]
    assert len(warnings(result)) == 1
    assert "/part is not mounted" in warnings(result)[0]


def test_a_mount_that_changed_on_the_pod_is_a_difference(run_module: RunModule) -> None:
    there = mounted(stored(volumeMounts=[APP[0]]))
    result = run_module(module, [get(there)], **ASKED, mounts_from="cart", wait=False)
    assert result["failure"]["code"] == "different"
    assert "volumeMounts" in result["failure"]["field"]


@pytest.mark.parametrize("name", ["nobody", "debugger", ""])
def test_a_container_that_is_not_there(run_module: RunModule, name: str) -> None:
    result = run_module(module, [get(mounted(stored(name="debugger-0")))], **ASKED, mounts_from=name)
    assert (result["failure"]["code"], result["failure"]["field"]) == ("invalid_spec", "mounts_from")
    assert "cart, plain, setup" in result["msg"]


def test_a_mount_of_a_volume_that_is_not_there(run_module: RunModule) -> None:
    definition = {"volumeMounts": [{"name": "nowhere", "mountPath": "/x"}]}
    result = run_module(module, [get(mounted())], **ASKED, mounts_from="cart", definition=definition)
    assert [detail["field"] for detail in result["failure"]["details"]] == ["spec.ephemeralContainers[0].volumeMounts[2].name"]


def test_absent_needs_no_mounts(run_module: RunModule) -> None:
    result = run_module(module, [get(mounted())], **ASKED, mounts_from="nobody", state="absent")
    assert not result.get("failed")
