# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Arguments: seconds that one attempt may take, then where to connect to: HOST:PORT, [ADDRESS]:PORT or a URL.
seconds=$1
shift
now() { read -r up _ </proc/uptime && echo "$up"; }

index=0
for to in "$@"; do
  began=$(now)
  case $to in
    http://[!-]* | https://[!-]*) part "http $index" timeout "$seconds" wget -S -O /dev/null "$to" ;;
    -* | *[!A-Za-z0-9._:[\]%-]* | *: | :*) part "invalid $index" false ;;
    *:*)
      host=${to%:*} host=${host#[} host=${host%]}
      part "tcp $index" timeout "$seconds" nc -w "$seconds" "$host" "${to##*:}" -e true
      ;;
    *) part "invalid $index" false ;;
  esac
  part "took $index $began $(now)" true
  index=$((index + 1))
done
