# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action plugins look for on the controller, and what they leave to the module."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils import _auth
from ansible_collections.kubedebug.pods.plugins.plugin_utils._files import ActionModule

KUBECONFIGS: dict[str, t.Any] = {
    "path": "/home/me/kubeconfig",
    "path with a line break at its end": "/home/me/kubeconfig\n",
    "several paths": "/home/me/one:/home/me/two",
    "YAML": "apiVersion: v1\nkind: Config\n",
    "YAML on one line": "apiVersion: v1",
    "lines that end otherwise": "kind: Config\rusers: []",
    "JSON": json.dumps({"users": []}),
}


@pytest.mark.parametrize("given", KUBECONFIGS.values(), ids=KUBECONFIGS)
def test_what_the_module_takes_for_text_is_no_path(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    looked_for: list[str] = []

    def find(path: str) -> str:
        looked_for.append(path)
        return path

    action = object.__new__(ActionModule)
    monkeypatch.setattr(action, "_find", find)
    monkeypatch.setattr(action, "_is_encrypted", lambda _option, _path: False)
    arguments = {"kubeconfig": given}
    action._find_kubeconfig(arguments)
    assert bool(looked_for) != _auth.is_text(given)
    assert arguments == {"kubeconfig": given}
