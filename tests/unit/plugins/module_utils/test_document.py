# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files with one document, in JSON or YAML."""

from __future__ import annotations

import json
import os
import socket
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils._document import read_file, read_text
from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure
from ansible_collections.kubedebug.pods.plugins.module_utils._schema import LARGEST
from tests.unit.plugins.module_utils.specs import EVERY_FIELD
from tests.unit.plugins.module_utils.test_spec import ORIGINAL

GOOD: dict[str, tuple[str, t.Any]] = {
    "original page": (json.dumps(ORIGINAL, indent=4), ORIGINAL),
    "every field": (json.dumps(EVERY_FIELD), EVERY_FIELD),
    "YAML": ("# words\nname: debugger\ncommand: [sleep, '900']\n", {"name": "debugger", "command": ["sleep", "900"]}),
    "YAML with a start": ("---\nname: debugger\n", {"name": "debugger"}),
    "YAML with empty documents around": ("---\n---\nname: debugger\n---\n", {"name": "debugger"}),
    "YAML with an end": ("name: debugger\n...\n", {"name": "debugger"}),
    "JSON with tabs": ('{\n\t"name": "debugger"\n}', {"name": "debugger"}),
    "JSON with a byte order mark": ('\ufeff{"name": "debugger"}', {"name": "debugger"}),
    "anchors": (
        "env: &env [{name: A, value: b}]\nother: *env\n",
        {"env": [{"name": "A", "value": "b"}], "other": [{"name": "A", "value": "b"}]},
    ),
    "letters of the world": ("args: [caf\u00e9, \u65e5\u672c, \U0001f41b]\n", {"args": ["caf\u00e9", "\u65e5\u672c", "\U0001f41b"]}),
    "the same key in two mappings": ('{"a": {"name": "x"}, "b": {"name": "y"}}', {"a": {"name": "x"}, "b": {"name": "y"}}),
    "text that looks like a template": ("args: ['{{ x }}']\n", {"args": ["{{ x }}"]}),
}


@pytest.mark.parametrize(("text", "document"), GOOD.values(), ids=GOOD)
def test_one_document(tmp_path: Path, text: str, document: t.Any) -> None:
    file = tmp_path / "document"
    file.write_text(text, encoding="utf-8")
    assert read_file(str(file)) == document


BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "0 documents"),
    "a comment": (b"# nothing\n", "0 documents"),
    "null in YAML": (b"~\n", "0 documents"),
    "two documents": (b"a: 1\n---\nb: 2\n", "2 documents"),
    "JSON twice": (b'{"a": 1}\n{"b": 2}\n', "not one JSON or YAML document"),
    "JSON broken off": (b'{"name": "debugger", "command": [', "not one JSON or YAML document"),
    "YAML broken off": (b"command: [sleep\n", "not one JSON or YAML document"),
    "YAML with tabs": (b"a:\n\tb: 1\n", "not one JSON or YAML document"),
    "JSON key twice": (b'{"image": "a", "image": "b"}', "'image' stands twice"),
    "JSON key twice below": (b'{"securityContext": {"privileged": false, "privileged": true}}', "'privileged' stands twice"),
    "YAML key twice": (b"image: a\nimage: b\n", "'image' stands twice"),
    "YAML key twice below": (b"env:\n  - name: A\n    value: b\n    name: B\n", "'name' stands twice"),
    "YAML key twice quoted": (b"image: a\n'image': b\n", "'image' stands twice"),
    "YAML list as key": (b"? [a]\n: b\n", "not one JSON or YAML document"),
    "YAML alias of nothing": (b"a: *b\n", "not one JSON or YAML document"),
    "YAML object": (b"!!python/object/apply:os.getcwd []\n", "not one JSON or YAML document"),
    "YAML tag": (b"password: !vault abc\n", "not one JSON or YAML document"),
    "YAML mapping tag on a list": (b"!!map [a]\n", "not one JSON or YAML document"),
    "UTF-16": ("name: debugger\n".encode("utf-16"), "not a text in UTF-8"),
    "binary": (b"\x7fELF\x02\x01\x01\x00\xff", "not a text in UTF-8"),
    "control characters": (b"name: \x00\n", "not one JSON or YAML document"),
    "nested too deep": (b"[" * 100_000, "not one JSON or YAML document"),
}


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD)
def test_not_one_document(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "document"
    file.write_bytes(content)
    with pytest.raises(Failure) as caught:
        read_file(str(file))
    assert (caught.value.code, caught.value.field) == ("invalid_options", "src")
    assert words in caught.value.msg
    assert str(file) in caught.value.msg
    assert len(caught.value.msg) < 1000


def test_merge_key(tmp_path: Path) -> None:
    file = tmp_path / "document"
    file.write_text("securityContext:\n  <<: {runAsUser: 0, runAsGroup: 0}\n  runAsGroup: 1\n")
    assert read_file(str(file)) == {"securityContext": {"runAsUser": 0, "runAsGroup": 1}}


def test_null_in_json_is_no_document(tmp_path: Path) -> None:
    file = tmp_path / "document"
    file.write_text("null")
    with pytest.raises(Failure):
        read_file(str(file))


@pytest.mark.parametrize(("name", "words"), [("none.yml", "No such file"), (".", "directory")])
def test_files_that_cannot_be_read(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(Failure) as caught:
        read_file(str(tmp_path / name))
    assert (caught.value.code, caught.value.field) == ("invalid_options", "src")
    assert words in caught.value.msg


def refused(path: str) -> Failure:
    """The failure to read this file, which must not take long."""
    began = time.monotonic()
    with pytest.raises(Failure) as caught:
        read_file(path)
    assert time.monotonic() - began < 10
    assert (caught.value.code, caught.value.field) == ("invalid_options", "src")
    assert len(caught.value.msg) < 1000
    return caught.value


def test_a_fifo_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert "no regular file" in refused(str(tmp_path / "fifo")).msg


def test_a_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        assert "no regular file" in refused(str(tmp_path / "s")).msg


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/urandom"])
def test_devices(device: str) -> None:
    assert "no regular file" in refused(device).msg


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 300])
def test_names_that_no_file_can_have(name: str) -> None:
    assert "cannot be read" in refused(f"/tmp/{name}").msg


def test_a_file_is_followed_to_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("name: debugger")
    (tmp_path / "link").symlink_to("real")
    assert read_file(str(tmp_path / "link")) == {"name": "debugger"}


def sized(size: int) -> dict[str, t.Any]:
    """A document whose JSON has exactly this size."""
    empty: dict[str, t.Any] = {"name": "debugger", "args": [""]}
    return {**empty, "args": ["x" * (size - len(json.dumps(empty)))]}


def test_the_largest_file(tmp_path: Path) -> None:
    (tmp_path / "document").write_text(json.dumps(sized(LARGEST)))
    assert read_file(str(tmp_path / "document")) == sized(LARGEST)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "document").write_text(json.dumps(sized(LARGEST + 1)))
    assert "larger than 1572864 bytes" in refused(str(tmp_path / "document")).msg


def bomb(depth: int) -> str:
    """Each line has the one before ten times: ten to the power of ``depth`` values in all."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]" for number in range(1, depth)]
    return "\n".join(lines)


MERGED = "a0: &a0 {k: v}\n"
ALIASES: dict[str, tuple[str, str]] = {
    "a bomb": (bomb(9), "more than 200000 values"),
    "a bomb beyond counting": (bomb(40), "more than 200000 values"),
    "a bomb of merge keys": ("".join([MERGED, *(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 9))]), "more than 200000 values"),
    "a bomb of texts": (f"args: [&v {'x' * 1_000_000}, *v, *v, *v, *v, *v]\n", "larger than a pod can be"),
    "a list in itself": ("args: &a [*a]\n", "part of"),
    "a mapping in itself": ("a: &a {b: {c: *a}}\n", "part of"),
    "a mapping as its own key": ("? &a {b: *a}\n: c\n", "part of"),
    "a merge key of itself": ("a: &a {<<: *a, b: c}\n", "part of"),
}


@pytest.mark.parametrize(("text", "words"), ALIASES.values(), ids=ALIASES)
def test_aliases_are_bounded(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "document").write_text(text)
    assert words in refused(str(tmp_path / "document")).msg


def test_a_large_but_honest_file(tmp_path: Path) -> None:
    """2,000 variables with a thousand characters each, half of them by an alias: more than a pod can hold, and no bomb."""
    values = "".join(f"  - {{name: V{number}, value: '{number:01000}'}}\n  - {{name: W{number}, value: *v}}\n" for number in range(1000))
    (tmp_path / "document").write_text(f"name: debugger\nargs: [&v {'x' * 1000}]\nenv:\n{values}")
    document = read_file(str(tmp_path / "document"))
    assert len(document["env"]) == 2000
    assert document["env"][1999] == {"name": "W999", "value": "x" * 1000}


def test_a_bomb_that_is_small_enough(tmp_path: Path) -> None:
    (tmp_path / "document").write_text(bomb(4))
    assert read_file(str(tmp_path / "document"))["a3"][9][9][9][9] == "x"


def test_text_of_an_option() -> None:
    assert read_text('{"name": "debugger"}', "definition", "definition") == {"name": "debugger"}
    with pytest.raises(Failure) as caught:
        read_text("a: [", "definition", "definition")
    assert caught.value.field == "definition"
    assert caught.value.msg.startswith("definition is not one JSON or YAML document")
