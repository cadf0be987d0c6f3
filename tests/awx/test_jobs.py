# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The job templates of extensions/awx, run by ansible-runner as AWX runs them, against the cluster and as the account of docs/rbac.yml."""

from __future__ import annotations

import dataclasses
import json
import secrets
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml

from tests import cluster as test_cluster
from tests.awx import jobs, rules
from tests.awx.conftest import PROJECT
from tests.cluster.accounts import kubectl

if t.TYPE_CHECKING:
    from tests.cluster import Cluster

pytestmark = pytest.mark.integration

TEMPLATES = {each["name"]: each for each in yaml.safe_load((PROJECT.parent / "vars" / "main.yml").read_text())["kubedebug_job_templates"]}


@dataclasses.dataclass
class Stage:
    """A namespace with a pod ``app``, and the login of its account."""

    cluster: Cluster
    namespace: str
    token: str
    kubeconfig: Path
    collections: Path
    scratch: Path
    evidence: Path

    def template(self, name: str, **extra: t.Any) -> dict[str, t.Any]:
        """A job template as AWX has it, with extra vars of the site: its image, and where bundles go."""
        template = dict(TEMPLATES[name])
        template["survey_enabled"] = "survey_spec" in template
        variables = {"debug_image_busybox": self.cluster.images["busybox"], **extra}
        if "debug_dest" in template.get("extra_vars", {}):
            variables["debug_dest"] = str(self.evidence)
        return {**template, "extra_vars": variables}

    def answers(self, **more: t.Any) -> dict[str, t.Any]:
        """What somebody answers to the survey about the pod ``app``."""
        texts = {"answer_namespace": self.namespace, "answer_where": "app", "answer_target": "app"}
        return {**texts, "debug_presets": ["process"], "debug_approved_class": 0, **more}

    def credential(self, folder: Path, shown_as: str) -> dict[str, str]:
        """The bearer-token credential of the account."""
        authority = self.cluster.ca_file.read_text() if self.cluster.ca_file else ""
        return rules.bearer_token(self.cluster.server, self.token, authority, folder, shown_as)

    def without_authority(self, folder: Path, shown_as: str) -> dict[str, str]:
        """The same, whose field for the certificate authority was left empty."""
        return rules.bearer_token(self.cluster.server, self.token, None, folder, shown_as)

    def run(self, template: dict[str, t.Any], given: dict[str, t.Any], **how: t.Any) -> jobs.Outcome:
        """Run a job, in a folder of its own."""
        how = {"credentials": self.credential, **how}
        outcome = jobs.run(self.scratch / secrets.token_hex(3), PROJECT, template, given, collections=self.collections, **how)
        assert self.token not in json.dumps(outcome.events), "the token is in the job's events"
        return outcome


@pytest.fixture(scope="module")
def stage(cluster: Cluster, requirements_collections: Path, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Stage]:
    namespace = f"kd-awx-{secrets.token_hex(3)}"
    kubeconfig = test_cluster.account(cluster, namespace)
    try:
        container = {"name": "app", "image": cluster.images["distroless"]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app"}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]}}
        kubectl(cluster, "create", f"--namespace={namespace}", "--filename=-", text=json.dumps(pod))
        kubectl(cluster, "wait", f"--namespace={namespace}", "pod/app", "--for=condition=Ready", "--timeout=60s")
        token = json.loads(kubeconfig.read_text())["users"][0]["user"]["token"]
        scratch = tmp_path_factory.mktemp("awx")
        yield Stage(cluster, namespace, token, kubeconfig, requirements_collections, scratch, scratch / "evidence")
    finally:
        subprocess.run([*cluster.kubectl, "delete", "namespace", namespace, "--ignore-not-found", "--wait=false"], check=True, stdout=subprocess.DEVNULL)


def test_debug_a_pod(stage: Stage) -> None:
    """What was answered is data also where it looks like a template, and the API server keeps who asked."""
    executed = stage.scratch / "executed"
    hostile = f"{{{{ lookup('ansible.builtin.pipe', 'touch {executed}') }}}}"
    outcome = stage.run(stage.template("kubedebug: debug a pod"), stage.answers(answer_reason=hostile, debug_presets=["process", "sockets"]))
    assert outcome.status == "successful", outcome.stdout
    assert "Process: 1 process" in outcome.stdout
    assert "Sockets: " in outcome.stdout
    assert "not verified" not in outcome.stdout
    assert not executed.exists()
    pod = json.loads(kubectl(stage.cluster, "get", f"--namespace={stage.namespace}", "pod", "app", "--output=json", "--show-managed-fields"))
    reasons = [variable["value"] for each in pod["spec"]["ephemeralContainers"] for variable in each["env"] if variable["name"] == "KD_REASON"]
    assert reasons == [hostile, hostile]
    assert any(entry["manager"].startswith("kubedebug.pods/jane, AWX job 7/") for entry in pod["metadata"]["managedFields"])


def test_a_credential_without_authority_is_warned_about(stage: Stage) -> None:
    """AWX then switches verification off without a word."""
    outcome = stage.run(stage.template("kubedebug: debug a pod"), stage.answers(), credentials=stage.without_authority, check=True)
    assert outcome.status == "successful", outcome.stdout
    assert "certificate is not verified" in " ".join(outcome.stdout.split())
    assert "certificate authority field is empty" in " ".join(outcome.stdout.split())
