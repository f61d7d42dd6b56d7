"""Many hands at once, each on its own connection: exactly k, nobody twice, no error, nothing left behind."""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from feedback.accounts.models import Member
from feedback.judgements.models import Review
from reviews.queues.claim import claim, free_due_leases
from reviews.queues.invariants import INVARIANTS
from reviews.queues.items import invalidate, set_k
from reviews.queues.leases import promote_waiting
from reviews.queues.models import Assignment, Item, Place, Queue
from reviews.queues.submit import ClaimLost, skip, submit
from tests import make
from tests.races import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True), pytest.mark.slow]

REVIEWERS = 8


@pytest.fixture
def crew() -> list[Member]:
    project = make.project("race")
    return [make.member(project, name=f"Racer {number}") for number in range(REVIEWERS)]


@pytest.fixture
def queue(crew: list[Member]) -> Queue:
    return make.queue(crew[0].project, k=3)


def answered(assignment: Assignment) -> Assignment:
    return submit(assignment.token, assignment.reviewer, make.ANSWERS, submission_id=uuid.uuid4())


def work_through(queue: Queue, reviewer: Member) -> int:
    """Review until nothing waits; how many."""
    n = 0
    while assignment := claim(queue, reviewer):
        answered(assignment)
        n += 1
    return n


def many_items(queue: Queue, n: int, **fields: Any) -> list[Item]:
    with transaction.atomic():
        return make.items(queue, n, **fields)


def assert_exact(queue: Queue, n_items: int) -> None:
    reviews = Review.objects.standing().filter(origin=queue.key)
    counted = Assignment.objects.filter(queue=queue, state="submitted")
    assert counted.count() == n_items * 3
    assert reviews.count() == n_items * 3 + Assignment.objects.filter(queue=queue, state="surplus").count()
    assert set(Counter(counted.values_list("item", flat=True)).values()) == {3}
    assert set(Item.objects.values_list("state", "n_filled")) == {("complete", 3)}
    assert_promises()


def assert_promises() -> None:
    broken = {invariant.promise: list(invariant.violations()) for invariant in INVARIANTS}  # type: ignore[arg-type]
    assert not {promise: rows for promise, rows in broken.items() if rows}


def test_eight_reviewers_make_exactly_nine_hundred_reviews(queue: Queue, crew: list[Member]) -> None:
    many_items(queue, 300)
    done = at_once(*(lambda member=member: work_through(queue, member) for member in crew))
    assert sum(done) == 900
    assert not Assignment.objects.exclude(state="submitted").exists()
    assert_exact(queue, 300)


@pytest.mark.parametrize("n_upsets", [250, pytest.param(1_000, marks=pytest.mark.proof)])
def test_a_racer_far_ahead_and_many_skips_and_expiries(queue: Queue, crew: list[Member], n_upsets: int) -> None:
    n_items = n_upsets * 3 // 10
    many_items(queue, n_items)
    racer, *others = crew
    for _ in range(n_upsets // 5):
        assignment = claim(queue, racer)
        assert assignment is not None
        answered(assignment)
    upsets, lock = Counter[str](), threading.Lock()

    def upset(member: Member, chance: random.Random) -> None:
        """Skips, walks away and comes back late, until the crew has done so often enough; then works."""
        while assignment := claim(queue, member):
            with lock:
                kind = "none" if sum(upsets.values()) >= n_upsets else chance.choice(["skip", "expire", "late"])
                turns = Assignment.objects.filter(item=assignment.item_id, state="skipped").count()
                if kind == "skip" and turns >= REVIEWERS - 3:
                    kind = "expire"  # three must be left who may review it
                upsets[kind] += kind != "none"
                if kind == "skip":
                    skip(assignment.token, member, "not-sure")
            if kind in {"expire", "late"}:
                make.expired(assignment)
                free_due_leases(5)
            if kind in {"late", "none"}:
                answered(assignment)

    at_once(*(lambda member=member: upset(member, random.Random(member.pk)) for member in others))
    for member in crew:
        work_through(queue, member)
    free_due_leases(1_000)
    promote_waiting()
    assert sum(upsets.values()) == n_upsets
    assert_exact(queue, n_items)


def test_twenty_identical_submits_are_one_review(queue: Queue, crew: list[Member]) -> None:
    many_items(queue, 1)
    assignment, key = claim(queue, crew[0]), uuid.uuid4()
    assert assignment is not None
    token = assignment.token
    done = at_once(*[lambda: submit(token, crew[0], make.ANSWERS, submission_id=key)] * 20)
    assert {(row.state, row.review_id) for row in done} == {("submitted", Review.objects.get().pk)}
    assert Item.objects.get().n_filled == 1


def test_two_tabs_of_one_person_get_the_same_claim(queue: Queue, crew: list[Member]) -> None:
    many_items(queue, 20)
    got = at_once(*[lambda: claim(queue, crew[0])] * 12)
    assert len({row.pk for row in got}) == 1
    assert Place.objects.filter(state="claimed").count() == 1


def test_the_last_place_goes_to_one_and_the_others_hear_nothing_waits(queue: Queue, crew: list[Member]) -> None:
    for _ in range(20):
        many_items(queue, 1, k=1)
        got = at_once(*(lambda member=member: claim(queue, member) for member in crew))
        assert sum(row is not None for row in got) == 1
        answered(next(row for row in got if row is not None))


def test_a_late_submit_and_a_claim_race_for_the_last_place(queue: Queue, crew: list[Member]) -> None:
    late, other = crew[:2]
    for _ in range(20):
        (item,) = many_items(queue, 1, k=1)
        assignment = claim(queue, late)
        assert assignment is not None
        make.expired(assignment)
        free_due_leases(10)
        done, taken = at_once(lambda: answered(assignment), lambda: claim(queue, other))  # noqa: B023
        item.refresh_from_db()
        assert (done.state == "surplus") == (taken is not None)
        if taken:
            answered(taken)
    assert_promises()


def test_a_claim_that_is_rolled_back_is_found_by_those_who_walked_by(queue: Queue, crew: list[Member]) -> None:
    first, second = many_items(queue, 2, k=1)
    with transaction.atomic():
        held = claim(queue, crew[0])
        assert held is not None
        assert held.item_id == first.pk
        passed = at_once(lambda: claim(queue, crew[1]))[0]  # while the first place is locked
        assert passed.item_id == second.pk
        transaction.set_rollback(True)
    answered(passed)
    found = claim(queue, crew[1])
    assert found is not None
    assert found.item_id == first.pk
    assert_promises()


def test_resizing_and_invalidating_while_people_work_deadlocks_nobody(queue: Queue, crew: list[Member]) -> None:
    items = many_items(queue, 60)
    moderator = make.member(queue.project, "moderator")

    def resize(numbers: random.Random) -> None:
        for _ in range(80):
            set_k(numbers.choice(items), numbers.randint(1, 5))

    def invalidate_some(numbers: random.Random) -> None:
        for _ in range(30):
            rows = list(Assignment.objects.filter(queue=queue, state="submitted")[:20])
            if rows:
                invalidate(numbers.choice(rows), moderator)

    def work(member: Member) -> None:
        for _ in range(60):
            if assignment := claim(queue, member):
                if assignment.item_id % 5 == 0:
                    Place.objects.filter(assignment=assignment).update(lease_until=Now() - timedelta(seconds=1))
                with suppress(ClaimLost):  # a moderator may be quicker
                    answered(assignment)

    at_once(
        *(lambda member=member: work(member) for member in crew),
        lambda: resize(random.Random(1)),
        lambda: invalidate_some(random.Random(2)),
        lambda: [free_due_leases(50) for _ in range(50)],
    )
    promote_waiting()
    assert_promises()
    assert connection.vendor == "postgresql"
