# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our comparison against that of the real API server: it takes an entry that equals the stored one, and refuses to change one that does not."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.kubedebug.pods.plugins.module_utils._compare import compare
from tests.differential import specs
from tests.differential.conftest import SPECS, pod

if t.TYPE_CHECKING:
    from tests.differential.server import Server

SETTINGS = settings(max_examples=SPECS, deadline=None, database=None, suppress_health_check=list(HealthCheck), report_multiple_bugs=False)
STORED = 60
#: What is the same as nothing, or as the default, to the server.
NOTHING: list[tuple[str, t.Any]] = [
    *((key, None) for key in specs.FIELDS),
    *((key, []) for key in ("command", "args", "env", "envFrom", "volumeMounts", "volumeDevices")),
    *((key, "") for key in ("workingDir", "terminationMessagePath", "terminationMessagePolicy", "imagePullPolicy", "targetContainerName")),
    *((key, False) for key in ("stdin", "stdinOnce", "tty")),
    *(("resources", {}), ("securityContext", {}), ("terminationMessagePath", "/dev/termination-log"), ("imagePullPolicy", "Always")),
]
Pair = tuple[specs.Document, specs.Document]


@pytest.fixture(scope="module")
def stored(server: Server, pods: dict[str, specs.Document]) -> list[Pair]:
    """(pod as stored with one ephemeral container, that container as it was sent), generated ones that the server accepts."""
    found: list[specs.Document] = []

    @settings(SETTINGS, max_examples=STORED * 40)
    @given(specs.containers(most_mistakes=0))
    def collect(container: specs.Document) -> None:
        if len(found) < STORED and container not in found and server.try_out(pods["volumes"], container).status == 200:
            found.append(container)

    collect()
    assert len(found) == STORED
    namespace = pods["volumes"]["metadata"]["namespace"]
    pairs = []
    for number, container in enumerate(found):
        server.create(namespace, pod(f"stored-{number}", specs.PODS["volumes"]))
        path = f"/api/v1/namespaces/{namespace}/pods/stored-{number}/ephemeralcontainers"
        operations = [{"op": "add", "path": "/spec/ephemeralContainers", "value": [container]}]
        status, document = server.request("PATCH", path, operations, "application/json-patch+json")
        assert status == 200, document
        pairs.append((document, container))
    return pairs


def variants(container: specs.Document) -> st.SearchStrategy[specs.Document]:
    """The same again, perhaps written otherwise, or with some of its fields changed or left out."""
    other = st.sampled_from(list(specs.FIELDS)).flatmap(lambda key: st.tuples(st.just(key), specs.FIELDS[key]))
    image = st.tuples(st.just("image"), st.sampled_from(["busybox", "busybox:1.35", container["image"]]))
    changes = st.lists(st.one_of(st.sampled_from(NOTHING), other, image), max_size=3)
    return changes.map(lambda pairs: {**container, **dict(pairs)})


def test_verdicts_agree(server: Server, stored: list[Pair]) -> None:
    judged = {"equal": 0, "different": 0}

    @SETTINGS
    @given(st.sampled_from(range(STORED)).flatmap(lambda number: st.tuples(st.just(number), variants(stored[number][1]))))
    def agree(case: tuple[int, specs.Document]) -> None:
        document, variant = stored[case[0]][0], case[1]
        answer = server.try_in_place(document, variant)
        if answer.status == 200:
            theirs = "equal"
        elif answer.causes == frozenset([("spec.ephemeralContainers", "FieldValueForbidden")]):
            theirs = "different"
        else:
            return
        judged[theirs] += 1
        ours = compare(variant, document["spec"]["ephemeralContainers"][0], "p")
        assert ("different" if ours.differences else "equal") == theirs, (ours, answer.message)

    agree()
    assert min(judged.values()) > SPECS // 20, judged
