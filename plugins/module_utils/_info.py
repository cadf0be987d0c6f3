# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Look at the ephemeral containers of pods."""

from __future__ import annotations

import typing as t

from ._client import LOG_BYTES_A_TASK, side_by_side
from ._errors import Failure
from ._report import info_entry
from ._validate import names

if t.TYPE_CHECKING:
    from ._client import Client


class Query(t.NamedTuple):
    """What to look for: only containers of these ``names`` (empty: all), with their log or the pod's events about them if asked."""

    names: t.Sequence[str] = ()
    logs: bool = False
    log_tail_lines: int | None = None
    log_limit_bytes: int = 64 * 1024
    events: bool = False
    concurrency: int = 8


def look(client: Client, pods: t.Sequence[dict[str, t.Any]], query: Query) -> tuple[list[dict[str, t.Any]], list[str]]:
    """(entries, warnings) for these pods. A pod without ephemeral containers has none; a log that cannot be read is a warning.

    Raises Failure ``forbidden_rbac`` and those of the transport.
    """
    warnings: list[str] = []
    found = {
        id(pod): [info_entry(pod, name, client.kubectl) for name in names(pod, "ephemeralContainers") if not query.names or name in query.names] for pod in pods
    }
    entries = [entry for of_pod in found.values() for entry in of_pod]
    for entry in entries:
        entry.update(log=None, log_truncated=False, events=[])
    if query.events:
        side_by_side(lambda pod: _add_events(client, pod, found[id(pod)]), [pod for pod in pods if found[id(pod)]], query.concurrency)
    if query.logs:
        with_log = [entry for entry in entries if entry["state"] in ("running", "terminated")]
        share = min(query.log_limit_bytes, LOG_BYTES_A_TASK // max(1, len(with_log)))
        side_by_side(lambda entry: _add_log(client, entry, query.log_tail_lines, share, warnings), with_log, query.concurrency)
    return entries, warnings


def _add_events(client: Client, pod: t.Mapping[str, t.Any], entries: t.Sequence[dict[str, t.Any]]) -> None:
    metadata = pod["metadata"]
    events = client.list_events(metadata["namespace"], metadata["uid"], metadata["name"])
    for entry in entries:
        entry["events"] = [_event(event) for event in events if _is_about(event, entry["name"])]


def _add_log(client: Client, entry: dict[str, t.Any], tail_lines: int | None, limit: int, warnings: list[str]) -> None:
    try:
        entry["log"], entry["log_truncated"] = client.read_log(entry["namespace"], entry["pod"], entry["name"], tail_lines=tail_lines, limit_bytes=limit)
    except Failure as failure:
        if failure.code in ("forbidden_rbac", "unauthorized", "api_unreachable"):
            raise
        warnings.append(f"The log of {entry['name']} could not be read: {failure.msg}")


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
