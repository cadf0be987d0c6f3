# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWX's own rules for surveys, for what becomes of their answers, and for what a credential sets, as far as this project uses them.

Neither the modules of ``awx.awx`` nor awxkit know them, and AWX itself cannot be had here. They are those of AWX 24.6.1:
``JobTemplateSurveySpec._validate_spec_data`` (awx/api/views), ``SurveyJobTemplateMixin`` (awx/main/models/mixins.py), ``safe_dump``
(awx/main/utils/safe_yaml.py), and ``kubernetes_bearer_token`` (awx_plugins/credentials/injectors.py).
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import yaml

#: Type of a question -> type of its default.
TYPES: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": (float, int),
}
_KEYS: dict[str, type] = {"type": str, "question_name": str, "variable": str, "required": bool}
_CHOICES = ("multiplechoice", "multiselect")

Survey = dict[str, t.Any]


def survey_error(survey: Survey) -> str | None:
    """Why AWX would answer 400 to a survey, or None."""
    for field, expected in {"name": str, "description": str, "spec": list}.items():
        if not isinstance(survey.get(field), expected):
            return f"'{field}' is missing, or no {expected.__name__}"
    if not survey["spec"]:
        return "'spec' doesn't contain any items"
    seen: set[str] = set()
    for index, question in enumerate(survey["spec"]):
        error = _question_error(question)
        if not error and question["variable"] in seen:
            error = f"variable {question['variable']} duplicated"
        if error:
            return f"question {index}: {error}"
        seen.add(question["variable"])
    return None


def _question_error(question: t.Any) -> str | None:
    if not isinstance(question, dict):
        return "not a json object"
    for key, expected in _KEYS.items():
        if not isinstance(question.get(key), expected):
            return f"'{key}' is missing, or no {expected.__name__}"
    kind = question["type"]
    if kind not in TYPES:
        return f"{kind} is not one of the allowed question types"
    default = question.get("default", "")
    if default != "" and not isinstance(default, TYPES[kind]):
        return f"default {default!r} is not as {kind} wants it"
    if any(not isinstance(question.get(key), (int, type(None))) for key in ("min", "max")):
        return "min and max have to be integers"
    if kind in _CHOICES:
        if "choices" not in question:
            return "must specify choices"
        defaults = [line for line in str(default).splitlines() if line.strip()]
        if kind == "multiplechoice" and len(defaults) > 1:
            return "can only have one default value"
        if any(line not in question["choices"] for line in defaults):
            return "default choice must be answered from the choices listed"
    if isinstance(default, str) and default.startswith("$encrypted$"):
        return "$encrypted$ is a reserved keyword"
    return None


def answer_error(question: Survey, answers: t.Mapping[str, t.Any]) -> str | None:
    """Why AWX would not take the answers to a question, or None."""
    variable, kind = question["variable"], question["type"]
    if variable not in answers:
        return f"'{variable}' value missing" if question["required"] else None
    value = answers[variable]
    if kind in ("text", "textarea", "password"):
        return "expected to be a string" if not isinstance(value, str) else _bounds(question, len(value))
    if kind == "integer":
        return "expected to be an integer" if not isinstance(value, int) or isinstance(value, bool) else _bounds(question, value)
    if kind == "float":
        return "expected to be a numeric type" if not isinstance(value, (float, int)) or isinstance(value, bool) else _bounds(question, value)
    choices = question["choices"]
    choices = choices.split("\n") if isinstance(choices, str) else choices
    if kind == "multiselect":
        if not isinstance(value, list):
            return "expected to be a list"
        return next((f"{each} is none of {choices}" for each in value if each not in choices), None)
    return None if value in choices else f"{value} is none of {choices}"


def _bounds(question: Survey, size: float) -> str | None:
    low, high = question.get("min"), question.get("max")
    if low not in ("", None) and size < low:
        return f"{question['variable']} is too small"
    return f"{question['variable']} is too large" if high not in ("", None) and size > high else None


class LaunchError(Exception):
    """AWX would not launch the job."""


def launch(template: Survey, given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The extra vars of a job of a template, of which ``given`` was said at its launch: those of the template, the survey's defaults, and what was given.

    Raises LaunchError where AWX refuses it.
    """
    questions = template["survey_spec"]["spec"] if template.get("survey_enabled") else []
    errors = [error for question in questions if (error := answer_error(question, given))]
    if not template.get("ask_variables_on_launch"):
        unknown = set(given) - {question["variable"] for question in questions}
        errors += [f"Variables {', '.join(sorted(unknown))} are not allowed on launch."] if unknown else []
    if errors:
        raise LaunchError("; ".join(errors))
    defaults = {each["variable"]: each["default"] for each in questions if each.get("default") is not None}
    usable = {name: value for name, value in defaults.items() if not any(answer_error(q, {name: value}) for q in questions if q["variable"] == name)}
    return {**(template.get("extra_vars") or {}), **usable, **given}


class _Unsafe(yaml.SafeDumper):
    """Marks every string, so that Ansible takes none for a template."""

    def represent_data(self, data: t.Any) -> yaml.Node:
        if isinstance(data, str):
            return self.represent_scalar("!unsafe", data)
        return super().represent_data(data)


def extra_vars_file(variables: t.Mapping[str, t.Any], trusted: t.Mapping[str, t.Any]) -> str:
    """The text of ``env/extravars``: what is not as in the template's own extra vars is marked as unsafe (ALLOW_JINJA_IN_EXTRA_VARS: template)."""
    return "".join(
        yaml.dump_all([{name: value}], Dumper=yaml.SafeDumper if name in trusted and trusted[name] == value else _Unsafe, default_flow_style=False)
        for name, value in variables.items()
    )


def bearer_token(host: str, token: str, authority: str | None, folder: Path, shown_as: str, *, verify: bool = True) -> dict[str, str]:
    """What a credential of the type "OpenShift or Kubernetes API Bearer Token" sets. ``authority`` None: the field was left empty.

    The authority is written into ``folder``, which the job sees as ``shown_as``.
    """
    environment = {"K8S_AUTH_HOST": host, "K8S_AUTH_API_KEY": token}
    if not (verify and authority is not None):
        return environment | {"K8S_AUTH_VERIFY_SSL": "False"}
    path = folder / "authority.pem"
    path.touch(0o600)
    path.write_text(authority)
    return environment | {"K8S_AUTH_VERIFY_SSL": "True", "K8S_AUTH_SSL_CA_CERT": f"{shown_as}/{path.name}"}


def slice_of(hosts: t.Sequence[str], number: int, count: int) -> list[str]:
    """The hosts of a job slice, counted from 1 (``Inventory.get_sliced_hosts``): each count-th, by name."""
    return sorted(hosts)[number - 1 :: count]
