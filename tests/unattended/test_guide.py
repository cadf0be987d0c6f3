# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands of the guide guide_alert_to_evidence are run as they are printed, and have to print what it says."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests import guides
from tests.unattended import parts

pytestmark = pytest.mark.integration


def test_the_guide(scene: parts.Scene, programs: Path, tmp_path: Path) -> None:
    """Only the namespace, the image and the ports are this test's own, and the pod and the installed collection are there as the guide takes for granted."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "cart"},
        "spec": {"containers": [{"name": "cart", "image": scene.cluster.images["distroless"]}]},
    }
    parts.create(scene, pod)
    names = {r"\bshop\b": scene.namespace, r"busybox:1\.37": scene.cluster.images["busybox"]}
    names |= {port: str(parts.free_port()) for port in ("5005", "9093")}

    def here(text: str) -> str:
        for pattern, name in names.items():
            text = re.sub(pattern, name, text)
        return text

    home, work, tools = (tmp_path / name for name in ("home", "work", "bin"))
    for directory in (home / ".ansible", work, tools):
        directory.mkdir(parents=True)
    (home / ".ansible" / "collections").symlink_to(scene.collections_path)
    (tools / "kubectl").write_text(f'#!/bin/sh\nexec {" ".join(map(repr, scene.cluster.kubectl))} "$@"\n')
    (tools / "kubectl").chmod(0o755)
    own = ("ANSIBLE_COLLECTIONS_PATH", "K8S_AUTH_KUBECONFIG", "KUBEDEBUG_TOKEN")
    environment = {name: value for name, value in scene.environment().items() if name not in own}
    environment |= {"HOME": str(home), "KUBECONFIG": str(scene.cluster.kubeconfig)}
    environment["PATH"] = os.pathsep.join([str(tools), str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
    guides.follow("guide_alert_to_evidence", work, tmp_path / "outputs", environment, here)
