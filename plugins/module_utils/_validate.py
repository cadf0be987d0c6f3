# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""A wanted container against the API's rules, without a server and against the live pod. Pure.

Field paths, reasons and wording are the API server's (pkg/apis/core/validation/validation.go, v1.36), so that a refusal
here reads like the refusal that it spares.
"""

from __future__ import annotations

import re
import typing as t

from ._schema import CONTAINER, REFUSED, REFUSED_WHY, TYPES

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_WORDS = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
    "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_REASON_WORDS = {
    "FieldValueRequired": "Required value",
    "FieldValueInvalid": "Invalid value",
    "FieldValueDuplicate": "Duplicate value",
    "FieldValueNotFound": "Not found",
    "FieldValueForbidden": "Forbidden",
    "FieldValueTypeInvalid": "Invalid value",
}


class FieldError(t.NamedTuple):
    """One finding: the API's field path, the reason as in ``status.details.causes[].reason``, and the words."""

    field: str
    reason: str
    message: str

    def to_dict(self) -> dict[str, str]:
        return {"field": self.field, "reason": self.reason, "message": self.message}


def _error(field: str, reason: str, detail: str = "", value: t.Any = None) -> FieldError:
    shown = "" if value is None else f": {_quote(value)}"
    return FieldError(field, reason, f"{field}: {_REASON_WORDS[reason]}{shown}{': ' + detail if detail else ''}")


def _quote(value: t.Any) -> str:
    text = str(value) if not isinstance(value, str) else '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return text if len(text) <= 120 else text[:117] + "..."


def _is_kind(value: t.Any, kind: str) -> bool:
    number = isinstance(value, int) and not isinstance(value, bool)
    return {
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "integer": number,
        "quantity": number or isinstance(value, (str, float)),
    }[kind]


def _is_zero(value: t.Any, kind: str) -> bool:
    zero = {"string": "", "{}": {}}
    return kind in zero and bool(value == zero[kind])


def _type_errors(value: t.Any, kind: str, path: str) -> t.Iterator[FieldError]:
    if value is None:
        return
    if kind.startswith("[]"):
        if not isinstance(value, list):
            yield _error(path, "FieldValueTypeInvalid", "must be a list", value)
            return
        for index, item in enumerate(value):
            if item is None:
                yield _error(f"{path}[{index}]", "FieldValueTypeInvalid", "must not be null")
            yield from _type_errors(item, kind[2:], f"{path}[{index}]")
    elif kind in TYPES:
        if isinstance(value, dict):
            yield from _object_errors(value, kind, path)
        else:
            yield _error(path, "FieldValueTypeInvalid", "must be a mapping", value)
    elif not _is_kind(value, kind.lstrip("*")):
        hint = "; put it in quotes" if kind.endswith("string") and isinstance(value, (int, float)) else ""
        yield _error(path, "FieldValueTypeInvalid", f"must be a {kind.lstrip('*')}{hint}", value)


def _object_errors(value: t.Mapping[t.Any, t.Any], kind: str, path: str) -> t.Iterator[FieldError]:
    for key, item in value.items():
        place = f"{path}.{key}"
        if key in TYPES[kind]:
            yield from _type_errors(item, TYPES[kind][key], place)
        elif key in REFUSED.get(kind, {}):
            if item is not None and not _is_zero(item, REFUSED[kind][key]):
                yield _error(place, "FieldValueForbidden", f"cannot be set for an Ephemeral Container ({REFUSED_WHY[key]})")
        else:
            yield FieldError(place, "UnknownField", f'{place}: unknown field "{key}": an ephemeral container has no such field')


def _name_errors(name: t.Any, path: str) -> t.Iterator[FieldError]:
    if not isinstance(name, str):
        return
    if len(name) > 63:
        yield _error(path, "FieldValueInvalid", "must be no more than 63 characters", name)
    if not _LABEL.fullmatch(name):
        yield _error(path, "FieldValueInvalid", _LABEL_WORDS, name)


def static_errors(container: t.Mapping[str, t.Any], path: str) -> list[FieldError]:
    """Everything that is wrong with ``container`` and can be known without a server: keys, types, refused fields, name, image."""
    errors = list(_object_errors(container, CONTAINER, path))
    errors.extend(_name_errors(container.get("name"), f"{path}.name"))
    image = container.get("image")
    if image is None or image == "":
        errors.append(_error(f"{path}.image", "FieldValueRequired"))
    elif isinstance(image, str) and image != image.strip():
        errors.append(_error(f"{path}.image", "FieldValueInvalid", "must not have leading or trailing whitespace", image))
    return errors


def names(pod: t.Mapping[str, t.Any], *lists: str) -> list[str]:
    """The names of the containers in these lists of the pod's spec (``containers``, ``initContainers``, ``ephemeralContainers``)."""
    spec = pod.get("spec") or {}
    return [str(container.get("name")) for key in lists for container in spec.get(key) or ()]


def live_errors(container: t.Mapping[str, t.Any], pod: t.Mapping[str, t.Any], path: str) -> list[FieldError]:
    """What is wrong with ``container`` on this very pod: a name that an app container has, a target that is not there."""
    errors = []
    name = container.get("name")
    if name in names(pod, "containers", "initContainers"):
        errors.append(_error(f"{path}.name", "FieldValueDuplicate", "a container or init container of the pod has it", name))
    target = container.get("targetContainerName")
    if target:
        targets = names(pod, "containers", "initContainers")
        if target not in targets:
            why = (
                "it is an ephemeral container, which cannot be a target" if target in names(pod, "ephemeralContainers") else f"the pod has {', '.join(targets)}"
            )
            errors.append(_error(f"{path}.targetContainerName", "FieldValueNotFound", why, target))
    return errors
