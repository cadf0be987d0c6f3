# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a server calls a pod: it is refused as none, or every rule that reads it copes."""

from __future__ import annotations

import copy
import json
import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.kubedebug.pods.plugins.module_utils._decide import Policy, check_against, check_stored, check_writable, decide
from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure
from ansible_collections.kubedebug.pods.plugins.module_utils._manager import writer_of
from ansible_collections.kubedebug.pods.plugins.module_utils._report import info_entry
from ansible_collections.kubedebug.pods.plugins.module_utils._spec import for_pod
from ansible_collections.kubedebug.pods.plugins.module_utils._status import is_pod, judge
from ansible_collections.kubedebug.pods.plugins.module_utils._validate import names
from tests.unit.plugins.module_utils.specs import EVERY_FIELD
from tests.unit.plugins.modules.documents import RUNNING, SENT, pod, stored, terminated, waiting

Path = tuple[t.Any, ...]

CONTEXT = {"runAsUser": 1, "capabilities": {"add": ["X"]}, "windowsOptions": {"hostProcess": False}, "seccompProfile": {"type": "RuntimeDefault"}}


def whole() -> dict[str, t.Any]:
    """A pod with everything that is read of one."""
    document = pod(
        stored(name="other"),
        {**EVERY_FIELD, "name": "debugger"},
        states={"other": terminated(1, "Error"), "debugger": waiting("ImagePullBackOff", "x"), "third": RUNNING},
        managed=[("kubedebug.pods/a/b", "debugger")],
        annotations={"a": "b"},
        ownerReferences=[{"kind": "ReplicaSet", "name": "rs", "uid": "u"}],
    )
    mounts = [{"name": "v", "mountPath": "/v", "mountPropagation": "Bidirectional"}, {"name": "v", "mountPath": "/w", "subPath": "x"}]
    document["spec"]["containers"][0].update(volumeMounts=mounts, securityContext=CONTEXT)
    document["spec"]["initContainers"][0].update(volumeMounts=mounts, securityContext=CONTEXT)
    volumes = [{"name": "v", "emptyDir": {}}, {"name": "d", "persistentVolumeClaim": {"claimName": "c"}}]
    document["spec"].update(volumes=volumes, securityContext={**CONTEXT, "fsGroup": 5}, os={"name": "linux"}, hostUsers=True)
    users = [{"name": "cart", "user": {"linux": {"uid": 1, "gid": 2, "supplementalGroups": [1]}}}]
    document["status"].update(containerStatuses=users, initContainerStatuses=users)
    return t.cast("dict[str, t.Any]", json.loads(json.dumps(document)))


def paths(value: t.Any, above: Path = ()) -> t.Iterator[Path]:
    items: t.Iterable[tuple[t.Any, t.Any]] = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*above, key)
        yield from paths(item, (*above, key))


JUNK: list[t.Any] = [None, 5, -1.5, True, "", "x", [], ["x"], [None], [5], [{}], {}, {"a": 1}, {"name": None}]


@st.composite
def odd_pods(draw: st.DrawFn) -> dict[str, t.Any]:
    """The whole pod with up to three of its values gone or of another type."""
    document = whole()
    for _change in range(draw(st.integers(1, 3))):
        *above, last = draw(st.sampled_from(list(paths(document))))
        place: t.Any = document
        for key in above:
            place = place[key]
        if draw(st.booleans()) and isinstance(place, dict):
            del place[last]
        else:
            place[last] = copy.deepcopy(draw(st.sampled_from(JUNK)))
    return document


WANTED: list[dict[str, t.Any]] = [SENT, {**EVERY_FIELD, "name": "debugger"}, {"name": "new", "image": "x", "targetContainerName": "cart"}]


def read(document: dict[str, t.Any], wanted: dict[str, t.Any], policy: Policy) -> None:
    """Everything that a task does with a pod."""
    profile = "match_target" if wanted.get("targetContainerName") else None
    fitted = for_pod(wanted, document, profile, "cart" if "cart" in names(document, "containers") else None)
    decision = decide(document, [fitted.container], policy, [fitted.unknown])
    check_writable(document)
    check_against(document, decision.missing)
    check_stored(document, [{**container, "name": "debugger"} for container in decision.missing], policy)


@settings(max_examples=400, deadline=None)
@given(
    odd_pods(), st.sampled_from(WANTED), st.sampled_from(["keep", "next", "fail"]), st.sampled_from(["keep", "fail"]), st.sampled_from(["present", "absent"])
)
def test_what_passes_as_a_pod_can_be_read(document: dict[str, t.Any], wanted: dict[str, t.Any], finished: str, difference: str, state: str) -> None:
    if not is_pod(document) or not all(document["metadata"].get(key) for key in ("namespace", "name", "uid")):
        return
    try:
        read(document, wanted, Policy(on_finished=finished, on_difference=difference, state=state))
    except Failure as failure:
        json.dumps([failure.msg, failure.to_dict()])
    for name in names(document, "ephemeralContainers"):
        json.dumps(info_entry(document, name, []))
        judge(document, name, "completed", [0])
        writer_of(document, name)


@pytest.mark.parametrize("document", [whole(), pod(), pod(stored())], ids=["whole", "plain", "with a container"])
def test_real_pods_pass(document: dict[str, t.Any]) -> None:
    assert is_pod(document)


#: Values that a server may well give for what the rules read otherwise: none of them makes a pod less of one.
NEWER: list[tuple[Path, t.Any]] = [
    (("spec", "containers", 0, "newer"), {"a": 1}),
    (("spec", "ephemeralContainers", 0, "newer"), [1]),
    (("spec", "ephemeralContainers", 0, "resources"), {"claims": []}),
    (("spec", "ephemeralContainers", 0, "env"), [{"name": "A", "valueFrom": {"newerRef": {"a": 1}}}]),
    (("spec", "ephemeralContainers", 0, "env"), [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": 1}}}]),
    (("spec", "volumes"), [{"name": "v", "newerSource": 5}]),
    (("spec", "securityContext"), {"newer": True, "sysctls": [{"name": "a", "value": "b"}]}),
    (("status", "ephemeralContainerStatuses"), [{"name": "debugger", "state": {"paused": {}}}]),
    (("metadata", "managedFields"), [{"manager": "m", "fieldsV1": {"f:status": {}}}]),
]


@pytest.mark.parametrize(("path", "value"), NEWER, ids=[".".join(map(str, path)) for path, _value in NEWER])
def test_pods_of_a_newer_api_pass(path: Path, value: t.Any) -> None:
    document = whole()
    place: t.Any = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert is_pod(document)
