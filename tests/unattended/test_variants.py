# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variants of the rulebook, run by the real ansible-rulebook. What is on their other side is not to be had here, so stand-ins take its place."""

from __future__ import annotations

import contextlib
import http.server
import json
import shutil
import threading
import typing as t
import urllib.parse
from pathlib import Path

import pytest

from tests.unattended import parts

pytestmark = pytest.mark.integration

TEMPLATE, ORGANIZATION = "evidence", "incidents"
STAND_INS = Path(__file__).parent / "stand_ins"


@contextlib.contextmanager
def controller() -> t.Iterator[tuple[int, list[dict[str, t.Any]]]]:
    """Stands in for AWX: (its port, the bodies of launches). Its one job template prompts for variables and the limit, and jobs succeed at once."""
    launched: list[dict[str, t.Any]] = []
    prompts = {f"ask_{what}_on_launch": what in ("limit", "variables") for what in ("limit", "labels", "inventory", "variables")}
    organization = {"organization": {"name": ORGANIZATION}}
    launch = "/api/v2/job_templates/7/launch/"
    template = {
        "id": 7,
        "type": "job_template",
        "name": TEMPLATE,
        "summary_fields": organization,
        "related": {"launch": launch},
        **prompts,
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urllib.parse.urlsplit(self.path).path
            if path == "/api/v2/config/":
                self._answer(200, {"version": "24.6.1"})
            elif path == "/api/v2/unified_job_templates/":
                self._answer(200, {"count": 1, "next": None, "results": [template]})
            elif path == "/api/v2/jobs/":
                jobs = [{"id": 100 + index, "status": "successful", "created": "2026-11-25T10:00:00Z", "artifacts": {}} for index in range(len(launched))]
                self._answer(200, {"count": len(jobs), "next": None, "results": jobs})
            else:
                self._answer(404, {"detail": self.path})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path != launch or self.headers["Authorization"] != "Bearer controller-token":
                self._answer(403, {"detail": self.path})
                return
            launched.append(body)
            number = 99 + len(launched)
            self._answer(201, {"id": number, "url": f"/api/v2/jobs/{number}/", "status": "pending"})

        def _answer(self, status: int, document: dict[str, t.Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: t.Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port, launched
        finally:
            server.shutdown()


def test_a_job_of_awx(scene: parts.Scene) -> None:
    alert = parts.firing(scene.alert(instance="10.0.0.1:8080", job="{{ 7 * 7 }}"))
    resolved = {**alert, "status": "resolved"}
    hostile = parts.firing(scene.alert(pod="{{ 7 * 7 }}"))
    with controller() as (port, launched):
        login = ("--controller-url", f"http://127.0.0.1:{port}/", "--controller-token", "controller-token", "--controller-ssl-verify", "no")
        with scene.rulebook("kubedebug.pods.alertmanager_job", *login, kubedebug_job_template=TEMPLATE, kubedebug_organization=ORGANIZATION) as rulebook:
            assert parts.post(rulebook.port, parts.message(alert, alert, hostile), scene.token) == 200
            assert parts.post(rulebook.port, parts.message(alert), "wrong") == 401
            parts.wait(lambda: launched, "a launch")
            assert parts.post(rulebook.port, parts.message(resolved), scene.token) == 200
            parts.wait(lambda: len(launched) == 2, "another launch")
            parts.wait(lambda: rulebook.said().count("completed successfully") == 2, "the end of both jobs")
    labels = {name: alert["labels"][name] for name in ("alertname", "namespace", "pod", "container")}
    for body, status in zip(launched, ("firing", "resolved"), strict=True):
        told = {"status": status, "fingerprint": alert["fingerprint"], "startsAt": alert["startsAt"], "labels": labels}
        assert body == {"limit": "localhost", "extra_vars": {"debug_alert": told}}


def test_the_source_of_ansible_eda(scene: parts.Scene, tmp_path: Path) -> None:
    """Each alert is one event, and nothing of its label instance becomes a limit."""
    plugins = tmp_path / "collections" / "ansible_collections" / "ansible" / "eda" / "extensions" / "eda" / "plugins" / "event_source"
    plugins.mkdir(parents=True)
    shutil.copy(STAND_INS / "alertmanager.py", plugins)
    alerts = [parts.firing(scene.alert(f"Unmapped{number}", instance="10.0.0.1:8080")) for number in range(2)]
    with scene.rulebook("kubedebug.pods.alertmanager_eda", collections=[tmp_path / "collections"]) as rulebook:
        assert parts.post(rulebook.port, parts.message(*alerts), None) == 202
        outcomes = parts.wait(lambda: found if len(found := scene.outcomes(rulebook.said())) >= len(alerts) else [], "two outcomes")
        assert rulebook.said().count(" is firing for ") == len(alerts)
    assert sorted(name for name, state, _said in outcomes if state == "refused") == [
        f"Unmapped{number} {alert['fingerprint']}" for number, alert in enumerate(alerts)
    ]
