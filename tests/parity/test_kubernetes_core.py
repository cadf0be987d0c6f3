# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of kubernetes.core, held against the real one: the same settings lead both collections to the same place as the same account."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.kubedebug.pods.plugins.module_utils._argspec import AUTH
from ansible_collections.kubedebug.pods.plugins.module_utils._auth import VARIABLES
from tests import collection, releases

HOST = "https://api.example.com:6443"
#: Ours alone, and not in kubernetes.core.
OWN = {"request_timeout"}

Case = dict[str, t.Any]


class Difference(t.NamedTuple):
    """What is done otherwise on purpose: where (``holds``), and in which fields of the outcome."""

    why: str
    fields: frozenset[str]
    holds: t.Callable[[Case, Case, Case], bool]


def settings(case: Case) -> set[str]:
    """The options that the case sets, by whatever way, but for empty ones."""
    by_variable = {name for name, (variables, _attribute) in VARIABLES.items() if any(case["variables"].get(variable) for variable in variables)}
    return by_variable | {name for name, value in case["options"].items() if value not in (None, "")}


def alone(case: Case) -> bool:
    """Whether host stands alone, with credentials."""
    given = settings(case)
    return "host" in given and any(pair <= given for pair in ({"api_key"}, {"username", "password"}, {"client_cert", "client_key"}))


#: Where a request goes, and as whom.
REQUESTS = frozenset(("first_request", "second_request"))

#: Name: difference.
DIFFERENCES: dict[str, Difference] = {
    "basic authentication is sent": Difference(
        "kubernetes.core sets user name and password, which its client library never sends: the requests are anonymous",
        REQUESTS,
        lambda case, ours, theirs: {"username", "password"} <= settings(case) and ours["first_request"][0].startswith("Basic "),
    ),
    "options win for good": Difference(
        "with kubernetes.core, the first request puts back the host and the token of what was loaded, for it looks whether the token is to be renewed",
        REQUESTS,
        lambda case, ours, theirs: not alone(case) and bool({"host", "api_key"} & settings(case)) and ours["first_request"] == ours["second_request"],
    ),
    "a host alone is enough": Difference(
        "kubernetes.core fails where there is nothing but a host, which is what kubectl proxy needs",
        frozenset(("fails",)),
        lambda case, ours, theirs: "fails" in theirs and "host" in settings(case) and not {"kubeconfig", "context"} & settings(case),
    ),
    "an empty option is as left out": Difference(
        "with kubernetes.core an empty option hides its variable, and some empty ones are set as they are",
        REQUESTS | {"fails", "ssl_ca_cert", "cert_file", "key_file", "proxy", "no_proxy", "headers"},
        lambda case, ours, theirs: "" in case["options"].values(),
    ),
    "an empty mapping is no kubeconfig": Difference(
        "kubernetes.core takes the default one instead, which may be of another cluster",
        frozenset(("fails",)),
        lambda case, ours, theirs: case["options"].get("kubeconfig") == {} and ours.get("fails") == "invalid_options",
    ),
    "files are looked for": Difference(
        "kubernetes.core says that a file is missing when it connects",
        frozenset(("fails",)),
        lambda case, ours, theirs: ours.get("fails") == "invalid_options" and any("/nowhere" in str(value) for value in theirs.values()),
    ),
    "groups need a user": Difference(
        "the API server refuses groups without a user",
        frozenset(("fails",)),
        lambda case, ours, theirs: (
            ours.get("fails") == "invalid_options" and {"impersonate_groups", "impersonate_user"} & settings(case) == {"impersonate_groups"}
        ),
    ),
}


class Files(t.NamedTuple):
    """A home with a default kubeconfig, one without, and files that options name."""

    with_default: Path
    without: Path
    options: dict[str, t.Any]
    in_cluster: str


def kubeconfig(name: str) -> dict[str, t.Any]:
    """A kubeconfig with two contexts."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "first",
        "clusters": [
            {"name": "first", "cluster": {"server": f"https://first.{name}.example.com"}},
            {"name": "second", "cluster": {"server": f"https://second.{name}.example.com", "insecure-skip-tls-verify": True}},
        ],
        "users": [{"name": "first", "user": {"token": f"first-{name}"}}, {"name": "second", "user": {"username": name, "password": "second"}}],
        "contexts": [
            {"name": "first", "context": {"cluster": "first", "user": "first", "namespace": "shop"}},
            {"name": "second", "context": {"cluster": "second", "user": "second"}},
        ],
    }


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    directory = tmp_path_factory.mktemp("parity")
    for name in ("token", "ca.crt", "client.crt", "client.key", "other.crt"):
        (directory / name).write_text(f"content of {name}")
    (directory / "kubeconfig").write_text(json.dumps(kubeconfig("file")))
    (directory / "home" / ".kube").mkdir(parents=True)
    (directory / "home" / ".kube" / "config").write_text(json.dumps(kubeconfig("default")))
    (directory / "empty").mkdir()
    options = {
        "host": HOST,
        "api_key": "token-of-the-option",
        "username": "jane",
        "password": "secret",
        "client_cert": str(directory / "client.crt"),
        "client_key": str(directory / "client.key"),
        "kubeconfig": str(directory / "kubeconfig"),
        "context": "second",
        "ca_cert": str(directory / "ca.crt"),
        "validate_certs": False,
        "proxy": "http://proxy.example.com:3128",
        "no_proxy": "one.example.com,two.example.com",
        "persist_config": True,
        "impersonate_user": "joe",
        "impersonate_groups": ["a", "b"],
    }
    return Files(directory / "home", directory / "empty", options, str(directory))


def case(options: Case | None = None, variables: dict[str, str] | None = None, in_cluster: str | None = None) -> Case:
    return {"options": options or {}, "variables": variables or {}, "in_cluster": in_cluster}


def as_text(value: t.Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


def variables(options: Case, which: int = 0) -> dict[str, str]:
    """The variables that say the same as the options: the first name of each, or the last."""
    return {VARIABLES[name][0][-which]: as_text(value) for name, value in options.items()}


def precedence(files: Files) -> t.Iterator[Case]:
    """Each combination of what decides which way is taken, by options and by variables, inside and outside of a cluster."""
    groups = [("host",), ("api_key",), ("username", "password"), ("client_cert", "client_key"), ("kubeconfig",), ("context",)]
    for size in range(len(groups) + 1):
        for chosen in itertools.combinations(groups, size):
            options = {name: files.options[name] for group in chosen for name in group}
            for in_cluster in (None, files.in_cluster):
                yield case(options, None, in_cluster)
                yield case(None, variables(options), in_cluster)


def single(files: Files) -> t.Iterator[Case]:
    """Each option by itself over a kubeconfig and beside a host with a token: as an option, under its alias, by each variable, and both."""
    for base in ({"kubeconfig": files.options["kubeconfig"]}, {"host": HOST, "api_key": "token"}):
        for name, value in files.options.items():
            yield case({**base, name: value})
            for alias in AUTH.options[name].get("aliases", ()):
                yield case({**base, alias: value})
            other = {"validate_certs": "yes", "impersonate_groups": "c"}.get(name, str(value).replace("ca.crt", "other.crt").replace("example", "variable"))
            for variable in VARIABLES[name][0]:
                yield case(base, {variable: as_text(value)})
                yield case({**base, name: value}, {variable: other})
                yield case({**base, name: ""} if AUTH.options[name]["type"] in ("str", "raw", "path") else base, {variable: other})
            yield case(base, dict(zip(VARIABLES[name][0], (as_text(value), other), strict=False)))
        yield from (case(base, {variable: text}) for variable in VARIABLES["validate_certs"][0] for text in ("0", "False", "no", "off", "True", "1", "x"))
        yield from (case(base, {"K8S_AUTH_IMPERSONATE_USER": "joe", "K8S_AUTH_IMPERSONATE_GROUPS": text}) for text in ("a", "a,b", ",a,", "a, b"))
        yield case({**base, "impersonate_user": "joe", "impersonate_groups": ["a", "b", "c"]}, {"K8S_AUTH_IMPERSONATE_GROUPS": "d"})
        yield case({**base, "ca_cert": "/nowhere/ca.crt"})
        for headers in ({"basic_auth": "a:b"}, {"proxy_basic_auth": "a:b", "user_agent": "debug/1.0"}):
            yield case({**base, "proxy_headers": headers})
            yield case({**base, "proxy_headers": headers}, {"K8S_AUTH_PROXY_HEADERS_USER_AGENT": "other"})
            yield case(base, {f"K8S_AUTH_PROXY_HEADERS_{name.upper()}": value for name, value in headers.items()})


def forms(files: Files) -> t.Iterator[Case]:
    """The ways to write a kubeconfig and a host."""
    file = files.options["kubeconfig"]
    given: list[t.Any] = [kubeconfig("mapping"), f"{file}:{files.with_default}/.kube/config", f"/nowhere:{file}", "/nowhere", "~/.kube/config", {}]
    yield from (case({"kubeconfig": value, **more}) for value in given for more in ({}, {"context": "second"}, {"context": "third"}))
    yield from (case({"host": f"{HOST}{end}", "api_key": "token"}) for end in ("", "/", "//", "/path/"))
    yield case(None, {"KUBECONFIG": file})


def ask(files: Files, home: Path, cases: list[Case]) -> dict[str, t.Any]:
    """What both collections make of the cases."""
    environment = {**os.environ, "HOME": str(home), "PYTHONPATH": os.pathsep.join(map(str, (collection.TREE, releases.kubernetes_core())))}
    environment.pop("KUBECONFIG", None)
    command = [sys.executable, str(Path(__file__).with_name("both.py"))]
    done = subprocess.run(command, env=environment, input=json.dumps(cases), check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return t.cast("dict[str, t.Any]", json.loads(done.stdout))


def test_options(files: Files) -> None:
    told = ask(files, files.without, [])
    assert {name: normal(option) for name, option in AUTH.options.items() if name not in OWN} == {name: normal(spec) for name, spec in told["spec"].items()}


def normal(option: dict[str, t.Any]) -> dict[str, t.Any]:
    """An option's spec, with what is the default written out."""
    said = {"type": "str", "no_log": False, "aliases": [], **option}
    return {**said, "options": {name: normal(inner) for name, inner in said["options"].items()}} if "options" in said else said


def test_variables(files: Files) -> None:
    told = ask(files, files.without, [])
    names = {ours: [f"K8S_AUTH_{name.upper()}" for name in dict.fromkeys((ours, attribute))] for attribute, ours in told["map"].items()}
    names.pop("proxy_headers")
    names.update({name: [f"K8S_AUTH_{name.upper()}"] for name in ("impersonate_user", "impersonate_groups")})
    assert {option: list(variables) for option, (variables, _attribute) in VARIABLES.items()} == names


@pytest.fixture(scope="module")
def answered(files: Files) -> list[tuple[Case, Case, Case]]:
    """(case, ours, theirs) of all cases, with a default kubeconfig in the home directory and without."""
    cases = [*precedence(files), *single(files), *forms(files)]
    answers = [answer for home in (files.with_default, files.without) for answer in ask(files, home, cases)["answers"]]
    return [(given, answer["ours"], answer["theirs"]) for given, answer in zip([*cases, *cases], answers, strict=True)]


def test_outcomes(answered: list[tuple[Case, Case, Case]]) -> None:
    unexplained = []
    for given, ours, theirs in answered:
        rest = differences(ours, theirs) - {field for name in reasons(given, ours, theirs) for field in DIFFERENCES[name].fields}
        if rest:
            unexplained.append({"case": given, "differing": sorted(rest), "ours": ours, "theirs": theirs})
    assert not unexplained, f"{len(unexplained)} of {len(answered)}: {json.dumps(unexplained[:3], indent=1)}"
    assert sum("fails" not in ours for _given, ours, _theirs in answered) > len(answered) / 2


def test_every_difference_is_one(answered: list[tuple[Case, Case, Case]]) -> None:
    assert {name for outcome in answered for name in reasons(*outcome)} == set(DIFFERENCES)


def differences(ours: Case, theirs: Case) -> set[str]:
    """The fields of the outcome that differ; how the two fail is not compared."""
    if "fails" in ours or "fails" in theirs:
        return set() if "fails" in ours and "fails" in theirs else {"fails"}
    return {field for field in ours if ours[field] != theirs[field]}


def reasons(case: Case, ours: Case, theirs: Case) -> set[str]:
    """The names of the differences that there are."""
    differing = differences(ours, theirs)
    return {name for name, difference in DIFFERENCES.items() if differing & difference.fields and difference.holds(case, ours, theirs)}
