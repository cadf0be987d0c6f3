# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs ephemeral_container_fetch with the options that are its argument, as JSON, in a process of its own and prints the most memory that it took, in KiB."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

MODULE = "ansible_collections.kubedebug.pods.plugins.modules.ephemeral_container_fetch"


def main() -> None:
    arguments = {"ANSIBLE_MODULE_ARGS": {**json.loads(sys.argv[1]), "_ansible_remote_tmp": os.environ.get("TMPDIR", "/tmp")}}
    environment = os.environ | {"PYTHONPATH": os.environ["ANSIBLE_COLLECTIONS_PATH"]}
    done = subprocess.run([sys.executable, "-m", MODULE], input=json.dumps(arguments), env=environment, check=False, capture_output=True, text=True)
    result = json.loads(done.stdout)
    if not result["changed"]:
        sys.exit(f"nothing was fetched: {result}")
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


if __name__ == "__main__":
    main()
