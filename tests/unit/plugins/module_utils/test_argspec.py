# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument specs that merge, and what they have in common with the documentation. tests/parity compares them with kubernetes.core."""

from __future__ import annotations

import copy
import typing as t

import pytest
import yaml

from ansible_collections.kubedebug.pods.plugins.doc_fragments._auth import ModuleDocFragment as Auth
from ansible_collections.kubedebug.pods.plugins.doc_fragments._pods import ModuleDocFragment as Pods
from ansible_collections.kubedebug.pods.plugins.module_utils._argspec import AUTH, CONTAINER, LOG, PODS, ArgumentSpec
from ansible_collections.kubedebug.pods.plugins.module_utils._auth import VARIABLES
from ansible_collections.kubedebug.pods.plugins.modules import ephemeral_container, ephemeral_container_info

SPECS = {
    "ephemeral_container": (ephemeral_container, AUTH.merge(PODS, CONTAINER, LOG)),
    "ephemeral_container_info": (ephemeral_container_info, AUTH.merge(PODS, LOG, ephemeral_container_info.INFO)),
}


def documented(module: t.Any) -> dict[str, t.Any]:
    own = yaml.safe_load(module.DOCUMENTATION)["options"]
    return {**yaml.safe_load(Auth.DOCUMENTATION)["options"], **yaml.safe_load(Pods.DOCUMENTATION)["options"], **own}


def test_each_option_has_its_variable() -> None:
    assert set(VARIABLES) | {"proxy_headers", "request_timeout"} == set(AUTH.options)


@pytest.mark.parametrize(("module", "spec"), SPECS.values(), ids=SPECS)
def test_documentation_and_spec_are_one(module: t.Any, spec: ArgumentSpec) -> None:
    said = documented(module)
    assert set(said) == set(spec.options)
    for name, option in spec.options.items():
        for key, otherwise in (("type", "str"), ("default", None), ("choices", None), ("aliases", None), ("required", None), ("elements", None)):
            assert said[name].get(key, otherwise) == option.get(key, otherwise), f"{name}.{key}"


def test_merge_makes_a_new_spec() -> None:
    first = ArgumentSpec({"a": {"type": "str"}}, mutually_exclusive=[("a", "b")], required_by={"a": ["b"]})
    second = ArgumentSpec({"b": {"type": "int"}}, required_one_of=[("a", "b")], mutually_exclusive=[("b", "c")])
    before = copy.deepcopy((first.to_kwargs(), second.to_kwargs()))
    merged = first.merge(second, ArgumentSpec({"c": {"type": "raw"}}, required_by={"c": ["a"]}))
    assert merged.to_kwargs() == {
        "argument_spec": {"a": {"type": "str"}, "b": {"type": "int"}, "c": {"type": "raw"}},
        "mutually_exclusive": [("a", "b"), ("b", "c")],
        "required_one_of": [("a", "b")],
        "required_by": {"a": ["b"], "c": ["a"]},
    }
    assert (first.to_kwargs(), second.to_kwargs()) == before


def test_later_options_win() -> None:
    assert PODS.merge(ArgumentSpec({"pod": {"type": "str", "required": True}})).options["pod"]["required"] is True
    assert "required" not in PODS.options["pod"]
