# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Arguments: the port of net/http/pprof (0: ask each that the pod listens on), its path, seconds of a CPU profile, whether to leave the profiles as
# files (1), and what to ask for: goroutine, heap, allocs, mutex, block, profile. Nothing of the target is needed but its network namespace.

# More than so many goroutines are only counted by their stacks: to list each, the program stands still.
GO_LISTED=10000
# How much of a list of stacks, and of a packed profile, is printed.
GO_BYTES=100000

# go_listening: the ports that something in the pod listens on.
go_listening() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ local _ state _; do
    [ "$state" != 0A ] || printf '%d\n' "0x${local##*:}"
  done | sort -nu
}

# go_get URL SECONDS: sets code to that of curl, and status to that of HTTP; what came is in the file got.
go_get() {
  status=$(curl -sSgk -o "$KD_OUT.own/got" -w '%{http_code}' --noproxy '*' --connect-timeout 3 --max-time "$2" "$1" 2>"$KD_OUT.own/said")
  code=$?
}

# go_said: what became of it, in the words of curl or of the server.
go_said() {
  cat "$KD_OUT.own/said"
  [ "$code" -ne 0 ] || head -c 300 "$KD_OUT.own/got"
  return "$code"
}

# go_base PORT: sets base to the URL that pprof answers at, on the loopback addresses or on the pod's own.
go_base() {
  base=''
  for host in 127.0.0.1 '[::1]' $(hostname -i 2>/dev/null); do
    case $host in \[*) ;; *:*) host="[$host]" ;; esac
    for scheme in http https; do
      go_get "$scheme://$host:$1$path/goroutine?debug=1" 20
      # A server of HTTPS answers plain HTTP with 400.
      [ "$code" -eq 0 ] && [ "$status" = 400 ] && [ "$scheme" = http ] || break
    done
    [ "$code" -eq 7 ] || break
  done
  [ "$code" -eq 0 ] && [ "$status" = 200 ] && head -n 1 "$KD_OUT.own/got" | grep -q '^goroutine profile: total [0-9]' || return 1
  base=$scheme://$host:$1$path
}

# go_groups: of a list of goroutines each different one, the most frequent first, behind a line of how many there are and the longest wait in minutes.
# They differ in their states and functions, not in arguments and numbers.
go_groups() {
  awk 'BEGIN { RS = ""; FS = "\n" }
    {
      state = $1; sub(/^goroutine [0-9]+ /, "", state); minutes = 0
      if (match(state, /, [0-9]+ minutes/)) {
        minutes = substr(state, RSTART + 2, RLENGTH - 10) + 0
        state = substr(state, 1, RSTART - 1) substr(state, RSTART + RLENGTH)
      }
      for (line = 2; line <= NF; line++) if ($line ~ /^[^\t]/) {
        call = $line; sub(/\([^()]*\)$/, "", call); sub(/ in goroutine [0-9]+$/, "", call); state = state "\n" call
      }
      if (!(state in number)) { groups++; of[groups] = state; example[state] = $0 }
      number[state]++
      if (minutes > longest[state]) longest[state] = minutes
    }
    END {
      for (done = 0; done < groups; done++) {
        most = ""
        for (group = 1; group <= groups; group++) if (of[group] in number && (most == "" || number[of[group]] > number[most])) most = of[group]
        printf "%d %d\n%s\n\n", number[most], longest[most], example[most]
        delete number[most]
      }
    }' "$KD_OUT.own/got" | head -c "$GO_BYTES"
}

go_stacks() {
  total=$(sed -n '1s/^goroutine profile: total \([0-9]*\)$/\1/p' "$KD_OUT.own/got")
  part stacks head -c "$GO_BYTES" "$KD_OUT.own/got"
  [ "$files" -eq 0 ] || leave "$KD_OUT.own/got" stacks.txt
  [ "${total:-0}" -le "$GO_LISTED" ] || return
  go_get "$base/goroutine?debug=2" 20
  part "asked goroutine $status" go_said
  [ "$code" -eq 0 ] && [ "$status" = 200 ] || return
  part goroutines go_groups
  [ "$files" -eq 0 ] || leave "$KD_OUT.own/got" goroutines.txt
}

# go_profile NAME QUERY SECONDS: a profile as pprof packs it.
go_profile() {
  go_get "$base/$1$2" "$3"
  if [ "$code" -ne 0 ] || [ "$status" != 200 ]; then
    part "asked $1 $status" go_said
    return
  fi
  size=$(wc -c <"$KD_OUT.own/got")
  part "asked $1 $status" true
  if [ "$size" -le "$GO_BYTES" ]; then part "profile $1" base64 "$KD_OUT.own/got"; else part "large $1 $size" true; fi
  [ "$files" -eq 0 ] || leave "$KD_OUT.own/got" "$1.pb.gz"
}

go_memory() {
  go_get "$base/heap?debug=1" 20
  [ "$code" -ne 0 ] || [ "$status" != 200 ] || part memory sed -n 's/^# \([A-Z][A-Za-z]* = [0-9.e-]*\)$/\1/p' "$KD_OUT.own/got"
}

# go_of PROCESS: whether it is one, and how that is seen.
go_of() { grep -qam 1 'Go buildinf:' "/proc/$1/exe" 2>/dev/null && echo 'runs a program that says which Go built it'; }

preset_go() {
  need curl
  port=$1 path=$2 seconds=$3 files=$4
  shift 4
  ports=$port
  part listening go_listening
  [ "$port" -ne 0 ] || ports=$(go_listening | head -n 16)
  base=''
  for port in $ports; do
    go_base "$port" && break
    part "no_pprof $port $status" go_said
  done
  [ -n "$base" ] || return 0
  part base echo "$base"
  for mode in "$@"; do
    case $mode in
      goroutine) go_stacks ;;
      heap) go_profile heap '' 20; go_memory ;;
      profile) go_profile profile "?seconds=$seconds" $((seconds + 15)) ;;
      *) go_profile "$mode" '' 20 ;;
    esac
  done
}
