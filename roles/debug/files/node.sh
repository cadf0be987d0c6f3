# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Arguments: the inspector's port, seconds that each profile takes, and what to ask for: cpu, heap, snapshot. The client is in KD_INSPECTOR: inspector.py.

# node_of PROCESS: whether it is one, and how that is seen. The program's path is what tells, for a process gives itself any name; where it cannot be read,
# the name is all there is.
node_of() {
  program=$(readlink "/proc/$1/exe" 2>/dev/null) || program=$(head -n 1 "/proc/$1/comm" 2>/dev/null)
  program=${program% (deleted)}
  case ${program##*/} in
    node | node[0-9]* | nodejs | node-MainThread) echo "runs $program" ;;
    *) return 1 ;;
  esac
}

# node_processes: the target's processes that are Node, each with the CPU time it has used, the busiest first.
node_processes() {
  for member in $KD_MEMBERS; do
    node_of "$member" >/dev/null || continue
    ticks=$(sed 's/.*) //' "/proc/$member/stat" 2>/dev/null | cut -d ' ' -f 12,13)
    [ -z "$ticks" ] || echo "$((${ticks% *} + ${ticks#* })) $member"
  done | sort -rn
}

preset_node() {
  need python3
  python3 -c 'import websocket' 2>/dev/null || { part 'no_tool python3-websocket' false; exit 4; }
  find_target
  port=$1 seconds=$2
  shift 2
  part nodes node_processes
  pid=$(node_processes | sed -n '1s/.* //p')
  if [ -z "$pid" ]; then
    part no_node names_of "$KD_MEMBERS"
    return 0
  fi
  # What the snapshot may take: the room there is, and the size that a file may have.
  free=$(($(df -Pk "$KD_OUT" | sed -n '2s/^[^ ]* *[0-9]* *[0-9]* *\([0-9]*\) .*/\1/p') * 1024))
  most=$((${KD_FILE_KIB:-16384} * 1024))
  [ "$free" -le "$most" ] || free=$most
  if catches "$pid" 10; then caught=1; else caught=0; fi
  part "inspector $pid" python3 -c "$KD_INSPECTOR" "$pid" "$port" "$seconds" "$KD_OUT" "$free" "$caught" "$@"
}
