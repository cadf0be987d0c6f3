# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Options and K8S_AUTH_* variables become a ``kubernetes.client.Configuration`` and the namespace that goes with it."""

from __future__ import annotations

import os
import re
import typing as t
from urllib.parse import urlsplit

from . import _kubernetes
from ._errors import Failure

if t.TYPE_CHECKING:
    from kubernetes.client import Configuration

#: Option -> the variable names it is read from and the attribute of ``Configuration`` it sets (None: it is not one). kubernetes.core's table.
VARIABLES: dict[str, tuple[tuple[str, ...], str | None]] = {
    "kubeconfig": (("K8S_AUTH_KUBECONFIG",), None),
    "context": (("K8S_AUTH_CONTEXT",), None),
    "persist_config": (("K8S_AUTH_PERSIST_CONFIG",), None),
    "host": (("K8S_AUTH_HOST",), "host"),
    "api_key": (("K8S_AUTH_API_KEY",), "api_key"),
    "username": (("K8S_AUTH_USERNAME",), "username"),
    "password": (("K8S_AUTH_PASSWORD",), "password"),
    "validate_certs": (("K8S_AUTH_VALIDATE_CERTS", "K8S_AUTH_VERIFY_SSL"), "verify_ssl"),
    "ca_cert": (("K8S_AUTH_CA_CERT", "K8S_AUTH_SSL_CA_CERT"), "ssl_ca_cert"),
    "client_cert": (("K8S_AUTH_CLIENT_CERT", "K8S_AUTH_CERT_FILE"), "cert_file"),
    "client_key": (("K8S_AUTH_CLIENT_KEY", "K8S_AUTH_KEY_FILE"), "key_file"),
    "proxy": (("K8S_AUTH_PROXY",), "proxy"),
    "no_proxy": (("K8S_AUTH_NO_PROXY",), "no_proxy"),
}
_BOOLEANS = ("validate_certs", "persist_config")
_PROXY_HEADERS = ("proxy_basic_auth", "basic_auth", "user_agent")
_SECRET_FIELDS = ("token", "password", "client-key-data", "client-certificate-data")
_SECRET_NAME = re.compile(r"token|secret|password|key|credential", re.IGNORECASE)
#: What a plugin gets and is at least as long may be a secret; hiding shorter words would hide much else.
_LONG = 8
_FILES = ("ca_cert", "client_cert", "client_key")
_SERVICE_ACCOUNT_NAMESPACE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

#: These two releases of the kubernetes package send no bearer token: every request would be anonymous.
BROKEN_CLIENTS = ("36.0.0", "36.0.1")


class Connection(t.NamedTuple):
    """How to reach the cluster: ``namespace`` is the default one, ``context`` the kubeconfig context that was asked for, if any."""

    configuration: Configuration
    namespace: str
    context: str | None
    warnings: list[str]


def gather(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> dict[str, t.Any]:
    """The authentication settings: a module option wins over its variable, and an empty one is as left out, as in kubernetes.core."""
    settings: dict[str, t.Any] = {}
    for option, (variables, _attribute) in VARIABLES.items():
        value = params.get(option)
        if value is None or value == "":
            text = next((environ[name] for name in variables if environ.get(name)), None)
            value = text if text is None or option not in _BOOLEANS else text.lower() not in ("0", "false", "no")
        if value is not None:
            settings[option] = value
    headers = params.get("proxy_headers") or {key: environ.get(f"K8S_AUTH_PROXY_HEADERS_{key.upper()}") for key in _PROXY_HEADERS}
    given = {key: value for key, value in headers.items() if value is not None}
    if given:
        settings["proxy_headers"] = given
    if "host" in settings:
        settings["host"] = settings["host"].rstrip("/")
    return settings


def secrets(settings: t.Mapping[str, t.Any]) -> set[str]:
    """Every value among the settings that must not be shown, those of an in-memory kubeconfig included."""
    found = {settings[key] for key in ("api_key", "password") if key in settings}
    found.update(_password_within(settings[key]) for key in ("host", "proxy") if key in settings)
    found.update(value for key, value in settings.get("proxy_headers", {}).items() if key != "user_agent")
    kubeconfig = settings.get("kubeconfig")
    users = kubeconfig.get("users") if isinstance(kubeconfig, dict) else None
    for entry in users if isinstance(users, list) else ():
        user = entry.get("user") if isinstance(entry, dict) else None
        if isinstance(user, dict):
            found.update(_secrets_of_user(user))
    return {value for value in found if isinstance(value, str) and value}


def _password_within(url: str) -> str | None:
    try:
        return urlsplit(url).password
    except ValueError:
        return None


def _secrets_of_user(user: t.Mapping[str, t.Any]) -> t.Iterator[t.Any]:
    yield from (user.get(key) for key in _SECRET_FIELDS)
    for section, settings in (("auth-provider", "config"), ("exec", "env")):
        holder = user.get(section)
        values = holder.get(settings) if isinstance(holder, dict) else None
        if isinstance(values, list):
            values = {str(entry.get("name")): entry.get("value") for entry in values if isinstance(entry, dict)}
        if isinstance(values, dict):
            yield from (value for key, value in values.items() if _SECRET_NAME.search(str(key)) or len(str(value)) >= _LONG)
    plugin = user.get("exec")
    words = plugin.get("args") if isinstance(plugin, dict) else None
    yield from (word for word in (words if isinstance(words, list) else ()) if len(str(word)) >= _LONG)


def connect(settings: t.Mapping[str, t.Any]) -> Connection:
    """Load what the settings name. Raises Failure ``invalid_options`` or ``missing_library``; sends nothing to the API server.

    Precedence as in kubernetes.core: host with a token, with user and password or with a client certificate stands alone; else kubeconfig or context;
    else the cluster that this runs in; else the default kubeconfig. Single options are laid over what was loaded.
    """
    kubernetes = _kubernetes.load()
    if kubernetes.__version__ in BROKEN_CLIENTS:
        raise Failure(
            "missing_library",
            f"The Python package kubernetes {kubernetes.__version__} sends no bearer tokens, so every request would be anonymous.",
            hint="Install another release: kubernetes>=24.2.0,!=36.0.0,!=36.0.1.",
        )
    token = settings.get("api_key", "")
    if not (token.isascii() and token.isprintable()):
        raise Failure(
            "invalid_options",
            "api_key holds a line break or another character that no HTTP header can carry.",
            field="api_key",
            hint="A token that comes from a file often ends with a line break: apply the filter trim.",
        )
    for option in _FILES:
        if option in settings and not os.path.isfile(settings[option]):
            raise Failure("invalid_options", f"{option}: there is no file {settings[option]}.", field=option)

    configuration = kubernetes.client.Configuration()
    namespace: str | None = None
    pairs = (("api_key",), ("username", "password"), ("client_cert", "client_key"))
    alone = "host" in settings and any(all(name in settings for name in pair) for pair in pairs)
    if not alone:
        if "kubeconfig" not in settings and "context" not in settings and _load_in_cluster(configuration, kubernetes.config):
            namespace = _read(_SERVICE_ACCOUNT_NAMESPACE)
        else:
            namespace = _load_kubeconfig(settings, configuration, kubernetes.config)
    _lay_over(settings, configuration)
    configuration.api_key = {key: value.strip() if isinstance(value, str) else value for key, value in configuration.api_key.items()}
    return Connection(configuration, namespace or "default", settings.get("context"), _warnings(configuration))


def _lay_over(settings: t.Mapping[str, t.Any], configuration: Configuration) -> None:
    """Set the single options, for good: what renews a loaded token puts back all that was loaded, itself included."""
    _overlay(settings, configuration)
    renew = configuration.refresh_api_key_hook
    if renew:

        def renew_and_lay_over(renewed: Configuration) -> None:
            renew(renewed)
            _lay_over(settings, renewed)

        configuration.refresh_api_key_hook = renew_and_lay_over


def _overlay(settings: t.Mapping[str, t.Any], configuration: Configuration) -> None:
    for option, (_variables, attribute) in VARIABLES.items():
        if attribute and option in settings:
            value = settings[option]
            setattr(configuration, attribute, {"authorization": f"Bearer {value}"} if option == "api_key" else value)
    if "api_key" in settings:
        # Older releases of the package put a function here that reads the service account's token.
        vars(configuration).pop("get_api_key_with_prefix", None)
    if "proxy_headers" in settings:
        from urllib3.util import make_headers

        configuration.proxy_headers = make_headers(**settings["proxy_headers"])
    configuration.retries = False


def _warnings(configuration: Configuration) -> list[str]:
    if configuration.verify_ssl or not str(configuration.host).startswith("https"):
        return []
    warning = (
        "The API server's certificate is not verified (validate_certs is off): anybody on the way can read the credentials and forge the answers. "
        "In AWX this also happens when the credential's certificate authority field is empty."
    )
    return [warning]


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip() or None
    except OSError:
        return None


def _load_in_cluster(configuration: Configuration, config: t.Any) -> bool:
    try:
        config.load_incluster_config(client_configuration=configuration)
    except config.ConfigException:
        return False
    return True


def _load_kubeconfig(settings: t.Mapping[str, t.Any], configuration: Configuration, config: t.Any) -> str | None:
    kubeconfig, context = settings.get("kubeconfig"), settings.get("context")
    options = {"context": context, "client_configuration": configuration, "persist_config": settings.get("persist_config", False)}
    if isinstance(kubeconfig, str):
        if len(kubeconfig.splitlines()) > 1 or kubeconfig.lstrip().startswith(("{", "apiVersion")):
            raise Failure(
                "invalid_options",
                "kubeconfig is the text of one, and has to be a file's name or a mapping.",
                field="kubeconfig",
                hint="Apply the filter from_yaml to the text, or give the file's name.",
            )
        kubeconfig = os.path.expanduser(os.path.expandvars(kubeconfig))
        if not any(os.path.isfile(path) for path in kubeconfig.split(os.pathsep)):
            raise Failure("invalid_options", f"kubeconfig: there is no file {kubeconfig}.", field="kubeconfig")
    active: dict[str, t.Any]
    try:
        if isinstance(kubeconfig, dict):
            config.load_kube_config_from_dict(kubeconfig, **options)
            contexts = kubeconfig.get("contexts") or []
            active = next((entry for entry in contexts if entry["name"] == (context or kubeconfig.get("current-context"))), {})
        else:
            config.load_kube_config(config_file=kubeconfig, **options)
            contexts, active = config.list_kube_config_contexts(config_file=kubeconfig)
            active = next((entry for entry in contexts if entry["name"] == context), active)
    except Exception as exc:  # the loaders raise whatever a malformed file makes them stumble over
        if "host" in settings and kubeconfig is None and context is None:
            return None
        raise Failure(
            "invalid_options",
            f"No way to reach a cluster: {_first_line(exc)}" if kubeconfig is None else f"The kubeconfig cannot be used: {_first_line(exc)}",
            field="kubeconfig",
            hint="Give kubeconfig (and context), or host and api_key, as options or as K8S_AUTH_* variables. "
            "Inside a cluster, mount the service account's token.",
        ) from exc
    namespace = (active.get("context") or {}).get("namespace")
    return namespace if isinstance(namespace, str) else None


def _first_line(exc: Exception) -> str:
    lines = str(exc).strip().splitlines()
    text = lines[0] if lines else type(exc).__name__
    return text[:300].rstrip(".") + "."
