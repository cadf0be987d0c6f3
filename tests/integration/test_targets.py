# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each folder of ``targets`` is a playbook against the real cluster."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration import playbook

if t.TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster import Cluster

#: Targets that need something that only the embedded cluster offers: a folder of static pods, or an API server that reaches this host.
NEED = {"static_pod": "static_pod_dir", "admission": "host_address"}


@pytest.mark.integration
@pytest.mark.parametrize("target", playbook.TARGETS)
def test_target(target: str, cluster: Cluster, collections_path: Path, tmp_path: Path) -> None:
    need = NEED.get(target)
    if need and getattr(cluster, need) is None:
        pytest.skip(f"a cluster of kind {cluster.kind} has no {need}")
    playbook.run(target, cluster, collections_path, tmp_path)
