"""The right to review goes between opening an item and submitting it (F18): refused with a reason, the draft is kept,
and the place goes to somebody else.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Review
from reviews.queues.claim import claim, free_due_leases
from reviews.queues.models import Assignment, Item, Place, Queue
from reviews.queues.submit import save_draft
from tests import make

DRAFT = {"helpful": 3}


@pytest.fixture
def held(project: Project, reviewer: Member) -> Assignment:
    queue = make.queue(project, k=1)
    make.items(queue)
    assignment = claim(queue, reviewer)
    assert assignment is not None
    return save_draft(assignment.token, reviewer, DRAFT)


def removed(member: Member) -> None:
    member.disable()


def archived(member: Member) -> None:
    assert member.project.archive()


LOSSES = pytest.mark.parametrize("lose", [removed, archived])  # every role may review


@LOSSES
def test_who_lost_the_right_is_refused_and_nothing_is_lost(
    held: Assignment, reviewer: Member, other_reviewer: Member, desk: Any, form_data: Any, lose: Any
) -> None:
    lose(reviewer)
    answer = desk.post("submit", form_data(held), key=held.queue.key)
    assert answer.status_code == 404
    assert not Review.objects.exists()
    held.refresh_from_db()
    assert (held.draft, held.state) == (DRAFT, "claimed")
    make.expired(held)
    free_due_leases(10)
    assert list(Place.objects.values_list("state", flat=True)) == ["open"]
    if lose is not archived:
        taken = claim(Queue.objects.get(), other_reviewer)
        assert taken is not None
        assert taken.item_id == held.item_id


@LOSSES
def test_a_program_of_who_lost_the_right_is_refused_too(held: Assignment, reviewer: Member, lose: Any) -> None:
    key = make.api_key(reviewer.project, "review", member=reviewer)
    lose(reviewer)
    browser: Any = Client(headers={"Authorization": f"Bearer {key}"})
    body = {"submission_id": "5b6f6f0e-5d2c-4bb5-9d0b-7f4a3e6d1c11", "answers": make.ANSWERS}
    address = f"/api/v1/assignments/{held.token}/submit/"
    answer = browser.post(address, body, content_type="application/json")
    assert answer.status_code in {401, 403}
    assert answer.json()["detail"]
    assert not Review.objects.exists()
    assert Item.objects.get().n_filled == 0


def test_who_comes_back_finds_the_draft_and_submits(held: Assignment, reviewer: Member, desk: Any) -> None:
    reviewer.project.archive()
    Project.objects.filter(pk=reviewer.project_id).update(archived_at=None)
    page = desk.get("review", key=held.queue.key)
    assert page.status_code == 200
    assert 'name="q-helpful" value="3"' in page.text
    assert desk.submit(held).status_code == 303
    assert Review.objects.count() == 1
