# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Shared options as argument specs that merge."""

from __future__ import annotations

import typing as t

from ._profiles import MATCH_TARGET, PROFILES

Options = dict[str, dict[str, t.Any]]


class ArgumentSpec:
    """Options with their constraints. ``merge`` adds another's, ``to_kwargs`` is what AnsibleModule takes."""

    def __init__(
        self,
        options: Options,
        *,
        mutually_exclusive: t.Sequence[t.Sequence[str]] = (),
        required_one_of: t.Sequence[t.Sequence[str]] = (),
        required_by: t.Mapping[str, t.Sequence[str]] | None = None,
    ) -> None:
        self.options = dict(options)
        self.mutually_exclusive = list(mutually_exclusive)
        self.required_one_of = list(required_one_of)
        self.required_by = dict(required_by or {})

    def merge(self, *others: ArgumentSpec) -> ArgumentSpec:
        """A new spec with the options and constraints of all."""
        merged = ArgumentSpec(self.options, mutually_exclusive=self.mutually_exclusive, required_one_of=self.required_one_of, required_by=self.required_by)
        for other in others:
            merged.options.update(other.options)
            merged.mutually_exclusive += other.mutually_exclusive
            merged.required_one_of += other.required_one_of
            merged.required_by.update(other.required_by)
        return merged

    def to_kwargs(self) -> dict[str, t.Any]:
        """The keyword arguments of AnsibleModule."""
        return {
            "argument_spec": self.options,
            "mutually_exclusive": self.mutually_exclusive,
            "required_one_of": self.required_one_of,
            "required_by": self.required_by,
        }


#: Authentication, as in kubernetes.core; K8S_AUTH_* variables are looked up in _auth.py. ``request_timeout`` is ours.
AUTH = ArgumentSpec(
    {
        "kubeconfig": {"type": "raw"},
        "context": {"type": "str"},
        "host": {"type": "str"},
        "api_key": {"type": "str", "no_log": True},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "validate_certs": {"type": "bool", "aliases": ["verify_ssl"]},
        "ca_cert": {"type": "path", "aliases": ["ssl_ca_cert"]},
        "client_cert": {"type": "path", "aliases": ["cert_file"]},
        "client_key": {"type": "path", "aliases": ["key_file"]},
        "proxy": {"type": "str"},
        "no_proxy": {"type": "str"},
        "proxy_headers": {
            "type": "dict",
            "options": {
                "proxy_basic_auth": {"type": "str", "no_log": True},
                "basic_auth": {"type": "str", "no_log": True},
                "user_agent": {"type": "str"},
            },
        },
        "persist_config": {"type": "bool"},
        "impersonate_user": {"type": "str"},
        "impersonate_groups": {"type": "list", "elements": "str"},
        "request_timeout": {"type": "float", "default": 30.0},
    }
)

#: Which pods: one by name, or a selection.
PODS = ArgumentSpec(
    {
        "namespace": {"type": "str"},
        "pod": {"type": "str"},
        "label_selectors": {"type": "list", "elements": "str"},
        "field_selectors": {"type": "list", "elements": "str"},
        "workload": {"type": "str"},
        "pod_names": {"type": "list", "elements": "str"},
        "max_pods": {"type": "int", "default": 10},
        "concurrency": {"type": "int", "default": 8},
    },
    mutually_exclusive=[("pod", "workload", "label_selectors"), ("pod", "workload", "field_selectors"), ("pod", "pod_names")],
)

#: Which pod, for what is about one.
POD = ArgumentSpec({"namespace": {"type": "str"}, "pod": {"type": "str", "required": True}, "pod_uid": {"type": "str"}})

#: Which running ephemeral container, for what is done in it.
RUNNING = POD.merge(ArgumentSpec({"name": {"type": "str", "required": True, "aliases": ["container"]}}))

LOG = ArgumentSpec(
    {
        "logs": {"type": "bool", "default": False},
        "log_tail_lines": {"type": "int"},
        "log_limit_bytes": {"type": "int", "default": 64 * 1024},
    }
)

#: The container, and what to do about one that is there. Much is raw because Ansible's other types guess: a list cuts a string at its commas, a
#: dict makes one out of ``A=b,c=d``, a str makes "True" out of true. _spec.option_errors refuses what is not of the right type.
CONTAINER = ArgumentSpec(
    {
        "name": {"type": "raw", "aliases": ["container"]},
        "image": {"type": "raw"},
        "command": {"type": "raw"},
        "args": {"type": "raw"},
        "env": {"type": "raw"},
        "target": {"type": "raw"},
        "stdin": {"type": "bool"},
        "tty": {"type": "bool"},
        "image_pull_policy": {"type": "str", "choices": ["Always", "IfNotPresent", "Never"]},
        "profile": {"type": "str", "choices": [*PROFILES, MATCH_TARGET]},
        "mounts_from": {"type": "str"},
        "definition": {"type": "raw"},
        "src": {"type": "path"},
        "pod_uid": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "on_difference": {"type": "str", "choices": ["fail", "keep"], "default": "fail"},
        "on_finished": {"type": "str", "choices": ["keep", "fail", "next"], "default": "keep"},
        "allow_injected": {"type": "bool", "default": False},
        "wait": {"type": "bool", "default": True},
        "wait_for": {"type": "str", "choices": ["running", "completed"], "default": "running"},
        "wait_timeout": {"type": "int", "default": 120},
        "success_exit_codes": {"type": "list", "elements": "int", "default": [0]},
        "requested_by": {"type": "str"},
    },
    mutually_exclusive=[("definition", "src")],
    required_one_of=[("name", "definition", "src")],
)
