# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report in a browser: on a phone, on a screen and on paper, light and dark, and whatever a pod says. The pictures are in .build/report."""

from __future__ import annotations

import contextlib
import socket
import typing as t

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from ansible_collections.kubedebug.pods.plugins.plugin_utils._debug_report import report
from tests import collection
from tests.report import attacks, browser, sample

PICTURES = collection.ROOT / ".build" / "report"
TEMPLATE = (collection.ROOT / "roles" / "debug" / "templates" / "report.html.j2").read_text()
SIZES = {"phone": (390, 844), "laptop": (1280, 800)}
#: CSS pixels of A4 between the page's margins.
PAPER = round((210 - 2 * 12) / 25.4 * 96)
SAMPLES = {"rich": sample.rich(), "fine": sample.fine()}
DANGER = """address => {
  const script = document.createElement("script");
  script.textContent = "window.ran = true";
  document.body.append(script);
  document.body.insertAdjacentHTML("beforeend", `<img src='${address}i'><p id=styled style='color: red'>x</p>`);
  fetch(address).catch(() => {});
  return [window.ran === true, getComputedStyle(document.getElementById("styled")).color === "rgb(255, 0, 0)"];
}"""


@pytest.fixture(scope="session")
def running() -> t.Iterator[Browser]:
    program = browser.chromium()
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@contextlib.contextmanager
def opened(running: Browser, name: str, manifest: dict[str, t.Any], **more: t.Any) -> t.Iterator[tuple[Page, list[str]]]:
    """The report of a manifest, and what it asked for beyond itself or said: that has to stay empty."""
    path = PICTURES / f"{name}.html"
    path.write_text(report(manifest, TEMPLATE), encoding="utf-8")
    context = running.new_context(**more)
    page = context.new_page()
    noise: list[str] = []
    page.on("request", lambda request: noise.append(request.url) if request.url != path.as_uri() else None)

    def dismiss(dialog: Dialog) -> None:
        noise.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("popup", lambda popup: noise.append("a window"))
    page.goto(path.as_uri())
    yield page, noise
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SAMPLES)
def test_screen(running: Browser, name: str, size: str, scheme: t.Literal["light", "dark"]) -> None:
    width, height = SIZES[size]
    with opened(running, name, SAMPLES[name], viewport={"width": width, "height": height}, color_scheme=scheme) as (page, noise):
        assert page.evaluate(browser.OVERFLOWS) == []
        low, count = page.evaluate(browser.CONTRASTS)
        assert (low, count > 60) == ([], True)
        # What is wrong, whether that is all, where and since when, without a touch.
        for seen in ("h1", ".verdict", ".facts"):
            box = page.locator(seen).bounding_box()
            assert box and box["y"] + box["height"] <= height
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]
        page.screenshot(path=PICTURES / f"{name}-{size}-{scheme}.png", full_page=name == "rich")
        assert noise == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper(running: Browser, scheme: t.Literal["light", "dark"]) -> None:
    with opened(running, "rich", SAMPLES["rich"], viewport={"width": PAPER, "height": 1000}, color_scheme=scheme) as (page, noise):
        page.emulate_media(media="print", color_scheme=scheme)
        assert page.evaluate(browser.OVERFLOWS) == []
        low, count = page.evaluate(browser.CONTRASTS)
        assert (low, count > 60) == ([], True)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        hidden = "[...document.body.querySelectorAll('*')].filter(each => getComputedStyle(each).display === 'none').map(each => each.tagName)"
        assert page.evaluate(hidden) == ["NAV"]
        printed = page.pdf(path=PICTURES / f"rich-{scheme}.pdf", format="A4", prefer_css_page_size=True)
        assert printed.count(b"/MediaBox [0 0 59") == printed.count(b"/MediaBox") > 3
        assert noise == []


def test_drawings(running: Browser) -> None:
    """Each run of a container is a bar where its time is: as wide as it took, in order, and within the drawing."""
    with opened(running, "rich", SAMPLES["rich"], viewport={"width": 1280, "height": 800}) as (page, noise):
        chart = page.locator("#timeline .chart").first
        cart = chart.locator(".lane", has_text="cartended")
        bars = [box for each in cart.locator("rect:not(.bar-band)").all() if (box := each.bounding_box())]
        assert len(bars) == 3
        drawing = cart.locator("> svg").bounding_box()
        assert drawing and all(drawing["x"] <= box["x"] and box["x"] + box["width"] <= drawing["x"] + drawing["width"] + 1 for box in bars)
        crashed, again, waits = bars
        assert crashed["x"] + crashed["width"] <= again["x"] < again["x"] + again["width"] <= waits["x"] + 1
        # 09:31:40 to 09:58:03, and 09:58:05 to 10:26:41.
        assert crashed["width"] / again["width"] == pytest.approx(1583 / 1716, rel=0.02)
        assert cart.locator("rect.bar-bad").count() == 2
        assert chart.locator("rect.bar-band").count() == 2 * chart.locator("ol > .lane").count()
        assert noise == []


def test_what_a_pod_says_is_text(running: Browser) -> None:
    """Without the policy, so that nothing but the escaping holds; each field gets each attack once."""
    with opened(running, "attack", SAMPLES["fine"], viewport={"width": 390, "height": 844}, bypass_csp=True) as (page, noise):
        for shift in range(len(attacks.ATTACKS)):
            hostile = attacks.attacked(sample.rich(), shift)
            (PICTURES / "attack.html").write_text(report(hostile, TEMPLATE), encoding="utf-8")
            page.reload()
            assert page.evaluate(browser.ACTIVE) == [], shift
            assert page.evaluate(browser.OVERFLOWS) == [], shift
            assert page.locator("style").count() == 1
            shown = set(page.locator("bdi").evaluate_all("all => all.map(each => each.textContent)"))
            lost = [name for name, text in attacks.fields(hostile) if attacks.visible(text) not in shown]
            assert lost == [], shift
            for address in page.locator("a").evaluate_all("all => all.map(each => each.href)"):
                assert address.startswith(tuple(f"{PICTURES.as_uri()}/{below}" for below in ("attack.html#", "context/", "artifacts/"))), address[:200]
            assert page.title() == "Debug evidence"
            assert noise == [], shift
            page.screenshot(path=PICTURES / f"attack-{shift}.png")


def test_links_open_the_file_and_no_other(running: Browser) -> None:
    names = ["pod?x#y.json", "a b%41.txt", "\u05e9 \u202e.log", "javascript:alert(1).txt"]
    folder = PICTURES / "context" / "shop"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(f"this is {name}", encoding="utf-8")
    stored = [sample.file(f"context/shop/{name}", "context", sample.FIRST, 1) for name in names]
    with opened(running, "links", sample.manifest([], stored)) as (page, noise):
        links = page.locator("#files a").evaluate_all("all => all.map(each => each.href)")
        assert len(links) == len(names)
        for name, link in zip(names, links, strict=True):
            noise.clear()
            page.goto(link)
            assert noise == [link]
            assert page.locator("body").inner_text() == f"this is {name}"


@pytest.mark.parametrize("forbidding", [True, False])
def test_policy(running: Browser, forbidding: bool) -> None:
    """Were there a script, a picture or a style in it, the browser would not have them; the page's own style it has. Without the policy it has all of them."""
    with socket.create_server(("127.0.0.1", 0)) as server, opened(running, "fine", SAMPLES["fine"], bypass_csp=not forbidding) as (page, noise):
        assert page.evaluate("getComputedStyle(document.body).margin") == "0px"
        assert noise == []
        assert page.evaluate(DANGER, f"http://127.0.0.1:{server.getsockname()[1]}/") == [not forbidding, not forbidding]
        server.settimeout(0.3 if forbidding else 10)
        with pytest.raises(TimeoutError) if forbidding else contextlib.nullcontext():
            server.accept()[0].close()
        assert any("Content Security Policy" in said for said in noise) is forbidding
