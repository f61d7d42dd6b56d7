"""Claiming: the next place, one's own first, lanes, fronts, and who gets nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.accounts.models import Member, Project
from reviews.queues.claim import claim, release, remaining
from reviews.queues.items import add_items, set_k
from reviews.queues.models import Assignment, Front, Place, Queue
from reviews.queues.submit import skip
from reviews.queues.take import shown_order
from tests import make

pytestmark = pytest.mark.django_db


def statements(captured: CaptureQueriesContext) -> list[str]:
    """What was sent, without the frame of the transaction."""
    frame = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK")
    return [query["sql"] for query in captured.captured_queries if not query["sql"].startswith(frame)]


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, k=2)


def taken(queue: Queue, reviewer: Member) -> Assignment:
    assignment = claim(queue, reviewer)
    assert assignment is not None
    return assignment


def moved_on(queue: Queue, reviewer: Member) -> Assignment:
    """Claim and skip at once, so that the next claim goes on."""
    assignment = taken(queue, reviewer)
    return skip(assignment.token, reviewer, "not-sure")


def test_it_hands_out_the_first_item_under_a_lease(queue: Queue, reviewer: Member) -> None:
    first, _ = make.items(queue, 2)
    assignment = taken(queue, reviewer)
    stored = Assignment.objects.get(pk=assignment.pk)
    place = stored.place
    assert (stored.item, stored.reviewer, stored.state, stored.token) == (first, reviewer, "claimed", assignment.token)
    assert place.state == "claimed"
    assert place.claimed_at is not None
    assert place.lease_until == place.claimed_at + timedelta(seconds=queue.lease_seconds)


def test_a_reload_keeps_the_claim(queue: Queue, reviewer: Member) -> None:
    make.items(queue, 2)
    assert taken(queue, reviewer) == taken(queue, reviewer)
    assert Place.objects.filter(state="claimed").count() == 1


def test_nobody_gets_an_item_twice(queue: Queue, reviewer: Member) -> None:
    make.items(queue, 3)
    seen = [moved_on(queue, reviewer).item_id for _ in range(3)]
    assert len(set(seen)) == 3
    assert claim(queue, reviewer) is None


def test_two_people_share_an_item_of_k_two_and_a_third_gets_the_next(
    queue: Queue, project: Project, reviewer: Member, other_reviewer: Member
) -> None:
    first, second = make.items(queue, 2)
    third = make.member(project)
    got = [taken(queue, person).item for person in (reviewer, other_reviewer, third)]
    assert got == [first, first, second]


def test_a_lower_lane_is_served_first(queue: Queue, reviewer: Member) -> None:
    make.items(queue, 1, lane=5)
    (urgent,) = make.items(queue, 1, lane=2)
    assert taken(queue, reviewer).item == urgent


def test_what_was_given_back_goes_first(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    make.items(queue, 3, k=1)
    skipped = moved_on(queue, reviewer)
    assert taken(queue, other_reviewer).item_id == skipped.item_id


def test_a_random_queue_is_shuffled_the_same_way_on_every_run(project: Project) -> None:
    queue = make.queue(project, k=1, order="random")
    items = make.items(queue, 20)
    order = list(Place.objects.filter(queue=queue).order_by("pos").values_list("item__subject_id", flat=True))
    assert order != sorted(order)
    assert sorted(order) == sorted(item.subject_id for item in items)
    assert add_items(queue, order) == 0


@pytest.mark.parametrize("fields", [{"state": "paused"}, {"state": "closed"}, {"takes_imports": True}])
def test_a_queue_that_is_not_open_hands_out_nothing(queue: Queue, reviewer: Member, fields: dict[str, object]) -> None:
    make.items(queue)
    Queue.objects.filter(pk=queue.pk).update(**fields)
    assert claim(queue, reviewer) is None


def test_a_held_claim_survives_a_pause(queue: Queue, reviewer: Member) -> None:
    make.items(queue)
    held = taken(queue, reviewer)
    Queue.objects.filter(pk=queue.pk).update(state="paused")
    assert claim(queue, reviewer) == held
    release(held, soon=False)
    assert claim(queue, reviewer) is None


def test_a_disabled_member_gets_nothing(queue: Queue, reviewer: Member) -> None:
    make.items(queue)
    reviewer.disabled_at = timezone.now()
    reviewer.save(update_fields=["disabled_at"])
    assert claim(queue, reviewer) is None


def test_the_order_shown_is_drawn_for_each_person_and_stored(project: Project) -> None:
    queue = make.queue(project, subject_size=2, k=40, shows_model=True)
    (item,) = make.items(queue)
    parts = {int(part) for part in item.subject.key.split("+")}
    orders = set()
    for _ in range(40):
        assignment = Assignment.objects.get(pk=taken(queue, make.member(project)).pk)
        assert set(assignment.shown_order) == parts
        assert assignment.shown_order == shown_order(assignment.token, item.subject.key)
        assert assignment.visible == {"model": True, "critic": False}
        orders.add(tuple(assignment.shown_order))
    assert len(orders) == 2


def test_a_place_kept_for_somebody_goes_to_nobody_else(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    kept, free = make.items(queue, 2, k=1)
    Place.objects.filter(item=kept).update(reserved_for=reviewer)
    assert taken(queue, other_reviewer).item == free
    assert claim(queue, make.member(queue.project)) is None
    assert taken(queue, reviewer).item == kept


def test_a_hidden_place_is_handed_out_when_its_time_has_come(queue: Queue, reviewer: Member) -> None:
    (hidden,) = make.items(queue, 1, k=1)
    Place.objects.filter(item=hidden).update(hidden_until=Now() + timedelta(hours=1))
    later = make.items(queue, 1, k=1)[0]
    assert moved_on(queue, reviewer).item == later
    assert claim(queue, reviewer) is None
    Place.objects.filter(item=hidden).update(hidden_until=Now() - timedelta(seconds=1))
    assert taken(queue, reviewer).item == hidden


def test_a_claim_that_was_rolled_back_is_behind_nobodys_front(
    queue: Queue, reviewer: Member, other_reviewer: Member
) -> None:
    first, second = make.items(queue, 2, k=1)
    with transaction.atomic():
        assert taken(queue, reviewer).item == first
        transaction.set_rollback(True)
    assert moved_on(queue, other_reviewer).item == first
    assert taken(queue, other_reviewer).item == second
    assert taken(queue, reviewer).item == first


def test_nothing_waits_is_not_looked_up_everywhere_twice_in_a_minute(queue: Queue, reviewer: Member) -> None:
    make.items(queue)
    moved_on(queue, reviewer)
    assert claim(queue, reviewer) is None
    make.items(queue)
    Front.objects.update(pos=1_000)  # by hand, where no front may be
    with CaptureQueriesContext(connection) as captured:
        assert claim(queue, reviewer) is None
    assert len(statements(captured)) <= (5 if connection.vendor == "postgresql" else 6), statements(captured)
    Front.objects.update(looked_at=Now() - timedelta(seconds=61))
    assert claim(queue, reviewer) is not None


def test_who_saw_nothing_a_moment_ago_gets_what_has_come_since(queue: Queue, reviewer: Member) -> None:
    assert claim(queue, reviewer) is None
    (item,) = make.items(queue)
    assert taken(queue, reviewer).item == item


def test_a_claim_says_what_was_written_without_reading_it_again(queue: Queue, reviewer: Member) -> None:
    make.items(queue)
    assignment = taken(queue, reviewer)
    stored = Assignment.objects.select_related("place").get(pk=assignment.pk)
    for row, again in ((assignment, stored), (assignment.place, stored.place)):
        names = [field.attname for field in row._meta.concrete_fields]
        assert {name: getattr(row, name) for name in names} == {name: getattr(again, name) for name in names}


def test_a_full_look_finds_what_a_wrong_front_hides(queue: Queue, reviewer: Member) -> None:
    (item,) = make.items(queue)
    Front.objects.create(queue=queue, lane=1, reviewer=reviewer, pos=1_000)
    assert taken(queue, reviewer).item == item
    assert Front.objects.get(queue=queue, lane=1, reviewer=reviewer).pos == 1_000


def test_new_places_of_a_raised_item_are_not_behind_a_front(queue: Queue, project: Project, reviewer: Member) -> None:
    (item,) = make.items(queue, 1, k=1)
    assert taken(queue, reviewer).item == item
    late = make.member(project)
    assert claim(queue, late) is None
    set_k(item, 2)
    assert taken(queue, late).item == item


def test_given_back_places_that_are_not_for_a_reviewer_are_walked_once(queue: Queue, reviewer: Member) -> None:
    make.items(queue, 5, k=1)
    for _ in range(4):
        moved_on(queue, reviewer)
    taken(queue, reviewer)
    lane_zero = Front.objects.get(queue=queue, lane=0, reviewer=reviewer)
    assert lane_zero.pos == Place.objects.filter(queue=queue, lane=0).order_by("-pos").values_list("pos", flat=True)[0]


def test_remaining_counts_items_that_wait_for_this_person(queue: Queue, reviewer: Member) -> None:
    make.items(queue, 4)
    assert remaining(queue, reviewer) == 4
    moved_on(queue, reviewer)
    assert remaining(queue, reviewer) == 3


def test_a_claim_takes_few_statements(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    make.items(queue, 6)
    most = 4 if connection.vendor == "postgresql" else 20
    moved_on(queue, reviewer)
    make.expired(taken(queue, other_reviewer))
    for _ in range(2):  # with a lease to free, then without
        with CaptureQueriesContext(connection) as captured:
            assert claim(queue, reviewer)
        assert len(statements(captured)) <= most, statements(captured)
