# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: debug_files
short_description: The results of the role debug as files
version_added: 0.1.0
description:
  - What the role writes below its C(debug_dest).
options:
  _input:
    description: The results, as P(kubedebug.pods.debug_results#filter) makes them.
    type: dict
    required: true
seealso:
  - plugin: kubedebug.pods.debug_plan
    plugin_type: filter
  - plugin: kubedebug.pods.debug_choice
    plugin_type: filter
  - plugin: kubedebug.pods.debug_results
    plugin_type: filter
author:
  - The kubedebug.pods authors (@kubedebug)
"""

EXAMPLES = r"""
- name: The files
  ansible.builtin.set_fact:
    files: "{{ debug_results | kubedebug.pods.debug_files }}"
"""

RETURN = r"""
_value:
  description: Dictionaries with C(folder), C(path) and C(content), the first two relative to the destination.
  type: list
  elements: dict
"""

import typing as t

from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_results import stored


def debug_files(results: dict[str, dict[str, dict[str, t.Any]]]) -> list[dict[str, str]]:
    return stored(results)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"debug_files": debug_files}
