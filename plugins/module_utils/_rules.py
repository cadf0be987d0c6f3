# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The API server's rules about values of an ephemeral container that need neither a server nor the pod: its own fields. Pure.

_rules_nested has those of the fields within. Field paths, reasons and wording are those of pkg/apis/core/validation/validation.go and apimachinery's
pkg/util/validation, v1.36, so that a refusal here reads like the refusal that it spares. Every function takes values of the right types: what
is not is left out by the caller.
"""

from __future__ import annotations

import json
import re
import typing as t

from ._errors import FieldError

if t.TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_REASON_WORDS = {
    "FieldValueRequired": "Required value",
    "FieldValueInvalid": "Invalid value",
    "FieldValueDuplicate": "Duplicate value",
    "FieldValueNotFound": "Not found",
    "FieldValueNotSupported": "Unsupported value",
    "FieldValueForbidden": "Forbidden",
    "FieldValueTooLong": "Too long",
    "FieldValueTypeInvalid": "Invalid value",
}
_LONGEST_SHOWN = 120

LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"
ALNUM = "and must start and end with an alphanumeric character"
_LABEL_WORDS = (
    f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {ALNUM} "
    f"(e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')"
)
_ENV_NAME_WORDS = "a valid environment variable name must consist only of printable ASCII characters other than '='"


def error(field: str, reason: str, detail: str = "", value: t.Any = None) -> FieldError:
    """A finding in the API server's words: path, kind of error, value, detail."""
    shown = "" if value is None else f": {_quote(value)}"
    return FieldError(field, reason, f"{field}: {_REASON_WORDS[reason]}{shown}{': ' + detail if detail else ''}")


def _quote(value: t.Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, (str, bool)) else str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."


def required(field: str, detail: str = "") -> FieldError:
    return error(field, "FieldValueRequired", detail)


def invalid(field: str, value: t.Any, detail: str) -> FieldError:
    return error(field, "FieldValueInvalid", detail, value)


def unsupported(field: str, value: str, supported: Collection[str]) -> FieldError:
    words = ", ".join(json.dumps(item) for item in supported)
    return error(field, "FieldValueNotSupported", f"supported values: {words}", value)


def size(text: str) -> int:
    return len(text.encode("utf-8", errors="surrogatepass"))


def invalids(field: str, value: str, faults: Iterator[str]) -> Iterator[FieldError]:
    yield from (invalid(field, value, fault) for fault in faults)


def label_faults(value: str) -> Iterator[str]:
    if size(value) > 63:
        yield "must be no more than 63 characters"
    if not re.fullmatch(LABEL, value):
        yield "must not contain dots" if re.fullmatch(SUBDOMAIN, value) else _LABEL_WORDS


def env_name_faults(value: str) -> Iterator[str]:
    if any(not " " <= letter <= "~" or letter == "=" for letter in value):
        yield _ENV_NAME_WORDS


def required_with(rule: t.Callable[[str], Iterator[str]], holder: t.Mapping[str, t.Any], key: str, path: str) -> Iterator[FieldError]:
    value = holder.get(key, "")
    if value:
        yield from invalids(f"{path}.{key}", value, rule(value))
    else:
        yield required(f"{path}.{key}")


def value_errors(container: t.Mapping[str, t.Any], path: str) -> Iterator[FieldError]:
    """What the server's validation would refuse on any pod among the container's own fields (types right, nulls left out) and its variables' names."""
    yield from required_with(label_faults, container, "name", path)
    image = container.get("image", "")
    if not image:
        yield required(f"{path}.image")
    elif image != image.strip():
        yield invalid(f"{path}.image", image, "must not have leading or trailing whitespace")
    yield from choice(container, "terminationMessagePolicy", ("File", "FallbackToLogsOnError"), path)
    yield from choice(container, "imagePullPolicy", ("Always", "IfNotPresent", "Never"), path)
    for index, variable in enumerate(container.get("env", ())):
        yield from required_with(env_name_faults, variable, "name", f"{path}.env[{index}]")


def choice(holder: t.Mapping[str, t.Any], key: str, supported: tuple[str, ...], path: str) -> Iterator[FieldError]:
    value = holder.get(key, "")
    if value and value not in supported:
        yield unsupported(f"{path}.{key}", value, supported)
