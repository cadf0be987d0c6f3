# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Kubeconfigs that were files and go on as mappings: paths in them, and several made one. Pure."""

from __future__ import annotations

import os
import typing as t

#: Of a kubeconfig's entries: list, key, and the fields below it that are paths relative to the file.
_PATHS = (("clusters", "cluster", ("certificate-authority",)), ("users", "user", ("client-certificate", "client-key", "tokenFile")))


def with_absolute_paths(kubeconfig: dict[str, t.Any], directory: str) -> dict[str, t.Any]:
    """The kubeconfig, its relative paths made absolute; they are relative to ``directory``. A plugin's command is one where it has a slash."""
    for group, key, fields in _PATHS:
        for holder in _below(kubeconfig, group, key):
            holder.update({field: os.path.join(directory, holder[field]) for field in fields if isinstance(holder.get(field), str)})
    for user in _below(kubeconfig, "users", "user"):
        plugin = user.get("exec")
        command = plugin.get("command") if isinstance(plugin, dict) else None
        if isinstance(command, str) and os.sep in command:
            user["exec"]["command"] = os.path.join(directory, command)
    return kubeconfig


def _below(kubeconfig: dict[str, t.Any], group: str, key: str) -> t.Iterator[dict[str, t.Any]]:
    entries = kubeconfig.get(group)
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get(key), dict):
            yield entry[key]


def merge(kubeconfigs: t.Sequence[dict[str, t.Any]]) -> dict[str, t.Any]:
    """One kubeconfig of several: as with kubectl, the first that says something is right."""
    merged: dict[str, t.Any] = {}
    for kubeconfig in kubeconfigs:
        for key, value in kubeconfig.items():
            if key in ("clusters", "contexts", "users") and isinstance(value, list):
                known = {entry.get("name") for entry in merged.setdefault(key, []) if isinstance(entry, dict)}
                merged[key] += [entry for entry in value if not isinstance(entry, dict) or entry.get("name") not in known]
            elif value is not None:
                merged.setdefault(key, value)
    return merged
