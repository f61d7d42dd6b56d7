"""The best and the worst by hand: digits and pointer at the desk; and the order of a rubric's questions by dragging."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from feedback.judgements.models import Comparison
from feedback.rubrics.models import Rubric
from feedback.rubrics.publish import publish
from reviews.queues.items import add_items
from reviews.queues.models import Assignment
from tests import make
from tests.browser.keys import until
from tests.browser.test_accessible import findings, look


@pytest.fixture
def project(transactional_db: None) -> Any:
    return make.project("travel", name="Travel assistant")


def chosen(page: Page, *wanted: str) -> None:
    """Wait until just these are chosen, from the first response to the last."""
    names = "[...document.querySelectorAll('[data-ends] input:checked')].map((one) => one.name.slice(7) + one.value)"
    until(page, f"{names}.join() === '{','.join(wanted)}'")


def test_two_digits_name_them(project: Any, signed_in: Callable[..., Page], screenshot: Any) -> None:
    queue = make.queue(
        project, subject_size=4, criteria=make.best_worst_criteria(4), k=1, grace_seconds=600, name="Best, worst"
    )
    for question in ("Is my jacket insured?", "When do you pay?"):
        rows = [make.response(project, f"Answer {n}.", question=question) for n in "abcd"]
        add_items(queue, [make.subject(*rows).pk])
    page = signed_in(make.member(project, name="Rita Reviewer"))
    page.get_by_role("listitem").filter(has_text="Best, worst").get_by_role("button").click()
    expect(page.locator(".q.best_worst")).to_contain_class("active")
    page.keyboard.press("3")
    page.keyboard.press("1")
    chosen(page, "worst1", "best3")
    expect(page.locator("[data-answered]")).to_have_text("1 of 2")
    page.keyboard.press("3")  # taken back; the next digit is the best again
    page.keyboard.press("2")
    chosen(page, "worst1", "best2")
    page.locator("[data-ends] [data-row='1'] label").filter(has_text="Best").click()  # not both
    chosen(page, "best1")
    page.keyboard.press("4")
    chosen(page, "best1", "worst4")
    screenshot(page, "best-worst-desk")
    assert findings(page, "best-worst") == []
    look(page, 390, "dark")
    page.locator(".q.best_worst").scroll_into_view_if_needed()
    screenshot(page, "best-worst-desk")
    held = Assignment.objects.live().get()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("When do you pay?").first).to_be_visible()
    ids = held.shown_order
    assert Comparison.objects.get().ranking == [[ids[0]], sorted(ids[1:3]), [ids[3]]]


def test_questions_are_dragged_into_order(project: Any, signed_in: Callable[..., Page]) -> None:
    rubric = Rubric.objects.create(project=project, name="Answers")
    publish(rubric, [{"key": key, "kind": "yes_no", "label": f"Question {key}?"} for key in "abc"])
    page = signed_in(make.member(project, "curator"))
    page.goto(f"/p/travel/rubrics/{rubric.pk}/edit/")
    page.set_viewport_size({"width": 1440, "height": 2400})  # both ends of the way are on the screen
    page.locator("#question-2 > header").drag_to(
        page.locator("#question-0"), source_position={"x": 200, "y": 10}, target_position={"x": 200, "y": 5}
    )
    labels = page.locator("#editor .question input[name$=-label]")
    expect(labels.nth(0)).to_have_value("Question c?")
    assert [row["key"] for row in rubric.drafts.get().definitions] == ["c", "a", "b"]
