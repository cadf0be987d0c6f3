# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: debug_choice
short_description: The container of a plan that is to be ensured
version_added: 0.1.0
description:
  - The container of this time window, or that of the one before where a pod has it and it is younger than a window, so that two requests
    around a boundary are one.
options:
  _input:
    description: A plan, as P(kubedebug.pods.debug_plan#filter) makes it.
    type: dict
    required: true
  found:
    description: The RV(kubedebug.pods.ephemeral_container_info#module:containers) of both names on the pods.
    type: list
    elements: dict
    required: true
positional: found
seealso:
  - plugin: kubedebug.pods.debug_plan
    plugin_type: filter
  - plugin: kubedebug.pods.debug_results
    plugin_type: filter
  - plugin: kubedebug.pods.debug_files
    plugin_type: filter
author:
  - The kubedebug.pods authors (@kubedebug)
"""

EXAMPLES = r"""
- name: The container to ensure
  ansible.builtin.set_fact:
    chosen: "{{ planned | kubedebug.pods.debug_choice(looked.containers) }}"
"""

RETURN = r"""
_value:
  description: The C(name) of the container and its C(definition).
  type: dict
"""

import typing as t

from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_plan import choose


def debug_choice(planned: dict[str, t.Any], found: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    return choose(planned, found)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"debug_choice": debug_choice}
