# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure
from ansible_collections.kubedebug.pods.plugins.module_utils._profiles import match_target
from ansible_collections.kubedebug.pods.plugins.module_utils._spec import build, for_pod

SEEN = {"uid": 65532, "gid": 0, "supplementalGroups": [0]}


def pod(own: t.Any = None, shared: t.Any = None, seen: t.Any = None, kind: str = "container") -> dict[str, t.Any]:
    status = {"name": "app", **({"user": {"linux": seen}} if seen else {})}
    return {
        "spec": {"securityContext": shared, f"{kind if kind == 'container' else 'initContainer'}s": [{"name": "app", "securityContext": own}]},
        "status": {f"{kind if kind == 'container' else 'initContainer'}Statuses": [status]},
    }


IDS: dict[str, tuple[dict[str, t.Any], dict[str, int], list[str]]] = {
    "of the container": (pod({"runAsUser": 0, "runAsGroup": 2}, {"runAsUser": 3, "runAsGroup": 4}, SEEN), {"runAsUser": 0, "runAsGroup": 2}, []),
    "of the pod": (pod({}, {"runAsUser": 3, "runAsGroup": 4}, SEEN), {"runAsUser": 3, "runAsGroup": 4}, []),
    "seen by the kubelet": (pod(None, None, SEEN), {"runAsUser": 65532, "runAsGroup": 0}, []),
    "user of the spec, group seen": (pod({"runAsUser": 1}, {}, SEEN), {"runAsUser": 1, "runAsGroup": 0}, []),
    "of an init container": (pod(None, None, SEEN, "init"), {"runAsUser": 65532, "runAsGroup": 0}, []),
    "group not known": (pod({"runAsUser": 1}), {"runAsUser": 1}, ["runAsGroup"]),
    "nothing known": (pod(), {}, ["runAsUser", "runAsGroup"]),
    "no such container": ({"spec": {}, "status": {}}, {}, ["runAsUser", "runAsGroup"]),
}


@pytest.mark.parametrize(("there", "ids", "unknown"), IDS.values(), ids=IDS)
def test_ids_are_found_out_and_never_guessed(there: dict[str, t.Any], ids: dict[str, int], unknown: list[str]) -> None:
    assert match_target(there, "app") == ({"securityContext": ids}, unknown)


def test_what_is_copied() -> None:
    own = {
        "allowPrivilegeEscalation": False,
        "appArmorProfile": {"type": "RuntimeDefault"},
        "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
        "runAsNonRoot": True,
        "seLinuxOptions": {"level": "s0"},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    others = {"privileged": True, "procMount": "Unmasked", "readOnlyRootFilesystem": True}
    matched = match_target(pod({**own, **others}, None, SEEN), "app").profile["securityContext"]
    assert matched == {**own, "runAsUser": 65532, "runAsGroup": 0}


def test_what_is_given_wins_and_is_known() -> None:
    container = {"name": "d", "targetContainerName": "app", "securityContext": {"runAsUser": 1, "runAsGroup": 2}}
    fitted, unknown, _left_out = for_pod(container, pod({"capabilities": {"drop": ["ALL"]}}), "match_target")
    assert fitted["securityContext"] == {"capabilities": {"drop": ["ALL"]}, "runAsUser": 1, "runAsGroup": 2}
    assert unknown == []


def test_other_profiles_do_not_look_at_the_pod() -> None:
    container = {"name": "d", "image": "x"}
    assert for_pod(container, {}, "general") == (container, [], [])


def test_a_target_is_needed() -> None:
    with pytest.raises(Failure) as caught:
        build({"name": "d", "image": "x", "profile": "match_target"}, None)
    assert (caught.value.code, caught.value.field) == ("invalid_options", "target")
