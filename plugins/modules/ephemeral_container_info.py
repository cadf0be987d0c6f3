#!/usr/bin/python
# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ephemeral_container_info
short_description: Look at the ephemeral containers of pods
version_added: 0.1.0
description:
  - Returns every ephemeral container of a pod, or of the pods of a selection or workload, with its spec, its status, all that
    C(kubectl describe pod) prints of it, and who added it when.
  - A pod without ephemeral containers is not an error, the list is then empty.
extends_documentation_fragment:
  - kubedebug.pods._auth
  - kubedebug.pods._pods
  - kubedebug.pods._attributes
  - kubedebug.pods._attributes.info_module
options:
  names:
    description:
      - Return only the containers of these names. All where it is empty.
    type: list
    elements: str
    default: []
  logs:
    description:
      - Return each container's output. Needs the right to get C(pods/log).
    type: bool
    default: false
  log_tail_lines:
    description:
      - Return only so many of the last lines.
    type: int
  log_limit_bytes:
    description:
      - Return at most so many bytes of a container's output, from its beginning on. RV(containers[].log_truncated) says whether there is more.
        A task returns at most 1 MiB in all, in equal shares.
    type: int
    default: 65536
  events:
    description:
      - Return the events about each container. Needs the right to list C(events).
    type: bool
    default: false
seealso:
  - module: kubedebug.pods.ephemeral_container
author:
  - The kubedebug.pods authors (@kubedebug)
"""

EXAMPLES = r"""
- name: What was added to this pod, by whom, and what became of it
  kubedebug.pods.ephemeral_container_info:
    namespace: shop
    pod: cart-7c9f
  register: debugging

- name: Show it, a line each
  ansible.builtin.debug:
    msg: "{{ item.name }} is {{ item.state }}, added by {{ item.added_by }} at {{ item.added_at }}"
  loop: "{{ debugging.containers }}"
  loop_control:
    label: "{{ item.name }}"

- name: The output and the events of one of them
  kubedebug.pods.ephemeral_container_info:
    namespace: shop
    pod: cart-7c9f
    names: [probe]
    logs: true
    events: true
"""

RETURN = r"""
containers:
  description: The ephemeral containers in the order in which they are stored.
  returned: success
  type: list
  elements: dict
  contains:
    namespace:
      description: The pod's namespace.
      type: str
      returned: always
    pod:
      description: The pod's name.
      type: str
      returned: always
    uid:
      description: The pod's uid.
      type: str
      returned: always
    node:
      description: The node that the pod runs on, null where it runs on none.
      type: str
      returned: always
    name:
      description: The ephemeral container's name.
      type: str
      returned: always
    spec:
      description: The container as the API server stores it.
      type: dict
      returned: always
    status:
      description: The container's status as the kubelet reports it, null where it has not yet.
      type: dict
      returned: always
    state:
      description: V(waiting), V(running) or V(terminated), or V(unknown) where the kubelet has not reported.
      type: str
      returned: always
    exit_code:
      description: The exit code of a container that has ended.
      type: int
      returned: always
    reason:
      description: The kubelet's word for the state.
      type: str
      returned: always
    message:
      description: The kubelet's message, or the termination message that the container left.
      type: str
      returned: always
    started_at:
      description: When it started.
      type: str
      returned: always
    finished_at:
      description: When it ended.
      type: str
      returned: always
    last_state:
      description: The state before, where the kubelet keeps one.
      type: dict
      returned: always
    container_id:
      description: The container's identity in the runtime.
      type: str
      returned: always
    image:
      description: The image as the kubelet reports it, before that as it was asked for.
      type: str
      returned: always
    image_id:
      description: The image's identity in the runtime.
      type: str
      returned: always
    port:
      description: Always null, an ephemeral container has no ports.
      type: str
      returned: always
    host_port:
      description: Always null, an ephemeral container has no ports.
      type: str
      returned: always
    target:
      description: The container whose process namespace is shared.
      type: str
      returned: always
    command:
      description: The command.
      type: list
      elements: str
      returned: always
    args:
      description: The arguments.
      type: list
      elements: str
      returned: always
    ready:
      description: As the kubelet reports it. It stays false for ephemeral containers, also while they run.
      type: bool
      returned: always
    restart_count:
      description: As the kubelet reports it. An ephemeral container is never restarted.
      type: int
      returned: always
    environment:
      description: The environment variables, in the form of the API.
      type: list
      elements: dict
      returned: always
    environment_from:
      description: The sources of environment variables, in the form of the API.
      type: list
      elements: dict
      returned: always
    mounts:
      description: The volume mounts, in the form of the API.
      type: list
      elements: dict
      returned: always
    devices:
      description: The volume devices, in the form of the API.
      type: list
      elements: dict
      returned: always
    added_by:
      description: The field manager that added it. Null where the API server no longer tells (it keeps ten managers a pod).
      type: str
      returned: always
      sample: kubedebug.pods/INC-4711/5b0c9f5ad0f14e3c
    added_at:
      description: When it was added.
      type: str
      returned: always
    requested_by:
      description: The O(kubedebug.pods.ephemeral_container#module:requested_by) it was added with, if any.
      type: str
      returned: always
    log:
      description: The container's output, null unless O(logs=true).
      type: str
      returned: always
    log_truncated:
      description: Whether there is more output than RV(containers[].log) has.
      type: bool
      returned: always
    events:
      description: The events about it, oldest first, empty unless O(events=true).
      type: list
      elements: dict
      returned: always
      contains:
        type:
          description: V(Normal) or V(Warning).
          type: str
          returned: always
        reason:
          description: The event's reason.
          type: str
          returned: always
        message:
          description: The event's message.
          type: str
          returned: always
        count:
          description: How often it was seen.
          type: int
          returned: always
        first_at:
          description: When it was seen first.
          type: str
          returned: always
        last_at:
          description: When it was seen last.
          type: str
          returned: always
    attach_command:
      description:
        - The command that attaches a person to the container, null where it has ended or its pod has. It names the context of the kubeconfig that
          was used, or the O(host), and never credentials.
      type: str
      returned: always
pods:
  description: The pods that were looked at, those without ephemeral containers too.
  returned: success
  type: list
  elements: dict
  contains:
    namespace:
      description: The pod's namespace.
      type: str
      returned: always
    pod:
      description: The pod's name.
      type: str
      returned: always
    uid:
      description: The pod's uid.
      type: str
      returned: always
    node:
      description: The node that the pod is bound to, null where it is bound to none.
      type: str
      returned: always
skipped_pods:
  description: The pods of a selection or workload that have no ephemeral container and can take none, as M(kubedebug.pods.ephemeral_container) returns them.
  returned: success
  type: list
  elements: dict
failure:
  description: What went wrong, for programs, as M(kubedebug.pods.ephemeral_container) returns it.
  returned: failure
  type: dict
"""

import typing as t

from ansible_collections.kubedebug.pods.plugins.module_utils._argspec import AUTH, LOG, PODS, ArgumentSpec
from ansible_collections.kubedebug.pods.plugins.module_utils._info import Query, look
from ansible_collections.kubedebug.pods.plugins.module_utils._module import Module, check_options, make_client, run
from ansible_collections.kubedebug.pods.plugins.module_utils._report import skipped_pods
from ansible_collections.kubedebug.pods.plugins.module_utils._select import Selection, select
from ansible_collections.kubedebug.pods.plugins.module_utils._status import check_uid

if t.TYPE_CHECKING:
    from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure

INFO = ArgumentSpec(
    {"pod_uid": {"type": "str"}, "names": {"type": "list", "elements": "str", "default": []}, "events": {"type": "bool", "default": False}},
    required_one_of=[("pod", "label_selectors", "field_selectors", "workload")],
    required_by={"pod_uid": ["pod"]},
)


def look_at_containers(module: Module) -> dict[str, t.Any]:
    params = module.params
    check_options(params)
    client, warnings = make_client(module)
    namespace = params["namespace"] or client.namespace
    left_out: list[Failure] = []
    if params["pod"]:
        pods = [client.get_pod(namespace, params["pod"])]
        check_uid(pods[0], params["pod_uid"])
    else:
        pods, left_out, *_rest = select(client, namespace, Selection(*(params[key] for key in Selection._fields)))
    containers, told = look(client, pods, Query(*(params[key] for key in Query._fields)))
    return {
        "changed": False,
        "containers": containers,
        "pods": [_place(pod) for pod in pods],
        "skipped_pods": skipped_pods(left_out),
        "warnings": warnings + told,
    }


def _place(pod: dict[str, t.Any]) -> dict[str, t.Any]:
    metadata = pod["metadata"]
    return {"namespace": metadata.get("namespace"), "pod": metadata["name"], "uid": metadata["uid"], "node": (pod.get("spec") or {}).get("nodeName")}


def main() -> None:
    run(Module(AUTH.merge(PODS, LOG, INFO)), look_at_containers)


if __name__ == "__main__":
    main()
