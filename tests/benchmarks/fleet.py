# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task on many pods costs, next to a loop that only sends its writes, and how many connections it opens."""

from __future__ import annotations

import json
import ssl
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

import urllib3

from . import counting
from .figures import Figure, ratio
from .speed import EMPTY
from .stage import Stage, Task

CONCURRENCY = 8
LABEL = "fleet"
#: What a connection may be opened for besides the writes: the list, and a watch.
SPARE = 2


class Writer:
    """Sends requests as an account over pooled connections, some at once, and nothing else."""

    def __init__(self, stage: Stage, token: str) -> None:
        trust = ssl.create_default_context(cafile=str(stage.cluster.ca_file) if stage.cluster.ca_file else None)
        self._pool = urllib3.PoolManager(maxsize=CONCURRENCY, ssl_context=trust)
        self._url = f"{stage.cluster.server}/api/v1/namespaces/{stage.namespace}/pods"
        self._headers = {"Authorization": f"Bearer {token}"}

    def send(self, requests: t.Sequence[tuple[str, str, str, t.Any]]) -> float:
        """Send (method, path below the pods, content type, body) each, and return the seconds that it took. All have to succeed."""

        def one(request: tuple[str, str, str, t.Any]) -> None:
            method, path, content_type, body = request
            reply = self._pool.request(method, self._url + path, body=json.dumps(body), headers={**self._headers, "Content-Type": content_type}, retries=False)
            if reply.status >= 300:
                raise RuntimeError(f"{method} {path}: {reply.status} {reply.data[:500]!r}")

        start = time.monotonic()
        with ThreadPoolExecutor(CONCURRENCY) as threads:
            list(threads.map(one, requests))
        return time.monotonic() - start


def pods(stage: Stage, count: int) -> list[str]:
    """Make the pods, which no scheduler binds to a node, and return their names."""
    if stage.cluster.admin_token is None:
        raise RuntimeError(f"a cluster of kind {stage.cluster.kind} gives no token of an admin to make pods with")
    names = [f"fleet-{number:04d}" for number in range(count)]
    spec = {"schedulerName": "nobody", "containers": [{"name": "app", "image": stage.cluster.images["distroless"]}]}
    requests = [
        ("POST", "", "application/json", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {LABEL: "yes"}}, "spec": spec})
        for name in names
    ]
    Writer(stage, stage.cluster.admin_token).send(requests)
    return names


def task(stage: Stage, name: str, count: int, **options: t.Any) -> Task:
    """The task that adds a container to all of them."""
    ensured = stage.ensure(name, label_selectors=[f"{LABEL}=yes"], max_pods=count, concurrency=CONCURRENCY, wait=False, target=None, **options)
    del ensured["kubedebug.pods.ephemeral_container"]["pod"]
    return ensured


def writes(stage: Stage, names: t.Sequence[str], container: str, *, first: bool) -> list[tuple[str, str, str, t.Any]]:
    """The same writes as requests."""
    value = {"name": container, "image": stage.cluster.images["busybox"], "command": ["sleep", "3600"]}
    add = (
        {"op": "add", "path": "/spec/ephemeralContainers", "value": [value]} if first else {"op": "add", "path": "/spec/ephemeralContainers/-", "value": value}
    )
    query = "?fieldManager=loop&fieldValidation=Strict"
    return [("PATCH", f"/{name}/ephemeralcontainers{query}", "application/json-patch+json", [add]) for name in names]


def figures(stage: Stage, count: int, rounds: int, say: t.Callable[[str], None]) -> list[Figure]:
    """The ratio of the task, less an empty one, to the loop; and the connections of the task."""
    say(f"making {count} pods")
    names = pods(stage, count)
    loop = Writer(stage, stage.token)
    loop.send(writes(stage, names, "warm-up", first=True))
    ours: list[float] = []
    raw: list[float] = []
    for turn in range(rounds):
        empty = stage.play({EMPTY_TASK: {}})
        ours.append(stage.play(task(stage, f"task-{turn}", count), changed=1) - empty)
        raw.append(loop.send(writes(stage, names, f"loop-{turn}", first=False)))
        say(f"{count} pods: round {turn + 1} of {rounds}: task less {EMPTY} {ours[-1]:.2f} s, loop of writes {raw[-1]:.2f} s")
    with counting.proxy(stage.cluster.server, stage.cluster.ca_file, stage.scratch) as through:
        stage.play(task(stage, "counted", count, host=through.server, ca_cert=str(through.ca_file)), changed=1)
        opened, requests = len(through.connections), len(through.requests)
    most = CONCURRENCY + SPARE
    return [
        ratio(f"{count} pods: task less {EMPTY} / loop of writes", ours, raw, at_most=1.5),
        Figure(f"{count} pods: connections opened", str(opened), 1, f"{requests} requests", f"<= {most}", opened <= most),
    ]


EMPTY_TASK = "do_nothing"
