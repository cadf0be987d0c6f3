# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest

from ansible_collections.kubedebug.pods.plugins.plugin_utils import _debug_proc as proc

#: What containerd gives a container of root that asks for nothing.
RUNTIME = 0xA80425FB
PTRACE = 1 << 19


def status(uid: int, gid: int, capabilities: int = 0, *, effective_uid: int | None = None) -> list[str]:
    seen = uid if effective_uid is None else effective_uid
    return [
        "Name:\tapp",
        f"Uid:\t{uid}\t{seen}\t{seen}\t{seen}",
        f"Gid:\t{gid}\t{gid}\t{gid}\t{gid}",
        f"CapPrm:\t{capabilities:016x}",
        f"CapEff:\t{capabilities:016x}",
        "NoNewPrivs:\t1",
    ]


#: The rows of the access matrix that are denied (measured on a real node): own, target, what the words have to hold.
DENIED = {
    "another group": (status(1000, 2000), status(1000, 1000), r"1000:2000 with no capabilities; the target is 1000:1000 .* The group has to be"),
    "another user": (status(2000, 1000), status(1000, 1000), r"The user has to be"),
    "root with the runtime's capabilities": (status(0, 0, RUNTIME), status(1000, 1000), r"The user and the group have to be .* for root too.*match_target"),
    "root without capabilities": (status(0, 0), status(0, 0, RUNTIME), r"lacks .*CHOWN.*match_target"),
    "SYS_PTRACE without DAC": (status(0, 0, PTRACE), status(1000, 1000), r"SYS_PTRACE it has, so .*DAC_READ_SEARCH"),
    "file capabilities": (status(1000, 1000), status(1000, 1000), r"not dumpable .*file capabilities.* general"),
    "setuid": (status(1000, 1000), status(1000, 1000, effective_uid=0), r"The user has to be"),
}


@pytest.mark.parametrize(("own", "target", "words"), DENIED.values(), ids=DENIED.keys())
def test_why_it_is_denied(own: list[str], target: list[str], words: str) -> None:
    ours, theirs = proc.credentials(own), proc.credentials(target)
    assert ours
    assert theirs
    said = proc.why_denied(ours, theirs)
    assert re.search(words, said), said
    assert "debug_profile" in said


@pytest.mark.parametrize(
    "lines", [[], ["Uid:\t1"], ["Uid:\t1\t1\t1\t1", "Gid:\t1\t1\t1\t1", "CapPrm:\tx", "CapEff:\t0"], ["cat: /proc/1/status: No such file or directory"]]
)
def test_no_credentials(lines: list[str]) -> None:
    assert proc.credentials(lines) is None


def test_stat_with_a_hostile_name() -> None:
    line = "17 (a) S 1 ( ) Z 5 17 17 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 8813 1720320 100 18446744073709551615"
    assert proc.stat([line]) == {"pid": 17, "name": "a) S 1 ( ", "state": "Z", "parent": 5, "ticks": 300, "threads": 3, "start": 8813}
    assert proc.stat(["17 (a"]) is None
    assert proc.stat([]) is None


def test_limits() -> None:
    lines = [
        "Limit                     Soft Limit           Hard Limit           Units     ",
        "Max cpu time              unlimited            unlimited            seconds   ",
        "Max open files            10                   1048576              files     ",
        "Max nice priority         0                    0                    ",
    ]
    assert proc.limits(lines) == {"Max cpu time": None, "Max open files": 10, "Max nice priority": 0}


def test_descriptors_of_busybox_and_coreutils() -> None:
    lines = [
        "total 0",
        "lrwx------    1 1000     1000            64 Nov 25 01:20 10 -> socket:[8881]",
        "l-wx------ 1 root root 64 Nov 25 01:20 3 -> /tmp/a -> b (deleted)",
    ]
    assert proc.descriptors(lines) == {10: "socket:[8881]", 3: "/tmp/a -> b (deleted)"}


def test_sockets() -> None:
    lines = [
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
        "   0: 0100007F:1B9E 00000000:0000 0A 00000000:00000005 00:00000000 00000000  1000        0 88121 1 0000000000000000 100 0 0 10 0",
        "   1: 0100007F:1B9E 0100007F:D2A4 08 00000000:00000001 00:00000000 00000000  1000        0 88122 1 0000000000000000 20 4 30 10 -1",
    ]
    assert [(one["local"], one["remote"], one["state"], one["receive_queue"], one["inode"]) for one in proc.sockets(lines, tcp=True)] == [
        ("127.0.0.1:7070", "0.0.0.0:0", "LISTEN", 5, 88121),
        ("127.0.0.1:7070", "127.0.0.1:53924", "CLOSE_WAIT", 1, 88122),
    ]


def test_addresses_of_version_6() -> None:
    head = "   0: {}:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 65532        0 9 1 0 100 0 0 10 0"
    addresses = {
        "00000000000000000000000000000000": "[::]:8080",
        "00000000000000000000000001000000": "[::1]:8080",
        "0000000000000000FFFF00000100007F": "127.0.0.1:8080",
    }
    for written, meant in addresses.items():
        assert proc.sockets([head.format(written)], tcp=True)[0]["local"] == meant


def test_counters_and_numbers() -> None:
    assert proc.counters(["TcpExt: ListenOverflows ListenDrops", "TcpExt: 3 4", "Ip: Forwarding", "Ip: -1"]) == {
        "TcpExt.ListenOverflows": 3,
        "TcpExt.ListenDrops": 4,
        "Ip.Forwarding": -1,
    }
    assert proc.numbers(["nr_periods 10", "nr_throttled 5", "odd", "burst x"]) == {"nr_periods": 10, "nr_throttled": 5}
