# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Arguments: seconds that one attempt may take, then where to connect to: HOST:PORT, [ADDRESS]:PORT or a URL.
seconds=$1
shift
need nc
if command -v curl >/dev/null; then
  # Neither the request, nor who it is from, nor the headers of the answer, nor where it leads to: they may hold passwords, cookies and keys. Certificates are
  # looked at, and none is a reason to stop: tls judges them.
  http() {
    curl -q -sSvkgL --max-redirs 5 --proto '=http,https' --max-time "$seconds" -o /dev/null -w "$format" "$1" 2>"$KD_OUT.own/said"
    answered=$?
    sed -n -e '/^\* Issue another request/d' -e '/^\* Server auth using/d' -e '/^\* /p' -e '/^curl:/p' "$KD_OUT.own/said"
    return "$answered"
  }
  format='status %{http_code}\nversion %{http_version}\nremote %{remote_ip} %{remote_port}\nverify %{ssl_verify_result}\nredirects %{num_redirects}\n'
  format="$format"'times %{time_namelookup} %{time_connect} %{time_appconnect} %{time_starttransfer} %{time_total}\nbytes %{size_download}\n'
  how=curl
else
  need wget
  http() {
    timeout "$seconds" wget -S -O /dev/null "$1" 2>"$KD_OUT.own/said"
    answered=$?
    sed -n -e '/^ *HTTP\//p' -e '/^wget:/p' -e '/^Connecting/p' "$KD_OUT.own/said"
    return "$answered"
  }
  how=http
fi
case $(nc -h 2>&1) in
  *BusyBox*) tcp() { timeout "$seconds" nc -w "$seconds" "$1" "$2" -e true; } ;;
  *) tcp() { timeout "$seconds" nc -z -v -w "$seconds" "$1" "$2"; } ;;
esac
now() { read -r up _ </proc/uptime && echo "$up"; }

index=0
for to in "$@"; do
  began=$(now)
  case $to in
    http://[!-]* | https://[!-]*) part "$how $index" http "$to" ;;
    -* | *[!A-Za-z0-9._:[\]%-]* | *: | :*) part "invalid $index" false ;;
    *:*)
      host=${to%:*} host=${host#[} host=${host%]}
      part "tcp $index" tcp "$host" "${to##*:}"
      ;;
    *) part "invalid $index" false ;;
  esac
  part "took $index $began $(now)" true
  index=$((index + 1))
done
