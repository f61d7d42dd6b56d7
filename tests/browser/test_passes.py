"""A quick pass without a mouse: choose cards, answer once, find similar ones, take it back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from feedback.judgements.models import Review
from reviews.queues.items import add_items
from reviews.queues.models import Queue
from tests import make
from tests.browser.conftest import SitDown


@pytest.fixture
def queue(transactional_db: None) -> Queue:
    """Six items: three refuse in nearly the same words."""
    project = make.project("travel", name="Travel assistant")
    queue = make.queue(project, k=1, key="groundedness", name="Groundedness", grace_seconds=600)
    words = ["I am sorry, I cannot help with {}.", "{} is part of the Comfort plan."]
    for number in range(6):
        text = words[number % 2].format(f"topic {number}")
        add_items(queue, [make.subject(make.response(project, text, question=f"Question {number}?")).pk])
    return queue


def test_cards_are_chosen_answered_and_taken_back_by_keys(queue: Queue, sit_down: SitDown) -> None:
    hands = sit_down(make.member(queue.project, "curator", name="Cleo Curator"))
    page = hands.page
    hands.open("Queues")
    hands.press("link", "Groundedness")
    hands.press("link", "Quick pass")
    expect(page.get_by_text("0 of 6 chosen")).to_be_visible()
    hands.key("j")
    hands.key("s")
    expect(page.get_by_text("Back to the queue’s order")).to_be_visible()
    expect(page.locator("[data-card] .answer-text").nth(2)).to_contain_text("I am sorry")
    for key in "jxjxjx":
        hands.key(key)
    expect(page.get_by_text("3 of 6 chosen")).to_be_visible()
    for key in "24":
        hands.key(key)
    expect(page.get_by_role("button", name="Answer 3 cards")).to_be_enabled()
    hands.key("Control+Enter")
    expect(page.get_by_text("3 items have your answer.")).to_be_visible()
    assert set(Review.objects.values_list("ratings__value", "visible__cards")) >= {("no", 6)}
    hands.key("u")
    expect(page.get_by_text("3 reviews were taken back.")).to_be_visible()
    assert not Review.objects.standing().exists()
