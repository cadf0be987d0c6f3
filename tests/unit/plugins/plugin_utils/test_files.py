# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action plugins look for on the controller, and what they leave to the module."""

from __future__ import annotations

import json
import subprocess
import sys

from ansible_collections.kubedebug.pods.plugins.module_utils._errors import is_kubeconfig_text
from tests.collection import TREE

KUBECONFIGS = [
    "/srv/kubeconfig",
    "/srv/kubeconfig\n",
    "/srv/one:/srv/two",
    "apiVersion: v1\nkind: Config\n",
    "apiVersion: v1",
    "kind: Config\rusers: []",
    '{"users": []}',
]
#: Run apart: once the controller's part of Ansible is imported, warnings of modules go to the terminal.
LOOK = """
import json, sys
from ansible_collections.kubedebug.pods.plugins.plugin_utils._files import ActionModule

class Looking(ActionModule):
    def __init__(self):
        self.looked = []
    def _find(self, path):
        self.looked.append(path)
        return path
    def _is_encrypted(self, option, path):
        return False

looked = []
for given in json.load(sys.stdin):
    action = Looking()
    action._find_kubeconfig({"kubeconfig": given})
    looked.append(bool(action.looked))
print(json.dumps(looked))
"""


def test_what_the_module_takes_for_text_is_no_path() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK], input=json.dumps(KUBECONFIGS), env={"PYTHONPATH": str(TREE)}, text=True, capture_output=True, check=False
    )
    assert not done.returncode, done.stderr
    assert json.loads(done.stdout) == [not is_kubeconfig_text(given) for given in KUBECONFIGS]
