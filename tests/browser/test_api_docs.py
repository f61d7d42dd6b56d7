"""The API's page: Swagger UI under our content security policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from feedback.accounts.models import Member
from tests import make


@pytest.mark.parametrize("width", [1440, 390])
def test_the_api_is_described_without_breaking_the_policy(
    open_browser: Callable[..., Page], screenshot: Callable[[Page, str], None], width: int
) -> None:
    page = open_browser(width=width)
    page.goto("/api/docs/")
    expect(page.get_by_role("heading", name="API", exact=True)).to_be_visible()
    send = page.locator("#operations-responses-responses_create")
    page.locator("#operations-tag-responses").click()
    send.locator(".opblock-summary-control").click()
    expect(send.get_by_text("Send one response (JSON object)")).to_be_visible()
    expect(send.get_by_text("Idempotency-Key").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "api-docs")


def test_a_key_is_tried_out_on_the_page(open_browser: Callable[..., Page], curator: Member, watch: Any) -> None:
    page = open_browser()
    page.goto("/api/docs/")
    page.locator(".btn.authorize").first.click()
    dialog = page.locator(".dialog-ux")
    dialog.locator("input").first.fill(make.api_key(curator.project, "responses:read"))
    dialog.locator(".auth-btn-wrapper .authorize").first.click()
    dialog.locator(".auth-btn-wrapper .btn-done").first.click()
    page.locator("#operations-tag-prompts").click()
    read = page.locator("#operations-prompts-prompts_list")
    read.locator(".opblock-summary-control").click()
    read.locator(".try-out__btn").click()
    read.locator(".execute").click()
    expect(read.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
