# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a job as AWX does: ansible-runner transmits a private data dir, a worker in the execution environment runs it, and its events are processed.

What AWX adds is here too: the inventory as a script, extra vars in a file in which strings that people gave are marked, variables about the job, and the
environment of its credentials. The execution environment is this one, without anything of the caller's own Ansible and Kubernetes settings.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import ansible_runner

from tests.awx import rules
from tests.integration.playbook import ansible_environment

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
#: What AWX sets for each job (awx/main/tasks/jobs.py, build_env).
ENVIRONMENT = {"ANSIBLE_FORCE_COLOR": "True", "ANSIBLE_HOST_KEY_CHECKING": "False", "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True", "JOB_ID": "7"}
_ABOUT = {"job_id": 7, "job_launch_type": "manual", "user_name": "jane", "user_id": 3, "job_template_id": 12}


class Outcome(t.NamedTuple):
    """How a job ended, what it printed, and the artifacts that jobs after it get."""

    status: str
    stdout: str
    artifacts: dict[str, t.Any]
    events: list[dict[str, t.Any]]

    def hosts(self, event: str) -> set[str]:
        """The hosts of all events of a kind, as ``runner_on_failed``."""
        return {each["event_data"]["host"] for each in self.events if each["event"] == event}


def run(
    directory: Path,
    project: Path,
    template: dict[str, t.Any],
    given: dict[str, t.Any],
    credentials: t.Callable[[Path, str], dict[str, str]],
    collections: Path,
    hosts: dict[str, t.Any] | None = None,
    *,
    check: bool = False,
    ancestors: t.Mapping[str, t.Any] | None = None,
    within: t.Sequence[str] = (),
) -> Outcome:
    """Launch a template with what was given at its launch.

    ``directory`` is an empty one for the job. ``credentials`` gets the folder ``env`` of it and the path as which the job will see that, and returns
    variables; ``hosts`` is the inventory, ``ancestors`` are the artifacts of the jobs of a workflow before this one, ``within`` is a command that runs
    the worker.
    """
    sent, there, back = directory / "sent", directory / "there", directory / "back"
    for path in (sent / "env", sent / "inventory", there, back):
        path.mkdir(parents=True)
    shutil.copytree(project, sent / "project")
    variables = rules.launch(template, given) | dict(ancestors or {})
    about = {f"{prefix}_{name}": value for prefix in ("awx", "tower") for name, value in _ABOUT.items()}
    (sent / "env" / "extravars").write_text(rules.extra_vars_file(about | variables, template.get("extra_vars") or {}))
    script = sent / "inventory" / "hosts"
    script.write_text(f"#!/usr/bin/env python3\nprint({json.dumps(inventory(hosts or {'localhost': LOCAL}))!r})\n")
    script.chmod(0o700)
    environment = ENVIRONMENT | {"ANSIBLE_COLLECTIONS_PATH": str(collections)} | credentials(sent / "env", f"{there}/env")
    events: list[dict[str, t.Any]] = []
    common = {"private_data_dir": str(sent), "ident": "7", "playbook": template["playbook"], "inventory": str(script), "envvars": environment}
    job, answer = directory / "job", directory / "answer"
    with job.open("wb") as stream:
        ansible_runner.interface.run(streamer="transmit", _output=stream, suppress_env_files=True, cmdline="--check" if check else None, **common)
    # The exit code of a worker is that of its job, which is told by what comes back.
    worker = [*within, str(Path(sys.executable).with_name("ansible-runner")), "worker", f"--private-data-dir={there}"]
    with job.open("rb") as stdin, answer.open("wb") as stdout:
        subprocess.run(worker, stdin=stdin, stdout=stdout, env=ansible_environment(collections), cwd=directory, check=False)
    with answer.open("rb") as stream:
        processed = ansible_runner.interface.run(
            streamer="process", _input=stream, private_data_dir=str(back), ident="7", event_handler=events.append, quiet=True
        )
    stats = [event["event_data"] for event in events if event["event"] == "playbook_on_stats"]
    artifacts = stats[-1].get("artifact_data", {}) if stats else {}
    return Outcome(processed.status, "\n".join(event["stdout"] for event in events if event.get("stdout")), artifacts, events)


def inventory(hosts: dict[str, t.Any]) -> dict[str, t.Any]:
    """An inventory as AWX's script prints it: every host is in the group ``clusters`` unless it is localhost."""
    group = [name for name in hosts if name != "localhost"]
    return {"all": {"hosts": list(hosts)}, "clusters": {"hosts": group}, "_meta": {"hostvars": hosts}}
