"""Chromium before the real application: a person at a page that must never complain."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from feedback.accounts.models import Member, SigninLink
from tests.browser.keys import Hands
from tests.browser.watch import Watch

ARGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

PATIENCE_MS = 15_000  # on a machine that does much else
Open = Callable[..., Page]
SitDown = Callable[[Member], Hands]
expect.set_options(timeout=PATIENCE_MS)


CHROMIUM = Path(os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent not in item.path.parents:
            continue
        item.add_marker(pytest.mark.browser)
        item.add_marker(pytest.mark.django_db(transaction=True))
        if not CHROMIUM.exists():
            item.add_marker(pytest.mark.skip(reason=f"needs Chromium: there is none at {CHROMIUM} (set CHROMIUM)"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of this process. Its loop runs in this thread, where they also ask the database."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Whatever any page of this test complained about; the test fails for it at its end."""
    watch = Watch()
    yield watch
    assert watch.complaints == []


@pytest.fixture
def open_browser(chromium: Browser, live_server: Any, watch: Watch) -> Iterator[Open]:
    """`open_browser(width=390)` is a person's browser of its own: one watched page, signed out."""
    contexts: list[BrowserContext] = []

    def open_page(*, width: int = 1440, **options: Any) -> Page:
        height = 900 if width > 600 else 844
        viewport = {"width": width, "height": height}
        context = chromium.new_context(base_url=live_server.url, viewport=viewport, **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        watch.over(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def link_of(member: Member) -> str:
    """The path of a new one-time link; its host is the one of the settings, not of the test's server."""
    return urlsplit(SigninLink.make(timedelta(hours=1), user=member.user)[1]).path


@pytest.fixture
def signed_in(open_browser: Open) -> Open:
    """`signed_in(member)` is the page of a person who came by a one-time link."""

    def enter(member: Member, **options: Any) -> Page:
        page = open_browser(**options)
        page.goto(link_of(member))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile("(work|overview)/$"))
        return page

    return enter


LOOKS = [(1440, "light"), (390, "dark")]


@pytest.fixture
def sit_down(request: pytest.FixtureRequest, open_browser: Open) -> SitDown:
    """`sit_down(member)` is this person at the keyboard, signed in without a mouse: half of the jobs wide, half narrow.

    Every page in both looks is walked by test_accessible.py.
    """
    width, scheme = LOOKS[crc32(request.node.name.encode()) % 2]

    def enter(member: Member) -> Hands:
        may = ["clipboard-read", "clipboard-write"]
        page = open_browser(width=width, color_scheme=scheme, reduced_motion="reduce", permissions=may)
        hands = Hands(page)
        page.goto(link_of(member))
        hands.press("button", "Sign in")
        page.wait_for_url(re.compile("(work|overview)/$"))
        return hands

    return enter


@pytest.fixture
def screenshot() -> Callable[[Page, str], None]:
    """`screenshot(page, "review")` writes the page as it is, light and dark."""
    folder = settings.VAR_DIR / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        width = (page.viewport_size or {"width": 0})["width"]
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.wait_for_timeout(300)  # colours fade from one scheme to the other
            page.screenshot(path=folder / f"{name}-{scheme}-{width}.png", animations="disabled")

    return take
