# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Field managers: the name that a write gives itself, and what ``managedFields`` tell of it later."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.kubedebug.pods.plugins.module_utils._manager import manager_name, requested_by, writer_of
from tests.unit.plugins.modules.documents import pod, stored

TOKEN = "5b0c9f5ad0f14e3c"
#: 128 bytes without ``kubedebug.pods//`` and the token
ROOM = 128 - 16 - len(TOKEN)

NAMES: dict[str, tuple[str, str, bool]] = {
    "nobody": ("", "", False),
    "incident": ("INC-4711", "INC-4711", False),
    "slashes": ("team/job/7", "team/job/7", False),
    "spaces": ("Jane Doe", "Jane Doe", False),
    "letters of the world": ("J\u00f6rg \u65e5\u672c", "J\u00f6rg \u65e5\u672c", False),
    "just fits": ("a" * ROOM, "a" * ROOM, False),
    "too long": ("a" * (ROOM + 1), "a" * ROOM, True),
    "cut within a letter": ("a" * (ROOM - 1) + "\u00e9", "a" * (ROOM - 1), True),
    "line end": ("a\nb", "a?b", True),
    "control characters": ("a\x00\x1b[31m", "a??[31m", True),
    "no letter at all": ("a\ud800b", "a?b", True),
    "no-break space": ("a\u00a0b", "a?b", True),
}


@pytest.mark.parametrize(("words", "kept", "cut"), NAMES.values(), ids=NAMES)
def test_manager_name(words: str, kept: str, cut: bool) -> None:
    name = manager_name(words, TOKEN)
    assert name == (f"kubedebug.pods/{kept}/{TOKEN}", cut)
    assert requested_by(name[0]) == (kept or None)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_words_make_a_name_that_the_server_takes(words: str) -> None:
    name, cut = manager_name(words, TOKEN)
    assert len(name.encode()) <= 128
    assert name.isprintable()
    assert name.startswith("kubedebug.pods/")
    assert name.endswith(f"/{TOKEN}")
    assert ((requested_by(name) or "") != words) is cut


@pytest.mark.parametrize("manager", ["kubectl", "kubectl-debug", "", "kubedebug.pods", "kubedebug.podsx/a/b", "other/kubedebug.pods/a", "kubedebug.pods//x"])
def test_managers_that_say_nothing_about_who_asked(manager: str) -> None:
    assert requested_by(manager) is None


def managed(*entries: t.Any) -> dict[str, t.Any]:
    return pod(stored(), managedFields=list(entries))


def entry(manager: t.Any = "kubectl", fields: t.Any = None, **more: t.Any) -> dict[str, t.Any]:
    owned = {"f:spec": {"f:ephemeralContainers": {'k:{"name":"debugger"}': {".": {}}}}} if fields is None else fields
    return {"manager": manager, "operation": "Update", "time": "2026-11-01T10:00:00Z", "fieldsV1": owned, **more}


CREATED = entry("kube-controller-manager", {"f:spec": {"f:containers": {'k:{"name":"debugger"}': {}}}})
OTHER = entry("somebody", {"f:spec": {"f:ephemeralContainers": {'k:{"name":"debugger-2"}': {}}}})
KUBELET = entry("kubelet", {"f:status": {"f:ephemeralContainerStatuses": {}}}, subresource="status")
WRITERS: dict[str, tuple[dict[str, t.Any], tuple[str, str | None] | None]] = {
    "kubectl": (managed(CREATED, OTHER, KUBELET, entry()), ("kubectl", "2026-11-01T10:00:00Z")),
    "ours": (managed(entry(f"kubedebug.pods/me/{TOKEN}")), (f"kubedebug.pods/me/{TOKEN}", "2026-11-01T10:00:00Z")),
    "without time": (managed(entry(time=None)), ("kubectl", None)),
    "only others": (managed(CREATED, OTHER, KUBELET), None),
    "folded": (managed(entry("ancient-changes")), None),
    "folded and another": (managed(entry("ancient-changes"), entry("kubectl")), ("kubectl", "2026-11-01T10:00:00Z")),
    "no entries": (managed(), None),
    "null": (pod(stored(), managedFields=None), None),
    "null fields": (managed(entry(fieldsV1=None)), None),
    "null spec": (managed(entry(fields={"f:spec": None})), None),
    "whole list": (managed(entry(fields={"f:spec": {"f:ephemeralContainers": {}}})), None),
}


@pytest.mark.parametrize(("document", "writer"), WRITERS.values(), ids=WRITERS)
def test_writer_of(document: dict[str, t.Any], writer: tuple[str, str | None] | None) -> None:
    assert writer_of(document, "debugger") == writer


def test_a_pod_without_managed_fields() -> None:
    assert writer_of({"metadata": {}}, "debugger") is None


def test_writers_of_two_containers() -> None:
    document = pod(stored(), stored(name="debugger-2"), managed=[("one", "debugger"), ("two", "debugger-2")])
    found = [writer_of(document, name) for name in ("debugger", "debugger-2", "debugger-3")]
    assert [writer and writer.manager for writer in found] == ["one", "two", None]
