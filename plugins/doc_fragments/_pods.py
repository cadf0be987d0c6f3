# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

from __future__ import annotations


class ModuleDocFragment:
    """The ways to say which pods."""

    DOCUMENTATION = r"""
options:
  namespace:
    description:
      - The namespace of the pods. Defaults to that of the kubeconfig's context or of the service account, else V(default).
    type: str
  pod:
    description:
      - The name of one pod.
    type: str
  pod_uid:
    description:
      - Work only on the pod with this C(metadata.uid), not on another one that has its name since. Goes with O(pod).
    type: str
  label_selectors:
    description:
      - Work on all pods of the namespace that these label selectors match, for example V(app=cart) or V(tier in (web,api\)).
      - Can be combined with O(field_selectors), not with O(pod) or O(workload). Needs the right to list C(pods).
    type: list
    elements: str
  field_selectors:
    description:
      - Work on all pods of the namespace that these field selectors match, for example V(spec.nodeName=node1) or V(status.phase=Running).
      - Can be combined with O(label_selectors), not with O(pod) or O(workload). Needs the right to list C(pods).
    type: list
    elements: str
  workload:
    description:
      - Work on all pods of a workload, as V(TYPE/NAME). TYPE is V(deployment), V(statefulset), V(daemonset), V(replicaset) or V(job).
      - A workload's pods are those whose owner references lead to it, not all that match its labels.
      - Needs the right to list C(pods), to get the workload and, for a deployment, to get C(replicasets).
    type: str
  pod_names:
    description:
      - Of the pods of O(label_selectors), O(field_selectors) or O(workload), work only on those with these names.
      - One that is not among them is left out like a pod that takes no container.
    type: list
    elements: str
  max_pods:
    description:
      - The most pods that a selection or workload may have. Where there are more, the task fails before anything is written.
      - Pods that can take no container, as they have finished, are being deleted or are static, do not count.
      - So it does not bound what M(kubedebug.pods.ephemeral_container_info) returns, which lists the ephemeral containers of these pods as well.
    type: int
    default: 10
  concurrency:
    description:
      - How many pods are worked on at once.
    type: int
    default: 8
"""
