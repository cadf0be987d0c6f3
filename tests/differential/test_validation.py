# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our validation against that of the real API server, on generated containers. ``SPECS=100000`` tries more of them."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils._schema import CONTAINER, REFUSED, TYPES
from tests.differential import specs
from tests.differential.conftest import SPECS, pod
from tests.differential.server_only import OF_OTHER_SERVERS, RULES, Rule, left_to_the_server
from tests.differential.verdicts import agree, agree_on, ours

if t.TYPE_CHECKING:
    from tests.differential.server import Server


def test_the_fields_are_those_of_the_server(server: Server) -> None:
    status, document = server.request("GET", "/openapi/v3/api/v1")
    assert status == 200
    schemas = document["components"]["schemas"]
    fields = set(schemas["io.k8s.api.core.v1.EphemeralContainer"]["properties"])
    assert fields == set(TYPES[CONTAINER]) | set(REFUSED[CONTAINER])
    assert fields == {"name", "image", *specs.FIELDS, *specs.REFUSED_VALUES}


def test_verdicts_agree(server: Server, pods: dict[str, specs.Document]) -> None:
    assert agree(server, pods, SPECS) >= SPECS


@pytest.fixture(scope="module")
def limited(server: Server, pods: dict[str, specs.Document]) -> t.Iterator[specs.Document]:
    """A pod in a namespace that enforces a level of Pod Security, whose service account limits the secrets."""
    name = f"{pods['bare']['metadata']['namespace']}-limited"
    labels = {"app.kubernetes.io/managed-by": "kubedebug-pods-tests", "pod-security.kubernetes.io/enforce": "baseline"}
    assert server.request("POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})[0] == 201
    account = {"metadata": {"name": "limited", "annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}}}
    assert server.request("POST", f"/api/v1/namespaces/{name}/serviceaccounts", account)[0] == 201
    yield server.create(name, pod("limited", {**specs.PODS["bare"], "serviceAccountName": "limited"}))
    server.request("DELETE", f"/api/v1/namespaces/{name}")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_server_has_a_rule_that_is_left_to_it(rule: Rule, server: Server, limited: specs.Document) -> None:
    answer = server.try_out(limited, rule.example)
    assert (answer.status, ours(limited, rule.example)) == (rule.status, {}), answer
    assert rule.says in answer.message
    assert {field for field, _reason in answer.causes or ()} == left_to_the_server(rule.example)


@pytest.mark.parametrize("rule", OF_OTHER_SERVERS, ids=lambda rule: rule.name)
def test_this_server_does_not_have_a_rule_of_others(rule: Rule, server: Server, pods: dict[str, specs.Document]) -> None:
    assert server.try_out(pods["bare"], rule.example).status == rule.status
    agree_on(server, pods["bare"], rule.example)
