#!/usr/bin/python
# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: evidence_bundle
short_description: Put evidence of an incident into a bundle, and seal it
version_added: 0.1.0
description:
  - Makes the evidence bundle of an incident, or goes on with the one that is there, stores files in it with their SHA-256, and seals it with C(SHA256SUMS)
    and a signature. The collection's C(docs/evidence.md) describes what a bundle is, C(docs/manifest.schema.json) its C(manifest.json).
  - Nothing that is stored is overwritten. A file has its name only once it is whole. Files have the mode 0600, folders 0700.
  - What an interrupted run has left is taken up and said to be recovered. A bundle that was altered, or in which another run is at work, is left alone, and
    a new one is made where O(dest) is given.
  - It runs where M(kubedebug.pods.ephemeral_container_fetch) runs, and talks to no cluster.
extends_documentation_fragment:
  - kubedebug.pods._attributes
attributes:
  check_mode:
    support: full
    details:
      - A new bundle has no RV(path) and nothing that is not made yet has a RV(digest).
  diff_mode:
    support: none
  idempotent:
    support: full
    details:
      - A sealed bundle that holds all of this already is left as it is.
      - The file C(.run), which says who is at work, is written by each task until the bundle is sealed. That does not count as a change.
  action_group:
    support: none
    membership: []
options:
  path:
    description:
      - A bundle that is there, as an earlier task has returned it.
    type: path
  dest:
    description:
      - The folder of bundles. The newest one of O(incident) and O(cluster) in it is continued, or one is made. A folder that is missing is made.
    type: path
  incident:
    description:
      - What it is evidence of, for example an alert's fingerprint.
    type: str
  cluster:
    description:
      - The cluster's name.
    type: str
  run:
    description:
      - The run that collects, as C(docs/manifest.schema.json) describes one. It takes the place of what an earlier task said of the same run. Where its
        C(finished_at) is null, sealing sets it.
      - Its C(id) has to be newer than those of earlier runs. Where it is not, RV(run) is another one, and either is understood from then on.
    type: dict
    required: true
  owner:
    description:
      - The process that collects. While it lives, no other run continues the bundle. Without C(pid), or where it is a process of another host, no
        other does for six hours.
    type: dict
    suboptions:
      pid:
        description:
          - Its id.
        type: int
      host:
        description:
          - Its host, as hostname or boot id. Defaults to the one that the module runs on.
        type: str
      token:
        description:
          - What tells runs of one process apart, as those of several hosts in one play are.
        type: str
  actor:
    description:
      - Who asks, for C(custody.jsonl). Defaults to C(asked.by) of O(run).
    type: str
  files:
    description:
      - What to store, in this order.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description:
          - Where, relative to the bundle and below C(context/) or C(artifacts/). A file that is there with another content stays, and this one gets
            the next free name, C(stem.2.ext).
        type: raw
        required: true
      content:
        description:
          - The file's content. Left out for a file that is there already, since it was fetched to its place.
        type: raw
      encoding:
        description:
          - What O(files[].content) is. Text is stored as UTF-8.
        type: str
        choices: [utf-8, base64]
        default: utf-8
      kind:
        description:
          - What it is. Defaults to V(context) below C(context/), else V(output) with O(files[].content) and V(fetched) without.
        type: str
        choices: [context, answer, output, fetched, recovered]
      namespace:
        description:
          - The namespace of the pod that it is about.
        type: str
      pod:
        description:
          - The pod that it is about.
        type: str
      uid:
        description:
          - The pod's uid.
        type: str
      preset:
        description:
          - The preset that made it.
        type: str
      container:
        description:
          - The ephemeral container that made it.
        type: str
      sha256_source:
        description:
          - The SHA-256 of what it is made of, taken where that was made.
        type: str
      sha256_received:
        description:
          - The SHA-256 of what arrived here, before anything was redacted. That of a file without O(files[].content) is computed. Where it is not
            O(files[].sha256_source), the entry has a problem.
        type: str
      redactions:
        description:
          - Redactor and how often it replaced something.
        type: dict
      sensitive:
        description:
          - Whether it may hold secrets that cannot be redacted.
        type: bool
        default: false
      truncated:
        description:
          - Whether there was more than is here.
        type: bool
        default: false
      problem:
        description:
          - What is wrong with it.
        type: str
  report:
    description:
      - The content of C(report.html).
    type: str
  seal:
    description:
      - End the run, and write C(SHA256SUMS) of all that is there.
    type: bool
    default: false
  sign_key:
    description:
      - The private key that C(ssh-keygen) signs C(SHA256SUMS) with, in the namespace C(kubedebug.pods). One with a passphrase needs an agent that runs.
      - Where it cannot be signed with, the bundle is sealed without a signature, and then the task fails.
    type: path
seealso:
  - module: kubedebug.pods.evidence_bundle_info
  - module: kubedebug.pods.ephemeral_container_fetch
author:
  - The kubedebug.pods authors (@kubedebug)
"""

EXAMPLES = r"""
- name: Make the incident's bundle, or go on with it
  kubedebug.pods.evidence_bundle:
    dest: /evidence
    incident: cart-5xx
    cluster: prod-1
    run: "{{ this_run }}"
    actor: alice
  register: bundle

- name: Store what a preset has said
  kubedebug.pods.evidence_bundle:
    path: "{{ bundle.path }}"
    run: "{{ this_run }}"
    files:
      - path: artifacts/shop/cart-7c9f/process/kd-process-1a2b/stdout.txt
        content: "{{ said }}"
        kind: output
        sha256_source: "{{ checksum }}"
        sha256_received: "{{ said | hash('sha256') }}"

- name: Enter a file that was fetched to its place, and seal
  kubedebug.pods.evidence_bundle:
    path: "{{ bundle.path }}"
    run: "{{ this_run }}"
    files:
      - path: artifacts/shop/cart-7c9f/jvm/kd-jvm-3c4d/heap.hprof
        sensitive: true
        sha256_source: "{{ heap.file.checksum }}"
    report: "{{ lookup('ansible.builtin.template', 'report.html.j2') }}"
    seal: true
    sign_key: /etc/kubedebug/signing
  register: sealed

- name: What to keep elsewhere
  ansible.builtin.debug:
    msg: "{{ sealed.digest }}  {{ sealed.path }}"
"""

RETURN = r"""
path:
  description: The bundle. Null where it would be made, in check mode.
  returned: success, and with V(signing_failed)
  type: str
  sample: /evidence/cart-5xx_20261125T101112Z_prod-1
run:
  description: The id of the run, which is that of O(run) or a newer one.
  returned: success, and with V(signing_failed)
  type: str
  sample: 20261125T101112Z
digest:
  description: The SHA-256 of C(SHA256SUMS). Null where the bundle is not sealed.
  returned: success, and with V(signing_failed)
  type: str
manifest:
  description: The whole of C(manifest.json).
  returned: success, and with V(signing_failed)
  type: dict
continued:
  description: Whether an earlier run's bundle was taken up by this task.
  returned: success, and with V(signing_failed)
  type: bool
recovered:
  description: The paths of files that were there and in no entry of the manifest.
  returned: success, and with V(signing_failed)
  type: list
  elements: str
altered:
  description: The newest bundle of the incident, where it was altered and therefore not continued; else null.
  returned: success, and with V(signing_failed)
  type: dict
  contains:
    path:
      description: The bundle.
      type: str
      returned: always
    problems:
      description: What is wrong with it, as M(kubedebug.pods.evidence_bundle_info) returns it, at most 100 of them.
      type: list
      elements: dict
      returned: always
stored:
  description: The entry in the manifest of each of O(files), in their order. Its C(path) is where the file really is.
  returned: success, and with V(signing_failed)
  type: list
  elements: dict
failure:
  description:
    - What went wrong, for programs, as M(kubedebug.pods.ephemeral_container) returns it.
    - Its code is V(invalid_options), V(bundle_unwritable) where a file cannot be written or another run is at work, V(bundle_altered) and
      V(bundle_invalid) where O(path) cannot be continued or something in it is no plain file or folder, V(signing_failed) where the bundle was sealed
      without its signature.
  returned: failure
  type: dict
"""

import typing as t

from ansible_collections.kubedebug.pods.plugins.module_utils._argspec import ArgumentSpec
from ansible_collections.kubedebug.pods.plugins.module_utils._bundle import Request, put
from ansible_collections.kubedebug.pods.plugins.module_utils._manifest import KINDS
from ansible_collections.kubedebug.pods.plugins.module_utils._run import BareModule, run

FILE = {
    "path": {"type": "raw", "required": True},
    "content": {"type": "raw"},
    "encoding": {"type": "str", "choices": ["utf-8", "base64"], "default": "utf-8"},
    "kind": {"type": "str", "choices": list(KINDS)},
    "namespace": {"type": "str"},
    "pod": {"type": "str"},
    "uid": {"type": "str"},
    "preset": {"type": "str"},
    "container": {"type": "str"},
    "sha256_source": {"type": "str"},
    "sha256_received": {"type": "str"},
    "redactions": {"type": "dict"},
    "sensitive": {"type": "bool", "default": False},
    "truncated": {"type": "bool", "default": False},
    "problem": {"type": "str"},
}
BUNDLE = ArgumentSpec(
    {
        "path": {"type": "path"},
        "dest": {"type": "path"},
        "incident": {"type": "str"},
        "cluster": {"type": "str"},
        "run": {"type": "dict", "required": True},
        "owner": {"type": "dict", "options": {"pid": {"type": "int"}, "host": {"type": "str"}, "token": {"type": "str", "no_log": False}}},
        "actor": {"type": "str"},
        "files": {"type": "list", "elements": "dict", "default": [], "options": FILE},
        "report": {"type": "str"},
        "seal": {"type": "bool", "default": False},
        "sign_key": {"type": "path", "no_log": False},
    },
    mutually_exclusive=[("path", "dest"), ("path", "incident"), ("path", "cluster")],
    required_one_of=[("path", "dest")],
    required_by={"dest": ("incident", "cluster")},
)


class BundleModule(BareModule):
    """Keeps what is stored out of the system's log and out of the result: it is large, and it is evidence."""

    def _log_invocation(self) -> None:
        pass

    def brief(self) -> dict[str, t.Any]:
        """The options as they are shown: files by their paths only."""
        files = [{"path": file.get("path")} for file in self.params["files"]]
        return {**self.params, "files": files, "report": None, "run": self.params["run"].get("id")}


def bundle(module: BundleModule) -> dict[str, t.Any]:
    return {**put(Request(**module.params, dry_run=module.check_mode)), "invocation": {"module_args": module.brief()}}


def main() -> None:
    run(BundleModule(BUNDLE), bundle)


if __name__ == "__main__":
    main()
