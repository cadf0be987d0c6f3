# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an evidence bundle takes: from one pod, what of that is neither the kubelet's nor the tools' time, and from three pods at once."""

from __future__ import annotations

import json
import typing as t

from tests import cluster as test_cluster
from tests.cluster.accounts import kubectl

from .figures import Figure, ratio, seconds
from .stage import Stage
from .waiting import watcher

PRESETS = ("process", "sockets", "dns")
PODS = ("collected-1", "collected-2", "collected-3")
LABEL = "collected"
NAME = "cart.shop.test"


def figures(stage: Stage, rounds: int, say: t.Callable[[str], None]) -> list[Figure]:
    """Whole playbooks in seconds. The kubelet and the tools have a container from when the API server has it until it shows its end."""
    _make_pods(stage)
    one: list[float] = []
    own: list[float] = []
    three: list[float] = []
    for turn in range(rounds + 1):
        with watcher(stage, PODS[0]) as end:
            took_one = _collect(stage, turn, {"debug_pod": PODS[0]}, 1)
            runs = [states for states in end().values() if "terminated" in states and states["terminated"] > states["added"]]
        theirs = sum(states["terminated"] - states["added"] for states in runs[-len(PRESETS) :])
        took_three = _collect(stage, turn, {"debug_label_selectors": [f"{LABEL}=yes"], "debug_guard_percent": 100}, 3)
        if turn:  # the first does not count
            one.append(took_one)
            own.append(took_one - theirs)
            three.append(took_three)
            say(
                f"collect: round {turn} of {rounds}: one pod {took_one:.2f} s, of which the kubelet and the tools {theirs:.2f} s; three pods {took_three:.2f} s"
            )
    return [
        seconds("collect: process, sockets and dns of one pod", one, at_most=15),
        seconds("collect: of that neither the kubelet nor the tools", own, at_most=3),
        ratio("collect: three pods at once / one", three, one, at_most=1.6),
    ]


def _collect(stage: Stage, turn: int, which: dict[str, t.Any], pods: int) -> float:
    """Seconds for an incident of its own, so that each round adds its containers. Each preset is one changed task, whatever the number of pods."""
    variables = {
        "debug_namespace": stage.namespace,
        "debug_target": "app",
        "debug_image_busybox": stage.cluster.images["busybox"],
        "debug_presets": list(PRESETS),
        "debug_dns_names": [NAME],
        "debug_incident": f"benchmark {turn} {pods}",
        "debug_dest": str(stage.scratch / "evidence"),
        "debug_guard_containers": 1000,
        "debug_guard_hourly": 10000,
        **which,
    }
    return stage.play_role(variables, entry_point="collect", changed=len(PRESETS) + 3)


def _make_pods(stage: Stage) -> None:
    # With a name server that answers, as a pod has one: what the tool waits for is not what is measured.
    names = {"name": "names", "image": test_cluster.image(stage.cluster, "names"), "args": [f"{NAME}=192.0.2.7"]}
    spec = {
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "app", "image": stage.cluster.images["distroless"]}, names],
        "dnsPolicy": "None",
        "dnsConfig": {"nameservers": ["127.0.0.1"]},
    }
    items = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {LABEL: "yes"}}, "spec": spec} for name in PODS]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    kubectl(stage.cluster, "create", f"--namespace={stage.namespace}", "--filename=-", text=text)
    kubectl(stage.cluster, "wait", f"--namespace={stage.namespace}", f"--selector={LABEL}=yes", "pod", "--for=condition=Ready", "--timeout=120s")
