"""Proposals of critics at the desk, by keyboard and mouse."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from feedback.accounts.models import Member
from feedback.critics.assess import assess
from feedback.judgements.models import Review, Span
from reviews.queues.claim import claim
from reviews.queues.items import add_items
from reviews.queues.models import Assignment, Queue
from tests import make

SPANS = [
    {"start": 0, "end": 7, "quote": "You can", "kind": "unsupported", "severity": "major", "note": "Not said."},
    {"start": 14, "end": 28, "quote": "within 30 days", "kind": "contradicted"},
]
HELD = "[data-proposal] [data-accept]"


@pytest.fixture
def held(transactional_db: None) -> Assignment:
    project = make.project("travel")
    reviewer: Member = make.member(project, name="Rita Reviewer")
    queue: Queue = make.queue(project, key="groundedness", k=1, shows_critic=True)
    response = make.response(project, external_id="r-1", passages=["Claims: 60 days."])
    add_items(queue, [make.subject(response).pk])
    critic = {"slug": "grounding", "name": "Grounding check", "version": "4"}
    assess(project, [{"response": "r-1", "critic": critic, "score": 0.2, "spans": SPANS}])
    found = claim(queue, reviewer)
    assert found is not None
    return found


def desk(held: Assignment, signed_in: Any) -> Page:
    page: Page = signed_in(held.reviewer)
    page.goto("/p/travel/queues/groundedness/review/")
    expect(page.locator("mark.proposed")).to_have_count(2)
    return page


def test_each_is_accepted_or_rejected_by_keys_and_comes_back_after_a_reload(held: Assignment, signed_in: Any) -> None:
    page = desk(held, signed_in)
    proposals, flags = page.locator("[data-proposal]"), page.locator("[data-flag]")
    page.keyboard.press("c")
    expect(page.locator(HELD).first).to_be_focused()
    page.keyboard.press("a")
    expect(flags).to_have_count(1)
    expect(page.locator(HELD).nth(1)).to_be_focused()
    page.keyboard.press("x")
    expect(proposals.nth(1)).to_have_attribute("data-answer", "rejected")
    expect(page.locator("mark.proposed")).to_have_count(0)
    expect(page.locator("[data-saved]")).to_have_text("Saved")
    page.reload()
    expect(flags).to_have_count(1)
    expect(proposals.nth(0)).to_have_attribute("data-answer", "accepted")
    expect(proposals.nth(1)).to_have_attribute("data-answer", "rejected")


def test_a_flag_that_is_removed_again_is_a_proposal_rejected(held: Assignment, signed_in: Any) -> None:
    page = desk(held, signed_in)
    page.locator(HELD).first.click()
    page.locator("[data-flag] [data-remove]").click()
    expect(page.locator("[data-proposal]").first).to_have_attribute("data-answer", "rejected")
    page.locator("[data-reject]").nth(1).click()
    page.locator(HELD).nth(1).click()
    expect(page.locator("[data-flag] q").first).to_have_text("within 30 days")
    page.locator("[name=q-grounded][value=yes]").check()
    page.locator('[name=q-helpful][value="4"]').check()
    page.locator("#submit").click()
    expect(page.get_by_role("heading", name="Nothing is waiting for you here")).to_be_visible()
    assert [one["answer"] for one in Review.objects.get().visible["proposals"]] == ["rejected", "accepted"]
    assert Span.objects.get().severity == "minor"
