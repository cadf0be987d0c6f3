#!/usr/bin/python
# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ephemeral_container_exec
short_description: Run a command in a running ephemeral container
version_added: 0.1.0
description:
  - Runs a command in an ephemeral container and returns its exit code and output, as M(ansible.builtin.command) does on a host.
  - The container has to run. Add it with M(kubedebug.pods.ephemeral_container) and a command that stays, such as C([sleep, "900"]).
  - It keeps to ephemeral containers. A command in the application's own containers is refused.
extends_documentation_fragment:
  - kubedebug.pods._auth
  - kubedebug.pods._pod
  - kubedebug.pods._running
  - kubedebug.pods._attributes
attributes:
  check_mode:
    support: partial
    details:
      - The task is skipped, as nobody can tell what a command would do. Its options are checked.
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - The command runs every time.
options:
  command:
    description:
      - The command, as a list of strings. It is run as it is, without a shell. For pipes and variables write C([sh, -c, "..."]), and give
        values as further words, which the shell has as C($1) and so on, and never as part of its text.
      - The words can be read in the API server's audit log. Give what is secret in O(stdin).
    type: raw
    required: true
  stdin:
    description:
      - Text for the command's standard input, at most 1 MiB. Needs Kubernetes 1.30 or newer; older ones cannot end a command's standard input, and
        nothing is run then.
      - The command has to read it to its end. Kubernetes may not tell the end of a command that leaves more than some 64 KiB of it unread.
      - Like every option it can be seen in the task's result at C(-vvv) unless the task has C(no_log).
    type: str
  stdin_add_newline:
    description:
      - Whether a line break is added to O(stdin).
    type: bool
    default: true
  timeout:
    description:
      - Seconds that the command may take. Then the connection is closed and the task fails with V(timed_out), with the output so far.
      - Kubernetes has no way to end a command. Whether the process runs on is up to the container runtime (containerd ends it, but with
        O(stdin) lets it run on). To bound the process too, put C(timeout) of busybox or coreutils before the command, with fewer seconds.
        It ends that one process. Let a shell end with C(exec), for what a shell leaves behind keeps the output open and so the task waiting.
    type: int
    default: 60
  success_exit_codes:
    description:
      - The exit codes that are not a failure.
    type: list
    elements: int
    default: [0]
  output_limit_bytes:
    description:
      - How much of RV(stdout) and of RV(stderr) is returned, each from its beginning. The command is not disturbed by it. At most 16 MiB.
    type: int
    default: 1048576
  strip_empty_ends:
    description:
      - Whether line breaks at the end of RV(stdout) and RV(stderr) are removed.
    type: bool
    default: true
seealso:
  - module: kubedebug.pods.ephemeral_container
  - module: kubedebug.pods.ephemeral_container_fetch
  - module: kubernetes.core.k8s_exec
    description: Commands in the pod's own containers.
author:
  - The kubedebug.pods authors (@kubedebug)
"""

EXAMPLES = r"""
- name: A debug container that stays for a while
  kubedebug.pods.ephemeral_container:
    namespace: shop
    pod: cart-7c9f
    name: debugger
    image: busybox:1.37
    target: cart
    profile: match_target
    command: [sleep, "900"]

- name: What the application listens on
  kubedebug.pods.ephemeral_container_exec:
    namespace: shop
    pod: cart-7c9f
    name: debugger
    command: [netstat, -tln]
  register: listening

- name: Show it
  ansible.builtin.debug:
    msg: "{{ listening.stdout_lines }}"

- name: A shell's pipe, with a value that the shell never reads as code, and a limit that holds in the container too
  kubedebug.pods.ephemeral_container_exec:
    namespace: shop
    pod: cart-7c9f
    name: debugger
    command: [timeout, "20", sh, -c, 'exec grep -c -- "$1" "/proc/1/root$2"', sh, "{{ pattern }}", /var/log/app.log]
    timeout: 30
    success_exit_codes: [0, 1]
"""

RETURN = r"""
rc:
  description: The command's exit code. Null where it is not known, because the time was over or the connection was lost.
  returned: when the command may have run
  type: int
  sample: 0
stdout:
  description: What the command printed, decoded from UTF-8. What is none is replaced by U+FFFD.
  returned: when the command may have run
  type: str
stdout_lines:
  description: The same in lines.
  returned: when the command may have run
  type: list
  elements: str
stderr:
  description: What the command printed to its standard error, in the same way.
  returned: when the command may have run
  type: str
stderr_lines:
  description: The same in lines.
  returned: when the command may have run
  type: list
  elements: str
stdout_bytes:
  description: How much the command printed, whatever is returned of it.
  returned: when the command may have run
  type: int
stderr_bytes:
  description: How much the command printed to its standard error, whatever is returned of it.
  returned: when the command may have run
  type: int
stdout_truncated:
  description: Whether RV(stdout) is only the beginning.
  returned: when the command may have run
  type: bool
stderr_truncated:
  description: Whether RV(stderr) is only the beginning.
  returned: when the command may have run
  type: bool
timed_out:
  description: Whether the time was over before the command had ended.
  returned: when the command may have run
  type: bool
command:
  description: The command.
  returned: when the command may have run
  type: list
  elements: str
namespace:
  description: The pod's namespace.
  returned: when the command may have run
  type: str
pod:
  description: The pod's name.
  returned: when the command may have run
  type: str
pod_uid:
  description: The pod's uid.
  returned: when the command may have run
  type: str
name:
  description: The ephemeral container's name.
  returned: when the command may have run
  type: str
failure:
  description:
    - What went wrong, for programs, as M(kubedebug.pods.ephemeral_container) returns it.
    - Its code is V(exited) where the exit code is none of O(success_exit_codes), V(timed_out) where the time was over, V(outcome_unknown)
      where the connection was lost and the command may have run, V(container_not_found), V(not_running), and V(exec_failed) where the command
      could not be started.
  returned: failure
  type: dict
"""

import typing as t

from ansible_collections.kubedebug.pods.plugins.module_utils._argspec import AUTH, RUNNING, ArgumentSpec
from ansible_collections.kubedebug.pods.plugins.module_utils._exec import (
    Command,
    check_stdin,
    check_words,
    exec_result,
    find_running,
    run_command,
)
from ansible_collections.kubedebug.pods.plugins.module_utils._module import Module, check_options, make_client, run
from ansible_collections.kubedebug.pods.plugins.module_utils._stream import Place

EXEC = ArgumentSpec(
    {
        "command": {"type": "raw", "required": True},
        "stdin": {"type": "str"},
        "stdin_add_newline": {"type": "bool", "default": True},
        "timeout": {"type": "int", "default": 60},
        "success_exit_codes": {"type": "list", "elements": "int", "default": [0]},
        "output_limit_bytes": {"type": "int", "default": 1024 * 1024},
        "strip_empty_ends": {"type": "bool", "default": True},
    }
)


def run_in_container(module: Module) -> dict[str, t.Any]:
    params = module.params
    check_options(params)
    command = Command(
        check_words(params["command"]),
        check_stdin(params["stdin"], add_newline=params["stdin_add_newline"]),
        **{key: params[key] for key in ("timeout", "output_limit_bytes", "success_exit_codes", "strip_empty_ends")},
    )
    if module.check_mode:
        return {"changed": False, "skipped": True, "msg": "The command would have run if this were not check mode."}
    client, warnings = make_client(module)
    place = Place(params["namespace"] or client.namespace, params["pod"], params["name"])
    uid = find_running(client, place, params["pod_uid"])["metadata"]["uid"]
    return {**exec_result(place, uid, command, run_command(client, place, command, uid)), "warnings": warnings}


def main() -> None:
    run(Module(AUTH.merge(RUNNING, EXEC)), run_in_container)


if __name__ == "__main__":
    main()
