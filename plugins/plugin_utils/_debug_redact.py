# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Take secrets out of text and data, by redactors that are data themselves (roles/debug/vars/redactors.yml). Pure.

What is replaced is counted; what was replaced before is not counted again. A pattern must not take the square of a text's length: it begins with a word that
is in it, what repeats is bounded or cannot hold that beginning, and it takes with it all that it has looked through.
"""

from __future__ import annotations

import re
import typing as t

MASK = "***HIDDEN***"
_NAME = re.compile(r"[a-z0-9_]{1,40}")
_GROUP = re.compile(r"\\(?:g<(?=\w+>))?((?<=<)\w+(?=>)|(?<=\\)[0-9])>?")
_KEYS = {"name", "pattern", "replacement", "keys"}
#: Data that nests deeper is no answer of the API.
_DEEPEST = 100

Counts = dict[str, int]


class BadRedactor(ValueError):
    """What is wrong with a redactor, with its name, in words for who wrote it."""


class Redactor(t.NamedTuple):
    """``pattern`` is replaced by ``replacement`` (a template of re) in text, and in data all that has a name in which one of ``keys`` is found."""

    name: str
    pattern: re.Pattern[str] | None
    replacement: list[str | int]
    keys: re.Pattern[str] | None


def load(data: t.Any) -> list[Redactor]:
    """Redactors out of their data, a list of mappings with ``name``, and ``pattern`` and ``replacement`` (without: the mask) or ``keys`` (patterns) or both.

    Raises BadRedactor.
    """
    if not isinstance(data, (list, tuple)):
        raise BadRedactor("debug_redactors is not a list.")
    redactors: list[Redactor] = []
    for index, each in enumerate(data):
        made = _load(f"Redactor {index + 1}", each)
        if made.name in {other.name for other in redactors}:
            raise BadRedactor(f"There are two redactors {made.name}. Give one another name.")
        redactors.append(made)
    return redactors


def _load(where: str, data: t.Any) -> Redactor:
    if not isinstance(data, dict) or not _is_text(data.get("name")) or not _NAME.fullmatch(data["name"]):
        raise BadRedactor(f"{where} is no mapping with a name of letters, digits and _ in lower case.")
    name, pattern, keys = str(data["name"]), data.get("pattern"), data.get("keys") or []
    unknown = sorted(map(str, set(data) - _KEYS))
    if unknown:
        raise BadRedactor(f"Redactor {name} has {', '.join(unknown)}: there are {', '.join(sorted(_KEYS))}.")
    if not isinstance(keys, (list, tuple)) or not all(map(_is_text, keys)) or not (keys or _is_text(pattern)):
        raise BadRedactor(f"Redactor {name} has neither a pattern nor a list of keys, which are texts.")
    compiled = None if pattern is None else _compile(name, "pattern", pattern)
    replacement = data.get("replacement", MASK)
    template = _template(name, compiled, replacement)
    return Redactor(name, compiled, template, _compile(name, "keys", "|".join(f"(?:{key})" for key in keys)) if keys else None)


def _template(name: str, pattern: re.Pattern[str] | None, replacement: t.Any) -> list[str | int]:
    """Texts, and numbers of groups between them. Taken apart once, for a text may have a million places to replace."""
    if not isinstance(replacement, str):
        raise BadRedactor(f"The replacement of redactor {name} is no text.")
    parts: list[str | int] = []
    for position, part in enumerate(_GROUP.split(replacement)):
        if position % 2 == 0:
            parts.append(part)
            continue
        number = int(part) if part.isdigit() else (pattern.groupindex.get(part, -1) if pattern else -1)
        if not 0 <= number <= (pattern.groups if pattern else 0):
            raise BadRedactor(f"The replacement of redactor {name} has the group {part}, and its pattern has not.")
        parts.append(number)
    if any("\\" in part for part in parts if isinstance(part, str)):
        raise BadRedactor(f"The replacement of redactor {name} has a backslash that no group's number or g<NAME> follows.")
    return parts


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _compile(name: str, what: str, pattern: t.Any) -> re.Pattern[str]:
    try:
        compiled = re.compile(str(pattern))
    except (re.error, RecursionError, OverflowError) as exc:
        raise BadRedactor(f"The {what} of redactor {name} cannot be a regular expression: {exc}.") from None
    if compiled.match(""):
        raise BadRedactor(f"The {what} of redactor {name} would replace nothing at all, between any two characters.")
    return compiled


def redact_text(text: str, redactors: t.Sequence[Redactor]) -> tuple[str, Counts]:
    """(the text without what the redactors find, redactor -> how often it replaced something)."""
    counts: Counts = {}
    for redactor in redactors:
        if redactor.pattern is None:
            continue
        replaced = 0

        def replace(found: re.Match[str], template: list[str | int] = redactor.replacement) -> str:
            nonlocal replaced
            new = "".join([part if isinstance(part, str) else found[part] or "" for part in template])
            replaced += new != found[0]
            return new

        text = redactor.pattern.sub(replace, text)
        if replaced:
            counts[redactor.name] = replaced
    return text, counts


def redact_data(value: t.Any, redactors: t.Sequence[Redactor]) -> tuple[t.Any, Counts]:
    """The same of JSON's values: every text in it, and what stands under a name that is a secret's, also as ``name`` and ``value`` and as two arguments."""
    counts: Counts = {}
    return _walk(value, redactors, counts, 0), counts


def _count(counts: Counts, more: Counts) -> None:
    for name, number in more.items():
        counts[name] = counts.get(name, 0) + number


def _of_key(key: object, redactors: t.Sequence[Redactor]) -> Redactor | None:
    return next((each for each in redactors if each.keys and each.keys.search(key)), None) if isinstance(key, str) else None


def _walk(value: t.Any, redactors: t.Sequence[Redactor], counts: Counts, depth: int) -> t.Any:
    if depth > _DEEPEST:
        return MASK
    if isinstance(value, str):
        text, more = redact_text(value, redactors)
        _count(counts, more)
        return text
    if isinstance(value, dict):
        return _walk_dict(value, redactors, counts, depth)
    if isinstance(value, (list, tuple)):
        walked, secret = [], None
        for each in value:
            hidden = secret is not None and isinstance(each, str) and not each.startswith("-")
            walked.append(_hide(each, t.cast(Redactor, secret), counts) if hidden else _walk(each, redactors, counts, depth + 1))
            # An option and its value as two arguments.
            secret = _of_key(each.lstrip("-"), redactors) if isinstance(each, str) and each.startswith("-") and "=" not in each else None
        return walked
    return value


def _walk_dict(value: dict[t.Any, t.Any], redactors: t.Sequence[Redactor], counts: Counts, depth: int) -> dict[t.Any, t.Any]:
    named = _of_key(value.get("name"), redactors) if "value" in value else None
    walked = {}
    for key, each in value.items():
        secret = named if key == "value" and named else _of_key(key, redactors)
        if secret and (_is_leaf(each) or (isinstance(each, (list, tuple)) and all(map(_is_leaf, each)))):
            walked[key] = [_hide(one, secret, counts) for one in each] if isinstance(each, (list, tuple)) else _hide(each, secret, counts)
        else:
            walked[key] = _walk(each, redactors, counts, depth + 1)
    return walked


def _is_leaf(value: object) -> bool:
    return not isinstance(value, (dict, list, tuple))


def _hide(value: t.Any, redactor: Redactor, counts: Counts) -> t.Any:
    if value is None or isinstance(value, bool) or value in ("", MASK):
        return value
    _count(counts, {redactor.name: 1})
    return MASK
