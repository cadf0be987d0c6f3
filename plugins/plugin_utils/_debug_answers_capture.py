# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What tcpdump says of a capture: who talked to whom, who refused, who did not answer, what was sent again. Pure."""

from __future__ import annotations

import re
import typing as t

from ._debug_parts import Answer, Parts, count

#: A share of a conversation's packets that were sent again from which on the way loses packets.
LOSS = 0.01
#: How a program ends that the kernel ends because of its file's size: SIGXFSZ.
_TOO_LARGE = 128 + 25
#: What tcpdump says where it does not capture, and what that means; the first that fits.
_FAILURES = (
    (r"can't parse filter expression|syntax error|unknown (?:host|port|protocol)|illegal|not supported", "the filter is not one of pcap-filter(7): {said}"),
    (r"No such device|SIOCGIFHWADDR|That device doesn't support|is not up", "there is no such interface: {said}"),
    (
        r"permission to (?:perform this )?capture|Operation not permitted|Couldn't change to",
        "the debug container may not capture, for it is not root with NET_RAW and SETGID, which the runtime gives it under debug_profile: baseline: {said}",
    ),
    (r"No space left", "there is no room for the capture: {said}"),
)


def capture(parts: Parts, arguments: t.Sequence[str]) -> Answer:
    """The conversations of a capture, and what went wrong in them. ``arguments`` are those of files/capture.sh."""
    tool = parts.all("capture")[0]
    text = "\n".join(tool.lines)
    said = next((line for line in reversed(tool.lines) if line.startswith(("tcpdump: ", "("))), f"exit code {tool.code}")
    full = tool.code == _TOO_LARGE
    dropped = re.search(r"^(\d+) packets? dropped by kernel", text, re.MULTILINE)
    lines = [line for part in parts.all("conversations") for line in part.lines]
    total = next((line.split() for line in lines if line.startswith("total ")), [])
    uncut = next((part.lines for part in parts.all("headers") if part.code), None)
    if uncut is not None:
        why = uncut[-1] if uncut else "Python ended"
        return Answer(
            "", [f"the packets could not be cut to their headers ({why}), so nothing of them is kept: debug_capture_bytes keeps more"], {"conversations": []}
        )
    if len(total) != 4:
        words = next((words for pattern, words in _FAILURES if re.search(pattern, text)), "tcpdump captured nothing: {said}").format(said=said)
        return Answer("", [words], {"conversations": []})
    packets, others, seconds = int(total[1]), int(total[2]), round(float(total[3]), 3)
    found = _joined(one for one in map(_conversation, lines) if one)
    problems = [words for one in found for words in _words(one)]
    if full:
        problems.append("the capture ended early, for its file became as large as debug_capture_mib lets it")
    elif tool.code not in (0, 124):
        problems.append(f"the capture ended early: {said}")
    if dropped and int(dropped.group(1)):
        problems.append(f"{count(int(dropped.group(1)), 'packet')} came too fast and are not in the capture")
    busiest = max(found, key=lambda one: int(one["packets"]), default=None)
    summary = f"{count(packets, 'packet')} in {seconds:g} s, {count(len(found), 'conversation')}"
    if busiest:
        summary += (
            f"; the busiest {busiest['client']} to {busiest['server']} ({busiest['protocol']}, {count(busiest['packets'], 'packet')}, {busiest['bytes']} bytes)"
        )
    elif not packets:
        problems.append(f"no packet {'fits the filter' if arguments[5:] and arguments[5] else 'came or went'} in {arguments[0]} s")
    data = {
        "packets": packets,
        "other_packets": others,
        "seconds": seconds,
        "dropped": int(dropped.group(1)) if dropped else None,
        "complete": tool.code in (0, 124) and not full,
        "conversations": found,
        "pcap": "".join(parts.lines("pcap")) or None,
    }
    if parts.all("too_large"):
        problems.append("the capture is larger than a log may hold, so it is not in it: debug_dest takes it by pods/exec")
    return Answer(summary, problems, data)


def _conversation(line: str) -> dict[str, t.Any] | None:
    """One line of files/capture.sh: two ends and what went between them."""
    words = line.split(" ")
    if len(words) != 12 or words[0] not in ("tcp", "udp", "icmp") or not all(word.isdecimal() for word in words[3:]):
        return None
    protocol, first, second = words[:3]
    out, out_bytes, back, back_bytes, asked, answered, resets, resets_back, again = map(int, words[3:])
    one = {
        "protocol": protocol,
        "client": first,
        "server": second,
        "packets": out + back,
        "bytes": out_bytes + back_bytes,
        "connections": 1,
        "opened": int(bool(answered)),
        "refused": int(bool(asked and not answered and resets_back)),
        "unanswered": int(bool(asked and not answered and not resets_back)),
        "client_resets": resets,
        "server_resets": resets_back if answered or not asked else 0,
        "sent_again": again,
    }
    if protocol != "icmp" and not (asked or answered) and (_port(first) or 0) < (_port(second) or 0):
        one.update(client=second, server=first, client_resets=one["server_resets"], server_resets=resets)
    return one


def _joined(conversations: t.Iterable[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Those of one client's host with one server's port as one, whatever ports the client takes. The busiest first."""
    found: dict[tuple[str, str, str], dict[str, t.Any]] = {}
    for one in conversations:
        host, server = _host(one["client"]) if one["protocol"] != "icmp" else one["client"], _end(one["server"])
        known = found.setdefault((one["protocol"], host, server), {})
        for key, value in one.items():
            known[key] = known.get(key, 0) + value if isinstance(value, int) else value
        known.update(client=host, server=server if one["protocol"] != "icmp" else one["server"])
    return sorted(found.values(), key=lambda one: -int(one["packets"]))


def _words(one: t.Mapping[str, t.Any]) -> list[str]:
    between = f"{one['server']} and {one['client']}"
    words = []
    if one["refused"]:
        words.append(f"{one['server']} refused {count(one['refused'], 'connection')} of {one['client']}")
    if one["unanswered"]:
        words.append(f"{one['server']} did not answer {count(one['unanswered'], 'connection')} of {one['client']}")
    if one["server_resets"]:
        words.append(f"{one['server']} reset connections of {one['client']} ({count(one['server_resets'], 'time')})")
    if one["client_resets"]:
        words.append(f"{one['client']} reset connections to {one['server']} ({count(one['client_resets'], 'time')})")
    if one["opened"] and one["sent_again"] > LOSS * one["packets"]:
        words.append(f"{one['sent_again']} of {count(one['packets'], 'packet')} between {between} were sent again")
    return words


def _port(end: str) -> int | None:
    """The port of an end as tcpdump writes it, ADDRESS.PORT."""
    address, _dot, port = end.rpartition(".")
    return int(port) if address and port.isdecimal() and ("." in address or ":" in address) and address.count(".") in (0, 3) else None


def _host(end: str) -> str:
    return end.rpartition(".")[0] if _port(end) is not None else end


def _end(end: str) -> str:
    """ADDRESS:PORT, or [ADDRESS]:PORT."""
    port, host = _port(end), _host(end)
    return end if port is None else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
