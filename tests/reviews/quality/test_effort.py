"""Hours, reviews and cost for each verdict: what is counted, what is assumed, and what an hour costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.jobs import run
from reviews.quality.effort import compute
from reviews.quality.models import Analysis, HourlyCost, data_state
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Item, Queue
from tests import make

pytestmark = pytest.mark.django_db
MINUTE = 60_000


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, key="answers", name="Answers", k=2)


def reviewed(queue: Queue, people: list[Member], minutes: list[float | None], **fields: Any) -> None:
    """An item that each of the people reviewed for so long, and that is settled."""
    subject = make.subject(make.response(queue.project))
    for person, spent in zip(people, minutes, strict=True):
        active = None if spent is None else round(spent * MINUTE)
        make.counted(queue, subject, person, make.ANSWERS, active_ms=active, **fields)
    Item.objects.filter(queue=queue).update(settle_after=None)
    settle_complete_items()


def figures(project: Project, **filters: Any) -> dict[str, Any]:
    return compute(project.pk, filters, lambda: None)


def test_hours_reviews_and_cost_for_each_verdict(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    people = [reviewer, other_reviewer]
    reviewed(queue, people, [2, 4])
    reviewed(queue, people, [6, 12])
    HourlyCost.objects.create(project=queue.project, amount=30, currency="EUR")
    found = figures(queue.project)
    (row,) = found["rows"]
    assert (row["label"], row["reviews"], row["verdicts"]) == ("Answers", 4, 2)
    assert row["hours"] == pytest.approx(24 / 60)
    assert (row["reviews_per_verdict"], row["minutes_per_review"]) == (2, pytest.approx(6))
    assert (row["cost"], row["cost_per_verdict"]) == (pytest.approx(12), pytest.approx(6))
    assert (found["hourly_cost"], found["currency"]) == (30, "EUR")
    assert found["all"] == row | {"key": "", "label": "All"}


def test_a_long_pause_is_cut_and_no_time_is_taken_for_the_others(
    queue: Queue, reviewer: Member, other_reviewer: Member
) -> None:
    reviewed(queue, [reviewer, other_reviewer], [10, 300])
    reviewed(queue, [reviewer, other_reviewer], [None, 20])
    whole = figures(queue.project)["all"]
    assert (whole["reviews"], whole["timed"], whole["cut"]) == (4, 3, 1)
    assert whole["hours"] == pytest.approx((10 + 30 + 20) / 60 / 3 * 4)


def test_nothing_is_known_where_no_review_has_a_time(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    reviewed(queue, [reviewer, other_reviewer], [None, None])
    HourlyCost.objects.create(project=queue.project, amount=30)
    whole = figures(queue.project)["all"]
    assert (whole["hours"], whole["cost"], whole["cost_per_verdict"], whole["reviews"]) == (None, None, None, 2)


def test_by_month_and_within_a_period(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    people, old = [reviewer, other_reviewer], timezone.now() - timedelta(days=60)
    reviewed(queue, people, [2, 2], submitted_at=old)
    reviewed(queue, people, [3, 3])
    months = figures(queue.project, by="month")["rows"]
    assert [(row["reviews"], row["verdicts"]) for row in months] == [(2, 2), (2, 0)]
    assert months[1]["cost_per_verdict"] is months[1]["hours_per_verdict"] is None
    assert [row["key"] for row in months] == sorted((row["key"] for row in months), reverse=True)
    assert figures(queue.project, days="30")["all"]["hours"] == pytest.approx(6 / 60)
    assert figures(queue.project, queue="other")["rows"] == []


def test_imported_people_take_no_time(queue: Queue, project: Project) -> None:
    source = Member.objects.create(project=project, source="elsewhere", source_name="rater 1", role="reviewer")
    reviewed(queue, [source], [5])
    assert figures(project)["all"]["reviews"] == 0


def test_a_new_verdict_or_cost_makes_the_figures_old(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    states = [data_state(queue.project, "effort")]
    reviewed(queue, [reviewer, other_reviewer], [1, 1])
    states.append(data_state(queue.project, "effort"))
    HourlyCost.objects.create(project=queue.project, amount=30)
    states.append(data_state(queue.project, "effort"))
    assert len(set(states)) == 3


def test_the_page_its_files_and_its_cost(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    reviewed(queue, [reviewer, other_reviewer], [3, 3])
    project = queue.project
    curator = make.SignedIn(make.member(project, "curator"))
    here = reverse("quality:effort", args=[project.slug])
    assert "Compute" in curator.get(here).text
    cost = reverse("quality:effort-cost", args=[project.slug])
    assert curator.post(cost, {"amount": "30", "currency": "EUR"}).status_code == 303
    assert AuditEvent.objects.filter(verb="hourly-cost-changed").count() == 1
    run(Analysis, Analysis.objects.latest("pk").pk)
    shown = curator.get(here).text
    assert "A verdict takes 6.00 minutes of reviewers and costs 3.00 EUR." in shown
    for form in ("csv", "json"):
        assert "answers" in curator.get(reverse("quality:effort-file", args=[project.slug, form])).text
    assert curator.post(cost, {"amount": "30", "currency": "euros"}).status_code == 422
    assert curator.post(cost, {"amount": "", "currency": "EUR"}).status_code == 303
    assert not HourlyCost.objects.exists()


def test_a_moderator_sees_it_and_sets_no_cost(project: Project, moderator: Member, reviewer: Member) -> None:
    here, cost = (reverse(f"quality:{name}", args=[project.slug]) for name in ("effort", "effort-cost"))
    assert "What an hour costs" not in make.SignedIn(moderator).get(here).text
    assert make.SignedIn(moderator).post(cost, {"amount": "1", "currency": "USD"}).status_code in {403, 404}
    assert make.SignedIn(reviewer).get(here).status_code in {403, 404}
