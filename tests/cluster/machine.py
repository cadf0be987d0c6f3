# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an embedded cluster takes of the machine: packages, control groups, namespaces, a network link."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import ipaddress
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from .model import ClusterError, Progress

PACKAGES = {
    "busybox": "busybox-static",
    "ip": "iproute2",
    "mount": "mount",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "runc": "runc",
}
CNI_PACKAGE = "containernetworking-plugins"
CNI_FOLDERS = ("/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni")
CONTROLLERS = ("cpu", "cpuset", "memory", "pids", "io", "hugetlb")
NEEDED_CONTROLLERS = {"cpu", "cpuset", "memory", "pids"}
NETWORK = ipaddress.IPv4Network("10.203.0.0/16")
WIDE = 9  # routes this wide, such as a VPN's 10.0.0.0/8, give way to ours

JOIN = 'set -eu; for group in $1; do echo $$ > "$group/cgroup.procs"; done; shift; exec "$@"'

TUNABLES = {
    "kernel/keys/root_maxbytes": 25_000_000,
    "kernel/keys/root_maxkeys": 1_000_000,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
}
"""What the kubelet wants to set: it is shown these values, the machine keeps its own."""

HOLD = """\
set -eu
state=$1
mount --bind "$state/run" /run
mkdir /run/state /run/scratch
mount --bind "$state" /run/state
mount -t tmpfs scratch /run/scratch
mkdir /run/scratch/upper /run/scratch/work
mount -t overlay -o lowerdir=/var,upperdir=/run/scratch/upper,workdir=/run/scratch/work scratch /var
mount --move /run/state "$state"
cd "$state/tunables"
for file in *; do
    tunable="/proc/sys/$(echo "$file" | tr . /)"
    if [ -e "$tunable" ]; then mount --bind "$file" "$tunable"; fi
done
echo 1 > /proc/sys/net/ipv4/ip_forward
echo $$ > "$state/holder.new"
mv "$state/holder.new" "$state/holder"
exec sleep infinity
"""


def check() -> None:
    """Refuse a machine or a user that cannot have an embedded cluster."""
    if sys.platform != "linux":
        raise ClusterError(f"missing: Linux (this is {sys.platform}; CLUSTER=kubeconfig or kind may do)")
    if os.geteuid():
        raise ClusterError("missing: root (an embedded cluster makes namespaces and control groups)")


def provide(packages: list[str], say: Progress) -> None:
    """Install Debian packages, or say which are missing."""
    if not packages:
        return
    names = " ".join(packages)
    if not shutil.which("apt-get"):
        raise ClusterError(f"missing: {names} (Debian's names; there is no apt-get to install them)")
    say(f"installing {names}")
    if install(packages).returncode:
        apt(["update"])
        done = install(packages)
        if done.returncode:
            reason = next((line for line in done.stderr.splitlines() if line.startswith("E: ")), "apt-get failed")
            raise ClusterError(f"missing: {names} ({reason})")


def missing_packages() -> list[str]:
    """Return the Debian packages to install."""
    packages = [package for command, package in PACKAGES.items() if not shutil.which(command)]
    if "busybox-static" not in packages and not is_static("busybox"):
        packages.append("busybox-static")
    if not cni_folder():
        packages.append(CNI_PACKAGE)
    return sorted(packages)


def is_static(command: str) -> bool:
    """Tell whether a program runs without shared libraries."""
    path = shutil.which(command)
    return bool(path) and bool(subprocess.run(["ldd", str(path)], check=False, capture_output=True).returncode)


def cni_folder() -> Path | None:
    """Return the folder of the CNI plugins, if they are installed."""
    return next((Path(folder) for folder in CNI_FOLDERS if Path(folder, "bridge").exists()), None)


def install(packages: list[str]) -> subprocess.CompletedProcess[str]:
    """Install Debian packages."""
    return apt(["install", "--yes", "--no-install-recommends", *packages])


def apt(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run apt-get without questions."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(
        ["apt-get", *arguments],
        env=environment,
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def run(command: Iterable[str | Path], text: str = "") -> str:
    """Run a command and return its output; on failure raise what it said."""
    argv = [str(argument) for argument in command]
    done = subprocess.run(argv, input=text, check=False, capture_output=True, text=True)
    if done.returncode:
        raise ClusterError(f"{' '.join(argv)}: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout


def spawn(identity: str, command: Iterable[str | Path], log: Path, environment: dict[str, str]) -> None:
    """Start a process in the cluster's control group, in a session of its own and no child of ours."""
    groups = " ".join(str(path / identity / "parts") for path, _v2 in hierarchies())
    with log.open("ab") as output:
        subprocess.run(
            ["setsid", "--fork", "sh", "-c", JOIN, "sh", groups, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=environment,
            check=True,
        )


def hierarchies() -> list[tuple[Path, bool]]:
    """Return where control groups are mounted, and whether in version 2."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [(Path(fields[1]), fields[2] == "cgroup2") for fields in mounts if fields[2] in ("cgroup", "cgroup2")]


def create_groups(identity: str) -> None:
    """Make the control groups of the cluster's parts and of its pods."""
    only_v2 = all(v2 for _root, v2 in hierarchies())
    for root, v2 in hierarchies():
        top = root / identity
        top.mkdir(exist_ok=True)
        if only_v2:
            enable_controllers(root)
            enable_controllers(top)
        for group in (top, top / "parts", top / "pods"):
            group.mkdir(exist_ok=True)
            for name in () if v2 else ("cpuset.cpus", "cpuset.mems"):
                if (group / name).exists():
                    (group / name).write_text((group.parent / name).read_text())


def enable_controllers(group: Path) -> None:
    """Hand the controllers of a version 2 group on to its children."""
    available = (group / "cgroup.controllers").read_text().split()
    control = group / "cgroup.subtree_control"
    for controller in CONTROLLERS:
        if controller in available:
            with contextlib.suppress(OSError):
                control.write_text(f"+{controller}")
    refused = NEEDED_CONTROLLERS - set(control.read_text().split())
    if refused:
        raise ClusterError(f"the control groups in {group} do not hand on: {' '.join(sorted(refused))}")


def members(identity: str) -> set[int]:
    """Return the process IDs in the cluster's control groups."""
    found: set[int] = set()
    for root, _v2 in hierarchies():
        for folder, _folders, _files in os.walk(root / identity):
            with contextlib.suppress(OSError):
                found.update(map(int, Path(folder, "cgroup.procs").read_text().split()))
    return found


def kill(identity: str) -> None:
    """End every process of the cluster."""
    deadline = time.monotonic() + 30
    while pids := members(identity):
        if time.monotonic() > deadline:
            raise ClusterError(f"these processes do not end: {' '.join(map(str, sorted(pids)))}")
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def remove_groups(identity: str) -> None:
    """Remove the cluster's control groups, which are empty or about to be."""
    deadline = time.monotonic() + 10
    for root, _v2 in hierarchies():
        while (root / identity).exists():
            for folder, _folders, _files in os.walk(root / identity, topdown=False):
                with contextlib.suppress(OSError):
                    Path(folder).rmdir()
            if time.monotonic() > deadline:
                raise ClusterError(f"{root / identity} cannot be removed")


def command_lines(pids: Iterable[int]) -> dict[int, list[str]]:
    """Return the arguments of the processes that (still) have some."""
    lines = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            if text := Path(f"/proc/{pid}/cmdline").read_bytes():
                lines[pid] = text.rstrip(b"\0").decode(errors="replace").split("\0")
    return lines


def hold_namespaces(identity: str, state_dir: Path, environment: dict[str, str]) -> int:
    """Start the process that holds the cluster's mount and network namespaces and return its ID.

    All mounts of the cluster live and die with the namespace. Inside, /run is a folder of the state directory, and what
    is written to /var outside of the state directory goes to memory: some paths there cannot be configured.
    """
    for folder in ("run", "tunables"):
        (state_dir / folder).mkdir()
    for tunable, value in TUNABLES.items():
        (state_dir / "tunables" / tunable.replace("/", ".")).write_text(f"{value}\n")
    log = state_dir / "logs" / "namespaces.log"
    unshare = ("unshare", "--mount", "--net", "--propagation", "slave")
    spawn(identity, [*unshare, "sh", "-c", HOLD, "sh", state_dir], log, environment)
    deadline = time.monotonic() + 10
    while not (state_dir / "holder").exists():
        if time.monotonic() > deadline:
            raise ClusterError(f"no namespaces: {log.read_text().strip()}")
        time.sleep(0.01)
    return int((state_dir / "holder").read_text())


def enter(holder: int) -> list[str]:
    """Return how to start a command in the cluster's namespaces."""
    return ["nsenter", f"--target={holder}", "--mount", "--net", "--"]


@dataclasses.dataclass(frozen=True)
class Network:
    """A cluster's addresses: one of the 256 slots of NETWORK."""

    slot: int

    @property
    def subnet(self) -> ipaddress.IPv4Network:
        """All of the slot."""
        return ipaddress.IPv4Network((int(NETWORK.network_address) + 256 * self.slot, 24))

    @property
    def host(self) -> str:
        """The address of the machine, seen from the cluster."""
        return str(self.subnet[1])

    @property
    def node(self) -> str:
        """The address of the node, and of the API server."""
        return str(self.subnet[2])

    @property
    def services(self) -> ipaddress.IPv4Network:
        """The range of cluster IPs."""
        return ipaddress.IPv4Network((int(self.subnet[64]), 26))

    @property
    def api_service(self) -> str:
        """The cluster IP of the API server, which Kubernetes gives it."""
        return str(self.services[1])

    @property
    def dns_service(self) -> str:
        """The cluster IP of a name server that there is not: names fail at once, not after a time-out."""
        return str(self.services[10])

    @property
    def pods(self) -> ipaddress.IPv4Network:
        """The range of pod IPs."""
        return ipaddress.IPv4Network((int(self.subnet[128]), 25))


def link_name(identity: str) -> str:
    """Return the name of the cluster's network link, within the 15 bytes that there are."""
    return f"kubedebug{identity[-6:]}"


def connect(identity: str, holder: int) -> Network:
    """Link the cluster's network namespace with the machine's, in a free slot."""
    link = link_name(identity)
    with network_lock():
        network = free_network()
        run(["ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", str(holder)])
        batch(
            ["nsenter", f"--target={holder}", "--net"],
            "link set lo up",
            f"address add {network.api_service}/32 dev lo",
            f"address add {network.dns_service}/32 dev lo",
            f"address add {network.node}/30 dev eth0",
            "link set eth0 up",
        )
        batch(
            [],
            f"address add {network.host}/30 dev {link}",
            f"link set {link} up",
            f"route add {network.pods} via {network.node} dev {link}",
        )
    return network


def batch(prefix: list[str], *commands: str) -> None:
    """Run several ip commands."""
    run([*prefix, "ip", "-batch", "-"], "\n".join(commands) + "\n")


@contextlib.contextmanager
def network_lock() -> Iterator[None]:
    """Let one cluster at a time choose its slot; the lock needs no file of its own."""
    folder = os.open("/var/lib", os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def free_network() -> Network:
    """Return the first slot that no route of this machine leads to."""
    routes = [route["dst"] for route in json.loads(run(["ip", "-4", "-json", "route"])) if route["dst"] != "default"]
    taken = [network for network in map(ipaddress.IPv4Network, routes) if network.prefixlen >= WIDE]
    for slot in range(256):
        network = Network(slot)
        if not any(network.subnet.overlaps(other) for other in taken):
            return network
    raise ClusterError(f"every slot of {NETWORK} is taken: see `ip route`")


def disconnect(identity: str) -> None:
    """Remove the network link, which also goes by itself a moment after the namespace."""
    link = link_name(identity)
    deadline = time.monotonic() + 10
    while Path("/sys/class/net", link).exists():
        subprocess.run(["ip", "link", "delete", link], check=False, capture_output=True)
        if time.monotonic() > deadline:
            raise ClusterError(f"the network link {link} cannot be removed")
