# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an alert says is data: nothing of it runs, nothing of it is added, and no message ends the rulebook.

Each alert goes through the whole chain: the real Alertmanager where that takes it, the real ansible-rulebook and, where it gets that far, the playbook.
"""

from __future__ import annotations

import itertools
import re
import typing as t
from pathlib import Path

import pytest

from tests.collection import ROOT
from tests.unattended import parts

pytestmark = pytest.mark.integration

SHIPPED = ROOT / "extensions" / "eda" / "rulebooks" / "alertmanager.yml"
CHECKED = ("alertname", "namespace", "pod", "container")
#: What a label may say so that something that takes it for more than a name would run it, or fail. CANARY is the path of a file that must not come to be.
TEXTS = (
    "{{ lookup('pipe', 'touch CANARY') }}",
    "{{ lookup('ansible.builtin.pipe', 'touch CANARY') }}{% for x in [1] %}{% endfor %}",
    "{% set x = lookup('pipe', 'touch CANARY') %}{{ x }}",
    "{{ query('pipe', 'touch CANARY') | first }}",
    "{{ cycler.__init__.__globals__.os.system('touch CANARY') }}",
    "cart\n{{ lookup('pipe', 'touch CANARY') }}",
    "cart\n",
    "cart\r\n- debug: msg={{ lookup('pipe', 'touch CANARY') }}",
    "cart'; touch CANARY; '",
    'cart"; touch CANARY; "',
    "$(touch CANARY)",
    "`touch CANARY`",
    "$(KD_INCIDENT)",
    "$ANSIBLE_VAULT;1.1;AES256\n6131",
    "!vault |\n  $ANSIBLE_VAULT;1.1;AES256",
    "!unsafe cart",
    "!!python/object/apply:os.system ['touch CANARY']",
    "../../cart",
    "cart/../../../api",
    "cart?fieldSelector=x",
    "--all",
    "-cart",
    "CART",
    "cart\u0000",
    "c\u0430rt",
    "\u202etrac",
    "#{cart}",
    "${jndi:ldap://127.0.0.1/x}",
    "x" * 300,
)
#: Names that a language without types takes for something else. Of pods they are allowed names, so they have to arrive as such.
LOOK_ALIKES = ("1e3", "1.10", "true", "1234")
#: What Alertmanager never sends, and who has the token can: any JSON in the place of a text, and of an alert.
JSON: tuple[t.Any, ...] = (None, True, 5, 1.5, [], ["cart"], {}, {"cart": 1}, {"__ansible_unsafe": "cart"}, {"__ansible_vault": "x"})
#: Body -> what the source answers, with the token. Of those with 200 one line says that they were left out.
BODIES = {
    b"": 400,
    b"{": 400,
    b"alert": 400,
    b"\xff\xfe": 500,
    b"[" * 100_000: 500,
    b"null": 200,
    b"5": 200,
    b'"x"': 200,
    b"[1]": 200,
    b"{}": 200,
    b'{"alerts": null}': 200,
    b'{"alerts": "x"}': 200,
    b'{"alerts": {"labels": {}}}': 200,
    b'{"alerts": [null, 1, "x", [], {}]}': 200,
}
LEFT_OUT = "left out"


def texts(canary: Path) -> list[str]:
    return [text.replace("CANARY", str(canary)) for text in TEXTS]


def without(rulebook: Path, *what: str) -> str:
    """The shipped rulebook without its filter (``filter``; ansible-rulebook's own takes its place) and without what its conditions guard (``guards``)."""
    text = SHIPPED.read_text()
    if "filter" in what:
        text = text.replace("- kubedebug.pods.alerts:", "- eda.builtin.event_splitter:\n            splitter_key: payload.alerts")
        assert "kubedebug.pods.alerts" not in text
    if "guards" in what:
        text = re.sub(r"^ +and event\S+ is not search\(.*\n", "", text, flags=re.MULTILINE)
        assert " search(" not in text
    rulebook.write_text(text)
    return str(rulebook)


def left_out(rulebook: parts.Process) -> int:
    """How many lines say that something was left out."""
    return sum(LEFT_OUT in line for line in rulebook.said().splitlines())


def wait_for_outcome(scene: parts.Scene, rulebook: parts.Process, alert: parts.Alert) -> tuple[str, str]:
    """(state, summary) of the playbook for an alert."""

    def look() -> list[tuple[str, str]]:
        assert rulebook.alive(), rulebook.said()[-4000:]
        return [(state, said) for name, state, said in scene.outcomes(rulebook.said()) if alert["fingerprint"] in name]

    return t.cast("tuple[str, str]", parts.wait(look, f"an outcome of {alert}")[0])


def test_nothing_of_an_alert_runs(scene: parts.Scene, pods: t.Callable[..., None], programs: Path) -> None:
    pods("cart")
    canary = scene.scratch / "canary"
    with scene.rulebook() as rulebook, scene.alertmanager(programs, rulebook.port) as alertmanager:
        # What Alertmanager takes: any text in each label, and in one that nobody looks at.
        hostile = [{**scene.alert("Unmapped"), field: text} for field in CHECKED for text in texts(canary)]
        labels = [{**entry, "instance": f"{index} {text}"} for index, (entry, text) in enumerate(zip(hostile, itertools.cycle(texts(canary)), strict=False))]
        parts.fire_all(alertmanager, labels)
        parts.wait(lambda: rulebook.said().count(" kubedebug.pods - ") >= len(labels), f"a line for each of {len(labels)} alerts")
        assert left_out(rulebook) >= len(labels) - 10, "only some texts are names that an alert may have"

        # What only who has the token can send.
        odd = [parts.firing({**scene.alert("Unmapped"), field: value}) for field in CHECKED for value in JSON]
        odd += [parts.firing(scene.alert("Unmapped"), **{field: value}) for field in ("fingerprint", "status", "labels") for value in [*texts(canary), *JSON]]
        before = left_out(rulebook)
        assert parts.post(rulebook.port, parts.message(*odd), scene.token) == 200
        assert left_out(rulebook) == before + len(odd), "one line for each"
        odd = [parts.firing(scene.alert("Unmapped", instance="x"), startsAt=value, annotations={"x": value}) for value in [*texts(canary), *JSON]]
        assert parts.post(rulebook.port, parts.message(*odd), scene.token) == 200

        # What looks like something else than a name arrives as it is, and a pod that is gone is no failure.
        for name in LOOK_ALIKES:
            alert = parts.firing(scene.alert(pod=name))
            assert parts.post(rulebook.port, parts.message(alert), scene.token) == 200
            state, said = wait_for_outcome(scene, rulebook, alert)
            assert (state, f"{scene.namespace}/{name}." in said) == ("refused", True), said
        assert rulebook.alive()
    assert not canary.exists()
    assert scene.all_containers() == 0
    assert not scene.evidence.exists()


@pytest.mark.parametrize(("missing", "runs"), [(("filter",), False), (("filter", "guards"), True)])
def test_the_conditions_guard_by_themselves(scene: parts.Scene, missing: tuple[str, ...], runs: bool) -> None:
    """Without them a label is executed, which shows that the other tests would see it."""
    canary = scene.scratch / "canary"
    hostile = [parts.firing({**scene.alert("Unmapped"), field: text}) for field in (*CHECKED, "instance") for text in texts(canary)]
    hostile += [parts.firing(scene.alert("Unmapped"), **{field: text}) for field in ("fingerprint", "startsAt") for text in texts(canary)]
    with scene.rulebook(without(scene.scratch / "rulebook.yml", *missing)) as rulebook:
        last = parts.firing(scene.alert("Last"))
        alerts = hostile[2 * len(TEXTS) : 2 * len(TEXTS) + 1] if runs else hostile
        assert parts.post(rulebook.port, parts.message(*alerts, last), scene.token) == 200
        assert wait_for_outcome(scene, rulebook, last)[0] == "refused"
        if runs:
            parts.wait(canary.exists, "a canary")
    assert canary.exists() == runs
    assert scene.all_containers() == 0


def test_what_is_no_alert_or_for_no_pod_is_left_out_in_one_line(scene: parts.Scene) -> None:
    with scene.rulebook() as rulebook:
        fine = parts.message(parts.firing(scene.alert()))
        for token in (None, "", "wrong", scene.token[:-1], f"{scene.token} x"):
            assert parts.post(rulebook.port, fine, token) == 401, token
        assert left_out(rulebook) == 0
        for body, status in BODIES.items():
            before = left_out(rulebook)
            assert parts.post(rulebook.port, body, scene.token) == status, body[:40]
            assert left_out(rulebook) - before == (body.count(b",") + 1 if b"[null" in body else status == 200), body[:40]

        big = scene.alert(pod="x" * 1_000_000)
        assert parts.post(rulebook.port, parts.message(parts.firing(big)), scene.token) == 200
        assert parts.post(rulebook.port, parts.message(parts.firing({**big, "x": "x" * 100_000})), scene.token) == 413
        assert "... (1000002 characters), and has to be the name of a pod." in rulebook.said()
        assert max(map(len, rulebook.said().splitlines())) < 1000, "a line repeats what a message says as it is"

        for missing in ("namespace", "pod", "alertname"):
            labels = scene.alert()
            del labels[missing]
            assert parts.post(rulebook.port, parts.message(parts.firing(labels)), scene.token) == 200
            assert f"was left out. It has no label {missing}." in rulebook.said()
        assert scene.outcomes(rulebook.said()) == []

        gone = {**parts.firing(scene.alert(pod="gone")), "status": "resolved"}
        protected = parts.firing({**scene.alert(), "namespace": "kube-system"})
        assert parts.post(rulebook.port, parts.message(gone, protected), scene.token) == 200
        state, said = wait_for_outcome(scene, rulebook, gone)
        assert (state, "gone" in said) == ("refused", True), said
        state, said = wait_for_outcome(scene, rulebook, protected)
        assert (state, said) == ("refused", "The namespace kube-system is protected. (guard namespaces, debug_guard_namespaces)")
        assert rulebook.alive()
    assert not scene.evidence.exists()
