# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Debian's Chromium, installed where it is missing, and what is measured in a page of it."""

from __future__ import annotations

import fcntl
import shutil

from tests import collection
from tests.cluster import machine
from tests.cluster.model import Progress

#: What sticks out of the page, or out of what it is in. What is within a drawing is cut by it.
OVERFLOWS = """() => {
  const wide = document.scrollingElement.clientWidth, out = [];
  const say = (element, box, outer) => out.push(
    `${element.tagName} "${element.textContent.slice(0, 40)}" ${Math.round(box.left)},${Math.round(box.right)},${Math.round(box.bottom)} out of ${outer}`);
  if (document.scrollingElement.scrollWidth > wide) out.push(`page: ${document.scrollingElement.scrollWidth} > ${wide}`);
  for (const element of document.body.querySelectorAll("*")) {
    if (element.ownerSVGElement) continue;
    for (const box of element.getClientRects()) if (box.right > wide + 1 || box.left < -1) say(element, box, wide);
    const frame = element.closest(".card, .chart, .facts > div, .lines > li, td");
    if (frame && frame !== element) {
      const box = element.getBoundingClientRect(), outer = frame.getBoundingClientRect();
      if (box.width && (box.right > outer.right + 1 || box.bottom > outer.bottom + 1)) say(element, box, `${outer.right},${outer.bottom}`);
    }
  }
  return out;
}"""

#: Texts with less contrast than WCAG 2.2 asks of text (1.4.3: 4.5), and how many texts were looked at.
CONTRASTS = """() => {
  const parse = color => { const n = color.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const canvas = matchMedia("print").matches || !matchMedia("(prefers-color-scheme: dark)").matches ? [255, 255, 255] : [18, 18, 18];
  const under = element => {
    for (let each = element; each; each = each.parentElement) {
      const color = parse(getComputedStyle(each).backgroundColor);
      if (color[3] === 1) return color;
      if (color[3]) throw new Error("a background that is half transparent");
    }
    return canvas;
  };
  const low = []; let count = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.getClientRects().length) continue;
    const style = getComputedStyle(element), ink = parse(element.ownerSVGElement ? style.fill : style.color);
    const [a, b] = [light(ink), light(under(element))].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
    count++;
    if (ratio < 4.5) low.push(`${ratio.toFixed(2)} ${element.tagName} ${element.getAttribute("class")}: ${walker.currentNode.data.slice(0, 40)}`);
  }
  return [low, count];
}"""

#: Whatever a page without scripts and frames has no use for.
ACTIVE = """() => {
  const tags = ["script", "iframe", "object", "embed", "link", "img", "image", "form", "input", "button", "base", "use", "animate", "set", "foreignobject"];
  const attributes = ["style", "src", "srcdoc", "srcset", "formaction", "action", "xlink:href"];
  const out = [];
  for (const element of document.querySelectorAll("*")) {
    const name = element.tagName.toLowerCase();
    if (tags.includes(name)) out.push(name);
    for (const {name: attribute, value} of element.attributes) {
      if (/^on/i.test(attribute) || attributes.includes(attribute)) out.push(`${name} ${attribute}`);
      if (/^\\s*(javascript|data|vbscript):/i.test(value)) out.push(`${name} ${attribute}=${value.slice(0, 40)}`);
    }
  }
  return out;
}"""


def chromium() -> str:
    """The program, from Debian's package ``chromium``. Says what is missing where it cannot be installed."""
    with (collection.ROOT / ".build" / "chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shutil.which("chromium"):
            machine.provide(["chromium"], Progress())
    found = shutil.which("chromium")
    assert found, "missing: chromium (its package has no program of that name)"
    return found
