# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes down when each task and each item of a loop returned, as lines of JSON in the file that BENCHMARK_TIMES names."""

from __future__ import annotations

import json
import os
import time
import typing as t
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: note_times
type: notification
short_description: Notes when tasks return
description:
  - Notes the time, on the clock that all processes of the machine share, at which each task and each item of a loop returned.
"""


class CallbackModule(CallbackBase):
    """One line for each task that is over, and for each item."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "note_times"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: t.Any, **kwargs: t.Any) -> None:
        """Note a task."""
        self._note("task", result)

    def v2_runner_item_on_ok(self, result: t.Any) -> None:
        """Note an item."""
        self._note("item", result)

    def _note(self, kind: str, result: t.Any) -> None:
        moment = time.monotonic()
        with Path(os.environ["BENCHMARK_TIMES"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": kind, "task": result._task.get_name(), "time": moment}) + "\n")
