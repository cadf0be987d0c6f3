# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files with one document, in JSON or YAML."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils._document import read_file
from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure
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
