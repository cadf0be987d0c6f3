# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# A server of 12 connections, 9 of which are for all and taken: one keeps a row locked and does nothing, one waits for that row, six are idle, and one
# is left for who asks. And beside it another one, at port 5434, that speaks TLS.
set -e
PATH=$PATH:$(echo /usr/lib/postgresql/*/bin)
printf '%s' "$PGPASSWORD" >/tmp/password
initdb --pgdata=/tmp/data --username=root --auth=scram-sha-256 --pwfile=/tmp/password >/dev/null
cp -r /tmp/data /tmp/other
install -m 600 /certificates/server.pem /tmp/server.pem
postgres -D /tmp/other -k /tmp -p 5434 -c ssl=on -c ssl_cert_file=/tmp/server.pem -c ssl_key_file=/tmp/server.pem &
postgres -D /tmp/data -k /tmp -c max_connections=12 &
until psql -q -h 127.0.0.1 -U root postgres -c 'SELECT 1' >/dev/null 2>&1; do sleep 0.5; done
psql -q -h 127.0.0.1 -U root postgres -v "word=$PGPASSWORD" <<'SQL'
CREATE ROLE shop LOGIN PASSWORD :'word';
GRANT pg_monitor TO shop;
CREATE DATABASE shop OWNER shop;
SQL
psql -q -h 127.0.0.1 -U shop shop -c "CREATE TABLE stock (id int, label text)" -c "INSERT INTO stock VALUES (1, 'old')"
# sessions WORDS: how many sessions of the shop there are, and how many of them WORDS are true of.
sessions() { psql -At -h 127.0.0.1 -U root postgres -c "SELECT count(*), count(*) FILTER (WHERE $1) FROM pg_stat_activity WHERE datname = 'shop'"; }
(echo "BEGIN; UPDATE stock SET label = 'confidential' WHERE id = 1;"; sleep 3600) | PGAPPNAME=cart psql -q -h 127.0.0.1 -U shop shop &
for _ in 1 2 3 4 5 6; do sleep 3600 | psql -q -h 127.0.0.1 -U shop shop & done
until [ "$(sessions "state = 'idle in transaction'")" = '7|1' ]; do sleep 0.5; done
psql -q -h 127.0.0.1 -U shop shop -c "UPDATE stock SET label = 'confidential' WHERE id = 1" &
until [ "$(sessions "wait_event_type = 'Lock'")" = '8|1' ]; do sleep 0.5; done
until psql -q -h 127.0.0.1 -p 5434 -U root postgres -c 'SELECT 1' >/dev/null 2>&1; do sleep 0.5; done
echo ready >/tmp/ready
wait
