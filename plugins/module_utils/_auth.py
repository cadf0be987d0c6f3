# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Options and K8S_AUTH_* variables become a ``kubernetes.client.Configuration`` and the namespace that goes with it."""

from __future__ import annotations

import base64
import logging
import os
import re
import typing as t
from urllib.parse import urlsplit

from . import _kubernetes
from ._errors import Failure, is_kubeconfig_text, printable, type_of, without

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
    "impersonate_user": (("K8S_AUTH_IMPERSONATE_USER",), None),
    "impersonate_groups": (("K8S_AUTH_IMPERSONATE_GROUPS",), None),
}
_BOOLEANS = ("validate_certs", "persist_config")
_LISTS = ("impersonate_groups",)
_PROXY_HEADERS = ("proxy_basic_auth", "basic_auth", "user_agent")
_SECRET_NAME = re.compile(r"token|secret|password|key|credential|client-certificate-data", re.IGNORECASE)
_PATHS = ("tokenFile", "client-key")
#: What a plugin gets and is at least as long may be a secret; hiding shorter words would hide much else.
_LONG = 8
_IMPERSONATED = ("as", "as-uid", "as-groups", "as-user-extra")
#: What is enough to authenticate with. Together with host it stands alone.
_CREDENTIALS = (("api_key",), ("username", "password"), ("client_cert", "client_key"))
_FILES = ("ca_cert", "client_cert", "client_key")
_SERVICE_ACCOUNT_NAMESPACE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

#: These two releases of the kubernetes package send no bearer token: every request would be anonymous.
BROKEN_CLIENTS = ("36.0.0", "36.0.1")


class Connection(t.NamedTuple):
    """How to reach the cluster: ``namespace`` is the default one, ``headers`` go with every request, ``kubectl`` are the options that make kubectl
    go there too, as far as a person can use them."""

    configuration: Configuration
    namespace: str
    headers: list[tuple[str, str]]
    kubectl: list[str]
    warnings: list[str]


def gather(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> dict[str, t.Any]:
    """The authentication settings: a module option wins over its variable, and an empty one is as left out, as in kubernetes.core."""
    settings: dict[str, t.Any] = {}
    for option, (variables, _attribute) in VARIABLES.items():
        value = params.get(option)
        if value is None or value == "":
            text = next((environ[name] for name in variables if environ.get(name)), None)
            value = text if text is None else _typed(option, text)
        if value is not None:
            settings[option] = value
    headers = params.get("proxy_headers") or {key: environ.get(f"K8S_AUTH_PROXY_HEADERS_{key.upper()}") for key in _PROXY_HEADERS}
    given = {key: value for key, value in headers.items() if value is not None}
    if given:
        settings["proxy_headers"] = given
    if "host" in settings:
        settings["host"] = settings["host"].rstrip("/")
    return settings


def _typed(option: str, text: str) -> t.Any:
    """The value of a variable in the option's type, as kubernetes.core reads it."""
    if option in _BOOLEANS:
        return text.lower() not in ("0", "false", "no")
    return [word for word in text.split(",") if word] if option in _LISTS else text


def secrets(settings: t.Mapping[str, t.Any]) -> set[str]:
    """Every value among the settings that must not be shown, those of a kubeconfig that is no file included. Their types may be wrong yet."""
    found = {settings.get(key) for key in ("api_key", "password")}
    found.update(_password_within(settings.get(key)) for key in ("host", "proxy"))
    for key, value in settings.get("proxy_headers", {}).items():
        if key != "user_agent":
            found.update((value, str(value).partition(":")[2], _basic(value)))
    found.update(_basics(settings))
    kubeconfig = settings.get("kubeconfig")
    if isinstance(kubeconfig, dict):
        found.update(_secrets_within(kubeconfig))
    elif is_kubeconfig_text(kubeconfig):
        found.add(kubeconfig)
    return _texts(found)


def _basic(credentials: str) -> str:
    """User and password as they are in a header of basic authentication."""
    return base64.b64encode(str(credentials).encode()).decode()


def _basics(holder: t.Mapping[t.Any, t.Any]) -> t.Iterator[str]:
    if "username" in holder and "password" in holder:
        yield _basic(f"{holder['username']}:{holder['password']}")


def _texts(values: t.Iterable[t.Any]) -> set[str]:
    return {value for value in values if isinstance(value, str) and value}


def _password_within(url: t.Any) -> str | None:
    try:
        return urlsplit(url).password if isinstance(url, str) else None
    except ValueError:
        return None


def _secrets_within(part: t.Any) -> t.Iterator[t.Any]:
    """Of a part of a kubeconfig, in place or not: the values whose names sound like secrets, and the long ones that a plugin is given."""
    if isinstance(part, list):
        for each in part:
            yield from _secrets_within(each)
    elif isinstance(part, dict):
        for key, value in part.items():
            if isinstance(value, (dict, list)):
                yield from _secrets_within(value)
            elif _SECRET_NAME.search(str(key)) and key not in _PATHS:
                yield value
        if "value" in part and _SECRET_NAME.search(str(part.get("name"))):
            yield part["value"]
        yield from _basics(part)
        config, words = part.get("config"), part.get("args")
        given = [*(config.values() if isinstance(config, dict) else ()), *(words if isinstance(words, list) else ()), part.get("value")]
        yield from (value for value in given if len(str(value)) >= _LONG)


def connect(settings: t.Mapping[str, t.Any], hidden: set[str] | None = None) -> Connection:
    """Load what the settings name; ``hidden`` gets the secrets of kubeconfig files. Sends nothing to the API server.

    Precedence as in kubernetes.core: host with a token, with user and password or with a client certificate stands alone; else kubeconfig or context;
    else the cluster that this runs in; else the default kubeconfig. Single options are laid over what was loaded.

    Raises Failure ``invalid_options``, ``missing_library``, or ``unauthorized`` where a kubeconfig's plugin gives no credentials.
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
    headers = _impersonation(settings)

    configuration = kubernetes.client.Configuration()
    loaded = _Loaded()
    if not ("host" in settings and _has_credentials(settings)):
        if "kubeconfig" not in settings and "context" not in settings and _load_in_cluster(configuration, kubernetes.config):
            loaded = _Loaded(_read(_SERVICE_ACCOUNT_NAMESPACE))
        else:
            loaded = _load_kubeconfig(settings, configuration, set() if hidden is None else hidden)
    server = [] if loaded.kubectl and configuration.host == settings.get("host") else _server_flags(settings)
    _lay_over(settings, configuration)
    _check_host(settings, configuration)
    configuration.api_key = {key: value.strip() if isinstance(value, str) else value for key, value in configuration.api_key.items()}
    flags = [word for name, value in headers for word in (_KUBECTL_FLAGS[name], value)]
    warnings = [*loaded.warnings, *_warnings(configuration)]
    return Connection(configuration, loaded.namespace or "default", headers, [*loaded.kubectl, *server, *flags], warnings)


def _server_flags(settings: t.Mapping[str, t.Any]) -> list[str]:
    """Where a host was given and no context leads there: a person's own credentials are for kubectl to find."""
    return ["--server", without_credentials(settings["host"])] if "host" in settings else []


def without_credentials(url: str) -> str:
    """The URL without the user and password that may be in it."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else url.rpartition("@")[2]


def _check_host(settings: t.Mapping[str, t.Any], configuration: Configuration) -> None:
    """Raise where the URL has no scheme: urllib3 would take it for plain http, and send the credentials in clear."""
    if not str(configuration.host).lower().startswith(("http://", "https://")):
        host = without_credentials(str(configuration.host))
        given = "host" in settings
        raise Failure(
            "invalid_options",
            f"{'host' if given else 'The server of the kubeconfig'} is {host!r}, which does not begin with https:// (or http://).",
            field="host" if given else "kubeconfig",
            hint="Write the whole URL, https://NAME:PORT.",
        )


class _Loaded(t.NamedTuple):
    """What a kubeconfig or the cluster around says besides the configuration; as in Connection."""

    namespace: str | None = None
    kubectl: t.Sequence[str] = ()
    warnings: t.Sequence[str] = ()


def _has_credentials(settings: t.Mapping[str, t.Any]) -> bool:
    return any(all(name in settings for name in names) for names in _CREDENTIALS)


_KUBECTL_FLAGS = {"Impersonate-User": "--as", "Impersonate-Group": "--as-group"}


def _impersonation(settings: t.Mapping[str, t.Any]) -> list[tuple[str, str]]:
    """The headers that kubernetes.core sends: one for the user, one for each group."""
    user, groups = settings.get("impersonate_user"), [group for group in settings.get("impersonate_groups", ()) if group]
    for option, names in (("impersonate_user", [user] if user else []), ("impersonate_groups", groups)):
        if not all(name.isprintable() for name in names):
            raise Failure("invalid_options", f"{option} holds a line break or another character that no HTTP header can carry.", field=option)
    if groups and not user:
        raise Failure(
            "invalid_options",
            "impersonate_groups is set without impersonate_user. The API server impersonates groups only together with a user.",
            field="impersonate_groups",
            hint="Set impersonate_user too.",
        )
    return [("Impersonate-User", name) for name in ([user] if user else [])] + [("Impersonate-Group", group) for group in groups]


def unusable_files(configuration: Configuration) -> Failure | None:
    """What is wrong with the files for TLS, if anything is; the libraries say it only when a connection is made, and in few words."""
    import ssl

    certificate, key, authority = configuration.cert_file, configuration.key_file, configuration.ssl_ca_cert
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if certificate:
            context.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as exc:
        words = f"The client certificate and its key cannot be used: {_first_line(exc)}"
        return Failure("invalid_options", words, field="client_cert", hint="Both have to be in PEM, not encrypted, and belong together.")
    try:
        if authority:
            context.load_verify_locations(authority)
    except (OSError, ValueError) as exc:
        return Failure("invalid_options", f"The authority's certificates cannot be used: {_first_line(exc)}", field="ca_cert", hint="They have to be in PEM.")
    return None


def _lay_over(settings: t.Mapping[str, t.Any], configuration: Configuration) -> None:
    """Set the single options, for good: what renews a loaded token puts back all that was loaded, itself included."""
    _overlay(settings, configuration)
    renew = configuration.refresh_api_key_hook
    if renew:

        def renew_and_lay_over(renewed: Configuration) -> None:
            # Old releases set their hook again only with a new token: without this, each request would wrap this one once more.
            renewed.refresh_api_key_hook = renew
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
    url = urlsplit(str(configuration.host))
    if url.scheme == "http":
        sends = configuration.api_key or configuration.username
        clear = "The credentials go to {} over plain http: anybody on the way can read them, and forge the answers. Write https:// in host."
        return [clear.format(without_credentials(str(configuration.host)))] if sends and not _is_loopback(url.hostname or "") else []
    if configuration.verify_ssl:
        return []
    warning = (
        "The API server's certificate is not verified (validate_certs is off): anybody on the way can read the credentials and forge the answers. "
        "In AWX this also happens when the credential's certificate authority field is empty."
    )
    return [warning]


def _is_loopback(name: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


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


def _load_kubeconfig(settings: t.Mapping[str, t.Any], configuration: Configuration, hidden: set[str]) -> _Loaded:
    kubeconfig, context = settings.get("kubeconfig"), settings.get("context")
    if kubeconfig is not None and not isinstance(kubeconfig, (str, dict)):
        raise Failure("invalid_options", f"kubeconfig is {type_of(kubeconfig)}, and has to be a file's name or a mapping.", field="kubeconfig")
    if is_kubeconfig_text(kubeconfig):
        raise Failure(
            "invalid_options",
            "kubeconfig is the text of one, and has to be a file's name or a mapping.",
            field="kubeconfig",
            hint="Apply the filter from_yaml to the text, or give the file's name.",
        )
    if isinstance(kubeconfig, str):
        kubeconfig = os.path.expanduser(os.path.expandvars(kubeconfig))
        if not any(os.path.isfile(path) for path in kubeconfig.split(os.pathsep)):
            raise Failure("invalid_options", f"kubeconfig: there is no file {kubeconfig}.", field="kubeconfig")
    try:
        loader, users = _loader(kubeconfig, context, persist=settings.get("persist_config", False))
        hidden.update(_texts(_secrets_within(users)))
        with _Overheard() as overheard:
            loader.load_and_set(configuration)
        active = dict(loader.current_context)
        user = next((entry["user"] for entry in users if entry["name"] == active["context"].get("user")), None) or {}
    except Failure:
        raise
    except Exception as exc:  # the loaders raise whatever a malformed file makes them stumble over
        if "host" in settings and kubeconfig is None and context is None:
            return _Loaded()
        encrypted = [path for path in kubeconfig.split(os.pathsep) if _is_encrypted(path)] if isinstance(kubeconfig, str) else []
        if encrypted:
            raise Failure(
                "invalid_options",
                f"The kubeconfig {encrypted[0]} is encrypted by Ansible Vault, and the module cannot decrypt it.",
                field="kubeconfig",
                hint="Ansible decrypts the file that the option kubeconfig names (a variable is not enough), where the task runs with a local connection.",
            ) from None
        raise Failure(
            "invalid_options",
            f"No way to reach a cluster: {_loader_words(exc)}" if kubeconfig is None else f"The kubeconfig cannot be used: {_loader_words(exc)}",
            field="kubeconfig",
            hint="Give kubeconfig (and context), or host and api_key, as options or as K8S_AUTH_* variables. "
            "Inside a cluster, mount the service account's token.",
        ) from exc
    warnings = []
    if overheard.said:
        said = f"The plugin of the kubeconfig's user gave no credentials: {without(hidden, overheard.said)}."
        if not (configuration.api_key or configuration.cert_file or _has_credentials(settings)):
            hint = (user.get("exec") or {}).get("installHint")
            raise Failure(
                "unauthorized", said, field="kubeconfig", hint=printable(hint) if hint else "Run the plugin's command by hand, as the user of this task."
            )
        warnings.append(said)
    if "impersonate_user" not in settings and any(user.get(key) for key in _IMPERSONATED):
        warnings.append("The kubeconfig's user impersonates another (as). That is not done here, as in kubernetes.core: set impersonate_user.")
    namespace = active["context"].get("namespace")
    return _Loaded(namespace if isinstance(namespace, str) else None, _kubectl_flags(kubeconfig, context, active["name"]), warnings)


def _is_encrypted(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(14) == b"$ANSIBLE_VAULT"
    except OSError:
        return False


def _loader(kubeconfig: t.Any, context: str | None, *, persist: bool) -> tuple[t.Any, list[dict[str, t.Any]]]:
    """(the package's loader, the users in it) for a mapping, one or more files, or the default ones. Each file is read once."""
    from kubernetes.config import kube_config

    if isinstance(kubeconfig, dict):
        _check_context(kubeconfig.get("contexts") or [], context)
        return kube_config.KubeConfigLoader(kubeconfig, context, config_base_path=None), kubeconfig.get("users") or []
    merger = kube_config.KubeConfigMerger(kubeconfig or kube_config.KUBE_CONFIG_DEFAULT_LOCATION)
    if merger.config is None:
        raise kube_config.ConfigException("Invalid kube-config file. No configuration found.")
    _check_context([node.value for node in merger.config.value["contexts"]], context)
    persister = merger.save_changes if persist else None
    loader = kube_config.KubeConfigLoader(merger.config, context, config_base_path=None, config_persister=persister)
    return loader, [node.value for node in merger.config.value["users"]]


def _check_context(contexts: t.Sequence[t.Mapping[str, t.Any]], context: str | None) -> None:
    there = [str(each["name"]) for each in contexts]
    if context and context not in there:
        has = f"it has {printable(', '.join(there))}" if there else "it has none"
        raise Failure("invalid_options", f"The kubeconfig has no context {context!r}: {has}.", field="context", hint="Name one of them in context.")


class _Overheard(logging.Handler):
    """Within it, keeps what is logged: of a plugin that fails, the package's loader only logs it, and goes on without credentials."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said = ""

    def __enter__(self) -> _Overheard:
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_exception: object) -> None:
        logging.getLogger().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.said = " ".join(f"{self.said} {record.getMessage()}".split())


def _kubectl_flags(kubeconfig: t.Any, context: str | None, active: str) -> list[str]:
    """The options that lead kubectl to the same place. It takes one file by option; a mapping's contexts need not be in any file of a person."""
    if isinstance(kubeconfig, dict):
        return ["--context", context] if context else []
    alone = isinstance(kubeconfig, str) and os.pathsep not in kubeconfig
    return ["--context", active, *(["--kubeconfig", kubeconfig] if alone else [])]


def _loader_words(exc: Exception) -> str:
    """What the package's loader says, or plain words where it only stumbled over what is no kubeconfig."""
    import yaml
    from kubernetes.config import ConfigException

    if isinstance(exc, (ConfigException, yaml.YAMLError, OSError, UnicodeError)):
        return _first_line(exc)
    return "it is no mapping with clusters, users and contexts, or a part of it is of another type than in a kubeconfig."


def _first_line(exc: Exception) -> str:
    """An exception's words. Those of the loader quote a whole entry of the kubeconfig, which is cut out."""
    lines = str(exc).strip().splitlines()
    text = re.sub(r"\{.*\}", "{...}", lines[0]) if lines else type(exc).__name__
    return printable(text, 300).rstrip(".") + "."
