#!/usr/bin/python
# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pod_recycle
short_description: Evict pods whose debug containers have expired
version_added: 0.1.0
description:
  - Kubernetes never removes an ephemeral container. Only a new pod is one without them, so this evicts pods that the role
    P(kubedebug.pods.debug#role) has debugged, once that is over, and their controllers make new ones.
  - Pods are evicted by the eviction API, so disruption budgets hold. A pod that one of them holds back is in RV(kept), and no failure.
  - A pod goes if it has containers of the role (named C(kd-*), with C(KD_SCHEMA=1) in their environment), if all of its ephemeral containers have
    ended, whoever added them, and O(recycle_after) seconds have gone since the last of them ended. An annotation
    C(kubedebug.pods/expires) of the pod, a time such as C(2026-11-01T12:00:00Z), makes that later.
  - Never does a pod go that has no controller, is one of a job, is static, has finished, is being deleted, or is the last ready pod of its
    controller; nor one that carries the annotation C(kubedebug.pods/disabled=true), or whose namespace does. Never do two pods of one workload
    go in one run.
extends_documentation_fragment:
  - kubedebug.pods._auth
  - kubedebug.pods._attributes
attributes:
  check_mode:
    support: full
    details:
      - Asks the API server for a dry run of each eviction, which needs the same rights, and lists in RV(pods) those that would go. What a disruption
        budget holds back now is in RV(kept).
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - Where O(max_evictions) and the rule of one pod a workload leave pods for later runs, these go on with them.
options:
  namespace:
    description:
      - The namespace of the pods. Defaults to that of the kubeconfig's context or of the service account, else V(default).
      - Without O(pod), O(workload) and selectors all its pods are looked at.
    type: str
  pod:
    description:
      - Only this pod.
    type: str
  label_selectors:
    description:
      - Only pods that these label selectors match. Can be combined with O(field_selectors), not with O(pod) or O(workload).
    type: list
    elements: str
  field_selectors:
    description:
      - Only pods that these field selectors match. Can be combined with O(label_selectors), not with O(pod) or O(workload).
    type: list
    elements: str
  workload:
    description:
      - Only pods of a workload, as V(TYPE/NAME). TYPE is V(deployment), V(statefulset), V(daemonset), V(replicaset) or V(job).
    type: str
  recycle_after:
    description:
      - Seconds from the end of the pod's last debug container until the pod goes.
    type: int
    default: 3600
  max_evictions:
    description:
      - How many pods go in one run at most, those that are due for longest first.
    type: int
    default: 1
seealso:
  - module: kubedebug.pods.ephemeral_container_info
  - module: kubedebug.pods.pod_mark
author:
  - The kubedebug.pods authors (@kubedebug)
"""

EXAMPLES = r"""
- name: Which pods would go?
  kubedebug.pods.pod_recycle:
    namespace: shop
    max_evictions: 100
  check_mode: true
  register: due

- name: Let them go, one in each run
  kubedebug.pods.pod_recycle:
    namespace: shop
    recycle_after: 7200
  register: recycled

- name: Say what stays, and why
  ansible.builtin.debug:
    msg: "{{ recycled.kept | map(attribute='message') | list }}"
"""

RETURN = r"""
pods:
  description: The pods that were evicted, in check mode those that would be.
  returned: success, and failures of single evictions
  type: list
  elements: dict
  contains: &pod
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
      description: The node that it is bound to.
      type: str
      returned: always
    controller:
      description: What makes a new one, as KIND/NAME. Null where nothing does.
      type: str
      returned: always
      sample: ReplicaSet/cart-7c9f
    containers:
      description: The names of its containers of the role P(kubedebug.pods.debug#role).
      type: list
      elements: str
      returned: always
    expired_at:
      description: Since when it could go.
      type: str
      returned: in RV(pods)
      sample: "2026-11-01T12:00:00Z"
kept:
  description: The pods with such containers that stay.
  returned: success, and failures of single evictions
  type: list
  elements: dict
  contains:
    <<: *pod
    reason:
      description:
        - Why. V(not_expired), V(not_ended) (an ephemeral container runs, or may still), V(last_ready), V(held) (by a disruption budget),
          V(disabled), V(no_controller), V(job), V(static_pod), V(pod_finished), V(pod_terminating), V(invalid_expiry) (an annotation that is no time).
        - For later runs, V(max_evictions) and V(same_workload). Where the pod changed since it was read, V(changed) or V(pod_not_found).
        - After a failure, its code, and V(not_tried) for the pods after it.
      type: str
      returned: always
    message:
      description: The same in words.
      type: str
      returned: always
failure:
  description: What went wrong first, for programs, as M(kubedebug.pods.ephemeral_container) returns it.
  returned: failure
  type: dict
"""

import typing as t

from ansible_collections.kubedebug.pods.plugins.module_utils._argspec import AUTH, PODS, ArgumentSpec
from ansible_collections.kubedebug.pods.plugins.module_utils._module import Module, check_options, make_client, run
from ansible_collections.kubedebug.pods.plugins.module_utils._recycle import Rule, recycle, recycled, recycled_diff
from ansible_collections.kubedebug.pods.plugins.module_utils._select import Selection

_NARROWING = ("namespace", "pod", "label_selectors", "field_selectors", "workload")
RECYCLE = ArgumentSpec(
    {
        **{option: PODS.options[option] for option in _NARROWING},
        "recycle_after": {"type": "int", "default": 3600},
        "max_evictions": {"type": "int", "default": 1},
    },
    mutually_exclusive=[each for each in PODS.mutually_exclusive if set(each) <= set(_NARROWING)],
)


def recycle_pods(module: Module) -> dict[str, t.Any]:
    params = module.params
    check_options(params)
    client, warnings = make_client(module)
    selection = Selection(params["label_selectors"], params["field_selectors"], params["workload"])
    rule = Rule(params["recycle_after"], params["max_evictions"])
    done = recycle(client, params["namespace"] or client.namespace, selection, params["pod"], rule, dry_run=module.check_mode)
    result = {**recycled(done), "warnings": warnings}
    if module._diff:
        result["diff"] = recycled_diff(done)
    return result


def main() -> None:
    run(Module(AUTH.merge(RECYCLE)), recycle_pods)


if __name__ == "__main__":
    main()
