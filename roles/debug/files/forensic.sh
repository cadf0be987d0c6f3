# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Between sockets.sh and process.sh, which say what goes first, and filesystem.sh, which says what stays longest. Arguments: how many processes to describe,
# how many lines a list may have, and what else to do: stacks, core. Leaves the arguments of filesystem.sh.
described=$(echo "$KD_MEMBERS" | head -n "$1")
lines=$2 code=0
shift 2

# program PID: where its program was started from, and the checksum of what really runs, also when that was deleted or replaced since.
program() { readlink "/proc/$1/exe" && sha256sum <"/proc/$1/exe" | cut -d ' ' -f 1; }
# deleted_file PATH: the checksum of what a descriptor holds.
deleted_file() { readlink "$1" && stat -L -c %s "$1" && sha256sum <"$1" | cut -d ' ' -f 1; }
# folder PATH: all that is in it, other file systems too: modified, changed, size, mode, user, group, kind, path.
folder() { stats '%Y %Z %s %a %u %g %F|' "$1/" -mindepth 1 | head -n "$lines"; }

# debugger PID COMMAND...: gdb, which must run nothing that the target brings along, and ask nobody for symbols. It stops the target for as long.
debugger() {
  process=$1
  shift
  for command in "$@"; do set -- "$@" -ex "$command"; shift; done
  LC_ALL=C HOME=/nonexistent timeout -s TERM -k 5 "$GDB_SECONDS" gdb -nx -batch -iex 'set auto-load off' -iex 'set debuginfod enabled off' -iex "set sysroot /proc/$process/root" \
    -iex 'set pagination off' -iex 'set width 0' -iex 'set print frame-arguments none' "$@" -p "$process" 2>&1
}

# core_size PID: bytes that a core dump may take at most: gdb writes each mapping whole that has memory of its own.
core_size() {
  awk '/^[0-9a-f]+-[0-9a-f]+ / { size = 0 } /^Size:/ { size = $2 } /^(Anonymous|Swap):/ && $2 > 0 { sum += size; size = 0 } END { printf "%.0f\n", sum * 1024 + 1048576 }' \
    "/proc/$1/smaps"
}

core() {
  size=$(core_size "$KD_PID")
  free=$(($(df -Pk "$KD_OUT" | sed -n '2s/^[^ ]* *[0-9]* *[0-9]* *\([0-9]*\) .*/\1/p') * 1024))
  most=$((${KD_FILE_KIB:-16384} * 1024))
  part "core_needs $size $free $most $KD_OUT" true
  [ "$size" -le "$free" ] && [ "$size" -le "$most" ] || return 0
  GDB_SECONDS=240
  part "core $KD_PID" debugger "$KD_PID" "gcore $KD_OUT/core"
  # The page at 0xffffffffff600000 is the kernel's. What is not whole takes room of the pod and is good for nothing.
  if [ "$code" -ne 0 ] || grep -v ' at 0xffffffffff600000' "$KD_OUT.own/part" | grep -q 'No space left\|Memory read failed\|File size limit' || ! grep -q '^Saved corefile' "$KD_OUT.own/part"; then
    fragment=$(stat -c %s "$KD_OUT/core" 2>/dev/null)
    rm -f "$KD_OUT/core"
    part "fragment ${fragment:-0}" true
  else
    part "dumped $(stat -c %s "$KD_OUT/core")" true
  fi
}

part "out $KD_OUT" true
part clocks date -u '+%s %Y-%m-%dT%H:%M:%SZ'
for member in $described; do
  part "program $member" program "$member"
  part "maps $member" sed -n 's/^\([0-9a-f-]*\) \(....\) [0-9a-f]* [^ ]* \([0-9]*\) *\(.*\)$/\2 \3 \1 \4/p' "/proc/$member/maps"
  part "namespaces $member" ls -l "/proc/$member/ns"
done
for member in $described; do
  for descriptor in "/proc/$member/fd"/*; do
    case $(readlink "$descriptor" 2>/dev/null) in
      /memfd:*' (deleted)' | /*' (deleted)') [ ! -f "$descriptor" ] || part "held $member ${descriptor##*/}" deleted_file "$descriptor" ;;
    esac
  done
done
for mode in "$@"; do
  command -v gdb >/dev/null || { part no_gdb false; break; }
  case $mode in
    stacks)
      GDB_SECONDS=30
      for member in $(echo "$described" | head -n 4); do part "stacks $member" debugger "$member" 'thread apply all backtrace 40'; done
      ;;
    core) core ;;
  esac
done
for place in /dev/shm /tmp /var/tmp /run; do [ ! -d "$KD_ROOT$place" ] || part "folder $place" folder "$KD_ROOT$place"; done
set -- 0 "$lines" 1 /
