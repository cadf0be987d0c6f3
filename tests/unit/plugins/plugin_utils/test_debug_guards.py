# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each guard rail at its limit and beyond it: the refusal names the guard, its value and the variable that moves it."""

from __future__ import annotations

import datetime
import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.plugin_utils import _debug_guards as guards
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_guards import Limits

NOW = datetime.datetime(2026, 11, 1, 12, 0, tzinfo=datetime.timezone.utc)


def names(refused: list[guards.Refusal]) -> list[str]:
    for refusal in refused:
        assert refusal["guard"] in refusal["msg"]
        assert refusal["variable"] is None or refusal["variable"] in refusal["msg"]
    return [refusal["guard"] for refusal in refused]


def context(ephemeral: int = 0, running: int = 0, annotations: dict[str, t.Any] | None = None, **more: t.Any) -> dict[str, t.Any]:
    listed = [{"name": f"kd-{number}"} for number in range(ephemeral)]
    states = [{"name": f"kd-{number}", "state": {"running": {}} if number < running else {"terminated": {}}} for number in range(ephemeral)]
    pod = {
        "metadata": {"namespace": "shop", "name": "cart", "annotations": annotations},
        "spec": {"ephemeralContainers": listed or None},
        "status": {"ephemeralContainerStatuses": states or None},
    }
    owner = {"kind": "ReplicaSet", "status": {"readyReplicas": 3}}
    return {"pod": pod, "owners": [owner], "namespace": {"metadata": {}}, "pod_disruption_budgets": [], **more}


@pytest.mark.parametrize(
    ("namespace", "images", "expected"),
    [
        ("shop", ["busybox:1.37"], []),
        ("kube-system", ["busybox:1.37"], ["namespaces"]),
        ("prod-pay", ["x"], ["namespaces"]),
        ("shop", ["registry.example/tools/net:1", "busybox:1.37", "busybox:1.37"], ["images"]),
    ],
)
def test_what_the_request_alone_tells(namespace: str, images: list[str], expected: list[str]) -> None:
    limits = Limits(namespaces=("kube-*", "prod-*"), images=("registry.example/*",) if len(images) > 1 else ())
    assert names(guards.of_request(limits, namespace, images)) == expected


@pytest.mark.parametrize(
    ("nodes", "limits", "kept", "guard"),
    [
        ("", Limits(), [], None),
        ("a", Limits(), [0], None),
        ("ab", Limits(), [0], "percent"),
        ("aaaaaaaaa", Limits(), [0, 1, 2], "pods"),
        ("aabbc" * 3, Limits(), [0, 2, 4], "pods"),
        ("aabbc" * 3, Limits(pods=4), [0, 1, 2, 4], "pods"),
        ("abcd", Limits(pods=9, percent=50), [0, 1], "percent"),
        ("abcd", Limits(pods=9, percent=100), [0, 1, 2, 3], None),
    ],
)
def test_one_pod_of_each_node_comes_first(nodes: str, limits: Limits, kept: list[int], guard: str | None) -> None:
    pods = [{"namespace": "shop", "pod": str(number), "node": node} for number, node in enumerate(nodes)]
    chosen, left = guards.choose(limits, pods)
    assert [int(pod["pod"]) for pod in chosen] == kept
    assert [refusal["pod"] for refusal in left] == [pod["pod"] for pod in pods if pod not in chosen]
    assert set(names(left)) == ({guard} if guard else set())


@pytest.mark.parametrize(
    ("found", "adding", "expected"),
    [
        (context(), ["new"], []),
        (context(7), ["new"], []),
        (context(7), ["new", "newer"], ["containers"]),
        (context(8), ["new"], ["containers"]),
        (context(8), ["kd-3"], []),
        (context(8), [], []),
        (context(2, running=1), ["new"], ["running"]),
        (context(2, running=1), ["kd-0"], []),
        (context(2, running=1), ["kd-0", "new"], []),
        (context(annotations={guards.KILL_SWITCH: "true"}), ["new"], ["kill_switch"]),
        (context(annotations={guards.KILL_SWITCH: "TRUE"}), [], ["kill_switch"]),
        (context(annotations={guards.KILL_SWITCH: "false"}), ["new"], []),
        (context(namespace={"metadata": {"annotations": {guards.KILL_SWITCH: "true"}}}), ["new"], ["kill_switch"]),
        (context(namespace=None), ["new"], []),
    ],
)
def test_a_pod(found: dict[str, t.Any], adding: list[str], expected: list[str]) -> None:
    refused = guards.of_pod(Limits(), found, adding, 1)
    assert names(refused) == expected
    assert all((refusal["namespace"], refusal["pod"]) == ("shop", "cart") for refusal in refused)


def budget(allowed: t.Any) -> dict[str, t.Any]:
    return {"metadata": {"name": "of-cart"}, "status": {"disruptionsAllowed": allowed}}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (context(), 0),
        (context(owners=[{"status": {"readyReplicas": 1}}]), 1),
        (context(owners=[{"status": {}}]), 1),
        (context(owners=[{"status": {"numberReady": 4}}]), 0),
        (context(owners=[{"kind": "Rollout"}]), 1),
        (context(owners=[]), 1),
        (context(owners=None), 1),
        (context(pod_disruption_budgets=None), 1),
        (context(pod_disruption_budgets=[budget(1)]), 0),
        (context(pod_disruption_budgets=[budget(0), budget(2)]), 1),
        (context(pod_disruption_budgets=[budget(None)]), 1),
        (context(owners=None, pod_disruption_budgets=None), 2),
    ],
)
def test_what_may_stop_the_target_needs_replicas_and_budgets_that_are_known(found: dict[str, t.Any], expected: int) -> None:
    assert names(guards.of_pod(Limits(), found, ["new"], 2)) == ["replicas"] * expected
    assert guards.of_pod(Limits(), found, ["new"], 1) == []


@pytest.mark.parametrize(
    ("times", "adding", "refused"),
    [
        (["2026-11-01T11:30:00Z"] * 19, 1, False),
        (["2026-11-01T11:30:00Z"] * 20, 1, True),
        (["2026-11-01T11:30:00Z"] * 20, 0, False),
        (["2026-11-01T10:59:00Z"] * 50, 20, False),
        ([None] * 50, 20, False),
        (["noon"] * 20, 1, True),
    ],
)
def test_a_namespace_in_an_hour(times: list[str | None], adding: int, refused: bool) -> None:
    containers = [{"added_at": None, "started_at": time} for time in times]
    assert names(guards.of_namespace(Limits(), "shop", containers, adding, NOW)) == ["hourly"] * refused


@pytest.mark.parametrize(("ended", "refused"), [("", False), ("fff", True), ("ff.", False), ("fff.ff", False), ("f.ffff", True)])
def test_a_preset_that_fails_again_and_again(ended: str, refused: bool) -> None:
    assert names(guards.of_history(Limits(), "dns", [each == "f" for each in ended])) == ["failures"] * refused
