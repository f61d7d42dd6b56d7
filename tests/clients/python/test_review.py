"""The client claims, drafts, submits, skips and undoes, as a reviewer's own front end would."""

from __future__ import annotations

from uuid import uuid4

import pytest
from touchstone_client import Touchstone, TouchstoneError

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Review
from reviews.queues.models import Assignment, Queue
from tests import make
from tests.clients.python.conftest import Connect

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queue(project: Project) -> Queue:
    queue = make.queue(project, key="grounding", grace_seconds=600)
    make.items(queue, 2)
    return queue


@pytest.fixture
def client(connect: Connect, reviewer: Member) -> Touchstone:
    return connect("review", member=reviewer)


def test_a_reviewer_works_until_nothing_waits(client: Touchstone, queue: Queue) -> None:
    first = client.claim("grounding")
    assert first is not None
    assert [one["key"] for one in first["item"]["criteria"]] == ["grounded", "helpful", "flags", "rewrite"]
    done = client.submit(first, make.ANSWERS, note="Fine.", active_ms=900, claim_next=True)
    assert done["state"] == "submitted"
    second = done["next"]
    assert second is not None
    assert second["token"] != first["token"]
    client.skip(second, "too-hard", note="Not my field.")
    assert client.claim("grounding") is None
    review = Review.objects.get()
    assert (review.note, review.active_ms) == ("Fine.", 900)


def test_a_submit_that_is_sent_twice_is_stored_once(client: Touchstone, queue: Queue) -> None:
    held, submission_id = client.claim("grounding"), str(uuid4())
    assert held is not None
    answers = [client.submit(held["token"], make.ANSWERS, submission_id=submission_id) for _ in range(2)]
    assert answers[0] == answers[1]
    assert Review.objects.count() == 1


def test_what_is_wrong_with_answers_is_pointed_at(client: Touchstone, queue: Queue) -> None:
    held = client.claim("grounding")
    assert held is not None
    with pytest.raises(TouchstoneError) as refused:
        client.submit(held, {"grounded": "perhaps", "helpful": 9})
    assert (refused.value.status, refused.value.code) == (422, "answers-refused")
    assert {one["pointer"] for one in refused.value.errors} == {"/grounded", "/helpful"}


def test_a_draft_is_kept_and_not_written_over_unseen(client: Touchstone, queue: Queue) -> None:
    held = client.claim("grounding")
    assert held is not None
    saved = client.draft(held, {"helpful": 4}, if_match=held["draft_etag"])
    assert client.draft(held, {"helpful": 5}, if_match=saved["etag"])["answers"] == {"helpful": 5}
    with pytest.raises(TouchstoneError) as lost:
        client.draft(held, {"helpful": 1}, if_match=saved["etag"])
    assert (lost.value.status, lost.value.code) == (412, "changed")
    assert lost.value.data["current"] == {"answers": {"helpful": 5}}


def test_a_submit_is_undone_and_a_place_given_back(client: Touchstone, queue: Queue) -> None:
    held = client.claim("grounding")
    assert held is not None
    assert client.heartbeat(held) >= str(held["lease_until"])
    client.submit(held, make.ANSWERS)
    assert client.undo(held)["draft"] == make.ANSWERS | {"flags": []}
    client.release(held)
    assert Assignment.objects.get(token=held["token"]).draft["helpful"] == 4


def test_somebody_elses_assignment_is_not_there(
    client: Touchstone, connect: Connect, other_reviewer: Member, queue: Queue
) -> None:
    held = connect("review", member=other_reviewer).claim("grounding")
    assert held is not None
    with pytest.raises(TouchstoneError) as missing:
        client.submit(held, make.ANSWERS)
    assert missing.value.status == 404
