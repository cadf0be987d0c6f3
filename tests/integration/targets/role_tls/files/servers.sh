# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# A server for each certificate in the environment, a port each, one of old TLS, one that wants a client's certificate, one of plain HTTP and one that is silent.
umask 077
serve() {
  port=$1 file=/tmp/$1.pem
  printenv "$2" >"$file"
  shift 2
  # s_server is at work on its input too, and with one that has ended it never waits.
  sleep 3600 | openssl s_server -quiet -accept "$port" -cert "$file" -key "$file" -cert_chain "$file" "$@" &
}
printf '%s' "$CA" >/tmp/ca.pem
serve 8001 expired
serve 8002 good
serve 8003 alone
serve 8004 soon
serve 8005 above
serve 8006 hostile
serve 8007 good -tls1 -cipher DEFAULT:@SECLEVEL=0
serve 8008 good -Verify 1 -CAfile /tmp/ca.pem
python3 -m http.server 8080 &
nc -lk 8081 &
for port in 8001 8002 8003 8004 8005 8006 8007 8008 8080 8081; do
  until nc -z -w 1 127.0.0.1 "$port"; do sleep 0.1; done
done
: >/tmp/ready
wait
