# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event filter ``kubedebug.pods.alerts`` of ansible-rulebook: each alert of a message becomes an event, reduced to what is safe to work with.

An event has ``status``, ``fingerprint``, ``startsAt`` and the labels ``alertname``, ``namespace``, ``pod`` and ``container`` (empty where the alert has none),
all strings of a checked form. Everything else that an alert says is dropped here: ansible-rulebook hands whole events to playbooks, and Ansible takes them for
templates. An alert that cannot be worked with is left out, with a warning; each one that can is a line at INFO (``ansible-rulebook -v``).
"""

from __future__ import annotations

import logging
import runpy
import typing as t
from pathlib import Path

# ansible-rulebook runs this file where ansible_collections cannot be imported.
_ALERT = runpy.run_path(str(Path(__file__).resolve().parents[4] / "plugins" / "plugin_utils" / "_debug_alert.py"))
_LOGGER = logging.getLogger("kubedebug.pods")


def main(event: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """Split an event of ``eda.builtin.webhook`` or ``ansible.eda.alertmanager``."""
    taken, said, refused = _ALERT["split"](event)
    for line in said:
        _LOGGER.info(line)
    for line in refused:
        _LOGGER.warning(line)
    return list(taken)
