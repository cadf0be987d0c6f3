# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a folder of ``targets`` against the cluster, in a namespace of its own, as the least-privilege account of docs/rbac.yml."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import typing as t
from pathlib import Path

from tests import cluster as test_cluster

if t.TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
TARGETS = sorted(path.name for path in (HERE / "targets").iterdir() if not path.name.startswith("setup_"))


def run(target: str, cluster: test_cluster.Cluster, collections_path: Path, scratch: Path, python: str = sys.executable) -> None:
    """Run one target with the Ansible that is installed beside a Python, and demand that it ends well."""
    with _namespace(target, cluster) as namespace:
        account = test_cluster.account(cluster, namespace)
        variables = {
            "target": target,
            "test_namespace": namespace,
            "kubectl": cluster.kubectl,
            "images": cluster.images | {name: test_cluster.image(cluster, name) for name in _images(target)},
            "account_kubeconfig": str(account),
            "server": cluster.server,
            "ca_file": str(cluster.ca_file or ""),
            "static_pod_dir": str(cluster.static_pod_dir or ""),
            "host_address": cluster.host_address,
            "python": sys.executable,
            "stand_ins": str(HERE / "stand_ins"),
            "rbac_exec": str(test_cluster.accounts.RBAC.with_name("rbac-exec.yml")),
            "rbac_context": str(test_cluster.accounts.RBAC.with_name("rbac-context.yml")),
            "rbac_mark": str(test_cluster.accounts.RBAC.with_name("rbac-mark.yml")),
            "rbac_recycle": str(test_cluster.accounts.RBAC.with_name("rbac-recycle.yml")),
            "scratch": str(scratch),
        }
        (scratch / "variables.json").write_text(json.dumps(variables))
        vault_password = scratch / "vault-password"
        vault_password.write_text(secrets.token_hex())
        environment = ansible_environment(collections_path, python) | {
            "K8S_AUTH_KUBECONFIG": str(account),
            "ANSIBLE_ROLES_PATH": f"{HERE / 'targets'}{os.pathsep}{scratch}",
            "ANSIBLE_CONNECTION_PLUGINS": str(HERE / "stand_ins" / "connection"),
            "ANSIBLE_VAULT_PASSWORD_FILE": str(vault_password),
        }
        done = subprocess.run(
            [str(Path(python).with_name("ansible-playbook")), "-e", f"@{scratch}/variables.json", str(HERE / "run.yml")],
            env=environment,
            cwd=scratch,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{done.stdout[-12000:]}\n{done.stderr[-4000:]}"


def _images(target: str) -> set[str]:
    """The images that a target names."""
    return {name for path in (HERE / "targets" / target).rglob("*.yml") for name in re.findall(r"\bimages\.(\w+)", path.read_text())}


def ansible_environment(collections_path: Path, python: str = sys.executable) -> dict[str, str]:
    """The environment for Ansible: this collection, and nothing of the caller's own Ansible and Kubernetes settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "K8S_AUTH_", "KUBE"))}
    return kept | {
        "ANSIBLE_COLLECTIONS_PATH": str(collections_path),
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PYTHON_INTERPRETER": python,
        "PATH": f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}",
    }


@contextlib.contextmanager
def _namespace(target: str, cluster: test_cluster.Cluster) -> Iterator[str]:
    """A namespace of the run's own. It goes without being waited for."""
    name = f"kd-{target.replace('_', '-')}-{secrets.token_hex(3)}"
    try:
        yield name
    finally:
        subprocess.run([*cluster.kubectl, "delete", "namespace", name, "--ignore-not-found", "--wait=false"], check=True, stdout=subprocess.DEVNULL)
