# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every test may use: the collection where Ansible and Python find it, and the cluster."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import cluster as test_cluster
from tests import collection

_TREE = collection.tree()
sys.path.insert(0, str(_TREE))


@pytest.fixture(scope="session")
def collections_path() -> Path:
    """The directory for ANSIBLE_COLLECTIONS_PATH."""
    return _TREE


@pytest.fixture(scope="session")
def cluster() -> test_cluster.Cluster:
    """The cluster of the whole run. It stays up for the next run: ``make cluster-down`` ends it."""
    return test_cluster.up()
