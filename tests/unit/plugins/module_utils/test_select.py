# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workloads by TYPE/NAME, and selectors of the API as text. What a selection asks the server is in test_selection.py."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure
from ansible_collections.kubedebug.pods.plugins.module_utils._select import WORKLOADS, matches, parse_workload, selector_text

GOOD = {
    **{f"{type_}/cart": (type_, "cart") for type_ in WORKLOADS},
    "Deployment/cart": ("deployment", "cart"),
    "STATEFULSET/cart": ("statefulset", "cart"),
    "job/check-28.1": ("job", "check-28.1"),
    "job/0": ("job", "0"),
}


@pytest.mark.parametrize(("text", "parsed"), GOOD.items(), ids=GOOD)
def test_type_and_name(text: str, parsed: tuple[str, str]) -> None:
    assert parse_workload(text) == parsed


BAD = {
    "": "TYPE/NAME",
    "cart": "TYPE/NAME",
    "deployment": "TYPE/NAME",
    "deployment/": "TYPE/NAME",
    "/cart": "not a type",
    "apps/deployment/cart": "TYPE/NAME",
    "deployment/cart/": "TYPE/NAME",
    "deploy/cart": "deployment, statefulset, daemonset, replicaset, job",
    "pod/cart": "not a type",
    "cronjob/check": "jobs that it makes",
    "CronJobs/check": "jobs that it makes",
    "deployment/..": "cannot be the name",
    "deployment/Cart": "cannot be the name",
    "deployment/a b": "cannot be the name",
    "deployment/%2e": "cannot be the name",
    "deployment/cart\n": "cannot be the name",
    "deployment/-cart": "cannot be the name",
}


@pytest.mark.parametrize(("text", "words"), BAD.items(), ids=map(repr, BAD))
def test_what_is_no_workload(text: str, words: str) -> None:
    with pytest.raises(Failure) as caught:
        parse_workload(text)
    assert (caught.value.code, caught.value.field) == ("invalid_options", "workload")
    assert words in caught.value.msg


def expression(operator: str, *values: str) -> dict[str, t.Any]:
    return {"key": "tier", "operator": operator, **({"values": list(values)} if values else {})}


SELECTORS: dict[str, tuple[dict[str, t.Any], str]] = {
    "nothing": ({}, ""),
    "labels": ({"matchLabels": {"app": "cart", "tier": ""}}, "app=cart,tier="),
    "prefixed": ({"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}}, "batch.kubernetes.io/controller-uid=u"),
    "in": ({"matchExpressions": [expression("In", "web", "api")]}, "tier in (web,api)"),
    "not in": ({"matchExpressions": [expression("NotIn", "web")]}, "tier notin (web)"),
    "exists": ({"matchExpressions": [expression("Exists")]}, "tier"),
    "does not exist": ({"matchExpressions": [expression("DoesNotExist")]}, "!tier"),
    "both": ({"matchLabels": {"app": "cart"}, "matchExpressions": [expression("Exists"), expression("In", "web")]}, "app=cart,tier,tier in (web)"),
    "nulls": ({"matchLabels": None, "matchExpressions": None}, ""),
}


@pytest.mark.parametrize(("selector", "text"), SELECTORS.values(), ids=SELECTORS)
def test_selector_as_text(selector: dict[str, t.Any], text: str) -> None:
    assert selector_text(selector) == text


@pytest.mark.parametrize("operator", ["Gt", "", None])
def test_an_operator_that_the_api_does_not_have(operator: str | None) -> None:
    with pytest.raises(Failure) as caught:
        selector_text({"matchExpressions": [{"key": "tier", "operator": operator}]})
    assert caught.value.code == "api_error"


@pytest.mark.parametrize(
    ("selector", "matched"),
    [
        (None, False),
        ({}, True),
        ({"matchLabels": {"app": "cart"}}, True),
        ({"matchLabels": {"app": "cart", "tier": "db"}}, False),
        ({"matchLabels": {"other": "cart"}}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["web", "api"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["web"]}]}, False),
        ({"matchExpressions": [{"key": "other", "operator": "NotIn", "values": ["web"]}]}, True),
        ({"matchExpressions": [{"key": "other", "operator": "In", "values": ["web"]}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}, {"key": "other", "operator": "DoesNotExist"}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, False),
        ({"matchLabels": {"app": "cart"}, "matchExpressions": [{"key": "other", "operator": "Exists"}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "Unheard"}]}, False),
    ],
)
def test_what_a_selector_matches(selector: t.Any, matched: bool) -> None:
    assert matches(selector, {"app": "cart", "tier": "web"}) is matched
