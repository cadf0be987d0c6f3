# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module ``ephemeral_container_exec`` over the wire, for what the cluster cannot be made to do (tests/integration/targets/exec has the rest)."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils import _stream
from ansible_collections.kubedebug.pods.plugins.modules import ephemeral_container_exec as module
from tests.unit.plugins.modules.documents import NAMESPACE, NOT_FOUND, POD, POD_PATH, RUNNING, TARGET, UID, pod, status, stored, terminated, waiting
from tests.unit.plugins.modules.script import Call
from tests.unit.plugins.modules.streams import CLOSE, EXEC_PATH, PING, PONG, V4, V5, Wire, exited, stream

if t.TYPE_CHECKING:
    from tests.unit.plugins.modules.conftest import RunModule

ASKED = {**TARGET, "name": "debugger", "command": ["id", "-u"]}
THERE = Call("GET", POD_PATH).json(pod(stored(), states={"debugger": RUNNING}))
#: What a server says of pods/exec without a websocket where the rights are there.
GRANTED = [Call(method, EXEC_PATH).json(status(400, "BadRequest", "Upgrade request required"), 400) for method in ("GET", "POST")]
STILL_THERE = [THERE] * 4


def say(*words: tuple[int, bytes], end: bytes | None = None) -> t.Callable[[Wire], None]:
    def act(wire: Wire) -> None:
        for channel, data in words:
            wire.say(channel, data)
        if end:
            wire.end(end)

    return act


def test_the_whole_conversation(run_module: RunModule) -> None:
    words: list[str] = []

    def act(wire: Wire) -> None:
        words.extend(wire.words)
        wire.say(1, b"")
        wire.say(1, b"out\n")
        wire.say(2, b"err\n")
        wire.end()

    result = run_module(module, [THERE, stream(act).header(authorization="Bearer token-of-the-test")], **ASKED)
    assert words == ["id", "-u"]
    assert result["requests"][1].query["container"] == "debugger"
    assert "stdin" not in result["requests"][1].query
    assert result["changed"]
    assert (result["rc"], result["stdout"], result["stderr"], result["timed_out"]) == (0, "out", "err", False)
    assert (result["namespace"], result["pod"], result["pod_uid"], result["name"]) == (NAMESPACE, POD, UID, "debugger")
    assert result["failed"] is False


def test_a_server_that_knows_only_the_newer_protocol_will_do(run_module: RunModule) -> None:
    calls = [THERE, stream(lambda wire: wire.end(), [V5]), *GRANTED, stream(lambda wire: wire.end(), [V5])]
    assert run_module(module, calls, **ASKED)["rc"] == 0


def test_one_that_knows_neither_is_told(run_module: RunModule) -> None:
    calls = [THERE, stream(lambda wire: wire.end(), []), *GRANTED, stream(lambda wire: wire.end(), []), *GRANTED]
    result = run_module(module, calls, **ASKED)
    assert (result["failure"]["code"], result["failure"]["field"], result["changed"]) == ("exec_failed", None, False)


def test_what_comes_after_the_status_counts(run_module: RunModule) -> None:
    def act(wire: Wire) -> None:
        wire.say(3, b'{"status":"Success"}')
        wire.say(1, b"late")
        wire.frame(CLOSE, b"\x03\xe8")

    assert run_module(module, [THERE, stream(act)], **ASKED)["stdout"] == "late"


def test_a_status_is_enough_where_the_connection_breaks_after_it(run_module: RunModule) -> None:
    def act(wire: Wire) -> None:
        wire.say(3, exited(4))
        wire.wait_for_reading()

    assert run_module(module, [THERE, stream(act)], **ASKED)["rc"] == 4


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (lambda wire: wire.reset(), "Reset|lost"),
        (lambda wire: None, "lost"),
        (lambda wire: wire.frame(CLOSE, b"\x03\xe8"), "before the command's exit code came"),
        (lambda wire: wire.end(b"not json"), "cannot be read"),
        (lambda wire: wire.end(b'{"status":"Failure","reason":"NonZeroExitCode"}'), "cannot be read"),
        (
            lambda wire: wire.end(b'{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"x"}]}}'),
            "cannot be read",
        ),
    ],
    ids=["reset", "end of file", "closed", "no JSON", "no exit code", "an exit code that is none"],
)
def test_a_lost_end_never_has_an_exit_code(run_module: RunModule, end: t.Callable[[Wire], None], words: str) -> None:
    def act(wire: Wire) -> None:
        wire.say(1, b"begun")
        wire.wait_for_reading()
        end(wire)

    result = run_module(module, [THERE, stream(act), *STILL_THERE], **ASKED)
    assert result["failure"]["code"] == "outcome_unknown"
    assert result["changed"]
    assert result["rc"] is None
    assert result["stdout"] == "begun"
    assert words.split("|")[-1] in result["msg"] or words.split("|")[0] in result["msg"]


def test_an_answer_that_never_comes_may_have_run(run_module: RunModule) -> None:
    result = run_module(module, [THERE, Call("GET", EXEC_PATH).broken(), *STILL_THERE], **ASKED)
    assert (result["failure"]["code"], result["changed"], result["rc"]) == ("outcome_unknown", True, None)


def test_what_became_of_the_pod_is_said(run_module: RunModule) -> None:
    calls = [THERE, stream(lambda wire: wire.reset()), THERE, Call("GET", POD_PATH).json(NOT_FOUND, 404)]
    assert "There is no pod" in run_module(module, calls, **ASKED)["msg"]
    killed = [THERE, stream(say(end=exited(137))), THERE, Call("GET", POD_PATH).json(pod(stored(), states={"debugger": terminated(137, "Error")}))]
    result = run_module(module, killed, **ASKED)
    assert (result["failure"]["code"], result["rc"]) == ("exited", 137)
    assert "does not run" in result["msg"]


NO_START = b'{"status":"Failure","reason":"InternalError","code":500,"message":"OCI runtime exec failed: exec failed: %s"}'
ENDED = Call("GET", POD_PATH).json(pod(stored(), states={"debugger": terminated(0)}))


@pytest.mark.parametrize(
    ("words", "after", "expected"),
    [
        (b"error executing setns process: exit status 1", [THERE, ENDED], "not_running"),
        (b"error executing setns process: exit status 1", STILL_THERE, "exec_failed"),
        (b'exec: \\"id\\": executable file not found in $PATH', [], "exec_failed"),
    ],
    ids=["it was ending", "it was not", "no such program"],
)
def test_why_a_command_could_not_be_started(run_module: RunModule, words: bytes, after: list[Call], expected: str) -> None:
    result = run_module(module, [THERE, stream(say(end=NO_START % words)), *after], **ASKED)
    assert (result["failure"]["code"], result["changed"]) == (expected, False)


def test_silence_is_asked_about_and_ends(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_stream, "_PING", 0.02)
    monkeypatch.setattr(_stream, "_DEAD", 0.3)
    heard: list[int] = []

    def alive(wire: Wire) -> None:
        for _sign in range(25):
            opcode, payload = wire.hear()
            heard.append(opcode)
            wire.frame(PONG, payload)
        wire.end()

    assert run_module(module, [THERE, stream(alive)], **ASKED)["rc"] == 0
    assert heard == [PING] * 25

    result = run_module(module, [THERE, stream(_until_gone), *STILL_THERE], **ASKED)
    assert result["failure"]["code"] == "outcome_unknown"
    assert "nothing was heard" in result["msg"]


def _until_gone(wire: Wire) -> None:
    try:
        while True:
            wire.hear()
    except (OSError, ValueError):
        return


def test_the_time_limit_holds_while_output_comes(run_module: RunModule) -> None:
    def chatter(wire: Wire) -> None:
        while True:
            wire.say(1, b"x" * 1000)

    result = run_module(module, [THERE, stream(chatter)], **ASKED, timeout=1, output_limit_bytes=10)
    assert (result["failure"]["code"], result["rc"], result["timed_out"]) == ("timed_out", None, True)
    assert result["stdout"] == "x" * 10
    assert result["stdout_truncated"]


def test_stdin_is_sent_and_closed(run_module: RunModule) -> None:
    def act(wire: Wire) -> None:
        wire.say(1, wire.stdin())
        wire.end()

    result = run_module(module, [THERE, stream(act)], **ASKED, stdin="ä" * 10000)
    assert result["stdout"] == "ä" * 10000
    assert result["stdout_bytes"] == 20001
    assert result["requests"][1].query["stdin"] == "true"
    assert run_module(module, [THERE, stream(act)], **ASKED, stdin="x", stdin_add_newline=False)["stdout_bytes"] == 1


def test_stdin_is_refused_by_a_server_that_cannot_close_it(run_module: RunModule) -> None:
    calls = [THERE, stream(lambda wire: wire.end(), [V4]), *GRANTED]
    result = run_module(module, calls, **ASKED, stdin="x")
    assert (result["failure"]["code"], result["failure"]["field"], result["changed"]) == ("exec_failed", "stdin", False)
    assert "1.30" in result["msg"]


def test_a_refusal_without_a_reason_is_asked_about(run_module: RunModule) -> None:
    bare = status(403, "Forbidden", f'pods "{POD}" is forbidden: ', name=POD, kind="pods")
    said = f'pods "{POD}" is forbidden: User "u" cannot create resource "pods/exec" in API group "" in the namespace "{NAMESPACE}"'
    calls = [
        THERE,
        Call("GET", EXEC_PATH).json(bare, 403),
        Call("GET", EXEC_PATH).json(bare, 403),
        Call("POST", EXEC_PATH).json(status(403, "Forbidden", said, name=POD, kind="pods"), 403),
    ]
    result = run_module(module, calls, **ASKED)
    assert result["failure"]["code"] == "forbidden_rbac"
    assert '{apiGroups: [""], resources: ["pods/exec"], verbs: ["get", "create"]}' in result["msg"]


REFUSALS: dict[str, tuple[int, t.Any, str]] = {
    "unauthorized": (401, status(401, "Unauthorized", "Unauthorized"), "unauthorized"),
    "a webhook": (403, status(403, "Forbidden", 'admission webhook "w" denied the request: no exec here'), "forbidden_admission"),
    "the pod is gone": (404, NOT_FOUND, "pod_not_found"),
    "a container that ended since": (500, 'container not found ("debugger")', "not_running"),
    "a container that was never there": (400, status(400, "BadRequest", f"container debugger is not valid for pod {POD}"), "container_not_found"),
    "a kubelet out of reach": (502, status(502, "BadGateway", "error dialing backend: dial tcp: i/o timeout"), "api_error"),
    "a redirect": (302, "elsewhere", "exec_failed"),
    "no websocket": (200, "hello", "exec_failed"),
}


@pytest.mark.parametrize(("code", "reply", "expected"), REFUSALS.values(), ids=REFUSALS)
def test_refusals(run_module: RunModule, code: int, reply: t.Any, expected: str) -> None:
    call = Call("GET", EXEC_PATH)
    call = call.text(reply.encode(), code) if isinstance(reply, str) else call.json(reply, code)
    call.reply_headers["Location"] = "http://127.0.0.1:9/"
    result = run_module(module, [THERE, call], **ASKED)
    assert (result["failure"]["code"], result["changed"]) == (expected, False)
    assert "rc" not in result


STATES: dict[str, tuple[t.Any, str]] = {
    "none": (pod(), "container_not_found"),
    "a container of the pod's own": (pod(), "container_not_found"),
    "waiting": (pod(stored(), states={"debugger": waiting("ContainerCreating")}), "not_running"),
    "not reported": (pod(stored()), "not_running"),
    "ended": (pod(stored(), states={"debugger": terminated(1, "Error")}), "not_running"),
}


@pytest.mark.parametrize(("document", "expected"), STATES.values(), ids=STATES)
def test_only_a_running_ephemeral_container_will_do(run_module: RunModule, document: t.Any, expected: str) -> None:
    result = run_module(module, [Call("GET", POD_PATH).json(document)], **ASKED)
    assert (result["failure"]["code"], result["failure"]["field"]) == (expected, "name")


def test_an_application_container_is_refused(run_module: RunModule) -> None:
    result = run_module(module, [THERE], **{**ASKED, "name": "cart"})
    assert result["failure"]["code"] == "container_not_found"
    assert "k8s_exec" in result["msg"]


BAD: dict[str, tuple[dict[str, t.Any], str]] = {
    "a string": ({"command": "id -u"}, "command"),
    "nothing": ({"command": []}, "command"),
    "a number": ({"command": ["sleep", 1]}, "command[1]"),
    "a NUL": ({"command": ["a\0"]}, "command[0]"),
    "half a character": ({"command": ["\ud800"]}, "command[0]"),
    "too long": ({"command": ["x" * 100_001]}, "command"),
    "stdin too long": ({"stdin": "x" * 1024 * 1024}, "stdin"),
    "no time": ({"timeout": 0}, "timeout"),
    "too much output": ({"output_limit_bytes": 2**24 + 1}, "output_limit_bytes"),
    "a path as pod": ({"pod": "../x"}, "pod"),
}


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(("changes", "field"), BAD.values(), ids=BAD)
def test_bad_options(run_module: RunModule, changes: dict[str, t.Any], field: str, check: bool) -> None:
    result = run_module(module, [], check=check, **{**ASKED, **changes})
    assert (result["failure"]["code"], result["failure"]["field"], result["changed"]) == ("invalid_options", field, False)


def test_check_mode_asks_nothing(run_module: RunModule) -> None:
    result = run_module(module, [], check=True, **ASKED)
    assert (result["skipped"], result["changed"]) == (True, False)
