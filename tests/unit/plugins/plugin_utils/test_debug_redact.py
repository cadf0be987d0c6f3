# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The redactors of the role on made-up secrets and on what only looks like one; and that no text takes the square of its length."""

from __future__ import annotations

import re
import time
import typing as t

import pytest
import yaml

from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_redact import MASK, BadRedactor, load, redact_data, redact_text
from tests.collection import ROOT

DATA = yaml.safe_load((ROOT / "roles" / "debug" / "vars" / "redactors.yml").read_text())["_debug_redactors"]
REDACTORS = load(DATA)
#: Put together here, so that no scanner takes this file for a leak.
AKIA = "AK" + "IA" + "Z7" * 8
JWT = ".".join(["ey" + "JhbGciOiJIUzI1NiJ9", "ey" + "JzdWIiOiIxMjM0In0", "c2lnbmF0dXJl-_"])
GITHUB, GITLAB = "gh" + "p_" + "aB3" * 12, "gl" + "pat-" + "x1Y2z3W4v5U6t7S8r9Q0"
SLACK, STRIPE, GOOGLE = "xox" + "b-123456789012-abcdefABCDEF", "sk_" + "live_" + "4eC39HqLyjWDarjt", "AI" + "za" + "Sy" + "0a1B2" * 6 + "xyz"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A\n\nMIIBOgIBAAJBAK+/\nabc==\n-----END RSA PRIVATE KEY-----"
#: Redactor: texts with a secret, and what of them must not be left.
SECRETS: list[tuple[str, str, str]] = [
    ("private_key", f"key:\n{PEM}\nafter", "MIIB"),
    ("private_key", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk cut off", "b3Bl"),
    ("private_key", '{"k": "-----BEGIN PRIVATE KEY-----\\nMIIB\\n-----END PRIVATE KEY-----\\n"}', "MIIB"),
    ("private_key_end", "MIIB\nAAAA=\n-----END RSA PRIVATE KEY-----\nafter", "MIIB"),
    ("signed_query", "GET https://store.test/x?sv=1&sig=c2lnbmVk%3D&se=1", "c2lnbmVk"),
    ("registry_auth", '{"auths":{"registry.test":{"auth":"dXNlcjpwYXNz"}}}', "dXNl"),
    ("client_password", "sshpass -p hidden-word ssh host", "hidden-word"),
    ("client_password", "redis-cli -h cache -a hidden-word ping", "hidden-word"),
    ("client_password", "curl -s -u admin:hidden-word http://cart", "hidden-word"),
    ("client_password", "redis-server --requirepass hidden-word", "hidden-word"),
    ("jwt", f"x {JWT} y", "JzdWIi"),
    ("jwt", f"mount of the service account: {JWT}", "c2lnbmF0"),
    *(("api_token", f"a {token}, b", token) for token in (GITHUB, GITLAB, SLACK, STRIPE, GOOGLE)),
    ("slack_webhook", "https://hooks.slack.com/services/T00/B00/xYz123", "xYz123"),
    ("aws_access_key", f"id {AKIA}.", AKIA),
    ("aws_account", "arn:aws:iam::123456789012:role/cart", "123456789012"),
    ("aws_account", "arn:aws-cn:sns:cn-north-1:123456789012:topic", "123456789012"),
    ("url_password", "postgres://cart:p@ss:w@db:5432/cart", "p@ss:w"),
    ("url_password", "redis://:onlyone@cache/0", "onlyone"),
    ("dsn_password", "cart:sesame@tcp(db:3306)/shop", "sesame"),
    ("connection_string", "Server=db;Database=shop;Uid=cart;Pwd=se same!;", "se same!"),
    ("secret", "Data Source=db;User ID=cart;Password=sesame;Encrypt=true", "sesame"),
    ("connection_string", "Data Source=db;User ID=cartuser;Encrypt=true", "cartuser"),
    ("authorization", "Authorization: Basic Y2FydDpzZXNhbWU=", "Y2Fy"),
    ("authorization", '{"authorization": "Bearer abcdefgh1"}', "abcdefgh1"),
    ("bearer", "sent bearer abcdefgh1.xyz", "abcdefgh1"),
    ("cookie", "Set-Cookie: sid=31d4d96e407aad42; Path=/; HttpOnly", "31d4d96e"),
    ("cookie", "cookie: a=b; c=d", "a=b"),
    ("environment", 'DB_PASSWORD=it\'s a; "long" one', "long"),
    ("environment", "A=b\0CART_TOKEN=x y\0C=d", "x y"),
    ("environment", "export APP_KEY=base64:abc=", "abc"),
    ("environment", "MYSQL_PWD=sesame", "sesame"),
    ("secret", "/usr/bin/java -Ddb.password=sesame -jar app.jar", "sesame"),
    ("option", "mysql --password sesame -h db", "sesame"),
    ("option", "cart\0--api-key\0sesame\0-v", "sesame"),
    ("secret", "curl --token=sesame https://x", "sesame"),
    ("variable", '"name": "DB_PASSWORD",\n  "value": "sesame street"', "sesame"),
    ("variable", "- name: CART_TOKEN\n  value: sesame street\n- name: A", "sesame"),
    ("variable", "- name: DB_PASSWORD\r\n  value: sesame", "sesame"),
    ("secret", '{\n  "clientSecret" :\n    "sesame \\" street"\n}', "street"),
    ("secret", '{"log": "{\\"password\\": \\"sesame street\\"}"}', "sesame"),
    ("secret", "x-api-key: sesame", "sesame"),
    ("secret", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "wJalr"),
    ("secret", "{password=sesame, user=cart}", "sesame"),
    ("secret", "dbPassword: sesame", "sesame"),
]
HARMLESS = [
    "commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "pod 123e4567-e89b-12d3-a456-426614174000 on node-1",
    f"busybox@sha256:{'0123456789abcdef' * 4}",
    "tokenizer: bert, TOKENIZERS_PARALLELISM=false, keyboard=us, monkey: 3, max_tokens=512",
    "aGVsbG8gd29ybGQsIHRoaXMgaXMgaGFybWxlc3M=",
    "PWD=/app\nOLDPWD=/\nHOME=/root-of-all",
    "secretName: cart-tls",
    "secretKeyRef: {name: db, key: password}",
    "DB_PASSWORD_FILE=/run/secrets/db",
    "http://cart:8080/a@b?c=d",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "arn:aws:s3:::bucket/123456789012",
    "order 123456789012 passed, the bearer of this",
    "AKIATOOSHORT ghp_short glpat-short eyJ.eyJ",
    "password=\npassword: null token=false",
    "password=***HIDDEN***",
    "tcp 10.0.0.1:8080 user@host",
]


@pytest.mark.parametrize(("name", "text", "secret"), SECRETS)
def test_a_secret_is_replaced_and_counted_once(name: str, text: str, secret: str) -> None:
    assert secret in text
    redacted, counts = redact_text(text, REDACTORS)
    assert secret not in redacted
    assert MASK in redacted
    assert name in counts, counts
    assert redact_text(redacted, REDACTORS) == (redacted, {})


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_one_stays(text: str) -> None:
    assert redact_text(text, REDACTORS) == (text, {})


@pytest.mark.parametrize("name", [each["name"] for each in DATA])
def test_each_redactor_is_needed(name: str) -> None:
    """Each has a secret in the corpus that it finds by itself."""
    alone = [each for each in REDACTORS if each.name == name]
    assert any(secret not in redact_text(text, alone)[0] for of, text, secret in SECRETS if of == name)


def test_what_is_around_a_secret_stays() -> None:
    text = f"before\n{PEM}\nServer=db;Pwd=x;Database=shop\nafter"
    redacted, counts = redact_text(text, REDACTORS)
    marks = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
    assert redacted == f"before\n{marks[0]}{MASK}{marks[1]}\nServer=db;Pwd={MASK};Database=shop\nafter"
    assert counts == {"private_key": 1, "connection_string": 1}


def test_data_is_redacted_by_names_and_texts() -> None:
    data: dict[str, t.Any] = {
        "env": [
            {"name": "DB_PASSWORD", "value": "sesame"},
            {"name": "A", "value": "b"},
            {"name": "C_TOKEN", "valueFrom": {"secretKeyRef": {"name": "d", "key": "k"}}},
        ],
        "password": "sesame",
        "passwords": ["one", "two"],
        "apiKey": 12345,
        "secretName": "cart-tls",
        "automountServiceAccountToken": False,
        "tokenizer": "bert",
        "command": ["cart", "--password", "sesame", "-v", "--token=sesame"],
        "log": ["fine", f"got {GITHUB}"],
        "none": None,
        "token": None,
    }
    redacted, counts = redact_data(data, REDACTORS)
    assert redacted == {
        **data,
        "env": [{"name": "DB_PASSWORD", "value": MASK}, *data["env"][1:]],
        "password": MASK,
        "passwords": [MASK, MASK],
        "apiKey": MASK,
        "command": ["cart", "--password", MASK, "-v", f"--token={MASK}"],
        "log": ["fine", f"got {MASK}"],
    }
    assert counts == {"secret": 7, "api_token": 1}
    assert redact_data(redacted, REDACTORS) == (redacted, {})


def test_data_that_nests_too_deep_is_hidden_and_no_traceback() -> None:
    data: t.Any = "password=sesame"
    for _level in range(5000):
        data = [data]
    redacted, _counts = redact_data(data, REDACTORS)
    for _level in range(101):
        [redacted] = redacted
    assert redacted == MASK


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("x", "not a list"),
        ([3], "Redactor 1"),
        ([{"pattern": "x"}], "Redactor 1"),
        ([{"name": "Of Mine", "pattern": "x"}], "Redactor 1"),
        ([{"name": "mine", "pattern": "(x"}], "mine cannot be a regular expression"),
        ([{"name": "mine", "keys": ["ok", "*"]}], "mine cannot be a regular expression"),
        ([{"name": "mine", "pattern": "x*"}], "mine would replace nothing"),
        ([{"name": "mine", "pattern": "x", "replacement": r"\1"}], "mine has the group 1"),
        ([{"name": "mine", "pattern": "x", "replacement": r"\g<y>"}], "mine has the group y"),
        ([{"name": "mine", "pattern": "x", "replacement": r"\q"}], "mine has a backslash"),
        ([{"name": "mine", "pattern": "x", "replacement": 3}], "mine is no text"),
        ([{"name": "mine", "keys": "x"}], "mine has neither"),
        ([{"name": "mine"}], "mine has neither"),
        ([{"name": "mine", "pattern": "x", "regex": "y"}], "mine has regex"),
        ([{"name": "mine", "pattern": "x"}, {"name": "mine", "pattern": "y"}], "two redactors mine"),
    ],
)
def test_a_redactor_that_cannot_be_is_refused_by_its_name(data: t.Any, said: str) -> None:
    with pytest.raises(BadRedactor, match=re.escape(said)):
        load(data)


def test_ones_own_redactor_with_groups() -> None:
    mine = load([{"name": "card", "pattern": r"(?P<first>\d{4})-\d{4}-(\d{4})", "replacement": r"\g<first>-***HIDDEN***-\2"}])
    assert redact_text("1111-2222-3333", mine) == ("1111-***HIDDEN***-3333", {"card": 1})


#: Redactor: what makes it begin again and again and get nowhere. To all of them come beginnings of each.
HOSTILE = {
    "private_key": "-----BEGIN PRIVATE KEY-----",
    "jwt": "eyJaaaaaaaa.",
    "api_token": "xoxb-",
    "slack_webhook": "hooks.slack.com/services/",
    "aws_access_key": "AKIA",
    "aws_account": "arn:aws:a:",
    "private_key_end": "AAAA\n",
    "signed_query": "?sig=a",
    "registry_auth": '"auth":"a',
    "client_password": "curl -u a",
    "url_password": "://a:",
    "dsn_password": ":a",
    "connection_string": ";pwd = ",
    "authorization": "authorization: ",
    "bearer": "bearer a",
    "cookie": "cookie:",
    "environment": "A\n",
    "option": " --a-a-a-a",
    "variable": "TOKEN,\n",
    "secret": "password'\"\\ ",
}


def seconds(work: t.Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


@pytest.mark.parametrize("redactor", REDACTORS, ids=[each.name for each in REDACTORS])
def test_no_text_takes_the_square_of_its_length(redactor: t.Any) -> None:
    """5 MB, against one plain pass that replaces each character. The square of 5 MB would be a million times that."""
    hostile = HOSTILE[redactor.name]
    text = hostile * (2_500_000 // len(hostile)) + "a" * 2_500_000
    plain = seconds(lambda: re.sub(r"\S", "x", text))
    assert seconds(lambda: redact_text(text, [redactor])) < 12 * plain
