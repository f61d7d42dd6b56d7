"""Hostile text through every page and every download: nothing runs, nothing is asked of anybody, nothing breaks out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import APIResponse, Page
from pytest_django.fixtures import Settings

from tests.browser.full_world import build
from tests.browser.hostile import Hostile, listening
from tests.browser.pages import GROUPS, PAGES, address, is_page, open_whole

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

# Elements and attributes that only a text could have brought in; our own templates have none of them.
FOREIGN = """() => {
  const foreign = "iframe, object, embed, base, video, audio, meta[http-equiv], style, form[action^='//'],"
    + "script:not([src]):not([type='application/json'])";
  const found = [...document.querySelectorAll(foreign)].map((element) => element.outerHTML.slice(0, 200));
  const addresses = ["src", "href", "action", "formaction", "poster", "hx-get", "hx-post", "data-hx-get", "xlink:href"];
  const isElsewhere = (value) => /^(\\/\\/|data:text|https?:)/i.test(value) && !value.startsWith(location.origin);
  for (const element of document.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      const leaves = addresses.includes(name) && element.tagName !== "A" && isElsewhere(value);
      const runs = /^(on|hx-on|data-hx)/.test(name) || addresses.includes(name) && /^\\s*javascript:/i.test(value);
      const styles = name === "style" && element.tagName !== "CANVAS"; // the chart library sets its canvas' size
      if (leaves || runs || styles) found.push(`${element.tagName} ${name}=${value.slice(0, 100)}`);
    }
  }
  if (globalThis.trapped || {}.trapped) found.push("a script of the text ran");
  return found;
}"""
STICKING_OUT = """() => {
  const hides = (element) => getComputedStyle(element).overflowX !== "visible";
  const clips = (element) => element && (hides(element) || clips(element.parentElement));
  const sticks = (element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
  const found = [...document.querySelectorAll("main *, header *")];
  return found.filter((element) => sticks(element) && !clips(element.parentElement))
    .slice(0, 5).map((element) => element.outerHTML.slice(0, 80));
}"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def ear() -> Iterator[tuple[str, list[str]]]:
    with listening() as (address, heard):
        yield address, heard


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def faults_of_download(answer: APIResponse) -> list[str]:
    """A file is saved, never shown; a spreadsheet finds no formula in it."""
    headers, faults = answer.headers, []
    if not headers.get("content-disposition", "").startswith("attachment"):
        faults.append(f"{answer.url} would be shown")
    if headers.get("x-content-type-options") != "nosniff":
        faults.append(f"{answer.url} may be sniffed")
    if headers["content-type"].startswith("text/csv"):
        rows = csv.reader(io.StringIO(answer.text()))
        faults += [f"{answer.url} holds {cell[:40]!r}" for row in rows for cell in row if cell.startswith(FORMULA)]
    return faults


def faults_of_page(page: Page, path: str) -> list[str]:
    """Opened with all its fragments, wide and on a phone."""
    page.set_viewport_size({"width": 1440, "height": 900})
    open_whole(page, path)
    faults = [f"{path}: {found}" for found in page.evaluate(FOREIGN)]
    page.set_viewport_size({"width": 390, "height": 844})
    for _ in range(20):  # charts take their new width, when they get to it
        if page.evaluate(TOO_WIDE) <= 0:
            return faults
        page.wait_for_timeout(100)
    return [*faults, f"{path}: wider than a phone: {page.evaluate(STICKING_OUT)}"]


@pytest.mark.parametrize("group", [pytest.param(n, marks=pytest.mark.proof) if n % 2 else n for n in range(GROUPS)])
def test_nothing_runs_and_nothing_is_asked_of_anybody(
    group: int, transactional_db: None, signed_in: Any, live_server: Any, watch: Any, ear: tuple[str, list[str]]
) -> None:
    """In `make check` every other page, in `make proof` all of them."""
    world = build(Hostile(ear[0]))
    page, faults = signed_in(world["admin"]), []
    for route in PAGES[group::GROUPS]:
        path = address(route, world)
        answer = page.request.get(path)
        if is_page(answer):
            faults += faults_of_page(page, path)
        elif answer.status == 200 and not answer.headers["content-type"].startswith("application/json"):
            faults += faults_of_download(answer)
        elif answer.status not in {200, 204, 405}:
            faults.append(f"{path}: {answer.status}")
    assert not faults, "\n".join(faults)
    assert ear[1] == []
    assert watch.dialogs == []
    assert [url for url in watch.asked if not url.startswith((live_server.url, "data:"))] == []


def test_the_ear_hears_what_is_asked(ear: tuple[str, list[str]]) -> None:
    with urlopen(f"http://{ear[0]}/img", timeout=5) as answer:
        assert answer.status == 204
    assert ear[1] == ["/img"]
