# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Imports the kubernetes package without what a request does not need: that is half the time of a task on a converged pod."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType


class _NotRun:
    """Loads a package without running its ``__init__``: what it imports is read, its own names are not there."""

    @staticmethod
    def create_module(_spec: importlib.machinery.ModuleSpec) -> None:
        return None

    @staticmethod
    def exec_module(_module: ModuleType) -> None:
        pass


class _LoadedWhenUsed:
    """Finds the package's subpackages, which its ``__init__`` imports one and all, so that each is run when it is first used.

    ``kubernetes.utils`` is not run at all: releases from 37 on need one file of it for each request, and its ``__init__`` imports a YAML parser.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        package, _dot, rest = name.partition(".")
        if package != "kubernetes" or not rest or "." in rest:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec and spec.loader:
            spec.loader = t.cast("t.Any", _NotRun()) if name == "kubernetes.utils" else importlib.util.LazyLoader(spec.loader)
        return spec


def load() -> ModuleType:
    """The kubernetes package. Raises ImportError where it is not installed."""
    if "kubernetes" in sys.modules:
        return sys.modules["kubernetes"]
    sys.meta_path.insert(0, _LoadedWhenUsed)
    try:
        return importlib.import_module("kubernetes")
    except BaseException:
        # What was put off would be run by whoever looks at all modules, as inspect does, and fail there.
        for name in [name for name in sys.modules if name.startswith("kubernetes.")]:
            del sys.modules[name]
        raise
    finally:
        sys.meta_path.remove(_LoadedWhenUsed)
