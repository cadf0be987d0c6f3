# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests import collection

LOAD = """
import sys
from ansible_collections.kubedebug.pods.plugins.module_utils._kubernetes import load
found = list(sys.meta_path)
kubernetes = load()
assert sys.meta_path == found and load() is kubernetes
assert "kubernetes.config.kube_config" not in sys.modules and "kubernetes.dynamic.client" not in sys.modules
"""
USES = {
    "nothing": "",
    "a client": "from kubernetes.client import ApiClient; ApiClient(kubernetes.client.Configuration()).close()",
    "the configuration": "assert issubclass(kubernetes.config.ConfigException, Exception) and callable(kubernetes.config.load_kube_config)",
    "a module below": "from kubernetes.config import kube_config; assert kubernetes.config.kube_config is kube_config",
    "dynamic": "from kubernetes.dynamic import DynamicClient; assert isinstance(DynamicClient, type)",
    "stream": "from kubernetes.stream import stream; assert callable(stream)",
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_what_is_not_loaded_yet_can_be_used(use: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(collection.TREE)}
    done = subprocess.run([sys.executable, "-c", LOAD + use], env=environment, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
