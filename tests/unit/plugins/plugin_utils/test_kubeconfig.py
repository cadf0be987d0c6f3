# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of kubeconfigs that the action plugins have decrypted. How files are found is tested by the target vault."""

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.plugin_utils._kubeconfig import merge, with_absolute_paths

Kubeconfig = dict[str, t.Any]

PATHS: dict[str, tuple[Kubeconfig, Kubeconfig]] = {
    "authority": (
        {"clusters": [{"name": "a", "cluster": {"server": "https://a", "certificate-authority": "ca.crt"}}]},
        {"clusters": [{"name": "a", "cluster": {"server": "https://a", "certificate-authority": "/folder/ca.crt"}}]},
    ),
    "user": (
        {"users": [{"name": "a", "user": {"client-certificate": "x/crt", "client-key": "/y/key", "tokenFile": "../token"}}]},
        {"users": [{"name": "a", "user": {"client-certificate": "/folder/x/crt", "client-key": "/y/key", "tokenFile": "/folder/../token"}}]},
    ),
    "plugin beside it": ({"users": [{"user": {"exec": {"command": "./login"}}}]}, {"users": [{"user": {"exec": {"command": "/folder/./login"}}}]}),
    "plugin on the path": ({"users": [{"user": {"exec": {"command": "login"}}}]}, {"users": [{"user": {"exec": {"command": "login"}}}]}),
    "data": ({"users": [{"user": {"client-key-data": "a/b"}}]}, {"users": [{"user": {"client-key-data": "a/b"}}]}),
}


@pytest.mark.parametrize(("kubeconfig", "expected"), PATHS.values(), ids=PATHS)
def test_relative_paths(kubeconfig: Kubeconfig, expected: Kubeconfig) -> None:
    assert with_absolute_paths(copy.deepcopy(kubeconfig), "/folder") == expected


@pytest.mark.parametrize(
    "kubeconfig",
    [{}, {"users": None}, {"users": {"a": 1}}, {"users": ["a", None, {"user": "x"}, {"user": {"exec": "x", "tokenFile": 5}}]}, {"clusters": [{"cluster": []}]}],
)
def test_wrong_types_are_left_to_the_module(kubeconfig: Kubeconfig) -> None:
    assert with_absolute_paths(copy.deepcopy(kubeconfig), "/folder") == kubeconfig


def test_the_first_that_says_something_is_right() -> None:
    first = {"kind": "Config", "users": [{"name": "a", "user": 1}], "contexts": None}
    second = {"current-context": "x", "users": [{"name": "a", "user": 2}, {"name": "b", "user": 3}], "contexts": [{"name": "x"}]}
    third = {"current-context": "y", "clusters": [{"name": "c"}, "malformed"]}
    assert merge([first, second, third]) == {
        "kind": "Config",
        "current-context": "x",
        "users": [{"name": "a", "user": 1}, {"name": "b", "user": 3}],
        "contexts": [{"name": "x"}],
        "clusters": [{"name": "c"}, "malformed"],
    }
