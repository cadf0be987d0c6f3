# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks of the role debug need of Python. Each filter is documented in the file of its name."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_plan import BadRequest, choose, plan, words, wrong_numbers
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_results import artifacts, results, stored


def debug_plan(request: dict[str, t.Any]) -> dict[str, t.Any]:
    try:
        return plan(request, time.time())
    except BadRequest as bad:
        return {"preset": request["preset"], "error": str(bad)}


def debug_results(ensured: list[dict[str, t.Any]], planned: dict[str, t.Any], *more: t.Any, **named: t.Any) -> dict[str, dict[str, t.Any]]:
    return {name: {planned["preset"]: found} for name, found in results(ensured, planned, *more, **named).items()}


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {
            "debug_artifacts": artifacts,
            "debug_choice": choose,
            "debug_files": stored,
            "debug_numbers": wrong_numbers,
            "debug_plan": debug_plan,
            "debug_results": debug_results,
            "debug_words": words,
        }
