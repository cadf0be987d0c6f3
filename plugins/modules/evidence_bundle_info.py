#!/usr/bin/python
# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: evidence_bundle_info
short_description: Find any later change of an evidence bundle
version_added: 0.1.0
description:
  - Looks at every file of a bundle that M(kubedebug.pods.evidence_bundle) has sealed, and tells what was changed, added and removed since, whether
    C(manifest.json) and the chain of C(custody.jsonl) agree with the files, and whose the signature is.
  - Who can change a bundle can also make its sums anew. What shows that is the RV(digest) that was kept elsewhere (O(digest)), or the signature
    (O(allowed_signers)).
  - Nothing is changed and no symbolic link followed. The modes and times of files are not looked at, for copying changes them.
  - A bundle that is not intact does not make the task fail; RV(intact) says it.
extends_documentation_fragment:
  - kubedebug.pods._attributes
  - kubedebug.pods._attributes.info_module
attributes:
  action_group:
    support: none
    membership: []
options:
  path:
    description:
      - The bundle.
    type: path
    required: true
  digest:
    description:
      - The SHA-256 that C(SHA256SUMS) has to have.
    type: str
  allowed_signers:
    description:
      - Who may sign, a file as C(ALLOWED SIGNERS) of C(ssh-keygen) describes it. With it, a bundle without a valid signature is not intact.
    type: path
  signer:
    description:
      - Whose signature it has to be, an identity of O(allowed_signers). Without it, any of these will do.
    type: str
seealso:
  - module: kubedebug.pods.evidence_bundle
author:
  - The kubedebug.pods authors (@kubedebug)
"""

EXAMPLES = r"""
- name: Is it what was sealed, and by whom?
  kubedebug.pods.evidence_bundle_info:
    path: /evidence/cart-5xx_20261125T101112Z_prod-1
    digest: "{{ digest_kept_elsewhere }}"
    allowed_signers: /etc/kubedebug/allowed_signers
    signer: collector@example.com
  register: verified

- name: Say what is wrong with it
  ansible.builtin.assert:
    that: verified.intact
    fail_msg: "{{ verified.problems | map(attribute='msg') | join(' ') }}"
"""

RETURN = r"""
intact:
  description: Whether there is no problem.
  returned: success
  type: bool
sealed:
  description: Whether there is C(SHA256SUMS), and no run at work since.
  returned: success
  type: bool
digest:
  description: The SHA-256 of C(SHA256SUMS), null where there is none.
  returned: success
  type: str
signature:
  description: The signature of C(SHA256SUMS).
  returned: success
  type: dict
  contains:
    present:
      description: Whether there is one.
      type: bool
      returned: always
    valid:
      description: Whether it is of the sums that are there, by one who may sign. Null where O(allowed_signers) is not given.
      type: bool
      returned: always
    signer:
      description: Whose it is, or should be.
      type: str
      returned: always
    msg:
      description: What is wrong with it, null where nothing is.
      type: str
      returned: always
problems:
  description: What is wrong with the bundle, at most 1000 of them.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file, relative to the bundle. What cannot be printed of its name is escaped.
      type: str
      returned: always
    problem:
      description:
        - V(changed), V(missing), V(added), V(not_a_file) for a symbolic link or what is no file, V(unreadable), V(unsealed), V(sums_invalid),
          V(manifest_invalid), V(manifest_mismatch), V(custody_broken), V(digest_mismatch), V(signature_missing), V(signature_invalid).
      type: str
      returned: always
    msg:
      description: One sentence for a person.
      type: str
      returned: always
counts:
  description: How many V(files) there are, their V(bytes), the V(problems), also beyond those that are listed, and the V(runs) and V(entries) of the manifest.
  returned: success
  type: dict
incident:
  description: The incident of the manifest, null where that cannot be read.
  returned: success
  type: str
cluster:
  description: Its cluster.
  returned: success
  type: str
created_at:
  description: When the bundle was made, by the manifest.
  returned: success
  type: str
failure:
  description:
    - What went wrong, for programs, as M(kubedebug.pods.ephemeral_container) returns it.
    - Its code is V(invalid_options), V(bundle_invalid) where O(path) is no folder, V(signing_failed) where there is no C(ssh-keygen) to look
      at a signature with.
  returned: failure
  type: dict
"""

import typing as t

from ansible_collections.kubedebug.pods.plugins.module_utils._argspec import ArgumentSpec
from ansible_collections.kubedebug.pods.plugins.module_utils._run import BareModule, run
from ansible_collections.kubedebug.pods.plugins.module_utils._sealed import look

VERIFY = ArgumentSpec(
    {
        "path": {"type": "path", "required": True},
        "digest": {"type": "str"},
        "allowed_signers": {"type": "path"},
        "signer": {"type": "str"},
    },
    required_by={"signer": ("allowed_signers",)},
)


def look_at(module: BareModule) -> dict[str, t.Any]:
    return {"changed": False, **look(**module.params)}


def main() -> None:
    run(BareModule(VERIFY), look_at)


if __name__ == "__main__":
    main()
