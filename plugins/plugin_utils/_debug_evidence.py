# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What a run of the entry point ``collect`` puts into a bundle: a run of its manifest, and files. Pure, but for the clock that callers read.

docs/evidence.md describes the bundle, docs/manifest.schema.json the manifest, whose terms are used here.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import typing as t
from pathlib import Path

import yaml

from ._debug_redact import Redactor, load, redact_data, redact_text

#: RFC 3227, 2.1: what is soonest gone comes first. Presets that only ask others (names, ports, certificates) lose nothing by waiting.
ORDER = (
    "sockets",
    "process",
    "pressure",
    "capture",
    "trace",
    "runtime",
    "jvm",
    "python",
    "node",
    "go",
    "forensic",
    "filesystem",
    "db",
    "connect",
    "dns",
    "tls",
)
_STATUSES = {"initContainerStatuses": "init", "containerStatuses": "container", "ephemeralContainerStatuses": "ephemeral"}
#: Part of the context -> file. Lists that are short in YAML, as kubectl prints it; events as one JSON list.
_DOCUMENTS = {
    "pod": "pod.yaml",
    "owners": "owners.yaml",
    "node": "node.yaml",
    "namespace": "namespace.yaml",
    "events": "events.json",
    "network_policies": "network_policies.yaml",
    "pod_disruption_budgets": "pod_disruption_budgets.yaml",
}
_Redactors = t.Sequence[Redactor]


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # which of the two it is depends on how PyYAML was built
    def ignore_aliases(self, _data: t.Any) -> bool:
        return True


def order(presets: t.Iterable[str]) -> list[str]:
    """The presets, each once, in the order of volatility."""
    return sorted(dict.fromkeys(presets), key=lambda preset: ORDER.index(preset) if preset in ORDER else len(ORDER))


def version() -> str:
    """This collection's: of the archive that it was installed from, or of the checkout."""
    root = Path(__file__).parents[2]
    with contextlib.suppress(OSError, ValueError, KeyError):
        return str(json.loads((root / "MANIFEST.json").read_text(encoding="utf-8"))["collection_info"]["version"])
    with contextlib.suppress(OSError, ValueError, KeyError):
        return str(yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"])
    return "unknown"


def begin(asked: t.Mapping[str, t.Any], tool: t.Mapping[str, str], alert: t.Any, now: float) -> dict[str, t.Any]:
    """A run that has just begun. ``asked`` has by, reason, namespace, which, target, presets, approved_class and window; ``alert`` is any value, or nothing."""
    moment = datetime.datetime.fromtimestamp(now, datetime.timezone.utc)
    told = json.dumps(alert, sort_keys=True, ensure_ascii=True, default=str).encode() if alert else None
    return {
        "id": moment.strftime("%Y%m%dT%H%M%SZ"),
        "started_at": _time(now),
        "finished_at": None,
        "tool": dict(tool),
        "asked": {**asked, "alert_sha256": told and hashlib.sha256(told).hexdigest()},
        "changed": False,
        "clock_skew": None,
        "pods": [],
        "answers": [],
        "refusals": [],
        "steps": [],
    }


def _time(now: float) -> str:
    return datetime.datetime.fromtimestamp(now, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def context(run: t.Mapping[str, t.Any], looks: t.Sequence[t.Mapping[str, t.Any]], masked: t.Sequence[t.Any]) -> dict[str, t.Any]:
    """(``run`` with what is known of the pods now, ``files`` of the context). ``looks``: what pod_context_info returned for each pod, failed or not.
    ``masked``: redactors, as data."""
    redactors = load(masked)
    run = {**run, "pods": [], "steps": list(run["steps"])}
    if not masked:
        words = "No secret was masked, as debug_redact is false"
        run["steps"].append({"step": "redaction", "state": "skipped", "msg": words, "namespace": None, "pod": None})
    files: list[dict[str, t.Any]] = []
    for look in looks:
        place = {"namespace": look["_debug_each"].get("namespace"), "pod": look["_debug_each"]["pod"]}
        found = look.get("context")
        if not found:
            run["steps"].append({"step": "context", "state": "failed", "msg": str(look.get("msg", "nothing was said")), **place})
            continue
        run["steps"] += [{"step": "context", "state": "partial", "msg": problem["msg"], **place} for problem in look.get("problems") or ()]
        run["pods"].append(_pod(found["pod"]))
        run["clock_skew"] = found.get("clock_skew")
        if found.get("version"):
            run["tool"] = {**run["tool"], "kubernetes": str(found["version"])}
        files += _documents(run["id"], found, redactors)
    return {"run": run, "files": _marked(files, masked)}


def finish(
    run: t.Mapping[str, t.Any],
    answered: t.Mapping[str, t.Mapping[str, t.Mapping[str, t.Any]]],
    plans: t.Sequence[t.Mapping[str, t.Any]],
    looks: t.Sequence[t.Mapping[str, t.Any]],
    masked: t.Sequence[t.Any],
    now: float,
) -> dict[str, t.Any]:
    """(``run`` with all answers, ``files`` of the answers and of the last look). ``answered`` is the role's ``debug_results``, ``looks`` what
    pod_context_info returned for each pod after the presets, failed or not."""
    redactors = load(masked)
    run = {**run, "pods": [dict(pod) for pod in run["pods"]], "steps": list(run["steps"])}
    files: list[dict[str, t.Any]] = []
    seen: dict[str, dict[str, t.Any]] = {}
    for look in looks:
        name = look["_debug_each"]["pod"]
        known = next((pod for pod in run["pods"] if pod["pod"] == name), None)
        after = (look.get("context") or {}).get("pod")
        if after is None:
            failure = look.get("failure") or {}
            gone = failure.get("code") in ("pod_not_found", "pod_replaced")
            words = "The pod was gone when all presets were through" if gone else f"The pod could not be read once more: {look.get('msg')}"
            run["steps"].append({"step": "context", "state": "partial", "msg": words, "namespace": look["_debug_each"].get("namespace"), "pod": name})
            if known and gone:
                known["phase"] = "Vanished"
            continue
        seen[name] = after
        if known:
            known.update(_pod(after))
        files.append(_yaml(f"{_folder(run['id'], after)}/pod.after.yaml", after, _labels("context", after), redactors))
    by_preset = {plan["preset"]: plan for plan in plans}
    run["answers"] = []
    for name, presets in answered.items():
        for preset, found in presets.items():
            answer = _answer(name, found, by_preset.get(preset) or {}, seen.get(name) or {})
            run["answers"].append(redact_data(answer, redactors)[0])
            if found["state"] in ("failed", "skipped", "partial"):
                step = {"step": "preset", "state": found["state"], "msg": redact_text(found["summary"], redactors)[0], "preset": preset}
                run["steps"].append({**step, "namespace": found.get("namespace"), "pod": name})
            files += _outputs(name, found, redactors)
    run["changed"] = any(answer["changed"] for answer in run["answers"])
    run["steps"] = [{**step, "msg": redact_text(step["msg"], redactors)[0]} for step in run["steps"]]
    run["finished_at"] = _time(now)
    return {"run": run, "files": _marked(files, masked)}


def _marked(files: list[dict[str, t.Any]], masked: t.Sequence[t.Any]) -> list[dict[str, t.Any]]:
    """Where nothing is masked, all that is stored may hold secrets."""
    return files if masked else [{**file, "sensitive": True} for file in files]


def collected(
    stored: t.Mapping[str, t.Any], sealed: t.Mapping[str, t.Any], opened: t.Mapping[str, t.Any], run: t.Mapping[str, t.Any], check_mode: bool
) -> dict[str, t.Any]:
    """What the tasks and jobs that follow are told: ``summary`` is one line for a person."""
    runs = (stored.get("manifest") or {}).get("runs") or ()
    run = next((one for one in runs if one["id"] == opened["run"]), run)
    answers, refusals = run["answers"], [refusal["msg"] for refusal in run["refusals"]]
    answered = [answer for answer in answers if answer["state"] in ("complete", "partial", "running", "planned")]
    findings = [problem for answer in answers for problem in answer["problems"] if answer["state"] != "failed"]
    pods = {answer["pod"] for answer in answered}
    words = [f"{len(findings)} finding{_s(findings)} in {len(answered)} answer{_s(answered)} of {len(pods)} pod{_s(pods)}"]
    if run["steps"]:
        words.append(f"{len(run['steps'])} step{_s(run['steps'])} not complete")
    if refusals:
        words.append(f"{len(refusals)} refused: {' '.join(refusals[:3])}")
    path = opened.get("path")
    return {
        "summary": f"Evidence{' of what would be run' if check_mode else f' in {path}'}: {'; '.join(words)}",
        "path": path,
        "report": f"{path}/report.html" if path and not check_mode else None,
        "digest": sealed.get("digest"),
        "run": opened["run"],
        "continued": bool(opened.get("continued")),
        "changed": run["changed"],
        "answered": len(answered),
        "findings": findings,
        "refusals": refusals,
        "steps": run["steps"],
    }


def _s(many: t.Sized) -> str:
    return "" if len(many) == 1 else "s"


def _documents(run: str, found: t.Mapping[str, t.Any], redactors: _Redactors) -> list[dict[str, t.Any]]:
    folder, labels = _folder(run, found["pod"]), _labels("context", found["pod"])
    files = []
    for part, name in _DOCUMENTS.items():
        if not found.get(part):
            continue
        if name.endswith(".json"):
            data, counts = redact_data(_plain(found[part]), redactors)
            files.append({"path": f"{folder}/{name}", "content": json.dumps(data, indent=1) + "\n", "redactions": counts, **labels})
        else:
            files.append(_yaml(f"{folder}/{name}", found[part], labels, redactors))
    for log in found.get("logs") or ():
        content, counts = redact_text(log["log"], redactors)
        path = f"{folder}/logs/{log['container']}{'.previous' if log['previous'] else ''}.log"
        received = hashlib.sha256(log["log"].encode("utf-8", errors="surrogatepass")).hexdigest()
        files.append({"path": path, "content": content, "redactions": counts, "truncated": bool(log["log_truncated"]), "sha256_received": received, **labels})
    return files


def _yaml(path: str, document: t.Any, labels: t.Mapping[str, t.Any], redactors: _Redactors) -> dict[str, t.Any]:
    documents = document if isinstance(document, list) else [document]
    data, counts = redact_data(_plain(documents), redactors)
    content = yaml.dump_all(data, Dumper=_Dumper, sort_keys=False, allow_unicode=False, width=160, explicit_start=len(data) > 1)
    return {"path": path, "content": content, "redactions": counts, **labels}


def _outputs(pod: str, found: t.Mapping[str, t.Any], redactors: _Redactors) -> list[dict[str, t.Any]]:
    """The files of one answer. What was fetched is there already, and has no content here."""
    folder = f"artifacts/{found['dest']}"
    labels = {key: found[key] for key in ("namespace", "uid", "preset", "container") if found.get(key)} | {"pod": pod}
    data, counts = redact_data(
        _plain({key: value for key, value in found.items() if key not in ("stdout", "stderr", "log", "changed", "artifacts")}), redactors
    )
    files = [{"path": f"{folder}/result.json", "content": json.dumps(data, indent=2) + "\n", "kind": "answer", "redactions": counts, **labels}]
    for name in ("stdout", "stderr"):
        text = found.get(name)
        if not text:
            continue
        content, counts = redact_text(text, redactors)
        entry = {"path": f"{folder}/{name}.txt", "content": content, "kind": "output", "redactions": counts, **labels}
        entry["sha256_received"] = hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()
        if name == "stdout":
            entry["sha256_source"] = found.get("sha256")
            entry["truncated"] = found["state"] == "partial"
            entry["problem"] = _not_as_made(found, entry["sha256_received"])
        files.append(entry)
    for artifact in found.get("artifacts") or ():
        if artifact.get("path"):
            path = f"{folder}/{artifact['name']}"
            entry = {"path": path, "kind": "fetched", "sha256_source": artifact["sha256"], "sensitive": bool(found.get("sensitive")), **labels}
            files.append({**entry, "truncated": artifact["name"].endswith(".partial")})
    return files


def _not_as_made(found: t.Mapping[str, t.Any], received: str) -> str | None:
    """Why what came here is not, byte by byte, what the container's sum is of."""
    if received == found.get("sha256"):
        return None
    if found.get("sha256") is None:
        return "the container did not tell the sum of the whole output"
    if found.get("log") is not None:
        return (
            "bytes that are no UTF-8 were replaced; as it came from the container, it had the container's sum"
            if found["state"] == "complete"
            else ("it is not as the container made it: see the answer")
        )
    return "it is the beginning of the output only, and the container's sum is that of all of it"


def _answer(pod: str, found: t.Mapping[str, t.Any], plan: t.Mapping[str, t.Any], after: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    statuses = (after.get("status") or {}).get("ephemeralContainerStatuses") or ()
    status: t.Mapping[str, t.Any] = next((each for each in statuses if each.get("name") == found.get("container")), {}) if after else {}
    state = status.get("state") or {}
    ended = state.get("terminated") or {}
    return {
        "namespace": found.get("namespace"),
        "pod": pod,
        "uid": found.get("uid"),
        "node": found.get("node"),
        "preset": found["preset"],
        "container": found.get("container"),
        "changed": bool(found.get("changed")),
        "state": found["state"],
        "ok": bool(found.get("ok")),
        "summary": found["summary"],
        "problems": list(found.get("problems") or ()),
        "image": found.get("image"),
        "image_id": status.get("imageID") or None,
        "container_id": status.get("containerID") or ended.get("containerID") or None,
        "command": [str(word) for word in plan.get("arguments") or ()],
        "started_at": found.get("started_at"),
        "finished_at": found.get("finished_at"),
        "exit_code": found.get("exit_code"),
        "seconds": found.get("seconds"),
        "timed_out": found.get("timed_out"),
        "wrote_to_target": bool(plan.get("writes_to_target")),
        "sha256_source": found.get("sha256"),
    }


def _pod(pod: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    metadata, status = pod["metadata"], pod.get("status") or {}
    return {
        "namespace": metadata["namespace"],
        "pod": metadata["name"],
        "uid": metadata["uid"],
        "node": (pod.get("spec") or {}).get("nodeName"),
        "phase": str(status.get("phase") or "Unknown"),
        "created_at": metadata.get("creationTimestamp"),
        "containers": [row for key, kind in _STATUSES.items() for each in status.get(key) or () for row in _runs(kind, each)],
    }


def _runs(kind: str, status: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """What the API tells of a container: the run before the last restart, where there was one, and the one that is."""
    rows = []
    for key in ("lastState", "state"):
        state = status.get(key) or {}
        if key == "lastState" and not state:
            continue
        name = next((name for name in ("terminated", "running", "waiting") if state.get(name) is not None), "unknown")
        at = state.get(name) or {}
        rows.append(
            {
                "name": status["name"],
                "kind": kind,
                "previous": key == "lastState",
                "image": status.get("image") or None,
                "image_id": status.get("imageID") or None,
                "container_id": at.get("containerID") or (status.get("containerID") if key == "state" else None) or None,
                "state": name,
                "started_at": at.get("startedAt"),
                "finished_at": at.get("finishedAt"),
                "exit_code": at.get("exitCode"),
                "reason": at.get("reason"),
                "restarts": int(status.get("restartCount") or 0),
            }
        )
    return rows


def _folder(run: str, pod: t.Mapping[str, t.Any]) -> str:
    return f"context/{pod['metadata']['namespace']}/{pod['metadata']['name']}/{run}"


def _labels(kind: str, pod: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    metadata = pod["metadata"]
    return {"kind": kind, "namespace": metadata["namespace"], "pod": metadata["name"], "uid": metadata["uid"]}


def _plain(value: t.Any) -> t.Any:
    """``value`` of JSON's own types: Ansible's strings know where they are from, which YAML cannot write."""
    return json.loads(json.dumps(value, default=str))
