# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Between AnsibleModule and the rest: parameters in, a client made, results and failures out. The only util that knows AnsibleModule."""

from __future__ import annotations

import os
import traceback
import typing as t

from ansible.module_utils.basic import missing_required_lib

from . import _auth, _kubernetes
from ._client import Client
from ._decide import Policy, check_offline
from ._document import read_file
from ._ensure import Reference, Request, ensure
from ._errors import Failure
from ._info import Query, look
from ._report import ensured, first_failure, outcome_diff
from ._spec import Wanted, build

try:
    _kubernetes.load()
    KUBERNETES_IMPORT_ERROR = None
except ImportError:
    KUBERNETES_IMPORT_ERROR = traceback.format_exc()

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


def run(module: AnsibleModule, work: t.Callable[[AnsibleModule], dict[str, t.Any]]) -> t.NoReturn:
    """Do ``work`` and end the module with its result. A result with a ``failure`` fails the task; a Failure that is raised does too."""
    try:
        result = work(module)
    except Failure as failure:
        result = {"changed": False, "msg": failure.msg, "failure": failure.to_dict()}
    for text in result.pop("warnings", ()):
        module.warn(text)
    if "failure" in result:
        module.fail_json(**result)
    module.exit_json(**result)


def ensure_containers(module: AnsibleModule) -> dict[str, t.Any]:
    """The work of ``ephemeral_container``."""
    params = module.params
    document, origin = (params["definition"], "definition") if params["src"] is None else (read_file(params["src"]), "src")
    wanted = build(params, document, origin)
    if params["state"] == "present":
        check_offline(wanted.containers)
    request = Request(
        containers=wanted.containers,
        policy=Policy(**{key: params[key] for key in Policy._fields}),
        dry_run=module.check_mode,
        requested_by=params["requested_by"] or "",
        profile=params["profile"],
        **{key: _checked(params, key) for key in _REQUEST_OPTIONS},
    )
    client, warnings = _client(module)
    outcomes = ensure(client, request, [_reference(params, wanted, client)])
    result = ensured(outcomes, client.context)
    if module._diff:
        result["diff"] = [diff for diff in map(outcome_diff, outcomes) if diff]
    result["warnings"] = warnings + [warning for outcome in outcomes for warning in outcome.warnings]
    failure = first_failure(outcomes)
    if failure:
        if failure.code == "forbidden_rbac" and module.check_mode:
            failure.message += " Check mode asks the server for a dry run, which needs the same right as the write."
        result.update(msg=failure.msg, failure=failure.to_dict())
    return result


def look_at_containers(module: AnsibleModule) -> dict[str, t.Any]:
    """The work of ``ephemeral_container_info``."""
    params = module.params
    client, warnings = _client(module)
    query = Query(params["names"], **{key: _checked(params, key) for key in ("logs", "log_tail_lines", "log_limit_bytes", "events")})
    containers, told = look(client, _reference(params, None, client), query)
    return {"changed": False, "containers": containers, "warnings": warnings + told}


_REQUEST_OPTIONS = ("wait", "wait_for", "wait_timeout", "success_exit_codes", "logs", "log_tail_lines", "log_limit_bytes")
_LONGEST_TIMEOUT = 86400
_LIMITS = {"wait_timeout": (0, _LONGEST_TIMEOUT), "log_tail_lines": (0, 2**31 - 1), "log_limit_bytes": (1, 2**31 - 1)}


def _checked(params: t.Mapping[str, t.Any], option: str) -> t.Any:
    value = params[option]
    least, most = _LIMITS.get(option, (value, value))
    if value is not None and not least <= value <= most:
        raise Failure("invalid_options", f"{option} is {value}. It has to be from {least} to {most}.", field=option)
    return value


def _reference(params: t.Mapping[str, t.Any], wanted: Wanted | None, client: Client) -> Reference:
    pod = params["pod"] or (wanted.pod if wanted else None)
    if not pod:
        raise Failure("invalid_options", "No pod is named.", field="pod", hint="Set pod, or give a document whose metadata.name says which.")
    reference = Reference(params["namespace"] or (wanted.namespace if wanted else None) or client.namespace, pod)
    for option, value in (("namespace", reference.namespace), ("pod", reference.name)):
        if value in (".", "..") or any(letter in value for letter in "/%") or not value.isprintable():
            raise Failure("invalid_options", f"{option} is {value!r}, which cannot be the name of one.", field=option)
    return reference


def _client(module: AnsibleModule) -> tuple[Client, list[str]]:
    if KUBERNETES_IMPORT_ERROR:
        raise Failure("missing_library", missing_required_lib("kubernetes"), details=[{"traceback": KUBERNETES_IMPORT_ERROR}])
    settings = _auth.gather(module.params, os.environ)
    module.no_log_values.update(_auth.secrets(settings))
    if not 0 < module.params["request_timeout"] <= _LONGEST_TIMEOUT:
        raise Failure("invalid_options", f"request_timeout has to be more than 0 and at most {_LONGEST_TIMEOUT} seconds.", field="request_timeout")
    try:
        connection = _auth.connect(settings)
    except ImportError as exc:
        raise Failure("missing_library", f"{missing_required_lib('kubernetes')} It is there, but cannot be loaded: {exc}.") from exc
    except ValueError:
        raise _unusable() from None
    try:
        return Client(connection, request_timeout=module.params["request_timeout"]), connection.warnings
    except ValueError:
        raise _unusable() from None


def _unusable() -> Failure:
    """What the libraries say of such options may quote a password, so it is not passed on."""
    return Failure(
        "invalid_options",
        "The options for the connection cannot be used: host or proxy is no URL, or a password or header holds a character that no HTTP header can carry.",
        field="host",
        hint="Write host and proxy as https://NAME:PORT, and check username, password and proxy_headers.",
    )
