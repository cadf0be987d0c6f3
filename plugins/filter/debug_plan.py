# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: debug_plan
short_description: A preset of the role debug as an ephemeral container
version_added: 0.1.0
description:
  - What the role P(kubedebug.pods.debug#role) ensures for a preset. Equal requests within a time window give equal containers of the same name.
  - What user values hold travels as arguments and environment and is escaped, so that the kubelet expands nothing in it.
options:
  _input:
    description:
      - The request, with the keys C(preset), C(data) (of C(vars/presets/)), C(wrapper), C(script), C(image), C(registry), C(digest), C(target),
        C(profile), C(security_context), C(incident), C(reason), C(window) and C(patience).
    type: dict
    required: true
seealso:
  - plugin: kubedebug.pods.debug_choice
    plugin_type: filter
  - plugin: kubedebug.pods.debug_results
    plugin_type: filter
  - plugin: kubedebug.pods.debug_files
    plugin_type: filter
author:
  - The kubedebug.pods authors (@kubedebug)
"""

EXAMPLES = r"""
- name: What the role would add
  ansible.builtin.set_fact:
    planned: "{{ request | kubedebug.pods.debug_plan }}"
"""

RETURN = r"""
_value:
  description:
    - What the tasks of the role work by. C(candidates) are the container of this time window and of the one before.
    - C(error) instead, with words for a person, where the request cannot be met.
  type: dict
"""

import time
import typing as t

from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_plan import BadRequest, plan


def debug_plan(request: dict[str, t.Any]) -> dict[str, t.Any]:
    try:
        return plan(request, time.time())
    except BadRequest as bad:
        return {"preset": request["preset"], "error": str(bad)}


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"debug_plan": debug_plan}
