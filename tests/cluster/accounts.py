# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Namespaces of the tests, and service accounts in them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from .model import LABEL, Cluster, ClusterError, kubeconfig, write

RBAC = Path(__file__).parents[2] / "docs" / "rbac.yml"


def kubectl(cluster: Cluster, *arguments: str, text: str = "") -> str:
    """Run kubectl as admin and return its output."""
    environment = os.environ | {"NO_PROXY": "*"} if cluster.kind == "embedded" else None
    done = subprocess.run([*cluster.kubectl, *arguments], env=environment, input=text, check=False, capture_output=True, text=True)
    if done.returncode:
        raise ClusterError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def account(cluster: Cluster, namespace: str, name: str = "kubedebug") -> Path:
    """Return the kubeconfig of a service account in a namespace with the roles of docs/rbac.yml.

    The namespace is made if it is missing, and the account too: one that docs/rbac.yml does not name has no rights.
    """
    if not kubectl(cluster, "get", "namespace", namespace, "--ignore-not-found", "--output=name"):
        key, value = LABEL.split("=")
        document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": {key: value}}}
        kubectl(cluster, "create", "--filename=-", text=json.dumps(document))
    scope = f"--namespace={namespace}"
    kubectl(cluster, "apply", scope, f"--filename={RBAC}")
    if not kubectl(cluster, "get", "serviceaccount", name, scope, "--ignore-not-found", "--output=name"):
        kubectl(cluster, "create", "serviceaccount", name, scope)
    token = kubectl(cluster, "create", "token", name, scope, "--duration=8h").strip()
    path = cluster.state_dir / "accounts" / namespace / f"{name}.kubeconfig"
    where = json.loads(cluster.kubeconfig.read_text())["clusters"][0]["cluster"]
    write(path, kubeconfig(where, {"token": token}, cluster.name, namespace))
    return path
