"""Every page of a project is checked by axe-core and walked by Tab, light and dark, wide and on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from pytest_django.fixtures import Settings

from tests.browser.full_world import Ordinary, build
from tests.browser.keys import WALK, faults_of_walk
from tests.browser.pages import GROUPS, PAGES, address, is_page

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
LOOKS = ((1440, "light", False), (1440, "dark", True), (390, "light", True))  # the last: is it walked
SERIOUS = {"serious", "critical"}
# A page hears of an opened fold a moment later, and may then take the focus into it, as the desk does with its guideline.
UNFOLD = """Promise.all([...document.querySelectorAll("details:not(.menu, [open])")].map((fold) => new Promise((heard) => {
  fold.addEventListener("toggle", heard, { once: true });
  fold.open = true;
})))"""


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def findings(page: Page, name: str) -> list[str]:
    """What axe takes for serious, one line an element."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{name}: {violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]!r}"
        for violation in found
        if violation["impact"] in SERIOUS
        for node in violation["nodes"][:3]
    ]


@pytest.mark.parametrize("group", range(GROUPS))
def test_axe_finds_nothing_serious_and_tab_goes_everywhere(group: int, transactional_db: None, signed_in: Any) -> None:
    world = build(Ordinary())
    page, found = signed_in(world["admin"]), []
    page.context.add_init_script(WALK)
    for route in PAGES[group::GROUPS]:
        path = address(route, world)
        if not is_page(page.request.get(path)):
            continue
        for width, scheme, is_walked in LOOKS:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(path)
            page.wait_for_load_state("networkidle")
            found += findings(page, f"{route} {width} {scheme}")
            if is_walked:
                page.evaluate(UNFOLD)
                found += [f"{route} {width} {scheme}: {fault}" for fault in faults_of_walk(page)]
    assert not found, "\n".join(found)
