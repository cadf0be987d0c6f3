# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Arguments: seconds to record, and the modes: dump, record. The processes are not stopped while they are read: --nonblocking.

# python_of PROCESS: whether it is one, and how that is seen.
python_of() { seen=$(grep -oEm 1 '/.*/(lib)?python[23][0-9.]*(\.so[0-9.]*)?$' "/proc/$1/maps" 2>/dev/null) && echo "has $seen mapped"; }

pythons_of_target() {
  for member in $KD_MEMBERS; do
    ! python_of "$member" >/dev/null || echo "$member"
  done
}

preset_python() {
  seconds=$1
  shift
  need py-spy
  find_target
  pythons=$(pythons_of_target)
  if [ -z "$pythons" ]; then part no_python names_of "$KD_MEMBERS"; return; fi
  part pythons names_of "$pythons"
  # A server with many workers: the first of them tell enough.
  pythons=$(echo "$pythons" | head -n 8)
  for mode in "$@"; do
    case $mode in
      dump)
        for sample in 1 2 3; do
          [ "$sample" = 1 ] || sleep 0.5
          for python in $pythons; do part "dump $python" py-spy dump --pid "$python" --json --nonblocking; done
        done
        ;;
      record)
        recorders=''
        for python in $pythons; do
          py-spy record --pid "$python" --duration "$seconds" --rate 50 --format raw --nonblocking --threads --output "$KD_OUT/stacks.$python.txt" \
            </dev/null >"$KD_OUT.own/record.$python" 2>&1 &
          recorders="$recorders $!"
        done
        # shellcheck disable=SC2086
        wait $recorders
        for python in $pythons; do
          part "recorded $python" cat "$KD_OUT.own/record.$python"
          kept "$KD_OUT/stacks.$python.txt" "stacks $python"
        done
        ;;
    esac
  done
}
