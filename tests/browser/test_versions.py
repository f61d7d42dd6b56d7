"""A newer version of a rubric, without a mouse: the curator moves the queue and asks again; the reviewer reads it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from feedback.rubrics.models import Reading
from feedback.rubrics.publish import publish
from feedback.rubrics.readings import acknowledge
from reviews.quality.settle import settle_item
from reviews.queues.claim import claim
from reviews.queues.models import Item, Queue
from reviews.queues.submit import submit
from reviews.queues.versions import move
from tests import make
from tests.browser.conftest import SitDown
from tests.browser.keys import until

NEW = [{"key": "grounded", "kind": "yes_no", "label": "Is every claim in the sources?"}]


@pytest.fixture
def queue(transactional_db: None) -> Queue:
    """Two items settled under version 1, one that nobody has begun; version 2 is published."""
    project = make.project("travel", name="Travel assistant")
    reviewer = make.member(project, name="Rita Reviewer")
    queue = make.queue(project, k=1, key="groundedness", name="Groundedness")
    make.items(queue, 3)
    for answer in ("yes", "no"):
        held = claim(queue, reviewer)
        assert held is not None
        submit(held.token, reviewer, {"grounded": answer, "helpful": 4}, submission_id=held.token)
        settle_item(held.item)
    publish(queue.rubric_version.rubric, NEW, "Read every source before you answer.")
    return queue


def test_a_queue_is_moved_and_what_was_settled_is_asked_again(queue: Queue, sit_down: SitDown) -> None:
    hands = sit_down(make.member(queue.project, "curator", name="Cleo Curator"))
    page = hands.page
    hands.open("Queues")
    hands.press("link", "Groundedness")
    hands.press("link", "See what changed")
    expect(page.get_by_text("Is every claim in the sources?").first).to_be_visible()
    hands.press("button", "Move to version 2")
    expect(page.get_by_text("2 settled under an older version")).to_be_visible()
    hands.go_to(page.get_by_label("Whose verdict is"))
    hands.type("Grounded in the sources? No")  # a select goes to the choice that begins so
    hands.key("Tab")
    expect(page.get_by_role("button", name="Ask again (1)")).to_be_visible()
    hands.press("button", re.compile("Ask again"))
    expect(page.get_by_text("1 asked again: 0 settled, 1 not begun.")).to_be_visible()
    assert Item.objects.filter(queue=queue, earlier__isnull=False).count() == 1
    hands.press("button", "Take back what nobody has begun")
    expect(page.get_by_text("2 settled under an older version")).to_be_visible()
    assert not Item.objects.filter(queue=queue, earlier__isnull=False).exists()


def test_a_reviewer_reads_what_changed_in_the_guideline(queue: Queue, sit_down: SitDown) -> None:
    reviewer, curator = make.member(queue.project, name="Rob Reviewer"), make.member(queue.project, "curator")
    rubric = queue.rubric_version.rubric
    older, newer = (publish(rubric, NEW, f"Read {what} source.\n\n> **Bad:** It guesses.") for what in ("a", "each"))
    move(queue, older, curator)
    acknowledge(older, reviewer)
    move(queue, newer, curator)
    hands = sit_down(reviewer)
    page = hands.page
    hands.press("button", "Review")
    notice = page.get_by_text("The guideline changed since you last read it.")
    expect(notice).to_be_visible()
    hands.key("g")
    guide = page.get_by_role("region", name="Guideline")
    expect(guide).to_be_focused()
    expect(guide.locator("ins")).to_have_text("each")
    hands.key("/")
    hands.type("guesses")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("1 of 2")  # in what changed, and below it
    hands.key("Escape")
    expect(guide).to_be_focused()
    hands.press("button", "I have read it", guide)
    expect(guide.get_by_text("You have read version 4.")).to_be_focused()
    expect(notice).to_have_count(0)
    assert Reading.objects.filter(member=reviewer, rubric_version=newer).count() == 1
    hands.key("Escape")
    until(page, "document.activeElement.closest('#review-form .q') !== null")
