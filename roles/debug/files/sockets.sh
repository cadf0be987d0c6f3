# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# No arguments. The sockets of the pod's network namespace; with KD_TARGET also which process of it holds which.
[ -z "${KD_TARGET:-}" ] || find_target
for table in tcp tcp6 udp udp6 sockstat sockstat6 netstat snmp dev route arp; do kept "/proc/net/$table" "$table"; done
! command -v ss >/dev/null || part ss ss -tanoiHO
part unix wc -l /proc/net/unix
for member in ${KD_MEMBERS:-}; do part "descriptors $member $(head -n 1 "/proc/$member/comm" | tr -c 'A-Za-z0-9._\n-' '_')" open_files "$member"; done
