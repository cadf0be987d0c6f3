# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""1,000 alerts in 10 seconds, by Alertmanager: bounded work, a line for each, and never more containers than the guard rails allow."""

from __future__ import annotations

import re
import time
import typing as t
from pathlib import Path

import pytest

from tests.unattended import parts

pytestmark = pytest.mark.integration

ALERTS, SECONDS, PODS = 1000, 10, 5
#: Containers that the guard rail allows in the namespace within an hour.
HOURLY = 2


def test_a_flood(scene: parts.Scene, pods: t.Callable[..., None], programs: Path) -> None:
    """200 alerts for each of 5 pods. They have one name, so 5 playbooks are run, one at a time, for all are of one namespace."""
    names = [f"pod-{number}" for number in range(PODS)]
    pods(*names)
    scene.variables |= {"debug_guard_hourly": HOURLY, "debug_alert_map": {"Flood": {"presets": ["dns"]}}}
    labels = [scene.alert("Flood", pod, instance=str(number)) for number in range(ALERTS // PODS) for pod in names]
    with scene.rulebook() as rulebook, scene.alertmanager(programs, rulebook.port) as alertmanager:
        began = time.monotonic()
        for second in range(SECONDS):
            share = ALERTS // SECONDS
            parts.fire_all(alertmanager, labels[second * share : (second + 1) * share])
            time.sleep(max(0.0, began + second + 1 - time.monotonic()))
        parts.wait(lambda: len(told(rulebook)) == ALERTS, "a line for each of the alerts")

        def ended() -> list[tuple[str, str, str]]:
            assert rulebook.alive() and alertmanager.alive()
            outcomes = scene.outcomes(rulebook.said())
            return outcomes if len(outcomes) >= PODS else []

        outcomes = parts.wait(ended, f"the end of {PODS} playbooks")
        # One message with all of them, as of a receiver that groups: nothing more is begun.
        assert parts.post(rulebook.port, parts.message(*map(parts.firing, labels)), scene.token) == 200
        parts.wait(lambda: len(told(rulebook)) == 2 * ALERTS, "a line for each of the alerts")
        time.sleep(2)
        assert rulebook.said().count("PLAY [") == len(outcomes) == PODS
    assert {state for _alert, state, _said in outcomes} == {"collected"}
    assert scene.all_containers() == HOURLY
    assert sum("(guard hourly, debug_guard_hourly)" in said for _alert, _state, said in outcomes) == PODS - HOURLY, outcomes
    assert len(scene.sealed()) == PODS, "each has a bundle, also where nothing could be added"


def told(rulebook: parts.Process) -> set[str]:
    """The fingerprints of the alerts that the rulebook was told of."""
    return set(re.findall(r"The alert Flood ([0-9a-f]+) is firing", rulebook.said()))
