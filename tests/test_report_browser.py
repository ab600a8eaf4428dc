"""Reports in a real browser, without a window: nothing runs, nothing is wider than a phone, all is seen on paper."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape, unescape

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from report_pages import HOSTILE, IMAGE, SCRIPT, Page

from gensynth import SMOTE, Balancer
from gensynth.evidence.compare.run import compare
from gensynth.evidence.report.made import Made
from gensynth.evidence.report.page import write

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FOUND = next((path for name in NAMES if (path := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(FOUND is None, reason="no chromium is installed, and none could be")

PHONE = 390
ASK = """
const one = document.getElementById('one').contentDocument, root = one.documentElement, view = root.clientWidth;
const out = [...one.querySelectorAll('body *')].filter(each => !each.closest('.scroll, svg')
  && each.getBoundingClientRect().right > view + 1).map(each => each.tagName + '.' + each.className);
const look = one.defaultView.getComputedStyle(one.body);
const texts = [...one.querySelectorAll('svg[role=img] text')].filter(each => each.getClientRects().length);
document.body.append(Object.assign(document.createElement('pre'), {id: 'told', textContent: JSON.stringify({
  wide: root.scrollWidth, view: view, out: out.slice(0, 5), title: one.title, scripts: one.scripts.length,
  images: [...one.images].filter(each => !each.naturalWidth).length,
  ink: look.color, paper: look.backgroundColor,
  least: Math.min(...texts.map(each => each.getBoundingClientRect().height)),
})}));
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Write a report of hostile rows."""
    rng = np.random.default_rng(0)
    y = np.array([SCRIPT] * 90 + [IMAGE] * 30, dtype=object)
    X = pd.DataFrame({name: rng.normal(size=120) + (y == IMAGE) for name in HOSTILE[:6]})
    X["word"] = pd.Series([HOSTILE[at] for at in rng.integers(6, size=120)], dtype=object)
    found = compare(X, y, methods={SCRIPT: SMOTE()}, learners="logistic", cv=2, random_state=0)
    balancer = Balancer(SMOTE(random_state=0))
    made = Made.of(balancer, X, y, *balancer.fit_resample(X, y))
    path = tmp_path_factory.mktemp("report") / "report.html"
    write(path, comparison=found, made=made, job={"data": IMAGE})
    return path


def browse(folder, *words):
    """Return what the browser prints."""
    command = [
        FOUND, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
        "--no-first-run", f"--user-data-dir={folder / 'profile'}", *words,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def asked(report, folder, width, *words):
    """Return what a browser of this width tells of the report, which a page of our own holds and asks."""
    outer = folder / "outer.html"
    outer.write_text(
        f'<!doctype html><meta charset="utf-8"><body><iframe id="one" src="{escape(report.as_uri())}" '
        f'style="width:{width}px;height:900px;border:0"></iframe><script>addEventListener("load", () => {{{ASK}}})'
        "</script>",
        encoding="utf-8",
    )
    dumped = browse(folder, "--allow-file-access-from-files", *words, "--dump-dom", outer.as_uri())
    return json.loads(unescape(re.search('<pre id="told">(.*?)</pre>', dumped, re.DOTALL)[1]))


def test_the_browser_builds_what_was_written(report, tmp_path):
    page = Page(report.read_text(encoding="utf-8"))
    built = Page(browse(tmp_path, "--dump-dom", report.as_uri()))
    assert built.tags == page.tags
    assert "script" not in built.tags
    assert "img" not in built.tags
    assert SCRIPT in built.text


@pytest.mark.parametrize("width", [320, PHONE, 1280])
def test_nothing_is_wider_than_its_window(report, tmp_path, width):
    told = asked(report, tmp_path, width)
    assert told["out"] == []
    assert told["wide"] <= told["view"] <= width
    assert told["scripts"] == told["images"] == 0
    assert told["title"] != "1"
    assert told["least"] >= 9  # pixels of the smallest text of a picture


def test_dark_and_light(report, tmp_path):
    light = asked(report, tmp_path, PHONE, "--blink-settings=preferredColorScheme=1")
    dark = asked(report, tmp_path, PHONE, "--blink-settings=preferredColorScheme=0")
    assert contrast(light["ink"], light["paper"]) > 7
    assert contrast(dark["ink"], dark["paper"]) > 7
    assert brightness(light["paper"]) > 0.8 > 0.2 > brightness(dark["paper"])


def test_a_picture_and_a_paper_can_be_made(report, tmp_path):
    shot, paper = tmp_path / "shot.png", tmp_path / "paper.pdf"
    browse(tmp_path, "--window-size=1280,1600", f"--screenshot={shot}", report.as_uri())
    with Image.open(shot) as image:
        assert image.size == (1280, 1600)
        assert len(image.convert("RGB").getcolors(1 << 24)) > 100
    browse(tmp_path, f"--print-to-pdf={paper}", report.as_uri())
    assert paper.read_bytes().startswith(b"%PDF")


def brightness(colour):
    """Return the relative luminance of rgb(r, g, b)."""
    parts = np.array([int(part) for part in re.findall(r"\d+", colour)[:3]]) / 255
    parts = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(parts @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    low, high = sorted([brightness(one), brightness(other)])
    return (high + 0.05) / (low + 0.05)
