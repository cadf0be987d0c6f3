# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Field managers: who added an ephemeral container, and when, as ``metadata.managedFields`` tells it. Pure."""

from __future__ import annotations

import typing as t

PREFIX = "kubedebug.pods"
#: The API server's limit for a field manager's name (apimachinery, metav1 validation).
LONGEST = 128


class Writer(t.NamedTuple):
    """``manager`` as it called itself, ``time`` as RFC 3339."""

    manager: str
    time: str | None


def manager_name(requested_by: str, token: str) -> tuple[str, bool]:
    """(``kubedebug.pods/REQUESTED_BY/TOKEN``, whether ``requested_by`` had to be cut or cleaned to fit into it)."""
    words = "".join(letter if letter.isprintable() else "?" for letter in requested_by)
    room = LONGEST - len(f"{PREFIX}//{token}".encode())
    fitting = words.encode("utf-8", errors="replace")[:room].decode("utf-8", errors="ignore")
    return f"{PREFIX}/{fitting}/{token}", fitting != requested_by


def requested_by(manager: str) -> str | None:
    """The words about who asked, out of a manager's name of ours; None for any other manager."""
    prefix, _slash, rest = manager.partition("/")
    return rest.rpartition("/")[0] or None if prefix == PREFIX else None


def writer_of(pod: t.Mapping[str, t.Any], container: str) -> Writer | None:
    """The manager that owns the entry of that ephemeral container. None where the server has folded it away (it keeps ten)."""
    key = f'k:{{"name":"{container}"}}'
    for entry in pod["metadata"].get("managedFields") or ():
        fields = ((entry.get("fieldsV1") or {}).get("f:spec") or {}).get("f:ephemeralContainers") or {}
        if key in fields and entry.get("manager") not in (None, "", "ancient-changes"):
            return Writer(entry["manager"], entry.get("time"))
    return None
