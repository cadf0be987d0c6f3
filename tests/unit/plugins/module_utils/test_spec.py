# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options and documents become containers in API form."""

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure
from ansible_collections.kubedebug.pods.plugins.module_utils._spec import build, from_options, merge, option_errors, read_document
from tests.unit.plugins.module_utils.specs import EVERY_FIELD, Container

#: The document of the original documentation of ephemeral containers.
ORIGINAL: dict[str, t.Any] = {
    "apiVersion": "v1",
    "kind": "EphemeralContainers",
    "metadata": {"name": "example-pod"},
    "ephemeralContainers": [
        {
            "command": ["sh"],
            "image": "busybox",
            "imagePullPolicy": "IfNotPresent",
            "name": "debugger",
            "stdin": True,
            "tty": True,
            "terminationMessagePolicy": "File",
        }
    ],
}

OPTIONS: dict[str, tuple[t.Any, Container]] = {
    "image": ("busybox:1.37", {"image": "busybox:1.37"}),
    "command": (["sleep", "900"], {"command": ["sleep", "900"]}),
    "command empty": ([], {"command": []}),
    "args": (["-c", "a,b"], {"args": ["-c", "a,b"]}),
    "env": ({"B": "1.10", "A": ""}, {"env": [{"name": "B", "value": "1.10"}, {"name": "A", "value": ""}]}),
    "env for the kubelet": ({"URL": "http://$(HOST)"}, {"env": [{"name": "URL", "value": "http://$(HOST)"}]}),
    "target": ("cart", {"targetContainerName": "cart"}),
    "stdin": (True, {"stdin": True}),
    "stdin off": (False, {"stdin": False}),
    "tty": (True, {"tty": True}),
    "image_pull_policy": ("Always", {"imagePullPolicy": "Always"}),
    "not given": (None, {}),
}


@pytest.mark.parametrize(("option", "value", "expected"), [(key.split()[0], *row) for key, row in OPTIONS.items()], ids=OPTIONS)
def test_options_become_fields(option: str, value: t.Any, expected: Container) -> None:
    assert build({"name": "debugger", option: value}, None).containers == [{"name": "debugger", **expected}]


def test_other_options_are_no_fields() -> None:
    others = {"namespace": "shop", "pod": "cart", "pod_uid": "1", "state": "present", "wait": True, "requested_by": "me", "definition": None, "src": None}
    assert from_options({"name": "d", **others}) == {"name": "d"}


WRONG_WORDS: dict[str, tuple[str, t.Any, str]] = {
    "command string": ("command", "sleep 900", "command"),
    "args string": ("args", "a,b", "args"),
    "command number": ("command", 1, "command"),
    "command mapping": ("command", {"a": "b"}, "command"),
    "command tuple of a number": ("command", ["sleep", 900], "command[1]"),
    "args boolean": ("args", ["-v", True], "args[1]"),
    "args float": ("args", [1.1], "args[0]"),
    "args null": ("args", [None], "args[0]"),
    "args list": ("args", [["a"]], "args[0]"),
    "env number": ("env", {"PORT": 8080}, "env.PORT"),
    "env boolean": ("env", {"DEBUG": True}, "env.DEBUG"),
    "env null": ("env", {"A": None}, "env.A"),
    "env list": ("env", {"A": ["b"]}, "env.A"),
    "env name": ("env", {1: "a"}, "env.1"),
    "env text": ("env", "OPTS=a,b=c", "env"),
    "env of pairs": ("env", [{"name": "A", "value": "b"}], "env"),
    "image boolean": ("image", True, "image"),
    "image number": ("image", 1.1, "image"),
    "target number": ("target", 7, "target"),
}


@pytest.mark.parametrize(("option", "value", "field"), WRONG_WORDS.values(), ids=WRONG_WORDS)
def test_values_that_would_have_to_be_guessed_are_refused(option: str, value: t.Any, field: str) -> None:
    assert [found.field for found in build({"name": "debugger", option: value}, None).errors] == [field]


@pytest.mark.parametrize(("option", "value"), [("command", "sleep 900"), ("env", {"VERSION": 1.1})], ids=["list", "quotes"])
def test_refused_values_come_with_the_right_spelling(option: str, value: t.Any) -> None:
    [found] = build({"name": "debugger", option: value}, None).errors
    assert {"command": "command: [sleep", "env": "quotes"}[option] in found.message


def test_all_wrong_options_are_found() -> None:
    params = {"name": 1, "image": True, "command": ["a", 1, 2], "env": {"A": 1}, "target": 2.5, "stdin": True}
    assert [found.field for found in option_errors(params)] == ["name", "image", "command[1]", "command[2]", "target", "env.A"]


DOCUMENTS: dict[str, tuple[t.Any, list[Container], str | None, str | None]] = {
    "original page": (ORIGINAL, ORIGINAL["ephemeralContainers"], "example-pod", None),
    "one container": (EVERY_FIELD, [EVERY_FIELD], None, None),
    "list of two": (
        {"apiVersion": "v1", "kind": "EphemeralContainers", "metadata": {"namespace": "shop"}, "ephemeralContainers": [{"name": "a"}, {"name": "b"}]},
        [{"name": "a"}, {"name": "b"}],
        None,
        "shop",
    ),
    "without metadata": ({"apiVersion": "v1", "kind": "EphemeralContainers", "ephemeralContainers": [{"name": "a"}]}, [{"name": "a"}], None, None),
    "null metadata": (
        {"apiVersion": "v1", "kind": "EphemeralContainers", "metadata": None, "ephemeralContainers": [{"name": "a"}]},
        [{"name": "a"}],
        None,
        None,
    ),
    "pod manifest": (
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "cart", "namespace": "shop", "labels": {"a": "b"}},
            "spec": {"containers": [{"name": "cart"}], "ephemeralContainers": [{"name": "a"}]},
            "status": {"phase": "Running"},
        },
        [{"name": "a"}],
        "cart",
        "shop",
    ),
}


@pytest.mark.parametrize(("document", "containers", "pod", "namespace"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_documents(document: t.Any, containers: list[Container], pod: str | None, namespace: str | None) -> None:
    assert read_document(document, "definition")[:3] == (containers, pod, namespace)
    assert build({}, document).containers == containers


def changed(**changes: t.Any) -> dict[str, t.Any]:
    return {key: value for key, value in {**ORIGINAL, **changes}.items() if value != "gone"}


BROKEN: dict[str, tuple[t.Any, str]] = {
    "a list": ([ORIGINAL], "src"),
    "a text": ("sleep", "src"),
    "a number": (1, "src"),
    "another kind": (changed(kind="Deployment"), "src.kind"),
    "a list of objects": ({"apiVersion": "v1", "kind": "List", "items": [ORIGINAL]}, "src.kind"),
    "kind in small letters": (changed(kind="ephemeralcontainers"), "src.kind"),
    "kind is a list": (changed(kind=["Pod"]), "src.kind"),
    "kind forgotten": (changed(kind="gone"), "src.kind"),
    "kind of a pod forgotten": ({"apiVersion": "v1", "spec": {"ephemeralContainers": [{"name": "a"}]}}, "src.kind"),
    "apiVersion forgotten": (changed(apiVersion="gone"), "src.apiVersion"),
    "another apiVersion": (changed(apiVersion="apps/v1"), "src.apiVersion"),
    "unknown key": (changed(ephemeralcontainers=[]), "src.ephemeralcontainers"),
    "containers in spec": (changed(spec={}), "src.spec"),
    "metadata is a text": (changed(metadata="example-pod"), "src.metadata"),
    "name is a number": (changed(metadata={"name": 7}), "src.metadata.name"),
    "name is null": (changed(metadata={"name": None}), "src.metadata.name"),
    "uid is a number": (changed(metadata={"uid": 7}), "src.metadata.uid"),
    "namespace is a list": (changed(metadata={"namespace": []}), "src.metadata.namespace"),
    "no list": (changed(ephemeralContainers="gone"), "src.ephemeralContainers"),
    "null list": (changed(ephemeralContainers=None), "src.ephemeralContainers"),
    "empty list": (changed(ephemeralContainers=[]), "src.ephemeralContainers"),
    "mapping instead of a list": (changed(ephemeralContainers={"name": "a"}), "src.ephemeralContainers"),
    "text in the list": (changed(ephemeralContainers=[{"name": "a"}, "b"]), "src.ephemeralContainers[1]"),
    "null in the list": (changed(ephemeralContainers=[None]), "src.ephemeralContainers[0]"),
    "pod without spec": ({"apiVersion": "v1", "kind": "Pod"}, "src.spec.ephemeralContainers"),
    "pod with a text as spec": ({"apiVersion": "v1", "kind": "Pod", "spec": "x"}, "src.spec.ephemeralContainers"),
    "pod without ephemeral containers": ({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []}}, "src.spec.ephemeralContainers"),
    "text in the pod's list": ({"apiVersion": "v1", "kind": "Pod", "spec": {"ephemeralContainers": ["a"]}}, "src.spec.ephemeralContainers[0]"),
}


@pytest.mark.parametrize(("document", "field"), BROKEN.values(), ids=BROKEN)
def test_broken_documents(document: t.Any, field: str) -> None:
    with pytest.raises(Failure) as caught:
        read_document(document, "src")
    assert (caught.value.code, caught.value.field) == ("invalid_options", field)
    assert "src" in caught.value.msg


def document(*containers: Container, **metadata: str) -> dict[str, t.Any]:
    return {"apiVersion": "v1", "kind": "EphemeralContainers", "metadata": metadata, "ephemeralContainers": list(containers)}


AGREEING: dict[str, tuple[dict[str, t.Any], t.Any, list[str]]] = {
    "name from the option": ({"name": "a"}, {"image": "x"}, ["a"]),
    "name from the document": ({}, {"name": "a"}, ["a"]),
    "name in both": ({"name": "a"}, {"name": "a"}, ["a"]),
    "name for a list of one": ({"name": "a"}, document({"image": "x"}), ["a"]),
    "pod and namespace in both": ({"pod": "p", "namespace": "n"}, document({"name": "a"}, name="p", namespace="n"), ["a"]),
    "pod in the option only": ({"pod": "p"}, document({"name": "a"}), ["a"]),
}


@pytest.mark.parametrize(("params", "given", "names"), AGREEING.values(), ids=AGREEING)
def test_options_and_document_agree(params: dict[str, t.Any], given: t.Any, names: list[str]) -> None:
    assert [container["name"] for container in build(params, given).containers] == names


CONTRADICTIONS: dict[str, tuple[dict[str, t.Any], t.Any, str]] = {
    "another name": ({"name": "a"}, {"name": "b"}, "name"),
    "one name for two": ({"name": "a"}, document({"image": "x"}, {"image": "y"}), "name"),
    "another pod": ({"pod": "p"}, document({"name": "a"}, name="q"), "pod"),
    "another namespace": ({"namespace": "n"}, document({"name": "a"}, namespace="m"), "namespace"),
    "another pod of that name": ({"pod_uid": "1"}, document({"name": "a"}, uid="2"), "pod_uid"),
    "no name at all": ({}, {"image": "x"}, "name"),
    "an empty name": ({"name": ""}, None, "name"),
    "no name in one of two": ({}, document({"name": "a"}, {"image": "x"}), "name"),
    "a name that is removed": ({"name": "a"}, {"name": None}, "name"),
}


@pytest.mark.parametrize(("params", "given", "field"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_contradictions(params: dict[str, t.Any], given: t.Any, field: str) -> None:
    with pytest.raises(Failure) as caught:
        build(params, given)
    assert (caught.value.code, caught.value.field) == ("invalid_options", field)


MERGED: dict[str, tuple[Container, Container, Container]] = {
    "scalar replaced": ({"image": "a"}, {"image": "b"}, {"image": "b"}),
    "key added": ({"image": "a"}, {"tty": True}, {"image": "a", "tty": True}),
    "null removes": ({"image": "a", "tty": True}, {"tty": None}, {"image": "a"}),
    "null for nothing": ({}, {"tty": None}, {}),
    "false replaces": ({"tty": True}, {"tty": False}, {"tty": False}),
    "list replaced": ({"command": ["a", "b"]}, {"command": ["c"]}, {"command": ["c"]}),
    "empty list replaces": ({"command": ["a"]}, {"command": []}, {"command": []}),
    "mappings merge": ({"securityContext": {"runAsUser": 0}}, {"securityContext": {"runAsGroup": 1}}, {"securityContext": {"runAsUser": 0, "runAsGroup": 1}}),
    "capabilities are replaced": (
        {"securityContext": {"capabilities": {"add": ["A"]}}},
        {"securityContext": {"capabilities": {"add": ["B"]}}},
        {"securityContext": {"capabilities": {"add": ["B"]}}},
    ),
    "env by name": (
        {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
        {"env": [{"name": "C", "value": "3"}, {"name": "A", "value": "4"}]},
        {"env": [{"name": "A", "value": "4"}, {"name": "B", "value": "2"}, {"name": "C", "value": "3"}]},
    ),
    "env value to reference": (
        {"env": [{"name": "A", "value": "1"}]},
        {"env": [{"name": "A", "value": None, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]},
        {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]},
    ),
    "mounts by mountPath": (
        {"volumeMounts": [{"name": "v", "mountPath": "/a"}]},
        {"volumeMounts": [{"name": "w", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}]},
        {"volumeMounts": [{"name": "w", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}]},
    ),
    "another type replaces": ({"env": [{"name": "A"}]}, {"env": "x"}, {"env": "x"}),
    "a text among the mappings": ({"env": [{"name": "A"}]}, {"env": ["x"]}, {"env": [{"name": "A"}, "x"]}),
}


@pytest.mark.parametrize(("under", "over", "expected"), MERGED.values(), ids=MERGED)
def test_merge(under: Container, over: Container, expected: Container) -> None:
    before = copy.deepcopy((under, over))
    assert merge(under, over) == expected
    assert (under, over) == before


def test_document_is_laid_over_the_options_for_each_of_its_containers() -> None:
    params = {"image": "busybox:1.37", "env": {"A": "1"}, "stdin": True}
    given = document({"name": "one"}, {"name": "two", "image": "other:1", "env": [{"name": "A", "value": "2"}], "stdin": None})
    before = copy.deepcopy((params, given))
    assert build(params, given).containers == [
        {"name": "one", "image": "busybox:1.37", "env": [{"name": "A", "value": "1"}], "stdin": True},
        {"name": "two", "image": "other:1", "env": [{"name": "A", "value": "2"}]},
    ]
    assert (params, given) == before


def test_nothing_of_the_document_is_defaulted_or_dropped() -> None:
    assert build({"name": "debugger"}, EVERY_FIELD).containers == [EVERY_FIELD]


def test_what_is_of_a_wrong_type_is_named_as_people_do() -> None:
    errors = build({"name": "debugger", "image": "busybox:1.37", "command": 5, "args": {}, "env": [1]}, None).errors
    words = ("command is an integer.", "args is a mapping.", "env is a list.")
    assert [error.message.startswith(begin) for error, begin in zip(errors, words, strict=True)] == [True] * 3
