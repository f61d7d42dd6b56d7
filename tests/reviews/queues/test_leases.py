"""Leases: they end by the database's clock, are extended up to a cap, and take nothing away with them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.db.models import F
from django.db.models.functions import Now

from feedback.accounts.models import Member, Project
from reviews.queues.claim import claim, free_due_leases, heartbeat, release
from reviews.queues.models import Assignment, Place, Queue
from reviews.queues.submit import save_draft
from reviews.queues.tasks import free_due_leases as sweep
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, k=1, lease_seconds=600, lease_cap_seconds=1200)


def held(queue: Queue, reviewer: Member) -> Assignment:
    assignment = claim(queue, reviewer)
    assert assignment is not None
    return assignment


def lease_of(assignment: Assignment) -> datetime:
    until = Place.objects.get(assignment=assignment).lease_until
    assert until is not None
    return until


def age(assignment: Assignment, seconds: int) -> None:
    """As if the place had been claimed that much earlier."""
    past = timedelta(seconds=seconds)
    Place.objects.filter(assignment=assignment).update(
        claimed_at=F("claimed_at") - past, lease_until=F("lease_until") - past
    )


def test_an_expired_place_goes_to_the_next_person(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    (item,) = make.items(queue)
    make.expired(held(queue, reviewer))
    assert held(queue, other_reviewer).item == item


def test_an_expired_claim_keeps_its_token_and_draft(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    make.items(queue)
    late = make.expired(held(queue, reviewer))
    held(queue, other_reviewer)
    save_draft(late.token, reviewer, {"helpful": 5})
    stored = Assignment.objects.get(pk=late.pk)
    assert (stored.state, stored.token, stored.draft) == ("claimed", late.token, {"helpful": 5})
    assert list(Assignment.objects.orphaned()) == [stored]


def test_who_comes_back_gets_their_own_again(queue: Queue, reviewer: Member) -> None:
    make.items(queue, 2)
    first = make.expired(held(queue, reviewer))
    assert free_due_leases(10) == 1
    assert held(queue, reviewer) == first
    assert lease_of(first) > first.claimed_at


def test_an_expired_claim_that_nobody_freed_is_still_theirs(queue: Queue, reviewer: Member) -> None:
    make.items(queue)
    first = make.expired(held(queue, reviewer))
    past = lease_of(first)
    assert held(queue, reviewer) == first
    assert lease_of(first) > past + timedelta(seconds=599)


def test_a_heartbeat_extends_up_to_the_cap(queue: Queue, reviewer: Member) -> None:
    make.items(queue)
    assignment = held(queue, reviewer)
    claimed_at = Place.objects.get().claimed_at
    assert claimed_at is not None
    age(assignment, 300)
    until = heartbeat(assignment)
    assert until is not None
    assert abs(until - claimed_at - timedelta(seconds=600)) < timedelta(seconds=30)
    age(assignment, 700)
    until = heartbeat(assignment)
    assert until == Place.objects.get().claimed_at + timedelta(seconds=1200)  # type: ignore[operator]


def test_past_the_cap_no_heartbeat_helps(queue: Queue, reviewer: Member) -> None:
    make.items(queue)
    assignment = held(queue, reviewer)
    age(assignment, 1201)
    assert heartbeat(assignment) is None


def test_a_heartbeat_of_a_lost_place_says_so(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    make.items(queue)
    late = make.expired(held(queue, reviewer))
    held(queue, other_reviewer)
    assert heartbeat(late) is None


def test_leaving_the_page_shortens_the_lease_and_a_reload_renews_it(queue: Queue, reviewer: Member) -> None:
    make.items(queue)
    assignment = held(queue, reviewer)
    full = lease_of(assignment)
    release(assignment, soon=True)
    assert full - lease_of(assignment) > timedelta(seconds=450)
    assert held(queue, reviewer) == assignment
    assert lease_of(assignment) >= full


def test_a_released_place_is_open_at_once(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    (item,) = make.items(queue)
    assignment = held(queue, reviewer)
    release(assignment, soon=False)
    assert Place.objects.get().state == "open"
    assert held(queue, other_reviewer).item == item
    assert claim(queue, reviewer) is None


def test_the_sweep_frees_due_places_of_all_queues_and_no_others(project: Project, reviewer: Member) -> None:
    due, live = make.queue(project), make.queue(project)
    for queue in (due, live):
        make.items(queue)
    make.expired(held(due, reviewer))
    kept = held(live, reviewer)
    sweep()
    assert [place.assignment for place in Place.objects.filter(state="claimed")] == [kept]
    assert list(Place.objects.filter(queue=due, lane=0).values_list("state", flat=True)) == ["open"]


def test_the_sweep_stops_at_its_limit(queue: Queue, project: Project) -> None:
    make.items(queue, 3)
    for _ in range(3):
        held(queue, make.member(project))
    Place.objects.filter(state="claimed").update(lease_until=Now() - timedelta(seconds=1))
    assert free_due_leases(2) == 2
    assert Place.objects.filter(state="claimed").count() == 1


@pytest.mark.parametrize("hours", [1, -1])
def test_a_wrong_clock_of_this_machine_ends_and_keeps_no_lease(
    queue: Queue, reviewer: Member, other_reviewer: Member, hours: int
) -> None:
    make.items(queue)
    assignment = held(queue, reviewer)
    until = lease_of(assignment)
    with time_machine.travel(until + timedelta(hours=hours), tick=False):
        free_due_leases(10)
        assert claim(queue, other_reviewer) is None
        assert heartbeat(assignment) is not None
    assert abs(lease_of(assignment) - until) < timedelta(seconds=30)
