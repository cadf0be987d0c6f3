# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long the differential test of the validation takes."""

from __future__ import annotations

import sys
import time
import typing as t

from .figures import Figure

if t.TYPE_CHECKING:
    from .stage import Stage

#: The goal: so many seconds for each container, 60 for 3,000.
SECONDS_EACH = 0.02


def figure(stage: Stage, most: int) -> Figure:
    """Seconds in which generated containers are put to our validation and to the API server, by the code of the test."""
    sys.path.insert(0, str(stage.collections[0]))
    from tests.differential.conftest import pods_of_each_kind
    from tests.differential.server import Server
    from tests.differential.verdicts import agree

    server = Server(stage.cluster)
    with pods_of_each_kind(stage.cluster, server) as pods:
        begun = time.monotonic()
        tried = agree(server, pods, most)
        seconds = time.monotonic() - begun
    goal = SECONDS_EACH * most
    name = f"{most} specs judged by ours and by the server"
    return Figure(name, f"{seconds:.1f} s", tried, f"{tried / seconds:.0f} a second", f"<= {goal:.0f} s", seconds <= goal)
