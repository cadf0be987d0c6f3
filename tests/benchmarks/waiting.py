# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long after the API server shows a container running a task returns."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import typing as t

from .figures import Figure, seconds
from .stage import POD, Stage


@contextlib.contextmanager
def watcher(stage: Stage, pod: str = POD) -> t.Iterator[t.Callable[[], dict[str, dict[str, float]]]]:
    """Watch a pod from another process. What it gives tells, once the watcher has ended, when each container was first reported in a state: ``added``,
    ``running`` and so on."""
    watch = f"/api/v1/namespaces/{stage.namespace}/pods?watch=true&timeoutSeconds=3600&fieldSelector=metadata.name%3D{pod}"
    ca_file = stage.cluster.ca_file and str(stage.cluster.ca_file)
    told = json.dumps({"server": stage.cluster.server, "ca_file": ca_file, "token": stage.token, "path": watch}) + "\n"
    process = subprocess.Popen([sys.executable, "-m", f"{__package__}.watcher"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def end() -> dict[str, dict[str, float]]:
        process.terminate()
        assert process.stdout
        found: dict[str, dict[str, float]] = {}
        for line in map(json.loads, process.stdout):
            found.setdefault(line["name"], {})[line["state"]] = line["time"]
        return found

    with process:
        try:
            assert process.stdin
            assert process.stdout
            process.stdin.write(told)
            process.stdin.flush()
            if not process.stdout.readline():
                raise RuntimeError("the watcher ended at once")
            yield end
        finally:
            process.terminate()


def figure(stage: Stage, rounds: int) -> Figure:
    """Seconds from the first report of the container as running to the return of the task that adds it."""
    tasks = [{"name": f"fresh-{number}", **stage.ensure(f"fresh-{number}")} for number in range(1, rounds + 1)]
    with watcher(stage) as end:
        noted = stage.play_noted(*tasks, changed=rounds)
        running = end()
    samples = [note.time - running[note.task]["running"] for note in noted if note.kind == "task"]
    return seconds("from shown running to the task's return", samples, at_most=0.2)
