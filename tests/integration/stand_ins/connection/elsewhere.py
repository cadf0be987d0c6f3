# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for another host: it is this one, but Ansible does not know that its files are those of the controller."""

from __future__ import annotations

from ansible.plugins.connection.local import Connection as LocalConnection

DOCUMENTATION = """
name: elsewhere
short_description: Act as if this host were another
description: [Runs everything here.]
extends_documentation_fragment: [connection_pipelining]
options: {}
"""


class Connection(LocalConnection):
    """The local connection under another name."""

    transport = "elsewhere"
