# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module in this process, through its real entry point, without Ansible around it."""

from __future__ import annotations

import contextlib
import io
import json
import typing as t
from unittest import mock

from ansible.module_utils import basic
from ansible.module_utils.common.warnings import _global_warnings


def invoke(module: t.Any, params: dict[str, t.Any], *, check: bool = False, diff: bool = False) -> dict[str, t.Any]:
    """The result as Ansible would get it. A result and an exit code that do not agree are an error."""
    _global_warnings.clear()
    out = io.StringIO()
    code: t.Any = None
    with _arguments({**params, "_ansible_check_mode": check, "_ansible_diff": diff}), contextlib.redirect_stdout(out):
        try:
            module.main()
        except SystemExit as exit_:
            code = exit_.code
    result = t.cast("dict[str, t.Any]", json.loads(out.getvalue().strip().splitlines()[-1]))
    assert bool(result.get("failed")) == (code != 0)
    return result


def _arguments(params: dict[str, t.Any]) -> t.ContextManager[t.Any]:
    try:
        from ansible.module_utils.testing import patch_module_args
    except ImportError:
        return mock.patch.object(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": params}).encode())
    return t.cast("t.ContextManager[t.Any]", patch_module_args(params))
