# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets ``ansible-test sanity`` run where there is a package index and nothing else.

It makes virtual environments of its own with a bootstrap script from a server of the Ansible project. That script is looked for in the
home directory first: a home of its own holds one that uses Python's own ensurepip instead, and pip's settings of whoever runs the tests
(ansible-test keeps no PIP_* variables).
"""

from __future__ import annotations

import ast
import importlib.resources
import os
import re
import subprocess
import sys
from pathlib import Path

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
_GET_PIP = """\
import subprocess, sys
subprocess.check_call([sys.executable, "-m", "ensurepip"])
wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *wanted]))
"""
#: What of pip's settings decides where packages come from.
_SETTINGS = ("cert", "client-cert", "extra-index-url", "find-links", "index-url", "no-index", "proxy", "timeout", "trusted-host")


def environment() -> dict[str, str]:
    """The variables that ansible-test needs, with a home that is kept for the next run."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "kubedebug-pods" / "ansible-test"
    (home / ".ansible" / "test" / "cache").mkdir(parents=True, exist_ok=True)
    (home / ".ansible" / "test" / "cache" / f"get_pip_{_pip_version().replace('.', '_')}.py").write_text(_GET_PIP)
    settings = home / ".config" / "pip" / "pip.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.touch(mode=0o600)
    settings.write_text("".join(["[global]\n", *(f"{name} = {value}\n" for name, value in _pip_settings().items())]))
    return {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "PYTHONDONTWRITEBYTECODE": ""}


def _pip_version() -> str:
    """The version that this ansible-test pins."""
    requirements = importlib.resources.files("ansible_test") / "_internal" / "python_requirements.py"
    found = re.search(r"['\"]?pip['\"]?\s*[=:]\s*['\"]([\d.]+)['\"]", requirements.read_text())
    if not found:
        raise RuntimeError("ansible-test does not say which pip it wants")
    return found.group(1)


def _pip_settings() -> dict[str, str]:
    """pip's settings, wherever they come from; variables win, as they do with pip."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True).stdout
    found: dict[str, str] = {}
    for level in ("global", "install", ":env:"):
        for name, value in re.findall(rf"^{level}\.([\w.-]+)=(.*)$", listed, flags=re.MULTILINE):
            key = name.lstrip(".")
            if key in _SETTINGS:
                found[key] = " ".join(str(ast.literal_eval(value)).split())
    return found
