# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a pod may say to be more than text, put into every field of a manifest that is free text, and how it has to look then."""

from __future__ import annotations

import typing as t
import unicodedata

Json = dict[str, t.Any]
#: Within what is shown of a text, so that each is compared whole.
SHOWN = 500
ATTACKS = {
    "html": "</bdi></p></style></title><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)><iframe srcdoc='<script>alert(4)</script>'>"
    """<style>*{display:none}</style><meta http-equiv=refresh content="0;url=http://127.0.0.1:9/">" autofocus onfocus=alert(5) x="' onclick='alert(6)""",
    "template": "{{ 7*7 }}{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}{# gone #}{{ lookup('pipe', 'id') }} ${7*7} <%= 7 %> }}%}#}",
    "style": "expression(alert(1));}*{background:url(http://127.0.0.1:9/a)}@import '//127.0.0.1:9/b';/*--></style><link rel=stylesheet href=//127.0.0.1:9/c>",
    "reference": "javascript:alert(1)//../../../etc/passwd\\..\\data:text/html,<script>alert(2)</script>?q#f%2e%2e%2f&colon;&#x6a;&lt;b&gt;&amp;amp;",
    "terminal": "a\x00b\x1b[31mred\x1b]0;title\x07\x08\x7f\x9b2J\rover\nline\ttab\x0b\x0c\x85\u2028\u2029end",
    "order": "user\u202etxt.exe\u202d\u2066\u2067\u2068\u2069\u200e\u200f\u061c pod \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 123 <b>",
    "unseen": "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u3164h\u115fi\u2800j\ufe0fk\U000e0041l\u00a0m\u3000n\ud800o\ue000p\U0010ffffq",
    "marks": "z" + "\u0301\u0489\u20dd" * 40 + "after \u0e01\u0e33 \ufdfd \U0001f469\u200d\U0001f4bb",
    "word": "W" * 1_000_000,
    "number": "9" * 100_000 + "<b>",
}
#: What is not free text by the schema or because no pod has a say in it.
_FIXED = {"schema", "id", "run", "kind", "state", "path", "name of a folder"}
_UNSEEN = frozenset("\u3164\u115f\u2800\ufe0f")


def visible(text: str) -> str:
    """How a text has to be shown: each character that is not seen, and each mark after the second on a letter, by its escape in Python."""
    out = []
    marks = 0
    for each in text[:SHOWN]:
        category = unicodedata.category(each)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        hidden = category[0] == "C" or category in ("Zl", "Zp") or (category == "Zs" and each != " ") or each in _UNSEEN or marks > 2
        out.append(each.encode("unicode_escape").decode() if hidden else each)
    return "".join(out)


def fields(value: t.Any, name: str = "", key: str = "") -> t.Iterator[tuple[str, str]]:
    """Every free text of a manifest with the place where it is."""
    if isinstance(value, dict):
        for each, below in value.items():
            yield from fields(below, f"{name}.{each}", each)
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from fields(below, f"{name}.{number}", key)
    elif isinstance(value, str) and free(key):
        yield name, value


def free(key: str) -> bool:
    return key not in _FIXED and not key.endswith("_at") and "sha256" not in key


def attacked(value: t.Any, shift: int, name: str = "", key: str = "") -> t.Any:
    """A manifest with an attack in each free text and in each file's name, a different one for each ``shift`` below len(ATTACKS)."""
    kinds = list(ATTACKS)
    attack = ATTACKS[kinds[(sum(map(ord, name)) + shift) % len(kinds)]]
    if isinstance(value, dict):
        named = {each: attacked(below, shift, f"{name}.{each}", each) for each, below in value.items()}
        return {f"{attack}{each}": below for each, below in named.items()} if key in ("tool", "redactions") else named
    if isinstance(value, list):
        return [attacked(below, shift, f"{name}.{number}", key) for number, below in enumerate(value)]
    if isinstance(value, str) and key == "path":
        return f"{value}{attack}.txt"
    return f"{name} {attack}" if isinstance(value, str) and free(key) else value
