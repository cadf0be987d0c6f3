# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# What an intruder leaves: a program that runs and is deleted, one that is left lying about, a file that is deleted but held, and a setuid copy.
cp /bin/sleep /tmp/.miner
/tmp/.miner 3600 &
rm /tmp/.miner
printf '#!/bin/sh\n' >/dev/shm/.drop.sh
chmod 755 /dev/shm/.drop.sh
exec 3>/tmp/loot
head -c 100000 /dev/zero >&3
rm /tmp/loot
cp /bin/true /tmp/privileged
chmod 4755 /tmp/privileged
echo changed >/tmp/changed.txt
echo ready
exec sleep 3600
