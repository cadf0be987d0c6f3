# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Arguments: for each runtime its name, how many arguments its preset takes, and these. A runtime is known by NAME_of PROCESS, which says how it is
# seen. The oldest process that has one decides; where a process looks like several, the first that is named does. Then its preset_NAME is run.
preset_runtime() {
  find_target
  chosen=''
  for process in $KD_MEMBERS; do
    runtime_of "$process" "$@"
    [ -n "$runtime" ] || continue
    if [ -z "$chosen" ]; then chosen=$runtime role=runtime; else role=other; fi
    part "$role $runtime $process" printf '%s\n' "$(head -n 1 "/proc/$process/comm")" "$why"
  done
  if [ -z "$chosen" ]; then part no_runtime names_of "$KD_MEMBERS"; return; fi
  while [ "$1" != "$chosen" ]; do shift $((2 + $2)); done
  taken=$2
  shift 2
  others=$(($# - taken))
  # Those of the chosen one go to the end, and what is before them goes away.
  while [ "$taken" -gt 0 ]; do
    set -- "$@" "$1"
    shift
    taken=$((taken - 1))
  done
  shift "$others"
  "preset_$chosen" "$@"
}

# runtime_of PROCESS NAME COUNT ARGUMENT...: sets runtime and why, empty where it has none of those named.
runtime_of() {
  asked=$1
  shift
  while [ $# -gt 0 ]; do
    runtime=$1
    why=$("${runtime}_of" "$asked") && return
    shift $((2 + $2))
  done
  runtime='' why=''
}
