# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What ``kubectl debug --profile`` gives an ephemeral container, as data, and ``match_target``, which kubectl lacks. Pure.

Source of the data: k8s.io/kubectl pkg/cmd/debug/profiles.go, v0.36, style ``ephemeral``; tests/integration holds each against the real kubectl.
"""

from __future__ import annotations

import typing as t

PROFILES: dict[str, dict[str, t.Any]] = {
    "legacy": {},
    "general": {"securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}}},
    "baseline": {},
    "restricted": {
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
    },
    "netadmin": {"securityContext": {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}}},
    "sysadmin": {"securityContext": {"privileged": True}},
}

#: The profile that makes a container as privileged as its target, and not more: its files, environment and memory can be read then
#: (__ptrace_may_access in the kernel asks for the same uid and gid and no fewer capabilities), and what admits the target admits it.
MATCH_TARGET = "match_target"
_COPIED = ("allowPrivilegeEscalation", "appArmorProfile", "capabilities", "runAsNonRoot", "seLinuxOptions", "seccompProfile")
_IDS = {"runAsUser": "uid", "runAsGroup": "gid"}


class Matched(t.NamedTuple):
    """``profile``: what the container gets. ``unknown``: the fields of its securityContext that neither the pod's spec nor its status tells."""

    profile: dict[str, t.Any]
    unknown: list[str]


def match_target(pod: t.Mapping[str, t.Any], target: str) -> Matched:
    """The securityContext that a container needs to be like ``target``, a container of the pod.

    What the pod's own securityContext says holds for every container of it, and is not repeated. Never ``privileged``. The ids come from
    the spec, or from ``status.*Statuses[].user.linux`` (KEP-3619: Kubernetes 1.31, containerd 2), and are never guessed.
    """
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    own = _security_context(_named(spec, ("containers", "initContainers"), target))
    shared = spec.get("securityContext") or {}
    user = (_named(status, ("containerStatuses", "initContainerStatuses"), target).get("user") or {}).get("linux") or {}
    context = {key: own[key] for key in _COPIED if own.get(key) is not None}
    unknown = []
    for key, seen in _IDS.items():
        value = next((place[name] for place, name in ((own, key), (shared, key), (user, seen)) if place.get(name) is not None), None)
        if value is None:
            unknown.append(key)
        else:
            context[key] = value
    return Matched({"securityContext": context}, unknown)


def _named(holder: t.Mapping[str, t.Any], lists: t.Sequence[str], name: str) -> t.Mapping[str, t.Any]:
    return next((item for key in lists for item in holder.get(key) or () if item.get("name") == name), {})


def _security_context(container: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    return container.get("securityContext") or {}
