"""A reviewer's pages without a mouse: past reviews, questions, keys of their own. The desk: test_desk_keys.py."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from feedback.accounts.models import Member, User
from reviews.queues.claim import claim
from reviews.queues.escalate import raise_escalation, say
from reviews.queues.models import Assignment, Queue
from reviews.queues.submit import submit
from tests import make
from tests.browser.conftest import SitDown


@pytest.fixture
def queue(transactional_db: None) -> Queue:
    queue = make.queue(make.project("travel", name="Travel assistant"), name="Groundedness", grace_seconds=600)
    make.items(queue, 2)
    return queue


@pytest.fixture
def reviewer(queue: Queue) -> Member:
    return make.member(queue.project, name="Rita Reviewer")


def held(queue: Queue, reviewer: Member) -> Assignment:
    turn = claim(queue, reviewer)
    assert turn is not None
    return turn


def test_a_review_is_found_read_and_taken_back(queue: Queue, reviewer: Member, sit_down: SitDown) -> None:
    turn = held(queue, reviewer)
    submit(turn.token, reviewer, {"grounded": "yes", "helpful": 4}, submission_id=turn.token)
    hands = sit_down(reviewer)
    page = hands.page
    hands.press("link", "My reviews", within=page.locator("main"))
    hands.write("Number", "999999")
    hands.key("Enter")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    hands.press("link", "Clear")
    hands.go_to(page.locator("#reviews th a"))
    hands.key("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"My review {turn.pk}")
    hands.press("button", "Undo")
    expect(page.locator("#review-form")).to_be_visible()
    turn.refresh_from_db()
    assert turn.state == Assignment.State.CLAIMED


def test_an_answer_of_a_moderator_is_read_and_the_question_closed(
    queue: Queue, reviewer: Member, sit_down: SitDown
) -> None:
    escalation = raise_escalation(held(queue, reviewer), "Is this ours to judge?")
    say(escalation, make.member(queue.project, "moderator"), "Which part do you mean?")
    hands = sit_down(reviewer)
    page = hands.page
    hands.press("link", f"Groundedness, question {escalation.pk}")
    expect(page.locator(".said-list")).to_contain_text("Which part do you mean?")
    hands.go_to(page.get_by_role("region", name="Conversation").get_by_role("textbox"))
    hands.type("The second sentence.")
    hands.press("button", "Send")
    expect(page.locator(".said-list")).to_contain_text("The second sentence.")
    hands.press("button", "Close the question")
    expect(page.get_by_text("You closed this")).to_be_visible()
    escalation.refresh_from_db()
    assert not escalation.is_open


def test_keys_are_moved_and_put_back(reviewer: Member, sit_down: SitDown) -> None:
    hands = sit_down(reviewer)
    hands.key("?")
    hands.press("link", "Choose other keys, or switch them off everywhere")
    hands.write("Skip the item", "x")
    hands.press("button", "Save")
    expect(hands.page.get_by_label("Skip the item")).to_have_value("x")
    assert User.objects.get(members=reviewer).preferences["keys"] == {"off": False, "map": {"s": "x"}}
    hands.press("button", "As they were")
    expect(hands.page.get_by_label("Skip the item")).to_have_value("s")
    assert User.objects.get(members=reviewer).preferences["keys"] == {}
