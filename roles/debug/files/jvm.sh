# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Arguments: the modes: threads, histogram, flags, heap, quit. Attaching sends the JVM a SIGQUIT, so it is done only to one that handles it, and
# that has not been told to take none: what HotSpot then does is to end, or to fill the application's log.

# jvm_of PROCESS: whether it is one, and how that is seen.
jvm_of() { seen=$(grep -om 1 '/.*/libjvm\.so' "/proc/$1/maps" 2>/dev/null) && echo "has $seen mapped"; }

# The option may be in JAVA_TOOL_OPTIONS or JDK_JAVA_OPTIONS too. Nothing of command line and environment is told.
takes_attachments() { ! cat "/proc/$1/cmdline" "/proc/$1/environ" 2>/dev/null | tr '\0 ' '\n' | sed 's/^[A-Z_]*OPTIONS=//' | grep -qxe -XX:+DisableAttachMechanism; }

# attached TITLE WORD...: what the JVM answers to a command of the attach protocol. The first line says only that there was a connection.
attached() {
  title=$1
  shift
  part "$title" jattach "$jvm" "$@"
}

free_kib() { echo $(($(stat -f -c '%a * %S' "$1") / 1024)); }
# room_for_heap: free KiB of the folder that the JVM writes to. Where it is in memory, no more than the target's control group has left.
room_for_heap() {
  room=$(free_kib "$temporary/")
  case $(stat -f -c %T "$temporary/") in
    tmpfs | ramfs)
      group=$KD_ROOT/sys/fs/cgroup
      for pair in memory.max:memory.current memory/memory.limit_in_bytes:memory/memory.usage_in_bytes; do
        most=$(cat "$group/${pair%:*}" 2>/dev/null) used=$(cat "$group/${pair#*:}" 2>/dev/null)
        case $most$used in '' | *[!0-9]*) continue ;; esac
        [ "${#most}" -gt 18 ] || [ $(((most - used) / 1024)) -gt "$room" ] || room=$(((most - used) / 1024))
      done
      ;;
  esac
  [ "$room" -ge 0 ] || room=0
  echo "$room"
}

packed() { gzip -c <"$1" >"$2"; }
# dump_heap: the JVM writes the file to its own /tmp, as no other folder is known to be there. It is packed into the preset's folder, and removed there.
dump_heap() {
  needed=$(sed -n 's/^ .*total [0-9]*K, used \([0-9]*\)K.*/\1/p' "$KD_OUT.own/heap_info" | head -n 1)
  if [ -z "$needed" ]; then part "heap unknown_size" false; return; fi
  # A dump is about as large as what is used, and some more for its tables.
  needed=$((needed + needed / 4 + 4096)) room=$(room_for_heap)
  if [ "$needed" -gt "$room" ]; then part "heap no_room $needed $room" false; return; fi
  dump=$temporary/$KD_NAME.hprof dumping=yes
  attached dumped dumpheap "${dump#"$KD_ROOT"}"
  dumping=''
  if [ ! -f "$dump" ]; then part "heap no_file" false; return; fi
  part "heap size $(stat -c %s "$dump")" sha256sum "$dump"
  part "heap packed" packed "$dump" "$KD_OUT/heap.hprof.gz"
  [ "$code" -eq 0 ] || rm -f "$KD_OUT/heap.hprof.gz"
}

# clean_up: removes what is ours in the target: the dump, and what attaching has made, a file that asks for it and a socket. A JVM older than 17 may not make
# another socket when it is gone, and could never be attached to again, so there it stays. jattach removes its file itself, unless it is ended before.
clean_up() {
  # What the JVM was told to do it does, also when nobody waits for it any more.
  [ -z "${dumping:-}" ] || part "unfinished ${dump#"$KD_ROOT"}" ls -l "$dump"
  for place in "$temporary" "/proc/$jvm/cwd"; do
    if [ -e "$place/.attach_pid$inner" ] && ! expected "$place"; then take_away "$place/.attach_pid$inner"; fi
  done
  if [ "$socket_before" = no ] && [ -S "$socket" ]; then
    if [ "${major:-0}" -ge 17 ]; then take_away "$socket"; else part "left ${socket#"$KD_ROOT"}" ls -l "$socket"; fi
  fi
  [ -z "${dump:-}" ] || [ ! -e "$dump" ] || take_away "$dump"
}
take_away() {
  part "removed ${1#"$KD_ROOT"}" rm -f "$1"
  [ "$code" -eq 0 ] || part "left ${1#"$KD_ROOT"}" ls -l "$1"
}
# expected FOLDER: whether the folder had such a file before.
expected() { case " $asked_before " in *" $1 "*) true ;; *) false ;; esac; }

attach_to_jvm() {
  if ! catches "$jvm" 3; then part "unsafe sigquit" false; return; fi
  if ! takes_attachments "$jvm"; then part "unsafe disabled" false; return; fi
  temporary=$KD_ROOT/tmp socket=$KD_ROOT/tmp/.java_pid$inner socket_before=no
  # A link in the target would lead to files of this container.
  if [ -L "$temporary" ]; then part "unsafe link" false; return; fi
  [ ! -e "$socket" ] || socket_before=yes
  asked_before=''
  for place in "$temporary" "/proc/$jvm/cwd"; do [ ! -e "$place/.attach_pid$inner" ] || asked_before="$asked_before $place"; done
  trap 'clean_up; exit 143' TERM
  attached version jcmd VM.version
  major=$(sed -n 's/^JDK \([0-9]*\).*/\1/p' "$KD_OUT.own/part" | head -n 1)
  [ "$code" -ne 0 ] || ask_jvm "$@"
  clean_up
}

ask_jvm() {
  attached heap_info jcmd GC.heap_info
  cp "$KD_OUT.own/part" "$KD_OUT.own/heap_info"
  for mode in "$@"; do
    case $mode in
      threads)
        part clock cat /proc/uptime
        jattach "$jvm" threaddump </dev/null >"$KD_OUT.own/sample" 2>&1
        part sample grep '^"' "$KD_OUT.own/sample"
        sleep 1
        part clock cat /proc/uptime
        attached threads threaddump
        ;;
      # Without -all it begins with a full collection.
      histogram) attached histogram jcmd 'GC.class_histogram -all' ;;
      flags)
        attached flags jcmd VM.flags
        attached uptime jcmd VM.uptime
        ;;
      heap) dump_heap ;;
    esac
  done
}

preset_jvm() {
  need jattach
  find_target
  jvm='' code=0
  for member in $KD_MEMBERS; do
    if jvm_of "$member" >/dev/null; then jvm=$member; break; fi
  done
  if [ -z "$jvm" ]; then part no_jvm names_of "$KD_MEMBERS"; return; fi
  inner=$(sed -n 's/^NSpid:.*[[:space:]]\([0-9]*\)$/\1/p' "/proc/$jvm/status")
  inner=${inner:-$jvm}
  part "jvm $jvm" names_of "$jvm"
  if grep -q '/libj9vm[0-9]*\.so' "/proc/$jvm/maps"; then part "unsafe openj9" false; return; fi
  case " $* " in ' quit ') ;; *) attach_to_jvm "$@" ;; esac
  case " $* " in
    *' quit '*) if catches "$jvm" 3; then part quit kill -QUIT "$jvm"; else part "unsafe sigquit" false; fi ;;
  esac
}
