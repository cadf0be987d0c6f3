# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our validation against that of the real API server, on generated containers. ``SPECS=100000`` tries more of them."""

from __future__ import annotations

import typing as t

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.kubedebug.pods.plugins.module_utils._decide import check_against
from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure
from ansible_collections.kubedebug.pods.plugins.module_utils._schema import CONTAINER, REFUSED, TYPES
from tests.differential import specs
from tests.differential.conftest import SPECS

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


def test_the_fields_are_those_of_the_server(server: Server) -> None:
    status, document = server.request("GET", "/openapi/v3/api/v1")
    assert status == 200
    schemas = document["components"]["schemas"]
    fields = set(schemas["io.k8s.api.core.v1.EphemeralContainer"]["properties"])
    assert fields == set(TYPES[CONTAINER]) | set(REFUSED[CONTAINER])
    assert fields == {"name", "image", *specs.FIELDS, *specs.REFUSED_VALUES}


def test_verdicts_agree(server: Server, pods: dict[str, specs.Document]) -> None:
    @settings(max_examples=SPECS, deadline=None, database=None, suppress_health_check=list(HealthCheck), report_multiple_bugs=False)
    @given(st.sampled_from(list(pods)), specs.containers())
    def agree(kind: str, container: specs.Document) -> None:
        found, answer = ours(pods[kind], container), server.try_out(pods[kind], container)
        assert bool(found) == (answer.status != 200), (answer, found)
        if answer.causes is None or any(reason in DECODING for _field, reason in found):
            return
        theirs = {cause for cause in answer.causes if not within_refused(cause[0])}
        assert set(found) == theirs, answer.message

    agree()
