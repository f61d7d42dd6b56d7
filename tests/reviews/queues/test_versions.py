"""Moving a queue to a newer version of its rubric: what was begun stays, the rest is judged under the new one."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.rubrics.models import RubricVersion
from feedback.rubrics.publish import publish
from reviews.queues.claim import claim
from reviews.queues.extra import add_extra
from reviews.queues.models import Item, Place, Queue
from reviews.queues.submit import skip
from reviews.queues.versions import MoveRefused, change, move, move_back, newer_version
from tests import make
from tests.races import at_once, until_waited_for

pytestmark = pytest.mark.django_db
NEW: list[dict[str, Any]] = [
    {"key": "grounded", "kind": "yes_no", "label": "Is every claim in the sources?", "fails_when": {"values": ["no"]}},
    {"key": "tone", "kind": "yes_no", "label": "Is the tone right?", "is_required": False},
]


@pytest.fixture
def queue(project: Project) -> Queue:
    queue = make.queue(project, k=2, grace_seconds=60)
    make.items(queue, 3)
    return queue


@pytest.fixture
def newer(queue: Queue) -> RubricVersion:
    return publish(queue.rubric_version.rubric, NEW, "Read every source.")


@pytest.fixture
def pages(curator: Member, desk_of: Any) -> Any:
    return desk_of(curator)


def test_what_was_begun_stays_and_the_rest_is_asked_anew(
    queue: Queue, newer: RubricVersion, desk: Any, curator: Member, other_reviewer: Member
) -> None:
    older, held = queue.rubric_version, desk.take(queue)
    assert move(queue, newer, curator) == 1
    assert [item.rubric_version for item in Item.objects.order_by("pk")] == [older, newer, newer]
    assert "Helpfulness" in desk.get("review", key=queue.key).text
    desk.submit(held)
    held.refresh_from_db()
    assert held.review.rubric_version == older
    following = claim(Queue.objects.get(pk=queue.pk), other_reviewer)
    assert following is not None
    assert following.rubric_version == older  # one verdict is of one version
    assert "Is the tone right?" in desk.get("review", key=queue.key).text


def test_a_claim_by_a_page_that_was_read_before_the_move_shows_the_new_version(
    queue: Queue, newer: RubricVersion, reviewer: Member, curator: Member
) -> None:
    stale = Queue.objects.select_related("rubric_version").get(pk=queue.pk)
    move(queue, newer, curator)
    held = claim(stale, reviewer)
    assert held is not None
    assert held.rubric_version == newer
    assert stale.rubric_version == newer


def test_it_is_frozen_and_audited(queue: Queue, newer: RubricVersion, curator: Member) -> None:
    move(queue, newer, curator)
    newer.refresh_from_db()
    assert newer.frozen_at is not None
    event = AuditEvent.objects.get(verb="queue-moved")
    assert (event.before, event.after, event.actor) == ("1", "2", str(curator.key))
    assert newer_version(queue) is None


def test_it_is_undone_while_nobody_has_begun(
    queue: Queue, newer: RubricVersion, curator: Member, reviewer: Member
) -> None:
    older = queue.rubric_version
    move(queue, newer, curator)
    move_back(queue, curator)
    assert Queue.objects.get(pk=queue.pk).rubric_version == older
    move(queue, newer, curator)
    assert claim(queue, reviewer)
    with pytest.raises(MoveRefused, match="has begun"):
        move_back(queue, curator)


def test_only_the_same_rubric_for_as_many_responses(queue: Queue, curator: Member) -> None:
    other = make.rubric_version(queue.project)
    with pytest.raises(MoveRefused):
        move(queue, other, curator)
    publish(queue.rubric_version.rubric, make.PAIR_CRITERIA)
    assert newer_version(queue) is None


def test_nobody_is_asked_beside_under_the_older_version(
    queue: Queue, newer: RubricVersion, curator: Member, reviewer: Member, other_reviewer: Member
) -> None:
    held = claim(queue, reviewer)
    assert held is not None
    place = add_extra(held.item, other_reviewer)
    assert place is not None
    move(queue, newer, curator)
    place.refresh_from_db()
    assert place.state == Place.State.WITHDRAWN


def test_the_page_says_what_would_happen_and_does_it(
    queue: Queue, newer: RubricVersion, pages: Any, reviewer: Member
) -> None:
    held = claim(queue, reviewer)
    assert held is not None
    skip(held.token, reviewer, "other")
    assert b"Version 2 is published" in pages.get("queue-detail", key=queue.key).content
    page = pages.get("queue-versions", key=queue.key)
    assert (page.context["n_begun"], page.context["n_moved"]) == (1, 2)
    assert "Is the tone right?" in page.text
    assert "Read every source." in page.text
    assert pages.post("queue-versions", {"do": "move", "version": "3"}, key=queue.key).status_code == 409
    assert pages.post("queue-versions", {"do": "move", "version": "2"}, key=queue.key).status_code == 303
    assert "Move back to version 1" in pages.get("queue-versions", key=queue.key).text
    assert pages.post("queue-versions", {"do": "back"}, key=queue.key).status_code == 303
    assert Queue.objects.get(pk=queue.pk).rubric_version.number == 1
    assert pages.post("queue-versions", {"do": "fly"}, key=queue.key).status_code == 404


def test_only_who_manages_queues_of_the_project(queue: Queue, desk: Any, stranger: Any, pages: Any) -> None:
    assert desk.get("queue-versions", key=queue.key).status_code == 403
    assert stranger.get(pages.url("queue-versions", key=queue.key)).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_a_move_waits_for_a_claim_that_began_before(
    queue: Queue, newer: RubricVersion, curator: Member, reviewer: Member
) -> None:
    claimed = threading.Event()
    mine = Queue.objects.select_related("rubric_version").get(pk=queue.pk)

    def claim_slowly() -> Any:
        with transaction.atomic():
            held = claim(queue, reviewer)
            claimed.set()
            until_waited_for()
            return held

    def move_meanwhile() -> int:
        assert claimed.wait(60)
        return move(mine, newer, curator)

    held, _ = at_once(claim_slowly, move_meanwhile)
    item = Item.objects.get(pk=held.item_id)
    assert (held.rubric_version.number, item.rubric_version.number) == (1, 1)
    assert Queue.objects.get(pk=queue.pk).rubric_version == newer


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_no_item_is_ever_judged_under_two_versions(project: Project, newer: RubricVersion, queue: Queue) -> None:
    curator = make.member(project, "curator")
    people = [make.member(project) for _ in range(6)]
    make.items(queue, 10)
    mine = Queue.objects.select_related("rubric_version").get(pk=queue.pk)

    def work(member: Member) -> list[tuple[int, int]]:
        seen = []
        for _ in range(6):
            held = claim(Queue.objects.select_related("rubric_version").get(pk=queue.pk), member)
            assert held is not None
            seen.append((held.item_id, held.rubric_version.number))
            skip(held.token, member, "other")
        return seen

    *seen, _ = at_once(*(partial(work, member) for member in people), partial(move, mine, newer, curator))
    said = {pair for pairs in seen for pair in pairs}
    assert len({item for item, _ in said}) == len(said)
    assert said == {(item.pk, item.rubric_version.number) for item in Item.objects.begun()}


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_it_does_not_wait_for_who_may_wait_for_the_queue(
    queue: Queue, newer: RubricVersion, curator: Member, reviewer: Member
) -> None:
    held = claim(queue, reviewer)
    assert held is not None

    def hold() -> bool:
        with transaction.atomic():
            Item.objects.select_for_update().get(pk=held.item_id)
            return at_once(lambda: change(queue, newer, curator, None))[0]

    assert hold() is False
    assert change(queue, newer, curator, None)
