# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Between AnsibleModule and the rest: a client made, results and failures out. The only util that knows AnsibleModule."""

from __future__ import annotations

import os
import traceback
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from . import _auth, _kubernetes
from ._client import Client
from ._errors import Failure

try:
    _kubernetes.load()
    KUBERNETES_IMPORT_ERROR = None
except ImportError:
    KUBERNETES_IMPORT_ERROR = traceback.format_exc()


class Module(AnsibleModule):
    """An AnsibleModule whose own complaints about options carry a ``failure`` as all others do."""

    def fail_json(self, msg: str, **result: t.Any) -> t.NoReturn:
        result.setdefault("failure", Failure("invalid_options", msg).to_dict())
        super().fail_json(msg, **result)


def run(module: Module, work: t.Callable[[Module], dict[str, t.Any]]) -> t.NoReturn:
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


_LONGEST_TIMEOUT = 86400
_LIMITS = {"wait_timeout": (0, _LONGEST_TIMEOUT), "log_tail_lines": (0, 2**31 - 1), "log_limit_bytes": (1, 2**31 - 1)}


def checked(params: t.Mapping[str, t.Any], option: str) -> t.Any:
    """The option's value. Raises Failure ``invalid_options`` where a number is out of its range."""
    value = params[option]
    least, most = _LIMITS.get(option, (value, value))
    if value is not None and not least <= value <= most:
        raise Failure("invalid_options", f"{option} is {value}. It has to be from {least} to {most}.", field=option)
    return value


def check_name(option: str, value: str) -> str:
    """``value``, which goes into a URL as a name. Raises Failure ``invalid_options`` where it cannot be one."""
    if not value or value in (".", "..") or any(letter in value for letter in "/%") or not value.isprintable():
        raise Failure("invalid_options", f"{option} is {value!r}, which cannot be the name of one.", field=option)
    return value


def make_client(module: Module) -> tuple[Client, list[str]]:
    """(a client for the cluster that the options and K8S_AUTH_* variables name, warnings about the connection)."""
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
