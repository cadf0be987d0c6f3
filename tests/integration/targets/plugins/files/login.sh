#!/bin/sh
# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# A credential plugin: TOKEN_OF_THE_PLUGIN is what it gives, MODE how it goes.
case "$MODE" in
  fails)
    echo "log in with the company first, your token was $TOKEN_OF_THE_PLUGIN" >&2
    exit 1
    ;;
  silent) status='{}' ;;
  expired) status="{\"token\": \"$TOKEN_OF_THE_PLUGIN\", \"expirationTimestamp\": \"2001-01-01T00:00:00Z\"}" ;;
  *) status="{\"token\": \"$TOKEN_OF_THE_PLUGIN\"}" ;;
esac
echo "{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \"status\": $status}"
