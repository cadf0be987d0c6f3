# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Documents in files: JSON or YAML, one a file, no key twice."""

from __future__ import annotations

import json
import typing as t

from ._errors import Failure


class _Twice(ValueError):
    pass


def read_file(path: str) -> t.Any:
    """The one document in the file. Raises Failure ``invalid_options`` where it cannot be read, is neither JSON nor YAML, or is not one."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as exc:
        raise Failure("invalid_options", f"src: {path} cannot be read: {exc.strerror}.", field="src") from exc
    except UnicodeDecodeError as exc:
        raise Failure("invalid_options", f"src: {path} is not a text in UTF-8.", field="src") from exc
    documents = _parse(text, path)
    if len(documents) != 1:
        raise Failure("invalid_options", f"src: {path} holds {len(documents)} documents. It has to hold one.", field="src")
    return documents[0]


def _parse(text: str, path: str) -> list[t.Any]:
    import yaml

    try:
        document = json.loads(text, object_pairs_hook=_unique)
        return [] if document is None else [document]
    except _Twice as exc:
        raise _unreadable(path, exc) from exc
    except (ValueError, RecursionError):
        pass
    try:
        return [document for document in yaml.load_all(text, Loader=_yaml_loader()) if document is not None]
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as exc:
        raise _unreadable(path, exc) from exc


def _unreadable(path: str, exc: Exception) -> Failure:
    words = " ".join(str(exc).split())[:300] or type(exc).__name__
    return Failure("invalid_options", f"src: {path} is not one JSON or YAML document: {words}.", field="src")


def _unique(pairs: t.Sequence[tuple[str, t.Any]]) -> dict[str, t.Any]:
    document: dict[str, t.Any] = {}
    for key, value in pairs:
        if key in document:
            raise _Twice(f"the key {key!r} stands twice, and only one of its values would count")
        document[key] = value
    return document


def _yaml_loader() -> type:
    import yaml

    class UniqueKeys(yaml.SafeLoader):
        """A safe loader that refuses a key that stands twice in one mapping, for the first one's value would be lost without a word."""

    def construct(loader: t.Any, node: t.Any) -> t.Any:
        keys = [loader.construct_object(key, deep=True) for key, _value in node.value if key.tag != "tag:yaml.org,2002:merge"]
        _unique([(str(key), None) for key in keys])
        return yaml.SafeLoader.construct_yaml_map(loader, node)

    UniqueKeys.add_constructor("tag:yaml.org,2002:map", construct)
    return UniqueKeys
