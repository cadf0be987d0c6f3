# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script that reads files in a container, under the shells and tools that are here (tests/integration/targets/fetch has busybox's)."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import typing as t
from pathlib import Path

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure
from ansible_collections.kubedebug.pods.plugins.module_utils._source import (
    BLOCK,
    MISSING,
    NO_ACCESS,
    NO_PID,
    ODD,
    TOO_LARGE,
    UNREACHABLE,
    Found,
    Target,
    complain,
    found,
    look_words,
    read_words,
    sum_words,
    summed,
)
from ansible_collections.kubedebug.pods.plugins.module_utils._stream import Place

PLACE = Place("shop", "cart", "debugger")
TARGET = Target("cart", "0123456789abcdef", True)
NAMES = ["plain", "a b", "it's", '"', "-rf", "two\nlines", "$(id)", "`id`", "*", "ü", "end\n"]
CONTENT = bytes(range(256)) * 700


def run(words: list[str], shell: str = "sh", **environment: str) -> tuple[int, bytes, str]:
    assert words[0] == "sh"
    program = shutil.which(shell)
    assert program
    done = subprocess.run([program, *words[1:]], check=False, capture_output=True, env={"PATH": os.environ["PATH"], **environment}, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode()


def look(path: Path | str, shell: str = "sh", max_size: int = 0) -> Found:
    rc, stdout, stderr = run(look_words(str(path), None, max_size), shell)
    return found(rc, stdout.decode(), stderr, str(path), PLACE, None)


def sum_of(path: Path, shell: str) -> str:
    rc, stdout, stderr = run(sum_words(str(path), None), shell)
    return summed(rc, stdout.decode(), stderr, str(path), PLACE, None)


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_any_name(tmp_path: Path, shell: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(CONTENT)
    assert look(path, shell) == Found("file", len(CONTENT))
    assert sum_of(path, shell) == hashlib.sha256(CONTENT).hexdigest()
    assert run(read_words(str(path), None, "file", BLOCK, BLOCK), shell)[1] == CONTENT[BLOCK : 2 * BLOCK]
    assert run(read_words(str(path), None, "file", 2 * BLOCK, len(CONTENT) - 2 * BLOCK), shell)[1] == CONTENT[2 * BLOCK :]


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_directory_in_pieces(tmp_path: Path, shell: str) -> None:
    directory = tmp_path / "-a b"
    directory.mkdir()
    for name in NAMES:
        (directory / name).write_bytes(CONTENT)
    (directory / "out").symlink_to("../../../../../../etc/passwd")
    what = look(directory, shell)
    assert what.kind == "directory"
    archive = b""
    while len(archive) < what.size:
        piece = run(read_words(str(directory), None, "directory", len(archive), min(BLOCK * 5, what.size - len(archive))), shell)[1]
        assert piece
        archive += piece
    assert hashlib.sha256(archive).hexdigest() == sum_of(directory, shell)
    (tmp_path / "archive").write_bytes(archive)
    with tarfile.open(tmp_path / "archive") as tar:
        assert sorted(tar.getnames()) == sorted([".", *(f"./{name}" for name in [*NAMES, "out"])])
        assert tar.getmember("./out").issym()


def test_what_cannot_be_fetched(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "file").write_bytes(b"12345")
    for name, code in (("pipe", ODD), ("dangling", UNREACHABLE), ("none", UNREACHABLE), ("file/x", UNREACHABLE)):
        assert run(look_words(str(tmp_path / name), None, 0))[0] == code
    assert run(look_words(str(tmp_path / "file"), None, 4))[:2] == (TOO_LARGE, b"file 5\n")
    assert look(tmp_path / "file", max_size=5).size == 5
    assert run(read_words(str(tmp_path / "file"), None, "directory", 0, 5))[0] == ODD


@pytest.mark.parametrize("missing", ["wc", "sha256sum", "dd"])
def test_a_tool_that_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in {"wc", "sha256sum", "dd"} - {missing}:
        (tools / tool).symlink_to(str(shutil.which(tool)))
    (tmp_path / "file").write_bytes(b"x")
    rc, stdout, _stderr = run(look_words(str(tmp_path / "file"), None, 0), PATH=str(tools))
    assert (rc, stdout) == (MISSING, f"{missing}\n".encode())
    with pytest.raises(Failure, match=f"has no {missing}"):
        complain(rc, stdout.decode(), "", "/x", PLACE, None)


def test_a_target_that_has_no_process_here(tmp_path: Path) -> None:
    rc, stdout, _stderr = run(look_words(str(tmp_path), Target("cart", "no-such-container-anywhere", False), 0))
    assert rc == NO_PID
    assert any(line.split(" ")[0] == str(os.getpid()) for line in stdout.decode().splitlines())
    with pytest.raises(Failure, match=r"sees no process of cart \(container no-such-cont\)") as info:
        complain(rc, stdout.decode(), "", "/x", PLACE, TARGET._replace(container_id="no-such-container-anywhere"))
    assert info.value.code == "transfer_failed"
    assert 0 < len(info.value.details) <= 50


def status(pid: int, uid: int, gid: int, capabilities: str) -> str:
    """/proc/PID/status as Linux writes it, as far as it is read, after the line of the script."""
    return f"PID: {pid}\nName:\tx\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{gid}\t{gid}\t{gid}\t{gid}\nGroups:\t{gid} \nCapPrm:\t{capabilities}\n"


NONE, ALL = "0000000000000000", "00000000a80425fb"


@pytest.mark.parametrize(
    ("ours", "hint"),
    [((65532, 65532, NONE), "match_target"), ((1000, 0, NONE), "match_target"), ((65532, 0, ALL), "match_target"), ((65532, 0, NONE), "SYS_PTRACE")],
    ids=["another group", "another user", "other capabilities", "all the same"],
)
def test_no_access_is_explained(ours: tuple[int, int, str], hint: str) -> None:
    with pytest.raises(Failure) as info:
        complain(NO_ACCESS, status(1, 65532, 0, NONE) + status(25, *ours), "", "/x", PLACE, TARGET)
    failure = info.value
    assert (failure.code, failure.field) == ("transfer_failed", "target")
    assert "cart (PID 1) has uid 65532, gid 0, groups 0, capabilities 0000000000000000" in failure.message
    assert f"debugger (PID 25) has uid {ours[0]}, gid {ours[1]}" in failure.message
    assert hint in str(failure.hint)


def test_an_archive_that_is_not_whole_is_refused() -> None:
    answer = "directory 10240\n"
    assert found(0, answer, "tar: ./sock: socket ignored\n", "/x", PLACE, None).kind == "directory"
    with pytest.raises(Failure, match=r"not all of it can be read: tar: \./secret: Permission denied"):
        found(0, answer, "tar: ./secret: Permission denied\ntar ended with 1\n", "/x", PLACE, None)


def test_the_script_fits_into_a_url() -> None:
    from urllib.parse import urlencode

    assert len(urlencode([("command", word) for word in look_words("/x", TARGET, 0)])) < 6000
    assert all(isinstance(word, str) for word in t.cast("list[t.Any]", look_words("/x", TARGET, 0)))
