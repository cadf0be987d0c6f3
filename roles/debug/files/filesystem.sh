# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Arguments: seconds to look back (0: to the target's start), lines a list may have, how many paths to search, these paths, and then the paths that go
# into files.tar. Paths are the target's. Nothing is written to them.
since=$1 lines=$2 paths=$3
shift 3
find_target
if [ "$since" -gt 0 ]; then
  from=$(($(date +%s) - since))
else
  ticks=$(sed 's/.*) //' "/proc/$KD_PID/stat" | cut -d ' ' -f 20)
  # Both are whole seconds, and btime is off by up to one.
  from=$(($(sed -n 's/^btime //p' /proc/stat) + ticks / 100 - 2))
fi
touch -d "@$from" "$KD_OUT.own/from"
part "from $from" true

# Where files are: the folders that file systems of the target are mounted at. What is mounted read-only, the target has not written.
sed -n 's/^[^ ]* [^ ]* [^ ]* [^ ]* \([^ ]*\) \([^ ,]*\).* - \([^ ]*\) .*/\3 \1 \2/p' "/proc/$KD_PID/mountinfo" >"$KD_OUT.own/mounts"
: >"$KD_OUT.own/folders"
: >"$KD_OUT.own/files"
while read -r type place mode; do
  case $type in proc | sysfs | cgroup | cgroup2 | devpts | devtmpfs | mqueue) continue ;; esac
  # One with a line's end in its path would be taken for two.
  case $place in /proc/* | /sys/* | /dev | *\\012*) continue ;; esac
  folder=$(printf '%b' "$place")
  if [ ! -d "$KD_ROOT$folder" ]; then
    printf '%s\n' "$folder" >>"$KD_OUT.own/files"
    continue
  fi
  part "space $type $place" stat -f -c '%S %b %a %c %d' "$KD_ROOT$folder/"
  case $mode$folder in rw* | ro/) printf '%s\n' "$folder" >>"$KD_OUT.own/folders" ;; esac
done <"$KD_OUT.own/mounts"
part mounted cat "$KD_OUT.own/files"

# resolve PATH: sets resolved to the path of the target without symbolic links, empty for /. An absolute link means a path of the target, not one of
# this container, so links are followed here, step by step. What is below /proc/PID/root must never be reached through a link of the target.
resolve() {
  rest=$1 resolved='' links=0
  while [ -n "$rest" ]; do
    step=${rest%%/*}
    case $rest in */*) rest=${rest#*/} ;; *) rest='' ;; esac
    case $step in
      '' | .) continue ;;
      ..) resolved=${resolved%/*}; continue ;;
    esac
    if [ ! -L "$KD_ROOT$resolved/$step" ]; then
      resolved=$resolved/$step
      continue
    fi
    links=$((links + 1))
    [ "$links" -le 40 ] || { echo 'too many symbolic links'; return 1; }
    # The x keeps line ends that the link's text ends with.
    link=$(readlink -n "$KD_ROOT$resolved/$step"; echo x)
    link=${link%x}
    [ -n "$link" ] || { echo 'a symbolic link could not be read'; return 1; }
    case $link in /*) resolved='' ;; esac
    rest=$link/$rest
  done
  ls -d "$KD_ROOT${resolved:-/}" >/dev/null
}
# locate PATH: what was asked for, and where that is or why it is nowhere. Sets resolved, and as part does, code.
path=0 code=0
located() { printf '%s\n' "$1" && resolve "$1" && printf '%s\n' "${resolved:-/}"; }
locate() {
  part "path $path" located "$1"
  path=$((path + 1))
}

# lined: names that end with NUL, one a line.
lined() { tr '\n\0' '\001\n'; }
list() { head -n "$lines" <"$KD_OUT.own/found"; }
# Without a slash at its end, find does not follow what has become a link since. GNU find knows when the inode was changed, which nothing can set back.
if find / -maxdepth 0 -newerct @0 -printf '' >/dev/null 2>&1; then
  changed() { find "$KD_ROOT${1:-/}" -xdev -type f '(' -newermt "@$from" -o -newerct "@$from" ')' -printf "$format" | lined >"$KD_OUT.own/found"; list; }
  privileged() { find "$KD_ROOT${1:-/}" -xdev -type f -perm /6000 -printf "$format" | lined >"$KD_OUT.own/found"; list; }
  format='%Ts %s %m %U %G c%Cs %p\0'
else
  changed() { stats "$format" "$KD_ROOT${1:-/}" -xdev -newer "$KD_OUT.own/from" -type f >"$KD_OUT.own/found"; list; }
  privileged() { stats "$format" "$KD_ROOT${1:-/}" -xdev -type f '(' -perm -4000 -o -perm -2000 ')' >"$KD_OUT.own/found"; list; }
  format='%Y %s %a %u %g '
fi
deleted() { stat -L -c '%s %F' "$1" && readlink "$1"; }
search() {
  part changed changed "$1"
  part privileged privileged "$1"
}
while [ "$paths" -gt 0 ]; do
  locate "$1"
  if [ "$code" -eq 0 ] && [ -z "$resolved" ]; then
    while read -r folder; do search "${folder%/}" </dev/null; done <"$KD_OUT.own/folders"
  elif [ "$code" -eq 0 ]; then
    search "$resolved"
  fi
  shift
  paths=$((paths - 1))
done

for member in $KD_MEMBERS; do
  for descriptor in "/proc/$member/fd"/*; do
    case $(readlink "$descriptor" 2>/dev/null) in
      *' (deleted)') part "deleted $member ${descriptor##*/}" deleted "$descriptor" ;;
    esac
  done
done

# Under its final name only once it is whole.
archive() {
  [ "$#" -eq 0 ] || tar -C "$KD_ROOT/" -cf "$KD_OUT/files.tar.partial" "$@" || return
  [ "$lost" -eq 0 ] || { echo "paths that are left out: $lost"; return 1; }
}
# A file that tar read after it was changed is listed as well: nothing tells when tar came to it.
changing() {
  : >"$KD_OUT.own/packed"
  for each; do find "$KD_ROOT/$each" -newer "$KD_OUT.own/packing" ! -newer "$KD_OUT.own/packed" -type f -print0; done | lined >"$KD_OUT.own/found"
  list
}
asked=$# lost=0
[ "$asked" -eq 0 ] || {
  while [ "$asked" -gt 0 ]; do
    locate "$1"
    if [ "$code" -eq 0 ]; then set -- "$@" ".$resolved"; else lost=$((lost + 1)); fi
    shift
    asked=$((asked - 1))
  done
  : >"$KD_OUT.own/packing"
  part archive archive "$@"
  [ "$code" -ne 0 ] || mv "$KD_OUT/files.tar.partial" "$KD_OUT/files.tar"
  part changing changing "$@"
}
