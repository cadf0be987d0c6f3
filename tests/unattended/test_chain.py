# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""amtool -> Alertmanager -> webhook with a token -> ansible-rulebook -> kubedebug.pods.from_alert -> the cluster: all of them real."""

from __future__ import annotations

import datetime
import hashlib
import json
import subprocess
import sys
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cluster.accounts import RBAC, kubectl
from tests.unattended import parts

pytestmark = pytest.mark.integration

Pods = t.Callable[..., None]


def verified(bundle: Path) -> dict[str, t.Any]:
    """The manifest of a bundle, in which every file is as it was sealed."""
    done = subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=bundle, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    manifest = json.loads((bundle / "manifest.json").read_text())
    for entry in manifest["files"]:
        assert hashlib.sha256((bundle / entry["path"]).read_bytes()).hexdigest() == entry["sha256"]
    return t.cast("dict[str, t.Any]", manifest)


def fingerprint(process: parts.Process, name: str) -> str:
    """Of the alert of a name, as the rulebook was told."""
    line = next(line for line in process.said().splitlines() if f"The alert {name} " in line)
    return line.partition(f"The alert {name} ")[2].split()[0]


def outcome(scene: parts.Scene, process: parts.Process, name: str, state: str) -> str:
    """The summary of the outcome of an alert that has to come to a state."""

    def look() -> list[str]:
        found = [(state, summary) for alert, state, summary in scene.outcomes(process.said()) if name in alert]
        assert process.alive() and "failed" not in dict(found), process.said()[-6000:]
        return [summary for came_to, summary in found if came_to == state]

    return t.cast("str", parts.wait(look, f"an outcome {state} of {name}")[0])


def played(scene: parts.Scene, playbook: str, variables: dict[str, t.Any]) -> str:
    """What a playbook printed that has to end well."""
    command = [str(Path(sys.executable).with_name("ansible-playbook")), playbook, "--extra-vars", json.dumps(variables)]
    done = subprocess.run(command, env=scene.environment(), cwd=scene.scratch, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def debug_shell(scene: parts.Scene, pod: str, incident: str) -> str:
    """The name of a container that holds, which a person adds for an incident."""
    which = {"debug_namespace": scene.namespace, "debug_pod": pod, "debug_presets": ["shell"], "debug_incident": incident}
    played(scene, "kubedebug.pods.debug", {**which, **scene.variables})
    (name,) = [name for name in scene.containers(pod) if name.startswith("kd-shell-")]
    return name


def ended(scene: parts.Scene, pod: str, name: str) -> bool:
    path = f'{{.status.ephemeralContainerStatuses[?(@.name=="{name}")].state.terminated.exitCode}}'
    return bool(kubectl(scene.cluster, "get", "pod", pod, f"--namespace={scene.namespace}", f"--output=jsonpath={path}").strip())


def now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_an_alert_becomes_evidence_once(scene: parts.Scene, pods: Pods, programs: Path) -> None:
    """Repeats, another process of the rulebook and a new Alertmanager add nothing."""
    pods("cart")
    labels = scene.alert()
    with scene.rulebook() as rulebook, scene.alertmanager(programs, rulebook.port, repeats=True) as alertmanager:
        parts.fire(programs, alertmanager, labels)
        outcome(scene, rulebook, "CPUThrottlingHigh", "collected")
        (bundle,) = scene.sealed()
        manifest = verified(bundle)
        (run,) = manifest["runs"]
        incident = fingerprint(rulebook, "CPUThrottlingHigh")
        assert manifest["incident"] == incident
        assert run["asked"]["by"] == run["asked"]["reason"] == "alert CPUThrottlingHigh"
        assert sorted((answer["preset"], answer["state"]) for answer in run["answers"]) == [("pressure", "complete"), ("process", "complete")]
        added = scene.containers()
        assert sorted(name.rsplit("-", 1)[0] for name in added) == ["kd-pressure", "kd-process"]
        assert {answer["container"] for answer in run["answers"]} == set(added)

        parts.wait(lambda: rulebook.said().count(f"{incident} is firing") >= 3, "a repeat of the alert")
        assert len(scene.outcomes(rulebook.said())) == 1, "a repeat was looked at again"

    with scene.rulebook() as other, scene.alertmanager(programs, other.port, repeats=True) as alertmanager:
        parts.fire(programs, alertmanager, labels)
        outcome(scene, other, "CPUThrottlingHigh", "collected")
        assert fingerprint(other, "CPUThrottlingHigh") == incident
        assert scene.containers() == added
        (bundle,) = scene.sealed()
        manifest = verified(bundle)
        assert [run["changed"] for run in manifest["runs"]] == [True, False]
    assert "Intact: " in played(scene, "kubedebug.pods.verify", {"debug_bundle": str(bundle)})


def test_what_holds_is_stopped_when_the_alert_is_resolved(scene: parts.Scene, pods: Pods, programs: Path) -> None:
    pods("cart", "till")
    with scene.rulebook() as rulebook, scene.alertmanager(programs, rulebook.port, repeats=True) as alertmanager:
        names = {"cart": "CartSlow", "till": "TillSlow"}
        for pod, name in names.items():
            parts.fire(programs, alertmanager, scene.alert(name, pod))
        for name in names.values():
            assert "debug_alert_map may say which presets are for it" in outcome(scene, rulebook, name, "refused")
        with ThreadPoolExecutor() as pool:
            held = dict(zip(names, pool.map(lambda pod: debug_shell(scene, pod, fingerprint(rulebook, names[pod])), names), strict=True))

        parts.fire(programs, alertmanager, scene.alert("CartSlow", "cart"), f"--end={now()}")
        said = outcome(scene, rulebook, "CartSlow", "expiring")
        assert "These could not be told to end, and stay until their time is over" in said
        assert not ended(scene, "cart", held["cart"])

        kubectl(scene.cluster, "apply", f"--namespace={scene.namespace}", f"--filename={RBAC.with_name('rbac-exec.yml')}")
        parts.fire(programs, alertmanager, scene.alert("TillSlow", "till"), f"--end={now()}")
        said = outcome(scene, rulebook, "TillSlow", "stopped")
        assert held["till"] in said
        parts.wait(lambda: ended(scene, "till", held["till"]), "an end of the container that was told to")
        assert not ended(scene, "cart", held["cart"])
    assert scene.all_containers() == 2
