# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What the toolkit's dig, curl and ss say, as the presets' answers have it from busybox, and more. Pure."""

from __future__ import annotations

import re
import typing as t

if t.TYPE_CHECKING:
    from ._debug_frames import Part

_ANSWER = re.compile(r"^(\S+)\s+(\d+)\s+IN\s+(A|AAAA|CNAME)\s+(\S+)$")
_SERVER_ERROR = re.compile(r"communications error to ([^#]+)#\d+: (.*)$")
_NUMBER = r"(\d+(?:\.\d+)?)"
#: What curl's exit codes mean: curl(1). 7 is told from the words, for it is several things.
_CURL = {
    6: "cannot be resolved",
    28: "does not answer in time",
    35: "does not set up TLS",
    47: "redirects more than 5 times",
    52: "closes the connection without an answer",
    55: "breaks the connection off",
    56: "breaks the connection off",
}
_UNREACHABLE = (
    ("Connection refused", "refuses the connection"),
    ("No route to host", "cannot be reached (no route to host)"),
    ("Network is unreachable", "cannot be reached (network unreachable)"),
)


def query(part: Part) -> dict[str, t.Any]:
    """A query by dig: what nslookup tells, and the server's status, how long it took, which server answered, aliases and the time to live."""
    text = "\n".join(part.lines)
    records = [found.groups() for found in map(_ANSWER.match, part.lines) if found]
    addresses = [value for _name, _ttl, kind, value in records if kind != "CNAME"]
    status = _first(r"status: (\w+)", text)
    errors = [found.groups() for found in map(_SERVER_ERROR.search, part.lines) if found]
    if status is None:
        said = errors[-1][1] if errors else next((line for line in part.lines if "no servers could be reached" in line), "")
    else:
        said = status if status != "NOERROR" else "" if addresses else "No answer"
    took = _first(r"^;; Query time: (\d+) msec", text)
    return {
        "name": part.title[2],
        "type": part.title[3].upper(),
        "addresses": addresses,
        "said": said,
        "status": status,
        "milliseconds": int(took) if took else None,
        "server": _first(r"^;; SERVER: ([^#\s]+)#", text),
        "aliases": [value for _name, _ttl, kind, value in records if kind == "CNAME"],
        "ttl": min((int(ttl) for _name, ttl, _kind, _value in records), default=None),
        "silent_servers": list(dict.fromkeys(server for server, _error in errors)),
    }


def curl(part: Part) -> tuple[int | None, str | None, dict[str, t.Any]]:
    """(the HTTP status, what is wrong, more) of an attempt by curl; ``times`` are seconds since its beginning."""
    said = {key: rest.split() for key, _blank, rest in (line.partition(" ") for line in part.lines) if key in _KEYS}
    numbers = [float(word) for word in said.get("times", []) if re.fullmatch(_NUMBER, word)]
    status = int(said["status"][0]) if said.get("status", ["000"])[0] not in ("000", "0") else None
    remote = said.get("remote", [])
    tls = len(numbers) == len(_TIMES) and numbers[2] > 0
    more = {
        "times": dict(zip(_TIMES, numbers, strict=False)),
        "http_version": said.get("version", [None])[0] if status else None,
        "remote": f"[{remote[0]}]:{remote[1]}" if len(remote) == 2 and ":" in remote[0] else ":".join(remote),
        "redirects": int(said["redirects"][0]) if said.get("redirects") else None,
        "bytes": int(said["bytes"][0]) if said.get("bytes") else None,
        "certificate_trusted": said.get("verify") == ["0"] if tls else None,
    }
    return status, _curl_error(part, status), more


_KEYS = ("status", "version", "remote", "verify", "redirects", "times", "bytes")
_TIMES = ("resolved", "connected", "tls", "first_byte", "whole")


def _curl_error(part: Part, status: int | None) -> str | None:
    if part.code == 0:
        return f"answers with HTTP status {status}" if status is not None and status >= 400 else None
    text = "\n".join(part.lines)
    if part.code == 7:
        return next((words for pattern, words in _UNREACHABLE if pattern in text), "cannot be reached")
    told = next((line.removeprefix("curl: ") for line in part.lines if line.startswith("curl: ")), f"exit code {part.code}")
    if part.code == 35:
        return f"does not set up TLS ({told})"
    return _CURL.get(part.code, f"does not answer: {told}")


def connections(lines: t.Iterable[str]) -> dict[tuple[str, str], dict[str, t.Any]]:
    """What ``ss -tanoiHO`` adds to the kernel's tables, by local and remote end: round trip in milliseconds, segments that were sent again, and how
    often the one that waits for its acknowledgement now was.
    """
    found = {}
    for line in lines:
        words = line.split()
        if len(words) < 5 or not words[1].isdecimal():
            continue
        timer = re.search(r"timer:\(on,[^,]*,(\d+)\)", line)
        again = re.search(r"\bretrans:\d+/(\d+)", line)
        rtt = re.search(rf"\brtt:{_NUMBER}/", line)
        found[_end(words[3]), _end(words[4])] = {
            "rtt_ms": float(rtt.group(1)) if rtt else None,
            "sent_again": int(again.group(1)) if again else 0,
            "unacknowledged": int(timer.group(1)) if timer else 0,
        }
    return found


def _first(pattern: str, text: str) -> str | None:
    found = re.search(pattern, text, re.MULTILINE)
    return found.group(1) if found else None


def _end(end: str) -> str:
    """An end as ss writes it, as the kernel's tables are read: without an interface, and IPv4 as IPv4."""
    host, _colon, port = end.rpartition(":")
    host = re.sub(r"%[^\]]*", "", host)
    mapped = re.fullmatch(r"\[::ffff:(\d+\.\d+\.\d+\.\d+)\]", host)
    return f"{mapped.group(1) if mapped else host}:{port}"
