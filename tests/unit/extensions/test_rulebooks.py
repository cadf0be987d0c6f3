# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebooks guard all that they pass on, alike, and the alert map names presets that there are."""

from __future__ import annotations

import logging
import re
import runpy
import typing as t

import pytest
import yaml

from tests import collection

EDA = collection.ROOT / "extensions" / "eda"
ROLE = collection.ROOT / "roles" / "debug"
RULEBOOKS = {path.stem: path.read_text() for path in sorted((EDA / "rulebooks").glob("*.yml"))}
#: What is passed on of an event, and what it must not have.
PASSED = {
    "event.labels.alertname": "[^A-Za-z0-9_.: -]|^$|.{129}",
    "event.labels.namespace": "[^a-z0-9-]|^$|.{64}",
    "event.labels.pod": "[^a-z0-9.-]|^$|.{254}",
    "event.labels.container": "[^a-z0-9-]|.{64}",
    "event.fingerprint": "[^0-9a-f]|^$|.{65}",
    "event.startsAt": "[^0-9TZ:.+-]|.{41}",
}
STATUS = {"event.status"}


def rules(text: str) -> list[dict[str, t.Any]]:
    (ruleset,) = yaml.safe_load(text)
    return t.cast("list[dict[str, t.Any]]", ruleset["rules"])


def strings(value: object) -> t.Iterator[str]:
    """All texts in a document."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("name", RULEBOOKS)
def test_each_condition_guards_all_that_its_action_passes_on(name: str) -> None:
    for rule, status in zip(rules(RULEBOOKS[name]), ("firing", "resolved"), strict=True):
        guards = "".join(f' and {field} is not search("{pattern}")' for field, pattern in PASSED.items())
        assert rule["condition"].strip() == f'event.status == "{status}"{guards}'
        passed = {field for text in strings(rule["action"]) for field in re.findall(r"\bevent[\w.]*", text)}
        assert passed == set(PASSED) | STATUS


@pytest.mark.parametrize("name", RULEBOOKS)
def test_what_is_passed_on_stays_a_string(name: str) -> None:
    """Of an event's label like 1e3 a bare template makes a number."""
    for rule in rules(RULEBOOKS[name]):
        templates = [text for text in strings(rule["action"]) if "event" in text]
        assert len(templates) == len(PASSED) + 2
        assert all(re.fullmatch(r"\{\{ .* \| tojson \}\}", text) for text in templates), templates


def test_the_rulebooks_differ_in_source_and_action_only() -> None:
    """What is tested of one holds for the others."""
    bare = {name: [{key: rule[key] for key in ("name", "condition", "throttle")} for rule in rules(text)] for name, text in RULEBOOKS.items()}
    assert bare["alertmanager"] == bare["alertmanager_eda"] == bare["alertmanager_job"]
    actions = {name: [next(iter(rule["action"])) for rule in rules(text)] for name, text in RULEBOOKS.items()}
    assert actions == {
        "alertmanager": ["run_playbook"] * 2,
        "alertmanager_eda": ["run_playbook"] * 2,
        "alertmanager_job": ["run_job_template"] * 2,
    }
    for text in RULEBOOKS.values():
        (ruleset,) = yaml.safe_load(text)
        assert ruleset["execution_strategy"] == "parallel"
        assert [list(source["filters"][0]) for source in ruleset["sources"]] == [["kubedebug.pods.alerts"]]


def test_nothing_that_is_shipped_touches_what_rulebooks_hand_over_unasked() -> None:
    """ansible-rulebook puts the whole event into the variable ansible_eda, and Ansible takes what is in it for templates."""
    shipped = [
        name for name in collection.files() if name.parts[0] in {"extensions", "playbooks", "plugins", "roles"} and name.suffix in {".yml", ".py", ".j2", ".sh"}
    ]
    assert shipped
    found = [str(name) for name in shipped if re.search(r"^[^#\n]*\bansible_eda\b", (collection.ROOT / name).read_text(), flags=re.MULTILINE)]
    assert not found


def test_the_filter_says_one_line_for_each_alert(caplog: pytest.LogCaptureFixture) -> None:
    main = runpy.run_path(str(EDA / "plugins" / "event_filter" / "alerts.py"))["main"]
    labels = {"alertname": "A", "namespace": "shop", "pod": "cart", "x": "{{ 7 * 7 }}"}
    alert = {"status": "firing", "fingerprint": "5ba8", "labels": labels}
    with caplog.at_level(logging.INFO, "kubedebug.pods"):
        events = main({"payload": {"alerts": [alert, {**alert, "labels": {**labels, "pod": "{{ 1 }}"}}]}, "meta": {"headers": {}}})
    assert events == [
        {"status": "firing", "fingerprint": "5ba8", "startsAt": "", "labels": {"alertname": "A", "namespace": "shop", "pod": "cart", "container": ""}}
    ]
    assert [(record.levelname, record.name) for record in caplog.records] == [("INFO", "kubedebug.pods"), ("WARNING", "kubedebug.pods")]


def test_the_alert_map_names_presets_that_there_are() -> None:
    needs = {}
    for path in (ROLE / "vars" / "presets").glob("*.yml"):
        needs[path.stem] = yaml.safe_load(path.read_text())[f"_debug_preset_{path.stem}"]
    entries = yaml.safe_load((ROLE / "vars" / "alert_map.yml").read_text())["_debug_alert_map"]
    for name, entry in entries.items():
        assert set(entry) <= {"presets", "toolkit", "target"}, name
        assert [needs[preset]["image"] for preset in entry["presets"]] == ["busybox"] * len(entry["presets"]), name
        assert [needs[preset]["image"] for preset in entry.get("toolkit", [])] == ["toolkit"] * len(entry.get("toolkit", [])), name
        assert entry.get("target", True) or all(needs[preset]["target"] != "required" for preset in entry["presets"]), name
        assert all(needs[preset]["class"] in (0, 1) or "{{" in str(needs[preset]["class"]) for preset in [*entry["presets"], *entry.get("toolkit", [])]), name
