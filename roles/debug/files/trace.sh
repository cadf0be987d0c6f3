# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Arguments: seconds to watch, and how many processes of the target at most, the oldest first.
need strace timeout
find_target
watched=$(echo "$KD_MEMBERS" | head -n "$2")
states() { sed 's/.*) //' "/proc/$1/task"/*/stat | cut -c 1; }
kept /proc/sys/kernel/yama/ptrace_scope yama
part clock cat /proc/uptime
for member in $watched; do
  part "stat $member" cat "/proc/$member/stat"
  part "states $member" states "$member"
done
part trace timeout -s INT -k 5 "$1" strace -f -c -w -S time -U time-percent,total-time,max-time,calls,errors,name -p "$watched"
for member in $watched; do part "stat $member" cat "/proc/$member/stat"; done
part clock cat /proc/uptime
