"""A security key in a real browser, whose authenticator is virtual: added, used to sign in, renamed, removed."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from playwright.sync_api import Page, expect

from feedback.accounts.models import Member
from tests import make

KEY = {
    "protocol": "ctap2", "transport": "usb", "hasResidentKey": False, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def reviewer(transactional_db: None) -> Member:
    cache.clear()
    return make.member(make.project("travel"), "reviewer", name="Rea Reviewer")


def plug_in(page: Page) -> None:
    """A key that answers at once, for this page's browser."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})


def sign_in(page: Page, member: Member) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(member.user.email)  # type: ignore[union-attr]
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()


def add_key(page: Page) -> None:
    page.goto("/accounts/second-factor/keys/add/")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name").fill("Blue key")
    page.get_by_role("button", name="Add the key").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def test_a_key_is_added_and_opens_the_door(open_browser: Any, reviewer: Member, screenshot: Any) -> None:
    make.password(reviewer)
    page = open_browser()
    plug_in(page)
    sign_in(page, reviewer)
    add_key(page)
    assert len(page.locator(".codes li").all()) == 10
    assert Authenticator.objects.get(type="webauthn").wrap().name == "Blue key"
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, reviewer)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    screenshot(page, "second-factor")
    page.get_by_role("button", name="Use my security key").press("Enter")
    page.wait_for_url("**/p/travel/work/")
    page.goto("/accounts/second-factor/")
    expect(page.get_by_text("Blue key")).to_be_visible()


def test_a_key_proves_who_asks_and_is_renamed_and_removed(open_browser: Any, reviewer: Member) -> None:
    make.password(reviewer)
    page = open_browser(width=390)
    plug_in(page)
    sign_in(page, reviewer)
    add_key(page)
    page.goto("/accounts/second-factor/keys/confirm/?next=/accounts/second-factor/")
    page.get_by_role("button", name="Use my security key").click()
    page.get_by_role("link", name="Rename Blue key").click()
    page.get_by_label("Name").fill("Red key")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Remove Red key").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The security key is removed.")).to_be_visible()
    assert not Authenticator.objects.exists()


def test_a_key_of_somebody_else_opens_nothing(open_browser: Any, reviewer: Member) -> None:
    make.password(reviewer)
    make.security_key(reviewer)
    page = open_browser()
    plug_in(page)
    sign_in(page, reviewer)
    page.get_by_role("button", name="Use my security key").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing came from the key")
    expect(page.get_by_role("button", name="Use my security key")).to_be_enabled()
    page.goto("/p/travel/work/")
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("button", name="Sign in as somebody else").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
