# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for AWX's API: it keeps what is posted to it, and answers as AWX 24.6.1 does for what the modules of awx.awx ask.

No AWX: nothing is launched, nobody has rights. The contract was recorded from what the modules of awx.awx 24.6.1 send and read. On top of it are those rules
of AWX that a wrong configuration would break: unknown fields, references to what is not there, surveys, prompts that a template does not ask for.
"""

from __future__ import annotations

import http.server
import itertools
import json
import re
import threading
import typing as t
from urllib.parse import parse_qsl, urlsplit

from tests.awx import rules

TOKEN = "a-token-of-the-stand-in"

Item = dict[str, t.Any]
_SURVEYED = "description survey_enabled extra_vars organization allow_simultaneous ask_variables_on_launch ask_limit_on_launch ask_labels_on_launch"


class Endpoint(t.NamedTuple):
    """A list of the API: the fields that it takes, which of them are ids in which other list, what can be associated, and what an item is called."""

    fields: str
    references: t.Mapping[str, str] = {}
    associations: tuple[str, ...] = ()
    identity: str = "name"
    type: str = ""


ENDPOINTS: dict[str, Endpoint] = {
    "organizations": Endpoint("description"),
    "credentials": Endpoint("description credential_type"),
    "labels": Endpoint("organization", {"organization": "organizations"}),
    "execution_environments": Endpoint("description organization image pull", {"organization": "organizations"}),
    "instance_groups": Endpoint("is_container_group pod_spec_override"),
    "credential_types": Endpoint("description kind inputs injectors managed"),
    "projects": Endpoint(
        "description organization scm_type scm_url scm_branch default_environment",
        {"organization": "organizations", "default_environment": "execution_environments"},
        type="project",
    ),
    "project_updates": Endpoint("status"),
    "inventories": Endpoint("description organization kind host_filter variables", {"organization": "organizations"}),
    "hosts": Endpoint("description inventory enabled variables", {"inventory": "inventories"}),
    "inventory_sources": Endpoint(
        "description inventory source source_project source_path overwrite update_on_launch",
        {"inventory": "inventories", "source_project": "projects"},
    ),
    "job_templates": Endpoint(
        f"{_SURVEYED} project playbook inventory execution_environment ask_job_type_on_launch job_slice_count",
        {
            "organization": "organizations",
            "project": "projects",
            "inventory": "inventories",
            "execution_environment": "execution_environments",
        },
        ("credentials", "labels", "instance_groups"),
        type="job_template",
    ),
    "workflow_job_templates": Endpoint(_SURVEYED, {"organization": "organizations"}, ("labels",), type="workflow_job_template"),
    "workflow_job_template_nodes": Endpoint(
        "workflow_job_template unified_job_template extra_data job_type",
        {"workflow_job_template": "workflow_job_templates", "unified_job_template": "unified_job_templates"},
        ("success_nodes", "failure_nodes", "always_nodes"),
        identity="identifier",
    ),
    "workflow_approval_templates": Endpoint("description timeout", type="workflow_approval_template"),
}
_UNIFIED = ("projects", "job_templates", "workflow_job_templates", "workflow_approval_templates")
_API = "/api/v2"


class RefusedError(Exception):
    """AWX answers with another status than success."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Controller:
    """What the API holds. ``playbooks`` are those that a project's update has found."""

    def __init__(self, playbooks: t.Iterable[str]) -> None:
        self.items: dict[str, dict[int, Item]] = {name: {} for name in ENDPOINTS}
        self.requests: list[str] = []
        self._playbooks = set(playbooks)
        self._ids = itertools.count(1)

    def named(self, endpoint: str, name: str) -> Item:
        """An item by its name."""
        (found,) = (item for item in self.items[endpoint].values() if item[ENDPOINTS[endpoint].identity] == name)
        return found

    def add(self, endpoint: str, fields: Item) -> Item:
        """Store an item. Raises RefusedError where AWX would."""
        contract = ENDPOINTS[endpoint]
        self._check(endpoint, fields)
        number = next(self._ids)
        url = f"{_API}/{endpoint}/{number}/"
        related = {name: f"{url}{name}/" for name in contract.associations}
        if "survey_enabled" in contract.fields:
            related["survey_spec"] = f"{url}survey_spec/"
        item = {"id": number, "url": url, "type": contract.type or endpoint, "related": related, **fields, **{name: [] for name in contract.associations}}
        self.items[endpoint][number] = item
        if endpoint == "projects":
            # A new project is updated at once, and before that has none of its playbooks.
            update = self.add("project_updates", {"name": item["name"], "status": "successful"})
            return {**item, "scm_revision": "", "summary_fields": {"current_update": {"id": update["id"]}}}
        return item

    def _check(self, endpoint: str, fields: Item) -> None:
        contract = ENDPOINTS[endpoint]
        unknown = set(fields) - {contract.identity, *contract.fields.split()}
        if unknown:
            raise RefusedError(400, f"{endpoint} has no {', '.join(sorted(unknown))}")
        for field, other in contract.references.items():
            value = fields.get(field)
            if value is not None and not any(int(value) in self.items[name] for name in (_UNIFIED if other == "unified_job_templates" else (other,))):
                raise RefusedError(400, f"{field}: invalid pk {value}")
        if endpoint == "job_templates" and fields.get("playbook") not in self._playbooks:
            raise RefusedError(400, f"playbook not found for project: {fields.get('playbook')}")
        if "job_type" in fields and fields.get("unified_job_template"):
            template = self.unified(int(fields["unified_job_template"]))
            if template["type"] == "job_template" and not template.get("ask_job_type_on_launch"):
                raise RefusedError(400, f"job_type: field is not configured to prompt on launch of {template['name']}")

    def unified(self, number: int) -> Item:
        """A template of any kind."""
        return next(self.items[name][number] for name in _UNIFIED if number in self.items[name])

    def find(self, endpoint: str, query: t.Mapping[str, str]) -> list[Item]:
        """The items whose fields are as the query says."""
        lists = _UNIFIED if endpoint == "unified_job_templates" else (endpoint,)
        found = [item for name in lists for item in self.items[name].values()]
        return [item for item in found if all(str(item.get(key)) == value for key, value in query.items())]

    def answer(self, method: str, path: str, query: dict[str, str], body: Item) -> tuple[int, t.Any]:
        """(status, document) for a request."""
        parts = path.removeprefix(_API).strip("/").split("/")
        self.requests.append(f"{method} {'/'.join(parts)}")
        if parts[0] not in (*ENDPOINTS, "unified_job_templates"):
            raise RefusedError(404, f"no {path}")
        if len(parts) == 1:
            return self._list(method, parts[0], query, body)
        item = self.items[parts[0]].get(int(parts[1]))
        if item is None:
            raise RefusedError(404, f"no {path}")
        return self._item(method, parts[0], item, body) if len(parts) == 2 else self._part(method, parts[0], item, parts[2], body)

    def _list(self, method: str, endpoint: str, query: dict[str, str], body: Item) -> tuple[int, t.Any]:
        if method == "GET":
            return 200, page(self.find(endpoint, query))
        if method == "POST" and endpoint in ENDPOINTS:
            return 201, self.add(endpoint, body)
        raise RefusedError(405, method)

    def _item(self, method: str, endpoint: str, item: Item, body: Item) -> tuple[int, t.Any]:
        if method == "PATCH" and endpoint == "workflow_approval_templates":
            item.update(approval(body))
        elif method == "PATCH":
            self._check(endpoint, {**{key: item[key] for key in ("playbook",) if key in item}, **body})
            item.update(body)
        elif method != "GET":
            raise RefusedError(405, method)
        return 200, item

    def _part(self, method: str, endpoint: str, item: Item, part: str, body: Item) -> tuple[int, t.Any]:
        if part == "survey_spec" and part in item["related"]:
            return self._survey(method, item, body)
        if part == "create_approval_template" and endpoint == "workflow_job_template_nodes":
            made = self.add("workflow_approval_templates", approval(body))
            item["unified_job_template"] = made["id"]
            item["related"]["unified_job_template"] = made["url"]
            return 201, made
        if part not in ENDPOINTS[endpoint].associations:
            raise RefusedError(404, f"no {part} of {endpoint}")
        other = endpoint if part.endswith("_nodes") else part
        if method == "GET":
            return 200, page([self.items[other][number] for number in item[part]])
        if body["id"] not in self.items[other]:
            raise RefusedError(400, f"{part}: no {body['id']}")
        if body.get("disassociate"):
            item[part].remove(body["id"])
        else:
            item[part].append(body["id"])
        return 204, None

    def _survey(self, method: str, item: Item, body: Item) -> tuple[int, t.Any]:
        if method == "POST":
            error = rules.survey_error(body)
            if error:
                raise RefusedError(400, error)
            item["survey_spec"] = body
            return 200, {}
        return 200, item.get("survey_spec", {})


def approval(body: Item) -> Item:
    """What AWX takes of a request for an approval: the module sends fields of the node too, which its serializer ignores."""
    return {key: body[key] for key in ("name", "description", "timeout") if key in body}


def page(items: list[Item]) -> Item:
    """A list as AWX answers it."""
    return {"count": len(items), "next": None, "previous": None, "results": items}


class Server:
    """Serves a Controller on a port of the loopback interface, as long as it is entered."""

    def __init__(self, controller: Controller) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else {}
                url = urlsplit(self.path)
                try:
                    if self.headers["Authorization"] != f"Bearer {TOKEN}":
                        raise RefusedError(401, "no token")
                    if not re.match(f"{_API}/.+/$", url.path):
                        raise RefusedError(404, url.path)
                    status, document = controller.answer(self.command, url.path, dict(parse_qsl(url.query)), body)
                except RefusedError as refused:
                    status, document = refused.status, {"detail": str(refused), "error": str(refused)}
                content = b"" if document is None else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("X-API-Product-Name", "AWX")
                self.send_header("X-API-Product-Version", "24.6.1")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_PATCH = do_DELETE = do_GET

            def log_message(self, format: str, *args: t.Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
