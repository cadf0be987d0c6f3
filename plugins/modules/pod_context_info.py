#!/usr/bin/python
# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pod_context_info
short_description: Read what the API knows of a pod and around it
version_added: 0.1.0
description:
  - Returns a pod with the server's version, its owners, its node and namespace, its events and logs (those before a restart too), the network policies and the
    disruption budgets that select it. What evidence of an incident needs beside what a debug container finds, and what has to be
    looked at before a container is added.
  - Each part stands for itself. One that cannot be read, as the account has no right to, is named in RV(problems), and the others go on.
  - The values of environment variables are left out unless O(env_values=true).
extends_documentation_fragment:
  - kubedebug.pods._auth
  - kubedebug.pods._pod
  - kubedebug.pods._attributes
  - kubedebug.pods._attributes.info_module
options:
  parts:
    description:
      - What to read beside the pod. Each takes a right of its own, and the node one in a C(ClusterRole).
    type: list
    elements: str
    choices: [version, owners, node, namespace, events, logs, network_policies, pod_disruption_budgets]
    default: [version, owners, node, namespace, events, logs, network_policies, pod_disruption_budgets]
  env_values:
    description:
      - Return the values of environment variables in the specs of the pod and its owners. They often are secrets.
    type: bool
    default: false
  log_tail_lines:
    description:
      - Return so many of the last lines of each log.
    type: int
    default: 2000
  log_limit_bytes:
    description:
      - Return at most so many bytes of these lines of a log. A task returns at most 4 MiB of logs, in equal shares.
    type: int
    default: 262144
  concurrency:
    description:
      - How many requests are made at once.
    type: int
    default: 8
seealso:
  - module: kubedebug.pods.ephemeral_container_info
author:
  - The kubedebug.pods authors (@kubedebug)
"""

EXAMPLES = r"""
- name: What there is to know of a pod that misbehaves
  kubedebug.pods.pod_context_info:
    namespace: shop
    pod: cart-7c9f
  register: around

- name: Say what could not be read
  ansible.builtin.debug:
    msg: "{{ around.problems | map(attribute='msg') | list }}"
  when: around.problems | length > 0

- name: Only who owns it, and what protects it from disruption
  kubedebug.pods.pod_context_info:
    namespace: shop
    pod: cart-7c9f
    parts: [owners, pod_disruption_budgets]
"""

RETURN = r"""
context:
  description: What was read. A part that was not asked for, or could not be read, is null.
  returned: success
  type: dict
  contains:
    pod:
      description: The pod, in the form of the API.
      type: dict
      returned: always
    server:
      description: The API server's URL.
      type: str
      returned: always
      sample: https://10.0.0.1:6443
    version:
      description: The API server's version.
      type: str
      returned: always
      sample: v1.36.3
    owners:
      description:
        - The pod's controller, that one's controller and so on, in the form of the API. Of one that cannot be read, or is none of Kubernetes' own
          kinds, there is only what a reference says, and it is the last.
      type: list
      elements: dict
      returned: always
    node:
      description: The node that the pod is bound to, null where it is bound to none.
      type: dict
      returned: always
    namespace:
      description: The pod's namespace, in the form of the API.
      type: dict
      returned: always
    events:
      description: The events about this very pod, oldest first, in the form of the API.
      type: list
      elements: dict
      returned: always
    logs:
      description: The logs of the containers that were started.
      type: list
      elements: dict
      returned: always
      contains:
        container:
          description: The container's name.
          type: str
          returned: always
        kind:
          description: V(container), V(init) or V(ephemeral).
          type: str
          returned: always
        previous:
          description: Whether it is that of the run before the last restart.
          type: bool
          returned: always
        log:
          description: The last lines of the output. Bytes that are no UTF-8 are replaced.
          type: str
          returned: always
        log_truncated:
          description: Whether there may be more than RV(context.logs[].log).
          type: bool
          returned: always
    network_policies:
      description: The network policies that select the pod.
      type: list
      elements: dict
      returned: always
    pod_disruption_budgets:
      description: The disruption budgets that select the pod.
      type: list
      elements: dict
      returned: always
    read_at:
      description: When it was read, by the clock of the host that the module runs on.
      type: str
      returned: always
      sample: "2026-11-01T10:00:00Z"
    clock_skew:
      description: How many seconds the API server's clock is ahead of that one, to the second. Null where the server does not tell.
      type: int
      returned: always
problems:
  description: Why a part, or something of it, could not be read.
  returned: success
  type: list
  elements: dict
  contains:
    part:
      description: The part.
      type: str
      returned: always
    code:
      description: The failure's code, as in RV(failure).
      type: str
      returned: always
    msg:
      description: What happened, and what to do about it.
      type: str
      returned: always
failure:
  description: What went wrong, for programs, as M(kubedebug.pods.ephemeral_container) returns it.
  returned: failure
  type: dict
"""

import typing as t

from ansible_collections.kubedebug.pods.plugins.module_utils._argspec import AUTH, POD, ArgumentSpec
from ansible_collections.kubedebug.pods.plugins.module_utils._context import PARTS, Query, read
from ansible_collections.kubedebug.pods.plugins.module_utils._module import Module, check_options, make_client, run
from ansible_collections.kubedebug.pods.plugins.module_utils._status import check_uid

CONTEXT = ArgumentSpec(
    {
        "parts": {"type": "list", "elements": "str", "choices": list(PARTS), "default": list(PARTS)},
        "env_values": {"type": "bool", "default": False},
        "log_tail_lines": {"type": "int", "default": 2000},
        "log_limit_bytes": {"type": "int", "default": 256 * 1024},
        "concurrency": {"type": "int", "default": 8},
    }
)


def read_context(module: Module) -> dict[str, t.Any]:
    params = module.params
    check_options(params)
    client, warnings = make_client(module)
    pod = client.get_pod(params["namespace"] or client.namespace, params["pod"])
    check_uid(pod, params["pod_uid"])
    context, problems = read(client, pod, Query(*(params[key] for key in Query._fields)))
    return {"changed": False, "context": context, "problems": problems, "warnings": warnings}


def main() -> None:
    run(Module(AUTH.merge(POD, CONTEXT)), read_context)


if __name__ == "__main__":
    main()
