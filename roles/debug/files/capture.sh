# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Arguments: seconds to capture, how many packets at most, how many bytes of each (0: its headers), the interface, whether the log is to hold the capture too
# (yes), and a filter of pcap-filter(7) or nothing. KD_FILE_KIB bounds the file. What cuts packets to their headers is in KD_HEADERS: headers.py.
need tcpdump awk timeout
file=$KD_OUT/capture.pcap taken=$KD_OUT/capture.pcap snap=$3 code=0
# Headers are no longer than that but for rare ones. What is taken beyond them is never in the folder that files are fetched from.
[ "$3" -ne 0 ] || { need python3; taken=$KD_OUT.own/taken snap=192; }
# Packets are taken as they come: of a buffer, tcpdump loses what is in it when its time is over. A file that is as large as it may be ends it.
! command -v prlimit >/dev/null || prlimit --pid "$$" --core=0
part capture timeout -s INT -k 5 "$1" tcpdump -i "$4" --immediate-mode -nn -p -s "$snap" -c "$2" -Z root -w "$taken" -- "$6"
to_headers() { python3 -c "$KD_HEADERS" <"$taken" >"$file.partial"; }
[ "$file" = "$taken" ] || [ ! -s "$taken" ] || {
  part headers to_headers
  if [ "$code" -eq 0 ]; then mv "$file.partial" "$file"; else rm -f "$file.partial"; fi
  rm -f "$taken"
}

decode() { tcpdump -Z "$reader" -nn -K -S -tt -e -r - <"$file" 2>"$KD_OUT.own/decoding"; }
# For each two ends: protocol, the end that was seen first, the other one; packets and bytes from the first, from the other; SYN, SYN-ACK, resets by the
# first, resets by the other, segments that were sent again. Numbers of sequences are absolute (-S), lengths those of the frames (-e).
conversations() {
  decode | awk '
    function known(a, b) { return (kind " " a " " b) in packets }
    !/^[0-9]+\.[0-9]+ / || !match($0, /, length [0-9]+: /) { next }
    {
      all++
      last = $1
      if (all == 1) first = $1
      size = substr($0, RSTART + 9, RLENGTH - 11) + 0
      words = split(substr($0, RSTART + RLENGTH), word, " ")
      if (words < 4 || word[2] != ">") { others++; next }
      from = word[1]; to = word[3]
      sub(/:$/, "", to)
      kind = word[4] == "Flags" ? "tcp" : word[4] ~ /^ICMP/ ? "icmp" : "udp"
      back = !known(from, to) && known(to, from)
      key = kind " " (back ? to " " from : from " " to)
      packets[key]++
      if (back) { packets_back[key]++; bytes_back[key] += size } else { bytes[key] += size }
      if (kind != "tcp") next
      flags = word[5]
      if (flags ~ /S/) { if (flags ~ /\./) answered[key]++; else asked[key]++ }
      if (flags ~ /R/) { if (back) resets_back[key]++; else resets[key]++ }
      if (word[6] == "seq" && (word[7] ~ /:/ || flags ~ /S/) && seen[$2 " " from " " to " " word[7]]++) again[key]++
    }
    END {
      print "total " all + 0, others + 0, first + 0 == 0 ? 0 : last - first
      for (key in packets)
        print key, packets[key] - packets_back[key], bytes[key] + 0, packets_back[key] + 0, bytes_back[key] + 0, asked[key] + 0, answered[key] + 0, \
          resets[key] + 0, resets_back[key] + 0, again[key] + 0
    }' >"$KD_OUT.own/conversations"
  head -n 1 "$KD_OUT.own/conversations"
  tail -n +2 "$KD_OUT.own/conversations" | sort -k 4,4nr | head -n 2000
  cat "$KD_OUT.own/decoding"
}
[ ! -s "$file" ] || {
  # What came from the network is decoded as nobody, where that can be.
  reader=nobody
  tcpdump -Z "$reader" -r - -c 1 <"$file" >"$KD_OUT.own/first" 2>&1 || reader=root
  part conversations conversations
  part size wc -c "$file"
  [ "$5" != yes ] || {
    if [ "$(wc -c <"$file")" -le 262144 ]; then part pcap base64 "$file"; else part too_large false; fi
  }
}
