# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets, and as whom the requests go, through the modules' entry point."""

from __future__ import annotations

import json
import syslog
import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils import _client
from ansible_collections.kubedebug.pods.plugins.modules import ephemeral_container_info
from tests.unit.plugins.modules.conftest import RunModule
from tests.unit.plugins.modules.script import Call

POD = "/api/v1/namespaces/shop/pods/cart"
KUBECONFIG = {
    "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
    "users": [{"name": "a", "user": {"token": "hidden-token", "password": "hidden-password"}}],
}


def forbidden(user: str) -> dict[str, t.Any]:
    message = f'pods "cart" is forbidden: User "{user}" cannot get resource "pods" in API group "" in the namespace "shop"'
    return {"kind": "Status", "code": 403, "reason": "Forbidden", "message": message, "details": {"name": "cart", "kind": "pods"}}


@pytest.fixture
def system_log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Ansible says there of each call of a module."""
    said: list[str] = []
    monkeypatch.setattr(syslog, "syslog", lambda _priority, text: said.append(text))
    return said


@pytest.mark.parametrize("kubeconfig", [KUBECONFIG, json.dumps(KUBECONFIG), "apiVersion: v1\nusers:\n- token: hidden-token\n"], ids=["mapping", "JSON", "YAML"])
@pytest.mark.parametrize("options", [{}, {"nonsense": 1}], ids=["well", "with a wrong option"])
def test_kubeconfigs_are_not_shown(run_module: RunModule, system_log: list[str], kubeconfig: t.Any, options: dict[str, t.Any]) -> None:
    result = run_module(ephemeral_container_info, [], connect=False, kubeconfig=kubeconfig, pod="cart", **options)
    assert result["failure"]["code"] == "invalid_options"
    assert "hidden" not in json.dumps({key: value for key, value in result.items() if key != "requests"})
    assert bool(system_log) == (not options)
    assert "hidden" not in "".join(system_log)


def test_passwords_within_urls_are_not_shown(run_module: RunModule, system_log: list[str]) -> None:
    urls = {"host": "https://me:hidden-one@127.0.0.1:9", "proxy": "http://me:hidden-two@127.0.0.1:9"}
    result = run_module(ephemeral_container_info, [], connect=False, namespace="shop", pod="cart", api_key="hidden-key", **urls)
    assert result["failure"]["code"] == "api_unreachable"
    assert "hidden" not in json.dumps({key: value for key, value in result.items() if key != "requests"})
    assert system_log
    assert "hidden" not in "".join(system_log)


def test_unknown_errors_are_told_without_secrets(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(configuration: t.Any) -> dict[str, str]:
        raise RuntimeError(f"the key is {configuration.api_key}")

    monkeypatch.setattr(_client, "_authorization", broken)
    result = run_module(ephemeral_container_info, [], namespace="shop", pod="cart", api_key="hidden-key")
    assert result["failure"] is None
    assert "RuntimeError: the key is {" in result["msg"]
    assert "hidden" not in json.dumps({key: value for key, value in result.items() if key != "requests"})


def test_a_request_without_credentials(run_module: RunModule) -> None:
    call = Call("GET", POD).json(forbidden("system:anonymous"), 403)
    result = run_module(ephemeral_container_info, [call], namespace="shop", pod="cart", api_key=None)
    assert result["failure"]["code"] == "unauthorized"
    assert "authorization" not in result["requests"][0].headers
    result = run_module(ephemeral_container_info, [Call("GET", POD).json(forbidden("jane"), 403)], namespace="shop", pod="cart")
    assert result["failure"]["code"] == "forbidden_rbac"


def test_impersonation_is_sent(run_module: RunModule) -> None:
    call = Call("GET", POD).json(forbidden("j\u00fcrgen"), 403).header(impersonate_user="j\u00fcrgen".encode().decode("latin-1"), impersonate_group="b")
    options = {"impersonate_user": "j\u00fcrgen", "impersonate_groups": ["a", "b"]}
    result = run_module(ephemeral_container_info, [call], namespace="shop", pod="cart", **options)
    assert "j\u00fcrgen" in result["msg"]
