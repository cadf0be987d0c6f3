#!/bin/sh
# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# in_cluster.sh COMMAND...: runs it with what a pod of the cluster has, the service account's folder, beside the KUBERNETES_SERVICE_* variables that are set
# already. TOKEN, NAMESPACE and AUTHORITY (a file) say what is in there.
set -eu
if [ "${1-}" != unshared ]; then
  exec unshare --mount -- sh "$0" unshared "$@"
fi
shift
mount -t tmpfs none /run
mkdir -p /run/secrets/kubernetes.io/serviceaccount
cd /run/secrets/kubernetes.io/serviceaccount
printf %s "$TOKEN" > token
printf %s "$NAMESPACE" > namespace
cat "$AUTHORITY" > ca.crt
exec env -u TOKEN -u AUTHORITY -u NAMESPACE -- "$@"
