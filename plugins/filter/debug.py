# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks of the role debug need of Python. Each filter is documented in the file of its name."""

from __future__ import annotations

import datetime
import multiprocessing
import os
import platform
import secrets
import time
import typing as t

from ansible_collections.kubedebug.pods.plugins.plugin_utils import _debug_alert as alerts
from ansible_collections.kubedebug.pods.plugins.plugin_utils import _debug_evidence as evidence
from ansible_collections.kubedebug.pods.plugins.plugin_utils import _debug_guards as guards
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_plan import BadRequest, NotApproved, choose, plan, words, wrong_numbers
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_redact import BadRedactor, load
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_report import report
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_results import artifacts, results, stored


def debug_plan(request: dict[str, t.Any]) -> dict[str, t.Any]:
    try:
        return plan(request, time.time())
    except NotApproved as bad:
        refusal = {"guard": "class", "value": bad.value, "limit": bad.limit, "variable": "debug_approved_class", "msg": f"{bad} (guard class)"}
        return {"preset": request["preset"], "error": str(bad), "refusal": refusal}
    except BadRequest as bad:
        return {"preset": request["preset"], "error": str(bad)}


def debug_alert_plan(alert: t.Any, alert_map: dict[str, t.Any], needs: dict[str, str], toolkit: bool, limits: dict[str, t.Any]) -> dict[str, t.Any]:
    outcome = {"alert": alerts.describe(alert), "state": "refused", "presets": []}
    try:
        read = alerts.read(alert)
        labels, name = read["labels"], f"alert {read['labels']['alertname']}"
        outcome |= {
            "alert": f"{labels['alertname']} {read['fingerprint']}",
            "namespace": labels["namespace"],
            "pod": labels["pod"],
            "incident": read["fingerprint"],
            "by": name,
        }
        if read["status"] == "resolved":
            return {**outcome, "state": "resolved", "summary": ""}
        outcome |= alerts.plan(read, alert_map, needs, toolkit)
    except alerts.BadAlert as bad:
        return {**outcome, "summary": str(bad)}
    protected = [refusal["msg"] for refusal in guards.of_request(_limits(limits), labels["namespace"], [])]
    return {**outcome, "state": "refused" if protected else "planned", "summary": " ".join(protected)}


def debug_results(ensured: list[dict[str, t.Any]], planned: dict[str, t.Any], *more: t.Any, **named: t.Any) -> dict[str, dict[str, t.Any]]:
    return {name: {planned["preset"]: found} for name, found in results(ensured, planned, *more, **named).items()}


def debug_chosen(pods: list[dict[str, t.Any]], limits: dict[str, t.Any]) -> dict[str, t.Any]:
    chosen, refused = guards.choose(_limits(limits), pods)
    return {"chosen": chosen, "refused": refused}


def debug_guards(
    plans: list[dict[str, t.Any]],
    limits: dict[str, t.Any],
    chosen: dict[str, t.Any],
    looks: list[dict[str, t.Any]],
    found: dict[str, t.Any],
    around: dict[str, t.Any],
) -> dict[str, t.Any]:
    contexts = {look["_debug_each"]["uid"]: look["context"] for look in looks if look.get("context")}
    now = datetime.datetime.now(datetime.timezone.utc)
    consent = guards.consent(_limits(limits), plans, chosen["chosen"], contexts, around.get("containers", found["containers"]), now)
    words = "How many containers were added in the namespace lately, and how they fared, could be told for these pods only"
    steps = [] if "containers" in around else [{"step": "guards", "state": "partial", "msg": f"{words}: {around.get('msg')}", "namespace": None, "pod": None}]
    for look in looks:
        if look.get("context") and look["context"].get("namespace") is None:
            place = {key: look["_debug_each"][key] for key in ("namespace", "pod")}
            told = f"Whether the namespace {place['namespace']} is annotated {guards.KILL_SWITCH} could not be looked at"
            words = f"{told}: it takes the right to get namespaces"
            steps.append({"step": "guards", "state": "partial", "msg": words, **place})
    uids = {pod["uid"] for pod in consent.pods}
    return {
        "plans": consent.plans,
        "refused": chosen["refused"] + consent.refused,
        "steps": steps,
        "found": {"pods": consent.pods, "containers": [entry for entry in found["containers"] if entry["uid"] in uids], "skipped_pods": []},
    }


def _limits(given: dict[str, t.Any]) -> guards.Limits:
    taken: dict[str, t.Any] = {name: tuple(value) if name in ("namespaces", "images") else int(value) for name, value in given.items()}
    return guards.Limits(**taken)


def debug_owner(_ignored: t.Any) -> dict[str, t.Any]:
    parent = multiprocessing.parent_process()
    return {"pid": parent.pid if parent else os.getpid(), "host": platform.node(), "token": secrets.token_hex(8)}


def debug_evidence(
    run: dict[str, t.Any], answered: dict[str, t.Any], plans: list[dict[str, t.Any]], looks: list[dict[str, t.Any]], redactors: list[t.Any]
) -> dict[str, t.Any]:
    return evidence.finish(run, answered, plans, looks, redactors, time.time())


def debug_protected(namespace: str, limits: dict[str, t.Any]) -> list[str]:
    return [refusal["msg"] for refusal in guards.of_request(_limits(limits), namespace, ())]


def debug_wrong_redactors(redactors: t.Any) -> list[str]:
    try:
        load(redactors)
    except BadRedactor as bad:
        return [str(bad)]
    return []


def debug_run(asked: dict[str, t.Any], alert: t.Any, tool: dict[str, str]) -> dict[str, t.Any]:
    return evidence.begin(asked, {"kubedebug.pods": evidence.version(), "python": platform.python_version(), **tool}, alert, time.time())


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {
            "debug_alert_plan": debug_alert_plan,
            "debug_artifacts": artifacts,
            "debug_choice": choose,
            "debug_chosen": debug_chosen,
            "debug_collected": evidence.collected,
            "debug_context": evidence.context,
            "debug_evidence": debug_evidence,
            "debug_files": stored,
            "debug_guards": debug_guards,
            "debug_numbers": wrong_numbers,
            "debug_order": evidence.order,
            "debug_owner": debug_owner,
            "debug_plan": debug_plan,
            "debug_protected": debug_protected,
            "debug_report": report,
            "debug_results": debug_results,
            "debug_run": debug_run,
            "debug_words": words,
            "debug_wrong_redactors": debug_wrong_redactors,
        }
