# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a manifest: what it says first, that nothing of the manifest is left out, and that it is bounded. How it looks: tests/report."""

from __future__ import annotations

import copy
import html.parser
import json
import re
import time
import typing as t

import jinja2
import jsonschema
import pytest
from markupsafe import Markup

from ansible_collections.kubedebug.pods.plugins.plugin_utils import _debug_report as reporting
from ansible_collections.kubedebug.pods.plugins.plugin_utils import _debug_timeline as timeline
from tests import collection
from tests.report import attacks, sample

TEMPLATE = (collection.ROOT / "roles" / "debug" / "templates" / "report.html.j2").read_text()
SCHEMA = jsonschema.Draft202012Validator(json.loads((collection.ROOT / "docs" / "manifest.schema.json").read_text()))


class Text(html.parser.HTMLParser):
    """What is to be read on a page, and its parts by tag and class."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._style = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"
        self.words += " " if tag in ("dt", "dd") else ""

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        self.words += "" if self._style else data


def page(manifest: dict[str, t.Any]) -> str:
    SCHEMA.validate(manifest)
    return reporting.report(manifest, TEMPLATE)


def words(manifest: dict[str, t.Any]) -> str:
    return " ".join(Text(page(manifest)).words.split())


def leaves(value: t.Any, name: str = "", key: str = "") -> t.Iterator[tuple[str, str, t.Any]]:
    if isinstance(value, dict):
        for each, below in value.items():
            if key in ("tool", "redactions"):
                yield f"{name}.{each}", key, each
            yield from leaves(below, f"{name}.{each}", each)
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from leaves(below, f"{name}.{number}", key)
    else:
        yield name, key, value


def test_nothing_of_the_manifest_is_left_out() -> None:
    manifest = sample.rich()
    said = words(manifest)
    lost = []
    for name, key, value in leaves(manifest):
        expected = value.replace("T", " ", 1).removesuffix("Z") if isinstance(value, str) and key.endswith("_at") else value
        if isinstance(value, bool) or value is None:
            continue
        if key == "bytes":
            expected = f"{value:,} B"
        elif key == "path":
            expected = value.rpartition("/")[2]
        elif key == "kind" and value == "recovered":
            expected = "recovered"
        if str(expected) not in said:
            lost.append(name)
    assert lost == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"finished_at": None}, ["Collection not complete: 1 interrupted", "it did not"]),
        ({"changed": False}, ["added nothing"]),
        ({"changed": True}, ["added containers"]),
        ({"clock_skew": None}, ["Clock of the API server not known"]),
        ({"clock_skew": -7}, ["7 s behind the collector's"]),
        ({"steps": [{"step": "seal", "state": "failed", "msg": "no key", "namespace": None, "pod": None}]}, ["1 failed", "failed no key seal"]),
        (
            {"refusals": [{"guard": "pods", "value": 9, "limit": 3, "variable": "debug_guard_pods", "msg": "too many"}]},
            ["not complete: 1 refused", "pods: 9, limit 3; debug_guard_pods moves it"],
        ),
    ],
)
def test_a_run(change: dict[str, t.Any], expected: list[str]) -> None:
    manifest = sample.fine()
    manifest["runs"][0].update(change)
    said = words(manifest)
    assert [each for each in expected if each not in said] == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"state": "failed", "ok": False, "summary": "Dns: lost"}, ["No problem found in what could be collected", "1 failed", "failed Dns: lost"]),
        ({"state": "skipped", "ok": False}, ["1 skipped"]),
        ({"state": "running", "ok": False}, ["1 running"]),
        ({"state": "partial", "ok": True}, ["1 partial"]),
        ({"ok": False, "problems": ["slow", "odd"]}, ["2 problems on cart-7c9fd8b6c4-x2x9k", "slow dns on shop/cart", "odd dns on", "Collection complete"]),
        ({"ok": False, "summary": "Dns: hm"}, ["1 problem on cart", "Dns: hm"]),
        ({"timed_out": True}, ["1 partial", "(its time was up)", "timed out: yes"]),
        ({"wrote_to_target": True}, ["May have written into the target yes"]),
    ],
)
def test_an_answer(change: dict[str, t.Any], expected: list[str]) -> None:
    manifest = sample.fine()
    manifest["runs"][0]["answers"][1].update(change)
    said = words(manifest)
    assert [each for each in expected if each not in said] == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"sensitive": True}, ["1 sensitive", "may hold secrets that cannot be redacted"]),
        ({"redactions": {"jwt": 3}}, ["3 values redacted in 1 file", "redacted: jwt 3"]),
        ({"truncated": True}, ["1 partial", "cut: there was more than is here"]),
        ({"problem": "half of it"}, ["1 partial", "half of it"]),
        ({"kind": "recovered"}, ["recovered"]),
        ({"sha256_source": "0" * 64}, ["the checksums differ", "altered on the way", "at its source: " + "0" * 64]),
        ({"sha256_source": "0" * 64, "sha256_received": "0" * 64}, ["it came as it was at its source", "as it came: " + "0" * 64]),
    ],
)
def test_a_file(change: dict[str, t.Any], expected: list[str]) -> None:
    manifest = sample.fine()
    manifest["files"][0].update(change)
    said = words(manifest)
    assert [each for each in expected if each not in said] == []


def test_nothing_wrong_and_nothing_at_all() -> None:
    said = words(sample.fine())
    assert "No problem found Collection complete" in said
    assert "What is missing" not in said
    said = words(sample.manifest([], []))
    assert "Nothing was collected Collection empty" in said
    assert "No run is recorded." in said
    assert "There are no files." in said


def test_what_the_status_says_comes_first_and_since_when() -> None:
    said = words(sample.rich())
    assert said.index("container cart waits: CrashLoopBackOff; it ended with exit code 137 (OOMKilled)") < said.index("Where cart")
    assert "Known since 2026-11-25 09:58:03 cart of cart-7c9fd8b6c4-x2x9k ended: OOMKilled" in said
    assert "the pod was gone at the last look status on shop/pay-66d5f7b9c8-q8wzl" in said


@pytest.mark.parametrize("name", attacks.ATTACKS)
def test_shown(name: str) -> None:
    shown = reporting.shown(attacks.ATTACKS[name])
    text = Text(str(shown))
    assert {tag for tag, attributes in text.tags} <= {"bdi", "i", "em", "time"}
    assert not any(attributes for tag, attributes in text.tags)
    assert text.words.removesuffix(f" … and {len(attacks.ATTACKS[name]) - reporting.LONGEST:,} more characters") == attacks.visible(attacks.ATTACKS[name])
    assert not re.search(r"[{}]", str(shown))


@pytest.mark.parametrize("shift", range(len(attacks.ATTACKS)))
def test_attacked_manifests_are_manifests(shift: int) -> None:
    page(attacks.attacked(sample.rich(), shift))


def test_values_that_are_no_text() -> None:
    assert [str(reporting.shown(value)) for value in (None, True, False, 0, 2.5)] == ["<em>not known</em>", "yes", "no", "0", "2.5"]
    assert reporting.shown(Markup("<b>")) == "<b>"
    with pytest.raises(jinja2.UndefinedError):
        reporting.report(sample.fine(), "{{ manifest.nothing }}")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("context/shop/cart/pod.yaml", "context/shop/cart/pod.yaml"),
        ("artifacts/a b/%2e%2e/x?y#z.log", "artifacts/a%20b/%252e%252e/x%3Fy%23z.log"),
        ("artifacts/javascript:alert(1).txt", "artifacts/javascript%3Aalert%281%29.txt"),
        ("artifacts/\u05e9\u202e.json", "artifacts/%D7%A9%E2%80%AE.json"),
        ("artifacts/\udcff.txt", "artifacts/%FF.txt"),
        ("artifacts/HEAP.HPROF", "artifacts/HEAP.HPROF"),
        ("artifacts/\ud800.txt", None),
        ("artifacts/../manifest.json", None),
        ("context/./x.json", None),
        ("context//x.json", None),
        ("/etc/passwd.txt", None),
        ("../x.txt", None),
        ("javascript:alert(1)//.txt", None),
        ("data:text/plain,x.txt", None),
        ("artifacts/..\\..\\x.txt", None),
        ("artifacts/x\0.txt", None),
        ("artifacts/page.html", None),
        ("artifacts/picture.svg", None),
        ("artifacts/no_suffix", None),
        ("artifacts/page.html.partial", None),
        (f"artifacts/{'a' * 5000}.txt", None),
    ],
)
def test_links(path: str, expected: str | None) -> None:
    assert reporting.link(path) == expected


def test_tokens_and_amounts() -> None:
    assert [str(reporting.token(each)) for each in ("12.50%", "10:11:12", "a b", '"><b>', "")] == ["12.50%", "10:11:12", "unknown", "unknown", "unknown"]
    assert [reporting.amount(each) for each in (0, 1023, 1536, 2**20, 3 * 2**30)] == [
        "0 B",
        "1,023 B",
        "1,536 B (1.5 KiB)",
        "1,048,576 B (1.0 MiB)",
        "3,221,225,472 B (3.0 GiB)",
    ]


def test_the_same_for_the_same() -> None:
    manifest = sample.rich()
    untouched = copy.deepcopy(manifest)
    first = page(manifest)
    assert manifest == untouched
    assert page(copy.deepcopy(json.loads(json.dumps(manifest, sort_keys=True)))) == first


def test_policy() -> None:
    made = page(sample.fine())
    policies = [attributes["content"] for tag, attributes in Text(made).tags if attributes.get("http-equiv") == "Content-Security-Policy"]
    style = made.partition("<style>")[2].partition("</style>")[0]
    assert policies == [f"default-src 'none'; style-src '{reporting._policy_hash(style)}'; base-uri 'none'; form-action 'none'"]


def large(count: int) -> dict[str, t.Any]:
    manifest = sample.fine()
    run = manifest["runs"][0]
    of = [{**sample.CART, "pod": f"cart-{number}"} for number in range(count)]
    run["pods"] = [sample.pod(each, [sample.container("cart", "2026-11-25T09:00:00Z", "2026-11-25T10:00:00Z", exit_code=1)]) for each in of]
    run["answers"] = [sample.answer(each, "dns", "2026-11-25T10:11:14Z", "2026-11-25T10:11:16Z") for each in of]
    run["answers"][-1].update(state="failed", ok=False, summary="Dns: the last one is lost")
    run["steps"] = [{"step": "context", "state": "partial", "msg": f"part {number}", "namespace": "shop", "pod": None} for number in range(count)]
    manifest["files"] = [sample.file(f"context/shop/cart-{number}/pod.yaml", "context", sample.FIRST, 9) for number in range(count)]
    manifest["files"][-1]["problem"] = "the last file is half"
    return manifest


def test_bounded_and_what_is_wrong_is_shown() -> None:
    manifest = large(10_000)
    made = reporting.report(manifest, TEMPLATE)
    assert len(made) < 2_000_000
    said = " ".join(Text(made).words.split())
    for more in ("9800 more findings", "9702 more of these", "9900 more answers", "9000 more files", "9900 more pods", "9950 more pods"):
        assert f"{more} in manifest.json." in said
    assert "failed Dns: the last one is lost" in said
    assert "the last file is half" in said
    assert "10000 problems on 10000 pods" in said
    manifest = sample.fine()
    manifest["runs"] *= 30
    assert "10 more runs in manifest.json." in words(manifest)


def test_time_grows_as_the_manifest_does() -> None:
    def taken(count: int) -> float:
        manifest = large(count)
        begun = time.process_time()
        reporting.report(manifest, TEMPLATE)
        return time.process_time() - begun

    taken(10)
    assert min(taken(5_000) for attempt in range(2)) < 15 * max(min(taken(500) for attempt in range(3)), 0.02)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", None),
        ("0000-00-00T00:00:00Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("2026-02-30T00:00:00Z", None),
        ("2026-11-25T10:11:60Z", None),
        ("yesterday", None),
        (None, None),
        ("2026-11-25T10:11:12Z", 1795601472.0),
        ("2026-11-25T10:11:12.5Z", 1795601472.5),
        ("2026-11-25T10:11:12.123456789Z", 1795601472.123456),
    ],
)
def test_moments(text: str | None, expected: float | None) -> None:
    assert timeline.moment(text) == expected
    assert timeline.moment(text, 8) == (None if expected is None else expected + 8)


@pytest.mark.parametrize(
    ("started", "finished", "bars", "said"),
    [
        ("2026-11-25T10:00:00Z", "2026-11-25T10:05:00Z", 1, "ended with exit code 0"),
        ("2026-11-25T10:05:00Z", "2026-11-25T10:00:00Z", 1, "ends before it begins"),
        (None, "2026-11-25T10:05:00Z", 1, "? to 2026-11-25 10:05:00"),
        ("1969-07-20T20:17:40Z", None, 0, "no time is known"),
        ("1970-01-01T00:00:00Z", "2026-11-25T10:05:00Z", 1, "1970-01-01 00:00:00 to"),
        ("2027-11-25T10:00:00Z", None, 0, "no time is known"),
        ("2026-11-12T10:00:00Z", None, 1, "running since 2026-11-12 10:00:00"),
        ("2026-10-12T10:00:00Z", "2026-10-12T10:05:00Z", 0, "before what is drawn"),
        (None, None, 0, "waiting"),
    ],
)
def test_odd_times(started: str | None, finished: str | None, bars: int, said: str) -> None:
    manifest = sample.fine()
    manifest["runs"][0]["pods"][0]["containers"] = [sample.container("cart", started, finished)]
    charts, more = timeline.pods(manifest["runs"])
    lane = charts[0].lanes[0]
    assert (len(lane.bars), said in " ".join(lane.words), more) == (bars, True, 0)
    for each in lane.bars:
        assert 0 <= float(each.x[:-1]) <= float(each.x[:-1]) + float(each.width[:-1]) <= 100.01
    page(manifest)


def test_runs_without_a_time_that_can_be_drawn() -> None:
    manifest = sample.fine()
    manifest["runs"][0].update(started_at="1969-01-01T00:00:00Z", finished_at="1969-01-01T00:00:00Z", answers=[])
    manifest["runs"][0]["pods"][0]["containers"] = []
    assert "No times are known." in words(manifest)


def test_a_collectors_clock_is_set_by_the_clusters() -> None:
    """The answers began 2 s into the run by two clocks that agree; 60 s of difference are taken out of the drawing."""
    manifest = sample.fine()
    agreed = timeline.collection(manifest["runs"][0])
    manifest["runs"][0].update(started_at="2026-11-25T10:10:12Z", finished_at="2026-11-25T10:10:20Z", clock_skew=60)
    assert timeline.collection(manifest["runs"][0]) == agreed


def test_ticks_fit_a_phone() -> None:
    for span in (1.06, 9, 70, 2e7, 3e7, 3600, 86400, 40 * 86400, 9e8):
        ticks = timeline._ticks(timeline.Scale(1.7e9, 1.7e9 + span))
        assert 0 < len(ticks) <= 5
        assert ticks == sorted(ticks, key=lambda tick: float(tick.x[:-1]))
