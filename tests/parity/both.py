# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the real kubernetes.core and this collection make of the same options and variables.

``python both.py`` reads a JSON list of cases {options, variables, in_cluster} and writes a list of {ours, theirs}. It is a process of its own because
kubernetes.core sets the client library's default configuration.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import sys
import types
import typing as t
from pathlib import Path

import kubernetes
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from kubernetes.config import incluster_config

from ansible_collections.kubedebug.pods.plugins.module_utils import _auth
from ansible_collections.kubedebug.pods.plugins.module_utils._argspec import AUTH
from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure

_THEIRS = "ansible_collections.kubernetes.core.plugins.module_utils"
args_common = importlib.import_module(f"{_THEIRS}.args_common")
client = importlib.import_module(f"{_THEIRS}.k8s.client")

Seen = dict[str, t.Any]
#: Attributes of the Configuration that are files, of which the content counts: those of a kubeconfig are temporary.
_FILES = ("ssl_ca_cert", "cert_file", "key_file")


def theirs(options: Seen) -> Seen:
    """What kubernetes.core makes of the options."""
    module = types.SimpleNamespace(params=validated(args_common.AUTH_ARG_SPEC, options))
    kubernetes.client.Configuration.set_default(None)
    try:
        configuration = client._create_configuration(client._create_auth_spec(module))
    except Exception as exc:  # noqa: BLE001 - whatever its libraries raise fails the task
        return {"fails": type(exc).__name__}
    sender = kubernetes.client.ApiClient(configuration)
    for name, value in client._create_headers(module).items():
        client._set_header(sender, name, value)
    headers = [[str(name), value] for name, value in sender.default_headers.items() if str(name).startswith("Impersonate")]
    return seen(configuration, headers, lambda: [setting["value"] for setting in configuration.auth_settings().values()])


def ours(options: Seen) -> Seen:
    """What this collection makes of the options."""
    from ansible_collections.kubedebug.pods.plugins.module_utils._client import _authorization

    try:
        connection = _auth.connect(_auth.gather(validated(AUTH.options, options), os.environ))
    except Failure as failure:
        return {"fails": failure.code}
    headers = [list(header) for header in connection.headers]
    return seen(connection.configuration, headers, lambda: list(_authorization(connection.configuration).values()))


def validated(spec: Seen, options: Seen) -> Seen:
    """The options as a module gets them."""
    result = ArgumentSpecValidator(spec).validate(options)
    if result.error_messages:
        raise ValueError(result.error_messages)
    return dict(result.validated_parameters)


def seen(configuration: t.Any, headers: list[list[str]], authorization: t.Callable[[], list[str]]) -> Seen:
    """All that decides where a request goes and as whom.

    Connections are made before the first request, and ``authorization`` is asked by each: twice, for it renews what was loaded.
    """
    connections = {
        **{name: getattr(configuration, name) for name in ("verify_ssl", "proxy")},
        **{name: getattr(configuration, name) or None for name in ("no_proxy", "proxy_headers")},
        **{name: content(getattr(configuration, name)) for name in _FILES},
    }
    requests = [[*authorization(), configuration.host] for _request in range(2)]
    return {**connections, "headers": headers, "first_request": requests[0], "second_request": requests[1]}


def content(path: str | None) -> str | None:
    """What is in the file."""
    if not path:
        return path
    return Path(path).read_text() if Path(path).exists() else f"{path} is not there"


@contextlib.contextmanager
def surroundings(variables: dict[str, str], in_cluster: str | None) -> t.Iterator[None]:
    """Nothing but the variables, and the folder of a service account where there is one."""
    kept = dict(os.environ)
    os.environ.clear()
    os.environ.update({"HOME": kept["HOME"], "PATH": kept["PATH"], **variables})
    if in_cluster:
        os.environ.update(KUBERNETES_SERVICE_HOST="10.0.0.1", KUBERNETES_SERVICE_PORT="443")
        vars(incluster_config).update(SERVICE_TOKEN_FILENAME=f"{in_cluster}/token", SERVICE_CERT_FILENAME=f"{in_cluster}/ca.crt")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def main() -> None:
    """Answer every case."""
    logging.disable()
    answers = []
    for case in json.load(sys.stdin):
        with surroundings(case["variables"], case["in_cluster"]):
            answers.append({"ours": ours(case["options"]), "theirs": theirs(case["options"])})
    json.dump({"spec": args_common.AUTH_ARG_SPEC, "map": args_common.AUTH_ARG_MAP, "answers": answers}, sys.stdout)


if __name__ == "__main__":
    main()
