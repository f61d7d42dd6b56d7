"""Narrow screens, and a language from right to left with longer words: nothing of a reviewer's page is out of sight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page
from pytest_django.fixtures import Settings

from reviews.queues import claim as claiming
from reviews.queues.items import add_items
from tests import make
from tests.browser.full_world import Ordinary, build
from tests.browser.pages import address, open_whole
from tests.pseudo import speak_pseudo
from tests.test_languages import OF_PERSON, OF_REVIEWER

TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"
# What a finger must hit: controls and links, but not links in the run of a sentence, nor what is drawn by its label.
ALL = "button, summary, select, input:not([type=hidden]), a.btn, label.opt"
MAIN = ".actionbar :is(.btn, summary), .worklist > li > :is(form, a) .btn-primary, .q label.opt"
SMALL = """([least, which]) => [...document.querySelectorAll(which)]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest("[inert], .visually-hidden"))
  .filter((one) => !(one.matches("input") && one.closest("label")))
  .map((one) => [one, one.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.height < least - 0.5 || box.width < least - 0.5))
  .map(([one, box]) => `${one.outerHTML.slice(0, 90)} ${Math.round(box.width)} x ${Math.round(box.height)}`)"""


def paths_of(world: dict[str, Any]) -> list[str]:
    """The pages of a reviewer, and the desk with each kind of task on it."""
    admin, project = world["admin"], world["project"]
    ranked = make.queue(project, subject_size=4, criteria=make.ranking_criteria(4), k=1, name="Rank the answers")
    rows = [make.response(project, f"Answer {n}. {Ordinary.paragraph}", question="When do you pay?") for n in "abcd"]
    add_items(ranked, [make.subject(*rows).pk])
    for queue in (world["pairs"], ranked):
        claiming.claim(queue, admin)
    routes = [*map(reverse, OF_PERSON), *(address(route, world) for route in OF_REVIEWER)]
    desks = [reverse("queues:review", args=[project.slug, queue.key]) for queue in (world["pairs"], ranked)]
    return [*routes, *desks]


def too_wide(page: Page, path: str, width: int) -> list[str]:
    page.set_viewport_size({"width": width, "height": 900})
    excess = page.evaluate(TOO_WIDE)
    return [f"{path} at {width} px is {excess} px too wide"] if excess > 0 else []


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def test_longer_words_from_right_to_left_fit(
    transactional_db: None, signed_in: Any, settings: Settings, tmp_path: Path
) -> None:
    world = build(Ordinary())
    page = signed_in(world["admin"])
    speak_pseudo(settings, tmp_path)
    found = []
    for path in paths_of(world):
        open_whole(page, path)
        assert page.locator("html").get_attribute("dir") == "rtl", path
        for width in (1440, 360):
            found += too_wide(page, path, width)
    assert not found, "\n".join(found)


def test_a_small_phone_and_a_tablet_show_all_of_it_to_fingers(transactional_db: None, signed_in: Any) -> None:
    """24 px are enough everywhere (WCAG 2.5.8); what sends, pauses and goes on has 44 on a phone."""
    world = build(Ordinary())
    page = signed_in(world["admin"], width=360, has_touch=True)
    found = []
    for path in paths_of(world):
        open_whole(page, path)
        for width in (360, 820):
            found += too_wide(page, path, width)
            found += [f"{path} at {width} px is small: {what}" for what in page.evaluate(SMALL, [24, ALL])]
            found += [f"{path} at {width} px is small: {what}" for what in page.evaluate(SMALL, [44, MAIN])]
    assert not found, "\n".join(found)
