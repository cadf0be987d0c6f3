# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Between AnsibleModule and the rest, for modules that talk to a cluster: options checked, a client made."""

from __future__ import annotations

import os
import traceback
import typing as t

from ansible.module_utils.basic import missing_required_lib

from . import _auth, _kubernetes
from ._client import Client
from ._errors import Failure, FieldError
from ._run import BareModule, run

__all__ = ("Module", "check_options", "make_client", "names_pods", "option_errors", "run")

try:
    _kubernetes.load()
    KUBERNETES_IMPORT_ERROR = None
except Exception:  # noqa: BLE001 - a package that is broken, or does not go with another, raises whatever it wants
    KUBERNETES_IMPORT_ERROR = traceback.format_exc()


class Module(BareModule):
    """A module that talks to a cluster: it hides the secrets within its options."""

    def _load_params(self) -> None:
        """Know the secrets before the first complaint, and before the system's log is told how the module was called."""
        super()._load_params()  # type: ignore[no-untyped-call]  # Ansible has no type hints
        self.no_log_values.update(_auth.secrets({option: self.params.get(option) for option in ("kubeconfig", "host", "proxy")}))


_LONGEST_TIMEOUT = 86400
#: Option -> least and most. 0 for ``request_timeout`` is no time at all.
_RANGES = {
    "wait_timeout": (0, _LONGEST_TIMEOUT),
    "request_timeout": (0.001, _LONGEST_TIMEOUT),
    "log_tail_lines": (0, 2**31 - 1),
    "log_limit_bytes": (1, 2**31 - 2),
    "max_pods": (1, 100_000),
    "concurrency": (1, 64),
    "timeout": (1, _LONGEST_TIMEOUT),
    "output_limit_bytes": (0, 2**24),
    "chunk_size": (2**16, 2**40),
    "max_size": (0, 2**50),
    "recycle_after": (0, 366 * 86400),
    "max_evictions": (1, 1000),
}
#: Options whose value goes into a URL as a name.
_NAMES = ("namespace", "pod")
_SELECTORS = ("label_selectors", "field_selectors")


def option_errors(params: t.Mapping[str, t.Any]) -> list[FieldError]:
    """What is wrong with the values of options that modules share: numbers out of range, names that cannot be one, empty selectors."""
    errors = []
    for option, (least, most) in _RANGES.items():
        value = params.get(option)
        if value is not None and not least <= value <= most:
            errors.append(FieldError(option, "FieldValueInvalid", f"{option} is {value}. It has to be from {least} to {most}."))
    for option in _NAMES:
        value = params.get(option)
        if value is not None and not _is_name(value):
            errors.append(FieldError(option, "FieldValueInvalid", f"{option} is {value!r}, which cannot be the name of one."))
    if params.get("pod_uid") == "":
        errors.append(FieldError("pod_uid", "FieldValueInvalid", "pod_uid is empty. Leave it out where any pod of the name will do."))
    for option in _SELECTORS:
        value = params.get(option)
        if value is not None and not all(text.strip(", ") for text in value or [""]):
            errors.append(FieldError(option, "FieldValueInvalid", f"{option} has nothing in it, which would match every pod of the namespace."))
    errors += _pod_names_errors(params)
    if params.get("workload") is not None:
        from ._select import parse_workload

        try:
            parse_workload(params["workload"])
        except Failure as failure:
            errors.append(FieldError("workload", "FieldValueInvalid", failure.message))
    return errors


def _pod_names_errors(params: t.Mapping[str, t.Any]) -> list[FieldError]:
    if params.get("pod_names") is None:
        return []
    errors = []
    if not all(map(_is_name, params["pod_names"] or [""])):
        errors.append(FieldError("pod_names", "FieldValueInvalid", "pod_names is empty, or has what cannot be the name of a pod."))
    if all(params.get(option) is None for option in ("workload", *_SELECTORS)):
        errors.append(FieldError("pod_names", "FieldValueInvalid", "pod_names narrows a selection or a workload, and there is none."))
    return errors


def check_options(params: t.Mapping[str, t.Any], more: t.Sequence[FieldError] = ()) -> None:
    """Raise Failure ``invalid_options`` with all that ``option_errors`` finds, and ``more`` that was found."""
    errors = [*option_errors(params), *more]
    if errors:
        message = " ".join(found.message for found in errors)
        raise Failure("invalid_options", message, field=errors[0].field, details=[found.to_dict() for found in errors])


def _is_name(value: str) -> bool:
    return bool(value) and value not in (".", "..") and not any(letter in value for letter in "/%") and value.isprintable()


def names_pods(params: t.Mapping[str, t.Any]) -> bool:
    """Whether the options say which pods, by name or by a selection."""
    return any(params[option] is not None for option in ("pod", "workload", *_SELECTORS))


def make_client(module: Module) -> tuple[Client, list[str]]:
    """(a client for the cluster that the options and K8S_AUTH_* variables name, warnings about the connection)."""
    settings = _auth.gather(module.params, os.environ)
    module.no_log_values.update(_auth.secrets(settings), _auth.secrets(_auth.gather({}, os.environ)))
    if KUBERNETES_IMPORT_ERROR:
        raise Failure("missing_library", missing_required_lib("kubernetes"), details=[{"traceback": KUBERNETES_IMPORT_ERROR}])
    try:
        connection = _auth.connect(settings, module.no_log_values)
    except ImportError as exc:
        raise Failure("missing_library", f"{missing_required_lib('kubernetes')} It is there, but cannot be loaded: {exc}.") from exc
    except ValueError:
        raise _unusable() from None
    try:
        concurrency = module.params.get("concurrency") or 1
        return Client(connection, request_timeout=module.params["request_timeout"], concurrency=concurrency), connection.warnings
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
