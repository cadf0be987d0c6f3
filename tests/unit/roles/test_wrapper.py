# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""roles/debug/files/wrapper.sh under real shells, and what the collection reads of its log."""

from __future__ import annotations

import ctypes
import dataclasses
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.kubedebug.pods.plugins.plugin_utils import _debug_frames as framing
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_answers import answer
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_plan import bare
from tests import collection

FILES = collection.ROOT / "roles" / "debug" / "files"
WRAPPER = bare((FILES / "wrapper.sh").read_text())
SHELLS = {name: words for name, words in {"dash": ["dash"], "busybox": ["busybox", "sh"]}.items() if shutil.which(words[0])}
PR_SET_CHILD_SUBREAPER = 36


@dataclasses.dataclass
class Run:
    code: int
    verdict: dict[str, t.Any] | None
    frames: dict[str, framing.Frame]
    log: str


@pytest.fixture(params=["dash", "busybox"])
def shell(request: pytest.FixtureRequest) -> list[str]:
    assert request.param in SHELLS, f"there is no {request.param}: the test cluster installs it"
    return SHELLS[request.param]


def start(shell: list[str], folder: Path, tool: t.Sequence[str], **settings: str) -> subprocess.Popen[bytes]:
    environment = {"PATH": os.environ["PATH"], "KD_DIR": str(folder), "KD_NAME": "kd-test", "KD_TERMINATION_LOG": str(folder / "message"), **settings}
    return subprocess.Popen([*shell, "-c", WRAPPER, "kd", *tool], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def finish(process: subprocess.Popen[bytes], folder: Path) -> Run:
    log = process.communicate(timeout=60)[0].decode("ascii")
    message = folder / "message"
    return Run(process.returncode, framing.verdict(message.read_text() if message.exists() else None, None), framing.frames(log), log)


def run(shell: list[str], folder: Path, tool: t.Sequence[str], **settings: str) -> Run:
    return finish(start(shell, folder, tool, **settings), folder)


OUTPUTS = {
    "nothing": b"",
    "a line": b"hello\n",
    "no line's end": b"hello",
    "invalid UTF-8 and NUL": b"\xff\xfe\x00\x80 \xc3",
    "a template": b"{{ lookup('pipe', 'touch /tmp/owned') }}",
    "frames of its own": b"-----BEGIN KD stdout " + b"0" * 64 + b' 1 1-----\nYQ==\n-----END KD stdout-----\n-----KD {"kd":1,"state":"done"}-----\n',
}


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS.keys())
def test_any_output_comes_through(shell: list[str], tmp_path: Path, output: bytes) -> None:
    (tmp_path / "output").write_bytes(output)
    done = run(shell, tmp_path, ["sh", "-c", 'cat "$1"; echo trouble >&2; exit 5', "sh", str(tmp_path / "output")])
    assert done.code == 5
    assert done.frames["stdout"].content == output
    assert done.frames["stdout"].fault is None
    assert done.frames["stderr"].content == b"trouble\n"
    assert done.verdict is not None
    assert done.verdict["sha256"] == done.frames["stdout"].sha256
    assert {key: done.verdict[key] for key in ("state", "code", "timed_out", "bytes", "error_bytes")} == {
        "state": "done",
        "code": 5,
        "timed_out": False,
        "bytes": len(output),
        "error_bytes": 8,
    }
    assert framing.verdict(None, done.log) == done.verdict


def test_more_than_a_log_holds_is_cut_and_said(shell: list[str], tmp_path: Path) -> None:
    done = run(shell, tmp_path, ["sh", "-c", "head -c 10000000 /dev/zero; echo >&2"])
    frame = done.frames["stdout"]
    assert (len(frame.content), frame.total, frame.fault) == (524288, 10_000_000, None)
    assert done.verdict is not None
    assert done.verdict["bytes"] == 10_000_000
    assert done.verdict["sha256"] != frame.sha256


def test_a_file_that_grows_too_large_ends_the_tool(shell: list[str], tmp_path: Path) -> None:
    done = run(shell, tmp_path, ["sh", "-c", "exec cat /dev/zero"], KD_FILE_KIB="64", KD_TIMEOUT="30")
    assert done.code == 128 + signal.SIGXFSZ
    assert done.verdict is not None
    assert (done.verdict["bytes"], done.verdict["timed_out"]) == (65536, False)


def test_time_is_up_for_the_tool_and_all_that_it_started(shell: list[str], tmp_path: Path) -> None:
    # A number that no other worker's test sleeps for.
    nap = str(3_000_000 + os.getpid())
    done = run(shell, tmp_path, ["sh", "-c", f"echo begun; sleep {nap} & sleep {nap}; wait"], KD_TIMEOUT="1")
    assert done.verdict is not None
    assert done.verdict["timed_out"] is True
    assert done.verdict["state"] == "done"
    assert done.frames["stdout"].content == b"begun\n"
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if _read(path) == f"sleep\0{nap}\0".encode()]


def test_a_tool_that_ignores_the_signal_is_killed(shell: list[str], tmp_path: Path) -> None:
    began = time.monotonic()
    done = run(shell, tmp_path, ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"], KD_TIMEOUT="1")
    assert 5 <= time.monotonic() - began < 15
    assert done.code == 128 + signal.SIGKILL
    assert done.verdict is not None
    assert done.verdict["timed_out"] is True


def test_told_to_end_it_says_so_and_what_there_is(shell: list[str], tmp_path: Path) -> None:
    process = start(shell, tmp_path, ["sh", "-c", f"echo begun; echo > {tmp_path}/up; sleep 60"])
    _until((tmp_path / "up").exists)
    process.terminate()
    done = finish(process, tmp_path)
    assert done.verdict is not None
    assert done.verdict["state"] == "stopped"
    assert done.frames["stdout"].content == b"begun\n"


def test_killed_it_leaves_the_word_running(shell: list[str], tmp_path: Path) -> None:
    process = start(shell, tmp_path, ["sleep", "2"], KD_TIMEOUT="3")
    _until(lambda: b"running" in _read(tmp_path / "message"))
    process.kill()
    assert (finish(process, tmp_path).verdict or {})["state"] == "running"


def test_too_late_it_does_not_run(shell: list[str], tmp_path: Path) -> None:
    done = run(shell, tmp_path, ["touch", str(tmp_path / "ran")], KD_NOT_AFTER=str(int(time.time()) - 1))
    assert (done.code, (done.verdict or {})["state"], done.frames) == (75, "expired", {})
    assert not (tmp_path / "ran").exists()


def test_it_holds_until_it_is_stopped(shell: list[str], tmp_path: Path) -> None:
    process = start(shell, tmp_path, ["sh", "-c", 'echo kept >"$KD_OUT/file"'], KD_HOLD="60")
    _until(lambda: (framing.verdict(_read(tmp_path / "message").decode(), None) or {}).get("state") == "done")
    began = time.monotonic()
    (tmp_path / "kd-test.own" / "stop").touch()
    done = finish(process, tmp_path)
    assert time.monotonic() - began < 3
    assert done.code == 0
    assert [(file["name"], file["size"]) for file in framing.files(done.frames["files"].content.decode())] == [("file", 5)]


def test_it_holds_no_longer_than_told(shell: list[str], tmp_path: Path) -> None:
    began = time.monotonic()
    assert run(shell, tmp_path, ["true"], KD_HOLD="2").code == 0
    assert 1 < time.monotonic() - began < 6


def test_two_that_share_a_folder_keep_apart(shell: list[str], tmp_path: Path) -> None:
    both = [
        start(
            shell,
            tmp_path,
            ["sh", "-c", f'echo {name}; sleep 1; echo {name} >"$KD_OUT/file"'],
            KD_NAME=name,
            KD_TERMINATION_LOG=str(tmp_path / name) + ".message",
        )
        for name in ("one", "two")
    ]
    for process, name in zip(both, ("one", "two"), strict=True):
        log = process.communicate(timeout=30)[0].decode()
        assert framing.frames(log)["stdout"].content.decode() == f"{name}\n"
        assert json.loads((tmp_path / f"{name}.message").read_text())["out"] == str(tmp_path / name)


def test_a_folder_that_another_has_made_is_not_taken(shell: list[str], tmp_path: Path) -> None:
    locked, name = tmp_path / "locked", f"kd-test-{secrets.token_hex(4)}"
    (locked / name).mkdir(parents=True)
    locked.chmod(0o555)
    done = subprocess.run(
        [*shell, "-c", WRAPPER, "kd", "true"],
        env={"PATH": os.environ["PATH"], "KD_DIR": str(locked), "KD_NAME": name, "KD_TERMINATION_LOG": "/dev/null"},
        user=65532 if os.geteuid() == 0 else None,
        group=65532 if os.geteuid() == 0 else None,
        capture_output=True,
        text=True,
        check=False,
    )
    for folder in (Path("/tmp", name), Path("/tmp", f"{name}.own")):
        shutil.rmtree(folder, ignore_errors=True)
    assert (framing.verdict(None, done.stdout) or {})["out"] == f"/tmp/{name}"


def test_it_leaves_no_process_behind(shell: list[str], tmp_path: Path) -> None:
    """A target that does not reap its children would keep each as a zombie."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        before = _children()
        assert run(shell, tmp_path, ["sh", "-c", "echo quick"], KD_HOLD="2").code == 0
        assert _children() == before
    finally:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0)


def test_a_target_that_is_not_there_is_not_guessed(shell: list[str], tmp_path: Path) -> None:
    script = "\n".join(bare((FILES / name).read_text()) for name in ("parts.sh", "target.sh")) + "\nfind_target\necho not reached"
    done = run(shell, tmp_path, ["sh", "-c", script], KD_TARGET="app")
    assert done.code == 3
    parts = framing.parts(done.frames["stdout"].content.decode())
    assert [part.title for part in parts] == [("no_target",)]
    assert any(re.fullmatch(r"\d+ \S.*", line) for line in parts[0].lines)


def _children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _until(condition: t.Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


#: In the place of a JVM, the process that runs the script; in the place of jattach, JATTACH, which never ends while a heap is dumped.
JVM = r"""
find_target() { KD_MEMBERS=$$ KD_PID=$$ KD_ROOT=$ROOT; }
names_of() { echo "$1 java"; }
catches() { :; }
"""
JATTACH = r"""#!/bin/sh
case "$2 ${3-}" in
  'jcmd VM.version') echo 'JDK 17.0.1' ;;
  'jcmd GC.heap_info') echo ' garbage-first heap   total 45056K, used 11412K' ;;
  dumpheap*) echo half >"$ROOT$3"; : >"$ROOT/tmp/.attach_pid$1"; : >".attach_pid$1"; echo begun >"$ROOT/begun"; exec sleep 60 ;;
esac
"""


@pytest.mark.parametrize("own_before", [False, True])
def test_a_heap_dump_at_the_time_limit_is_told_and_what_it_left_is_removed(shell: list[str], own_before: bool, tmp_path: Path) -> None:
    root, programs, cwd, own = tmp_path / "root", tmp_path / "bin", tmp_path / "cwd", tmp_path / "own"
    for folder in (root / "tmp", programs, cwd, own):
        folder.mkdir(parents=True)
    (programs / "jattach").write_text(JATTACH)
    (programs / "jattach").chmod(0o755)
    script = "\n".join([(FILES / "parts.sh").read_text(), (FILES / "jvm.sh").read_text(), JVM, "jvm_of() { :; }"])
    script += '\n[ -z "$BEFORE" ] || : >"$ROOT/tmp/.attach_pid$$"\npreset_jvm heap'
    settings = {"PATH": f"{programs}:{os.environ['PATH']}", "ROOT": str(root), "BEFORE": "yes" if own_before else "", "KD_TIMEOUT": "3"}
    process = subprocess.Popen(
        [*shell, "-c", WRAPPER, "kd", *shell, "-c", script, "kd-jvm"],
        env={"KD_DIR": str(own), "KD_NAME": "kd-test", "KD_TERMINATION_LOG": str(own / "message"), **settings},
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    told = finish(process, own)
    found = answer("jvm", framing.parts(told.frames["stdout"].content.decode()), ["heap"])
    assert (root / "begun").exists()
    assert told.verdict
    assert told.verdict["timed_out"]
    pid = found.data["pid"]
    assert found.data["unfinished"] == ["/tmp/kd-test.hprof"]
    assert any("still at work on the heap dump /tmp/kd-test.hprof" in problem for problem in found.problems)
    asked = f"/tmp/.attach_pid{pid}"
    assert found.data["removed"] == [*([] if own_before else [asked]), f"/proc/{pid}/cwd/.attach_pid{pid}", "/tmp/kd-test.hprof"]
    assert [path.name for path in (root / "tmp").iterdir()] == ([f".attach_pid{pid}"] if own_before else [])
    assert list(cwd.iterdir()) == []
