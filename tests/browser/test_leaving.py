"""What a page says of its connection: nothing when it is left, and the truth when somebody stays."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests import make

WORKERS = "**/jobs/workers/"
# What the page heard and said, kept for the next page: nobody can ask one that is being left.
LISTEN = """() => {
  const toasts = document.getElementById("toasts");
  const note = (words) => sessionStorage.setItem("noted", (sessionStorage.getItem("noted") || "") + words);
  document.addEventListener("htmx:sendError", () => note("broken off"));
  new MutationObserver(() => note(toasts.textContent)).observe(toasts, { childList: true });
}"""
ASK = "() => { htmx.ajax('GET', location.pathname + 'workers/', '#main').catch(() => {}); }"


@pytest.fixture
def page(transactional_db: None, signed_in: Any, watch: Any) -> Page:
    watch.is_cut_off = True
    found: Page = signed_in(make.member(make.project("travel", name="Travel assistant"), "curator"))
    return found


def leave(page: Page) -> tuple[Route, Route]:
    """A fragment is still asked for while the next page is: both requests, unanswered."""
    asked: list[Route] = []
    page.route(WORKERS, lambda route: asked.append(route))
    with page.expect_request(WORKERS):
        page.goto("/p/travel/jobs/")
    page.evaluate(LISTEN)
    page.route("**/p/travel/datasets/", lambda route: asked.append(route))
    with page.expect_request("**/p/travel/datasets/"):
        page.get_by_role("link", name="Datasets", exact=True).click(no_wait_after=True)
    while len(asked) < 2:
        page.wait_for_timeout(10)
    return asked[0], asked[1]


def test_leaving_a_page_is_no_lost_connection(page: Page) -> None:
    fragment, following = leave(page)
    fragment.abort("internetdisconnected")  # as a browser breaks it off
    page.wait_for_timeout(300)
    following.continue_()
    expect(page.get_by_role("heading", name="Datasets", level=1)).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('noted')") == "broken off"


def test_whoever_stays_is_told(page: Page) -> None:
    fragment, following = leave(page)
    fragment.abort("internetdisconnected")
    following.abort("aborted")  # a file came, say
    page.keyboard.press("Tab")
    page.unroute(WORKERS)
    page.route(WORKERS, lambda route: route.abort("internetdisconnected"))
    page.evaluate(ASK)
    expect(page.locator("#toasts")).to_contain_text("No connection")
