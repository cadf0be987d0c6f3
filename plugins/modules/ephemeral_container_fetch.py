#!/usr/bin/python
# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ephemeral_container_fetch
short_description: Copy files out of a running ephemeral container, or out of its target
version_added: 0.1.0
description:
  - Copies files and directories out of an ephemeral container, or through it out of the container that it looks into, also of one without
    a shell.
  - A file is read in chunks. What a broken connection has lost is asked for again. Its SHA-256 is computed where it comes from and again
    here, and only a file that is whole gets its name. A file that changes while it is read is a failure.
  - The files land on the host that the module runs on, in AWX the execution environment, with the mode 0600.
  - The ephemeral container's image has to have C(sh), C(wc), C(sha256sum) and C(dd), for directories C(tar), C(tail) and C(head) too, and
    for symbolic links of a target C(readlink). The image of busybox has them all.
extends_documentation_fragment:
  - kubedebug.pods._auth
  - kubedebug.pods._pod
  - kubedebug.pods._running
  - kubedebug.pods._attributes
attributes:
  check_mode:
    support: full
    details:
      - The checksums are computed in the container and compared with what is here, which takes the same rights.
  diff_mode:
    support: full
    details:
      - It shows sizes and checksums, no content.
  idempotent:
    support: full
    details:
      - A file that is here with the same content is left as it is, its mode too.
options:
  path:
    description:
      - The absolute path of a file or a directory in the container. Of a directory a tar archive is made.
      - Symbolic links on the way to it are followed, those in a directory are stored in the archive as they are.
    type: raw
  paths:
    description:
      - Several of them, as a list. O(dest) has to be a directory then.
      - One that cannot be fetched makes the task fail in the end, the others are fetched nevertheless.
    type: raw
  target:
    description:
      - Whose files they are. V(false) for those of the ephemeral container itself, V(true) for those of the container that is its C(target), or the name of
        a container of a pod whose containers share their process namespace.
      - They are read through C(/proc/PID/root), which takes the user, the group and the capabilities of that container or more, see
        O(kubedebug.pods.ephemeral_container#module:profile) V(match_target). The PID is that of the oldest process of the
        container that its status names; it is never guessed.
      - Absolute symbolic links in there mean paths of that container. Without O(target), C(/proc/1/root) and the path
        after it works as well, but such links then lead to the debug container's own files.
    type: raw
    default: false
  dest:
    description:
      - Where the file goes. It is taken as a directory where it is one or ends with a slash, which has it made where it is missing. The file then has
        the last part of its path as its name, followed by C(.tar) where that is a directory.
      - Otherwise it is the name of the file, in a directory that is there.
      - A symbolic link that is there under that name is replaced and not followed.
    type: path
    required: true
  chunk_size:
    description:
      - Bytes that are asked for at once, at least 65536. It bounds how much one broken connection can cost and not the memory, of which a transfer takes
        only what the network brings at once.
    type: int
    default: 134217728
  max_size:
    description:
      - The most bytes that a file or an archive may have. A larger one is not read at all. V(0) for any.
    type: int
    default: 1073741824
  timeout:
    description:
      - Seconds for all of it.
    type: int
    default: 900
seealso:
  - module: kubedebug.pods.ephemeral_container
  - module: kubedebug.pods.ephemeral_container_exec
  - module: ansible.builtin.unarchive
author:
  - The kubedebug.pods authors (@kubedebug)
"""

EXAMPLES = r"""
- name: A debug container that may read what the application may read
  kubedebug.pods.ephemeral_container:
    namespace: shop
    pod: cart-7c9f
    name: debugger
    image: busybox:1.37
    target: cart
    profile: match_target
    command: [sleep, "900"]

- name: The application's configuration and its data, out of an image that has no shell
  kubedebug.pods.ephemeral_container_fetch:
    namespace: shop
    pod: cart-7c9f
    name: debugger
    target: true
    paths:
      - /etc/cart/cart.conf
      - /var/lib/cart          # a directory: becomes cart.tar
    dest: /evidence/
  register: evidence

- name: What it is, for the record
  ansible.builtin.debug:
    msg: "{{ item.checksum }}  {{ item.dest }}"
  loop: "{{ evidence.files }}"
  loop_control:
    label: "{{ item.path }}"

- name: A heap dump that a command has made in the debug container
  kubedebug.pods.ephemeral_container_fetch:
    namespace: shop
    pod: cart-7c9f
    name: debugger
    path: /tmp/heap.hprof
    dest: /evidence/cart-heap.hprof
    max_size: 8589934592
    timeout: 3600
"""

RETURN = r"""
files:
  description: What came of each path, in the order of the paths. Shorter than they are where something kept the others from being tried.
  returned: when the container runs
  type: list
  elements: dict
  contains: &entry
    path:
      description: The path in the container.
      type: str
      returned: always
    dest:
      description: The file here. Null where the path could not be read.
      type: str
      returned: always
    kind:
      description: V(file), or V(directory) where the file here is a tar archive of one. Null where the path could not be read.
      type: str
      returned: always
    size:
      description: The size of the file in bytes. Null where the path could not be read.
      type: int
      returned: always
    checksum:
      description: The file's SHA-256. Null where the path could not be read.
      type: str
      returned: always
    changed:
      description: Whether the file here was written.
      type: bool
      returned: always
    resumed:
      description: How often a part of it was asked for again because a connection broke.
      type: int
      returned: always
    failure:
      description: What went wrong with this path, as in RV(failure). Null where nothing did.
      type: dict
      returned: always
file:
  description: The same entry, where there is only one.
  returned: success, when RV(files) has one entry
  type: dict
  contains: *entry
namespace:
  description: The pod's namespace.
  returned: when the container runs
  type: str
pod:
  description: The pod's name.
  returned: when the container runs
  type: str
pod_uid:
  description: The pod's uid.
  returned: when the container runs
  type: str
name:
  description: The ephemeral container's name.
  returned: when the container runs
  type: str
failure:
  description:
    - What went wrong, for programs, as M(kubedebug.pods.ephemeral_container) returns it.
    - Its code is V(transfer_failed) where a path could not be read or did not arrive as it was, V(exec_failed) where the image lacks a tool, V(timed_out),
      V(container_not_found) and V(not_running).
  returned: failure
  type: dict
"""

import typing as t

from ansible_collections.kubedebug.pods.plugins.module_utils._argspec import AUTH, RUNNING, ArgumentSpec
from ansible_collections.kubedebug.pods.plugins.module_utils._exec import find_running
from ansible_collections.kubedebug.pods.plugins.module_utils._fetch import Request, check_dest, check_paths, check_target, fetch, fetch_diff, fetch_result
from ansible_collections.kubedebug.pods.plugins.module_utils._module import Module, check_options, make_client, run
from ansible_collections.kubedebug.pods.plugins.module_utils._source import target_of
from ansible_collections.kubedebug.pods.plugins.module_utils._stream import Place

FETCH = ArgumentSpec(
    {
        "path": {"type": "raw"},
        "paths": {"type": "raw"},
        "target": {"type": "raw", "default": False},
        "dest": {"type": "path", "required": True},
        "chunk_size": {"type": "int", "default": 128 * 1024 * 1024},
        "max_size": {"type": "int", "default": 1024 * 1024 * 1024},
        "timeout": {"type": "int", "default": 900},
    },
    mutually_exclusive=[("path", "paths")],
    required_one_of=[("path", "paths")],
)


def fetch_files(module: Module) -> dict[str, t.Any]:
    params = module.params
    check_options(params)
    dest = check_dest(params["dest"])
    request = Request(
        check_paths(params["path"], params["paths"], dest),
        dest,
        dry_run=module.check_mode,
        **{key: params[key] for key in ("chunk_size", "max_size", "timeout")},
    )
    wanted = check_target(params["target"])
    client, warnings = make_client(module)
    place = Place(params["namespace"] or client.namespace, params["pod"], params["name"])
    pod = find_running(client, place, params["pod_uid"])
    uid = pod["metadata"]["uid"]
    outcomes = fetch(client, place, target_of(pod, place, wanted), request, uid)
    result = fetch_result(outcomes, place, uid)
    if module._diff:
        result["diff"] = fetch_diff(outcomes)
    return {**result, "warnings": warnings}


def main() -> None:
    run(Module(AUTH.merge(RUNNING, FETCH)), fetch_files)


if __name__ == "__main__":
    main()
