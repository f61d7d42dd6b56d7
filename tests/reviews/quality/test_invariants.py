"""The invariants of settling are silent on good rows and find broken ones."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Review, Verdict
from feedback.responses.models import Response
from reviews.quality import invariants
from reviews.quality.adjudicate import adjudicate
from reviews.quality.models import Adjudication
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Item
from tests import make

GOOD: dict[str, Any] = {"grounded": "yes", "helpful": 4}
BAD: dict[str, Any] = {"grounded": "no", "helpful": 2}


@pytest.fixture(autouse=True)
def world(project: Project, reviewer: Member, other_reviewer: Member, moderator: Member) -> None:
    """A settled item, an unresolved one, and one that a moderator settled."""
    queue = make.queue(project, key="q")
    for votes in ([GOOD, GOOD], [GOOD, BAD], [BAD, GOOD]):
        subject = make.subject(make.response(project))
        for person, answers in zip((reviewer, other_reviewer), votes, strict=True):
            make.counted(queue, subject, person, answers)
    settle_complete_items()
    adjudicate(Item.objects.filter(state="unresolved").order_by("pk")[0], moderator, {"grounded": "no"}, "It is not.")


@pytest.mark.parametrize("invariant", invariants.INVARIANTS, ids=lambda invariant: invariant.promise)
def test_good_rows_break_nothing(invariant: Any) -> None:
    assert not invariant.violations().exists()


def test_it_finds_a_settled_item_without_a_verdict() -> None:
    Item.objects.filter(state="unresolved").update(state="settled")
    assert invariants.unsettled_settled_items().count() == 1


def test_it_finds_an_unresolved_item_that_nobody_would_see() -> None:
    Adjudication.objects.filter(settled_at=None).update(settled_at=timezone.now())
    assert invariants.undisputed_unresolved_items().count() == 1


def test_it_finds_a_review_that_no_longer_counts() -> None:
    settled = Verdict.objects.filter(method="consensus").get()
    Review.objects.filter(pk=settled.review_ids[0]).update(invalidated_at=timezone.now())
    assert invariants.uncounted_reviews().count() == 1


def test_it_finds_a_response_stamped_wrongly() -> None:
    Response.objects.filter(verdict="passed").update(verdict="failed")
    assert invariants.misstamped_responses().count() == 1
    Response.objects.update(verdict="")
    assert invariants.misstamped_responses().count() == 2


def test_it_finds_a_moderator_who_settled_an_own_review(moderator: Member) -> None:
    verdict = Verdict.objects.get(method="adjudicated")
    item = Item.objects.first()
    assert item is not None
    queue = item.queue
    own = make.counted(queue, verdict.subject, moderator, GOOD)
    assert own.submitted_at > verdict.created_at
    assert not invariants.own_adjudications().exists()  # reviewing it later is no harm
    later = make.counted(
        queue,
        verdict.subject,
        moderator,
        GOOD,
        round=2,
        submitted_at=timezone.now().replace(year=2020),
    )
    assert later.pk
    assert invariants.own_adjudications().count() == 1
