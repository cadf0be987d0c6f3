# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is written to mark a pod."""

from __future__ import annotations

import datetime
import typing as t

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils import _mark
from ansible_collections.kubedebug.pods.plugins.module_utils._mark import Event, Reference
from tests.unit.plugins.modules.documents import pod

NOW = datetime.datetime(2026, 11, 1, 12, 0, tzinfo=datetime.timezone.utc)
APP = Reference("shop", "cart", "uid-1")
A, B = "kubedebug.pods/a", "kubedebug.pods/b"


@pytest.mark.parametrize(
    ("annotations", "reasons"),
    [
        ({A: "x", B: ""}, []),
        ({A: None}, []),
        ({A: "x" * 4096}, []),
        ({A: "x" * 4097}, ["FieldValueTooLong"]),
        ({A: "\u00fc" * 2049}, ["FieldValueTooLong"]),
        ({A: 7, B: True}, ["FieldValueTypeInvalid", "FieldValueTypeInvalid"]),
        ({A: ["x"]}, ["FieldValueTypeInvalid"]),
        ({"a": "x"}, ["FieldValueInvalid"]),
        ({"other.example/a": "x"}, ["FieldValueInvalid"]),
        ({"kubedebug.pods": "x"}, ["FieldValueInvalid"]),
        ({"kubedebug.pods/": "x"}, ["FieldValueInvalid"]),
        ({"kubedebug.pods/a/b": None}, ["FieldValueInvalid"]),
        ({"kubedebug.pods/-a": "x"}, ["FieldValueInvalid"]),
        ({f"kubedebug.pods/{'a' * 63}": "x"}, []),
        ({f"kubedebug.pods/{'a' * 64}": "x"}, ["FieldValueInvalid"]),
        ({7: "x"}, ["FieldValueInvalid"]),
    ],
)
def test_which_annotations_may_be_set(annotations: dict[t.Any, t.Any], reasons: list[str]) -> None:
    errors = _mark.annotation_errors(annotations)
    assert [error.reason for error in errors] == reasons
    assert all(error.field == "annotations" for error in errors)


@pytest.mark.parametrize(
    ("stored", "wanted", "expected"),
    [
        (
            None,
            {A: "1", B: None},
            [{"op": "test", "path": "/metadata/annotations", "value": None}, {"op": "add", "path": "/metadata/annotations", "value": {A: "1"}}],
        ),
        (None, {B: None}, []),
        ({A: "1"}, {A: "1", B: None}, []),
        (
            {A: "1"},
            {A: "2"},
            [
                {"op": "test", "path": "/metadata/annotations/kubedebug.pods~1a", "value": "1"},
                {"op": "add", "path": "/metadata/annotations/kubedebug.pods~1a", "value": "2"},
            ],
        ),
        (
            {A: "1", "other": "x"},
            {A: None},
            [
                {"op": "test", "path": "/metadata/annotations/kubedebug.pods~1a", "value": "1"},
                {"op": "remove", "path": "/metadata/annotations/kubedebug.pods~1a"},
            ],
        ),
        (
            {"other": "x"},
            {A: ""},
            [
                {"op": "test", "path": "/metadata/annotations/kubedebug.pods~1a", "value": None},
                {"op": "add", "path": "/metadata/annotations/kubedebug.pods~1a", "value": ""},
            ],
        ),
    ],
)
def test_the_patch(stored: dict[str, str] | None, wanted: dict[str, str | None], expected: list[dict[str, t.Any]]) -> None:
    assert _mark.operations(pod(annotations=stored) if stored else pod(), wanted) == expected


def test_only_annotations_of_ours_are_told() -> None:
    assert _mark.own(pod(annotations={B: "2", A: "1", "other": "secret"})) == {A: "1", B: "2"}


def test_equal_events_have_one_name_and_others_another() -> None:
    event = Event("DebugContainerStarted", "It runs.", run="1")
    name = _mark.event_of(APP, event, NOW)["metadata"]["name"]
    assert name == _mark.event_of(APP, event, NOW + datetime.timedelta(days=1))["metadata"]["name"]
    others = [
        _mark.event_of(APP._replace(uid="uid-2"), event, NOW),
        *(
            _mark.event_of(APP, event._replace(**change), NOW)
            for change in ({"run": "2"}, {"text": "Else."}, {"type": "Warning"}, {"reason": "DebugContainerRefused"})
        ),
    ]
    assert len({name, *(each["metadata"]["name"] for each in others)}) == 6


def test_an_event_of_a_pod_with_a_long_name_has_a_name_that_fits() -> None:
    name = _mark.event_of(APP._replace(name=f"{'a' * 199}.{'b' * 53}"), Event("DebugContainerStarted", "x"), NOW)["metadata"]["name"]
    assert len(name) <= 253
    assert ".." not in name


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("It  runs\nnow.", "It runs now."),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("x" * 1024, "x" * 1024),
        ("x" * 1025, "x" * 1020 + " ..."),
        ("\u00fc" * 600, "\u00fc" * 510 + " ..."),
    ],
)
def test_a_message_is_one_line_and_bounded(message: str, expected: str) -> None:
    told = _mark.event_of(APP, Event("DebugContainerStarted", message), NOW)["message"]
    assert told == expected
    assert len(told.encode()) <= 1024
