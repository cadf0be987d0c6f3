# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every command of the guides is run as it is printed, against the cluster, and has to print what the guide says."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from tests import collection, guides
from tests.cluster.accounts import kubectl
from tests.integration.playbook import ansible_environment

if t.TYPE_CHECKING:
    from tests.cluster import Cluster

pytestmark = pytest.mark.integration


class Reader:
    """Somebody with a home, a kubeconfig, and a pod ``cart`` in a namespace that stands for the guide's ``shop``."""

    def __init__(self, cluster: Cluster, directory: Path) -> None:
        self.cluster = cluster
        self.directory = directory
        self.namespace = f"kd-guide-{secrets.token_hex(3)}"

    def begin(self) -> None:
        """Make what the guides take for granted."""
        kubectl(self.cluster, "create", "namespace", self.namespace)
        container = {"name": "cart", "image": self.cluster.images["distroless"]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "cart"}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]}}
        kubectl(self.cluster, "create", f"--namespace={self.namespace}", "--filename=-", text=json.dumps(pod))
        kubectl(self.cluster, "wait", f"--namespace={self.namespace}", "pod/cart", "--for=condition=Ready", "--timeout=60s")
        programs = self.directory / "bin"
        programs.mkdir()
        # The images of the guides are not in the cluster of the tests, those of the role's defaults neither.
        playbook = [str(Path(sys.executable).with_name("ansible-playbook")), "-e", f"debug_image_busybox={self.cluster.images['busybox']}"]
        for name, command in {"kubectl": self.cluster.kubectl, "ansible-playbook": playbook}.items():
            (programs / name).write_text(f'#!/bin/sh\nexec {" ".join(map(repr, command))} "$@"\n')
            (programs / name).chmod(0o755)

    def here(self, text: str) -> str:
        """The guide's text with the names of this cluster."""
        return re.sub(r"\bshop\b", self.namespace, text).replace("busybox:1.37", self.cluster.images["busybox"])

    def follow(self, guide: str, directory: Path, **variables: str) -> None:
        """Do what the guide says in a directory, and compare what is printed."""
        home = self.directory / "home"
        home.mkdir(exist_ok=True)
        environment = {name: value for name, value in ansible_environment(home).items() if name != "ANSIBLE_COLLECTIONS_PATH"} | {
            "HOME": str(home),
            "PATH": f"{self.directory}/bin{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "KUBECONFIG": str(self.cluster.kubeconfig),
            **variables,
        }
        guides.follow(guide, directory, self.directory / "outputs", environment, self.here)


@pytest.fixture
def reader(cluster: Cluster, tmp_path: Path) -> t.Iterator[Reader]:
    found = Reader(cluster, tmp_path)
    try:
        found.begin()
        yield found
    finally:
        kubectl(cluster, "delete", "namespace", found.namespace, "--ignore-not-found", "--wait=false")


def test_the_first_five_minutes(reader: Reader, tmp_path: Path) -> None:
    """Installed as the guide says, from a git repository, and as the account of docs/rbac.yml."""
    work = tmp_path / "work"
    work.mkdir()
    reader.follow("guide_first_five_minutes", work, **collection.in_the_place_of_its_home(collection.repository(tmp_path / "repository")))


def test_writing_a_preset(reader: Reader, tmp_path: Path) -> None:
    """The example is a preset like the others afterwards: whole, and with an answer. It is written into a copy of the checkout."""
    tree = tmp_path / "tree"
    checkout = tree / "ansible_collections" / "kubedebug" / "pods"
    for name in collection.files():
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(collection.ROOT / name, checkout / name)
    reader.follow("guide_preset", checkout, ANSIBLE_COLLECTIONS_PATH=str(tree))


def test_rights_in_the_guide_for_awx(reader: Reader) -> None:
    """The commands of guide_awx that a cluster can be asked; the others are run by tests/awx/test_configuration.py."""
    own = f"{reader.namespace}-jobs"
    commands = [step.line for step in guides.steps("guide_awx") if isinstance(step, guides.Command) and step.line.startswith("kubectl ")]
    assert len(commands) == 3
    text = "\n".join(re.sub(r"(namespace) kubedebug\b", rf"\1 {own}", reader.here(command)) for command in commands)
    environment = {**os.environ, "PATH": f"{reader.directory}/bin{os.pathsep}{os.environ['PATH']}"}
    try:
        done = subprocess.run(["bash", "-euc", text], cwd=collection.ROOT, env=environment, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "rolebinding.rbac.authorization.k8s.io/kubedebug-unattended created" in done.stdout
    finally:
        kubectl(reader.cluster, "delete", "namespace", own, "--ignore-not-found", "--wait=false")
