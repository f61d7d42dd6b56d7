"""Adaptive overlap: another reviewer only while the answer is not clear."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Verdict
from reviews.quality.estimate import estimate_due
from reviews.quality.models import Adjudication, LabelModel, OverlapPolicy
from reviews.quality.settle import settle_complete_items
from reviews.queues.claim import claim
from reviews.queues.models import Item, Place, Queue
from reviews.queues.submit import submit
from tests import make

YES: dict[str, Any] = {"grounded": "yes", "helpful": 4}
NO: dict[str, Any] = {"grounded": "no", "helpful": 2}


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, k=2, grace_seconds=0)


@pytest.fixture
def people(project: Project) -> list[Member]:
    return [make.member(project, name=f"Rev {n}") for n in range(5)]


def policy(queue: Queue, **fields: Any) -> OverlapPolicy:
    return OverlapPolicy.objects.create(project=queue.project, queue=queue, **fields)


def judged(queue: Queue, people: list[Member], answers: list[dict[str, Any]]) -> Item:
    """An item with these reviews, complete."""
    subject = make.subject(make.response(queue.project))
    for person, answer in zip(people, answers, strict=False):
        make.counted(queue, subject, person, answer)
    return Item.objects.get(queue=queue, subject=subject)


def test_an_item_that_is_not_clear_gets_one_more_place(queue: Queue, people: list[Member]) -> None:
    policy(queue, target=0.9, most=3)
    item = judged(queue, people, [YES, NO])
    assert settle_complete_items() == 0
    item.refresh_from_db()
    assert (item.state, item.k) == ("open", 3)
    assert item.places.filter(state=Place.State.OPEN).count() == 1
    assert not Adjudication.objects.exists()
    turn = claim(queue, people[2])
    assert turn
    assert turn.item == item
    submit(turn.token, people[2], YES, submission_id=uuid4())
    Item.objects.update(settle_after=None)  # the time for undoing it is over
    assert settle_complete_items() == 1
    verdict = Verdict.objects.get()
    assert verdict.answers["grounded"]["value"] == "yes"
    assert verdict.answers["grounded"]["posterior"] == {"yes": 0.75, "no": 0.25}


def test_a_clear_item_stops_early(queue: Queue, people: list[Member]) -> None:
    policy(queue, target=0.85, most=5)
    judged(queue, people, [YES, YES])
    assert settle_complete_items() == 1
    assert Verdict.objects.get().answers["grounded"]["posterior"]["yes"] == pytest.approx(0.9)


def test_at_the_most_it_is_disputed_as_ever(queue: Queue, people: list[Member]) -> None:
    policy(queue, target=0.9, most=2)
    item = judged(queue, people, [YES, NO])
    assert settle_complete_items() == 1
    item.refresh_from_db()
    assert (item.state, item.k) == ("unresolved", 2)


def test_without_a_policy_most_decide_and_the_posterior_stands_beside(queue: Queue, people: list[Member]) -> None:
    item = judged(queue, people, [YES, YES, NO])
    settle_complete_items()
    item.refresh_from_db()
    assert item.k == 3
    answer = Verdict.objects.get().answers["grounded"]
    assert (answer["value"], answer["posterior"]) == ("yes", {"yes": 0.75, "no": 0.25})  # as .75² · .25 to .75 · .25²


def test_imported_labels_are_weighed_as_well(project: Project, people: list[Member]) -> None:
    """By what all labels of the queue say of each of their makers."""
    queue = make.queue(project, takes_imports=True)
    for n in range(30):
        truth, other = (YES, NO) if n % 2 else (NO, YES)
        judged(queue, [people[0], people[1 + n % 2], people[4]], [truth, truth, other if n % 3 == 0 else truth])
    assert estimate_due() == 2
    item = judged(queue, [people[0], people[1], people[4]], [YES, YES, NO])
    settle_complete_items()
    verdict = Verdict.objects.get(subject=item.subject)
    assert verdict.method == Verdict.Method.IMPORTED
    assert verdict.answers["grounded"]["posterior"]["yes"] > 0.95  # more than .75: two good ones against a poorer one


@pytest.mark.parametrize("is_on", [True, False])
def test_reliability_decides_against_the_many(queue: Queue, people: list[Member], is_on: bool) -> None:
    """One who is nearly always right outweighs two who guess."""
    policy(queue, target=0.8, most=3, decides=OverlapPolicy.Decides.RELIABILITY, is_on=is_on)
    queue.k = 3
    queue.save()
    accuracy = {str(people[0].pk): 0.97, str(people[1].pk): 0.55, str(people[2].pk): 0.55}
    fields = {"n_items": 100, "n_labels": 300, "upto": 0}
    shares = {"yes": 0.5, "no": 0.5}
    LabelModel.objects.create(
        project=queue.project, queue=queue, criterion="grounded", shares=shares, accuracy=accuracy, **fields
    )
    judged(queue, people, [NO, YES, YES])
    settle_complete_items()
    assert Verdict.objects.get().answers["grounded"]["value"] == ("no" if is_on else "yes")


def test_a_better_estimate_alone_changes_no_verdict(queue: Queue, people: list[Member]) -> None:
    row = policy(queue, target=0.6)
    item = judged(queue, people, [YES, YES])
    settle_complete_items()
    before = Verdict.objects.get()
    fields = {"n_items": 9, "n_labels": 9, "upto": 0, "accuracy": {}, "shares": {"yes": 0.9, "no": 0.1}}
    LabelModel.objects.create(project=queue.project, queue=row.queue, criterion="grounded", **fields)
    Item.objects.filter(pk=item.pk).update(state=Item.State.COMPLETE)
    settle_complete_items()
    assert Verdict.objects.get() == before


def test_accuracies_come_from_all_reviews(queue: Queue, people: list[Member]) -> None:
    """Four who agree, and one who says the opposite each third time."""
    policy(queue, most=5)
    queue.k = 3
    queue.save()
    for n in range(30):
        truth, other = (YES, NO) if n % 2 else (NO, YES)
        judged(queue, [people[0], people[1 + n % 2], people[4]], [truth, truth, other if n % 3 == 0 else truth])
    assert estimate_due() == 2
    found = LabelModel.objects.get(criterion="grounded")
    assert found.accuracy[str(people[0].pk)] > 0.9
    assert found.accuracy[str(people[4].pk)] < 0.8
    assert found.shares["yes"] == pytest.approx(0.5, abs=0.1)
    assert (found.n_items, found.n_labels) == (30, 90)
    assert estimate_due() == 0  # nothing new
    judged(queue, people, [YES, YES, YES])
    assert estimate_due() == 0  # not enough new


def test_comparisons_are_weighed_by_place(project: Project, people: list[Member]) -> None:
    version = make.rubric_version(project, subject_size=2)
    queue = make.queue(project, key="pairs", rubric_version=version, k=1, grace_seconds=0)
    policy(queue, target=0.7, most=2)
    for n in range(25):
        pair = [make.response(project, f"{side} {n}") for side in ("left", "right")]
        subject = make.subject(*pair)
        for person in people[:2]:
            answer = {"better": {"outcome": "preferred", "preferred": pair[0].pk, "strength": 1}}
            make.counted(queue, subject, person, answer)
    assert estimate_due() == 1
    assert LabelModel.objects.get().shares["1"] > 0.9
    settle_complete_items()
    verdict = Verdict.objects.order_by("pk")[0]
    assert verdict.answers["better"]["posterior"][str(verdict.answers["better"]["preferred"])] > 0.99
