"""An admin's work without a mouse: people, keys, prices, settings, the archive, and Django's own administration."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from feedback.accounts.models import ApiKey, Invitation, Member, Project
from feedback.responses.models import Price
from feedback.takeouts.models import TakeOut
from tests import make
from tests.browser.conftest import SitDown
from tests.browser.keys import until
from tests.browser.world import work


@pytest.fixture
def project(transactional_db: None, settings: Settings, tmp_path: Any) -> Project:
    settings.MEDIA_ROOT = tmp_path
    project = make.project("travel", name="Travel assistant")
    make.response(project)
    return project


@pytest.fixture
def admin(project: Project) -> Member:
    return make.member(project, "admin", name="Ada Admin")


def test_somebody_is_invited_and_gets_another_role(project: Project, admin: Member, sit_down: SitDown) -> None:
    reviewer = make.member(project, name="Rita Reviewer")
    hands = sit_down(admin)
    hands.open("People")
    hands.press("link", "Invite")
    hands.write("E-mail", "nia@example.org")
    hands.reach("radio", "Reviewer: judges responses")
    hands.key("ArrowDown")
    hands.press("button", "Invite")
    expect(hands.page.get_by_role("heading", name="nia@example.org is invited")).to_be_visible()
    assert Invitation.objects.get().role == "curator"
    hands.press("button", "Copy the link")
    until(hands.page, "navigator.clipboard.readText().then((text) => text.includes('/invitation/'))")
    hands.press("link", "Back to people")
    hands.press("link", "Rita Reviewer")
    hands.reach("radio", "Reviewer: judges responses")
    hands.key("ArrowDown", "ArrowDown")
    hands.press("button", "Save the role")
    expect(hands.page.get_by_role("row", name="Rita Reviewer")).to_contain_text("Moderator")
    reviewer.refresh_from_db()
    assert reviewer.role == "moderator"


def test_a_key_is_made_copied_and_revoked(admin: Member, sit_down: SitDown) -> None:
    hands = sit_down(admin)
    hands.open("Keys")
    hands.press("link", "New key", within=hands.page.locator(".tools"))
    hands.write("Name", "production ingest")
    hands.tick("Send responses (ingest)")
    hands.press("button", "Make the key")
    hands.press("button", "Copy the key")
    secret = hands.page.evaluate("navigator.clipboard.readText()")
    key = ApiKey.objects.get()
    assert key.scopes == ["ingest"]
    assert secret.startswith(f"tsk_{key.prefix}")
    hands.press("link", "Back to keys")
    hands.press("link", "Revoke production ingest")
    hands.press("button", "Revoke")
    hands.fold("Revoked and expired")
    expect(hands.page.get_by_role("row", name="production ingest")).to_contain_text("Revoked")
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_a_price_is_added(admin: Member, sit_down: SitDown) -> None:
    hands = sit_down(admin)
    hands.open("Prices")
    hands.press("link", "Add a price of small-1", within=hands.page.locator(".panel table").last)
    hands.write("Input", "1.5")
    hands.write("Output", "6")
    hands.press("button", "Add")
    expect(hands.page.get_by_role("row", name="small-1")).to_contain_text("1.5")
    price = Price.objects.get()
    assert (price.model.name, price.input, price.output) == ("small-1", Decimal("1.5"), Decimal(6))


def test_settings_a_take_out_and_the_archive_with_its_way_back(
    project: Project, admin: Member, sit_down: SitDown
) -> None:
    hands = sit_down(admin)
    hands.open("Settings")
    hands.write("Name", "Travel desk")
    hands.press("button", "Save")
    expect(hands.page.get_by_role("heading", level=1)).to_have_text("Settings of Travel desk")
    hands.press("button", "Take everything out")
    expect(hands.page.locator("#takeouts li")).to_have_count(1)
    work(TakeOut)
    expect(hands.page.get_by_role("link", name="Download")).to_be_visible()
    hands.reach("link", "Download")
    with hands.page.expect_download():
        hands.key("Enter")
    hands.press("link", "Archive the project")
    hands.write("Type travel to confirm", "travel")
    hands.press("button", "Archive")
    expect(hands.page.get_by_role("heading", name="Travel desk is archived")).to_be_visible()
    project.refresh_from_db()
    assert project.archived_at is not None
    hands.press("button", "Open the project again")
    expect(hands.page.get_by_role("heading", name="is archived")).to_have_count(0)
    project.refresh_from_db()
    assert project.archived_at is None


def test_another_session_is_ended(admin: Member, sit_down: SitDown) -> None:
    other, hands = sit_down(admin), sit_down(admin)
    for one in (other, hands):
        one.page.goto("/accounts/sessions/")
    hands.page.reload()
    hands.press("button", "End all others")
    expect(hands.page.get_by_role("button", name="End all others")).to_have_count(0)
    other.page.goto("/accounts/sessions/")
    expect(other.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_administration_is_reached_and_left(admin: Member, sit_down: SitDown) -> None:
    assert admin.user is not None
    admin.user.is_staff = admin.user.is_superuser = True
    admin.user.save()
    hands = sit_down(admin)
    hands.go_to(hands.page.get_by_label("Your menu"))
    hands.key("Enter")
    hands.press("link", "Administration")
    hands.press("link", "Projects", within=hands.page.locator("#content"))
    hands.press("link", "Travel assistant")
    expect(hands.page.get_by_role("heading", name="Travel assistant")).to_be_visible()
    hands.press("link", re.compile("^Back"))
    hands.page.wait_for_url("**/overview/")
