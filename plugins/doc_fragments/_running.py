# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

from __future__ import annotations


class ModuleDocFragment:
    """Which running ephemeral container, for what is done in it."""

    DOCUMENTATION = r"""
options:
  name:
    description:
      - The name of the ephemeral container. It has to run.
    type: str
    required: true
    aliases:
      - container
"""
