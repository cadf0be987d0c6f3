# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# A server whose memory is full, so that it evicts keys, which speaks TLS at port 6380.
redis-server --tls-port 6380 --tls-cert-file /certificates/server.pem --tls-key-file /certificates/server.pem --tls-ca-cert-file /certificates/ca.pem \
  --tls-auth-clients no --requirepass "$PGPASSWORD" --save '' --maxmemory 3mb --maxmemory-policy allkeys-lru --dir /tmp &
export REDISCLI_AUTH="$PGPASSWORD"
until redis-cli --no-auth-warning PING; do sleep 0.5; done
redis-cli --no-auth-warning EVAL "for n = 1, 6000 do redis.call('SET', 'order' .. n, string.rep('confidential', 80)) end" 0
echo ready >/tmp/ready
wait
