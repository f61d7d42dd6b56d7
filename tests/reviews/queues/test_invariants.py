"""Every invariant is quiet on a healthy queue and speaks when its promise is broken."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now

from feedback.accounts.models import Member, Project
from feedback.checks import Invariant
from feedback.judgements.models import Review
from reviews.queues import invariants
from reviews.queues.claim import claim
from reviews.queues.invariants import INVARIANTS
from reviews.queues.items import invalidate, set_k, withdraw
from reviews.queues.models import Assignment, Front, Item, Lane, Place, Queue
from reviews.queues.submit import skip, submit, undo
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def lived_in(project: Project, reviewer: Member, other_reviewer: Member, moderator: Member) -> Queue:
    """A queue where everything has happened once."""
    queue = make.queue(project, k=2, grace_seconds=60)
    items = make.items(queue, 5)

    def next_of(person: Member) -> Assignment:
        assignment = claim(queue, person)
        assert assignment is not None
        return assignment

    def done(assignment: Assignment) -> Assignment:
        return submit(assignment.token, assignment.reviewer, make.ANSWERS, submission_id=uuid.uuid4())

    done(next_of(reviewer))
    done(next_of(other_reviewer))
    undo(done(next_of(reviewer)))
    skip(next_of(other_reviewer).token, other_reviewer, "not-sure")
    invalidate(done(next_of(other_reviewer)), moderator)
    withdraw(items[3])
    set_k(items[4], 3)
    next_of(other_reviewer)
    return queue


def names(found: Callable[[], object]) -> str:
    return found.__name__


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: names(invariant.violations))
def test_a_healthy_queue_breaks_no_promise(lived_in: Queue, invariant: Invariant) -> None:
    assert not list(invariant.violations())  # type: ignore[arg-type]


HARM: dict[str, Callable[[], object]] = {
    "lost_submits": lambda: Review.objects.update(withdrawn_at=Now()),
    "unlinked_reviews": lambda: Assignment.objects.filter(state="submitted").update(
        state="claimed", review=None, submitted_at=None
    ),
    "wrongly_filled": lambda: Assignment.objects.filter(state="submitted").update(state="surplus"),
    "uncounted": lambda: Place.objects.filter(state="filled").update(state="open", assignment=None),
    "overfilled": lambda: Place.objects.filter(state="filled").update(state="withdrawn", assignment=None),
    "wrongly_held": lambda: Assignment.objects.filter(state="claimed").update(state="skipped"),
    "overdue": lambda: Place.objects.filter(state="claimed").update(lease_until=Now() - timedelta(minutes=2)),
    "misplaced": lambda: Place.objects.filter(state="claimed").update(is_extra=True),
    "idle": lambda: Item.objects.filter(state="open").update(state="complete"),
    "passed_by": lambda: Front.objects.update(pos=10_000),
    "miscounted": lambda: Item.objects.update(n_filled=F("n_filled") + 1),
    "outrun": lambda: Lane.objects.update(next_pos=1),
}


@pytest.mark.parametrize("name", HARM)
def test_a_broken_promise_is_found(lived_in: Queue, name: str) -> None:
    HARM[name]()
    assert list(getattr(invariants, name)())


def test_two_places_held_by_one_person_are_found(lived_in: Queue, reviewer: Member) -> None:
    held = Place.objects.filter(state="claimed", assignment__reviewer=reviewer).get()
    second = Assignment.objects.create(
        project=lived_in.project, queue=lived_in, item=held.item, reviewer=reviewer, round=2
    )
    spare = Place.objects.filter(item=held.item).exclude(pk=held.pk)
    spare.update(state="claimed", assignment=second, lease_until=Now() + timedelta(minutes=5))
    assert list(invariants.doubly_held()) == [held.item]


def test_each_promise_has_a_test_that_breaks_it() -> None:
    assert {names(invariant.violations) for invariant in INVARIANTS} == {*HARM, "doubly_held"}
