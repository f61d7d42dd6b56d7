"""Every page is checked by axe-core and walked by Tab, light and dark, wide and on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from pytest_django.fixtures import Settings

from feedback.permissions import PUBLIC, ROUTES, SIGNED_IN
from tests import addresses, make
from tests.browser.full_world import Ordinary, build
from tests.browser.keys import WALK, faults_of_walk
from tests.browser.pages import GROUPS, PAGES, address, is_page, open_whole

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
OF_COLOUR = ("color-contrast", "link-in-text-block")  # all that another scheme can change on a page that stays
SERIOUS = {"serious", "critical"}
WIDTHS = [pytest.param((1440, 390), marks=pytest.mark.proof), None]  # in `make check` each page at one of them
# A page hears of an opened fold a moment later, and may then take the focus into it: the desk does, with its guideline.
UNFOLD = """() => {
  const folds = [...document.querySelectorAll("details:not(.menu, [open])")];
  return Promise.all(folds.map((fold) => new Promise((heard) => {
    fold.addEventListener("toggle", heard, { once: true });
    fold.open = true;
  })));
}"""
BEFORE_MAIN = """() => {
  const main = document.querySelector("main");
  const isBefore = (one) => one.compareDocumentPosition(main) & Node.DOCUMENT_POSITION_FOLLOWING;
  return [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex]")].filter(isBefore).length;
}"""


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def findings(page: Page, name: str, rules: Sequence[str] = RULES) -> list[str]:
    """What axe takes for serious, one line an element."""
    found = Axe().run(page, options={"runOnly": list(rules), "resultTypes": ["violations"]}).response["violations"]
    return [
        f"{name}: {violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]!r}"
        for violation in found
        if violation["impact"] in SERIOUS
        for node in violation["nodes"][:3]
    ]


def look(page: Page, width: int, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})


def faults_of(page: Page, path: str, route: str, widths: Sequence[int]) -> list[str]:
    """At these widths, in light and dark, and walked."""
    found = []
    for width in widths:
        look(page, width, "light")
        open_whole(page, path)
        found += findings(page, f"{route} {width} light")
        look(page, width, "dark")
        found += findings(page, f"{route} {width} dark", OF_COLOUR) + walked(page, f"{route} {width} dark")
    return found


def walked(page: Page, name: str) -> list[str]:
    page.evaluate(UNFOLD)
    return [f"{name}: {fault}" for fault in faults_of_walk(page)]


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("group", range(GROUPS))
def test_axe_finds_nothing_serious_and_tab_goes_everywhere(
    group: int, widths: Sequence[int] | None, transactional_db: None, signed_in: Any
) -> None:
    world = build(Ordinary())
    page, found = signed_in(world["admin"]), []
    page.context.add_init_script(WALK)
    for number, route in enumerate(PAGES[group::GROUPS]):
        path = address(route, world)
        if is_page(page.request.get(path)):
            found += faults_of(page, path, route, widths or [(1440, 390)[number % 2]])
    assert not found, "\n".join(found)


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("whose", [PUBLIC, SIGNED_IN])
def test_so_it_is_where_people_sign_in_and_see_to_their_account(
    whose: str, widths: Sequence[int] | None, transactional_db: None, open_browser: Any, signed_in: Any
) -> None:
    project = make.project("travel", name="Travel assistant")
    member = make.member(project, "admin", name="Ada Admin")
    page, found, seen = (open_browser() if whose == PUBLIC else signed_in(member)), [], set()
    page.context.add_init_script(WALK)
    for route in addresses.SERVED:
        has_before = whose == SIGNED_IN and route in addresses.SAMPLES  # a second factor: test_second_factor.py
        if ROUTES.get(route) != whose or not route.startswith(("account_", "mfa_")) or has_before:
            continue
        answer = page.request.get(addresses.address(route, project, member))
        if is_page(answer) and answer.url not in seen:
            seen.add(answer.url)
            found += faults_of(page, answer.url, route, widths or [(1440, 390)[len(seen) % 2]])
            if whose == PUBLIC and page.evaluate(BEFORE_MAIN) > 1:
                found.append(f"{route}: more than the brand comes before the content")
    assert len(seen) >= 6
    assert not found, "\n".join(found)
