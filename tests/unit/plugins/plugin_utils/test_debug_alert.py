# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_alert import LABELS, BadAlert, describe, plan, read, split

ALERT: dict[str, t.Any] = {
    "status": "firing",
    "fingerprint": "5ba8f60ad2b1e9c7",
    "startsAt": "2026-11-25T10:11:12.345Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "labels": {"alertname": "CPUThrottlingHigh", "namespace": "shop", "pod": "cart-7c9f", "container": "app", "severity": "{{ 7 * 7 }}"},
    "annotations": {"summary": "{{ 7 * 7 }}"},
    "generatorURL": "http://prometheus.example.com/",
}
NEEDS = {"dns": "none", "sockets": "optional", "process": "required", "runtime": "required"}


def alert(**changes: t.Any) -> dict[str, t.Any]:
    """The alert with other labels, or other keys of its own."""
    own = {key: value for key, value in changes.items() if key in ALERT}
    labels = {key: value for key, value in changes.items() if key not in ALERT}
    return {**ALERT, "labels": {**ALERT["labels"], **labels}, **own}


def test_an_alert_is_reduced_to_names() -> None:
    labels = {"alertname": "CPUThrottlingHigh", "namespace": "shop", "pod": "cart-7c9f", "container": "app"}
    assert read(ALERT) == {"status": "firing", "fingerprint": "5ba8f60ad2b1e9c7", "startsAt": "2026-11-25T10:11:12.345Z", "labels": labels}


@pytest.mark.parametrize(
    ("label", "good"),
    [
        ("alertname", ["A", "High CPU", "a:b-c_d.e", "1e3", "x" * 128]),
        ("namespace", ["a", "0", "1e3", "true", "a" * 63]),
        ("pod", ["a", "1.10", "null", "a.b", ".".join(["a" * 63] * 3) + "." + "a" * 61]),
        ("container", ["", "app", "5"]),
    ],
)
def test_names_that_an_alert_may_have(label: str, good: list[str]) -> None:
    for value in good:
        assert read(alert(**{label: value}))["labels"][label] == value


@pytest.mark.parametrize(
    ("label", "bad"),
    [
        ("alertname", ["x" * 129, "a\n", "{{ a }}", "a/b", "\u00e4", "a\u0000"]),
        ("namespace", ["a" * 64, "A", "a.b", "-a", "a-", "a\n", "a b", "../a"]),
        ("pod", ["A", ".a", "a.", "a..b", "a\n", "a_b", "-a", ".".join(["a" * 63] * 4), "{{ lookup('pipe', 'id') }}", "$(id)", "c\u0430rt"]),
        ("container", ["a" * 64, "A", "a.b", "a\n", "{% a %}"]),
        *((label, [None, True, 5, 1.5, [], ["a"], {}, {"a": 1}]) for label in LABELS),
    ],
)
def test_what_is_no_name_is_refused(label: str, bad: list[t.Any]) -> None:
    for value in bad:
        with pytest.raises(BadAlert, match=f"label {label}"):
            read(alert(**{label: value}))


@pytest.mark.parametrize("label", [name for name, (_form, needed, _words) in LABELS.items() if needed])
def test_a_label_that_is_needed(label: str) -> None:
    labels = {name: value for name, value in ALERT["labels"].items() if name != label}
    for without in (labels, {**labels, label: ""}):
        with pytest.raises(BadAlert, match=f"^It has no label {label}.$"):
            read(alert(labels=without))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "suppressed"}, 'Its status is "suppressed", and has to be firing or resolved.'),
        ({"status": ["firing"]}, "Its status is a list"),
        ({"fingerprint": "5BA8"}, 'Its fingerprint is "5BA8", and has to be hexadecimal.'),
        ({"fingerprint": "a\n"}, 'Its fingerprint is "a\\n"'),
        ({"fingerprint": 5}, "Its fingerprint is 5"),
        ({"fingerprint": ""}, 'Its fingerprint is ""'),
        ({"labels": None}, "Its labels are null, and no mapping."),
        ({"labels": ["pod"]}, "Its labels are a list"),
    ],
)
def test_what_an_alert_needs(changes: dict[str, t.Any], words: str) -> None:
    with pytest.raises(BadAlert) as caught:
        read(alert(**changes))
    assert words in str(caught.value)


@pytest.mark.parametrize("value", [None, 5, "x", [], ["x"]])
def test_what_is_no_alert(value: object) -> None:
    with pytest.raises(BadAlert, match="and no mapping"):
        read(value)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        *((time, time) for time in ("2026-11-25T10:11:12Z", "2026-11-25T10:11:12.123456789+01:00")),
        *((time, "") for time in (None, 5, "", "now", "{{ 1 }}", "2026-11-25T10:11:12Z\n")),
    ],
)
def test_a_time_that_is_none_is_left_out(given: object, kept: str) -> None:
    assert read(alert(startsAt=given))["startsAt"] == kept


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_whatever_comes_is_one_short_line_without_a_template(value: object) -> None:
    for event in (
        value,
        {"payload": value},
        {"alert": value},
        {"payload": {"alerts": [value, alert(pod=value), alert(fingerprint=value), alert(alertname=value)]}},
    ):
        _taken, said, refused = split(event)
        for line in [*said, *refused, describe(value)]:
            assert line.isascii() and line.isprintable() and len(line) < 400
            assert "{{" not in line and "{%" not in line and "{#" not in line


def test_each_alert_of_a_message_is_worked_with_or_left_out_in_one_line() -> None:
    resolved = {**ALERT, "status": "resolved", "labels": {key: value for key, value in ALERT["labels"].items() if key != "container"}}
    taken, said, refused = split({"payload": {"alerts": [ALERT, alert(pod="{{ 1 }}"), resolved, None]}, "meta": {}})
    assert [entry["status"] for entry in taken] == ["firing", "resolved"]
    assert taken[1]["labels"]["container"] == ""
    assert said == [
        "The alert CPUThrottlingHigh 5ba8f60ad2b1e9c7 is firing for shop/cart-7c9f/app",
        "The alert CPUThrottlingHigh 5ba8f60ad2b1e9c7 is resolved for shop/cart-7c9f",
    ]
    assert refused == [
        'The alert "CPUThrottlingHigh" "5ba8f60ad2b1e9c7" was left out. Its label pod is "\\u007b\\u007b 1 \\u007d\\u007d", and has to be the name of a pod.',
        "The alert null was left out. It is null, and no mapping.",
    ]


def test_an_event_with_one_alert() -> None:
    assert split({"alert": ALERT, "meta": {"hosts": []}})[0] == [read(ALERT)]


@pytest.mark.parametrize("payload", [None, 5, "x", [], [ALERT], {}, {"alerts": None}, {"alerts": "x"}, {"alerts": {"labels": {}}}])
def test_a_message_without_alerts_is_one_line(payload: object) -> None:
    taken, said, refused = split({"payload": payload})
    assert (taken, said, len(refused)) == ([], [], 1)
    assert refused[0].startswith("A message without alerts was left out: ")


def test_no_alerts_are_nothing_to_tell_of() -> None:
    assert split({"payload": {"alerts": []}}) == ([], [], [])


@pytest.mark.parametrize(
    ("entry", "container", "toolkit", "planned"),
    [
        ({"presets": ["process", "dns"]}, "app", False, (["process", "dns"], "app", [])),
        ({"presets": ["process", "dns"]}, "", False, (["dns"], "", ["process"])),
        ({"presets": ["process", "dns"], "target": False}, "app", False, (["dns"], "", ["process"])),
        ({"presets": ["sockets"], "target": True}, "", False, (["sockets"], "", [])),
        ({"presets": ["dns"], "toolkit": ["runtime"]}, "app", False, (["dns"], "app", [])),
        ({"presets": ["dns"], "toolkit": ["runtime"]}, "app", True, (["dns", "runtime"], "app", [])),
        ({"toolkit": ["runtime"]}, "app", True, (["runtime"], "app", [])),
    ],
)
def test_what_is_for_an_alert(entry: dict[str, t.Any], container: str, toolkit: bool, planned: tuple[list[str], str, list[str]]) -> None:
    found = plan(read(alert(container=container)), {"CPUThrottlingHigh": entry}, NEEDS, toolkit)
    assert (found["presets"], found["target"], found["left_out"]) == planned


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("dns", "has to be a mapping of presets and toolkit"),
        (["dns"], "has to be a mapping"),
        ({"presets": "dns"}, "which are lists"),
        ({"presets": ["dns"], "target": "app"}, "which is a boolean"),
        ({"preset": ["dns"]}, "has to be a mapping"),
        ({"presets": []}, "no presets for it"),
        ({"toolkit": ["runtime"]}, "no presets for it"),
        ({}, "no presets for it"),
        ({"presets": ["dns", "nosuch", 5]}, 'presets for it that there are not: "nosuch", 5.'),
        ({"presets": [["dns"]]}, "that there are not: a list."),
        ({"presets": ["process"], "target": False}, "There is no target for process, which need one"),
    ],
)
def test_an_entry_that_cannot_be_worked_with(entry: object, words: str) -> None:
    with pytest.raises(BadAlert) as caught:
        plan(read(ALERT), {"CPUThrottlingHigh": entry}, NEEDS, False)
    assert words in str(caught.value)


def test_an_alert_that_the_map_does_not_have() -> None:
    with pytest.raises(BadAlert, match=r"^The alert map says nothing of it: debug_alert_map may say"):
        plan(read(ALERT), {}, NEEDS, False)
