# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Documents in files and texts: JSON or YAML, one each, no key twice, and no more of them than a pod can hold."""

from __future__ import annotations

import json
import os
import stat
import typing as t

from ._errors import Failure
from ._schema import LARGEST

#: Values in a document once its aliases are written out. A text counts for one more with each _TEXT of its characters.
_MOST_VALUES, _TEXT = 200_000, 16


class _Twice(ValueError):
    pass


def read_file(path: str) -> t.Any:
    """The one document in the file. Raises Failure ``invalid_options`` where it cannot be read, is neither JSON nor YAML, or is not one."""
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):
            raise Failure("invalid_options", f"src: {path} is {'a directory' if stat.S_ISDIR(mode) else 'no regular file'}.", field="src")
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise Failure("invalid_options", f"src: {path!r} cannot be read: {reason}.", field="src") from exc
    if content.startswith(b"$ANSIBLE_VAULT"):
        message = f"src: {path} is encrypted by Ansible Vault, and the module cannot decrypt it."
        raise Failure("invalid_options", message, field="src", hint="Ansible decrypts it where the task runs with a local connection.")
    if len(content) > LARGEST:
        raise Failure("invalid_options", f"src: {path} is larger than {LARGEST} bytes, and a pod that holds it could not be stored.", field="src")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise Failure("invalid_options", f"src: {path} is not a text in UTF-8.", field="src") from exc
    return read_text(text, "src", f"src: {path}")


def read_text(text: str, option: str, place: str) -> t.Any:
    """The one document in a text. ``place`` says in messages where it comes from, ``option`` is the failure's field."""
    documents = _parse(text, option, place)
    if len(documents) != 1:
        raise Failure("invalid_options", f"{place} holds {len(documents)} documents. It has to hold one.", field=option)
    return documents[0]


def _parse(text: str, option: str, place: str) -> list[t.Any]:
    import yaml

    try:
        document = json.loads(text, object_pairs_hook=_unique)
        return [] if document is None else [document]
    except _Twice as exc:
        raise _unreadable(option, place, exc) from exc
    except (ValueError, RecursionError):
        pass
    try:
        return [document for document in _yaml_documents(text) if document is not None]
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as exc:
        raise _unreadable(option, place, exc) from exc


def _unreadable(option: str, place: str, exc: Exception) -> Failure:
    words = " ".join(str(exc).split())[:300] or type(exc).__name__
    return Failure("invalid_options", f"{place} is not one JSON or YAML document: {words}.", field=option)


def _unique(pairs: t.Sequence[tuple[str, t.Any]]) -> dict[str, t.Any]:
    document: dict[str, t.Any] = {}
    for key, value in pairs:
        if key in document:
            raise _Twice(f"the key {key!r} stands twice, and only one of its values would count")
        document[key] = value
    return document


def _yaml_documents(text: str) -> t.Iterator[t.Any]:
    loader = _yaml_loader()(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            _count(node, {})
            yield loader.construct_document(node)
    finally:
        loader.dispose()


def _count(node: t.Any, counts: dict[int, int]) -> int:
    """How many values the node holds with its aliases written out. ``counts``: of the nodes seen, 0 for those that are being counted."""
    known = counts.get(id(node))
    if known is not None:
        if not known:
            raise ValueError("an alias refers to what it is a part of")
        return known
    counts[id(node)] = 0
    values = node.value if isinstance(node.value, list) else ()
    size = len(node.value) // _TEXT if isinstance(node.value, str) else 0
    total = 1 + size + sum(_count(part, counts) for value in values for part in (value if isinstance(value, tuple) else (value,)))
    if total > _MOST_VALUES:
        raise ValueError(f"with its aliases written out it has more than {_MOST_VALUES} values, or is larger than a pod can be")
    counts[id(node)] = total
    return total


def _yaml_loader() -> t.Any:
    import yaml

    class UniqueKeys(yaml.SafeLoader):
        """A safe loader that refuses a key that stands twice in one mapping, for the first one's value would be lost without a word."""

    def construct(loader: t.Any, node: t.Any) -> t.Any:
        keys = [loader.construct_object(key, deep=True) for key, _value in node.value if key.tag != "tag:yaml.org,2002:merge"]
        _unique([(str(key), None) for key in keys])
        return yaml.SafeLoader.construct_yaml_map(loader, node)

    UniqueKeys.add_constructor("tag:yaml.org,2002:map", construct)
    return UniqueKeys
