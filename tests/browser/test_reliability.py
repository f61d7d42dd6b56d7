"""Reliability in a real browser: the forest, what was answered when, one's own page, a notice dismissed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from feedback.accounts.models import Member, Project
from feedback.statistics import reviewers
from feedback.statistics.aggregation import votes_of
from feedback.statistics.reviewers import Choices, Sheet, Told
from reviews.quality import notices
from reviews.quality.models import Analysis, ReviewerNotice
from reviews.quality.reliability import row_of
from tests import make
from tests.browser.pages import open_whole


def measured() -> list[tuple[tuple[str, str], str, list[Told]]]:
    """Two questions and eight people; the first always gives the best score and prefers the left."""
    draws = np.random.default_rng(7)
    scores, sides = [], []
    for item in range(120):
        true = int(draws.choice(5, p=[0.1, 0.2, 0.3, 0.25, 0.15]))
        for rater in draws.choice(8, 4, replace=False).tolist():
            near = int(np.clip(true + draws.integers(-1, 2) * (draws.random() < 0.4), 0, 4))
            scores.append((item, rater, 4 if rater == 0 else near))
            first = float(draws.random() < 0.52) if rater else 1.0
            sides.append((item, rater, int(draws.random() < 0.8), first))
    votes = votes_of(scores, 5)
    helpful = reviewers.told_of(Sheet(votes, votes.item.astype(float), (votes.label + 1).astype(np.float64)))
    better = reviewers.told_of(Sheet(votes_of([row[:3] for row in sides], 2)))
    raters, firsts = np.array([row[1] for row in sides]), np.array([row[3] for row in sides])
    habits = reviewers.habits(Choices(raters, firsts, draws.integers(0, 2, len(sides)).astype(float)), 8)
    for rater, (told, figures) in enumerate(zip(better, habits, strict=True)):
        told.figures += [*figures, reviewers.gold(14 if rater else 5, 15)]
    few = reviewers.told_of(Sheet(votes_of([(item, rater, 0) for item in range(5) for rater in range(8)], 2)))
    rows = [(("helpful", "scale"), "Helpfulness", helpful), (("better", "comparison"), "Better overall", better)]
    return [*rows, (("tone", "yes_no"), "Is the tone right?", few)]


@pytest.fixture
def project(transactional_db: None) -> Project:
    project = make.project("travel", name="Travel assistant")
    people = [make.member(project, name=f"Rea Reviewer {number}") for number in range(8)]
    rows = [
        row_of(people[rater].pseudonym, place, label, told)
        for place, label, found in measured()
        for rater, told in enumerate(found)
    ]
    classes = [
        {"key": "helpful", "kind": "scale", "names": ["1", "2", "3", "4", "5"]},
        {"key": "better", "kind": "comparison", "names": ["response 1", "response 2"]},
    ]
    result = {"n_reviews": 960, "n_reviewers": 8, "classes": classes, "rows": rows}
    notices.keep(project, result)
    row = Analysis.ask(project, "reliability", {})
    Analysis.objects.filter(pk=row.pk).update(state="done", result=result, finished_at=timezone.now())
    return project


def look(page: Page, path: str, name: str, screenshot: Any) -> None:
    """Nothing for axe to find, nothing wider than the page, in both schemes; and a picture."""
    open_whole(page, path)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    screenshot(page, name)


@pytest.mark.parametrize("width", [1440, 390])
def test_everybody_can_read_the_pages(project: Project, signed_in: Any, screenshot: Any, width: int) -> None:
    page = signed_in(make.member(project, "moderator", name="Mo Moderator"), width=width)
    odd = ReviewerNotice.objects.order_by("pk")[0]
    look(page, "/p/travel/quality/reliability/?measure=verdicts", "reliability", screenshot)
    expect(page.locator(".drawing canvas")).to_have_count(1)
    look(page, f"/p/travel/quality/reviewers/{odd.reviewer.pseudonym}/", "reviewer", screenshot)
    look(page, f"/p/travel/moderation/notices/{odd.pk}/", "reviewer-notice", screenshot)


def test_a_notice_is_read_and_dismissed(project: Project, signed_in: Any) -> None:
    page = signed_in(make.member(project, "moderator", name="Mo Moderator"))
    page.goto("/p/travel/moderation/")
    region = page.locator("#noticed")
    n_open = ReviewerNotice.objects.open().count()
    expect(region.locator(".bignum")).to_have_text(str(n_open))
    region.get_by_role("link").first.click()
    page.get_by_label("Why?").fill("New since Monday; I sat beside them.")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator("#noticed .bignum")).to_have_text(str(n_open - 1))


def test_a_person_finds_their_own_figures(project: Project, signed_in: Any, screenshot: Any) -> None:
    person: Member = project.members.order_by("pk")[0]
    page = signed_in(person, width=390)
    page.goto("/p/travel/history/")
    page.get_by_role("link", name="Your reliability").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your reliability")
    expect(page.get_by_text("too few to tell").first).to_be_visible()
    look(page, page.url, "own-reliability", screenshot)
