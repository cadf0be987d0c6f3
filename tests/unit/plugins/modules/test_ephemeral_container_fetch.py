# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module ``ephemeral_container_fetch`` over the wire, for what the cluster cannot be made to do (tests/integration/targets/fetch has the rest)."""

from __future__ import annotations

import hashlib
import typing as t
from pathlib import Path

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils._source import BLOCK, SCRIPT
from ansible_collections.kubedebug.pods.plugins.modules import ephemeral_container_fetch as module
from tests.unit.plugins.modules.documents import POD_PATH, RUNNING, TARGET, UID, pod, stored, terminated
from tests.unit.plugins.modules.script import Call
from tests.unit.plugins.modules.streams import Wire, exited, stream

if t.TYPE_CHECKING:
    from tests.unit.plugins.modules.conftest import RunModule

THERE = Call("GET", POD_PATH).json(pod(stored(), states={"debugger": RUNNING}))
DATA = bytes(range(256)) * 1024  # four blocks
LOOK, SUM, READ = "look", "sum", "read"

Step = tuple[str, t.Callable[[Wire], None]]


def conversation(*steps: Step) -> list[Call]:
    """The calls of a GET of the pod and then of these steps. Checksums are asked for while the file is read, so each action has an order of its own."""
    queues = {action: [act for what, act in steps if what == action] for action in (LOOK, SUM, READ)}

    def act(wire: Wire) -> None:
        assert wire.words[:4] == ["sh", "-c", SCRIPT, "fetch"]
        queue = queues[wire.words[4]]
        if queue:
            queue.pop(0)(wire)
        else:
            wire.end(exited(99))

    return [THERE, *[stream(act) for _step in steps]]


def look(data: bytes = DATA, kind: str = "file") -> Step:
    """The answer to the question what is there."""
    return LOOK, lambda wire: (wire.say(1, f"{kind} {len(data)}\n".encode()), wire.end())[1]


def sum_(data: bytes = DATA) -> Step:
    """The answer to the question for its checksum."""
    return SUM, lambda wire: (wire.say(1, f"{hashlib.sha256(data).hexdigest()}  -\n".encode()), wire.end())[1]


def read(start: int, *, length: int | None = None, data: bytes = DATA, then: t.Callable[[Wire], None] | None = None, cut: int | None = None) -> Step:
    """The answer to a request for the bytes from ``start`` on: all of them, or those up to ``cut``, and then the end, or what ``then`` does."""

    def act(wire: Wire) -> None:
        asked = int(wire.words[-1])
        if int(wire.words[-2]) != start or (length is not None and asked != length):
            wire.end(exited(99))
            return
        wire.say(1, data[start : start + asked if cut is None else cut], piece=5000)
        wire.wait_for_reading()
        (then or Wire.end)(wire)

    return READ, act


@pytest.fixture
def asked(tmp_path: Path) -> dict[str, t.Any]:
    return {**TARGET, "name": "debugger", "path": "/tmp/data", "dest": f"{tmp_path}/"}


def left(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def test_the_whole_conversation(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path) -> None:
    result = run_module(module, conversation(look(), sum_(), read(0, length=len(DATA))), diff=True, **asked)
    assert result["changed"]
    assert result["pod_uid"] == UID
    assert result["file"] == {
        "path": "/tmp/data",
        "dest": str(tmp_path / "data"),
        "kind": "file",
        "size": len(DATA),
        "checksum": hashlib.sha256(DATA).hexdigest(),
        "changed": True,
        "resumed": 0,
        "failure": None,
    }
    assert (tmp_path / "data").read_bytes() == DATA
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o600
    assert [(diff["before"], diff["after"].splitlines()[0]) for diff in result["diff"]] == [("", f"size: {len(DATA)}")]
    again = run_module(module, conversation(look(), sum_()), diff=True, **asked)
    assert (again["changed"], again["diff"]) == (False, [])


def test_chunks_are_asked_for_one_by_one(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path) -> None:
    calls = conversation(look(), sum_(), read(0, length=BLOCK * 3), read(BLOCK * 3, length=BLOCK))
    assert run_module(module, calls, **asked, chunk_size=BLOCK * 3 + 5)["file"]["resumed"] == 0
    assert (tmp_path / "data").read_bytes() == DATA


BREAKS: dict[str, t.Callable[[Wire], None]] = {
    "reset": Wire.reset,
    "closed": lambda wire: wire.frame(8, b"\x03\xe8"),
    "its end lost without a word": lambda wire: wire.end(),
    "an error of the server": lambda wire: wire.end(b'{"status":"Failure","reason":"InternalError","code":500,"message":"error reading from error stream"}'),
}


@pytest.mark.parametrize("breaks", BREAKS.values(), ids=BREAKS)
def test_a_broken_stream_is_resumed_at_a_block(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path, breaks: t.Callable[[Wire], None]) -> None:
    calls = conversation(look(), sum_(), read(0, cut=BLOCK + 5000, then=breaks), read(BLOCK, cut=BLOCK + 1, then=breaks), read(BLOCK))
    result = run_module(module, calls, **asked)
    assert result["file"]["resumed"] == 2
    assert (tmp_path / "data").read_bytes() == DATA


def test_it_gives_up_without_progress(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path) -> None:
    stuck = [read(BLOCK, cut=BLOCK + 1, then=Wire.reset) for _attempt in range(4)]
    again = [read(0, cut=1, then=Wire.reset) for _attempt in range(4)]
    calls = conversation(*[look()] * 4, *[sum_()] * 4, read(0, cut=BLOCK + 1, then=Wire.reset), *stuck, *again, *again)
    result = run_module(module, calls, **asked)
    assert result["failure"]["code"] == "transfer_failed"
    assert "breaks again and again" in result["msg"]
    assert left(tmp_path) == []


def test_an_altered_byte_is_no_success(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path) -> None:
    altered = DATA[:100000] + b"!" + DATA[100001:]
    (tmp_path / "data").write_bytes(b"old")
    calls = conversation(*[look()] * 4, *[sum_()] * 4, *[read(0, data=altered)] * 3)
    result = run_module(module, calls, **asked)
    assert (result["failure"]["code"], result["changed"]) == ("transfer_failed", False)
    assert "loses or alters" in result["msg"]
    assert left(tmp_path) == ["data"]
    assert (tmp_path / "data").read_bytes() == b"old"
    assert run_module(module, conversation(look(), look(), sum_(), sum_(), read(0, data=altered), read(0)), **asked)["changed"]


def test_a_file_that_changes_is_no_success_until_it_rests(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path) -> None:
    one, two = DATA, DATA[::-1]
    calls = conversation(*[look()] * 4, sum_(one), read(0, data=two), sum_(two), read(0, data=one), sum_(one), read(0, data=two), sum_(two))
    result = run_module(module, calls, **asked)
    assert "changes while it is read" in result["msg"]
    assert left(tmp_path) == []
    result = run_module(module, conversation(look(), look(), sum_(one), read(0, data=two), sum_(two), read(0, data=two)), **asked)
    assert result["file"]["checksum"] == hashlib.sha256(two).hexdigest()
    assert (tmp_path / "data").read_bytes() == two


def test_more_than_was_announced_is_no_success(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path) -> None:
    def more(wire: Wire) -> None:
        wire.say(1, DATA + b"more")
        wire.end()

    calls = conversation(*[look()] * 4, *[sum_()] * 4, *[(READ, more)] * 3)
    assert run_module(module, calls, **asked)["failure"]["code"] == "transfer_failed"
    assert left(tmp_path) == []


def test_a_file_that_becomes_a_directory_is_no_success(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path) -> None:
    calls = conversation(look(), sum_(), read(0, then=lambda wire: wire.end(exited(94))), look(kind="directory"))
    assert "changes while it is read" in run_module(module, calls, **asked)["msg"]
    assert left(tmp_path) == []


def test_the_container_ends_half_way(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path) -> None:
    gone = b'{"status":"Failure","reason":"InternalError","code":500,"message":"container not found (\\"debugger\\")"}'
    ended: Step = (READ, lambda wire: wire.end(gone))
    result = run_module(module, conversation(look(), sum_(), read(0, cut=BLOCK, then=Wire.reset), ended), **asked)
    assert result["failure"]["code"] == "not_running"
    assert left(tmp_path) == []


def test_the_time_limit_holds(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path) -> None:
    def slow(wire: Wire) -> None:
        wire.say(1, DATA[:10])
        wire.hear()

    result = run_module(module, conversation(look(), sum_(), (READ, slow)), **asked, timeout=1)
    assert (result["failure"]["code"], result["changed"]) == ("timed_out", False)
    assert left(tmp_path) == []


def test_an_archive_that_is_not_whole_is_no_success(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path) -> None:
    def partial(wire: Wire) -> None:
        wire.say(2, b"tar: ./secret: Permission denied\ntar ended with 1\n")
        sum_()[1](wire)

    result = run_module(module, conversation(look(kind="directory"), (SUM, partial), read(0)), **asked)
    assert "./secret: Permission denied" in result["msg"]
    assert left(tmp_path) == []


def test_check_mode_asks_for_the_checksum_and_reads_nothing(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path) -> None:
    result = run_module(module, conversation(look(), sum_()), check=True, diff=True, **asked)
    assert (result["changed"], result["file"]["checksum"]) == (True, hashlib.sha256(DATA).hexdigest())
    assert left(tmp_path) == []
    (tmp_path / "data").write_bytes(DATA)
    assert not run_module(module, conversation(look(), sum_()), check=True, **asked)["changed"]


def test_an_empty_file(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path) -> None:
    assert run_module(module, conversation(look(b""), sum_(b"")), **asked)["changed"]
    assert (tmp_path / "data").read_bytes() == b""


def test_no_room_here(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: t.Any) -> t.Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    result = run_module(module, conversation(look(), sum_(), read(0)), **asked)
    assert (result["failure"]["code"], result["failure"]["field"]) == ("transfer_failed", "dest")
    assert "No space left" in result["msg"]
    assert left(tmp_path) == []


ANSWERS: dict[str, tuple[int, bytes, str, str]] = {
    "a tool is missing": (90, b"sha256sum\n", "exec_failed", "has no sha256sum"),
    "no such file": (95, b"fetch: line 37: can't open /tmp/data: no such file\n", "transfer_failed", "can't open /tmp/data: no such file"),
    "denied": (95, b"fetch: 38: cannot open /tmp/data: Permission denied\n", "transfer_failed", "match_target"),
    "too large": (96, b"file 12345\n", "transfer_failed", "12345 bytes"),
    "links in a circle": (93, b"", "transfer_failed", "symbolic links"),
    "a device": (94, b"", "transfer_failed", "neither a file nor a directory"),
    "nonsense": (0, b"hello\n", "transfer_failed", "cannot be read"),
    "nothing": (0, b"", "transfer_failed", "cannot be read"),
    "killed": (137, b"", "transfer_failed", "exit code 137"),
}


@pytest.mark.parametrize(("code", "said", "expected", "words"), ANSWERS.values(), ids=ANSWERS)
def test_what_the_script_says(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path, code: int, said: bytes, expected: str, words: str) -> None:
    def act(wire: Wire) -> None:
        wire.say(1, said)
        wire.end(exited(code) if code else b'{"status":"Success"}')

    result = run_module(module, conversation((LOOK, act)), **asked)
    assert result["failure"]["code"] == expected
    assert words in result["msg"]
    assert left(tmp_path) == []


def test_several_paths_one_of_which_fails(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path) -> None:
    def missing(wire: Wire) -> None:
        wire.end(exited(95))

    del asked["path"]
    result = run_module(module, conversation((LOOK, missing), look(), sum_(), read(0)), **asked, paths=["/tmp/none", "/tmp/data"])
    assert result["changed"]
    assert [entry["changed"] for entry in result["files"]] == [False, True]
    assert result["failure"] == result["files"][0]["failure"]
    assert "file" not in result
    assert left(tmp_path) == ["data"]


def test_a_directory_whose_archive_has_the_name_of_another_path(run_module: RunModule, asked: dict[str, t.Any], tmp_path: Path) -> None:
    del asked["path"]
    calls = conversation(look(), sum_(), read(0), look(kind="directory"))
    result = run_module(module, calls, **asked, paths=["/tmp/data.tar", "/tmp/data"])
    assert result["files"][1]["failure"]["field"] == "dest"
    assert left(tmp_path) == ["data.tar"]


def test_target_statuses(run_module: RunModule, asked: dict[str, t.Any]) -> None:
    def document(**target: t.Any) -> Call:
        found = pod(stored(targetContainerName="cart"), states={"debugger": RUNNING})
        found["status"]["containerStatuses"] = [{"name": "cart", **target}]
        return Call("GET", POD_PATH).json(found)

    running = {"state": RUNNING, "containerID": "containerd://0123456789abcdef"}

    def act(wire: Wire) -> None:
        assert wire.words[4:8] == [LOOK, "/tmp/data", "0123456789abcdef", "1"]
        wire.end(exited(93))

    assert run_module(module, [document(**running), stream(act)], **asked, target=True)["failure"]["code"] == "transfer_failed"
    for status in ({"state": terminated()}, {"state": RUNNING, "containerID": ""}, {}):
        assert run_module(module, [document(**status)], **asked, target="cart")["failure"]["code"] == "not_running"
    assert run_module(module, [document(**running)], **asked, target="setup")["failure"]["field"] == "target"
    assert run_module(module, [THERE], **asked, target=True)["failure"]["field"] == "target"
    assert run_module(module, [], **asked, target=[])["failure"]["field"] == "target"


BAD: dict[str, tuple[dict[str, t.Any], str]] = {
    "relative": ({"path": "tmp/data"}, "path"),
    "a NUL": ({"path": "/a\0b"}, "path"),
    "no name": ({"path": "/tmp/.."}, "path"),
    "the root": ({"path": "/"}, "path"),
    "a number": ({"path": 7}, "path[0]"),
    "a string for a list": ({"path": None, "paths": "/a,/b"}, "paths"),
    "an empty list": ({"path": None, "paths": []}, "paths"),
    "one name twice": ({"path": None, "paths": ["/a/x", "/b/x"]}, "paths"),
    "many to a file": ({"path": None, "paths": ["/a", "/b"], "dest": "/tmp/one"}, "dest"),
    "no such directory": ({"dest": "/nowhere/at/all"}, "dest"),
    "a file as directory": ({"dest": f"{__file__}/"}, "dest"),
    "a small chunk": ({"chunk_size": 65535}, "chunk_size"),
    "a negative size": ({"max_size": -1}, "max_size"),
    "no time": ({"timeout": 0}, "timeout"),
}


@pytest.mark.parametrize(("changes", "field"), BAD.values(), ids=BAD)
def test_bad_options(run_module: RunModule, asked: dict[str, t.Any], changes: dict[str, t.Any], field: str) -> None:
    given = {key: value for key, value in {**asked, **changes}.items() if value is not None}
    result = run_module(module, [], **given)
    assert (result["failure"]["code"], result["failure"]["field"], result["changed"]) == ("invalid_options", field, False)
