# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts generated containers to our validation and to the real API server, and demands that they agree."""

from __future__ import annotations

import typing as t

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.kubedebug.pods.plugins.module_utils._decide import check_against
from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure
from ansible_collections.kubedebug.pods.plugins.module_utils._schema import CONTAINER, REFUSED
from tests.differential import specs
from tests.differential.server_only import left_to_the_server

if t.TYPE_CHECKING:
    from tests.differential.server import Server

#: Findings that only a decoder has: the server stops at the first of them, so that its other findings are not known.
DECODING = ("FieldValueTypeInvalid", "UnknownField")


def ours(pod: specs.Document, container: specs.Document) -> dict[tuple[str, str], str]:
    """(field, reason) of each of our findings, and its words."""
    try:
        check_against(pod, [container])
    except Failure as failure:
        return {(finding["field"], finding["reason"]): finding["message"] for finding in failure.details}
    return {}


def within_refused(field: str) -> bool:
    """Whether a finding of the server is about the inside of a field that ours refuses as a whole."""
    key = field.removeprefix("spec.ephemeralContainers[0].")
    return any(key.startswith((f"{refused}.", f"{refused}[")) for refused in REFUSED[CONTAINER])


def agree_on(server: Server, pod: specs.Document, container: specs.Document) -> None:
    """The verdicts agree, and so do the sets of (field, reason) where the server got as far as validation, but for what is left to it."""
    found, answer, left = ours(pod, container), server.try_out(pod, container), left_to_the_server(container)
    causes = None if answer.causes is None else {cause for cause in answer.causes if cause[0] not in left}
    refused = answer.status != 200 if causes is None else bool(causes)
    assert bool(found) == refused, (answer, found)
    if causes is None or any(reason in DECODING for _field, reason in found):
        return
    assert set(found) == {cause for cause in causes if not within_refused(cause[0])}, answer.message


def agree(server: Server, pods: t.Mapping[str, specs.Document], most: int) -> int:
    """Try ``most`` generated containers, each on one of the pods. Returns how many were tried."""
    tried = 0

    @settings(max_examples=most, deadline=None, database=None, suppress_health_check=list(HealthCheck), report_multiple_bugs=False)
    @given(st.sampled_from(list(pods)), specs.containers())
    def try_one(kind: str, container: specs.Document) -> None:
        nonlocal tried
        agree_on(server, pods[kind], container)
        tried += 1

    try_one()
    return tried
