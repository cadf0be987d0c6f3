# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run of ``collect`` puts into a bundle: whatever is missing is told, what the container's sum is of is told apart from what came here."""

from __future__ import annotations

import hashlib
import json
import typing as t
from pathlib import Path

import jsonschema
import pytest
import yaml

from ansible_collections.kubedebug.pods.plugins.plugin_utils import _debug_evidence as evidence

SCHEMA = json.loads((Path(__file__).parents[4] / "docs" / "manifest.schema.json").read_text())
REDACTORS = [{"name": "word", "pattern": "hunter2"}]
ASKED = {"by": "me", "reason": "slow", "namespace": "shop", "which": "pod cart", "target": "app", "presets": ["dns"], "approved_class": 1, "window": 900}
EACH = {"namespace": "shop", "pod": "cart", "uid": "u"}
GONE = {"_debug_each": EACH, "msg": "There is no pod shop/cart.", "failure": {"code": "pod_not_found"}}


def run(alert: t.Any = None) -> dict[str, t.Any]:
    return evidence.begin(ASKED, {"python": "3.11.7"}, alert, 1795597872.9)


def pod(**more: t.Any) -> dict[str, t.Any]:
    state = {"terminated": {"exitCode": 0, "startedAt": "2026-11-25T10:11:13Z", "finishedAt": "2026-11-25T10:11:14Z", "containerID": "containerd://3"}}
    status = {
        "phase": "Running",
        "containerStatuses": [
            {
                "name": "app",
                "image": "app:1",
                "imageID": "i",
                "restartCount": 2,
                "containerID": "containerd://2",
                "state": {"running": {"startedAt": "2026-11-25T10:00:00Z"}},
                "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "containerID": "containerd://1"}},
            }
        ],
        "ephemeralContainerStatuses": [{"name": "kd-dns-1", "imageID": "busybox@sha256:0", "state": state}],
    }
    return {
        "metadata": {"namespace": "shop", "name": "cart", "uid": "u", "creationTimestamp": "2026-11-25T09:00:00Z"},
        "spec": {"nodeName": "node1"},
        "status": status,
        **more,
    }


def look(**more: t.Any) -> dict[str, t.Any]:
    return {"_debug_each": EACH, "context": {"pod": pod(), "version": "v1.36.3", "clock_skew": 1, "logs": [], **more}, "problems": []}


def answer(text: str = "all is well\n", **more: t.Any) -> dict[str, dict[str, dict[str, t.Any]]]:
    found = {
        "namespace": "shop",
        "uid": "u",
        "node": "node1",
        "preset": "dns",
        "container": "kd-dns-1",
        "dest": "shop/cart/dns/kd-dns-1",
        "state": "complete",
        "ok": True,
        "summary": "DNS: 3 of 3 names resolve",
        "problems": [],
        "changed": True,
        "image": "busybox:1.37",
        "stdout": text,
        "stderr": "",
        "log": None,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "artifacts": [],
        **more,
    }
    return {"cart": {"dns": found}}


def valid(made: dict[str, t.Any]) -> dict[str, t.Any]:
    """The run, after the schema has nothing against it."""
    jsonschema.Draft202012Validator({**SCHEMA, **SCHEMA["$defs"]["run"], "$defs": SCHEMA["$defs"]}).validate(made)
    return made


def test_presets_are_run_in_the_order_of_volatility() -> None:
    assert evidence.order(["dns", "filesystem", "sockets", "dns", "mine", "process"]) == ["sockets", "process", "filesystem", "dns", "mine"]


@pytest.mark.parametrize("alert", [None, {}, {"labels": {"a": "ü"}}, "text"])
def test_a_run_that_begins(alert: t.Any) -> None:
    begun = valid(run(alert))
    assert begun["id"] == "20261125T091112Z"
    assert bool(begun["asked"]["alert_sha256"]) is bool(alert)


def test_the_context_is_files_without_secrets() -> None:
    logs = [{"container": "app", "previous": previous, "log": "it said hunter2\n", "log_truncated": previous} for previous in (False, True)]
    events = [{"reason": "Killing", "message": "hunter2"}]
    made = evidence.context(run(), [look(logs=logs, events=events, owners=[{"kind": "A"}, {"kind": "B"}])], REDACTORS)
    files = {file["path"].removeprefix("context/shop/cart/20261125T091112Z/"): file for file in made["files"]}
    assert set(files) == {"pod.yaml", "owners.yaml", "events.json", "logs/app.log", "logs/app.previous.log"}
    assert not any("hunter2" in file["content"] for file in files.values())
    assert files["logs/app.previous.log"]["truncated"]
    assert files["logs/app.log"]["redactions"] == {"word": 1}
    assert files["logs/app.log"]["sha256_received"] == hashlib.sha256(b"it said hunter2\n").hexdigest()
    assert json.loads(files["events.json"]["content"]) == [{"reason": "Killing", "message": "***HIDDEN***"}]
    assert list(yaml.safe_load_all(files["owners.yaml"]["content"])) == [{"kind": "A"}, {"kind": "B"}]
    told = valid(made["run"])
    assert (told["clock_skew"], told["tool"]["kubernetes"]) == (1, "v1.36.3")
    rows = [(row["name"], row["kind"], row["previous"], row["state"], row["container_id"]) for row in told["pods"][0]["containers"]]
    assert rows == [
        ("app", "container", True, "terminated", "containerd://1"),
        ("app", "container", False, "running", "containerd://2"),
        ("kd-dns-1", "ephemeral", False, "terminated", "containerd://3"),
    ]


def test_what_of_the_context_is_missing_is_told() -> None:
    poor = look()
    poor["problems"] = [{"part": "node", "code": "forbidden_rbac", "msg": "The node may not be read."}]
    made = evidence.context(run(), [poor, {**GONE, "_debug_each": {**EACH, "pod": "other"}}], REDACTORS)
    steps = [(step["state"], step["pod"], step["msg"]) for step in valid(made["run"])["steps"]]
    assert steps == [("partial", "cart", "The node may not be read."), ("failed", "other", "There is no pod shop/cart.")]


def finish(
    answered: dict[str, t.Any], after: dict[str, t.Any] | None = None, plans: t.Sequence[dict[str, t.Any]] = ()
) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    begun = evidence.context(run(), [look()], REDACTORS)["run"]
    made = evidence.finish(begun, answered, plans, [after or look()], REDACTORS, 1795597890.0)
    return valid(made["run"]), {file["path"].rsplit("/", 1)[-1]: file for file in made["files"]}


def test_an_answer() -> None:
    told, files = finish(answer("name hunter2\n"), plans=[{"preset": "dns", "arguments": ["a", 1], "writes_to_target": True}])
    assert told["changed"]
    assert told["steps"] == []
    one = told["answers"][0]
    assert (one["image_id"], one["container_id"], one["command"], one["wrote_to_target"]) == ("busybox@sha256:0", "containerd://3", ["a", "1"], True)
    assert set(files) == {"pod.after.yaml", "result.json", "stdout.txt"}
    assert files["stdout.txt"]["content"] == "name ***HIDDEN***\n"
    assert files["stdout.txt"]["sha256_source"] == files["stdout.txt"]["sha256_received"] == hashlib.sha256(b"name hunter2\n").hexdigest()
    assert files["stdout.txt"]["problem"] is None
    assert "changed" not in json.loads(files["result.json"]["content"]), "a repeat has the same file"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"sha256": "0" * 64, "state": "partial"}, "the beginning"),
        ({"sha256": None, "state": "partial"}, "did not tell"),
        ({"sha256": "0" * 64, "log": "frames"}, "no UTF-8"),
        ({"sha256": "0" * 64, "log": "frames", "state": "partial"}, "not as the container made it"),
    ],
)
def test_output_that_is_not_as_it_was_made(more: dict[str, t.Any], words: str) -> None:
    told, files = finish(answer(**more))
    assert words in files["stdout.txt"]["problem"]
    assert [step["state"] for step in told["steps"]] == (["partial"] if more.get("state") == "partial" else [])


def test_files_that_were_fetched_are_not_written_again() -> None:
    artifacts = [
        {"name": "heap.hprof.gz", "path": "somewhere", "sha256": "1" * 64, "problem": None},
        {"name": "files.tar.partial", "path": "somewhere", "sha256": "2" * 64, "problem": "cut"},
        {"name": "lost", "path": None, "sha256": "3" * 64, "problem": "lost"},
    ]
    _told, files = finish(answer(artifacts=artifacts, sensitive=True))
    assert "lost" not in files
    assert files["heap.hprof.gz"].keys() & {"content"} == set()
    assert (files["heap.hprof.gz"]["kind"], files["heap.hprof.gz"]["sensitive"], files["heap.hprof.gz"]["truncated"]) == ("fetched", True, False)
    assert files["files.tar.partial"]["truncated"]


def test_a_pod_that_vanishes() -> None:
    told, files = finish(answer(state="failed", ok=False, summary="DNS: hunter2 is gone", stdout="", container=None), GONE)
    assert told["pods"][0]["phase"] == "Vanished"
    assert [step["step"] for step in told["steps"]] == ["context", "preset"]
    assert told["answers"][0]["summary"] == told["steps"][1]["msg"] == "DNS: ***HIDDEN*** is gone"
    assert set(files) == {"result.json"}


def test_a_pod_that_cannot_be_read_once_more_has_not_vanished() -> None:
    told, _files = finish(answer(), {"_debug_each": EACH, "msg": "The API server is away.", "failure": {"code": "api_unreachable"}})
    assert told["pods"][0]["phase"] == "Running"
    assert "away" in told["steps"][0]["msg"]


def test_what_those_that_follow_are_told() -> None:
    told, _files = finish(answer(problems=["one", "two"], ok=False))
    told["refusals"] = [{"guard": "class", "value": 2, "limit": 1, "variable": "debug_approved_class", "msg": "Not approved."}]
    opened = {"run": told["id"], "path": "/evidence/x", "continued": False}
    made = evidence.collected({"manifest": {"runs": [told]}}, {"digest": "d"}, opened, {}, False)
    assert made["summary"] == "Evidence in /evidence/x: 2 findings in 1 answer of 1 pod; 1 refused: Not approved."
    assert (made["report"], made["digest"], made["answered"], made["changed"]) == ("/evidence/x/report.html", "d", 1, True)
    foretold = evidence.collected({}, {}, {**opened, "path": None}, told, True)
    assert (foretold["path"], foretold["report"], foretold["answered"]) == (None, None, 1)


def test_a_run_that_is_through_is_not_said_to_be_interrupted() -> None:
    told, _files = finish(answer())
    assert told["finished_at"] == "2026-11-25T09:11:30Z"


def test_where_nothing_is_masked_it_is_said_and_all_is_sensitive() -> None:
    made = evidence.context(run(), [look(logs=[{"container": "app", "previous": False, "log": "hunter2", "log_truncated": False}])], [])
    assert [step["step"] for step in valid(made["run"])["steps"]] == ["redaction"]
    assert all(file["sensitive"] for file in made["files"])


def test_what_broke_off_is_told_without_secrets() -> None:
    begun = evidence.context(run(), [look()], REDACTORS)["run"]
    begun["steps"].append({"step": "preset", "state": "failed", "msg": "it said hunter2", "namespace": None, "pod": None})
    assert evidence.finish(begun, {}, [], [look()], REDACTORS, 1795597890.0)["run"]["steps"][0]["msg"] == "it said ***HIDDEN***"
