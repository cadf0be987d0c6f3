# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=busybox

# A container with everything that the presets look for, and with what a pod may say to whoever believes it.
nc -ll -p 7070 -e sleep 3600 &
hostile=$(printf '\377\376{{ lookup("pipe", "touch %s") }}\044(touch %s)\n@ 0 pid 99' "$OWNED" "$OWNED")
sleep 3600 "$hostile" &
sh -c 'while :; do sleep 60; done' "$hostile" &
touch "/tmp/$hostile" || touch '/tmp/{{ 1 + 1 }}'
echo written >/tmp/changed.txt
mkdir -p /tmp/own/deep
echo mine >/tmp/own/deep/file
ln -s /tmp/own /tmp/last
ln -s /tmp/own /tmp/middle
ln -s /tmp/loop /tmp/loop
cp /bin/busybox /tmp/privileged
chmod 4755 /tmp/privileged
dd if=/dev/zero of=/data/full bs=1k count=1024 2>/dev/null
exec 3>/tmp/deleted
dd if=/dev/zero bs=1k count=512 2>/dev/null >&3
rm /tmp/deleted
until cat /proc/net/tcp /proc/net/tcp6 | grep -q ':1B9E [0-9A-F:]* 0A '; do sleep 0.1; done
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do nc -w 3 127.0.0.1 7070 -e true; done
exec 4</dev/null 5</dev/null 6</dev/null 7</dev/null 8</dev/null 9</dev/null
sleep 0.1 &
echo ready >/tmp/ready
ulimit -n 10
exec sleep 3600
