# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Arguments: days left of a certificate that are few (the reader's), seconds that one attempt may take, the protocol that TLS begins in or nothing,
# certificates to trust in place of the image's (PEM) or nothing, and then where to connect to: HOST:PORT, or HOST:PORT/NAME to ask for that name there.
need openssl awk timeout
seconds=$2 protocol=$3
part clock date +%s
trust=$KD_OUT.own/trust
if [ -n "$4" ]; then
  printf '%s\n' "$4" >"$trust"
  part trust openssl x509 -in "$trust" -noout
  openssl x509 -in "$trust" -noout 2>/dev/null || exit 1
fi
shift 4
now() { read -r up _ </proc/uptime && echo "$up"; }

# Nothing of the session is kept, for with that it could be decrypted or resumed. Certificates are parts of their own.
shake() {
  timeout "$seconds" openssl s_client "$@" >"$KD_OUT.own/said" 2>&1
  ended=$?
  sed -e '/^-----BEGIN CERTIFICATE/,/^-----END CERTIFICATE/d' -e '/^SSL-Session:/,/^---/d' "$KD_OUT.own/said"
  return "$ended"
}

# valid END [NAME]: whether these are HOST:PORT and, if given, a name.
valid() {
  case $1 in
    -* | *[!A-Za-z0-9._:[\]%-]* | *: | :*) return 1 ;;
    *:*) ;;
    *) return 1 ;;
  esac
  case $2 in -* | *[!A-Za-z0-9._:%-]*) return 1 ;; esac
}

index=-1
for to in "$@"; do
  index=$((index + 1))
  end=${to%%/*} name=''
  case $to in */*) name=${to#*/} ;; esac
  valid "$end" "$name" || { part "invalid $index" false; continue; }
  host=${end%:*} host=${host#[} host=${host%]}
  name=${name:-$host}
  set -- -connect "$end" -showcerts -nameopt RFC2253 -cipher DEFAULT:@SECLEVEL=0
  case $name in
    *:*) set -- "$@" -noservername -verify_ip "$name" ;;
    *[!0-9.]*) set -- "$@" -servername "$name" -verify_hostname "${name%.}" ;;
    *) set -- "$@" -noservername -verify_ip "$name" ;;
  esac
  [ -z "$protocol" ] || set -- "$@" -starttls "$protocol"
  [ ! -f "$trust" ] || set -- "$@" -CAfile "$trust" -no-CApath -no-CAstore
  began=$(now)
  part "tls $index $name" shake "$@"
  part "took $index $began $(now)" true
  rm -f "$KD_OUT.own/certificate".*
  awk -v to="$KD_OUT.own/certificate" '/^-----BEGIN CERTIFICATE/ { number++; inside = number < 11 } inside { print >(to "." number) } /^-----END CERTIFICATE/ { inside = 0 }' "$KD_OUT.own/said"
  # Names are a part of their own, for in them a certificate may say anything, line ends too.
  for number in 1 2 3 4 5 6 7 8 9 10; do
    file=$KD_OUT.own/certificate.$number
    [ -f "$file" ] || break
    part "certificate $index" openssl x509 -in "$file" -noout -subject -issuer -serial -startdate -enddate -fingerprint -sha256 -nameopt RFC2253 -dateopt iso_8601
    part "names $index" openssl x509 -in "$file" -noout -ext subjectAltName
  done
done
