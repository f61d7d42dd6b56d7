"""Adding items, raising and lowering k, withdrawing, and reviews that were made elsewhere."""

from __future__ import annotations

import uuid

import pytest

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.responses.models import Response
from reviews.queues.claim import claim, free_due_leases
from reviews.queues.items import ItemRefused, add_items, set_k, withdraw
from reviews.queues.models import Assignment, Item, Lane, Place, Queue
from reviews.queues.submit import submit
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, k=2)


def answered(queue: Queue, reviewer: Member) -> Assignment:
    assignment = claim(queue, reviewer)
    assert assignment is not None
    return submit(assignment.token, reviewer, make.ANSWERS, submission_id=uuid.uuid4())


def states(item: Item) -> list[str]:
    return list(Place.objects.filter(item=item).order_by("number").values_list("state", flat=True))


def test_adding_makes_k_places_in_order_and_freezes_the_rubric(queue: Queue, project: Project) -> None:
    subjects = [make.subject(make.response(project)) for _ in range(3)]
    added = add_items(
        queue, [row.pk for row in subjects], k=3, lane=2, inclusion_probability=[0.1, 0.2, 0.3], rule_label="rule 1"
    )
    assert added == 3
    rows = Place.objects.order_by("pos").values_list("item__subject", "number", "lane", "pos")
    assert list(rows) == [
        (subject.pk, number, 2, index * 3 + number)
        for index, subject in enumerate(subjects)
        for number in (1, 2, 3)
    ]  # fmt: skip
    assert list(Item.objects.order_by("pk").values_list("inclusion_probability", flat=True)) == [0.1, 0.2, 0.3]
    assert Response.objects.filter(is_queued=True).count() == 3
    queue.rubric_version.refresh_from_db()
    assert queue.rubric_version.frozen_at is not None
    assert Lane.objects.get(queue=queue, number=2).next_pos == 10


def test_adding_again_adds_nothing(queue: Queue, project: Project) -> None:
    one, other = (make.subject(make.response(project)).pk for _ in range(2))
    assert add_items(queue, [one, one]) == 1
    assert add_items(queue, [one, other]) == 1
    assert Place.objects.count() == 4


def test_it_refuses_subjects_of_another_project_or_size(queue: Queue, project: Project, other_project: Project) -> None:
    foreign = make.subject(make.response(other_project))
    pair = make.subject(make.response(project, question="Q?"), make.response(project, question="Q?"))
    for subject in (foreign, pair):
        with pytest.raises(ItemRefused):
            add_items(queue, [subject.pk])
    with pytest.raises(ItemRefused):
        add_items(queue, [], k=0)
    assert not Item.objects.exists()


def test_raising_adds_places_and_reopens(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    (item,) = make.items(queue)
    for person in (reviewer, other_reviewer):
        answered(queue, person)
    Item.objects.update(state="settled")
    assert set_k(item, 3) == 3
    item.refresh_from_db()
    assert (item.state, item.k, item.n_filled, item.completed_at) == ("open", 3, 2, None)
    assert states(item) == ["filled", "filled", "open"]
    assert AuditEvent.objects.filter(verb="item-resized", before="2", after="3").exists()


def test_lowering_withdraws_open_places_only(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    (item,) = make.items(queue, 1, k=4)
    answered(queue, reviewer)
    claim(queue, other_reviewer)
    assert set_k(item, 1) == 2
    assert states(item) == ["filled", "claimed", "withdrawn", "withdrawn"]
    item.refresh_from_db()
    assert (item.k, item.state) == (2, "open")


def test_lowering_to_what_is_there_completes_the_item(queue: Queue, reviewer: Member) -> None:
    (item,) = make.items(queue, 1, k=3)
    answered(queue, reviewer)
    assert set_k(item, 1) == 1
    item.refresh_from_db()
    assert (item.state, item.n_filled, item.k) == ("complete", 1, 1)
    assert set_k(item, 1) == 1
    assert AuditEvent.objects.filter(verb="item-resized").count() == 1


def test_an_item_needs_at_least_one_review(queue: Queue) -> None:
    (item,) = make.items(queue)
    with pytest.raises(ItemRefused):
        set_k(item, 0)


def test_a_withdrawn_item_asks_nobody_else(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    (item,) = make.items(queue)
    held = claim(queue, reviewer)
    assert held is not None
    withdraw(item)
    assert claim(queue, other_reviewer) is None
    assert submit(held.token, reviewer, make.ANSWERS, submission_id=uuid.uuid4()).state == "submitted"
    item.refresh_from_db()
    assert (item.state, item.k, item.n_filled, states(item)) == ("withdrawn", 1, 1, ["filled", "withdrawn"])
    with pytest.raises(ItemRefused):
        set_k(item, 2)


def test_a_place_that_frees_on_a_withdrawn_item_is_withdrawn(queue: Queue, reviewer: Member) -> None:
    (item,) = make.items(queue)
    held = claim(queue, reviewer)
    assert held is not None
    make.expired(held)
    withdraw(item)
    assert free_due_leases(10) == 1
    assert states(item) == ["withdrawn", "withdrawn"]
    assert Item.objects.get().k == 0


def test_an_imported_review_brings_its_own_place(project: Project, reviewer: Member, other_reviewer: Member) -> None:
    queue = make.queue(project, takes_imports=True)
    subject = make.subject(make.response(project))
    make.counted(queue, subject, reviewer, make.ANSWERS)
    make.counted(queue, subject, other_reviewer, make.ANSWERS)
    make.counted(queue, subject, reviewer, make.ANSWERS, round=2)
    item = Item.objects.get()
    assert (item.k, item.n_filled, item.state) == (3, 3, "complete")
    assert states(item) == ["filled"] * 3
    assert Assignment.objects.filter(state="submitted", review__isnull=False).count() == 3
