# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: debug_results
short_description: What a preset of the role debug found out, pod by pod
version_added: 0.1.0
description:
  - Reads the verdict and the framed output of the preset's containers, checks the output's checksum and makes findings of it.
  - What a pod says is data. Nothing of it is executed or templated.
options:
  _input:
    description: What M(kubedebug.pods.ephemeral_container) returned with O(kubedebug.pods.ephemeral_container#module:logs=true), a failure too.
    type: dict
    required: true
  planned:
    description: The plan, as P(kubedebug.pods.debug_plan#filter) makes it.
    type: dict
    required: true
  pod:
    description: The name of the pod that was asked for, if one was.
    type: str
    default: ""
  held:
    description: The containers as M(kubedebug.pods.ephemeral_container_info) saw them later.
    type: list
    elements: dict
    default: []
  fetched:
    description: What M(kubedebug.pods.ephemeral_container_fetch) returned in a loop over containers and names of files.
    type: list
    elements: dict
    default: []
positional: planned, pod, held, fetched
seealso:
  - plugin: kubedebug.pods.debug_plan
    plugin_type: filter
  - plugin: kubedebug.pods.debug_choice
    plugin_type: filter
  - plugin: kubedebug.pods.debug_files
    plugin_type: filter
author:
  - The kubedebug.pods authors (@kubedebug)
"""

EXAMPLES = r"""
- name: The answers
  ansible.builtin.set_fact:
    answers: "{{ ensured | kubedebug.pods.debug_results(planned, 'cart') }}"
"""

RETURN = r"""
_value:
  description: The results by the names of pods and, below, of presets. The role's documentation describes them.
  type: dict
"""

import typing as t

from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_results import results


def debug_results(
    ensured: dict[str, t.Any],
    planned: dict[str, t.Any],
    pod: str = "",
    held: t.Sequence[dict[str, t.Any]] = (),
    fetched: t.Sequence[dict[str, t.Any]] = (),
) -> dict[str, dict[str, t.Any]]:
    return {name: {planned["preset"]: found} for name, found in results(ensured, planned, pod, held, fetched).items()}


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"debug_results": debug_results}
