# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# What a preset prints are parts: "@ CODE WORD..." and then the lines of the part, each behind a blank. So nothing that a pod says looks like a new part.

# part TITLE TOOL [ARGUMENT...]: what the tool says, and its exit code. The title is one or more words.
part() {
  title=$1
  shift
  "$@" </dev/null >"$KD_OUT.own/part" 2>&1
  code=$?
  printf '@ %s %s\n' "$code" "$title"
  sed 's/^/ /' "$KD_OUT.own/part"
  echo
}

# kept FILE: the file, where there is one.
kept() { [ ! -f "$1" ] || part "$2" cat "$1"; }

# leave FILE NAME: the file for taking along, under its final name only once it is whole.
leave() { cp "$1" "$KD_OUT/$2.partial" && mv "$KD_OUT/$2.partial" "$KD_OUT/$2"; }

# need TOOL...: ends, and says what is missing, where the image lacks one of them.
need() {
  lacking=''
  for tool in "$@"; do command -v "$tool" >/dev/null 2>&1 || lacking="$lacking $tool"; done
  [ -z "$lacking" ] || { part "no_tool$lacking" false; exit 4; }
}
