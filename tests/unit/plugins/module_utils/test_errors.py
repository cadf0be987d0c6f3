# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The closed set of failure codes: each is documented, happens, and says what to do."""

from __future__ import annotations

import errno
import re
import tempfile
import time
import typing as t
from pathlib import Path

import kubernetes
import pytest
import yaml

from ansible_collections.kubedebug.pods.plugins.module_utils import _bundle as bundle
from ansible_collections.kubedebug.pods.plugins.module_utils._auth import connect
from ansible_collections.kubedebug.pods.plugins.module_utils._client import Client, Subject, of_pod
from ansible_collections.kubedebug.pods.plugins.module_utils._decide import Policy, check_offline, check_stored, check_writable, decide
from ansible_collections.kubedebug.pods.plugins.module_utils._ensure import Pods, Request, ensure
from ansible_collections.kubedebug.pods.plugins.module_utils._errors import CODES, LONGEST_WORDS, Failure, escaped, printable
from ansible_collections.kubedebug.pods.plugins.module_utils._exec import check_running
from ansible_collections.kubedebug.pods.plugins.module_utils._refusals import Status, explain, explain_exec
from ansible_collections.kubedebug.pods.plugins.module_utils._sealed import open_bundle, sign
from ansible_collections.kubedebug.pods.plugins.module_utils._select import Selection, select
from ansible_collections.kubedebug.pods.plugins.module_utils._source import UNREACHABLE, complain
from ansible_collections.kubedebug.pods.plugins.module_utils._spec import build
from ansible_collections.kubedebug.pods.plugins.module_utils._status import judge
from ansible_collections.kubedebug.pods.plugins.module_utils._stream import Place
from ansible_collections.kubedebug.pods.plugins.module_utils._tree import unwritable
from ansible_collections.kubedebug.pods.plugins.modules import (
    ephemeral_container,
    ephemeral_container_exec,
    ephemeral_container_fetch,
    ephemeral_container_info,
    evidence_bundle,
    evidence_bundle_info,
)
from tests.unit.plugins.modules.documents import NAMESPACE, PATCH_PATH, POD, POD_PATH, PODS_PATH, RUNNING, SENT, pod, stored, terminated, waiting
from tests.unit.plugins.modules.script import Call, ScriptedServer


def refused(code: int, message: str, name: str = "") -> t.Callable[[], Failure]:
    return lambda: explain(Status(code, "", message, name, []), of_pod(NAMESPACE, POD, writes=True))


def judged(state: t.Any, wait_for: str = "running") -> t.Callable[[], Failure | None]:
    return lambda: judge(pod(stored(), states={"debugger": state}), "debugger", wait_for, [0]).failure


def ensured(*calls: Call, **request: t.Any) -> t.Callable[[], Failure | None]:
    def run() -> Failure | None:
        server = ScriptedServer(calls)
        client = Client(connect({"host": server.url, "api_key": "abc"}))
        [outcome] = ensure(client, Request(containers=[SENT], policy=Policy(), **request), Pods(NAMESPACE, POD)).outcomes
        server.finish()
        return outcome.failure

    return run


def selected(pods: list[dict[str, t.Any]]) -> t.Callable[[], t.Any]:
    def run() -> t.Any:
        items = [{key: value for key, value in item.items() if key != "kind"} for item in pods]
        reply = {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "9"}, "items": items}
        server = ScriptedServer([Call("GET", PODS_PATH).json(reply)])
        client = Client(connect({"host": server.url, "api_key": "abc"}))
        try:
            return ensure(client, Request([SENT], Policy()), Pods(NAMESPACE, None, *select(client, NAMESPACE, Selection(["app=cart"], max_pods=2))))
        finally:
            server.finish()

    return run


def unreachable() -> t.Any:
    return Client(connect({"host": "http://127.0.0.1:9", "api_key": "abc"})).get_pod(NAMESPACE, POD, patience=0)


def broken_library() -> t.Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kubernetes, "__version__", "36.0.0")
        return connect({})


def altered_bundle() -> t.Any:
    run: dict[str, t.Any] = {
        "id": "20261125T101112Z",
        "started_at": "2026-11-25T10:11:12Z",
        "finished_at": None,
        "tool": {},
        "asked": {},
        "changed": False,
        "clock_skew": None,
    }
    request = bundle.Request({**run, "pods": [], "answers": [], "refusals": [], "steps": []}, dest=tempfile.mkdtemp(), incident="i", cluster="c", seal=True)
    path = bundle.put(request)["path"]
    (Path(path) / "custody.jsonl").unlink()
    return bundle.put(request._replace(path=path, dest=None))


PLACE = Place(NAMESPACE, POD, "debugger")
THERE = Call("GET", POD_PATH).json(pod())
AWAY = [Call("GET", POD_PATH).broken() for _attempt in range(40)]
RIGHT = 'User "u" cannot patch resource "pods/ephemeralcontainers" in API group "" in the namespace "shop"'
SITUATIONS: dict[str, t.Callable[[], t.Any]] = {
    "invalid_options": lambda: check_offline([SENT], build({"name": "debugger", "command": "sleep"}, None).errors),
    "missing_library": broken_library,
    "unauthorized": refused(401, "Unauthorized"),
    "forbidden_rbac": refused(403, RIGHT),
    "forbidden_pod_security": refused(403, 'violates PodSecurity "restricted:latest": privileged'),
    "forbidden_admission": refused(403, 'admission webhook "w" denied the request: no'),
    "api_unreachable": unreachable,
    "api_error": refused(500, "oops"),
    "dry_run_unsupported": refused(400, 'admission webhook "w" does not support dry run'),
    "outcome_unknown": ensured(THERE, Call("PATCH", PATCH_PATH).broken(), *AWAY),
    "pod_not_found": refused(404, f'pods "{POD}" not found', POD),
    "workload_not_found": lambda: explain(Status(404, "", "", "cart", []), Subject(NAMESPACE, "job shop/cart", kind="jobs")),
    "no_pods_matched": selected([]),
    "too_many_pods": selected([pod(name=f"cart-{number}", uid=str(number)) for number in range(3)]),
    "pod_replaced": lambda: decide(pod(), [SENT], Policy(pod_uid="another")),
    "pod_terminating": lambda: check_writable(pod(deletionTimestamp="2026-11-01T10:00:00Z")),
    "pod_finished": lambda: check_writable(pod(phase="Failed")),
    "static_pod": lambda: check_writable(pod(annotations={"kubernetes.io/config.mirror": "x"})),
    "subresource_missing": refused(404, "the server could not find the requested resource"),
    "invalid_spec": lambda: check_offline([{"name": "debugger"}]),
    "different": lambda: decide(pod(stored(image="x:1")), [SENT], Policy()),
    "removal_refused": lambda: decide(pod(stored()), [SENT], Policy(state="absent")),
    "finished": lambda: decide(pod(stored(), states={"debugger": terminated()}), [SENT], Policy(on_finished="fail")),
    "dropped_by_server": lambda: check_stored(pod(), [SENT], Policy()),
    "image_error": judged(waiting("InvalidImageName")),
    "start_error": judged(waiting("RunContainerError")),
    "exited": judged(terminated(1, "Error"), "completed"),
    "container_not_found": lambda: check_running(pod(), PLACE, None),
    "not_running": lambda: check_running(pod(stored(), states={"debugger": terminated()}), PLACE, None),
    "exec_failed": lambda: explain_exec(
        Status(500, "InternalError", 'OCI runtime exec failed: exec failed: exec: "x": not found', "", []), of_pod(NAMESPACE, POD), "debugger"
    ),
    "transfer_failed": lambda: complain(UNREACHABLE, "", "", "/tmp/x", PLACE, None),
    "bundle_unwritable": lambda: unwritable(OSError(errno.ENOSPC, "No space left on device", "report.html"), "/evidence/x", 9, 5),
    "bundle_altered": altered_bundle,
    "bundle_invalid": lambda: open_bundle("/proc/none"),
    "signing_failed": lambda: sign(b"", "/proc/none"),
    "timed_out": ensured(Call("GET", POD_PATH).json(pod(stored(), states={"debugger": waiting("ContainerCreating")})), wait_timeout=0),
}


def documented(module: t.Any) -> t.Any:
    return yaml.safe_load(module.RETURN)["failure"]


def test_documented_codes_are_those_that_there_are() -> None:
    [_what, codes] = " ".join(documented(ephemeral_container)["contains"]["code"]["description"]).split("One of", 1)
    found = re.findall(r"V\(([a-z_]+)\)", codes)
    assert sorted(found) == sorted(CODES)


@pytest.mark.parametrize("module", [ephemeral_container_info, ephemeral_container_exec, ephemeral_container_fetch, evidence_bundle, evidence_bundle_info])
def test_the_other_modules_refer_to_them(module: t.Any) -> None:
    description = " ".join(documented(module)["description"] if isinstance(documented(module)["description"], list) else [documented(module)["description"]])
    assert "M(kubedebug.pods.ephemeral_container)" in description
    assert set(re.findall(r"V\(([a-z_]+)\)", description)) <= CODES


def test_every_code_has_a_situation() -> None:
    assert set(SITUATIONS) == CODES


@pytest.mark.parametrize(("code", "situation"), SITUATIONS.items(), ids=SITUATIONS)
def test_every_failure_says_what_to_do(monkeypatch: pytest.MonkeyPatch, code: str, situation: t.Callable[[], t.Any]) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    try:
        failure = situation()
    except Failure as exc:
        failure = exc
    assert isinstance(failure, Failure)
    assert failure.code == code
    assert failure.hint
    assert failure.message.endswith(".")
    assert failure.hint.endswith(".")
    assert failure.msg == f"{failure.message} {failure.hint}"
    assert str(failure) == failure.message


def test_the_dictionary_has_the_documented_keys() -> None:
    assert list(Failure("exited", "x").to_dict()) == ["code", "namespace", "pod", "container", "field", "details", "hint"]
    assert set(Failure("exited", "x").to_dict()) == set(documented(ephemeral_container)["contains"])


@pytest.mark.parametrize("code", ["", "Exited", "exit", "unknown"])
def test_other_codes_cannot_be_raised(code: str) -> None:
    with pytest.raises(ValueError, match="is not a failure code"):
        raise Failure(code, "x")


def test_what_the_place_did_not_know_is_filled_in_once() -> None:
    failure = Failure("exited", "x", pod="cart", details=[{"a": 1}])
    assert failure.about(namespace="shop", pod="other", container="debugger") is failure
    assert failure.about(namespace="team", pod="another", container="probe") is failure
    assert failure.to_dict() == {
        "code": "exited",
        "namespace": "shop",
        "pod": "cart",
        "container": "debugger",
        "field": None,
        "details": [{"a": 1}],
        "hint": None,
    }
    assert failure.msg == "x"


def test_details_are_copied() -> None:
    detail = {"a": 1}
    failure = Failure("exited", "x", details=[detail])
    detail["a"] = 2
    assert failure.details == [{"a": 1}]


def test_what_runs_is_no_failure() -> None:
    assert judged(RUNNING)() is None


FOREIGN: dict[str, tuple[str, str]] = {
    "a terminal's title and screen": ("\033]0;PWNED\007\033[2Jok: [localhost]", "\\x1b]0;PWNED\\x07\\x1b[2Jok: [localhost]"),
    "C1 control characters": ("\x9b2Jok", "\\x9b2Jok"),
    "lines": ("no\r\n\nfatal: [localhost]: ok\x0b\x85\u2028more\n", "no fatal: [localhost]: ok more"),
    "blanks up to the terminal's edge": ("no" + " " * 200 + "ok: [localhost]", "no ok: [localhost]"),
    "backspace and delete": ("no\b\b\x7fok", "no\\x08\\x08\\x7fok"),
    "what turns the direction": ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
    "what is no character": ("a\udc80b\0", "a\\udc80b\\x00"),
    "letters": ("Gr\u00f6\u00dfe \u4e2d \U0001f600", "Gr\u00f6\u00dfe \u4e2d \U0001f600"),
    "nothing": (" \n", ""),
}


@pytest.mark.parametrize(("text", "words"), FOREIGN.values(), ids=FOREIGN)
def test_what_others_say_is_fit_for_a_message(text: str, words: str) -> None:
    assert printable(text) == words
    assert printable(words) == words
    assert escaped(words) == words


def test_what_others_say_is_bounded() -> None:
    assert printable("x" * LONGEST_WORDS) == "x" * LONGEST_WORDS
    assert printable("x" * 10**6) == "x" * (LONGEST_WORDS - 4) + " ..."
    assert printable("abcdefg", 6) == "ab ..."


def test_no_failure_steers_a_terminal() -> None:
    """Names, paths and values of a pod are in messages too, where what others say is not expected."""
    failure = Failure("api_error", "a\033[2J\nb", hint="c\x07", details=[{"message": "\033"}])
    assert failure.msg == "a\\x1b[2J\\nb c\\x07"
    assert failure.to_dict()["details"] == [{"message": "\033"}]
