# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# sh -c "$(cat wrapper.sh)" kd TOOL [ARGUMENT...] runs a tool once, for a bounded time, and tells what became of it. POSIX sh.
#   KD_NAME             the container's name; the tool's folder is called so, for /dev/shm is one for all containers of a pod
#   KD_TIMEOUT          seconds that the tool may take                   KD_HOLD    seconds to stay afterwards, or until the file FOLDER.own/stop is there
#   KD_NOT_AFTER        the second since 1970 after which to refuse      KD_DIR     a folder to try before /tmp and /dev/shm
#   KD_LOG_BYTES        how much of the tool's output goes to the log    KD_FILE_KIB  how large a file of the tool may become
#   KD_TERMINATION_LOG  where the verdict goes, as JSON
# The tool finds KD_OUT, a folder for its files. Exit code: the tool's; 75 too late, 73 no folder, or none with room.
verdict_to=${KD_TERMINATION_LOG:-/dev/termination-log} limit=${KD_TIMEOUT:-60} name=${KD_NAME:-kd} began=$(date +%s)
umask 077
# tell STATE [MORE]: the verdict, as termination message and, for as long as the container stays, in the log.
tell() {
  verdict='{"kd":1,"state":"'$1'"'${2-}'}'
  printf '%s' "$verdict" 2>/dev/null >"$verdict_to"
  echo "-----KD $verdict-----"
}

[ "$began" -le "${KD_NOT_AFTER:-9999999999}" ] || { tell expired; exit 75; }
KD_OUT='' why=no_folder
for folder in ${KD_DIR:-} /tmp /dev/shm; do
  own=$folder/$name.own
  rm -rf "${folder:?}/$name" "$own" 2>/dev/null
  mkdir "$folder/$name" "$own" 2>/dev/null || { rmdir "$folder/$name" 2>/dev/null; continue; }
  # What is reserved is given back for the frames, so that a tool that fills the folder is told of.
  head -c 1048576 /dev/zero 2>/dev/null >"$own/reserve" && { KD_OUT=$folder/$name; break; }
  rm -rf "${folder:?}/$name" "$own"
  why=no_room
done
[ -n "$KD_OUT" ] || { tell "$why"; exit 73; }
export KD_OUT
out=$KD_OUT
tell running ',"out":"'"$out"'"'

# The guard ends the tool and all that it started. It reaps its own sleep: an orphan would stay as a zombie of a target that does not reap.
tool='' sleeper='' term=''
trap 'term=1; [ -z "$tool" ] || kill -TERM -"$tool" 2>/dev/null || kill -TERM "$tool"; [ -z "$sleeper" ] || kill "$sleeper" 2>/dev/null' TERM INT HUP
(ulimit -f $((2 * ${KD_FILE_KIB:-16384})); exec setsid "$@") </dev/null >"$own/stdout" 2>"$own/stderr" &
tool=$!
(
  sleep "$limit" &
  nap=$!
  trap 'kill "$nap"; wait "$nap"; exit' TERM
  : >"$own/guarded"
  wait "$nap"
  : >"$own/late"
  kill -TERM -"$tool"
  sleep 5 &
  nap=$!
  wait "$nap"
  kill -KILL -"$tool"
) 2>/dev/null &
guard=$!
wait "$tool"; code=$?
while kill -0 "$tool" 2>/dev/null; do wait "$tool"; code=$?; done
until [ -e "$own/guarded" ] || ! kill -0 "$guard" 2>/dev/null; do :; done
kill -TERM "$guard" 2>/dev/null
while kill -0 "$guard" 2>/dev/null; do wait "$guard"; done
kill -KILL -"$tool" 2>/dev/null
tool=''

full=false
head -c 4096 /dev/zero 2>/dev/null >"$own/room" || full=true
rm -f "$own/reserve" "$own/room"
state='done' timed_out=false
[ -z "$term" ] || state=stopped
[ ! -e "$own/late" ] || timed_out=true
size() { set -- "$(wc -c <"$1")"; echo $(($1)); }
sum() { sha256sum <"$1" | cut -d ' ' -f 1; }
bytes=$(size "$own/stdout") error_bytes=$(size "$own/stderr")
tell "$state" ',"code":'"$code"',"timed_out":'"$timed_out"',"full":'"$full"',"seconds":'$(($(date +%s) - began))',"bytes":'"$bytes"',"error_bytes":'"$error_bytes"',"sha256":"'"$(sum "$own/stdout")"'","out":"'"$out"'"'

# A frame: what it is, the sha256 and size of what it holds, the size of the whole; gzip and base64, so that any byte survives the log.
frame() {
  echo "-----BEGIN KD $1 $(sum "$2") $(size "$2") $3-----"
  gzip -c <"$2" | base64
  echo "-----END KD $1-----"
}
head -c "${KD_LOG_BYTES:-524288}" <"$own/stdout" >"$own/framed"
frame stdout "$own/framed" "$bytes"
tail -c 16384 <"$own/stderr" >"$own/framed"
[ "$error_bytes" -eq 0 ] || frame stderr "$own/framed" "$error_bytes"
for file in "$out"/*; do
  case ${file##*/} in *[!A-Za-z0-9._-]*) continue ;; esac
  [ ! -f "$file" ] || [ -L "$file" ] || echo "$(sum "$file") $(size "$file") ${file##*/}"
done >"$own/framed"
frame files "$own/framed" "$(size "$own/framed")"

ends=$(($(date +%s) + ${KD_HOLD:-0}))
while [ -z "$term" ] && [ "$(date +%s)" -lt "$ends" ] && [ ! -e "$own/stop" ]; do
  sleep 1 &
  sleeper=$!
  wait "$sleeper"
  sleeper=''
done
case $out in /dev/shm/*) rm -rf "$out" "$own" ;; esac
exit "$code"
