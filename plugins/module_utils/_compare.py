# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""A wanted container against the stored one of its name, under server defaulting. Pure.

Source of the rules: pkg/apis/core/v1/defaults.go (SetDefaults_Container) and the zero values that encoding/json omits.
"""

from __future__ import annotations

import re
import typing as t

from ._schema import CONTAINER, DEFAULTS, MERGE_KEYS, TYPES

#: Where something stored beyond what was asked is a difference unless it may have been injected: admission adds to these, and they change what the
#: container may do or see.
STRICT = ("securityContext", "env", "envFrom", "volumeMounts")
#: Where it always is: no server and no admission gives a container these, only who wrote it.
AUTHORED = ("command", "args", "workingDir", "targetContainerName", "stdin", "stdinOnce", "tty", "volumeDevices")

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_DOMAIN_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_REFERENCE = re.compile(
    rf"(?P<name>(?:(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?/)?{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?P<digest>@(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}))?",
    re.ASCII,
)
_IDENTIFIER = re.compile("[0-9a-f]{64}")
_LONGEST_NAME = 255


class Comparison(t.NamedTuple):
    """``differences``: {field, wanted, stored} each, null where a side has nothing. ``injected``: {field, stored} beyond what was asked."""

    differences: list[dict[str, t.Any]]
    injected: list[dict[str, t.Any]]


def default_pull_policy(image: str) -> str:
    """The imagePullPolicy that the server fills in: ``Always`` for the tag latest, or neither tag nor digest; else ``IfNotPresent``.

    A reference that cannot be parsed has no tag for the server either, and gets ``IfNotPresent`` (pkg/util/parsers.ParseImageName).
    """
    match = _REFERENCE.fullmatch(image)
    if match is None or _IDENTIFIER.fullmatch(image) or len(f"docker.io/library/{match['name']}") > _LONGEST_NAME:
        return "IfNotPresent"
    tag = match["tag"] or ("" if match["digest"] else "latest")
    return "Always" if tag == "latest" else "IfNotPresent"


def _normal(value: t.Any, kind: str) -> t.Any:
    """``value`` without nulls and zero values, with defaults; None where nothing is left."""
    if value is None:
        return None
    if kind.startswith("[]"):
        return [_normal(item, kind[2:]) if kind[2:] in TYPES else item for item in value] or None
    if kind in TYPES:
        fields = {key: _normal(item, TYPES[kind].get(key, "unknown")) for key, item in value.items()}
        kept = {key: item for key, item in fields.items() if item is not None}
        return {**{key: _normal(item, TYPES[kind][key]) for key, item in DEFAULTS.get(kind, {}).items()}, **kept}
    if kind == "quantity":
        return _quantity(value)
    if kind in ("string", "boolean", "integer", "unknown"):
        return value or None
    return value


def _quantity(value: t.Any) -> str:
    from ._rules_nested import quantity

    number = quantity(value)
    return str(value) if number is None else str(number.normalize())


def normal_form(container: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The container as the server stores it: defaults filled in, zero values and ``resources: {}`` left out. Keys of a newer API stay as they are."""
    normal: dict[str, t.Any] = _normal(container, CONTAINER)
    normal.setdefault("imagePullPolicy", default_pull_policy(str(normal.get("image", ""))))
    return normal


class _Walk:
    """Collects differences and injected fields on one walk through both sides."""

    def __init__(self, allow_injected: bool) -> None:
        self.allow_injected = allow_injected
        self.differences: list[dict[str, t.Any]] = []
        self.injected: list[dict[str, t.Any]] = []

    def differ(self, field: str, wanted: t.Any, stored: t.Any) -> None:
        self.differences.append({"field": field, "wanted": wanted, "stored": stored})

    def extra(self, field: str, stored: t.Any, strict: bool, *, authored: bool = False) -> None:
        if authored or (strict and not self.allow_injected):
            self.differ(field, None, stored)
        else:
            self.injected.append({"field": field, "stored": stored})

    def mappings(self, wanted: t.Mapping[str, t.Any], stored: t.Mapping[str, t.Any], path: str, strict: bool) -> None:
        for key in sorted(set(wanted) | set(stored)):
            place, within = f"{path}.{key}", strict or key in STRICT
            if key not in wanted:
                self.extra(place, stored[key], within, authored=key in AUTHORED)
            elif key not in stored:
                self.differ(place, wanted[key], None)
            else:
                self.values(key, wanted[key], stored[key], place, within)

    def values(self, key: str, wanted: t.Any, stored: t.Any, path: str, strict: bool) -> None:
        if isinstance(wanted, dict) and isinstance(stored, dict):
            self.mappings(wanted, stored, path, strict)
        elif isinstance(wanted, list) and isinstance(stored, list) and (strict or key in MERGE_KEYS):
            self.sequences(key, wanted, stored, path, strict)
        elif wanted != stored:
            self.differ(path, wanted, stored)

    def sequences(self, key: str, wanted: list[t.Any], stored: list[t.Any], path: str, strict: bool) -> None:
        """Wanted items have to be there in their order; stored ones between them are extras."""
        place = 0
        for index, item in enumerate(wanted):
            found = next((n for n in range(place, len(stored)) if _identity(key, stored[n]) == _identity(key, item)), None)
            if found is None:
                self.differ(f"{path}[{index}]", item, None)
                continue
            for between in range(place, found):
                self.extra(f"{path}[{between}]", stored[between], strict)
            self.values(key, item, stored[found], f"{path}[{found}]", strict)
            place = found + 1
        for after in range(place, len(stored)):
            self.extra(f"{path}[{after}]", stored[after], strict)


def _identity(key: str, item: t.Any) -> t.Any:
    return item.get(MERGE_KEYS[key]) if key in MERGE_KEYS and isinstance(item, dict) else item


def compare(wanted: t.Mapping[str, t.Any], stored: t.Mapping[str, t.Any], path: str, *, allow_injected: bool = False) -> Comparison:
    """``wanted`` (as asked) against ``stored`` (as read), names aside. ``path`` is the field path of the stored entry.

    Keys that were asked for, and the server's defaults for those that were not, have to be equal. What is stored beyond in STRICT is a difference unless
    ``allow_injected``, in AUTHORED it always is, and elsewhere (fields of a newer API) it is ``injected``.
    """
    walk = _Walk(allow_injected)
    ours, theirs = normal_form(wanted), normal_form(stored)
    walk.mappings({**ours, "name": None}, {**theirs, "name": None}, path, strict=False)
    return Comparison(walk.differences, walk.injected)
