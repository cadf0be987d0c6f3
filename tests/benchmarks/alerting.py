# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long it takes from an alert that amtool fires to a sealed bundle, with the real Alertmanager and ansible-rulebook."""

from __future__ import annotations

import time
import typing as t

from tests.unattended import parts

from .figures import Figure, seconds
from .stage import POD, Stage

if t.TYPE_CHECKING:
    from pathlib import Path

PRESETS = ("process", "sockets", "dns")


def figure(stage: Stage, rounds: int, say: t.Callable[[str], None]) -> Figure:
    """Seconds of rounds, each with an alert of its own. Both parts run already, as they do when an alert comes."""
    programs = parts.programs()
    scratch = stage.scratch / "alerting"
    scratch.mkdir()
    variables: dict[str, t.Any] = {
        "debug_image_busybox": stage.cluster.images["busybox"],
        "debug_alert_map": {f"Round{turn}": {"presets": list(PRESETS)} for turn in range(rounds + 1)},
        "debug_guard_containers": 1000,
        "debug_guard_hourly": 10000,
        "debug_guard_running": 1000,
    }
    scene = parts.Scene(stage.cluster, stage.collections[0], scratch, stage.namespace, variables)
    samples = []
    with scene.rulebook() as rulebook, scene.alertmanager(programs, rulebook.port) as alertmanager:
        for turn in range(rounds + 1):
            took = _round(scene, programs, alertmanager, f"Round{turn}")
            if turn:  # the first does not count
                samples.append(took)
                say(f"alert -> sealed bundle: round {turn} of {rounds}: {took:.2f} s")
    return seconds("alert -> sealed bundle: process, sockets and dns", samples, at_most=20)


def _round(scene: parts.Scene, programs: Path, alertmanager: parts.Process, name: str) -> float:
    before = len(scene.sealed())
    began = time.monotonic()
    parts.fire(programs, alertmanager, scene.alert(name, POD, container=POD))
    parts.wait(lambda: len(scene.sealed()) > before, "a sealed bundle")
    return time.monotonic() - began
