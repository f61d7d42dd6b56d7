"""The desk, open at the first item of a queue that has drawn its responses."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from reviews.sampling.models import SamplingRun
from tests.browser.world import World, build, make_first, work


def fill(world: World) -> World:
    """The rules have run; the item with the emoji comes first."""
    for rule in world.rules:
        rule.start()
    work(SamplingRun)
    make_first(world)
    return world


def drawn() -> World:
    return fill(build())


def begin(page: Page, queue: str) -> None:
    page.get_by_role("listitem").filter(has_text=queue).get_by_role("button").click()
    page.wait_for_load_state("load")  # htmx listens by then; before, a form is sent the plain way
    expect(page.locator("#review-form .q.active")).to_be_visible()


def desk(world: World, signed_in: Any, **options: Any) -> Page:
    page: Page = signed_in(world.reviewer, **options)
    begin(page, "Groundedness")
    return page
