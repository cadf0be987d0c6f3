# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# find_target sets KD_PID, the first process of the container KD_TARGET, KD_MEMBERS, all of its processes, and KD_ROOT, its files.
# The kubelet mounts a container's termination log from .../pods/UID/containers/NAME/..., and everybody may read that in /proc/PID/mountinfo: it
# tells a container's processes in its own, in a shared and in the host's process namespace, before and after a restart.
find_target() {
  [ -z "${KD_PID:-}" ] || return 0
  pod=$(sed -n 's|.* [^ ]*/pods/\([^/ ]*\)/containers/[^/ ]*/[^/ ]* .*|\1|p' /proc/self/mountinfo | head -n 1)
  KD_MEMBERS=''
  [ -z "$pod" ] || KD_MEMBERS=$(
    grep -lF "/pods/$pod/containers/$KD_TARGET/" /proc/[0-9]*/mountinfo 2>/dev/null | while IFS=/ read -r _ _ member _; do
      began=$(sed 's/.*) //' "/proc/$member/stat" 2>/dev/null | cut -d ' ' -f 20)
      [ -z "$began" ] || echo "$began $member"
    done | sort -n -k 1 -k 2 | cut -d ' ' -f 2
  )
  if [ -z "$KD_MEMBERS" ]; then
    part no_target processes
    exit 3
  fi
  KD_PID=$(echo "$KD_MEMBERS" | head -n 1)
  KD_ROOT=/proc/$KD_PID/root
  part "pid $KD_PID" true
  part own cat /proc/self/status
  part target cat "/proc/$KD_PID/status"
  part access ls -d "$KD_ROOT/."
}

processes() {
  for process in /proc/[0-9]*; do echo "${process#/proc/} $(head -n 1 "$process/comm")"; done
}

# names_of PID...: each with its name.
names_of() {
  # shellcheck disable=SC2048
  for process in $*; do echo "$process $(head -n 1 "/proc/$process/comm")"; done
}

# Whoever is in the target gives files any name. In what follows, each is one line, a line's end in its name being another character.

# open_files PID: its descriptors. The ls of busybox replaces what cannot be printed, that of GNU does where it is told to.
if ls -q / >/dev/null 2>&1; then
  open_files() { LC_ALL=C.UTF-8 ls -lq "/proc/$1/fd"; }
else
  open_files() { ls -l "/proc/$1/fd"; }
fi

# stats FORMAT PATH TEST...: what stat tells of all files that find finds there, and their names. A line's end in one becomes the character 1.
# Twice, for busybox runs no -exec with a + that is within parentheses.
stats() {
  form=$1
  shift
  LC_ALL=C find "$@" ! -path '*[[:cntrl:]]*' -exec stat -c "$form%n" '{}' +
  LC_ALL=C find "$@" -path '*[[:cntrl:]]*' -exec sh -c 'form=$1; shift; for file; do printf "%s%s\0" "$(stat -c "$form" "$file")" "$file"; done' sh "$form" '{}' + \
    | tr '\n\0' '\001\n'
}

# catches PID SIGNAL: whether the process handles the signal (at most 32). One that it does not handle ends it.
catches() {
  mask=$(sed -n 's/^SigCgt:[[:space:]]*........\([0-9a-f]*\)$/\1/p' "/proc/$1/status")
  [ $((0x${mask:-0} & 1 << ($2 - 1))) -ne 0 ]
}
