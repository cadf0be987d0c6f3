# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What roles/debug/files/wrapper.sh writes: the verdict, the frames in the log, and in them the parts of a preset. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import typing as t
import zlib

#: No frame holds more; the wrapper's own limit is below.
_LARGEST = 16 * 1024 * 1024
_BEGIN = re.compile(r"^-----BEGIN KD (stdout|stderr|files) ([0-9a-f]{64}) (\d{1,15}) (\d{1,15})-----$")
_VERDICT = re.compile(r"^-----KD (\{.*\})-----$")
_PART = re.compile(r"^@ (\d{1,9}) (.+)$")
_FILE = re.compile(r"^([0-9a-f]{64}) (\d{1,15}) (.+)$")


class Frame(t.NamedTuple):
    """``content`` is what came through; ``fault`` says what is wrong with it, if anything; ``total`` is how much there was to begin with."""

    content: bytes
    sha256: str
    total: int
    fault: str | None


class Part(t.NamedTuple):
    """One part of a preset's output: the words of its title, the tool's exit code, and what it said."""

    title: tuple[str, ...]
    code: int
    lines: tuple[str, ...]


def verdict(message: str | None, log: str | None) -> dict[str, t.Any] | None:
    """The verdict of the termination message, else the last one in the log. None where a pod has neither, or something else in their place."""
    told = [message or "", *(found.group(1) for found in map(_VERDICT.match, reversed((log or "").split("\n"))) if found)]
    for text in told:
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(read, dict) and read.get("kd") == 1 and isinstance(read.get("state"), str):
            return read
    return None


def frames(log: str) -> dict[str, Frame]:
    """The frames of a log by their names. One that is cut short or altered comes with its fault, and with as much as can be read of it."""
    found: dict[str, Frame] = {}
    lines = iter(log.split("\n"))
    for line in lines:
        begin = _BEGIN.match(line)
        if begin:
            name, sha256, size, total = begin.group(1), begin.group(2), int(begin.group(3)), int(begin.group(4))
            body, ended = _body(lines, f"-----END KD {name}-----")
            content, fault = _unpack(body, min(size, _LARGEST))
            if not ended:
                fault = "the log ends within it"
            elif fault is None and (len(content) != size or hashlib.sha256(content).hexdigest() != sha256):
                fault = "its checksum is not the one that was made in the container"
            found[name] = Frame(content, sha256, total, fault)
    return found


def parts(text: str) -> list[Part]:
    """The parts of a preset's output, in order. Lines that belong to none are left out."""
    found: list[tuple[tuple[str, ...], int, list[str]]] = []
    for line in text.split("\n"):
        begin = _PART.match(line)
        if begin:
            found.append((tuple(begin.group(2).split(" ")), int(begin.group(1)), []))
        elif found and line.startswith(" "):
            found[-1][2].append(line[1:])
    return [Part(title, code, tuple(lines)) for title, code, lines in found]


def files(text: str) -> list[dict[str, t.Any]]:
    """The files that a preset left in its folder: name, size in bytes, sha256."""
    listed = (_FILE.match(line) for line in text.split("\n"))
    return [{"name": one.group(3), "size": int(one.group(2)), "sha256": one.group(1)} for one in listed if one]


def _body(lines: t.Iterator[str], end: str) -> tuple[str, bool]:
    body: list[str] = []
    for line in lines:
        if line == end:
            return "".join(body), True
        body.append(line)
    return "".join(body), False


def _unpack(body: str, most: int) -> tuple[bytes, str | None]:
    """(at most ``most`` + 1 bytes of what was packed, what is wrong with the packing)."""
    try:
        packed = base64.b64decode(body[: len(body) // 4 * 4], validate=True)
    except (binascii.Error, ValueError):
        return b"", "it is not base64"
    reader = zlib.decompressobj(wbits=31)
    try:
        return reader.decompress(packed, most + 1), None
    except zlib.error:
        return b"", "it is not gzip"
