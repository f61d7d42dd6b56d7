"""A moderator's work without a mouse: disputes, questions, items, reviews, many at once, and who did what."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from feedback.accounts.models import Member
from feedback.judgements.models import Verdict
from reviews.moderation.models import BulkAction
from reviews.queues.claim import claim
from reviews.queues.escalate import raise_escalation
from reviews.queues.models import Assignment, Escalation, Item, Queue, Restriction
from reviews.queues.submit import submit
from tests import make
from tests.browser.conftest import SitDown
from tests.browser.keys import Hands
from tests.browser.world import let_the_grace_pass, work


@dataclass
class Bench:
    queue: Queue
    moderator: Member
    first: Member
    second: Member


@pytest.fixture
def bench(transactional_db: None) -> Bench:
    """A queue with three items: the two reviewers differ on two of them, and nobody has looked at the last."""
    project = make.project("travel", name="Travel assistant")
    people = [make.member(project, name=name) for name in ("Rita Reviewer", "Rob Reviewer")]
    queue = make.queue(project, key="groundedness", name="Groundedness")
    make.items(queue, 3)
    for _ in range(2):
        for person, answer in zip(people, ("yes", "no"), strict=True):
            held = claim(queue, person)
            assert held is not None
            submit(held.token, person, {"grounded": answer, "helpful": 4}, submission_id=held.token)
    let_the_grace_pass()
    return Bench(queue, make.member(project, "moderator", name="Mo Moderator"), *people)


def said(hands: Hands, words: str | re.Pattern[str]) -> None:
    expect(hands.page.get_by_text(words).first).to_be_visible()


def test_disputes_are_settled_with_a_reason_one_after_another(bench: Bench, sit_down: SitDown) -> None:
    hands = sit_down(bench.moderator)
    hands.open("Moderation")
    said(hands, "Who needs you?")
    hands.key("n")
    said(hands, "2 in dispute")
    for left in ("1 in dispute", "0 in dispute|Nothing is in dispute"):
        hands.page.wait_for_load_state("load")
        hands.key("j", "k", "2")
        expect(hands.page.get_by_label("Why?").first).to_be_focused()
        hands.type("The source says otherwise.")
        hands.key("Control+Enter")
        said(hands, re.compile(left))
    verdicts = Verdict.objects.filter(superseded_at=None, method="adjudicated")
    assert [row.answers["grounded"]["value"] for row in verdicts] == ["no", "no"]
    assert {row.reason for row in verdicts} != {""}


def test_a_question_is_answered_and_closed(bench: Bench, sit_down: SitDown) -> None:
    held = claim(bench.queue, bench.first)
    assert held is not None
    raise_escalation(held, "Is this ours to judge?")
    hands = sit_down(bench.moderator)
    hands.open("Moderation")
    hands.press("link", "Is this ours to judge?")
    hands.go_to(hands.page.locator("#talk textarea"))
    hands.type("Yes, it is.")
    hands.press("button", "Answer")
    expect(hands.page.locator("#talk .talk")).to_contain_text("Yes, it is.")
    hands.go_to(hands.page.locator(".skip"))
    hands.key("c")
    hands.press("button", "Send and close")
    said(hands, "Closed.")
    assert not Escalation.objects.get().is_open


def test_an_item_is_withdrawn_and_put_back(bench: Bench, sit_down: SitDown) -> None:
    item = Item.objects.get(queue=bench.queue, n_filled=0)
    hands = sit_down(bench.moderator)
    hands.open("Moderation")
    hands.key("/")
    hands.type(str(item.pk))
    hands.press("link", re.compile(r"Q\d+"), within=hands.page.locator("#matches"))
    for key, button, state in (("w", "Withdraw", "withdrawn"), ("p", "Put", "open")):
        said(hands, re.compile(f"Item {item.pk}"))
        hands.page.wait_for_load_state("load")
        hands.key(key)
        hands.write("Why?", "Not ours to judge.")
        said(hands, "What would happen")
        hands.press("button", re.compile(f"^{button}"))
        expect(hands.page.get_by_role("heading", level=1)).to_contain_text(re.compile(state, re.IGNORECASE))
        item.refresh_from_db()
        assert item.state == state


def test_a_review_is_invalidated(bench: Bench, sit_down: SitDown) -> None:
    item = Item.objects.filter(state=Item.State.UNRESOLVED).order_by("pk")[0]
    hands = sit_down(bench.moderator)
    hands.key("Control+k")
    hands.key("Escape")
    hands.open("Moderation")
    hands.key("i")
    hands.page.wait_for_url("**/items/")
    hands.go_to(hands.page.locator(f"tbody a[href$='/{item.pk}/']"))
    hands.key("Enter")
    hands.press("link", "Invalidate the review of Reviewer A")
    hands.write("Why?", "It was about another response.")
    hands.press("button", re.compile("^Invalidate"))
    expect(hands.page.get_by_role("link", name="Restore the review of Reviewer A")).to_be_visible()
    assert Assignment.objects.filter(item=item, state="invalidated").count() == 1


def test_many_items_are_withdrawn_at_once_after_they_were_counted(bench: Bench, sit_down: SitDown) -> None:
    hands = sit_down(bench.moderator)
    page = hands.page
    hands.open("Moderation")
    hands.key("i")
    page.wait_for_url("**/items/")
    hands.go_to(page.get_by_label("State", exact=True))
    hands.type("Open")
    expect(page).to_have_url(re.compile("state=open"))
    expect(page.locator("tbody tr")).to_have_count(1)
    hands.tick("Choose all on this page")
    said(hands, "1 chosen")
    hands.go_to(page.get_by_label("With what is chosen"))
    hands.type("With")
    hands.press("button", re.compile("^Continue"))
    hands.write("Why?", "The batch was broken.")
    hands.press("button", "Withdraw (1)")
    page.wait_for_url(re.compile(r"/bulk/\d+/"))
    work(BulkAction)
    said(hands, "1 of 1")
    assert Item.objects.filter(state=Item.State.WITHDRAWN).count() == 1


def test_the_audit_log_is_filtered(bench: Bench, sit_down: SitDown) -> None:
    item = Item.objects.get(queue=bench.queue, n_filled=0)
    hands = sit_down(bench.moderator)
    hands.page.goto(f"/p/travel/moderation/items/{item.pk}/withdraw/")
    hands.write("Why?", "Not ours to judge.")
    hands.press("button", re.compile("^Withdraw"))
    hands.open("Audit")
    hands.write("What", "item withdrawn")
    hands.key("Enter")
    expect(hands.page).to_have_url(re.compile("verb=item"))
    expect(hands.page.locator("#events tbody tr")).to_have_count(1)
    hands.press("link", "Clear")
    expect(hands.page).not_to_have_url(re.compile("verb="))


def test_a_reviewers_items_and_a_queue_are_searched_for(bench: Bench, sit_down: SitDown) -> None:
    hands = sit_down(bench.moderator)
    matches = hands.page.locator("#matches")
    hands.open("Moderation")
    hands.page.wait_for_load_state("load")
    hands.key("/")
    hands.type(bench.first.pseudonym)
    expect(matches.get_by_text("Review", exact=True)).to_have_count(2)
    hands.key("Control+a")
    hands.type("Ground")
    expect(matches.get_by_text("Queue", exact=True)).to_have_count(1)
    hands.press("link", "Groundedness", within=matches)
    hands.page.wait_for_url("**/items/?queue=groundedness")
    expect(hands.page.locator("tbody tr")).to_have_count(3)


def test_a_stretch_of_reviews_is_taken_out_after_its_effects_were_told(bench: Bench, sit_down: SitDown) -> None:
    hands = sit_down(bench.moderator)
    page = hands.page
    page.goto(f"/p/travel/quality/reviewers/{bench.first.pseudonym}/")
    hands.key("v")
    page.wait_for_url("**/reviews/")
    expect(page.locator("tbody tr")).to_have_count(2)
    hands.key("c")
    said(hands, "Invalidate 2 reviews?")
    said(hands, "2 items to open again")
    hands.write("Why?", "They misread the guideline.")
    hands.press("button", "Invalidate (2)")
    page.wait_for_url(re.compile(r"/bulk/\d+/"))
    work(BulkAction)
    said(hands, "2 of 2")
    assert Assignment.objects.filter(reviewer=bench.first, state="invalidated").count() == 2
    hands.press("button", "Undo for all 2")
    said(hands, "Restore 2 reviews?")


def test_a_queue_is_paused_and_a_person_restricted(bench: Bench, sit_down: SitDown) -> None:
    hands = sit_down(bench.moderator)
    page = hands.page
    hands.open("Moderation")
    said(hands, "Who needs you?")
    page.wait_for_load_state("load")
    hands.key("u")
    hands.press("link", "Pause Groundedness")
    hands.write("Why?", "The guideline is being mended.")
    hands.press("button", "Pause")
    expect(page.get_by_role("link", name="Open Groundedness")).to_be_visible()
    page.goto(f"/p/travel/quality/reviewers/{bench.first.pseudonym}/")
    hands.press("link", "Restrict")
    hands.write("Why?", "Let us talk first.")
    hands.press("button", "Restrict")
    said(hands, "Claims nothing in all queues")
    hands.press("link", "Lift")
    hands.write("Why?", "We talked.")
    hands.press("button", "Lift")
    expect(page.get_by_text("Claims nothing in all queues")).to_have_count(0)
    assert Restriction.objects.get().lifted_by == bench.moderator
