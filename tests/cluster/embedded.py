# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real cluster of one node on this machine, without a container engine."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import secrets
import shutil
import ssl
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from . import build, images, machine, model, parts, trees
from .model import Cluster, ClusterError, Progress, Settings
from .parts import PARTS, Plan

CLIENTS = ("admin", "kube-controller-manager", "kube-scheduler", "kubelet")
PATIENCE = 120.0
OPENSSL_AUTHORITY = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650")
NOT_YET = (OSError, http.client.HTTPException)


def check(settings: Settings) -> None:
    """Refuse at once what cannot work here."""
    machine.check()
    if settings.state_dir.is_relative_to("/run"):
        raise ClusterError(f"{settings.state_dir}: the cluster has a /run of its own, set another CLUSTER_DIR")


def up(settings: Settings, say: Progress) -> Cluster:
    """Return the cluster, started if it is not there, and afresh if it is not well or of another build."""
    if cluster := model.load(settings):
        complaint = ailment(settings, cluster)
        if not complaint:
            return cluster
        say(f"{settings.name} is started afresh: {complaint}")
    build.check(settings.cache_dir)
    machine.provide(machine.missing_packages(), say)
    programs = build.programs(settings.cache_dir, say)
    archive = images.pack(settings.cache_dir, Path(str(shutil.which("busybox"))), say)
    down(settings, say)
    model.claim(settings)
    try:
        cluster = start(settings, programs, archive, say)
    except BaseException:
        machine.kill(settings.identity)
        raise
    model.save(settings, cluster)
    say(f"{settings.name} is up: Kubernetes {build.kubernetes_version()} at {cluster.server}")
    return cluster


def down(settings: Settings, say: Progress) -> None:
    """Leave nothing of the cluster behind, whatever state it is in."""
    model.check_ours(settings)
    if settings.state_dir.exists():
        say(f"taking {settings.name} down")
    machine.kill(settings.identity)
    machine.disconnect(settings.identity)
    machine.remove_groups(settings.identity)
    model.release(settings)


def image(settings: Settings, cluster: Cluster, name: str, say: Progress) -> str:
    """Return an image of trees.TREES, made and given to the cluster if need be."""
    image_name, archive = trees.pack(settings.cache_dir, name, say)
    given = settings.state_dir / "given" / archive.parent.name
    if not given.exists():
        say(f"giving the image {image_name} to {settings.name}")
        import_images(settings.state_dir, archive)
        given.parent.mkdir(exist_ok=True)
        given.touch()
    return image_name


def import_images(state_dir: Path, archive: Path) -> None:
    """Give an archive of images to containerd."""
    options = (f"--address={parts.containerd_socket(state_dir)}", "--namespace=k8s.io")
    machine.run([state_dir / "bin" / "ctr", *options, "images", "import", "--all-platforms", archive])


def fingerprint() -> str:
    """Name what a cluster is made of, to tell whether a running one is still what is wanted."""
    digest = hashlib.sha256(build.key((*build.cluster_builds(), images.PROGRAMS)).encode())
    for source in (__file__, images.__file__, machine.__file__, parts.__file__, *parts.POLICIES):
        digest.update(Path(source).read_bytes())
    return digest.hexdigest()[:16]


def build_file(settings: Settings) -> Path:
    """Return the file that holds the fingerprint of a cluster that was started."""
    return settings.state_dir / "build"


def running_parts(settings: Settings) -> dict[str, int]:
    """Return the process IDs of the parts that run."""
    programs = {str(settings.state_dir / "bin" / part): part for part in PARTS}
    lines = machine.command_lines(machine.members(settings.identity))
    return {programs[line[0]]: pid for pid, line in lines.items() if line[0] in programs}


def ailment(settings: Settings, cluster: Cluster) -> str | None:
    """Say what is wrong with a cluster that should be up."""
    if not build_file(settings).exists() or build_file(settings).read_text() != fingerprint():
        return "it is of another build"
    running = running_parts(settings)
    if missing := [part for part in PARTS if part not in running]:
        return f"without {', '.join(missing)}"
    try:
        api = Api(cluster.server, cluster.ca_file, cluster.admin_token)
        api.get("/readyz")
        return None if node_is_ready(api, cluster.name) else "the node is not ready"
    except NOT_YET as error:
        return f"the API server does not answer: {error}"


def describe(settings: Settings) -> list[tuple[str, str]]:
    """Return what there is to see of the cluster, for a person."""
    pids = running_parts(settings)
    return [
        ("versions", f"Kubernetes {build.kubernetes_version()}, containerd {build.containerd_version()}"),
        ("logs", str(settings.state_dir / "logs")),
        *((part, f"process {pids[part]}" if part in pids else "does not run") for part in PARTS),
    ]


class Api:
    """The few requests that it takes to see whether a cluster is well."""

    def __init__(self, server: str, ca_file: Path | None, token: str | None) -> None:
        self._server = server
        self._headers = {"Authorization": f"Bearer {token}"}
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)),
        )

    def get(self, path: str) -> bytes:
        """Return the body of a reply."""
        request = urllib.request.Request(self._server + path, headers=self._headers)
        with self._opener.open(request, timeout=5) as reply:
            body: bytes = reply.read()
        return body


def node_is_ready(api: Api, name: str) -> bool:
    """Tell whether the node takes pods."""
    node = json.loads(api.get(f"/api/v1/nodes/{name}"))
    conditions = {condition["type"]: condition["status"] for condition in node["status"].get("conditions", ())}
    return conditions.get("Ready") == "True" and not node["spec"].get("taints")


def start(settings: Settings, programs: Path, archive: images.Images, say: Progress) -> Cluster:
    """Start every part, from nothing, and wait until pods can run."""
    say(f"starting {settings.name} in {settings.state_dir}")
    state = settings.state_dir
    environment = {
        "PATH": f"{state}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(state),
    }
    shutil.copytree(programs, state / "bin", symlinks=True, copy_function=link_or_copy)
    (state / "logs").mkdir()
    build_file(settings).write_text(fingerprint())
    machine.create_groups(settings.identity)
    holder = machine.hold_namespaces(settings.identity, state, environment)
    plan = Plan(
        name=settings.name,
        identity=settings.identity,
        state_dir=state,
        network=machine.connect(settings.identity, holder),
        cni_folder=machine.cni_folder(),
        tokens={client: secrets.token_urlsafe(24) for client in CLIENTS},
    )
    for name, text in plan.files().items():
        model.write(plan.etc(name), text)
    for folder in (plan.static_pod_dir, plan.ca_file.parent, state / "kubelet"):
        folder.mkdir()
    machine.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", plan.account_key])
    certificate, key = plan.client_authority
    machine.run([*OPENSSL_AUTHORITY, "-subj", f"/CN={settings.name}-clients", "-out", certificate, "-keyout", key])

    node = Node(settings, plan, machine.enter(holder), environment)
    node.start("etcd", "containerd", "kube-apiserver")
    node.wait("containerd", parts.containerd_socket(state).stat)
    import_images(state, archive.archive)
    say("containerd has the images")
    node.wait("kube-apiserver", plan.ca_file.stat)
    api = Api(plan.server, plan.ca_file, plan.tokens["admin"])
    node.wait("kube-apiserver", lambda: api.get("/readyz"))
    say("the API server is ready")
    for client in CLIENTS:
        model.write(plan.etc(f"{client}.kubeconfig"), plan.kubeconfig(client))
    node.start("kube-controller-manager", "kube-scheduler", "kubelet")
    node.wait("kube-controller-manager", lambda: api.get("/api/v1/namespaces/default/serviceaccounts/default"))
    node.wait("kubelet", lambda: node_is_ready(api, settings.name))
    kubeconfig = plan.etc("admin.kubeconfig")
    return Cluster(
        kind="embedded",
        name=settings.name,
        kubeconfig=kubeconfig,
        kubectl=[
            str(state / "bin" / "kubectl"),
            f"--kubeconfig={kubeconfig}",
            f"--cache-dir={state / 'kubectl-cache'}",
        ],
        server=plan.server,
        ca_file=plan.ca_file,
        admin_token=plan.tokens["admin"],
        images=archive.names,
        static_pod_dir=plan.static_pod_dir,
        host_address=plan.network.host,
        state_dir=state,
    )


class Node:
    """Starts parts, and waits for what they do."""

    def __init__(self, settings: Settings, plan: Plan, enter: list[str], environment: dict[str, str]) -> None:
        self._settings = settings
        self._plan = plan
        self._enter = enter
        self._environment = environment
        self._started: dict[str, float] = {}

    def start(self, *names: str) -> None:
        """Start parts."""
        for part in names:
            command = [*self._enter, *self._plan.command(part)]
            machine.spawn(self._settings.identity, command, self._log(part), self._environment)
            self._started[part] = time.monotonic()

    def wait(self, part: str, ready: Callable[[], object]) -> None:
        """Wait until a part has done something, as long as all parts live."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if ready():
                    return
                reason = "it is not ready"
            except NOT_YET as error:
                reason = str(error)
            self._check_alive()
            if time.monotonic() > deadline:
                raise self._failure(part, f"took longer than {PATIENCE:.0f} s ({reason})")
            time.sleep(0.05)

    def _check_alive(self) -> None:
        running = running_parts(self._settings)
        for part, since in self._started.items():
            if part not in running and time.monotonic() > since + 1:
                raise self._failure(part, "has ended")

    def _failure(self, part: str, what: str) -> ClusterError:
        log = self._log(part)
        last = log.read_text(errors="replace").splitlines()[-10:]
        return ClusterError("\n".join([f"{part} {what}; the end of {log}:", *(f"  {line}" for line in last)]))

    def _log(self, part: str) -> Path:
        return self._settings.state_dir / "logs" / f"{part}.log"


def link_or_copy(source: str, target: str) -> None:
    """Make a hard link, or a copy where the file systems differ."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
