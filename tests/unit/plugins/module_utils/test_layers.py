# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layers of CONTRIBUTING.md: every util is in one, imports point down only, and the libraries are known where it says."""

from __future__ import annotations

import ast
import re

import pytest

from tests.collection import ROOT

UTILS = {path.stem: ast.parse(path.read_text()) for path in (ROOT / "plugins" / "module_utils").glob("_*.py")}
TABLE = (ROOT / "CONTRIBUTING.md").read_text().partition("| layer | files | knows |")[2].partition("\n\n")[0]
LAYERS = [re.findall(r"`(_\w+)`", row.split("|")[2]) for row in TABLE.splitlines() if row.startswith("| ")]
#: Library -> the layer that may import it.
LIBRARIES = {"ansible": 0, "kubernetes": 2, "urllib3": 2, "websocket": 2}


def imported(tree: ast.AST) -> set[str]:
    """The utils and libraries that are imported, wherever, but for those under TYPE_CHECKING."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            found |= {node.module} if node.module else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
        elif isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        else:
            found |= imported(node)
    return found


def layer(util: str) -> int:
    return next(number for number, utils in enumerate(LAYERS) if util in utils)


def test_every_util_is_in_one_layer() -> None:
    assert sorted(util for utils in LAYERS for util in utils) == sorted(UTILS)


@pytest.mark.parametrize("util", sorted(UTILS))
def test_imports_point_down_only(util: str) -> None:
    for other in imported(UTILS[util]) & set(UTILS):
        assert layer(other) >= layer(util), f"{util} imports {other}, which is in a layer above it"


@pytest.mark.parametrize("util", sorted(UTILS))
def test_libraries_are_known_in_one_layer(util: str) -> None:
    for library in imported(UTILS[util]) & set(LIBRARIES):
        assert layer(util) == LIBRARIES[library], f"{util} imports {library}"
