# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import gzip
import hashlib
import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_frames import Part, files, frames, parts, verdict


def frame(name: str, content: bytes, total: int | None = None) -> str:
    body = base64.encodebytes(gzip.compress(content, mtime=0)).decode()
    head = f"{hashlib.sha256(content).hexdigest()} {len(content)} {len(content) if total is None else total}"
    return f"-----BEGIN KD {name} {head}-----\n{body}-----END KD {name}-----\n"


WHOLE = frame("stdout", b"hello " * 100)


def test_frames() -> None:
    found = frames("noise\n" + WHOLE + frame("stderr", b"\xff", 20000) + frame("files", b""))
    assert {name: (one.content, one.total, one.fault) for name, one in found.items()} == {
        "stdout": (b"hello " * 100, 600, None),
        "stderr": (b"\xff", 20000, None),
        "files": (b"", 0, None),
    }


BROKEN = {
    "the end is missing": (WHOLE[:-30], "the log ends within it"),
    "half is missing": (WHOLE[:120], "the log ends within it"),
    "altered": (WHOLE.replace("H4sI", "H4sJ"), "gzip"),
    "not base64": (WHOLE.replace("H4sI", "H4s!"), "it is not base64"),
    "another checksum": (WHOLE.replace(hashlib.sha256(b"hello " * 100).hexdigest(), "0" * 64), "checksum"),
    "shorter than it says": (WHOLE.replace(" 600 600", " 700 700"), "checksum"),
    "longer than it says": (WHOLE.replace(" 600 600", " 500 600"), "checksum"),
}


@pytest.mark.parametrize(("log", "fault"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_frame_says_what_is_wrong(log: str, fault: str) -> None:
    assert fault in str(frames(log)["stdout"].fault)


def test_what_unpacks_to_more_than_it_says_is_not_unpacked() -> None:
    bomb = frame("stdout", b"\0" * 50_000_000).replace(" 50000000 50000000", " 10 10")
    assert len(frames(bomb)["stdout"].content) == 11


@pytest.mark.parametrize("log", ["", "no frame", WHOLE.split("\n", 1)[1], WHOLE.replace("BEGIN KD stdout", "BEGIN KD other")])
def test_no_frames(log: str) -> None:
    assert frames(log) == {}


DONE = '{"kd":1,"state":"done","code":0}'


@pytest.mark.parametrize(
    ("message", "log", "state"),
    [
        (DONE, None, "done"),
        (None, f"-----KD {DONE.replace('done', 'running')}-----\nx\n-----KD {DONE}-----\n", "done"),
        (DONE[:20], f"-----KD {DONE}-----\n", "done"),
        (None, "-----KD {nonsense}-----", None),
        ("exec sh: no such file", None, None),
        ("[1]", "", None),
        ('{"state":"done"}', None, None),
        ('{"kd":1,"state":{}}', None, None),
        (None, None, None),
    ],
)
def test_verdict(message: str | None, log: str | None, state: str | None) -> None:
    assert (verdict(message, log) or {}).get("state") == state


def test_parts_cannot_be_forged() -> None:
    text = "@ 0 command 7\n @ 1 forged\n ===\n\n@ 1 query 0 a.b a\n\nstray\n@ not a part\n lost of it"
    assert parts(text) == [
        Part(("command", "7"), 0, ("@ 1 forged", "===")),
        Part(("query", "0", "a.b", "a"), 1, ("lost of it",)),
    ]
    assert parts(" nothing yet\n") == []


def test_files() -> None:
    listed: list[dict[str, t.Any]] = files(f"{'a' * 64} 5 a file\nodd\n{'b' * 64} 0 {{{{ x }}}}\n")
    assert [(one["name"], one["size"]) for one in listed] == [("a file", 5), ("{{ x }}", 0)]
