# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

from __future__ import annotations


class ModuleDocFragment:
    """Which pod, for what is about one."""

    DOCUMENTATION = r"""
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
      - Work only on the pod with this C(metadata.uid), not on another one that has its name since.
    type: str
"""
