# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What ``kubectl debug --profile`` gives an ephemeral container, as data.

Source: k8s.io/kubectl pkg/cmd/debug/profiles.go, v0.36, style ``ephemeral``; tests/integration holds each against the real kubectl.
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
