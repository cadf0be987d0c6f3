# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task on a converged pod costs, next to an empty task, a plain GET of the pod, and kubernetes.core's way to read it."""

from __future__ import annotations

import itertools
import statistics
import typing as t

from .figures import Figure, ratio
from .stage import CONVERGED, POD, Stage, Task

EMPTY, URI, OURS, K8S_INFO = "an empty task", "uri GET", "ephemeral_container", "k8s_info"
LOOP = 20

Samples = dict[str, list[float]]


def tasks(stage: Stage, *, with_kubernetes_core: bool) -> dict[str, Task]:
    """The tasks that are compared: all read the same pod as the same account, but for the empty one."""
    ca_path = {"ca_path": str(stage.cluster.ca_file)} if stage.cluster.ca_file else {}
    uri = {"url": f"{stage.cluster.server}{stage.pod_path}", "headers": {"Authorization": f"Bearer {stage.token}"}, **ca_path}
    compared: dict[str, Task] = {EMPTY: {"do_nothing": {}}, URI: {"ansible.builtin.uri": uri}, OURS: stage.ensure(CONVERGED)}
    if with_kubernetes_core:
        read = {"kind": "Pod", "namespace": stage.namespace, "name": POD}
        compared[K8S_INFO] = {"kubernetes.core.k8s_info": {**stage.authentication(), **read}}
    return compared


def whole_runs(stage: Stage, compared: dict[str, Task], rounds: int, say: t.Callable[[str], None]) -> Samples:
    """Seconds of whole ansible-playbook runs of one task, in rounds of all tasks, after one that does not count."""
    return _interleaved(compared, rounds, say, stage.play, "whole runs")


def loops(stage: Stage, compared: dict[str, Task], rounds: int, say: t.Callable[[str], None]) -> Samples:
    """Seconds a task in a loop, as the median of each loop, in rounds of all tasks."""

    def run(task: Task) -> float:
        noted = stage.play_noted({**task, "loop": list(range(LOOP + 1))})
        times = [note.time for note in noted if note.kind == "item"]
        return statistics.median(later - earlier for earlier, later in itertools.pairwise(times))

    return _interleaved(compared, rounds, say, run, f"loops of {LOOP}", warm_up=False)


def _interleaved(
    compared: dict[str, Task], rounds: int, say: t.Callable[[str], None], run: t.Callable[[Task], float], what: str, *, warm_up: bool = True
) -> Samples:
    samples: Samples = {name: [] for name in compared}
    names = list(compared)
    if warm_up:
        for name in names:
            run(compared[name])
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            samples[name].append(run(compared[name]))
        say(f"{what}: round {turn + 1} of {rounds}: " + ", ".join(f"{name} {samples[name][-1]:.2f} s" for name in names))
    return samples


def figures(samples: Samples, where: str, *, judged: bool) -> list[Figure]:
    """The ratios; ``judged`` says whether the goals are for this way of measuring."""
    found = [ratio(f"{where}: {OURS} / {URI}", samples[OURS], samples[URI], at_most=1.0 if judged else None)]
    if K8S_INFO in samples:
        ours, info = ([seconds - empty for seconds, empty in zip(samples[name], samples[EMPTY], strict=True)] for name in (OURS, K8S_INFO))
        found.append(ratio(f"{where}: {OURS} / {K8S_INFO}, above {EMPTY}", ours, info, at_most=0.5 if judged else None))
    return found
