# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Arguments: seconds that one question may take, whether to tell the queries' texts (1), the kinds of databases among them in one word, and for each
# database its kind, host, port, user, database, "tls" or nothing, "password" or nothing, and the certificates that may have issued its own, or nothing. The
# password of the one with the index N is in KD_SECRET_N. It goes to the clients through their environment, and neither into an argument nor into a title.

# pg QUERY: what a server says to it, read only. The settings are the transaction's, which all that is in one -c is: a pooler takes none when one connects, and
# hands the session to the application afterwards.
pg() {
  if [ -n "$ca" ]; then ssl=verify-full; elif [ -n "$tls" ]; then ssl=require; else ssl=prefer; fi
  PGPASSWORD=$password PGHOST=$host PGPORT=$port PGUSER=$user PGDATABASE=$database PGSSLMODE=$ssl PGSSLROOTCERT=${ca:-/dev/null/none} PGCONNECT_TIMEOUT=$seconds PGPASSFILE=/dev/null/none \
    PGGSSENCMODE=disable PGAPPNAME=kubedebug PGCLIENTENCODING=UTF8 LC_ALL=C timeout $((2 * seconds)) psql --no-psqlrc --no-password --quiet --no-align --tuples-only \
    -v ON_ERROR_STOP=1 -c "SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = '${seconds}s'; SET LOCAL lock_timeout = '1s'; $1"
}

redis() {
  set -- -h "$host" -p "$port" --no-auth-warning ${user:+--user "$user"} ${database:+-n "$database"} ${tls:+--tls} "$@"
  if [ -n "$ca" ]; then set -- --cacert "$ca" "$@"; elif [ -n "$tls" ]; then set -- --insecure "$@"; fi
  if [ -n "$password" ]; then REDISCLI_AUTH=$password timeout "$seconds" redis-cli "$@"; else timeout "$seconds" redis-cli "$@"; fi
}

# certified: whether the certificate is the host's own, which redis-cli does not look at. So it is asked for by a connection before, which carries no password.
certified() {
  command -v openssl >/dev/null || { echo 'no openssl'; return 1; }
  case $host in
    *:*) set -- -connect "[$host]:$port" -verify_ip "$host" ;;
    *[!0-9.]*) set -- -connect "$host:$port" -verify_hostname "$host" -servername "$host" ;;
    *) set -- -connect "$host:$port" -verify_ip "$host" ;;
  esac
  timeout "$seconds" openssl s_client "$@" -CAfile "$ca" -verify_return_error -brief
}

# What a query is, without what is in it: its verb. Or, if that is asked for, with every literal and number taken out, which is only sure where there are no
# backslashes, dollar quotes and comments: these are left out.
db_query() {
  verb="CASE WHEN upper(substring(query from '^\s*(\w+)')) IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'WITH', 'COPY', 'VACUUM', 'ANALYZE', 'BEGIN', 'COMMIT',
    'ROLLBACK', 'LOCK', 'ALTER', 'CREATE', 'DROP', 'TRUNCATE', 'REINDEX', 'CALL', 'DO', 'EXECUTE', 'FETCH', 'SET', 'REFRESH', 'CLUSTER')
    THEN upper(substring(query from '^\s*(\w+)')) END"
  [ "$queries" -eq 0 ] || verb="CASE WHEN query ~ '\\\\|\\$|--|/\\*' THEN $verb
    ELSE left(regexp_replace(regexp_replace(query, '''[^'']*(''|\$)', '?', 'g'), '\m\d[\d.]*', '?', 'g'), 500) END"
}

postgresql() {
  part "pg $index server" pg "SELECT json_build_object('version', current_setting('server_version'), 'standby', pg_is_in_recovery(),
    'max_connections', current_setting('max_connections')::int, 'reserved', current_setting('superuser_reserved_connections')::int,
    'uptime', round(extract(epoch FROM now() - pg_postmaster_start_time())), 'tls', (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()),
    'sees_all', pg_has_role(current_user, 'pg_read_all_stats', 'member'))"
  [ "$code" -eq 0 ] || return
  part "pg $index connections" pg "SELECT coalesce(json_agg(c), '[]') FROM (SELECT coalesce(state, 'unknown') AS state, datname AS database, usename AS user,
    application_name AS application, count(*) AS count FROM pg_stat_activity WHERE backend_type = 'client backend' GROUP BY 1, 2, 3, 4 ORDER BY count(*) DESC LIMIT 100) c"
  db_query
  activity="pid, datname AS database, usename AS user, application_name AS application, state, wait_event_type || ':' || wait_event AS waits_for,
    round(extract(epoch FROM now() - xact_start)) AS transaction_seconds, round(extract(epoch FROM now() - state_change)) AS state_seconds,
    length(query) AS query_length, $verb AS query"
  part "pg $index transactions" pg "SELECT coalesce(json_agg(c), '[]') FROM (SELECT $activity FROM pg_stat_activity
    WHERE xact_start IS NOT NULL AND backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY xact_start LIMIT 20) c"
  part "pg $index blocked" pg "SELECT coalesce(json_agg(c), '[]') FROM (SELECT pg_blocking_pids(pid) AS blocked_by, $activity FROM pg_stat_activity
    WHERE cardinality(pg_blocking_pids(pid)) > 0 ORDER BY state_change LIMIT 100) c"
  part "pg $index databases" pg "SELECT coalesce(json_agg(c), '[]') FROM (SELECT datname AS database, age(datfrozenxid) AS transactions_unfrozen, deadlocks, conflicts,
    temp_bytes FROM pg_database JOIN pg_stat_database USING (datname) ORDER BY 2 DESC LIMIT 100) c"
  part "pg $index replicas" pg "SELECT coalesce(json_agg(c), '[]') FROM (SELECT application_name AS application, client_addr AS address, state, sync_state AS sync,
    CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) END AS lag_bytes,
    round(extract(epoch FROM replay_lag)) AS lag_seconds FROM pg_stat_replication) c"
  part "pg $index slots" pg "SELECT coalesce(json_agg(c), '[]') FROM (SELECT slot_name AS slot, active,
    CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) END AS kept_bytes FROM pg_replication_slots) c"
  part "pg $index standby" pg "SELECT json_build_object('lag_seconds', CASE WHEN pg_is_in_recovery() AND pg_last_wal_receive_lsn() IS DISTINCT FROM pg_last_wal_replay_lsn()
    THEN round(extract(epoch FROM now() - pg_last_xact_replay_timestamp())) END)"
}

redis_server() {
  if [ -n "$ca" ]; then
    part "redis $index certificate" certified
    [ "$code" -eq 0 ] || return
  fi
  part "redis $index ping" redis PING
  [ "$code" -eq 0 ] && [ "$(cat "$KD_OUT.own/part")" = PONG ] || return
  part "redis $index info" redis INFO
  part "redis $index slow" redis SLOWLOG LEN
  # Without a terminal: one line, after a second, of least, most, average in ms, and how many.
  [ "$seconds" -lt 3 ] || part "redis $index latency" redis --latency
}

preset_db() {
  seconds=$1 queries=$2
  case $3 in *postgresql*) need psql timeout ;; esac
  case $3 in *redis*) need redis-cli timeout ;; esac
  shift 3
  index=0 code=0
  while [ $# -ge 8 ]; do
    kind=$1 host=$2 port=$3 user=$4 database=$5 tls=$6 password='' given='' ca=''
    case $kind in
      redis) port=${port:-6379} ;;
      *) port=${port:-5432} user=${user:-postgres} database=${database:-postgres} ;;
    esac
    [ -z "$7" ] || eval "given=\${KD_SECRET_$index+given} password=\${KD_SECRET_$index-}"
    [ -z "$8" ] || { ca=$KD_OUT.own/ca-$index tls=tls && printf '%s\n' "$8" >"$ca"; }
    case $host$port in
      '' | -* | *[!A-Za-z0-9._:-]*) part "invalid $index" false ;;
      *)
        if [ -n "$7" ] && [ -z "$given" ]; then part "no_secret $index" false
        elif [ "$kind" = redis ]; then redis_server
        else postgresql
        fi
        ;;
    esac
    shift 8
    index=$((index + 1))
  done
}
