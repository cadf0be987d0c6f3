# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of an embedded cluster are started with."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

from .images import PAUSE
from .machine import Network
from .model import kubeconfig

PARTS = ("etcd", "containerd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet")
ETCD = "http://127.0.0.1:2379"
VOLUME_PLUGINS = "/var/lib/kubelet/volume-plugins"
#: Policies that the collection ships, and that the API server of the tests runs with.
_DOCS = Path(__file__).parents[2] / "docs"
AUDIT_POLICY, POD_SECURITY = _DOCS / "audit-policy.yml", _DOCS / "pod-security.yml"
POLICIES = (AUDIT_POLICY, POD_SECURITY)
ISSUER = "https://kubernetes.default.svc.cluster.local"


def containerd_socket(state_dir: Path) -> Path:
    """Return where containerd listens, seen from outside of the cluster's mount namespace."""
    return state_dir / "run" / "containerd" / "containerd.sock"


def audit_log(state_dir: Path) -> Path:
    """Return where the API server records what docs/audit-policy.yml says."""
    return state_dir / "logs" / "audit.log"


@dataclasses.dataclass(frozen=True)
class Plan:
    """All that the parts have to agree on."""

    name: str
    identity: str
    state_dir: Path
    network: Network
    cni_folder: Path | None
    tokens: dict[str, str]
    """A token for the admin and for each part that is a client of the API server."""

    @property
    def server(self) -> str:
        """The API server's URL; port 443 makes it reachable at its cluster IP without kube-proxy."""
        return f"https://{self.network.node}"

    @property
    def ca_file(self) -> Path:
        """The API server's own certificate and authority, written when it starts."""
        return self.state_dir / "pki" / "apiserver.crt"

    @property
    def client_authority(self) -> tuple[Path, Path]:
        """The certificate and the key of the authority that signs client certificates."""
        return self.state_dir / "pki" / "clients.crt", self.state_dir / "pki" / "clients.key"

    @property
    def account_key(self) -> Path:
        """The key that signs service accounts' tokens."""
        return self.state_dir / "pki" / "service-accounts.key"

    @property
    def static_pod_dir(self) -> Path:
        """Where the kubelet looks for static pods."""
        return self.state_dir / "static-pods"

    def etc(self, name: str) -> Path:
        """Return the path of a configuration file."""
        return self.state_dir / "etc" / name

    def files(self) -> dict[str, str]:
        """Return the configuration files that need no certificate."""
        return {
            "tokens.csv": self._token_file(),
            "containerd.toml": self._containerd(),
            "cni/pods.conflist": json.dumps(self._cni(), indent=2),
            "kubelet.json": json.dumps(self._kubelet(), indent=2),
            **{policy.name: policy.read_text() for policy in POLICIES},
        }

    def kubeconfig(self, user: str) -> str:
        """Return the kubeconfig of the admin or a part."""
        authority = base64.b64encode(self.ca_file.read_bytes()).decode()
        cluster = {"server": self.server, "certificate-authority-data": authority}
        return kubeconfig(cluster, {"token": self.tokens[user]}, self.name)

    def command(self, part: str) -> list[str]:
        """Return the command line of a part."""
        sources: dict[str, Callable[[], dict[str, object]]] = {
            "etcd": self._etcd_flags,
            "containerd": lambda: {"config": self.etc("containerd.toml")},
            "kube-apiserver": self._api_server_flags,
            "kube-controller-manager": self._controller_manager_flags,
            "kube-scheduler": self._scheduler_flags,
            "kubelet": self._kubelet_flags,
        }
        program = self.state_dir / "bin" / part
        return [str(program), *(f"--{flag}={value}" for flag, value in sources[part]().items())]

    def _etcd_flags(self) -> dict[str, object]:
        return {"data-dir": self.state_dir / "etcd", "listen-client-urls": ETCD}

    def _api_server_flags(self) -> dict[str, object]:
        return {
            "etcd-servers": ETCD,
            "bind-address": "0.0.0.0",
            "secure-port": 443,
            "advertise-address": self.network.node,
            "cert-dir": self.ca_file.parent,
            "service-cluster-ip-range": self.network.services,
            "token-auth-file": self.etc("tokens.csv"),
            "client-ca-file": self.client_authority[0],
            "authorization-mode": "Node,RBAC",
            "enable-admission-plugins": "NodeRestriction",
            "admission-control-config-file": self.etc(POD_SECURITY.name),
            "audit-policy-file": self.etc(AUDIT_POLICY.name),
            "audit-log-path": audit_log(self.state_dir),
            "allow-privileged": "true",
            "service-account-issuer": ISSUER,
            "service-account-key-file": self.account_key,
            "service-account-signing-key-file": self.account_key,
            "kubelet-preferred-address-types": "InternalIP",
        }

    def _controller_manager_flags(self) -> dict[str, object]:
        return {
            "kubeconfig": self.etc("kube-controller-manager.kubeconfig"),
            "use-service-account-credentials": "true",
            "service-account-private-key-file": self.account_key,
            "root-ca-file": self.ca_file,
            "cluster-signing-cert-file": self.client_authority[0],
            "cluster-signing-key-file": self.client_authority[1],
            "flex-volume-plugin-dir": VOLUME_PLUGINS,
            "kube-api-burst": 1000,
            "kube-api-qps": 1000,
            "leader-elect": "false",
            "secure-port": 0,
        }

    def _scheduler_flags(self) -> dict[str, object]:
        return {
            "kubeconfig": self.etc("kube-scheduler.kubeconfig"),
            "leader-elect": "false",
            "secure-port": 0,
        }

    def _kubelet_flags(self) -> dict[str, object]:
        return {
            "config": self.etc("kubelet.json"),
            "kubeconfig": self.etc("kubelet.kubeconfig"),
            "hostname-override": self.name,
            "node-ip": self.network.node,
            "root-dir": self.state_dir / "kubelet",
            "cert-dir": self.state_dir / "kubelet" / "pki",
        }

    def _token_file(self) -> str:
        identities = {
            "admin": ("admin", "system:masters"),
            "kube-controller-manager": ("system:kube-controller-manager", ""),
            "kube-scheduler": ("system:kube-scheduler", ""),
            "kubelet": (f"system:node:{self.name}", "system:nodes"),
        }
        rows = (f'{self.tokens[client]},{user},{user},"{group}"' for client, (user, group) in identities.items())
        return "\n".join(rows) + "\n"

    def _containerd(self) -> str:
        return f"""\
version = 3
root = "{self.state_dir}/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri"]

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "{PAUSE}"

[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["{self.cni_folder}"]
conf_dir = "{self.etc("cni")}"
use_internal_loopback = true

[plugins."io.containerd.metadata.v1.bolt"]
no_sync = true
"""

    def _cni(self) -> dict[str, object]:
        bridge = {
            "type": "bridge",
            "bridge": "pods",
            "isDefaultGateway": True,
            "hairpinMode": True,
            "ipam": {
                "type": "host-local",
                "dataDir": str(self.state_dir / "cni" / "addresses"),
                "ranges": [[{"subnet": str(self.network.pods)}]],
            },
        }
        return {"cniVersion": "1.0.0", "name": self.identity, "plugins": [bridge]}

    def _kubelet(self) -> dict[str, object]:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
            "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
            "authorization": {"mode": "AlwaysAllow"},
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self.identity}/pods",
            "clusterDNS": [self.network.dns_service],
            "clusterDomain": "cluster.local",
            "enforceNodeAllocatable": [],
            "failCgroupV1": False,
            "failSwapOn": False,
            "makeIPTablesUtilChains": False,
            "resolvConf": "",
            "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
            "imageGCHighThresholdPercent": 100,
            "imageMinimumGCAge": "240h",
            "podLogsDir": str(self.state_dir / "pod-logs"),
            "staticPodPath": str(self.static_pod_dir),
            "volumePluginDir": VOLUME_PLUGINS,
        }
