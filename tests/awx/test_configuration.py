# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""extensions/awx/configure.yml, by the real modules of awx.awx against the stand-in of stand_in.py: what it makes, twice, and whether AWX would take it."""

from __future__ import annotations

import copy
import json
import re
import shlex
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml

from tests import collection, guides, releases
from tests.awx import rules
from tests.awx.stand_in import TOKEN, Controller, Item, Server
from tests.integration.playbook import ansible_environment

AWX = collection.ROOT / "extensions" / "awx"
PROJECT = AWX / "project"
VARIABLES = yaml.safe_load((AWX / "vars" / "main.yml").read_text())
SPECS = yaml.safe_load((collection.ROOT / "roles" / "debug" / "meta" / "argument_specs.yml").read_text())["argument_specs"]
#: Playbook of the project: entry point of the role, and the variables that are for the project only.
ENTRY_POINTS = {
    "debug.yml": "main",
    "collect.yml": "collect",
    "from_alert.yml": "alert",
    "recycle.yml": "recycle",
    "verify.yml": "verify",
    "clusters.yml": "collect",
}
OWN = {"answer_where"}
WORKFLOW = VARIABLES["kubedebug_workflow"]
SURVEYED = {each["name"]: each for each in [*VARIABLES["kubedebug_job_templates"], {**WORKFLOW, "playbook": "collect.yml"}] if "survey_spec" in each}


def configure(url: str, directory: Path) -> str:
    """What Ansible prints, run as the guide says; it has to end with 0."""
    steps = guides.steps("guide_awx")
    (yours,) = (step for step in steps if isinstance(step, guides.File))
    (command,) = (step.line for step in steps if isinstance(step, guides.Command) and "configure.yml" in step.line)
    (directory / yours.name).write_text(yours.content)
    environment = ansible_environment(releases.awx()) | {"CONTROLLER_HOST": url, "CONTROLLER_OAUTH_TOKEN": TOKEN, "ANSIBLE_PIPELINING": "True"}
    done = subprocess.run(shlex.split(command), cwd=directory, env=environment, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Controller]:
    """What an AWX with the credentials and nothing else holds after it was configured."""
    held = Controller(path.name for path in PROJECT.glob("*.yml"))
    held.add("organizations", {"name": "Default"})
    for name in ("kubedebug", "kubedebug-recycle", "kubedebug-clusters"):
        held.add("credentials", {"name": name})
    directory = tmp_path_factory.mktemp("configure")
    (directory / "extensions").symlink_to(AWX.parent)
    with Server(held) as url:
        first = configure(url, directory)
        writes = [request for request in held.requests if not request.startswith("GET")]
        held.requests.clear()
        second = configure(url, directory)
        held.requests = [*writes, "--", *held.requests]
    assert "failed=0" in first
    # The module says of a workflow with an approval that it has changed: it compares fields that AWX keeps elsewhere.
    assert re.findall(r"changed: .*|changed=\d+", second) == ["changed: [localhost]", "changed=1"], second
    yield held


def test_a_second_run_writes_nothing(controller: Controller) -> None:
    at = controller.requests.index("--")
    assert len(controller.requests[:at]) > 40
    # The module for workflows always sends an approval's fields together with some that AWX does not keep there.
    written = [request for request in controller.requests[at:] if request.startswith(("POST", "PATCH", "DELETE"))]
    assert [re.sub(r"\d+", "N", request) for request in written] == ["PATCH workflow_approval_templates/N"]


def test_the_templates_are_what_the_data_says(controller: Controller) -> None:
    for wanted in VARIABLES["kubedebug_job_templates"]:
        made = controller.named("job_templates", wanted["name"])
        assert made["playbook"] == wanted["playbook"]
        assert (PROJECT / made["playbook"]).is_file()
        assert made["survey_enabled"] == ("survey_spec" in wanted)
        assert made.get("survey_spec") == wanted.get("survey_spec")
        assert made["ask_variables_on_launch"] == wanted.get("ask_variables_on_launch", False)
        assert [controller.items["instance_groups"][number]["name"] for number in made["instance_groups"]] == ["kubedebug"]
    names = {name: credentials(controller, name) for name in (each["name"] for each in VARIABLES["kubedebug_job_templates"])}
    assert names["kubedebug: debug a pod"] == ["kubedebug"]
    assert names["kubedebug: recycle debugged pods"] == ["kubedebug-recycle"]
    assert names["kubedebug: verify evidence"] == []
    clusters = controller.named("job_templates", "kubedebug: collect evidence on all clusters")
    assert clusters["job_slice_count"] == 2
    assert json.loads(clusters["extra_vars"]) == {"debug_dest": "/evidence", "debug_image_registry": "registry.example.com/mirror"}


def credentials(controller: Controller, template: str) -> list[str]:
    return [controller.items["credentials"][number]["name"] for number in controller.named("job_templates", template)["credentials"]]


def test_the_approval_stands_between_plan_and_collection(controller: Controller) -> None:
    nodes = {node["identifier"]: node for node in controller.items["workflow_job_template_nodes"].values()}
    names = {node["id"]: name for name, node in nodes.items()}
    following = {name: [names[number] for number in node["success_nodes"]] for name, node in nodes.items()}
    assert following == {"plan": ["approve"], "approve": ["collect"], "collect": ["verify"], "verify": []}
    assert not any(node["failure_nodes"] or node["always_nodes"] for node in nodes.values())
    assert {name: controller.unified(node["unified_job_template"])["type"] for name, node in nodes.items()} == {
        "plan": "job_template",
        "approve": "workflow_approval_template",
        "collect": "job_template",
        "verify": "job_template",
    }
    assert {name: node.get("job_type") for name, node in nodes.items()} == {"plan": "check", "approve": None, "collect": "run", "verify": None}
    approval = controller.unified(nodes["approve"]["unified_job_template"])
    assert approval["timeout"] == 3600


def test_each_step_takes_what_the_workflow_is_asked(controller: Controller) -> None:
    """AWX leaves out what a template neither prompts for nor asks in its survey, without a word."""
    asked = {question["variable"] for question in WORKFLOW["survey_spec"]["spec"]}
    for node in controller.items["workflow_job_template_nodes"].values():
        template = controller.unified(node["unified_job_template"])
        if template["type"] == "job_template":
            surveyed = {question["variable"] for question in template.get("survey_spec", {}).get("spec", ())}
            assert template["ask_variables_on_launch"] or asked <= surveyed


def test_nobody_approves_by_a_survey_what_needs_an_approval() -> None:
    for template in VARIABLES["kubedebug_job_templates"]:
        for question in template.get("survey_spec", {"spec": ()})["spec"]:
            if question["variable"] == "debug_approved_class":
                assert question["max"] == 1
        if template.get("ask_variables_on_launch"):
            assert "survey_spec" not in template or template["playbook"] == "verify.yml"


@pytest.mark.parametrize("name", SURVEYED)
def test_surveys(name: str) -> None:
    """AWX takes them, and the role takes every answer that they allow."""
    survey = SURVEYED[name]["survey_spec"]
    assert rules.survey_error(copy.deepcopy(survey)) is None
    options = SPECS[ENTRY_POINTS[SURVEYED[name]["playbook"]]]["options"]
    for question in survey["spec"]:
        variable = question["variable"]
        if variable in OWN:
            continue
        # What is a text becomes debug_NAME in the project's answers.yml.
        assert (question["type"] == "text") == variable.startswith("answer_")
        option = options[variable.replace("answer_", "debug_")]
        choices = option.get("choices")
        if question["type"] == "multiselect":
            assert set(question["choices"]) <= set(choices)
        elif question["type"] == "integer":
            assert option["type"] == "int"
            assert choices is None or {question["min"], question["max"]} <= set(choices)
        elif choices and option["type"] == "list":
            assert set(question["default"].split(",")) <= set(choices)
            assert all(choice in question["question_description"] or choice == "quit" for choice in choices)
        if question.get("required") and "default" in question:
            assert rules.answer_error(question, {variable: question["default"]}) is None


#: Broken surveys, as AWX would refuse them: what is wrong, and what its words have.
BROKEN: dict[str, tuple[t.Callable[[Item], object], str]] = {
    "no name": (lambda survey: survey.pop("name"), "'name' is missing"),
    "no questions": (lambda survey: survey.update(spec=[]), "doesn't contain any items"),
    "a question that is no mapping": (lambda survey: survey.update(spec=["x"]), "not a json object"),
    "no variable": (lambda survey: survey["spec"][0].pop("variable"), "'variable' is missing"),
    "required is a string": (lambda survey: survey["spec"][0].update(required="yes"), "'required' is missing, or no bool"),
    "an unknown type": (lambda survey: survey["spec"][0].update(type="list"), "not one of the allowed"),
    "a default of another type": (lambda survey: survey["spec"][0].update(default=1), "is not as text wants it"),
    "a limit of another type": (lambda survey: survey["spec"][0].update(max="63"), "have to be integers"),
    "no choices": (lambda survey: survey["spec"][0].update(type="multiselect"), "must specify choices"),
    "a default that is no choice": (lambda survey: survey["spec"][0].update(type="multiplechoice", choices=["a"], default="b"), "choices listed"),
    "twice the same variable": (lambda survey: survey["spec"].append(dict(survey["spec"][0])), "duplicated"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_the_rules_refuse(what: str) -> None:
    survey = copy.deepcopy(SURVEYED["kubedebug: debug a pod"]["survey_spec"])
    breaks, words = BROKEN[what]
    breaks(survey)
    assert words in str(rules.survey_error(survey))


def test_the_pod_is_one(controller: Controller) -> None:
    """The override that AWX stores, read as AWX reads it: YAML, with the container that it looks for."""
    pod = yaml.safe_load(controller.named("instance_groups", "kubedebug")["pod_spec_override"])
    assert pod["kind"] == "Pod"
    assert pod["spec"]["automountServiceAccountToken"] is True
    (container,) = pod["spec"]["containers"]
    assert container["name"] == "worker"
    assert container["image"] == VARIABLES["kubedebug_image"]
    assert container["volumeMounts"] == [{"name": "evidence", "mountPath": "/evidence"}]
