# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures, prints a table, and ends with 1 if a goal is missed."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import statistics
import sys
from pathlib import Path

from tests import cluster as test_cluster
from tests import releases
from tests.cluster.model import Progress

from . import alerting, collecting, counting, differential, fetching, fleet, role, speed, waiting
from .figures import Figure, table
from .stage import stage


def main() -> int:
    """Run the benchmarks and return the exit code."""
    options = parse()
    say = Progress()
    cluster = test_cluster.up()
    paths = [collections()]
    try:
        paths.append(releases.kubernetes_core())
        compared_with = f"kubernetes.core {releases.kubernetes_core_version(paths[1])}"
    except releases.NotToBeHadError as error:
        compared_with = "WITHOUT kubernetes.core"
        say(f"kubernetes.core cannot be had, so there is no comparison with it: {error}")
    with stage(cluster, paths) as here:
        compared = speed.tasks(here, with_kubernetes_core=len(paths) > 1)
        whole = speed.whole_runs(here, compared, options.rounds, say)
        looped = speed.loops(here, compared, options.loop_rounds, say)
        say("counting requests")
        figures: list[Figure] = [
            *speed.figures(whole, "whole run", judged=True),
            *speed.figures(looped, f"a task of {speed.LOOP} in a loop", judged=False),
            counting.figure(here, options.count_rounds),
        ]
        say(f"adding {options.containers} containers")
        figures.append(waiting.figure(here, options.containers))
        figures.append(role.figure(here, options.role_rounds, say))
        figures += collecting.figures(here, options.collect_rounds, say)
        figures.append(alerting.figure(here, options.alert_rounds, say))
        figures += fetching.figures(here, options.fetch_rounds, say)
        figures += fleet.figures(here, options.pods, options.fleet_rounds, say)
        say(f"putting {options.specs} containers to ours and to the server")
        figures.append(differential.figure(here, options.specs))
        say("cleaning up")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("ansible-core", "kubernetes")]
    print(f"Python {platform.python_version()}, {', '.join(versions)}, {compared_with}, cluster {cluster.kind}, {os.cpu_count()} processors")
    for what, samples in (("whole run", whole), ("in a loop", looped)):
        print(f"{what}, median seconds: " + ", ".join(f"{name} {statistics.median(times):.2f}" for name, times in samples.items()))
    print()
    print(table(figures))
    if len(paths) == 1:
        print("\nThe comparison with kubernetes.core is LEFT OUT: the collection could not be had (see above).")
    return 1 if any(figure.met is False for figure in figures) else 0


def collections() -> Path:
    """The directory that holds this collection as a tree; BENCHMARK_COLLECTIONS names another."""
    if override := os.environ.get("BENCHMARK_COLLECTIONS"):
        return Path(override)
    from tests.collection import tree

    return tree()


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="rounds of whole playbook runs (default: %(default)s)")
    parser.add_argument("--loop-rounds", type=int, default=3, help="rounds of loops (default: %(default)s)")
    parser.add_argument("--count-rounds", type=int, default=3, help="tasks whose requests are counted (default: %(default)s)")
    parser.add_argument("--containers", type=int, default=10, help="containers that are added and waited for (default: %(default)s)")
    parser.add_argument("--pods", type=int, default=500, help="pods of the task on many (default: %(default)s)")
    parser.add_argument("--fleet-rounds", type=int, default=3, help="tasks on many pods (default: %(default)s)")
    parser.add_argument("--collect-rounds", type=int, default=5, help="runs of the entry point collect on one pod and on three (default: %(default)s)")
    parser.add_argument("--role-rounds", type=int, default=5, help="runs of the role and of the tasks that it is compared with (default: %(default)s)")
    parser.add_argument("--alert-rounds", type=int, default=3, help="alerts that become bundles (default: %(default)s)")
    parser.add_argument("--fetch-rounds", type=int, default=7, help="times that 100 MB are fetched (default: %(default)s)")
    parser.add_argument("--specs", type=int, default=3000, help="generated containers that are judged (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except test_cluster.ClusterError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
