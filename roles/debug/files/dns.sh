# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Arguments: the names to resolve. Each is tried as the C library does it, search domains and ndots included, which busybox nslookup leaves out.
set -f
part resolv cat /etc/resolv.conf
part hosts cat /etc/hosts
search=$(sed -n 's/^search[[:space:]]\{1,\}//p' /etc/resolv.conf | tail -n 1)
ndots=$(sed -n 's/^options.*ndots:\([0-9]\{1,\}\).*/\1/p' /etc/resolv.conf | tail -n 1)

# dig tells more than nslookup, and getent what the C library itself makes of a name.
if command -v dig >/dev/null; then
  query() { part "dig $index $1 $2" dig +tries=1 +time=2 +nosearch -q "$1." -t "$2"; }
else
  need nslookup
  query() { part "query $index $1 $2" nslookup "-type=$2" "$1."; }
fi
library() { ! command -v getent >/dev/null || part "getent $index" timeout 5 getent ahosts "$1"; }

# ask NAME: 0 if this settles it, because there is an address or no server answers, 1 if the next candidate is to be tried.
ask() {
  settled=1
  for type in a aaaa; do
    query "$1" "$type"
    ! grep -q -e '^Name:' -e '[[:space:]]IN[[:space:]]A[[:space:]]' -e '[[:space:]]IN[[:space:]]AAAA[[:space:]]' "$KD_OUT.own/part" || settled=0
    ! grep -q 'timed out' "$KD_OUT.own/part" || grep -q 'status: ' "$KD_OUT.own/part" || return 0
  done
  return $settled
}

index=0
for name in "$@"; do
  case $name in
    '' | -* | *[!A-Za-z0-9._-]*) part "invalid $index" false ;;
    *.) ask "${name%.}"; library "$name" ;;
    *)
      dots=$(printf '%s' "$name" | tr -cd . | wc -c)
      candidates=''
      for domain in $search; do candidates="$candidates $name.${domain%.}"; done
      if [ "$dots" -ge "${ndots:-1}" ]; then candidates="$name $candidates"; else candidates="$candidates $name"; fi
      for candidate in $candidates; do
        case $candidate in *[!A-Za-z0-9._-]*) continue ;; esac
        ask "$candidate" && break
      done
      library "$name"
      ;;
  esac
  index=$((index + 1))
done
