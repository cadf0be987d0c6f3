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
from urllib.parse import urlsplit

import pytest
import yaml

from tests import cluster as test_cluster
from tests.awx import jobs, rules
from tests.awx.conftest import PROJECT
from tests.cluster.accounts import RBAC, kubectl
from tests.integration import playbook

if t.TYPE_CHECKING:
    from tests.cluster import Cluster

pytestmark = pytest.mark.integration

STAND_INS = playbook.HERE / "stand_ins"
TEMPLATES = {each["name"]: each for each in yaml.safe_load((PROJECT.parent / "vars" / "main.yml").read_text())["kubedebug_job_templates"]}


@dataclasses.dataclass
class Stage:
    """A namespace with a pod ``app``, and the login of its account."""

    cluster: Cluster
    namespace: str
    token: str
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

    def token_of(self, account: str, namespace: str | None = None) -> str:
        """A token of a service account."""
        return kubectl(self.cluster, "create", "token", account, f"--namespace={namespace or self.namespace}").strip()

    def credential(self, folder: Path, shown_as: str) -> dict[str, str]:
        """The bearer-token credential of the account."""
        authority = self.cluster.ca_file.read_text() if self.cluster.ca_file else ""
        return rules.bearer_token(self.cluster.server, self.token, authority, folder, shown_as)

    def kubeconfig(self, folder: Path, shown_as: str) -> dict[str, str]:
        """The credential with a kubeconfig: ``east`` is this cluster, and nobody answers where ``west`` should be."""
        (east,) = (entry["cluster"] for entry in json.loads(self.cluster.kubeconfig.read_text())["clusters"])
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "east", "cluster": east}, {"name": "west", "cluster": {"server": "https://127.0.0.1:1"}}],
            "users": [{"name": "job", "user": {"token": self.token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": "job"}} for name in ("east", "west")],
        }
        (folder / "kubeconfig").write_text(json.dumps(document))
        return {"K8S_AUTH_KUBECONFIG": f"{shown_as}/kubeconfig"}

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
    kubectl(cluster, "apply", f"--namespace={namespace}", *(f"--filename={RBAC.with_name(f'rbac-{name}.yml')}" for name in ("context", "recycle")))
    try:
        container = {"name": "app", "image": cluster.images["distroless"]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app"}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]}}
        kubectl(cluster, "create", f"--namespace={namespace}", "--filename=-", text=json.dumps(pod))
        kubectl(cluster, "wait", f"--namespace={namespace}", "pod/app", "--for=condition=Ready", "--timeout=60s")
        token = json.loads(kubeconfig.read_text())["users"][0]["user"]["token"]
        scratch = tmp_path_factory.mktemp("awx")
        yield Stage(cluster, namespace, token, requirements_collections, scratch, scratch / "evidence")
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


def test_a_workflow_with_approval(stage: Stage) -> None:
    """Each step as the workflow's nodes run them: planned, collected after the approval, verified; what a step tells the next goes by its artifacts."""
    approved = stage.template("kubedebug: collect evidence, approved")
    answers = stage.answers(answer_incident="INC-7", answer_reason="a test", debug_approved_class=2)
    planned = stage.run(approved, answers, check=True)
    assert planned.status == "successful", planned.stdout
    assert not stage.evidence.exists()
    collected = stage.run(approved, answers, ancestors=planned.artifacts)
    assert collected.status == "successful", collected.stdout
    bundle = Path(collected.artifacts["debug_bundle"])
    assert bundle.parent == stage.evidence
    assert (bundle / "SHA256SUMS").is_file()
    assert len(collected.artifacts["debug_bundle_digest"]) == 64
    assert collected.artifacts["debug_bundle_changed"] is True
    assert collected.artifacts["debug_bundle_refusals"] == []
    told = planned.artifacts | collected.artifacts
    verified = stage.run(stage.template("kubedebug: verify evidence"), {}, credentials=no_credential, ancestors=told)
    assert verified.status == "successful", verified.stdout
    (bundle / "added").write_text("by somebody")
    altered = stage.run(stage.template("kubedebug: verify evidence"), {"answer_bundle": str(bundle)}, credentials=no_credential)
    assert altered.status == "failed", altered.stdout


def no_credential(_folder: Path, _shown_as: str) -> dict[str, str]:
    """None at all."""
    return {}


def test_what_the_guard_rails_refuse_is_an_artifact(stage: Stage) -> None:
    template = stage.template("kubedebug: collect evidence", debug_guard_namespaces=[stage.namespace])
    outcome = stage.run(template, stage.answers(answer_incident="INC-8"))
    assert outcome.status == "failed"
    (refusal,) = outcome.artifacts["debug_bundle_refusals"]
    assert refusal.endswith("is protected. (guard namespaces, debug_guard_namespaces)")


def test_what_is_no_text_any_more_is_refused(stage: Stage) -> None:
    """Ansible makes 83 of 0123, and an incident of that name must not get another's bundle."""
    outcome = stage.run(stage.template("kubedebug: collect evidence"), stage.answers(answer_incident="0123"))
    assert outcome.status == "failed"
    assert "What was written is lost." in " ".join(outcome.stdout.split())
    assert not list(stage.evidence.glob("83*"))


def test_a_survey_is_not_gone_round(stage: Stage) -> None:
    """Neither by a class that needs an approval nor by a variable that the survey does not ask for."""
    template = stage.template("kubedebug: collect evidence")
    for more in ({"debug_approved_class": 3}, {"debug_dest": "/elsewhere"}, {"debug_presets": ["capture"]}):
        with pytest.raises(rules.LaunchError):
            rules.launch(template, stage.answers(answer_incident="INC-9", **more))


def test_several_clusters(stage: Stage) -> None:
    """One that cannot be reached does not stop the other; with a slice for each, they are jobs of their own."""
    inventory = yaml.safe_load((PROJECT / "inventories" / "clusters.yml").read_text())["clusters"]
    hosts = {name: {**jobs.LOCAL, **variables} for name, variables in inventory["hosts"].items()}
    template = stage.template("kubedebug: collect evidence on all clusters")
    assert [rules.slice_of(list(hosts), number, 2) for number in (1, 2)] == [["east"], ["west"]]
    outcome = stage.run(template, stage.answers(answer_incident="INC-10"), hosts=hosts, credentials=stage.kubeconfig)
    assert outcome.status == "failed"
    assert outcome.hosts("runner_on_failed") == {"west"}
    assert "is not reached" in outcome.stdout or "api_unreachable" in outcome.stdout, outcome.stdout
    assert [path.name for path in stage.evidence.glob("INC-10_*")] == [Path(outcome.artifacts["debug_bundle"]).name]
    assert outcome.artifacts["debug_bundle"].endswith("_east")
    sliced = stage.run(template, stage.answers(answer_incident="INC-10"), hosts={"east": hosts["east"]}, credentials=stage.kubeconfig)
    assert sliced.status == "successful", sliced.stdout
    assert sliced.artifacts["debug_bundle"] == outcome.artifacts["debug_bundle"]


def test_recycle(stage: Stage) -> None:
    """By its own account, which may add nothing; the pod of the stage has no controller, so it stays."""
    token = stage.token_of("kubedebug-recycle")
    answers = {"answer_namespace": stage.namespace, "answer_where": "", "debug_recycle_after": 60, "debug_recycle_max": 1}
    template = stage.template("kubedebug: recycle debugged pods")
    outcome = stage.run(template, answers, credentials=dataclasses.replace(stage, token=token).credential, check=True)
    assert outcome.status == "successful", outcome.stdout
    assert outcome.artifacts["debug_recycled_pods"] == []


def test_in_the_cluster(stage: Stage) -> None:
    """A job of the container group, without any credential, as the service account of docs/rbac-unattended.yml: what a pod finds in its files and no more."""
    if not stage.cluster.ca_file:
        pytest.skip(f"a cluster of kind {stage.cluster.kind} does not tell its certificate authority")
    own = f"{stage.namespace}-jobs"
    text = RBAC.with_name("rbac-unattended.yml").read_text()
    assert text.count("        namespace: kubedebug\n") == 2
    kubectl(stage.cluster, "create", "namespace", own)
    try:
        kubectl(stage.cluster, "create", "serviceaccount", "kubedebug", f"--namespace={own}")
        moved = text.replace("        namespace: kubedebug\n", f"        namespace: {own}\n")
        kubectl(stage.cluster, "apply", f"--namespace={stage.namespace}", "--filename=-", text=moved)
        url = urlsplit(stage.cluster.server)
        environment = {
            "TOKEN": stage.token_of("kubedebug", own),
            "NAMESPACE": own,
            "AUTHORITY": str(stage.cluster.ca_file),
            "KUBERNETES_SERVICE_HOST": str(url.hostname),
            "KUBERNETES_SERVICE_PORT": str(url.port or 443),
        }
        within = ["env", *(f"{name}={value}" for name, value in environment.items()), "sh", str(STAND_INS / "in_cluster.sh")]
        outcome = stage.run(stage.template("kubedebug: debug a pod"), stage.answers(answer_incident="INC-11"), credentials=no_credential, within=within)
        assert outcome.status == "successful", outcome.stdout
        assert "Process: 1 process" in outcome.stdout
    finally:
        kubectl(stage.cluster, "delete", "namespace", own, "--wait=false")
