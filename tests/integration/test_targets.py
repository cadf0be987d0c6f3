# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each folder of ``targets`` is a playbook against the real cluster, in a namespace of its own, as the least-privilege account of docs/rbac.yml."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from tests import cluster as test_cluster

if t.TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
TARGETS = sorted(path.name for path in (HERE / "targets").iterdir() if not path.name.startswith("setup_"))

#: Targets that need something that only the embedded cluster offers: a folder of static pods, or an API server that reaches this host.
NEED = {"static_pod": "static_pod_dir", "admission": "host_address"}


@pytest.fixture
def namespace(request: pytest.FixtureRequest, cluster: test_cluster.Cluster) -> Iterator[str]:
    """A namespace of the test's own, with the account in it. It goes without being waited for."""
    name = f"kd-{request.node.callspec.params['target'].replace('_', '-')}-{secrets.token_hex(3)}"
    yield name
    subprocess.run([*cluster.kubectl, "delete", "namespace", name, "--ignore-not-found", "--wait=false"], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.integration
@pytest.mark.parametrize("target", TARGETS)
def test_target(target: str, namespace: str, cluster: test_cluster.Cluster, collections_path: Path, tmp_path: Path) -> None:
    need = NEED.get(target)
    if need and getattr(cluster, need) is None:
        pytest.skip(f"a cluster of kind {cluster.kind} has no {need}")
    account = test_cluster.account(cluster, namespace)
    variables = {
        "target": target,
        "test_namespace": namespace,
        "kubectl": cluster.kubectl,
        "images": cluster.images,
        "account_kubeconfig": str(account),
        "server": cluster.server,
        "ca_file": str(cluster.ca_file or ""),
        "static_pod_dir": str(cluster.static_pod_dir or ""),
        "host_address": cluster.host_address,
        "python": sys.executable,
        "stand_ins": str(HERE / "stand_ins"),
        "scratch": str(tmp_path),
    }
    (tmp_path / "variables.json").write_text(json.dumps(variables))
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-e", f"@{tmp_path}/variables.json", str(HERE / "run.yml")],
        env=ansible_environment(collections_path) | {"K8S_AUTH_KUBECONFIG": str(account), "ANSIBLE_ROLES_PATH": str(HERE / "targets")},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stdout[-12000:]}\n{done.stderr[-4000:]}"


def ansible_environment(collections_path: Path) -> dict[str, str]:
    """The environment for ansible-playbook: this collection, and nothing of the caller's own Ansible and Kubernetes settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "K8S_AUTH_", "KUBE"))}
    return kept | {
        "ANSIBLE_COLLECTIONS_PATH": str(collections_path),
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
    }
