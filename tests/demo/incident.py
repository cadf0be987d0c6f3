# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An alert becomes evidence on the test cluster, as a person would see it: ``make demo-incident``."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

from tests import cluster as test_cluster
from tests import collection
from tests.cluster.accounts import kubectl
from tests.unattended import parts

NAMESPACE = "kubedebug-incident"
SCRATCH = collection.ROOT / ".build" / "demo-incident"
ALERT = "CPUThrottlingHigh"
#: Of what a part writes: a pattern, and what of it is shown.
SHOWN = {
    "Alertmanager": [(r'msg="Notify success"', "notified the receiver")],
    "ansible-rulebook": [(r" kubedebug\.pods - \w+ - (.*)", "{0}")],
    "playbook": [
        (r"^TASK \[kubedebug\.pods\.debug : (Read what the API knows of them|Run it in a debug container \(.*\)|Draw the report and seal the bundle)\]", "{0}"),
        (r'^ +"msg": ".*?: (collected|refused|failed|stopped|expiring): (.*)"$', "{0}: {1}"),
    ],
}


class Watch:
    """Says what the parts write, once each, with the seconds since the alert was fired."""

    def __init__(self, logs: dict[str, Path]) -> None:
        self._logs = logs
        self._read = dict.fromkeys(logs, 0)
        self._said: set[str] = set()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> t.Self:
        self.began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        self._thread.join()

    def say(self, who: str, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            print(f"{time.monotonic() - self.began:6.1f} s  {who:17} {text}", flush=True)

    def _run(self) -> None:
        while not self._end.wait(0.02):
            self._look()
        self._look()

    def _look(self) -> None:
        for who, log in self._logs.items():
            text = log.read_text(errors="replace")
            new = text[self._read[who] : text.rfind("\n") + 1]
            self._read[who] += len(new)
            for line in new.splitlines():
                for pattern, words in SHOWN[who]:
                    if found := re.search(pattern, line):
                        self.say(who, words.format(*(json.loads(f'"{group}"') if '\\"' in group else group for group in found.groups())))


def title(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m", flush=True)


def begin() -> parts.Scene:
    """A namespace with the pod ``cart`` and the least-privilege account."""
    cluster = test_cluster.up()
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    subprocess.run([*cluster.kubectl, "delete", "namespace", NAMESPACE, "--ignore-not-found"], check=True, stdout=subprocess.DEVNULL)
    test_cluster.account(cluster, NAMESPACE)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "cart"}, "spec": {"containers": [{"name": "app", "image": cluster.images["distroless"]}]}}
    scene = parts.Scene(cluster, collection.tree(), SCRATCH, NAMESPACE, {"debug_image_busybox": cluster.images["busybox"]})
    parts.create(scene, pod)
    return scene


def main() -> int:
    """Fire an alert, and show what becomes of it; then fire it again at another process."""
    programs, scene = parts.programs(), begin()
    labels = scene.alert(ALERT)
    command = f"amtool alert add {ALERT} namespace={NAMESPACE} pod=cart container=app"
    for turn, words in enumerate(("", "    # again, at an Alertmanager and a rulebook that know nothing of it")):
        with scene.rulebook() as rulebook, scene.alertmanager(programs, rulebook.port) as alertmanager:
            title(f"$ {command}{words}")
            with Watch({"Alertmanager": alertmanager.log, "ansible-rulebook": rulebook.log, "playbook": rulebook.log}) as watch:
                parts.fire(programs, alertmanager, labels)
                watch.say("amtool", "the alert is fired")
                (_alert, state, said) = parts.wait(lambda: scene.outcomes(rulebook.said()), "an outcome")[0]
            if state != "collected":
                raise SystemExit(f"{state}: {said}")
        if not turn:
            shutil.rmtree(SCRATCH / "alertmanager")
            (SCRATCH / "alertmanager.log").unlink()
            title("$ kubectl get pod cart    # its ephemeral containers")
            print(kubectl(scene.cluster, "get", "pod", "cart", f"--namespace={NAMESPACE}", f"--output=jsonpath={JSONPATH}"), end="")
    title("What is left")
    (bundle,) = scene.sealed()
    print(f"the pod   has {len(scene.containers())} debug containers: the second alert added none")
    print(f"bundle    {bundle}\nreport    {bundle / 'report.html'}\nverify    ansible-playbook kubedebug.pods.verify -e debug_bundle={bundle}")
    return 0


JSONPATH = '{range .status.ephemeralContainerStatuses[*]}{.name}{"  "}{.state.terminated.reason}{"  exit code "}{.state.terminated.exitCode}{"\\n"}{end}'

if __name__ == "__main__":
    sys.exit(main())
