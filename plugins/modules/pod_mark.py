#!/usr/bin/python
# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pod_mark
short_description: Mark a pod that is debugged, with annotations and an event
version_added: 0.1.0
description:
  - Says on a pod that it was debugged, so that whoever looks at it knows. Annotations stay as long as the pod, an event is shown by
    C(kubectl describe) for about an hour. Neither changes what the pod does.
  - Only annotations whose key begins with C(kubedebug.pods/) are set or removed.
  - Each has a right of its own. Annotations take the right to patch C(pods), which also allows to change labels and images, for RBAC knows no
    fields; an event takes the right to create C(events). Where one of both cannot be made, the other is made all the same, and the task fails.
extends_documentation_fragment:
  - kubedebug.pods._auth
  - kubedebug.pods._attributes
attributes:
  check_mode:
    support: full
    details:
      - Asks the API server for a dry run, which needs the same rights.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - An event that is equal to one that the cluster still has, O(event.run) included, is not made again.
options:
  namespace:
    description:
      - The pod's namespace. Defaults to that of the kubeconfig's context or of the service account, else V(default).
    type: str
  pod:
    description:
      - The pod's name.
    type: str
    required: true
  pod_uid:
    description:
      - The uid that the pod must have. Fails where it was deleted and another one has its name now.
      - With it an event takes no look at the pod, so an event can also be left about a pod that went.
    type: str
  annotations:
    description:
      - The annotations to set, by their keys, which have to begin with C(kubedebug.pods/). A null removes one. Others stay as they are.
      - A value is a string of at most 4096 bytes. Quote what YAML would take for something else.
    type: dict
  event:
    description:
      - The event to make.
    type: dict
    suboptions:
      reason:
        description: What happened, in the one word that events have for it.
        type: str
        choices: [DebugContainerStarted, DebugContainerCompleted, DebugContainerRefused, DebugContainerExpired]
        required: true
      text:
        description: The event's message, the same in words. Line breaks become blanks, and of more than 1024 bytes the beginning is taken.
        type: str
        required: true
      type:
        description: V(Warning) for what somebody should look into.
        type: str
        choices: [Normal, Warning]
        default: Normal
      run:
        description: What the event belongs to, such as an incident or the time of a run. Events that are equal but for this are different ones.
        type: str
        default: ""
  requested_by:
    description:
      - Who asks, for example a person or a job's address. The API server keeps it in the field manager's name.
    type: str
seealso:
  - module: kubedebug.pods.ephemeral_container
  - module: kubedebug.pods.pod_recycle
author:
  - The kubedebug.pods authors (@kubedebug)
"""

EXAMPLES = r"""
- name: Say that the pod is looked into
  kubedebug.pods.pod_mark:
    namespace: shop
    pod: cart-7c9f
    annotations:
      kubedebug.pods/incident: a1b2c3
      kubedebug.pods/expires: "2026-11-01T12:00:00Z"
    event:
      reason: DebugContainerStarted
      text: The presets process and sockets run for incident a1b2c3.
      run: a1b2c3

- name: Take an annotation away
  kubedebug.pods.pod_mark:
    namespace: shop
    pod: cart-7c9f
    annotations:
      kubedebug.pods/expires:
"""

RETURN = r"""
pod:
  description: The pod.
  returned: success, and failures of one of both
  type: dict
  contains:
    namespace:
      description: Its namespace.
      type: str
      returned: always
    pod:
      description: Its name.
      type: str
      returned: always
    uid:
      description: Its uid.
      type: str
      returned: always
annotations:
  description: All annotations of the pod that begin with C(kubedebug.pods/), in check mode as they would be. Null where O(annotations) was not given.
  returned: success, and failures of one of both
  type: dict
  sample: {"kubedebug.pods/incident": "a1b2c3"}
event:
  description: The event. Null where O(event) was not given.
  returned: success, and failures of one of both
  type: dict
  contains:
    name:
      description: The event's name. Equal events have equal names.
      type: str
      returned: always
    reason:
      description: Its reason.
      type: str
      returned: always
    message:
      description: Its message.
      type: str
      returned: always
    type:
      description: Its type.
      type: str
      returned: always
    changed:
      description: Whether this task made it.
      type: bool
      returned: always
failure:
  description: What went wrong first, for programs, as M(kubedebug.pods.ephemeral_container) returns it.
  returned: failure
  type: dict
"""

import typing as t

from ansible_collections.kubedebug.pods.plugins.module_utils._argspec import AUTH, ArgumentSpec
from ansible_collections.kubedebug.pods.plugins.module_utils._mark import REASONS, TYPES, Event, Reference, annotation_errors, mark, marked_diff
from ansible_collections.kubedebug.pods.plugins.module_utils._module import Module, check_options, make_client, run

MARK = ArgumentSpec(
    {
        "namespace": {"type": "str"},
        "pod": {"type": "str", "required": True},
        "pod_uid": {"type": "str"},
        "annotations": {"type": "dict"},
        "event": {
            "type": "dict",
            "options": {
                "reason": {"type": "str", "choices": list(REASONS), "required": True},
                "text": {"type": "str", "required": True},
                "type": {"type": "str", "choices": list(TYPES), "default": "Normal"},
                "run": {"type": "str", "default": ""},
            },
        },
        "requested_by": {"type": "str"},
    },
    required_one_of=[("annotations", "event")],
)


def mark_pod(module: Module) -> dict[str, t.Any]:
    params = module.params
    annotations = params["annotations"] or {}
    check_options(params, annotation_errors(annotations))
    client, warnings = make_client(module)
    marked = mark(
        client,
        Reference(params["namespace"] or client.namespace, params["pod"], params["pod_uid"]),
        annotations=annotations,
        event=Event(**params["event"]) if params["event"] else None,
        requested_by=params["requested_by"] or "",
        dry_run=module.check_mode,
    )
    result: dict[str, t.Any] = {"changed": marked.changed, "pod": marked.pod, "annotations": marked.after, "event": marked.event, "warnings": warnings}
    if module._diff:
        result["diff"] = marked_diff(marked)
    if marked.failures:
        first = marked.failures[0]
        result.update(msg=" ".join(failure.msg for failure in marked.failures), failure=first.to_dict())
    return result


def main() -> None:
    run(Module(AUTH.merge(MARK)), mark_pod)


if __name__ == "__main__":
    main()
