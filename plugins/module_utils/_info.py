# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Look at the ephemeral containers of pods."""

from __future__ import annotations

import typing as t

from ._errors import Failure
from ._report import info_entry
from ._validate import names

if t.TYPE_CHECKING:
    from ._client import Client
    from ._ensure import Reference


class Query(t.NamedTuple):
    """What to look for: only containers of these ``names`` (empty: all), with their log or the pod's events about them if asked."""

    names: t.Sequence[str] = ()
    logs: bool = False
    log_tail_lines: int | None = None
    log_limit_bytes: int = 64 * 1024
    events: bool = False


def look(client: Client, reference: Reference, query: Query) -> tuple[list[dict[str, t.Any]], list[str]]:
    """(entries, warnings) for one pod. A pod without ephemeral containers has none; a log that cannot be read is a warning.

    Raises Failure ``pod_not_found``, ``forbidden_rbac`` and those of the transport.
    """
    pod = client.get_pod(*reference)
    warnings: list[str] = []
    entries = [info_entry(pod, name, client.context) for name in names(pod, "ephemeralContainers") if not query.names or name in query.names]
    events = client.list_events(reference.namespace, pod["metadata"]["uid"], reference.name) if query.events and entries else []
    for entry in entries:
        entry["log"] = _log(client, reference, entry, query, warnings) if query.logs else None
        entry["events"] = [_event(event) for event in events if _is_about(event, entry["name"])]
    return entries, warnings


def _log(client: Client, reference: Reference, entry: t.Mapping[str, t.Any], query: Query, warnings: list[str]) -> str | None:
    if entry["state"] not in ("running", "terminated"):
        return None
    try:
        return client.read_log(*reference, entry["name"], tail_lines=query.log_tail_lines, limit_bytes=query.log_limit_bytes)
    except Failure as failure:
        if failure.code in ("forbidden_rbac", "unauthorized", "api_unreachable"):
            raise
        warnings.append(f"The log of {entry['name']} could not be read: {failure.msg}")
        return None


def _is_about(event: t.Mapping[str, t.Any], name: str) -> bool:
    return (event.get("involvedObject") or {}).get("fieldPath") == f"spec.ephemeralContainers{{{name}}}"


def _event(event: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {
        "type": event.get("type"),
        "reason": event.get("reason"),
        "message": event.get("message"),
        "count": event.get("count") or 1,
        "first_at": event.get("firstTimestamp") or event.get("eventTime"),
        "last_at": event.get("lastTimestamp") or event.get("eventTime"),
    }
