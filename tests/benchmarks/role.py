# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a preset costs in the role, over a task list by hand that runs the same script on the same pod and reads its log."""

from __future__ import annotations

import typing as t

import yaml

from tests.collection import ROOT

from .figures import Figure, seconds
from .stage import POD, Stage, Task

PRESETS = ("sockets", "process", "filesystem")
ROLE = ROOT / "roles" / "debug"
#: What the wrapper does for a script.
FOLDER = "KD_OUT=/tmp/by-hand; mkdir $KD_OUT $KD_OUT.own\n"
ARGUMENTS = {"sockets": [], "process": ["64"], "filesystem": ["0", "2000", "1", "/"]}


def by_hand(stage: Stage, turn: int) -> list[Task]:
    """The tasks that a person would write: for each preset a container, and what it said, as lines."""
    tasks: list[Task] = []
    for preset in PRESETS:
        scripts = yaml.safe_load((ROLE / "vars" / "presets" / f"{preset}.yml").read_text())[f"_debug_preset_{preset}"]["scripts"]
        script = FOLDER + "\n".join((ROLE / "files" / f"{name}.sh").read_text() for name in scripts)
        words = {"command": ["sh", "-c", script, preset, *ARGUMENTS[preset]], "env": {"KD_TARGET": POD}}
        options = {"profile": "match_target", "wait_for": "completed", "logs": True, "log_limit_bytes": 1048576}
        tasks.append({**stage.ensure(f"by-hand-{preset}-{turn}", **words, **options), "register": "said"})
        tasks.append({"ansible.builtin.set_fact": {f"said_{preset}": "{{ said.container.log.splitlines() }}"}})
    return tasks


def figure(stage: Stage, rounds: int, say: t.Callable[[str], None]) -> Figure:
    """Seconds a preset that the role takes more, in rounds of one run each, taking turns at being first."""
    samples = []
    for turn in range(rounds + 1):
        variables = {
            "debug_namespace": stage.namespace,
            "debug_pod": POD,
            "debug_target": POD,
            "debug_image_busybox": stage.cluster.images["busybox"],
            "debug_presets": list(PRESETS),
            "debug_incident": f"benchmark {turn}",
        }
        took: dict[str, float] = {}
        for way in ("role", "by hand")[:: -1 if turn % 2 else 1]:
            took[way] = stage.play_role(variables, changed=len(PRESETS)) if way == "role" else stage.play(*by_hand(stage, turn), changed=len(PRESETS))
        if turn:  # the first does not count
            samples.append((took["role"] - took["by hand"]) / len(PRESETS))
            say(f"presets {', '.join(PRESETS)}: round {turn} of {rounds}: role {took['role']:.2f} s, by hand {took['by hand']:.2f} s")
    return seconds("role: more a preset than tasks by hand", samples, at_most=1.5)
