# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long writing may take, and what is said of a write whose effect nobody knows: over the wire, with replies that never come."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils import _client, _ensure, _wait
from ansible_collections.kubedebug.pods.plugins.modules import ephemeral_container as module
from tests.unit.plugins.modules.documents import ASKED, DUPLICATE, PATCH_PATH, POD_PATH, RUNNING, TEST_FAILED, pod, status, stored
from tests.unit.plugins.modules.script import Call, Request

RunModule = t.Callable[..., dict[str, t.Any]]

AWAY = status(503, "ServiceUnavailable", "away")


@pytest.fixture
def short_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests get 0.2 seconds instead of five where no time is left."""
    monkeypatch.setattr(_client, "_LEAST_TIMEOUT", 0.2)


def get(document: t.Any, code: int = 200) -> Call:
    return Call("GET", POD_PATH).json(document, code)


def patch(document: t.Any = None, code: int = 200) -> Call:
    return Call("PATCH", PATCH_PATH).json(document or pod(stored(), version="101"), code)


class Writer:
    """Remembers the field manager of a write, to be found in the pods that are read afterwards."""

    def __init__(self) -> None:
        self.name = ""

    def of(self, call: Call) -> Call:
        def note(name: str) -> bool:
            self.name = name
            return True

        return call.query(fieldManager=note, fieldValidation="Strict")

    def written(self, _request: Request) -> t.Any:
        return pod(stored(), states={"debugger": RUNNING}, managed=[(self.name, "debugger")])


@pytest.mark.usefixtures("short_requests")
def test_a_write_that_hangs_is_given_up_when_the_time_is_over(run_module: RunModule) -> None:
    began = time.monotonic()
    result = run_module(module, [get(pod()), patch().after(60), get(pod())], **ASKED, wait_timeout=1)
    assert time.monotonic() - began < 10
    assert result["failure"]["code"] == "outcome_unknown"
    assert "may still come" in result["msg"]
    assert result["changed"]


@pytest.mark.usefixtures("short_requests")
def test_a_write_that_hangs_and_happened_is_found_after_the_time_is_over(run_module: RunModule) -> None:
    writer = Writer()
    result = run_module(module, [get(pod()), writer.of(patch().after(60)), get(writer.written)], **ASKED, wait_timeout=1)
    assert not result.get("failed")
    assert result["changed"]


@pytest.mark.usefixtures("short_requests")
@pytest.mark.parametrize("check", [False, True])
def test_no_new_round_begins_when_the_time_is_over(run_module: RunModule, check: bool) -> None:
    result = run_module(module, [get(pod()), patch().after(60), get(pod())], check=check, **ASKED, wait_timeout=0)
    assert result["failure"]["code"] == ("api_error" if check else "outcome_unknown")
    assert result["changed"] is not check


def test_a_lost_race_is_decided_again_though_the_time_is_over(run_module: RunModule) -> None:
    """Somebody else's container was first. That is no slow server, and one more write ends it."""
    there = pod(stored(name="other"))
    calls = [get(pod()), patch(TEST_FAILED, 422), get(there), patch(pod(stored(name="other"), stored()))]
    result = run_module(module, calls, **ASKED, wait=False, wait_timeout=0)
    assert result["changed"]


def test_a_dry_run_without_answer_has_no_unknown_outcome(run_module: RunModule) -> None:
    calls = [get(pod()), patch().broken(), *[get(AWAY, 503) for _attempt in range(40)]]
    result = run_module(module, calls, check=True, **ASKED)
    assert result["failure"]["code"] == "api_error"
    assert not result["changed"]


def test_dry_runs_without_answer_end(run_module: RunModule) -> None:
    calls = [call for _round in range(10) for call in (get(pod()), patch().broken())]
    result = run_module(module, [*calls, get(pod())], check=True, **ASKED)
    assert result["failure"]["code"] == "api_error"
    assert "got no answer" in result["msg"]
    assert not result["changed"]


@pytest.mark.parametrize("answer", [DUPLICATE, TEST_FAILED], ids=["duplicate", "test"])
def test_a_late_write_and_a_pod_that_cannot_be_read_after_it(run_module: RunModule, answer: dict[str, t.Any]) -> None:
    """The first write took effect after the pod was read: the second is refused for it. Nobody may say then that nothing was written."""
    calls = [get(pod()), patch().broken(), get(pod()), patch(answer, 422), *[get(AWAY, 503) for _attempt in range(40)]]
    result = run_module(module, calls, **ASKED)
    assert result["failure"]["code"] == "outcome_unknown"
    assert result["changed"]


def test_races_alone_are_no_unknown_outcome(run_module: RunModule) -> None:
    result = run_module(module, [get(pod()), patch(DUPLICATE, 422), *[get(AWAY, 503) for _attempt in range(8)]], **ASKED)
    assert result["failure"]["code"] == "api_error"
    assert not result["changed"]


def test_races_without_end(run_module: RunModule) -> None:
    calls = [call for _round in range(10) for call in (get(pod()), patch(TEST_FAILED, 422))]
    result = run_module(module, [*calls, get(pod())], **ASKED)
    assert result["failure"]["code"] == "api_error"
    assert "no longer as it had been read" in result["msg"]
    assert not result["changed"]


#: What is answered with 200 by something that may have passed the write on.
GARBAGE: dict[str, bytes] = {"page": b"<html>", "list": b"[]", "half a pod": b'{"kind": "Pod", "metadata": {"name": "cart-7c9f"}}', "nothing": b""}


@pytest.mark.parametrize("content", GARBAGE.values(), ids=GARBAGE)
def test_a_reply_that_is_no_pod_is_a_lost_one(run_module: RunModule, content: bytes) -> None:
    writer = Writer()
    result = run_module(module, [get(pod()), writer.of(Call("PATCH", PATCH_PATH).text(content)), get(writer.written)], **ASKED)
    assert not result.get("failed")
    assert result["changed"]


def test_pauses_between_writes_grow_and_end_with_the_time(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    lost = [call for _round in range(6) for call in (patch(AWAY, 503), get(pod()))]
    run_module(module, [get(pod()), *lost, patch()], **ASKED, wait=False, wait_timeout=1000)
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.0])


def test_a_server_that_wants_to_be_left_alone_for_longer_than_there_is_time(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    calls = [get(pod()), patch().json(AWAY, 503, Retry_After="3600"), get(pod()), patch()]
    result = run_module(module, calls, **ASKED, wait=False, wait_timeout=7)
    assert result["changed"]
    assert len(pauses) == 1
    assert 6 < pauses[0] <= 7


@pytest.mark.parametrize(
    ("answer", "code"),
    [(Call("PATCH", PATCH_PATH).text(b"upstream timed out", 504), "outcome_unknown"), (patch(AWAY, 503), "outcome_unknown")],
    ids=["of a gateway", "of a server that is going"],
)
def test_an_answer_that_does_not_say_what_becomes_of_the_write(run_module: RunModule, answer: Call, code: str) -> None:
    """A gateway may give up on a request that the API server still carries out."""
    result = run_module(module, [get(pod()), answer, get(pod())], **ASKED, wait_timeout=0)
    assert (result["failure"]["code"], result["changed"]) == (code, True)


def test_a_server_that_says_that_the_write_failed_is_believed(run_module: RunModule) -> None:
    failed = status(500, "InternalError", "failed calling webhook")
    result = run_module(module, [get(pod()), patch(failed, 500), get(pod())], **ASKED, wait_timeout=0)
    assert (result["failure"]["code"], result["changed"]) == ("api_error", False)


def test_no_write_begins_after_its_time(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ensure, "_LEAST_SECONDS", -1.0)
    monkeypatch.setattr(time, "monotonic", iter(range(1000)).__next__)
    result = run_module(module, [get(pod())], **ASKED, wait_timeout=0)
    assert (result["failure"]["code"], result["changed"]) == ("timed_out", False)
    assert "Nothing was written" in result["msg"]


def test_an_error_that_nobody_knows_does_not_hide_what_was_written(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: t.Any) -> t.NoReturn:
        raise KeyError("a secret")

    monkeypatch.setattr(_wait, "wait", broken)
    result = run_module(module, [get(pod()), patch()], **ASKED)
    assert (result["failure"]["code"], result["changed"]) == ("api_error", True)
    assert "KeyError in broken" in result["msg"]
    assert "a secret" not in result["msg"]


def test_an_error_that_nobody_knows_before_the_reply_is_no_unchanged(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: t.Any, **_more: t.Any) -> t.NoReturn:
        raise KeyError("a secret")

    monkeypatch.setattr(_ensure, "check_stored", broken)
    result = run_module(module, [get(pod()), patch()], **ASKED)
    assert (result["failure"]["code"], result["changed"]) == ("outcome_unknown", True)


def test_an_error_that_nobody_knows_in_check_mode_has_changed_nothing(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ensure, "decide", None)
    result = run_module(module, [get(pod())], check=True, **ASKED)
    assert (result["failure"]["code"], result["changed"]) == ("api_error", False)


def test_an_error_that_nobody_knows_in_a_log_does_not_hide_what_was_written(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client.Client, "read_log", None)
    there = pod(stored(), states={"debugger": RUNNING}, version="101")
    result = run_module(module, [get(pod()), patch(there)], logs=True, **ASKED)
    assert (result["failure"]["code"], result["changed"]) == ("api_error", True)


def test_a_target_that_is_not_there_is_said_before_what_it_would_have_told(run_module: RunModule) -> None:
    result = run_module(module, [get(pod())], **ASKED, target="crat", profile="match_target")
    assert (result["failure"]["code"], result["failure"]["field"]) == ("invalid_spec", "spec.ephemeralContainers[0].targetContainerName")
    assert "crat" in result["msg"]
