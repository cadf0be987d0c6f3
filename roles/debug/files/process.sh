# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Arguments: how many processes of the target to describe at most. Names of environment variables, never their values:
# an entry that is not NAME=VALUE may be one.
# In command lines and environments NUL becomes a line's end, and a line's end the character 1.
environment_names() { cat "/proc/$1/environ" >"$KD_OUT.own/raw" && tr '\n\0' '\001\n' <"$KD_OUT.own/raw" | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'; }
command_line() { tr '\n\0' '\001\n' <"/proc/$1/cmdline"; }

find_target
described=$(echo "$KD_MEMBERS" | head -n "$1")
part clock cat /proc/uptime
for member in $described; do part "stat $member" cat "/proc/$member/stat"; done
for member in $described; do
  part "status $member" cat "/proc/$member/status"
  part "command $member" command_line "$member"
  part "limits $member" cat "/proc/$member/limits"
  part "descriptors $member" open_files "$member"
  part "environment $member" environment_names "$member"
  part "io $member" cat "/proc/$member/io"
  part "memory $member" cat "/proc/$member/smaps_rollup"
  part "oom $member" cat "/proc/$member/oom_score" "/proc/$member/oom_score_adj"
done
rm -f "$KD_OUT.own/raw"
part zombies grep -h " Z " /proc/[0-9]*/stat
sleep 1
part clock cat /proc/uptime
for member in $described; do part "stat $member" cat "/proc/$member/stat"; done
