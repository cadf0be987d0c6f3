# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_plan import NUMBERS, BadRequest, bare, choose, escape, image, plan, words

NOW = 1_800_000_100.0
DATA = {"target": "optional", "class": 0, "timeout": 20, "hold": 0, "arguments": ["a", 5]}
REQUEST: dict[str, t.Any] = {
    "preset": "dns",
    "data": DATA,
    "wrapper": "echo wrapper\n",
    "script": "echo script\n",
    "image": "busybox:1.37",
    "registry": "",
    "digest": "",
    "target": "",
    "profile": "",
    "security_context": {},
    "incident": "",
    "reason": "",
    "window": 900,
    "patience": 90,
    "numbers": {"debug_window": 900},
}


def expand(text: str) -> str:
    """What the kubelet makes of a word in which no variable is known: k8s.io/kubernetes third_party/forked/golang/expansion."""
    out, place = "", 0
    while place < len(text):
        if text[place] != "$" or place + 1 == len(text):
            out += text[place]
        elif text[place + 1] == "$":
            out += "$"
            place += 1
        elif text[place + 1] == "(" and ")" in text[place:]:
            end = text.index(")", place)
            raise AssertionError(f"{text[place : end + 1]} would be looked up")
        else:
            out += text[place : place + 2]
            place += 1
        place += 1
    return out


@given(st.text(alphabet="$(){a ", max_size=12))
def test_the_kubelet_gives_back_what_was_escaped(text: str) -> None:
    assert expand(escape(text)) == text


@pytest.mark.parametrize(
    ("given", "listed"),
    [
        ("", []),
        (" , ,", []),
        ("dns", ["dns"]),
        ("dns, sockets ,,\tprocess\n", ["dns", "sockets", "process"]),
        (["a,b", " c ", "", "  "], ["a,b", "c"]),
        ([8080, True], ["8080", "True"]),
        ((), []),
    ],
)
def test_a_list_may_be_words_between_commas(given: str | list[t.Any], listed: list[str]) -> None:
    assert words(given) == listed


def test_a_script_is_stored_without_comments() -> None:
    assert bare("# licence\n\necho '# not this'\n  # nor that\n\techo $# x\n") == "echo '# not this'\n\techo $# x\n"


def environment(candidate: t.Mapping[str, t.Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in candidate["definition"]["env"]}


def test_the_container() -> None:
    planned = plan({**REQUEST, "incident": "a $(b)", "reason": "why"}, NOW)
    first = planned["candidates"][0]
    assert re.fullmatch(r"kd-dns-[0-9a-f]{10}", first["name"])
    assert first["definition"]["command"] == ["sh", "-c", "echo wrapper\n", "kd"]
    assert first["definition"]["args"] == ["sh", "-c", "echo script\n", "kd-dns", "a", "5"]
    assert first["definition"]["securityContext"] == {"runAsUser": 65532, "runAsGroup": 65532}
    assert "targetContainerName" not in first["definition"]
    assert environment(first) == {
        "KD_SCHEMA": "1",
        "KD_PRESET": "dns",
        "KD_INCIDENT": "a $$(b)",
        "KD_REASON": "why",
        "KD_TIMEOUT": "20",
        "KD_HOLD": "0",
        "KD_NOT_AFTER": str((1_800_000_000 // 900 + 2) * 900 + 180),
        "KD_NAME": first["name"],
    }
    assert planned["profile"] == "restricted"
    assert planned["wait_for"] == "completed"
    assert planned["wait_timeout"] == 110


@pytest.mark.parametrize(
    ("needs", "target", "profile", "expected"),
    [
        ("none", "app", "", ("restricted", None)),
        ("optional", "", "", ("restricted", None)),
        ("optional", "app", "", ("match_target", "app")),
        ("required", "app", "", ("match_target", "app")),
        ("required", "app", "general", ("general", "app")),
    ],
)
def test_profile_and_target(needs: str, target: str, profile: str, expected: tuple[str, str | None]) -> None:
    planned = plan({**REQUEST, "data": {**DATA, "target": needs}, "target": target, "profile": profile}, NOW)
    assert (planned["profile"], planned["target"]) == expected
    assert planned["candidates"][0]["definition"].get("targetContainerName") == expected[1]


def test_a_preset_may_ask_for_a_profile_and_a_security_context() -> None:
    data = {**DATA, "target": "none", "profile": "baseline", "security_context": {"runAsUser": 0, "runAsNonRoot": False}}
    planned = plan({**REQUEST, "data": data}, NOW)
    assert planned["profile"] == "baseline"
    assert planned["candidates"][0]["definition"]["securityContext"] == {"runAsUser": 0, "runAsNonRoot": False}
    overridden = plan({**REQUEST, "data": data, "profile": "netadmin", "security_context": {"runAsUser": 7}}, NOW)
    assert overridden["profile"] == "netadmin"
    assert overridden["candidates"][0]["definition"]["securityContext"] == {"runAsUser": 7, "runAsNonRoot": False}


def test_a_preset_may_ask_for_few_pods() -> None:
    assert plan({**REQUEST, "data": {**DATA, "max_pods": "1"}}, NOW)["max_pods"] == 1
    assert plan(REQUEST, NOW)["max_pods"] == NUMBERS["debug_max_pods"][1]


@pytest.mark.parametrize(
    ("most", "names"),
    [(5, "debug_trace_max_pods"), (2, "debug_trace_max_pods and debug_max_pods"), ("1", "debug_max_pods")],
)
def test_which_variables_would_let_it_be_for_more_pods(most: int | str, names: str) -> None:
    data = {**DATA, "max_pods": "2", "pods_limit": "debug_trace_max_pods"}
    assert plan({**REQUEST, "data": data, "numbers": {"debug_window": 900, "debug_max_pods": most}}, NOW)["pods_limit"] == names
    assert plan({**REQUEST, "numbers": {"debug_window": 900, "debug_max_pods": most}}, NOW)["pods_limit"] == "debug_max_pods"


def test_an_image_that_no_variable_has_is_refused() -> None:
    with pytest.raises(BadRequest, match="There is no image for the preset dns: debug_preset_images"):
        plan({**REQUEST, "image": ""}, NOW)


DIFFERENT: list[dict[str, t.Any]] = [
    {"preset": "connect"},
    {"data": {**DATA, "arguments": ["a", 6]}},
    {"data": {**DATA, "timeout": 21}},
    {"data": {**DATA, "hold": 10}},
    {"wrapper": "echo other\n"},
    {"script": "echo other\n"},
    {"image": "busybox:1.36"},
    {"target": "app"},
    {"profile": "baseline"},
    {"security_context": {"runAsUser": 7}},
    {"incident": "b"},
    {"reason": "b"},
]


@pytest.mark.parametrize("change", DIFFERENT, ids=lambda change: next(iter(change)))
def test_another_request_has_another_name(change: dict[str, t.Any]) -> None:
    assert plan({**REQUEST, **change}, NOW)["candidates"][0]["name"] != plan(REQUEST, NOW)["candidates"][0]["name"]


def test_numbers_may_be_text_as_older_templates_give_them() -> None:
    data = {**DATA, "timeout": "20", "hold": "0"}
    assert plan({**REQUEST, "data": data, "window": "900", "patience": "90"}, NOW) == plan(REQUEST, NOW)


@pytest.mark.parametrize(("level", "approved", "refused"), [(0, 0, False), (1, 1, False), ("2", 2, False), (1, 0, True), ("2", "1", True), (3, 2, True)])
def test_a_class_that_is_not_approved_is_refused(level: int | str, approved: int | str, refused: bool) -> None:
    request = {**REQUEST, "data": {**DATA, "class": level, "effect": "stops the JVM"}, "numbers": {"debug_approved_class": approved}}
    if not refused:
        assert plan(request, NOW)["class"] == int(level)
        return
    with pytest.raises(BadRequest, match=rf"dns.* is of class {level}: it stops the JVM\. Approved is class {approved} .*Set debug_approved_class to {level}"):
        plan(request, NOW)


def test_what_a_class_does_is_said_where_a_preset_does_not() -> None:
    with pytest.raises(BadRequest, match="it stops the target for a while"):
        plan({**REQUEST, "data": {**DATA, "class": 2}}, NOW)


def test_passwords_are_references_to_secrets_that_may_be_missing() -> None:
    secrets: list[dict[str, str]] = [{"secret": "db", "key": "word"}, {}, {"secret": "cache", "key": "word"}]
    [container, _before] = plan({**REQUEST, "data": {**DATA, "secrets": secrets}}, NOW)["candidates"]
    assert [entry for entry in container["definition"]["env"] if "valueFrom" in entry] == [
        {"name": "KD_SECRET_0", "valueFrom": {"secretKeyRef": {"name": "db", "key": "word", "optional": True}}},
        {"name": "KD_SECRET_2", "valueFrom": {"secretKeyRef": {"name": "cache", "key": "word", "optional": True}}},
    ]


@pytest.mark.parametrize(
    "secret", ["hunter2", {"secret": "db"}, {"secret": "", "key": "word"}, {"secret": "db", "key": 1}, {"secret": "a", "key": "b", "value": "hunter2"}]
)
def test_a_password_that_is_no_reference_is_refused_and_not_told(secret: object) -> None:
    with pytest.raises(BadRequest, match="has to say the Secret that holds it") as refused:
        plan({**REQUEST, "data": {**DATA, "secrets": [secret]}}, NOW)
    assert "hunter2" not in str(refused.value)


def test_what_a_preset_brings_along_is_escaped() -> None:
    data = {**DATA, "environment": [{"name": "KD_INSPECTOR", "value": "f'{pid} $(id)'"}]}
    [container, _before] = plan({**REQUEST, "data": data}, NOW)["candidates"]
    assert {"name": "KD_INSPECTOR", "value": "f'{pid} $$(id)'"} in container["definition"]["env"]


def test_what_does_not_concern_the_container_is_not_in_its_name() -> None:
    assert plan({**REQUEST, "patience": 5}, NOW)["candidates"] == plan(REQUEST, NOW)["candidates"]


def test_equal_requests_of_a_window_are_equal_and_the_next_window_knows_them() -> None:
    start = NOW // 900 * 900
    assert plan(REQUEST, start)["candidates"] == plan(REQUEST, start + 899.9)["candidates"]
    assert plan(REQUEST, start)["candidates"][0] == plan(REQUEST, start + 900)["candidates"][1]
    assert plan(REQUEST, start)["candidates"][0]["name"] != plan(REQUEST, start + 900)["candidates"][0]["name"]


def looked(*entries: dict[str, t.Any], uids: str = "u") -> dict[str, t.Any]:
    pods = [{"namespace": "shop", "pod": f"cart-{uid}", "uid": uid} for uid in uids]
    return {
        "pods": pods,
        "containers": [{"uid": "u", "state": "running", "added_at": "2027-01-15T07:59:50Z", "started_at": None, **entry} for entry in entries],
    }


BOUNDARY = 1_800_000_010.0


def test_a_container_of_the_window_before_counts_for_as_long_as_a_window() -> None:
    planned = plan(REQUEST, BOUNDARY)
    current, previous = (each["definition"] for each in planned["candidates"])
    name = previous["name"]
    for entries, expected in (
        ([], current),
        ([{"name": name}], previous),
        ([{"name": name, "state": "terminated"}], previous),
        ([{"name": name, "added_at": None, "started_at": "2027-01-15T07:59:50Z"}], previous),
        ([{"name": name, "added_at": None}], previous),
        ([{"name": name, "added_at": "2027-01-15T07:45:00Z"}], current),
        ([{"name": "kd-other"}], current),
        ([{"name": f"{name}-2"}], current),
    ):
        assert choose(planned, looked(*entries)) == [{"definition": expected}]
    assert choose(planned, {"changed": False, "msg": "No right."}) == [{"definition": current}]


def test_one_that_follows_another_counts_while_it_runs() -> None:
    planned = plan({**REQUEST, "data": {**DATA, "on_finished": "next"}}, BOUNDARY)
    current, previous = (each["definition"] for each in planned["candidates"])
    name = previous["name"]
    for entries, expected in (
        ([{"name": name, "state": "terminated"}], current),
        ([{"name": name}], previous),
        ([{"name": name, "state": "terminated"}, {"name": f"{name}-2"}], previous),
        ([{"name": name, "state": "terminated"}, {"name": f"{name}-2", "state": "terminated"}, {"name": f"{name}-11", "state": "waiting"}], previous),
        ([{"name": f"{name}-x"}, {"name": f"{name}-02"}], current),
    ):
        assert choose(planned, looked(*entries)) == [{"definition": expected}]


def test_each_pod_keeps_its_own() -> None:
    planned = plan(REQUEST, BOUNDARY)
    current, previous = (each["definition"] for each in planned["candidates"])
    name = previous["name"]
    assert choose(planned, looked({"name": name}, {"name": name, "uid": "v"}, uids="uv")) == [{"definition": previous}]
    assert choose(planned, looked({"name": name}, {"name": "kd-other", "uid": "v"}, uids="uv")) == [
        {"namespace": "shop", "pod": "cart-u", "pod_uid": "u", "definition": previous},
        {"namespace": "shop", "pod": "cart-v", "pod_uid": "v", "definition": current},
    ]


def test_text_stays_text() -> None:
    planned = plan({**REQUEST, "incident": [1], "reason": True, "target": "app"}, NOW)
    assert environment(planned["candidates"][0]).items() >= {"KD_INCIDENT": "[1]", "KD_REASON": "True"}.items()


def test_images() -> None:
    digest = "sha256:" + "a" * 64
    assert image("busybox:1.37", "", "") == "busybox:1.37"
    assert image("busybox:1.37", "registry.example.com/mirror/", "") == "registry.example.com/mirror/busybox:1.37"
    assert image("busybox:1.37", "registry.example.com", digest) == f"registry.example.com/busybox:1.37@{digest}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data": {**DATA, "target": "required"}}, "debug_target does not say which"),
        ({"data": {**DATA, "target": "always"}}, "one of none, optional, required"),
        ({"data": {**DATA, "arguments": "a b"}}, "a list of strings and integers"),
        ({"data": {**DATA, "arguments": [{"a": 1}]}}, "a list of strings and integers"),
        ({"data": {**DATA, "arguments": ["a\0b"]}}, "NUL"),
        ({"digest": "latest"}, "sha256"),
    ],
)
def test_what_cannot_be(change: dict[str, t.Any], words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        plan({**REQUEST, **change}, NOW)


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_have_a_least_and_a_most(name: str) -> None:
    least, most = NUMBERS[name]
    for value in (least, most, str(least), str(most)):
        plan({**REQUEST, "numbers": {name: value}}, NOW)
    wrong: list[t.Any] = [least - 1, most + 1, str(least - 1), -(10**30), "", "x", None, True, 1.5, [1]]
    for bad in wrong:
        with pytest.raises(BadRequest, match=rf"^{name} is .* an integer from {least} to {most}\.$"):
            plan({**REQUEST, "numbers": {name: bad}}, NOW)


def test_a_window_of_no_time_is_refused_before_it_is_divided_by() -> None:
    with pytest.raises(BadRequest, match="debug_window is 0"):
        plan({**REQUEST, "window": 0, "numbers": {"debug_window": 0}}, NOW)
