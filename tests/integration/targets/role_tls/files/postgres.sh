# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# PostgreSQL, whose clients begin in plain text and ask for TLS.
umask 077
printenv good >/tmp/good.pem
bin=$(echo /usr/lib/postgresql/*/bin)
"$bin/initdb" --pgdata=/tmp/data --auth=trust --no-sync
exec "$bin/postgres" -D /tmp/data -p 5432 -c 'listen_addresses=*' -c unix_socket_directories=/tmp -c fsync=off -c ssl=on -c ssl_cert_file=/tmp/good.pem -c ssl_key_file=/tmp/good.pem
