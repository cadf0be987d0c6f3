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


def entry(name: str, minutes: float | None, state: str = "terminated", **more: t.Any) -> dict[str, t.Any]:
    added = None if minutes is None else (NOW - datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "namespace": "shop",
        "pod": "cart",
        "uid": "u",
        "name": name,
        "added_at": added,
        "started_at": None,
        "state": state,
        "exit_code": 0,
        "reason": None,
        **more,
    }


DNS = "kd-dns-0123456789"
DEFAULTS = Limits()


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], []),
        ([entry(DNS, 1), entry(f"{DNS}-2", 2, exit_code=127)], [True, False]),
        ([entry(DNS, 61, exit_code=127)], []),
        ([entry(DNS, 5, exit_code=1)], [False]),
        ([entry(DNS, 5, exit_code=75), entry("kd-dns-more-0123456789", 4, exit_code=75), entry("kd-dnsx-0123456789", 4, exit_code=75)], [True]),
        ([entry(DNS, 5, "waiting", reason="ImagePullBackOff")], [True]),
        ([entry(DNS, 5, "waiting", reason="ContainerCreating")], []),
        ([entry(DNS, 5, "running", exit_code=None)], [False]),
        ([entry(DNS, 5, exit_code=128, reason="StartError")], [True]),
        ([entry(DNS, None, exit_code=73)], [True]),
    ],
)
def test_how_a_preset_fared_lately(entries: list[dict[str, t.Any]], expected: list[bool]) -> None:
    assert guards.history("dns", entries, NOW) == expected


def plan(preset: str = "dns", level: int = 0, image: str = "busybox:1.37") -> dict[str, t.Any]:
    return {"preset": preset, "class": level, "candidates": [{"name": f"kd-{preset}-{window}", "definition": {"image": image}} for window in ("now", "before")]}


POD = {"namespace": "shop", "pod": "cart", "uid": "u", "node": "node1"}


def consent(
    plans: list[dict[str, t.Any]], *there: str, limits: Limits = DEFAULTS, containers: t.Sequence[dict[str, t.Any]] = (), **more: t.Any
) -> guards.Consent:
    around = context(**more)
    around["pod"]["spec"]["ephemeralContainers"] = [{"name": name} for name in there]
    return guards.consent(limits, plans, [POD], {"u": around}, containers, NOW)


def test_all_may_be_done() -> None:
    assert consent([plan(), plan("jvm", 2)]) == guards.Consent([plan(), plan("jvm", 2)], [POD], [])


def test_a_pod_whose_context_could_not_be_read_is_left_out() -> None:
    assert guards.consent(Limits(), [plan()], [POD], {}, [], NOW).pods == []


@pytest.mark.parametrize(
    ("plans", "limits", "more", "kept"),
    [
        (
            [plan(), {"preset": "jvm", "refusal": {"guard": "class", "variable": "debug_approved_class", "msg": "guard class, debug_approved_class"}}],
            Limits(),
            {},
            ["class"],
        ),
        ([plan(), plan("jvm", 0, "toolkit:1")], Limits(images=("busybox:*",)), {}, ["images"]),
        ([plan(), plan("jvm", 2)], Limits(), {"pod_disruption_budgets": [{"metadata": {"name": "b"}, "status": {"disruptionsAllowed": 0}}]}, ["replicas"]),
        ([plan(), plan("jvm")], Limits(), {"containers": [entry(f"kd-jvm-000000000{number}", number, exit_code=127) for number in range(3)]}, ["failures"]),
    ],
)
def test_one_preset_is_refused_and_the_others_go_on(plans: list[dict[str, t.Any]], limits: Limits, more: dict[str, t.Any], kept: list[str]) -> None:
    made = consent(plans, limits=limits, **more)
    assert (names(made.refused), made.plans, made.pods) == (kept, [plan()], [POD])


@pytest.mark.parametrize(
    ("limits", "more", "guard"),
    [
        (Limits(namespaces=("sh*",)), {}, "namespaces"),
        (Limits(), {"annotations": {guards.KILL_SWITCH: "true"}}, "kill_switch"),
        (Limits(containers=0), {}, "containers"),
        (Limits(running=0), {}, "running"),
        (Limits(hourly=2), {"containers": [entry("mine", 1), entry("other", 59)]}, "hourly"),
    ],
)
def test_a_pod_is_refused(limits: Limits, more: dict[str, t.Any], guard: str) -> None:
    made = consent([plan()], limits=limits, **more)
    assert (names(made.refused), made.pods) == ([guard], [])


@pytest.mark.parametrize("window", ["now", "before"])
def test_a_repeat_adds_nothing_and_is_never_too_much(window: str) -> None:
    full = [entry(f"kd-dns-000000000{number}", 1, exit_code=127) for number in range(9)]
    made = consent([plan()], f"kd-dns-{window}", *(f"other-{number}" for number in range(7)), limits=Limits(hourly=0, running=1), containers=full)
    assert made.refused == []


def test_containers_of_other_namespaces_are_not_counted() -> None:
    assert consent([plan()], limits=Limits(hourly=1), containers=[entry("mine", 1, namespace="other")]).refused == []


def test_where_no_preset_is_left_no_pod_is() -> None:
    made = consent([plan("jvm", 0, "toolkit:1")], limits=Limits(images=("busybox:*",)))
    assert (names(made.refused), made.plans, made.pods) == (["images"], [], [])


@pytest.mark.parametrize(
    ("ready", "disruptions", "pods", "refused"),
    [(9, 1, 3, ["replicas"]), (9, 3, 3, []), (3, None, 3, ["replicas"]), (4, None, 3, []), (9, 1, 1, [])],
)
def test_so_many_pods_of_a_workload_are_disrupted_at_once(ready: int, disruptions: int | None, pods: int, refused: list[str]) -> None:
    budgets = [] if disruptions is None else [{"metadata": {"name": "b"}, "status": {"disruptionsAllowed": disruptions}}]
    owner = {"kind": "ReplicaSet", "metadata": {"name": "cart", "uid": "o"}, "status": {"readyReplicas": ready}}
    around = context(owners=[owner], pod_disruption_budgets=budgets)
    places = [{**POD, "pod": f"cart-{number}", "uid": f"u{number}"} for number in range(pods)]
    made = guards.consent(Limits(), [plan(), plan("jvm", 2)], places, {place["uid"]: around for place in places}, [], NOW)
    assert names(made.refused) == refused
    assert [one["preset"] for one in made.plans] == (["dns"] if refused else ["dns", "jvm"])
