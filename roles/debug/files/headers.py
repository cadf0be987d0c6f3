# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies a capture from its standard input to its standard output, with nothing of each packet but the headers.

Runs in the debug container, which has nothing but Python. Formats: pcap-savefile(5), https://www.tcpdump.org/linktypes.html.
"""

import struct
import sys
import typing as t

#: Link type: how long its header is, and where in it the protocol is that follows; -1 where it is told by the IP header itself.
LINKS = {1: (14, 12), 113: (16, 14), 276: (20, 0), 12: (0, -1), 14: (0, -1), 101: (0, -1), 228: (0, -1), 229: (0, -1)}
VLANS = (0x8100, 0x88A8)
IPV4, IPV6, ARP = 0x0800, 0x86DD, 0x0806
#: IPv6 headers that others follow: hop-by-hop options, routing, destination options, mobility, HIP, shim6.
EXTENSIONS = (0, 43, 60, 135, 139, 140)
FRAGMENT, AUTHENTICATION = 44, 51
#: Those of one length: UDP, ESP, SCTP's common one, UDP-Lite.
FIXED = {17: 8, 50: 8, 132: 12, 136: 8}
#: ICMP messages that quote the packet they are about: its headers are told, not what it carried.
QUOTING = {1: (3, 4, 5, 11, 12), 58: (1, 2, 3, 4)}
MAGIC = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\x3c\x4d": ">"}


def headers(link: int, packet: bytes) -> int:
    """How long the headers of a packet are: at most as long as what there is of it."""
    start, place = LINKS[link]
    try:
        if place < 0:
            kind = IPV4 if packet[0] >> 4 == 4 else IPV6
        else:
            kind = int.from_bytes(packet[place : place + 2], "big")
            while kind in VLANS:
                kind = int.from_bytes(packet[start + 2 : start + 4], "big")
                start += 4
        if kind == ARP:
            return min(start + 28, len(packet))
        return min(internet(packet, start, kind) if kind in (IPV4, IPV6) else start, len(packet))
    except IndexError:
        # It was cut within them.
        return len(packet)


def internet(packet: bytes, start: int, kind: int, *, quoted: bool = False) -> int:
    """Where the headers end of the IP packet that begins there. Of a later fragment, and of what another packet is in, only IP's own."""
    if kind == IPV4:
        protocol, end = packet[start + 9], start + 4 * max(5, packet[start] & 15)
        later = int.from_bytes(packet[start + 6 : start + 8], "big") & 0x1FFF != 0
    else:
        protocol, end, later = packet[start + 6], start + 40, False
        while not later and (protocol in EXTENSIONS or protocol in (FRAGMENT, AUTHENTICATION)):
            size = {FRAGMENT: 8, AUTHENTICATION: 4 * (packet[end + 1] + 2)}.get(protocol, 8 * (packet[end + 1] + 1))
            later = protocol == FRAGMENT and int.from_bytes(packet[end + 2 : end + 4], "big") >> 3 != 0
            protocol, end = packet[end], end + size
    if later:
        return end
    if protocol == 6:
        return end + 4 * max(5, packet[end + 12] >> 4)
    if protocol in QUOTING:
        quotes = not quoted and packet[end] in QUOTING[protocol]
        return internet(packet, end + 8, kind, quoted=True) if quotes else end + 8
    return end + FIXED.get(protocol, 0)


def cut(source: t.BinaryIO, into: t.BinaryIO) -> None:
    """Raises ValueError for what is no capture, and for one of a link type that is not known. A packet that is not whole ends it."""
    head = source.read(24)
    order = MAGIC.get(head[:4])
    if order is None or len(head) < 24:
        raise ValueError("it is no capture")
    link = struct.unpack(order + "I", head[20:])[0] & 0x0FFFFFFF
    if link not in LINKS:
        raise ValueError(f"the headers of link type {link} are not known")
    into.write(head)
    while True:
        record = source.read(16)
        if len(record) < 16:
            return
        seconds, fraction, size, whole = struct.unpack(order + "4I", record)
        packet = source.read(size)
        if len(packet) < size:
            return
        kept = headers(link, packet)
        into.write(struct.pack(order + "4I", seconds, fraction, kept, whole) + packet[:kept])


if __name__ == "__main__":
    try:
        cut(sys.stdin.buffer, sys.stdout.buffer)
        sys.stdout.flush()
    except (OSError, ValueError) as exc:
        sys.exit(f"headers: {exc}")
