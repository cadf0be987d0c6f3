# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""roles/debug/files/headers.py: what is kept of packets of each protocol. The target role_capture has packets of a real network."""

from __future__ import annotations

import io
import runpy
import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import collection

SCRIPT = collection.ROOT / "roles" / "debug" / "files" / "headers.py"
OWN = runpy.run_path(str(SCRIPT), run_name="headers")
SECRET = b"topsecret" * 8


def v4(protocol: int, rest: bytes, *, words: int = 5, offset: int = 0) -> bytes:
    return struct.pack(">BBHHHBBH", 0x40 | words, 0, 4 * words + len(rest), 7, offset, 64, protocol, 0) + bytes(8) + b"o" * (4 * words - 20) + rest


def v6(protocol: int, rest: bytes) -> bytes:
    return struct.pack(">IHBB", 0x60000000, len(rest), protocol, 64) + bytes(32) + rest


def tcp(words: int) -> bytes:
    return struct.pack(">HHIIBBHHH", 1, 2, 3, 4, words << 4, 2, 5, 6, 7) + b"o" * (4 * words - 20)


SLL2, ETHER, SLL = b"\x08\x00" + bytes(18), bytes(12) + b"\x08\x00", bytes(14) + b"\x08\x00"
UDP, ECHO, ERROR, ERROR6 = bytes(8), b"\x08" + bytes(7), b"\x03" + bytes(7), b"\x01" + bytes(7)
PACKETS: dict[str, tuple[int, bytes]] = {
    "TCP": (276, SLL2 + v4(6, tcp(8))),
    "TCP without options": (276, SLL2 + v4(6, tcp(5))),
    "TCP with all options": (1, ETHER + v4(6, tcp(15), words=15)),
    "Linux cooked version 1": (113, SLL + v4(17, UDP)),
    "no link": (101, v4(17, UDP)),
    "IPv6 without a link": (12, v6(17, UDP)),
    "a VLAN in a VLAN": (1, bytes(12) + b"\x88\xa8\x00\x01\x81\x00\x00\x02\x08\x00" + v4(17, UDP)),
    "TCP over IPv6": (276, b"\x86\xdd" + bytes(18) + v6(6, tcp(8))),
    "IPv6 with headers between": (101, v6(0, b"\x2c\x01" + bytes(14) + b"\x33\x00\x00\x00" + bytes(4) + b"\x06\x04" + bytes(22) + tcp(5))),
    "a later fragment": (101, v4(6, b"", offset=5)),
    "a later fragment of IPv6": (101, v6(44, b"\x06\x00\x00\x08" + bytes(4))),
    "the first fragment": (101, v4(17, UDP, offset=0x2000)),
    "an echo": (101, v4(1, ECHO)),
    "what ICMP quotes": (101, v4(1, ERROR + v4(17, UDP))),
    "what ICMPv6 quotes": (101, v6(58, ERROR6 + v6(6, tcp(5)))),
    "a quoted error": (101, v4(1, ERROR + v4(1, ERROR))),
    "SCTP": (101, v4(132, bytes(12))),
    "a packet in a packet": (101, v4(4, b"")),
    "ARP": (1, bytes(12) + b"\x08\x06" + b"a" * 28),
    "an unknown protocol": (1, bytes(12) + b"\x99\x99"),
}


@pytest.mark.parametrize(("link", "packet"), PACKETS.values(), ids=PACKETS.keys())
def test_nothing_is_kept_of_what_headers_carry(link: int, packet: bytes) -> None:
    assert OWN["headers"](link, packet + SECRET) == len(packet)
    for end in range(len(packet)):
        assert OWN["headers"](link, packet[:end]) == end


@given(st.sampled_from(sorted(OWN["LINKS"])), st.binary(max_size=200))
def test_whatever_comes_has_an_end(link: int, packet: bytes) -> None:
    assert 0 <= OWN["headers"](link, packet) <= len(packet)


def capture(order: str, magic: int, link: int, *packets: bytes) -> bytes:
    records = (struct.pack(f"{order}4I", 1, 2, len(packet), 1000) + packet for packet in packets)
    return struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 192, link) + b"".join(records)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("magic", [0xA1B2C3D4, 0xA1B23C4D])
def test_a_capture_is_one_afterwards(order: str, magic: int) -> None:
    packets = [packet for link, packet in PACKETS.values() if link == 101]
    into = io.BytesIO()
    OWN["cut"](io.BytesIO(capture(order, magic, 101, *(packet + SECRET for packet in packets)) + b"\0" * 9), into)
    assert into.getvalue() == capture(order, magic, 101, *packets)


@pytest.mark.parametrize(
    ("given_", "words"), [(b"", "it is no capture"), (b"x" * 90, "it is no capture"), (capture("<", 0xA1B2C3D4, 105), "link type 105 are not")]
)
def test_what_cannot_be_cut_is_not_kept(given_: bytes, words: str) -> None:
    ran = subprocess.run([sys.executable, str(SCRIPT)], input=given_, capture_output=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert ran.stderr.startswith(b"headers: ")
    assert words in ran.stderr.decode()
