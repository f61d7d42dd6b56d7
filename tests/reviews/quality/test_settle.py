"""Complete items become verdicts or adjudications, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.judgements.models import Review, Verdict
from feedback.responses.models import Response
from reviews.quality.models import Adjudication
from reviews.quality.settle import settle_complete_items, settle_item
from reviews.queues.items import invalidate
from reviews.queues.models import Assignment, Item
from tests import make

GOOD: dict[str, Any] = {"grounded": "yes", "helpful": 4}
BAD: dict[str, Any] = {"grounded": "no", "helpful": 2}


@pytest.fixture
def queue(project: Project) -> Any:
    return make.queue(project)


@pytest.fixture
def subject(project: Project) -> Any:
    return make.subject(make.response(project))


def item_of(queue: Any) -> Item:
    return Item.objects.get(queue=queue)


def test_agreeing_reviews_become_a_current_verdict(
    queue: Any, subject: Any, reviewer: Member, other_reviewer: Member
) -> None:
    reviews = [make.counted(queue, subject, person, BAD) for person in (reviewer, other_reviewer)]
    Item.objects.update(inclusion_probability=0.25, rule_label="weekly 2")
    assert settle_complete_items() == 1
    verdict = Verdict.objects.get()
    assert (verdict.method, verdict.is_current, verdict.is_failure, verdict.n_reviews) == ("consensus", True, True, 2)
    assert verdict.review_ids == [review.pk for review in reviews]
    assert (verdict.origin, verdict.queue_label) == (queue.key, queue.name)
    assert (verdict.inclusion_probability, verdict.rule_label) == (0.25, "weekly 2")
    assert verdict.answers["helpful"]["mean"] == 2
    assert item_of(queue).state == "settled"
    assert AuditEvent.objects.filter(verb="item-settled").count() == 1


@pytest.mark.parametrize(("answers", "fact"), [(GOOD, "passed"), (BAD, "failed")])
def test_the_response_is_stamped(queue: Any, subject: Any, reviewer: Member, answers: Any, fact: str) -> None:
    make.counted(queue, subject, reviewer, answers)
    settle_complete_items()
    assert Response.objects.get().verdict == fact


def test_one_review_settles_an_item_of_one(queue: Any, subject: Any, reviewer: Member) -> None:
    make.counted(queue, subject, reviewer, GOOD)
    settled = settle_item(item_of(queue))
    assert isinstance(settled, Verdict)
    answer = {"kind": "yes_no", "value": "yes", "share": 1.0, "votes": {"yes": 1}, "n": 1}
    assert settled.answers["grounded"] == {**answer, "posterior": {"yes": 0.75, "no": 0.25}}


def test_a_disputed_required_criterion_waits_for_a_moderator(
    queue: Any, subject: Any, reviewer: Member, other_reviewer: Member
) -> None:
    make.counted(queue, subject, reviewer, GOOD)
    make.counted(queue, subject, other_reviewer, BAD)
    settled = settle_item(item_of(queue))
    assert isinstance(settled, Adjudication)
    assert settled.disputed == ["grounded"]
    assert item_of(queue).state == "unresolved"
    assert not Verdict.objects.exists()
    assert settle_complete_items() == 0


def test_grace_is_waited_for(queue: Any, subject: Any, reviewer: Member) -> None:
    make.counted(queue, subject, reviewer, GOOD)
    Item.objects.update(settle_after=timezone.now() + timedelta(seconds=60))
    assert settle_complete_items() == 0
    assert settle_item(item_of(queue)) is None


def test_surplus_and_withdrawn_reviews_do_not_vote(
    queue: Any, subject: Any, reviewer: Member, other_reviewer: Member, curator: Member
) -> None:
    make.counted(queue, subject, reviewer, GOOD)
    surplus = make.counted(queue, subject, other_reviewer, BAD)
    gone = make.counted(queue, subject, curator, BAD)
    Assignment.objects.filter(review=surplus).update(state="surplus")
    Review.objects.filter(pk=gone.pk).update(withdrawn_at=timezone.now())
    settle_complete_items()
    assert Verdict.objects.get().n_reviews == 1


def test_settling_again_supersedes(queue: Any, subject: Any, reviewer: Member, other_reviewer: Member) -> None:
    make.counted(queue, subject, reviewer, GOOD)
    settle_complete_items()
    make.counted(queue, subject, other_reviewer, GOOD)
    settle_complete_items()
    old, new = Verdict.objects.order_by("pk")
    assert (old.is_current, new.is_current, new.n_reviews) == (False, True, 2)
    assert old.superseded_at is not None


def test_settling_again_without_news_writes_nothing(queue: Any, subject: Any, reviewer: Member) -> None:
    make.counted(queue, subject, reviewer, GOOD)
    settle_complete_items()
    Item.objects.update(state="complete")
    assert settle_item(item_of(queue)) == Verdict.objects.get()
    assert item_of(queue).state == "settled"


def test_an_invalidated_review_changes_the_verdict(
    queue: Any, subject: Any, reviewer: Member, other_reviewer: Member, moderator: Member
) -> None:
    wrong = make.counted(queue, subject, reviewer, BAD)
    make.counted(queue, subject, other_reviewer, GOOD)
    settle_complete_items()
    invalidate(Assignment.objects.get(review=wrong), moderator)
    make.counted(queue, subject, moderator, GOOD)
    Item.objects.update(state="complete", settle_after=None)
    settle_complete_items()
    assert Verdict.objects.current().get().answers["grounded"]["votes"] == {"yes": 2}
    assert Adjudication.objects.get().settled_at is not None


def test_an_item_whose_reviews_are_all_gone_is_left_to_a_moderator(queue: Any, subject: Any, reviewer: Member) -> None:
    make.counted(queue, subject, reviewer, GOOD)
    Review.objects.update(invalidated_at=timezone.now())
    assert isinstance(settle_item(item_of(queue)), Adjudication)


def test_imported_labels_make_imported_verdicts(project: Project, subject: Any, reviewer: Member) -> None:
    make.counted(make.queue(project, takes_imports=True), subject, reviewer, GOOD)
    settle_complete_items()
    assert Verdict.objects.get().method == "imported"


def test_a_comparison_stamps_no_response(project: Project, reviewer: Member) -> None:
    left, right = (make.response(project, text, question="When?") for text in ("In May.", "In June."))
    queue = make.queue(project, subject_size=2)
    answers = {"better": {"outcome": "preferred", "preferred": right.pk, "strength": 2}}
    make.counted(queue, make.subject(left, right), reviewer, answers)
    settle_complete_items()
    assert Verdict.objects.get().answers["better"]["preferred"] == right.pk
    assert set(Response.objects.values_list("verdict", flat=True)) == {""}


def test_an_item_that_cannot_be_settled_holds_nothing_up(
    project: Project, reviewer: Member, caplog: pytest.LogCaptureFixture
) -> None:
    queue, scale = (
        make.queue(project),
        {"key": "helpful", "kind": "scale", "label": "Helpful?", "options": {"min": 1, "max": 5}},
    )
    broken = make.queue(project, criteria=[scale | {"fails_when": {"below": "three"}}])
    make.counted(broken, make.subject(make.response(project)), reviewer, {"helpful": 2})
    for _ in range(3):
        make.counted(queue, make.subject(make.response(project)), reviewer, GOOD)
    assert settle_complete_items() == 3
    assert Verdict.objects.count() == 3
    assert item_of(broken).state == "complete"
    assert f"item {item_of(broken).pk} cannot be settled" in caplog.text


def test_the_statements_do_not_grow_with_the_reviews(
    project: Project, reviewer: Member, other_reviewer: Member
) -> None:
    queue = make.queue(project)
    for _ in range(5):
        subject = make.subject(make.response(project))
        for person in (reviewer, other_reviewer):
            make.counted(queue, subject, person, GOOD)
    with CaptureQueriesContext(connection) as statements:
        settle_complete_items()
    inserts_of_audit = sum("INSERT INTO" in row["sql"] and "auditevent" in row["sql"] for row in statements)
    assert inserts_of_audit == 5
    assert len(statements) - inserts_of_audit <= 24
