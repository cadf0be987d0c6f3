# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module through its real entry point against a scripted API server."""

from __future__ import annotations

import json
import os
import time
import typing as t

import pytest

from tests.invoke import invoke
from tests.unit.plugins.modules.script import Call, ScriptedServer

RunModule = t.Callable[..., dict[str, t.Any]]


@pytest.fixture(autouse=True)
def fast_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between attempts are counted by the tests, not slept."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cluster of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith(("K8S_AUTH_", "KUBERNETES_SERVICE")) or name == "KUBECONFIG"]:
        monkeypatch.delenv(name)


@pytest.fixture
def run_module() -> t.Iterator[RunModule]:
    """``run_module(module, calls, check=False, **params)``: the result as Ansible would get it; the script must have been followed."""

    def run(
        module: t.Any,
        calls: t.Sequence[Call],
        *,
        check: bool = False,
        diff: bool = False,
        connect: bool = True,
        any_order: bool = False,
        **params: t.Any,
    ) -> dict[str, t.Any]:
        server = ScriptedServer(calls, any_order=any_order)
        given = {"host": server.url, "api_key": "token-of-the-test", **params} if connect else params
        result = invoke(module, given, check=check, diff=diff)
        server.finish()
        assert "token-of-the-test" not in json.dumps({key: value for key, value in result.items() if key != "invocation"})
        result["requests"] = server.requests
        result["connections"] = server.connections
        result["url"] = server.url
        return result

    yield run
