"""A restricted person claims nothing, keeps what they did, and goes on where they stopped when it is lifted."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from reviews.queues import desk as desks
from reviews.queues.claim import claim, remaining
from reviews.queues.leases import free_due_leases
from reviews.queues.models import Assignment, Item, Queue, Restriction
from reviews.queues.restrict import RestrictionRefused, lift, restrict
from reviews.queues.submit import skip
from tests import make
from tests.races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    queue = make.queue(project, k=2)
    make.items(queue, 3)
    return queue


@pytest.mark.parametrize("everywhere", [True, False])
def test_nothing_is_claimed_until_it_is_lifted(
    queue: Queue, reviewer: Member, moderator: Member, everywhere: bool
) -> None:
    row = restrict(reviewer, None if everywhere else queue, moderator, "Let us talk first.")
    assert claim(queue, reviewer) is None
    assert remaining(queue, reviewer) == 0
    assert desks.work_rows(reviewer)[0] == []
    lift(row, moderator, "We talked.")
    assert claim(queue, reviewer) is not None


def test_other_queues_and_other_people_go_on(
    project: Project, queue: Queue, reviewer: Member, other_reviewer: Member, moderator: Member
) -> None:
    other = make.queue(project)
    make.items(other)
    restrict(reviewer, queue, moderator, "Not this one.")
    assert claim(other, reviewer) is not None
    assert claim(queue, other_reviewer) is not None


def test_what_is_held_may_be_finished_and_what_was_lost_does_not_come_back(
    queue: Queue, reviewer: Member, other_reviewer: Member, moderator: Member, desk: Any
) -> None:
    held = desk.take(queue)
    restrict(reviewer, queue, moderator, "Enough for today.")
    assert claim(queue, reviewer) == held
    make.expired(held)
    free_due_leases()
    assert claim(queue, reviewer) is None


def test_they_read_why_and_keep_their_history(queue: Queue, reviewer: Member, moderator: Member, desk: Any) -> None:
    other = make.queue(queue.project)
    make.items(other)
    desk.submit(desk.take(queue))
    restrict(reviewer, None, moderator, "Answers came too fast <b>.")
    page = desk.get("work").text
    assert "For now you get no items in all queues" in page
    assert "Answers came too fast &lt;b&gt;." in page
    assert "You get no items here for now" in desk.get("review", key=other.key).text
    assert desk.get("history").context["rows"]


def test_a_program_is_told_so(queue: Queue, reviewer: Member, moderator: Member, client_of: Any) -> None:
    restrict(reviewer, queue, moderator, "Enough.")
    key = make.api_key(queue.project, "review", member=reviewer)
    url = reverse("api:queue-claim", kwargs={"key": queue.key})
    answer = client_of(reviewer).post(url, headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "restricted")


def test_an_item_is_stuck_when_all_others_had_a_turn(
    queue: Queue, reviewer: Member, moderator: Member, desk: Any
) -> None:
    Member.objects.exclude(pk=reviewer.pk).update(disabled_at="2024-01-01T00:00:00Z")
    assert not Item.objects.stuck().exists()
    restrict(reviewer, queue, moderator, "Enough.")
    assert Item.objects.stuck().count() == 3


def test_what_makes_no_sense_is_refused(queue: Queue, reviewer: Member, moderator: Member) -> None:
    imported = Member.objects.create(project=queue.project, source="x", source_name="y", role="reviewer")
    for member, reason in ((moderator, "Me."), (imported, "Them."), (reviewer, "  ")):
        with pytest.raises(RestrictionRefused):
            restrict(member, queue, moderator, reason)
    row = restrict(reviewer, queue, moderator, "Once.")
    with pytest.raises(RestrictionRefused, match="stands already"):
        restrict(reviewer, queue, moderator, "Twice.")
    with pytest.raises(RestrictionRefused, match="about you"):
        lift(row, reviewer, "Let me in.")
    lift(row, moderator, "Done.")
    with pytest.raises(RestrictionRefused, match="lifted already"):
        lift(row, moderator, "Done.")


def test_the_database_wants_reasons(queue: Queue, reviewer: Member, moderator: Member) -> None:
    row = restrict(reviewer, queue, moderator, "Once.")
    rows = Restriction.objects.filter(pk=row.pk)
    for wrong in ({"reason": ""}, {"lift_reason": "x"}, {"lifted_at": row.at, "lifted_by": moderator}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**wrong)


def test_both_acts_are_audited_without_their_words(queue: Queue, reviewer: Member, moderator: Member) -> None:
    lift(restrict(reviewer, queue, moderator, "A secret."), moderator, "A secret.")
    events = AuditEvent.objects.filter(object_type="queues.restriction").order_by("pk")
    assert [event.verb for event in events] == ["member-restricted", "member-restriction-lifted"]
    assert all(event.facts == {"member": str(reviewer.key), "queue": queue.key} for event in events)
    assert all(event.actor == str(moderator.key) for event in events)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("everywhere", [True, False])
def test_once_it_is_done_no_claim_begins_any_more(
    project: Project, reviewer: Member, moderator: Member, everywhere: bool
) -> None:
    queue, over = make.queue(project, k=1), []
    make.items(queue, 400)

    def work() -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and (held := claim(queue, reviewer)) is not None:
            skip(held.token, reviewer, "not-sure")

    def stop(after: int) -> int:
        while Assignment.objects.count() < after:
            time.sleep(0.002)
        restrict(reviewer, None if everywhere else queue, moderator, "Now.")
        over.append(list(Assignment.objects.values_list("pk", flat=True)))
        return len(over[0])

    at_once(work, work, partial(stop, 12))
    assert sorted(over[0]) == sorted(Assignment.objects.values_list("pk", flat=True))
    assert len(over[0]) < 400
