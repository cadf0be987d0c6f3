# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's data agrees with itself: presets, their files and pages, defaults and argument specs."""

from __future__ import annotations

import re
import typing as t

import jinja2
import pytest
import yaml

from ansible_collections.kubedebug.pods.plugins.filter.debug import FilterModule
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_answers import READERS
from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_plan import CLASSES, NUMBERS
from tests import collection

ROLE = collection.ROOT / "roles" / "debug"
PRESETS = {path.stem: yaml.safe_load(path.read_text())[f"_debug_preset_{path.stem}"] for path in sorted((ROLE / "vars" / "presets").glob("*.yml"))}
SPECS = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())["argument_specs"]
DEFAULTS = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
#: What vars/main.yml makes of the options, under another name.
OWN = {name.lstrip("_") for name in yaml.safe_load((ROLE / "vars" / "main.yml").read_text())} - set(SPECS["main"]["options"])
VARIABLE = re.compile(r"(?<!\w)_?(debug_\w+)")


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_whole(preset: str) -> None:
    data = PRESETS[preset]
    assert (
        {"image", "target", "class", "timeout", "hold", "scripts", "arguments"}
        <= set(data)
        <= {
            *("image", "target", "class", "effect", "timeout", "hold", "scripts", "arguments", "on_finished", "file_kib", "file_limit", "artifacts"),
            *("profile", "security_context", "sensitive", "max_pods", "pods_limit", "environment", "secrets", "writes_to_target"),
        }
    )
    assert data["target"] in ("none", "optional", "required")
    assert data["class"] in range(len(CLASSES)) or "_modes" in data["class"]
    assert data["class"] == 0 or data["effect"]
    assert f"debug_image_{data['image']}" in DEFAULTS
    assert all((ROLE / "files" / f"{script}.sh").is_file() for script in data["scripts"])
    assert ("target" in data["scripts"]) == (data["target"] != "none")
    assert preset in READERS
    used = set(VARIABLE.findall(str(data))) - OWN
    assert used <= set(SPECS["main"]["options"])


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_has_a_page(preset: str) -> None:
    page = (ROLE / "docs" / f"{preset}.md").read_text()
    assert page.startswith(f"# `{preset}`")
    for heading in ("needs", "class", "timeout"):
        assert re.search(rf"^\| {heading}", page, re.MULTILINE), heading
    for variable in set(VARIABLE.findall(str(PRESETS[preset]))) - OWN:
        assert f"`{variable}`" in page, variable


def test_the_presets_are_the_choices() -> None:
    assert set(SPECS["main"]["options"]["debug_presets"]["choices"]) == set(PRESETS)


@pytest.mark.parametrize("entry_point", SPECS)
def test_the_defaults_are_the_documented_ones(entry_point: str) -> None:
    options: dict[str, dict[str, t.Any]] = SPECS[entry_point]["options"]
    for name, option in options.items():
        if "default" in option:
            assert DEFAULTS[name] == option["default"], name
        elif not option.get("required"):
            assert name not in DEFAULTS, name


def test_every_number_has_a_least_and_a_most_that_are_asked_for() -> None:
    tasks = yaml.safe_load((ROLE / "tasks" / "plan.yml").read_text())
    [numbers] = [task["vars"]["_debug_request"]["numbers"] for task in tasks if "_debug_request" in task.get("vars", {})]
    integers = {name for name, option in SPECS["collect"]["options"].items() if option["type"] == "int"}
    assert set(numbers) == set(NUMBERS) == integers
    assert numbers == {name: f"{{{{ {name} }}}}" for name in NUMBERS}
    assert all(NUMBERS[name][0] <= DEFAULTS[name] <= NUMBERS[name][1] for name in NUMBERS)


def test_stop_asks_for_its_numbers_too() -> None:
    tasks = yaml.safe_load((ROLE / "tasks" / "stop.yml").read_text())
    [wrong] = [task["vars"]["_debug_wrong"] for task in tasks if "_debug_wrong" in task.get("vars", {})]
    integers = [name for name, option in SPECS["stop"]["options"].items() if option["type"] == "int"]
    assert wrong == f"{{{{ {{{', '.join(f'{name!r}: {name}' for name in integers)}}} | kubedebug.pods.debug_numbers }}}}"


def test_the_filters_are_the_documented_ones() -> None:
    assert set(FilterModule().filters()) == {path.stem for path in (collection.ROOT / "plugins" / "filter").glob("*.yml")}


def test_every_default_is_documented() -> None:
    documented = {name for spec in SPECS.values() for name in spec["options"]}
    assert set(DEFAULTS) <= documented


def test_what_the_tasks_use_is_documented() -> None:
    documented = {name for spec in SPECS.values() for name in spec["options"]} | {
        "debug_results",
        "debug_alert_outcome",
        "debug_alert_state",
        "debug_alert_summary",
        "debug_collected",
        "debug_verified",
        "debug_bundle_changed",
        "debug_bundle_refusals",
        "debug_stopped",
        "debug_recycled",
        "debug_recycled_pods",
        "debug_recycled_kept",
    }
    own = set(FilterModule().filters())
    for path in (ROLE / "tasks").glob("*.yml"):
        for name in re.findall(r"(?<![\w.])(debug_\w+)", path.read_text()):
            assert name in documented | own | {"debug_image_"}, f"{path.name}: {name}"


def test_there_is_an_entry_point_for_each_spec() -> None:
    assert all((ROLE / "tasks" / f"{name}.yml").is_file() for name in SPECS)


END = "-----END KD files-----"


@pytest.mark.parametrize(
    ("held", "over"),
    [
        ({"msg": "MODULE FAILURE"}, True),
        ({"msg": "gone", "failure": {"code": "pod_not_found"}}, True),
        ({"msg": "no log", "failure": {"code": "forbidden_rbac"}, "containers": [{"state": "running", "log": None}]}, True),
        ({"failure": None, "containers": [{"state": "running", "log": f"x\n{END}\n"}, {"state": "terminated", "log": "x"}]}, True),
        ({"containers": [{"state": "running", "log": f"x\n{END}\n"}, {"state": "running", "log": "x"}]}, False),
        ({"containers": [{"state": "running", "log": None}]}, False),
    ],
)
def test_waiting_for_a_container_that_holds_ends(held: dict[str, t.Any], over: bool) -> None:
    tasks = yaml.safe_load((ROLE / "tasks" / "preset.yml").read_text())
    [until] = [task["until"] for task in tasks if "until" in task]
    # Not Ansible's own templating: to load it makes this process a controller, and the modules' warnings go elsewhere.
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True)
    environment.tests["search"] = lambda text, pattern: re.search(pattern, text) is not None
    assert environment.compile_expression(until, undefined_to_none=False)(_debug_held=held) is over
