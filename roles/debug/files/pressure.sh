# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# No arguments. The target's control group as the target sees it, for a debug container's own is another one: version 2, or the folders of version 1.
find_target
group=$KD_ROOT/sys/fs/cgroup
usage() {
  for file in cpu.stat cpu/cpu.stat cpu,cpuacct/cpu.stat cpuacct/cpuacct.usage cpu,cpuacct/cpuacct.usage; do kept "$group/$file" "$file"; done
}
part clock cat /proc/uptime
usage
for file in memory.current memory.max memory.high memory.events memory.stat memory.swap.current memory.pressure cpu.max cpu.pressure io.pressure \
  pids.current pids.max memory/memory.usage_in_bytes memory/memory.limit_in_bytes memory/memory.failcnt memory/memory.stat memory/memory.oom_control \
  cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpu,cpuacct/cpu.cfs_quota_us cpu,cpuacct/cpu.cfs_period_us pids/pids.current pids/pids.max; do
  kept "$group/$file" "$file"
done
for file in cpu memory io; do kept "/proc/pressure/$file" "node.$file"; done
part node.load cat /proc/loadavg
part node.memory cat /proc/meminfo
sleep 2
part clock cat /proc/uptime
usage
