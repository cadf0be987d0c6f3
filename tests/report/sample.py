# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests as a bundle has them, to make reports of. Each holds to docs/manifest.schema.json, which the tests of the report check."""

from __future__ import annotations

import hashlib
import typing as t

Json = dict[str, t.Any]

FIRST, SECOND = "20261125T101112Z", "20261125T103000Z"
CART = {"namespace": "shop", "pod": "cart-7c9fd8b6c4-x2x9k", "uid": "5f0c2d9e-3a51-4a52-9c0e-1b1f0f9f7a01"}
PAY = {"namespace": "shop", "pod": "pay-66d5f7b9c8-q8wzl", "uid": "8be1b0aa-5d51-4c7e-b0a4-7f5b4f7d2c11"}
TOOLKIT = "registry.example/kubedebug/toolkit:0.1.0"


def sha256(of: str) -> str:
    return hashlib.sha256(of.encode()).hexdigest()


def container(name: str, started: str | None, finished: str | None = None, **more: t.Any) -> Json:
    state = "terminated" if finished else "running" if started else "waiting"
    return {
        "name": name,
        "kind": "container",
        "previous": False,
        "image": f"registry.example/shop/{name}:2.4.1",
        "image_id": f"registry.example/shop/{name}@sha256:{sha256(name)}",
        "container_id": f"containerd://{sha256(name + str(started))}",
        "state": state,
        "started_at": started,
        "finished_at": finished,
        "exit_code": 0 if finished else None,
        "reason": "Completed" if finished else None,
        "restarts": 0,
        **more,
    }


def pod(of: Json, containers: list[Json], **more: t.Any) -> Json:
    return {**of, "node": "worker-2", "phase": "Running", "created_at": "2026-11-12T07:30:00Z", "containers": containers, **more}


def answer(of: Json, preset: str, started: str | None, finished: str | None, **more: t.Any) -> Json:
    made = {
        **of,
        "node": "worker-2",
        "preset": preset,
        "container": f"kd-{preset}-{sha256(of['pod'] + preset)[:10]}",
        "changed": True,
        "state": "complete",
        "ok": True,
        "summary": f"{preset.capitalize()}: nothing is wrong",
        "problems": [],
        "image": TOOLKIT,
        "image_id": f"registry.example/kubedebug/toolkit@sha256:{sha256('toolkit')}",
        "container_id": f"containerd://{sha256(of['pod'] + preset)}",
        "command": [preset, "--limit", "200"],
        "started_at": started,
        "finished_at": finished,
        "exit_code": 0,
        "seconds": 2.4,
        "timed_out": False,
        "wrote_to_target": False,
        "sha256_source": sha256(f"{of['pod']} {preset} output"),
    }
    return {**made, **more}


def file(path: str, kind: str, run: str, size: int, **more: t.Any) -> Json:
    return {
        "path": path,
        "kind": kind,
        "run": run,
        "bytes": size,
        "sha256": sha256(path),
        "sha256_source": None if kind == "context" else sha256(path),
        "sha256_received": sha256(path),
        "redactions": {},
        "sensitive": False,
        "truncated": False,
        "problem": None,
        **more,
    }


def run(name: str, started: str, finished: str | None, **more: t.Any) -> Json:
    return {
        "id": name,
        "started_at": started,
        "finished_at": finished,
        "tool": {"kubedebug.pods": "0.1.0", "ansible-core": "2.21.5", "kubernetes": "37.0.2"},
        "asked": {
            "by": "alertmanager via awx job 4711",
            "reason": "CartLatencyHigh: p99 over 2 s for 10 minutes",
            "alert_sha256": sha256("alert"),
            "namespace": "shop",
            "which": "workload deployment/cart",
            "target": "cart",
            "presets": ["process", "sockets", "dns", "jvm", "capture"],
            "approved_class": 1,
            "window": 900,
        },
        "changed": True,
        "clock_skew": 0,
        "pods": [],
        "answers": [],
        "refusals": [],
        "steps": [],
        **more,
    }


def manifest(runs: list[Json], files: list[Json], **more: t.Any) -> Json:
    return {
        "schema": "kubedebug.pods/manifest/1",
        "incident": "CartLatencyHigh-7f3a9c",
        "cluster": "prod-eu-1",
        "created_at": "2026-11-25T10:11:12Z",
        "runs": runs,
        "files": files,
        **more,
    }


def fine() -> Json:
    """One run that found nothing and missed nothing."""
    looked = pod(CART, [container("cart", "2026-11-12T07:30:09Z")])
    answers = [
        answer(CART, "process", "2026-11-25T10:11:14Z", "2026-11-25T10:11:16Z"),
        answer(CART, "dns", "2026-11-25T10:11:15Z", "2026-11-25T10:11:17Z"),
    ]
    stored = [file(f"context/shop/{CART['pod']}/{FIRST}/pod.yaml", "context", FIRST, 8123, **CART)]
    return manifest([run(FIRST, "2026-11-25T10:11:12Z", "2026-11-25T10:11:20Z", pods=[looked], answers=answers)], stored)


def rich() -> Json:
    """Two pods, two runs of which the first was interrupted, and one of everything that can go wrong."""
    crash = {"exit_code": 137, "reason": "OOMKilled"}
    debug = {"kind": "ephemeral", "image": TOOLKIT}
    process, sockets, dns, jvm = (answer(CART, each, None, None)["container"] for each in ("process", "sockets", "dns", "jvm"))
    before = [
        container("cart", "2026-11-25T09:31:40Z", "2026-11-25T09:58:03Z", previous=True, restarts=3, **crash),
        container("cart", "2026-11-25T09:58:05Z", restarts=3),
        container("envoy", "2026-11-12T07:30:09Z"),
        container("migrate", "2026-11-12T07:30:02Z", "2026-11-12T07:30:07Z", kind="init"),
        container(process, "2026-11-25T10:11:14Z", "2026-11-25T10:11:17Z", **debug),
    ]
    after = [
        container("cart", "2026-11-25T09:58:05Z", "2026-11-25T10:26:41Z", previous=True, restarts=4, **crash),
        container("cart", None, state="waiting", reason="CrashLoopBackOff", restarts=4),
        *before[2:],
        container(sockets, "2026-11-25T10:30:02Z", "2026-11-25T10:30:05Z", **debug),
        container(dns, "2026-11-25T10:30:03Z", "2026-11-25T10:30:09Z", exit_code=1, reason="Error", **debug),
    ]
    gone = [container("pay", "2026-11-20T11:00:00Z")]
    first = run(
        FIRST,
        "2026-11-25T10:11:12Z",
        None,
        clock_skew=None,
        pods=[pod(CART, before), pod(PAY, gone, node="worker-5")],
        answers=[
            answer(
                CART,
                "process",
                "2026-11-25T10:11:14Z",
                "2026-11-25T10:11:17Z",
                ok=False,
                summary="Process: java (pid 1) uses 1.9 GiB of 2 GiB",
                problems=["java (pid 1) holds 98 % of the container's memory limit of 2 GiB", "1023 of 1024 file descriptors are open"],
            )
        ],
        steps=[
            {"step": "bundle", "state": "interrupted", "msg": "the run was ended by SIGINT while it stored sockets", "namespace": "shop", "pod": CART["pod"]},
        ],
    )
    second = run(
        SECOND,
        "2026-11-25T10:30:00Z",
        "2026-11-25T10:31:12Z",
        clock_skew=3,
        asked={**first["asked"], "by": "anna@example.org", "reason": "again, after the second restart", "alert_sha256": None, "approved_class": 2},
        pods=[pod(CART, after), pod(PAY, gone, node="worker-5", phase="Vanished", created_at=None)],
        answers=[
            answer(
                CART,
                "process",
                "2026-11-25T10:11:14Z",
                "2026-11-25T10:11:17Z",
                changed=False,
                ok=False,
                summary="Process: java (pid 1) uses 1.9 GiB of 2 GiB",
                problems=["java (pid 1) holds 98 % of the container's memory limit of 2 GiB", "1023 of 1024 file descriptors are open"],
            ),
            answer(
                CART,
                "sockets",
                "2026-11-25T10:30:02Z",
                "2026-11-25T10:30:05Z",
                summary="Sockets: 41 connections, none waits",
            ),
            answer(
                CART,
                "dns",
                "2026-11-25T10:30:03Z",
                "2026-11-25T10:30:09Z",
                ok=False,
                exit_code=1,
                seconds=5.8,
                summary="Dns: pay.shop.svc.cluster.local is not known to 10.96.0.10",
                problems=["10.96.0.10 answers NXDOMAIN for pay.shop.svc.cluster.local"],
            ),
            answer(
                CART,
                "jvm",
                "2026-11-25T10:30:10Z",
                "2026-11-25T10:31:10Z",
                state="partial",
                ok=False,
                exit_code=143,
                seconds=60,
                timed_out=True,
                wrote_to_target=True,
                summary="Jvm: 3 threads wait for one lock; the heap was not written in time",
                problems=["http-nio-8080-exec-3 holds the lock that 212 threads wait for"],
            ),
            answer(
                CART,
                "capture",
                None,
                None,
                state="skipped",
                ok=False,
                container=None,
                changed=False,
                image_id=None,
                container_id=None,
                exit_code=None,
                seconds=None,
                timed_out=None,
                sha256_source=None,
                summary="Capture: left out: Pod Security forbids NET_RAW in shop",
            ),
            answer(
                PAY,
                "process",
                None,
                None,
                node=None,
                state="failed",
                ok=False,
                container=None,
                changed=False,
                image=None,
                image_id=None,
                container_id=None,
                exit_code=None,
                seconds=None,
                timed_out=None,
                sha256_source=None,
                summary="Process: the pod was deleted before the container started",
                problems=["the pod was deleted before the container started"],
            ),
        ],
        refusals=[
            {
                "guard": "class",
                "value": 3,
                "limit": 2,
                "variable": "debug_approved_class",
                "msg": "capture is of class 3, and class 2 is approved (guard class): debug_approved_class moves it",
                "namespace": "shop",
                "pod": CART["pod"],
            },
            {"guard": "disabled", "value": True, "limit": None, "variable": None, "msg": "shop/pay is annotated kubedebug.pods/disabled (guard disabled)"},
        ],
        steps=[
            {
                "step": "context",
                "state": "failed",
                "msg": "network policies: the account may not list them in shop",
                "namespace": "shop",
                "pod": None,
            },
            {"step": "preset", "state": "failed", "msg": "Process: the pod was deleted before the container started", **_named(PAY), "preset": "process"},
            {"step": "fetch", "state": "partial", "msg": "heap.hprof.gz.partial: the preset could not make it whole", **_named(CART), "preset": "jvm"},
        ],
    )
    return manifest([first, second], _files(process, jvm))


def _named(of: Json) -> Json:
    return {"namespace": of["namespace"], "pod": of["pod"]}


def _files(process: str, jvm: str) -> list[Json]:
    context = f"context/shop/{CART['pod']}/{FIRST}"
    again = f"context/shop/{CART['pod']}/{SECOND}"
    of_process = {**CART, "preset": "process", "container": process}
    of_jvm = {**CART, "preset": "jvm", "container": jvm}
    artifacts = f"artifacts/shop/{CART['pod']}"
    log = file(f"{context}/logs/cart.previous.log", "context", FIRST, 10485760, truncated=True, redactions={"bearer_token": 12, "password": 2}, **CART)
    return [
        file(f"{context}/pod.yaml", "context", FIRST, 8123, redactions={"environment": 9}, **CART),
        file(f"{context}/owners.yaml", "context", FIRST, 5210, **CART),
        file(f"{context}/events.json", "context", FIRST, 14022, **CART),
        {**log, "sha256_received": sha256("the log before redaction")},
        file(f"{again}/pod.yaml", "context", SECOND, 9410, **CART),
        file(f"{artifacts}/process/{process}/result.json", "answer", FIRST, 2210, **of_process),
        file(f"{artifacts}/process/{process}/stdout.txt", "output", FIRST, 48213, **of_process),
        file(f"{artifacts}/process/{process}/stderr.txt", "recovered", SECOND, 0, sha256_source=None, sha256_received=None, **of_process),
        file(f"{artifacts}/jvm/{jvm}/result.json", "answer", SECOND, 3100, **of_jvm),
        file(f"{artifacts}/jvm/{jvm}/heap.hprof.gz.partial", "fetched", SECOND, 734003200, sensitive=True, truncated=True, **of_jvm),
        file(
            f"{artifacts}/jvm/{jvm}/threads.txt",
            "fetched",
            SECOND,
            912345,
            sha256_source=sha256("as it was there"),
            problem="what came here is not what was there: the file changed while it was read",
            **of_jvm,
        ),
    ]
