# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options and K8S_AUTH_* variables become a connection, with the precedence of kubernetes.core."""

from __future__ import annotations

import json
import os
import re
import typing as t
from pathlib import Path

import kubernetes
import pytest
from kubernetes.config import incluster_config, kube_config

from ansible_collections.kubedebug.pods.plugins.module_utils import _auth
from ansible_collections.kubedebug.pods.plugins.module_utils._auth import BROKEN_CLIENTS, VARIABLES, Connection, connect, gather, secrets
from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure

HOST = "https://api.example.com:6443"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither a cluster around nor a kubeconfig of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith(("K8S_AUTH_", "KUBERNETES_SERVICE")) or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", "~/.kube/config")


@pytest.fixture
def in_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """As in a pod: the service account's directory."""
    directory = tmp_path / "serviceaccount"
    directory.mkdir()
    for name, content in (("token", "token-of-the-pod"), ("ca.crt", "certificates"), ("namespace", "team\n")):
        (directory / name).write_text(content)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(directory / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(directory / "ca.crt"))
    monkeypatch.setattr(_auth, "_SERVICE_ACCOUNT_NAMESPACE", str(directory / "namespace"))
    return directory


def kubeconfig(**user: t.Any) -> dict[str, t.Any]:
    """Two clusters, each with a user; ``user`` is added to the first one's."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "clusters": [
            {"name": "one", "cluster": {"server": "https://one.example.com"}},
            {"name": "two", "cluster": {"server": "https://two.example.com", "insecure-skip-tls-verify": True}},
        ],
        "users": [{"name": "one", "user": {"token": "token-one", **user}}, {"name": "two", "user": {"token": "token-two"}}],
        "contexts": [
            {"name": "one", "context": {"cluster": "one", "user": "one", "namespace": "shop"}},
            {"name": "two", "context": {"cluster": "two", "user": "two"}},
        ],
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The kubeconfig as a file, which is not the default one."""
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(kubeconfig()))
    return path


def sent(connection: Connection) -> tuple[str, list[str]]:
    """(host, Authorization headers) of a request, as the client library makes them just before it sends one."""
    settings = connection.configuration.auth_settings()
    return connection.configuration.host, [setting["value"] for setting in settings.values()]


GATHERED: dict[str, tuple[str, t.Any]] = {
    "K8S_AUTH_KUBECONFIG": ("kubeconfig", "value"),
    "K8S_AUTH_CONTEXT": ("context", "value"),
    "K8S_AUTH_PERSIST_CONFIG": ("persist_config", True),
    "K8S_AUTH_HOST": ("host", "value"),
    "K8S_AUTH_API_KEY": ("api_key", "value"),
    "K8S_AUTH_USERNAME": ("username", "value"),
    "K8S_AUTH_PASSWORD": ("password", "value"),
    "K8S_AUTH_VALIDATE_CERTS": ("validate_certs", True),
    "K8S_AUTH_VERIFY_SSL": ("validate_certs", True),
    "K8S_AUTH_CA_CERT": ("ca_cert", "value"),
    "K8S_AUTH_SSL_CA_CERT": ("ca_cert", "value"),
    "K8S_AUTH_CLIENT_CERT": ("client_cert", "value"),
    "K8S_AUTH_CERT_FILE": ("client_cert", "value"),
    "K8S_AUTH_CLIENT_KEY": ("client_key", "value"),
    "K8S_AUTH_KEY_FILE": ("client_key", "value"),
    "K8S_AUTH_PROXY": ("proxy", "value"),
    "K8S_AUTH_NO_PROXY": ("no_proxy", "value"),
    "K8S_AUTH_IMPERSONATE_USER": ("impersonate_user", "value"),
    "K8S_AUTH_IMPERSONATE_GROUPS": ("impersonate_groups", ["value"]),
    "K8S_AUTH_PROXY_HEADERS_BASIC_AUTH": ("proxy_headers", {"basic_auth": "value"}),
    "K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH": ("proxy_headers", {"proxy_basic_auth": "value"}),
    "K8S_AUTH_PROXY_HEADERS_USER_AGENT": ("proxy_headers", {"user_agent": "value"}),
}


@pytest.mark.parametrize(("variable", "option", "value"), [(key, *row) for key, row in GATHERED.items()], ids=GATHERED)
def test_variables(variable: str, option: str, value: t.Any) -> None:
    given = {"proxy_headers": {"user_agent": "given"}, "impersonate_groups": ["given"]}.get(option, "given")
    assert gather({}, {variable: "value"}) == {option: value}
    assert gather({option: given}, {variable: "value"}) == {option: given}


def test_every_variable_is_in_the_table() -> None:
    assert {name for variables, _attribute in VARIABLES.values() for name in variables} == {name for name in GATHERED if "PROXY_HEADERS" not in name}


@pytest.mark.parametrize("variable", ["K8S_AUTH_VALIDATE_CERTS", "K8S_AUTH_VERIFY_SSL", "K8S_AUTH_PERSIST_CONFIG"])
@pytest.mark.parametrize(
    ("text", "value"),
    [("0", False), ("false", False), ("False", False), ("no", False), ("NO", False), ("1", True), ("true", True), ("yes", True), ("on", True)],
)
def test_booleans_in_variables(variable: str, text: str, value: bool) -> None:
    assert list(gather({}, {variable: text}).values()) == [value]


@pytest.mark.parametrize(("text", "value"), [("a,b", ["a", "b"]), (",a,,b,", ["a", "b"]), ("a, b", ["a", " b"]), (",", [])])
def test_lists_in_variables(text: str, value: list[str]) -> None:
    assert gather({}, {"K8S_AUTH_IMPERSONATE_GROUPS": text}) == {"impersonate_groups": value}


@pytest.mark.parametrize("variable", [name for name in GATHERED if "PROXY_HEADERS" not in name])
def test_empty_variables_are_none(variable: str) -> None:
    assert gather({}, {variable: ""}) == {}


@pytest.mark.parametrize(
    ("first", "second"),
    [("VALIDATE_CERTS", "VERIFY_SSL"), ("CA_CERT", "SSL_CA_CERT"), ("CLIENT_CERT", "CERT_FILE"), ("CLIENT_KEY", "KEY_FILE")],
)
def test_names_of_options_come_before_those_of_the_library(first: str, second: str) -> None:
    variables = {f"K8S_AUTH_{first}": "no", f"K8S_AUTH_{second}": "yes"}
    assert list(gather({}, variables).values()) in ([False], ["no"])
    assert list(gather({}, {**variables, f"K8S_AUTH_{first}": ""}).values()) in ([True], ["yes"])


def test_false_given_is_not_false_left_out() -> None:
    assert gather({"validate_certs": False}, {"K8S_AUTH_VERIFY_SSL": "yes"}) == {"validate_certs": False}


def test_slashes_at_the_end_of_the_host_are_left_out() -> None:
    assert gather({"host": f"{HOST}//"}, {}) == {"host": HOST}


def test_unset_options_and_other_variables_are_left_out() -> None:
    assert gather(dict.fromkeys([*VARIABLES, "proxy_headers", "namespace"]), {"K8S_AUTH": "x", "KUBECONFIG": "y"}) == {}


SECRETS: dict[str, tuple[dict[str, t.Any], set[str]]] = {
    "none": ({"host": HOST, "username": "me", "client_key": "/key"}, set()),
    "token": ({"api_key": "abc"}, {"abc"}),
    "password": ({"username": "me", "password": "abc"}, {"abc", "bWU6YWJj"}),
    "empty": ({"api_key": "", "password": ""}, set()),
    "proxy": ({"proxy_headers": {"basic_auth": "a:b", "proxy_basic_auth": "c:d", "user_agent": "debug/1.0"}}, {"a:b", "b", "YTpi", "c:d", "d", "Yzpk"}),
    "kubeconfig file": ({"kubeconfig": "/kubeconfig"}, set()),
    "kubeconfig": ({"kubeconfig": kubeconfig()}, {"token-one", "token-two"}),
    "kubeconfig with a key": (
        {"kubeconfig": kubeconfig(**{"client-key-data": "KEY", "client-certificate-data": "CERT", "username": "me", "password": "abc"})},
        {"token-one", "token-two", "KEY", "CERT", "abc", "bWU6YWJj"},
    ),
    "kubeconfig without users": ({"kubeconfig": {"users": None}}, set()),
    "kubeconfig of wrong types": ({"kubeconfig": {"users": ["x", None, {"user": "y"}, {"user": {"token": 5}}, {"name": "z"}]}}, set()),
    "kubeconfig's text": ({"kubeconfig": "apiVersion: v1\nusers: []"}, {"apiVersion: v1\nusers: []"}),
    "wrong types": ({"kubeconfig": 5, "host": 5, "proxy": ["x"], "api_key": None}, set()),
    "kubeconfig with users as a mapping": ({"kubeconfig": {"users": {"one": {}}}}, set()),
}


@pytest.mark.parametrize(("settings", "expected"), SECRETS.values(), ids=SECRETS)
def test_secrets(settings: dict[str, t.Any], expected: set[str]) -> None:
    assert secrets(settings) == expected


MISSED: dict[str, dict[str, t.Any]] = {
    "password in the host": {"host": "https://me:hidden@api.example.com"},
    "password in the proxy": {"proxy": "http://me:hidden@proxy.example.com:3128"},
    "kubeconfig with an auth provider": {"kubeconfig": {"users": [{"user": {"auth-provider": {"name": "oidc", "config": {"refresh-token": "hidden"}}}}]}},
    "kubeconfig with a plugin's variables": {"kubeconfig": {"users": [{"user": {"exec": {"env": [{"name": "AWS_SECRET_ACCESS_KEY", "value": "hidden"}]}}}]}},
}


@pytest.mark.parametrize("settings", MISSED.values(), ids=MISSED)
def test_secrets_within_other_values(settings: dict[str, t.Any]) -> None:
    assert "hidden" in secrets(settings)


def test_host_with_a_token_stands_alone() -> None:
    connection = connect({"host": HOST, "api_key": "abc", "kubeconfig": "/nowhere", "context": "none"})
    assert sent(connection) == (HOST, ["Bearer abc"])
    assert (connection.namespace, connection.kubectl, connection.warnings) == ("default", ["--server", HOST], [])


def test_host_with_a_password_stands_alone() -> None:
    connection = connect({"host": HOST, "username": "me", "password": "abc", "kubeconfig": "/nowhere"})
    assert (connection.configuration.host, connection.configuration.username, connection.configuration.password) == (HOST, "me", "abc")


def test_host_with_a_client_certificate_stands_alone(tmp_path: Path) -> None:
    certificate, key = tmp_path / "crt", tmp_path / "key"
    certificate.touch()
    key.touch()
    connection = connect({"host": HOST, "client_cert": str(certificate), "client_key": str(key), "kubeconfig": "/nowhere"})
    assert (connection.configuration.cert_file, connection.configuration.key_file) == (str(certificate), str(key))


@pytest.mark.parametrize("settings", [{"username": "me"}, {"password": "abc"}], ids=["user", "password"])
def test_half_of_the_credentials_do_not_stand_alone(settings: dict[str, t.Any]) -> None:
    with pytest.raises(Failure) as caught:
        connect({"host": HOST, "kubeconfig": "/nowhere", **settings})
    assert "/nowhere" in caught.value.msg


CONTEXTS: dict[str, tuple[dict[str, t.Any], tuple[str, list[str]], str, int]] = {
    "current": ({}, ("https://one.example.com", ["Bearer token-one"]), "shop", 0),
    "another": ({"context": "two"}, ("https://two.example.com", ["Bearer token-two"]), "default", 1),
    "without verification": ({"validate_certs": False}, ("https://one.example.com", ["Bearer token-one"]), "shop", 1),
    "with verification": ({"context": "two", "validate_certs": True}, ("https://two.example.com", ["Bearer token-two"]), "default", 0),
}


@pytest.mark.parametrize(("settings", "expected", "namespace", "warnings"), CONTEXTS.values(), ids=CONTEXTS)
@pytest.mark.parametrize("kind", ["file", "mapping", "default file"])
def test_kubeconfig(file: Path, tmp_path: Path, kind: str, settings: dict[str, t.Any], expected: tuple[str, list[str]], namespace: str, warnings: int) -> None:
    given: dict[str, dict[str, t.Any]] = {"file": {"kubeconfig": str(file)}, "mapping": {"kubeconfig": kubeconfig()}, "default file": {}}
    if kind == "default file":
        (tmp_path / ".kube").mkdir()
        file.rename(tmp_path / ".kube" / "config")
    connection = connect({**given[kind], **settings})
    assert sent(connection) == expected
    assert (connection.namespace, len(connection.warnings)) == (namespace, warnings)
    context = settings.get("context", None if kind == "mapping" else "one")
    flags = (["--context", context] if context else []) + (["--kubeconfig", str(file)] if kind == "file" else [])
    assert connection.kubectl == flags


@pytest.mark.parametrize("kind", ["file", "mapping"])
@pytest.mark.parametrize(
    ("settings", "expected"),
    [({"host": HOST}, (HOST, ["Bearer token-one"])), ({"api_key": "abc"}, ("https://one.example.com", ["Bearer abc"]))],
    ids=["host", "token"],
)
def test_options_are_laid_over_the_kubeconfig(file: Path, kind: str, settings: dict[str, t.Any], expected: tuple[str, list[str]]) -> None:
    connection = connect({"kubeconfig": str(file) if kind == "file" else kubeconfig(), **settings})
    assert [sent(connection), sent(connection)] == [expected] * 2


def test_a_renewal_that_keeps_its_hook_can_be_asked_for_by_any_number_of_requests() -> None:
    asked: list[t.Any] = []
    configuration = kubernetes.client.Configuration()
    configuration.refresh_api_key_hook = asked.append  # as that of kubernetes 24.2 while the token is still good
    _auth._lay_over({"host": "https://laid.over"}, configuration)
    for _request in range(5000):
        configuration.host = "https://loaded"
        configuration.refresh_api_key_hook(configuration)
        assert configuration.host == "https://laid.over"
    assert len(asked) == 5000


@pytest.mark.parametrize("path", ["~/kubeconfig", "$WHERE/kubeconfig", "/nowhere:~/kubeconfig"], ids=["home", "variable", "list"])
def test_paths_of_kubeconfigs(file: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("WHERE", str(file.parent))
    connection = connect({"kubeconfig": path.replace("~/", f"{file.parent}/") if ":" in path else path})
    assert sent(connection)[0] == "https://one.example.com"
    assert connection.kubectl == ["--context", "one", *([] if ":" in path else ["--kubeconfig", str(file)])]


BROKEN: dict[str, t.Any] = {
    "no file": "/nowhere",
    "a directory": ".",
    "empty": b"",
    "no YAML": b"a: [",
    "no mapping": b"- 1",
    "binary": b"\xff\xfe\x00",
    "nothing in it": b"{}",
    "mapping with nothing in it": {},
    "mapping of wrong types": {"contexts": 5, "clusters": "x", "current-context": "one"},
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_kubeconfigs_that_cannot_be_used(tmp_path: Path, content: t.Any) -> None:
    if isinstance(content, bytes):
        (tmp_path / "broken").write_bytes(content)
        content = str(tmp_path / "broken")
    with pytest.raises(Failure) as caught:
        connect({"kubeconfig": content})
    assert (caught.value.code, caught.value.field) == ("invalid_options", "kubeconfig")
    assert len(caught.value.msg.splitlines()) == 1


RAW = re.compile(r"object|attribute|indices|subscript|iterable")


@pytest.mark.parametrize("content", [b"- 1", b"5", b"contexts: 5\n", b"contexts: [1]\nclusters: [2]\nusers: [3]\ncurrent-context: one", {"contexts": 5}])
def test_what_is_no_kubeconfig_is_said_in_plain_words(tmp_path: Path, content: t.Any) -> None:
    if isinstance(content, bytes):
        (tmp_path / "broken").write_bytes(content)
        content = str(tmp_path / "broken")
    with pytest.raises(Failure) as caught:
        connect({"kubeconfig": content})
    assert (caught.value.code, caught.value.field) == ("invalid_options", "kubeconfig")
    assert not RAW.search(caught.value.message), caught.value.message


@pytest.mark.parametrize(("value", "words"), [([1], "a list"), (5, "an integer"), (True, "a boolean")])
def test_kubeconfigs_of_a_wrong_type(value: t.Any, words: str) -> None:
    with pytest.raises(Failure) as caught:
        connect({"kubeconfig": value})
    assert (caught.value.code, caught.value.field) == ("invalid_options", "kubeconfig")
    assert caught.value.message == f"kubeconfig is {words}, and has to be a file's name or a mapping."


@pytest.mark.parametrize("kind", ["file", "mapping"])
def test_unknown_context(file: Path, kind: str) -> None:
    with pytest.raises(Failure) as caught:
        connect({"kubeconfig": str(file) if kind == "file" else kubeconfig(), "context": "three"})
    assert (caught.value.code, caught.value.field) == ("invalid_options", "context")
    assert caught.value.message == "The kubeconfig has no context 'three': it has one, two."


SERVERS: dict[str, tuple[dict[str, t.Any], list[str]]] = {
    "alone": ({"host": HOST, "api_key": "abc"}, ["--server", HOST]),
    "with a password in it": ({"host": "https://me:hidden@api.example.com", "api_key": "abc"}, ["--server", "https://api.example.com"]),
    "over a context": ({"host": HOST, "context": "one"}, ["--context", "one", "--server", HOST]),
    "where the context leads": ({"host": "https://one.example.com", "context": "one"}, ["--context", "one"]),
    "over the current context": ({"host": HOST}, ["--server", HOST]),
    "of the current context of a mapping": ({"host": "https://one.example.com"}, ["--server", "https://one.example.com"]),
    "impersonating": ({"host": HOST, "api_key": "abc", "impersonate_user": "jane"}, ["--server", HOST, "--as", "jane"]),
}


@pytest.mark.parametrize(("settings", "flags"), SERVERS.values(), ids=SERVERS)
def test_kubectl_goes_to_the_host_that_was_given(settings: dict[str, t.Any], flags: list[str]) -> None:
    assert connect({"kubeconfig": kubeconfig(), **settings}).kubectl == flags


@pytest.mark.parametrize("host", ["127.0.0.1:6443", "api.example.com", "//api.example.com", "ftp://api.example.com", "me:hidden@api.example.com:6443"])
def test_a_host_without_a_scheme_is_refused(host: str) -> None:
    with pytest.raises(Failure) as caught:
        connect({"host": host, "api_key": "abc"})
    assert (caught.value.code, caught.value.field) == ("invalid_options", "host")
    assert "https://NAME:PORT" in caught.value.msg
    assert "hidden" not in caught.value.msg


def test_a_server_without_a_scheme_in_a_kubeconfig_is_refused() -> None:
    given = kubeconfig()
    given["clusters"][0]["cluster"]["server"] = "127.0.0.1:6443"
    with pytest.raises(Failure) as caught:
        connect({"kubeconfig": given})
    assert (caught.value.code, caught.value.field) == ("invalid_options", "kubeconfig")


CLEAR: dict[str, tuple[dict[str, t.Any], bool]] = {
    "token": ({"host": "http://api.example.com", "api_key": "abc"}, True),
    "token, in capitals": ({"host": "HTTP://api.example.com", "api_key": "abc"}, True),
    "password": ({"host": "http://10.0.0.1:8080", "username": "me", "password": "abc"}, True),
    "a kubeconfig's token": ({"host": "http://api.example.com", "kubeconfig": kubeconfig()}, True),
    "nothing to read": ({"host": "http://api.example.com"}, False),
    "loopback": ({"host": "http://127.0.0.1:8001", "api_key": "abc"}, False),
    "loopback in IPv6": ({"host": "http://[::1]:8001", "api_key": "abc"}, False),
    "localhost": ({"host": "http://localhost:8001", "api_key": "abc"}, False),
    "looks like loopback": ({"host": "http://127.0.0.1.example.com", "api_key": "abc"}, True),
    "TLS": ({"host": "https://api.example.com", "api_key": "abc"}, False),
}


@pytest.mark.parametrize(("settings", "warned"), CLEAR.values(), ids=CLEAR)
def test_credentials_in_clear_are_warned_of(settings: dict[str, t.Any], warned: bool) -> None:
    assert ["over plain http" in warning for warning in connect(settings).warnings] == [True] * warned


def test_nothing_to_go_by() -> None:
    with pytest.raises(Failure) as caught:
        connect({})
    assert (caught.value.code, caught.value.field) == ("invalid_options", "kubeconfig")
    assert "K8S_AUTH_" in caught.value.msg


def test_a_host_without_anything_else_is_asked_anonymously() -> None:
    assert sent(connect({"host": HOST})) == (HOST, [])


@pytest.mark.parametrize("settings", [{"kubeconfig": ""}, {"ca_cert": ""}], ids=["kubeconfig", "ca_cert"])
def test_empty_options_are_as_left_out(file: Path, tmp_path: Path, settings: dict[str, t.Any]) -> None:
    (tmp_path / ".kube").mkdir()
    file.rename(tmp_path / ".kube" / "config")
    assert sent(connect(gather(settings, {}))) == ("https://one.example.com", ["Bearer token-one"])


@pytest.mark.usefixtures("in_cluster")
def test_in_a_cluster() -> None:
    connection = connect({})
    host, [authorization] = sent(connection)
    assert (host, authorization.lower()) == ("https://10.0.0.1:443", "bearer token-of-the-pod")
    assert (connection.namespace, connection.kubectl, connection.warnings) == ("team", [], [])


@pytest.mark.usefixtures("in_cluster")
@pytest.mark.parametrize("settings", [{"kubeconfig": kubeconfig()}, {"context": "one"}], ids=["kubeconfig", "context"])
def test_a_kubeconfig_comes_before_the_cluster_around(file: Path, tmp_path: Path, settings: dict[str, t.Any]) -> None:
    (tmp_path / ".kube").mkdir()
    file.rename(tmp_path / ".kube" / "config")
    assert sent(connect(settings)) == ("https://one.example.com", ["Bearer token-one"])


def test_the_cluster_around_comes_before_the_default_kubeconfig(file: Path, tmp_path: Path, in_cluster: Path) -> None:
    (tmp_path / ".kube").mkdir()
    file.rename(tmp_path / ".kube" / "config")
    assert sent(connect({}))[0] == "https://10.0.0.1:443"
    (in_cluster / "token").unlink()
    assert sent(connect({}))[0] == "https://one.example.com"


@pytest.mark.parametrize("content", [None, "", "\n"], ids=["no file", "empty", "blank"])
def test_in_a_cluster_that_does_not_say_the_namespace(in_cluster: Path, content: str | None) -> None:
    (in_cluster / "namespace").unlink()
    if content is not None:
        (in_cluster / "namespace").write_text(content)
    assert connect({}).namespace == "default"


@pytest.mark.usefixtures("in_cluster")
@pytest.mark.parametrize(
    ("settings", "host", "authorization"),
    [({"api_key": "abc"}, "https://10.0.0.1:443", "bearer abc"), ({"host": HOST}, HOST, "bearer token-of-the-pod")],
    ids=["token", "host"],
)
def test_options_are_laid_over_the_cluster_around(settings: dict[str, t.Any], host: str, authorization: str) -> None:
    connection = connect(settings)
    for there, authorizations in (sent(connection), sent(connection)):
        assert (there, [value.lower() for value in authorizations]) == (host, [authorization])


@pytest.mark.parametrize("token", ["abc\n", "\nabc", "a\x00c", "\u00e4", "a\tb"], ids=repr)
def test_tokens_that_no_header_can_carry(token: str) -> None:
    with pytest.raises(Failure) as caught:
        connect({"host": HOST, "api_key": token})
    assert (caught.value.code, caught.value.field) == ("invalid_options", "api_key")
    assert token not in caught.value.msg


@pytest.mark.parametrize("option", ["ca_cert", "client_cert", "client_key"])
def test_files_that_are_not_there(option: str) -> None:
    with pytest.raises(Failure) as caught:
        connect({"host": HOST, "api_key": "abc", option: "/nowhere/file"})
    assert (caught.value.code, caught.value.field) == ("invalid_options", option)
    assert "/nowhere/file" in caught.value.msg


def test_single_settings_reach_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "ca").touch()
    settings = {"ca_cert": str(tmp_path / "ca"), "proxy": "http://proxy:3128", "no_proxy": "a,b", "validate_certs": True}
    headers = {"basic_auth": "a:b", "proxy_basic_auth": "c:d", "user_agent": "debug/1.0"}
    configuration = connect({"host": HOST, "api_key": "abc", "proxy_headers": headers, **settings}).configuration
    assert configuration.ssl_ca_cert == str(tmp_path / "ca")
    assert (configuration.proxy, configuration.no_proxy, configuration.verify_ssl) == ("http://proxy:3128", "a,b", True)
    assert configuration.proxy_headers == {"authorization": "Basic YTpi", "proxy-authorization": "Basic Yzpk", "user-agent": "debug/1.0"}


def test_the_library_does_not_try_again_by_itself() -> None:
    assert connect({"host": HOST, "api_key": "abc"}).configuration.retries is False


@pytest.mark.parametrize(("host", "warned"), [(HOST, True), ("http://127.0.0.1:8001", False)], ids=["https", "http"])
def test_verification_off_is_warned_about(host: str, warned: bool) -> None:
    warnings = connect({"host": host, "api_key": "abc", "validate_certs": False}).warnings
    assert ["validate_certs" in warning for warning in warnings] == [True] * warned


@pytest.mark.parametrize("version", BROKEN_CLIENTS)
def test_releases_that_send_no_token_are_refused(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(kubernetes, "__version__", version)
    with pytest.raises(Failure) as caught:
        connect({"host": HOST, "api_key": "abc"})
    assert caught.value.code == "missing_library"
    assert version in caught.value.message


def test_connecting_leaves_no_trace_for_the_next_one() -> None:
    connect({"host": HOST, "api_key": "abc", "validate_certs": False})
    connection = connect({"host": "https://other.example.com"})
    assert sent(connection) == ("https://other.example.com", [])
    assert connection.configuration.verify_ssl


def plugin(script: str, **more: t.Any) -> dict[str, t.Any]:
    """A kubeconfig whose first user has a plugin: a shell script."""
    command = {"apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh", "args": ["-c", script], **more}
    made = kubeconfig(exec=command)
    del made["users"][0]["user"]["token"]
    return made


CREDENTIAL = json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "token-of-the-plugin"}})


@pytest.mark.parametrize("kind", ["file", "mapping"])
def test_plugins(file: Path, kind: str) -> None:
    content = plugin(f"echo '{CREDENTIAL}'")
    file.write_text(json.dumps(content))
    connection = connect({"kubeconfig": str(file) if kind == "file" else content})
    assert sent(connection) == ("https://one.example.com", ["Bearer token-of-the-plugin"])
    assert connection.warnings == []


FAILING: dict[str, tuple[dict[str, t.Any], str]] = {
    "exit code": (plugin("echo log in first >&2; exit 3"), "exec: process returned 3. log in first"),
    "no JSON": (plugin("echo hello"), "failed to decode process output"),
    "no token": (plugin(f"echo '{CREDENTIAL.replace('token', 'nothing')}'"), "missing token or clientCertificateData"),
    "no program": (plugin("", command="/nowhere/plugin"), "/nowhere/plugin"),
    "another version": (plugin(f"echo '{CREDENTIAL}'", apiVersion="client.authentication.k8s.io/v1beta1"), "does not match"),
}


@pytest.mark.parametrize("kind", ["file", "mapping"])
@pytest.mark.parametrize(("content", "said"), FAILING.values(), ids=FAILING)
def test_plugins_that_give_no_credentials(file: Path, capfd: pytest.CaptureFixture[str], kind: str, content: dict[str, t.Any], said: str) -> None:
    file.write_text(json.dumps(content))
    settings = {"kubeconfig": str(file) if kind == "file" else content}
    with pytest.raises(Failure) as caught:
        connect(settings)
    assert (caught.value.code, caught.value.field) == ("unauthorized", "kubeconfig")
    assert said in caught.value.msg
    [warning] = connect({**settings, "api_key": "abc"}).warnings
    assert said in warning
    assert capfd.readouterr() == ("", "")


def test_a_plugin_that_is_not_installed_says_how_to_install_it() -> None:
    with pytest.raises(Failure) as caught:
        connect({"kubeconfig": plugin("exit 1", installHint="Install it with apt.")})
    assert caught.value.hint == "Install it with apt."


def test_a_plugin_does_not_tell_secrets(file: Path) -> None:
    content = plugin("echo $SECRET and more >&2; exit 1", env=[{"name": "SECRET", "value": "hidden"}])
    file.write_text(json.dumps(content))
    hidden: set[str] = set()
    with pytest.raises(Failure) as caught:
        connect({"kubeconfig": str(file)}, hidden)
    assert "and more" in caught.value.msg
    assert "hidden" not in caught.value.msg
    assert {"hidden", "token-two"} <= hidden


@pytest.mark.parametrize("kind", ["file", "mapping"])
def test_malformed_users_are_not_quoted(file: Path, kind: str) -> None:
    content = kubeconfig(**{"auth-provider": {"name": "oidc", "config": {"client-secret": "hidden"}}})
    file.write_text(json.dumps(content))
    with pytest.raises(Failure) as caught:
        connect({"kubeconfig": str(file) if kind == "file" else content})
    assert "id-token" in caught.value.msg
    assert "hidden" not in caught.value.msg


def test_impersonation() -> None:
    settings = {"host": HOST, "api_key": "abc", "impersonate_user": "jane", "impersonate_groups": ["a", "", "b"]}
    connection = connect(settings)
    assert connection.headers == [("Impersonate-User", "jane"), ("Impersonate-Group", "a"), ("Impersonate-Group", "b")]
    assert connection.kubectl == ["--server", HOST, "--as", "jane", "--as-group", "a", "--as-group", "b"]
    assert connect({"host": HOST, "api_key": "abc"}).headers == []


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"impersonate_groups": ["a"]}, "impersonate_groups"),
        ({"impersonate_user": "a\nb"}, "impersonate_user"),
        ({"impersonate_user": "a", "impersonate_groups": ["b\r"]}, "impersonate_groups"),
    ],
)
def test_impersonation_that_cannot_be_sent(settings: dict[str, t.Any], field: str) -> None:
    with pytest.raises(Failure) as caught:
        connect({"host": HOST, "api_key": "abc", **settings})
    assert (caught.value.code, caught.value.field) == ("invalid_options", field)


def test_impersonation_by_a_kubeconfig_is_warned_about() -> None:
    content = kubeconfig(**{"as": "jane"})
    [warning] = connect({"kubeconfig": content}).warnings
    assert "impersonate_user" in warning
    assert connect({"kubeconfig": content, "impersonate_user": "joe"}).warnings == []


def test_several_kubeconfigs_are_merged(file: Path, tmp_path: Path) -> None:
    other = kubeconfig()
    other["current-context"] = "one"
    other["clusters"][0]["cluster"]["server"] = "https://other.example.com"
    other["contexts"].append({"name": "three", "context": {"cluster": "one", "user": "two", "namespace": "late"}})
    (tmp_path / "other").write_text(json.dumps(other))
    connection = connect({"kubeconfig": f"{file}:{tmp_path / 'other'}", "context": "three"})
    assert sent(connection) == ("https://one.example.com", ["Bearer token-two"])
    assert (connection.namespace, connection.kubectl) == ("late", ["--context", "three"])
