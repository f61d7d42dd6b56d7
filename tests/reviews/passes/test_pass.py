"""A quick pass gives chosen items one answer: each a review that counts like any other, once, and says how it came."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Count

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.judgements.models import Review
from feedback.judgements.record import AnswersRefused
from feedback.management.commands.verify import check, invariants
from reviews.passes.answer import FULL, TAKEN, Outcome, PassRefused, answer, undo
from reviews.passes.cards import alike, waiting
from reviews.passes.models import QuickPass
from reviews.queues.care import opt_out
from reviews.queues.claim import claim
from reviews.queues.items import add_items
from reviews.queues.models import Assignment, Item, Place, Queue
from reviews.queues.submit import skip, submit
from tests import make
from tests.races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, grace_seconds=600)


def give(queue: Queue, member: Member, items: list[Item], **how: Any) -> Outcome:
    given: dict[str, Any] = {"answers": make.ANSWERS, "submission_id": uuid4(), "n_cards": 25, **how}
    return answer(queue, member, [item.pk for item in items], **given)


def broken() -> list[str]:
    """The invariants that do not hold."""
    return [one.code for room, one in invariants() if check(room, one, None).violations]


def shown(queue: Queue, member: Member) -> list[int]:
    return waiting(queue, member, 50)[0]


def test_each_item_gets_a_review_that_counts_and_says_how_it_came(queue: Queue, curator: Member) -> None:
    rows = make.items(queue, 3)
    outcome = give(queue, curator, rows[:2])
    assert (outcome.answered, outcome.left) == (2, {})
    reviews = Review.objects.order_by("pk")
    assert [review.subject_id for review in reviews] == [row.subject_id for row in rows[:2]]
    assert {review.visible["cards"] for review in reviews} == {25}
    assert {review.active_ms for review in reviews} == {None}, "nobody measured how long one of them took"
    assert {review.reviewer for review in reviews} == {curator}
    assert list(Item.objects.order_by("pk").values_list("n_filled", flat=True)) == [1, 1, 0]
    assert AuditEvent.objects.filter(verb="quick-pass", facts__n=2).count() == 1
    assert shown(queue, curator) == [rows[2].pk]
    assert broken() == []


def test_the_same_submission_again_goes_on_and_doubles_nothing(queue: Queue, curator: Member) -> None:
    rows, token = make.items(queue, 2), uuid4()
    give(queue, curator, rows[:1], submission_id=token)
    again = give(queue, curator, rows, submission_id=token)
    assert (again.answered, QuickPass.objects.count(), Review.objects.count()) == (2, 1, 2)


def test_what_cannot_be_taken_is_left_and_said(queue: Queue, curator: Member, reviewer: Member) -> None:
    full, mine, held, free = make.items(queue, 4)
    for member in (reviewer, make.member(queue.project)):
        give(queue, member, [full])
    give(queue, curator, [mine])
    on_desk = claim(queue, curator)
    assert on_desk is not None
    assert on_desk.item_id == held.pk
    outcome = give(queue, curator, [full, mine, held, free])
    assert (outcome.answered, outcome.left) == (1, {TAKEN: 3})
    assert Review.objects.filter(subject=free.subject, reviewer=curator).exists()
    assert Place.objects.get(assignment=on_desk).state == Place.State.CLAIMED


def test_what_is_not_for_this_person_is_not_shown(queue: Queue, curator: Member) -> None:
    tagged, skipped, kept, plain = make.items(queue, 4)
    tagged.subject.parts.get().response.__class__.objects.filter(subject_parts__subject=tagged.subject).update(
        tags=["graphic"]
    )
    opt_out(curator, ["graphic"])
    held = claim(queue, curator)
    assert held is not None
    skip(held.token, curator, "unclear")
    Place.objects.filter(item=kept).update(reserved_for=make.member(queue.project))
    assert shown(queue, curator) == [plain.pk]
    assert give(queue, curator, [tagged, kept]).left == {TAKEN: 2}


def test_pages_of_cards_follow_each_other(queue: Queue, curator: Member) -> None:
    rows = [row.pk for row in make.items(queue, 25)]
    first, start = waiting(queue, curator, 10)
    second, more = waiting(queue, curator, 10, start)
    third, end = waiting(queue, curator, 10, more)
    assert [*first, *second, *third] == rows
    assert end is None


def test_the_hourly_cap_and_a_closed_queue_hold_here_too(queue: Queue, curator: Member) -> None:
    rows = make.items(queue, 4)
    queue.hourly_cap = 2
    queue.save()
    assert give(queue, curator, rows).left == {FULL: 2}
    queue.hourly_cap = None
    queue.state = Queue.State.PAUSED
    queue.save()
    assert give(queue, curator, rows[2:]).left == {TAKEN: 2}


def test_answers_that_the_rubric_refuses_store_nothing(queue: Queue, curator: Member) -> None:
    rows = make.items(queue, 2)
    with pytest.raises(AnswersRefused):
        give(queue, curator, rows, answers={"grounded": "perhaps"})
    with pytest.raises(PassRefused, match="1 to 50"):
        give(queue, curator, [])
    with pytest.raises(PassRefused, match="not in the queue"):
        give(queue, curator, make.items(make.queue(queue.project), 1))
    assert Review.objects.count() == 0
    assert Assignment.objects.count() == 0
    assert QuickPass.objects.count() == 0


def test_undo_gives_every_place_back_and_the_item_may_be_answered_anew(queue: Queue, curator: Member) -> None:
    rows = make.items(queue, 3)
    quick = give(queue, curator, rows).quick_pass
    assert undo(quick) == (3, 0)
    assert undo(quick) == (0, 0), "nothing is left to take back"
    assert Item.objects.filter(n_filled=0).count() == 3
    assert Place.objects.exclude(state="open").count() == 0
    assert AuditEvent.objects.filter(verb="quick-pass-undone").count() == 1
    assert shown(queue, curator) == [row.pk for row in rows]
    assert give(queue, curator, rows[:1], answers={"grounded": "no", "helpful": 1}).answered == 1
    assert Review.objects.standing().get().revision == 2
    with pytest.raises(PassRefused, match="used before"):
        give(queue, curator, rows, submission_id=quick.submission_id)
    assert broken() == []


def test_after_the_grace_it_stays(queue: Queue, curator: Member) -> None:
    quick = give(queue, curator, make.items(queue, 1)).quick_pass
    Queue.objects.update(grace_seconds=0)
    assert undo(QuickPass.objects.get(pk=quick.pk)) == (0, 1)
    assert QuickPass.objects.get().undone_at is None


def test_the_likest_come_first(queue: Queue, curator: Member) -> None:
    words = ["Claims end after 30 days.", "Pay by card.", "Claims end after 60 days.", "Our office is in Graz."]
    subjects = [make.subject(make.response(queue.project, text, question=text)) for text in words]
    rows = []
    for subject in subjects:
        add_items(queue, [subject.pk])
        rows.append(Item.objects.get(subject=subject))
    found = alike(queue, curator, rows[0], 10)
    assert list(found)[:2] == [rows[0].pk, rows[2].pk]
    assert found[rows[2].pk] > 0.5
    assert rows[1].pk not in found


def test_a_pass_is_one_to_fifty_items_in_the_database(queue: Queue, curator: Member) -> None:
    about: dict[str, Any] = {"project": queue.project, "queue": queue, "member": curator}
    for n in (0, 51):
        with pytest.raises(IntegrityError), transaction.atomic():
            QuickPass.objects.create(
                **about, rubric_version=queue.rubric_version, submission_id=uuid4(), n_chosen=n, n_cards=50
            )


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_passes_and_claims_at_once_give_every_item_exactly_k(project: Project) -> None:
    queue = make.queue(project, k=2)
    rows = make.items(queue, 12)
    curators = [make.member(project, "curator") for _ in range(3)]

    def at_the_desk(member: Member) -> None:
        while (held := claim(queue, member)) is not None:
            submit(held.token, member, make.ANSWERS, submission_id=uuid4())

    desks = [partial(at_the_desk, make.member(project)) for _ in range(2)]
    at_once(*desks, *(partial(give, queue, member, rows) for member in curators))
    assert set(Item.objects.values_list("n_filled", flat=True)) == {2}
    assert not Assignment.objects.values("item", "reviewer").annotate(n=Count("pk")).filter(n__gt=1).exists()
    assert not Assignment.objects.filter(state="claimed").exists()
    assert broken() == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_second_press_at_the_same_time_is_the_same_pass(project: Project, curator: Member) -> None:
    queue = make.queue(project)
    rows, token = make.items(queue, 8), uuid4()
    outcomes = at_once(*[partial(give, queue, curator, rows, submission_id=token) for _ in range(3)])
    assert [(outcome.answered, outcome.left) for outcome in outcomes] == [(8, {})] * 3
    assert (QuickPass.objects.count(), Review.objects.count()) == (1, 8)
    assert AuditEvent.objects.filter(verb="quick-pass").count() == 1
