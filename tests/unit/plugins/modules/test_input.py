# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with the options and documents of a task, told all at once; and documents in their several forms, over the wire."""

from __future__ import annotations

import json
import os
import typing as t

import pytest
import yaml

from ansible_collections.kubedebug.pods.plugins.modules import ephemeral_container as module
from ansible_collections.kubedebug.pods.plugins.modules import ephemeral_container_info as info
from tests.unit.plugins.modules.documents import ASKED, NAMESPACE, PATCH_PATH, POD, POD_PATH, RUNNING, SENT, TARGET, UID, pod, stored, terminated
from tests.unit.plugins.modules.script import Call

if t.TYPE_CHECKING:
    from pathlib import Path

RunModule = t.Callable[..., dict[str, t.Any]]

DOCUMENT: dict[str, t.Any] = {
    "apiVersion": "v1",
    "kind": "EphemeralContainers",
    "metadata": {"name": POD, "namespace": NAMESPACE, "uid": UID},
    "ephemeralContainers": [SENT],
}


def get(document: t.Any) -> Call:
    return Call("GET", POD_PATH).query().json(document)


CONVERGED = get(pod(stored(), states={"debugger": RUNNING}))


def fields(result: dict[str, t.Any]) -> list[str]:
    return [detail["field"] for detail in result["failure"]["details"]]


def test_everything_wrong_with_options_and_container_is_told_at_once(run_module: RunModule) -> None:
    wrong = {
        "pod": "a/b",
        "namespace": "..",
        "name": "Bad_Name",
        "image": True,
        "command": "sleep,900",
        "args": [1, "x", None],
        "env": {"VERSION": 1.1, "A": "b"},
        "target": 7,
        "wait_timeout": -1,
        "log_limit_bytes": 0,
        "max_pods": 0,
        "concurrency": 1000,
        "definition": {"ports": [], "nonsense": 1, "image": 1.37},
    }
    result = run_module(module, [], **wrong)
    assert result["failure"]["code"] == "invalid_options"
    assert not result["changed"]
    path = "spec.ephemeralContainers[0]"
    options = {
        "pod",
        "namespace",
        "image",
        "command",
        "args[0]",
        "args[2]",
        "env.VERSION",
        "target",
        "wait_timeout",
        "log_limit_bytes",
        "max_pods",
        "concurrency",
    }
    assert set(fields(result)) == {*options, f"{path}.name", f"{path}.ports", f"{path}.nonsense"}
    assert len(fields(result)) == len(set(fields(result)))
    assert result["failure"]["field"] == fields(result)[0]
    assert len(result["msg"]) < 2500


def test_a_field_is_not_told_twice(run_module: RunModule) -> None:
    result = run_module(module, [], **{**TARGET, "name": "debugger", "image": 5, "command": [1], "env": {"A": 1}})
    assert fields(result) == ["image", "command[0]", "env.A"]


def test_what_the_options_alone_have_wrong_has_no_field_of_the_container(run_module: RunModule) -> None:
    result = run_module(module, [], **{**ASKED, "wait_timeout": 10**6})
    assert (result["failure"]["field"], fields(result)) == ("wait_timeout", ["wait_timeout"])
    assert "from 0 to 86400" in result["msg"]


NAMES: dict[str, t.Any] = {"number": 5, "float": 1.5, "boolean": True, "list": ["debugger"], "mapping": {"a": "b"}}


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_of_another_type(run_module: RunModule, name: t.Any, state: str) -> None:
    result = run_module(module, [], **TARGET, name=name, image="x", state=state)
    assert (result["failure"]["code"], result["failure"]["field"]) == ("invalid_options", "name")
    by_document = run_module(module, [], **TARGET, definition={"name": name, "image": "x"}, state=state)
    assert by_document["failure"]["code"] == "invalid_spec"
    assert fields(by_document) == ["spec.ephemeralContainers[0].name"]


def test_a_name_that_cannot_be_there_is_refused_for_absent(run_module: RunModule) -> None:
    assert fields(run_module(module, [], **TARGET, name="No_Name", state="absent")) == ["spec.ephemeralContainers[0].name"]


def test_absent_asks_for_nothing_but_the_name(run_module: RunModule) -> None:
    result = run_module(module, [get(pod())], **TARGET, definition={"name": "debugger", "ports": [], "nonsense": 1}, state="absent")
    assert not result.get("failed")


FORMS: dict[str, t.Any] = {
    "mapping": DOCUMENT,
    "JSON": json.dumps(DOCUMENT),
    "YAML": yaml.safe_dump(DOCUMENT),
    "YAML with a start": "---\n" + yaml.safe_dump(DOCUMENT),
    "pod": {"apiVersion": "v1", "kind": "Pod", "metadata": DOCUMENT["metadata"], "spec": {"ephemeralContainers": [SENT]}},
}


@pytest.mark.parametrize("definition", FORMS.values(), ids=FORMS)
def test_forms_of_a_document(run_module: RunModule, definition: t.Any) -> None:
    result = run_module(module, [CONVERGED], definition=definition)
    assert not result["changed"]
    assert result["container"]["name"] == "debugger"


@pytest.mark.parametrize("definition", FORMS.values(), ids=FORMS)
def test_the_uid_of_a_document_means_that_very_pod(run_module: RunModule, definition: t.Any) -> None:
    result = run_module(module, [get(pod(stored(), uid="another"))], definition=definition)
    assert result["failure"]["code"] == "pod_replaced"
    assert UID in result["msg"]


TEXTS: dict[str, tuple[t.Any, str]] = {
    "nothing": ("", "0 documents"),
    "words": ("sleep 900", "one mapping"),
    "broken": ("a: [", "not one JSON or YAML document"),
    "twice": ('{"image": "a", "image": "b"}', "stands twice"),
    "two": ("name: a\n---\nname: b\n", "2 documents"),
    "list": ("[]", "one mapping"),
    "bomb": ("a: &a [x, x, x, x, x, x, x, x]\n" + "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}' if n else '*a'] * 9)}]\n" for n in range(9)), "aliases"),
    "number": (5, "one mapping"),
    "boolean": (True, "one mapping"),
    "list of documents": ([DOCUMENT], "one mapping"),
}


@pytest.mark.parametrize(("definition", "words"), TEXTS.values(), ids=TEXTS)
def test_definitions_that_are_none(run_module: RunModule, definition: t.Any, words: str) -> None:
    result = run_module(module, [], **TARGET, definition=definition)
    assert (result["failure"]["code"], result["failure"]["field"]) == ("invalid_options", "definition")
    assert words in result["msg"]


#: What YAML makes of values that JSON has no form for.
TYPES = ["!!set {a, b}", "!!binary aGVsbG8=", "2026-11-01", "2026-11-01T10:00:00Z", "!!omap [a: b]", ".nan", ".inf", "0x10", "~", "{1: 2}"]


@pytest.mark.parametrize("value", TYPES)
@pytest.mark.parametrize("field", ["args", "image", "env", "securityContext", "volumeMounts", "stdin", "name"])
def test_values_of_types_that_json_does_not_have(run_module: RunModule, tmp_path: Path, field: str, value: str) -> None:
    """None of them is a traceback, and none is written."""
    lines = {"name": "debugger", "image": "x", field: value}
    (tmp_path / "document.yml").write_text("".join(f"{key}: {text}\n" for key, text in lines.items()))
    fine = value == "~" and field not in ("image", "name")
    result = run_module(
        module, [get(pod(stored(image="x", command=None), states={"debugger": RUNNING}))] if fine else [], **TARGET, src=str(tmp_path / "document.yml")
    )
    assert result.get("failure", {}).get("code") in ([None, "different"] if fine else ["invalid_spec", "invalid_options"])
    assert not result["changed"]


def test_a_fifo_as_src(run_module: RunModule, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    result = run_module(module, [], **TARGET, src=str(tmp_path / "fifo"))
    assert (result["failure"]["code"], result["failure"]["field"]) == ("invalid_options", "src")


OTHERS: dict[str, dict[str, t.Any]] = {
    "unknown option": {**ASKED, "nonsense": 1},
    "no container": dict(TARGET),
    "wrong choice": {**ASKED, "state": "gone"},
    "no number": {**ASKED, "wait_timeout": "long"},
    "definition and src": {**TARGET, "definition": {"name": "a"}, "src": "/x"},
}


@pytest.mark.parametrize("params", OTHERS.values(), ids=OTHERS)
def test_what_ansible_itself_refuses_has_a_failure_too(run_module: RunModule, params: dict[str, t.Any]) -> None:
    result = run_module(module, [], **params)
    assert result["failure"]["code"] == "invalid_options"
    assert list(result["failure"]) == ["code", "namespace", "pod", "container", "field", "details", "hint"]


def test_a_module_that_only_looks_refuses_in_the_same_form(run_module: RunModule) -> None:
    result = run_module(info, [], pod="a/b", namespace="..", log_tail_lines=-1, max_pods=0)
    assert fields(result) == ["log_tail_lines", "max_pods", "namespace", "pod"]


def test_a_document_that_says_where(run_module: RunModule) -> None:
    wrong = {**DOCUMENT, "metadata": {"name": "../nodes", "namespace": "a/b"}}
    assert set(fields(run_module(module, [], definition=wrong))) == {"pod", "namespace"}


def test_two_thousand_variables(run_module: RunModule) -> None:
    env = {f"V{number}": "x" for number in range(2000)}

    def checked(body: t.Any) -> None:
        assert len(body[-1]["value"][0]["env"]) == 2000

    reply = pod(stored(env=[{"name": name, "value": value} for name, value in env.items()]))
    result = run_module(module, [get(pod()), Call("PATCH", PATCH_PATH).body(checked).json(reply)], **ASKED, env=env, wait=False)
    assert result["changed"]


@pytest.mark.parametrize("keep", [False, True])
def test_on_difference_counts_for_what_admission_made_of_the_write(run_module: RunModule, keep: bool) -> None:
    altered = pod(stored(image="mirror/busybox:1.37"), states={"debugger": RUNNING})
    result = run_module(module, [get(pod()), Call("PATCH", PATCH_PATH).json(altered)], **ASKED, on_difference="keep" if keep else "fail")
    assert result["changed"]
    assert result["container"]["changed"]
    assert result.get("failure", {}).get("code") == (None if keep else "different")
    assert [difference["stored"] for difference in result["container"]["differences"]] == (["mirror/busybox:1.37"] if keep else [])
    assert bool(result.get("warnings")) is keep


def test_diff_shows_what_this_task_added(run_module: RunModule) -> None:
    """Another task's container came between the read and the write: it is on both sides."""
    first, between = stored(name="first"), stored(name="between")
    reply = pod(first, between, stored())
    result = run_module(module, [get(pod(first)), Call("PATCH", PATCH_PATH).json(reply)], diff=True, **ASKED, wait=False)
    [diff] = result["diff"]
    assert diff["before"] == {"ephemeralContainers": [first, between]}
    assert diff["after"] == {"ephemeralContainers": [first, between, stored()]}
    assert diff["before_header"] == diff["after_header"] == f"{NAMESPACE}/{POD} spec.ephemeralContainers"


def test_diff_of_a_task_that_wrote_nothing(run_module: RunModule) -> None:
    refused = run_module(module, [get(pod(stored(image="other:1")))], diff=True, **ASKED)
    assert "failure" in refused
    assert refused["diff"] == []
    assert run_module(module, [CONVERGED], diff=True, **ASKED)["diff"] == []


FAILURES: dict[str, tuple[Call, dict[str, t.Any], str]] = {
    "different": (get(pod(stored(image="other:1"), states={"debugger": RUNNING})), {}, "running"),
    "removal": (get(pod(stored(), states={"debugger": RUNNING})), {"state": "absent"}, "running"),
    "finished": (get(pod(stored(), states={"debugger": terminated()})), {"on_finished": "fail"}, "terminated"),
    "exited": (get(pod(stored(), states={"debugger": terminated(3, "Error")})), {"wait_for": "completed"}, "terminated"),
    "no room": (get(pod(phase="Failed")), {}, "unknown"),
}


@pytest.mark.parametrize(("answer", "options", "state"), FAILURES.values(), ids=FAILURES)
def test_the_container_is_returned_with_a_failure(run_module: RunModule, answer: Call, options: dict[str, t.Any], state: str) -> None:
    result = run_module(module, [answer], **ASKED, **options)
    assert result["failed"]
    assert result["container"] == result["containers"][0]
    assert (result["container"]["state"], result["container"]["changed"]) == (state, False)
    assert result["container"]["failure"] == {"msg": result["msg"], **result["failure"]}
