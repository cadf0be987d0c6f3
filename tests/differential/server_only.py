# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that only a server can know, and that are left to it: nothing else may be judged otherwise by ours."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from tests.differential.specs import Document


def _nowhere(_container: Document) -> t.Iterator[str]:
    return iter(())


def _odd_divisors(container: Document) -> t.Iterator[str]:
    """The fields of divisors with a plus sign or an exponent."""
    env = container.get("env")
    for index, variable in enumerate(env if isinstance(env, list) else ()):
        source = variable.get("valueFrom") if isinstance(variable, dict) else None
        reference = source.get("resourceFieldRef") if isinstance(source, dict) else None
        divisor = reference.get("divisor") if isinstance(reference, dict) else None
        if re.match(r"\+|.*\d[eE][+-]?\d", str(divisor)):
            yield f"spec.ephemeralContainers[0].env[{index}].valueFrom.resourceFieldRef.divisor"


@dataclasses.dataclass(frozen=True)
class Rule:
    """``example`` meets the rule, and ours takes it. The server answers it with ``status``, and with ``says`` in its message.

    ``fields`` are those of a generated container that the rule may be about. A rule without them is about no container that is generated.
    """

    name: str
    reason: str
    example: Document
    status: int
    says: str = ""
    fields: t.Callable[[Document], t.Iterator[str]] = _nowhere


def _container(**fields: t.Any) -> Document:
    return {"name": "debugger", "image": "busybox", **fields}


RULES = (
    Rule(
        "divisors with a plus sign or an exponent",
        "how a server writes such a quantity, and so whether it is one of the few that it takes, depends on its digits",
        _container(env=[{"name": "A", "valueFrom": {"resourceFieldRef": {"containerName": "app", "resource": "limits.cpu", "divisor": "1e1"}}}]),
        422,
        "only divisor's values",
        _odd_divisors,
    ),
    Rule(
        "admission",
        "the levels, policies and webhooks of a namespace are not in the pod; here the level baseline",
        _container(securityContext={"privileged": True}),
        403,
        "violates PodSecurity",
    ),
    Rule(
        "the secrets of a service account",
        "a service account may limit which secrets its pods refer to, and it is another object",
        _container(envFrom=[{"secretRef": {"name": "other"}}]),
        500,
        "does not reference that secret",
    ),
)

#: Rules that depend on the server's version or settings and that the server of the tests does not have, so that it takes their examples, as ours does.
OF_OTHER_SERVERS = (
    Rule("--allow-privileged=false", "a setting of the API server that no client can read", _container(securityContext={"privileged": True}), 200),
    Rule("strict names of variables", "up to 1.31 they had to be identifiers", _container(env=[{"name": "1 A", "value": "x"}]), 200),
)


def left_to_the_server(container: Document) -> frozenset[str]:
    """The fields that are not to be judged but by the server."""
    return frozenset(field for rule in RULES for field in rule.fields(container))
