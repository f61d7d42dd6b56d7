"""Queues for named people: nobody else gets an item, by page, API or claim."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from reviews.queues import desk as desks
from reviews.queues.claim import claim, remaining, remaining_by_queue
from reviews.queues.escalate import set_skills
from reviews.queues.leases import free_due_leases
from reviews.queues.models import Admission, Item, Place, Queue
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project, reviewer: Member) -> Queue:
    """For `reviewer` alone, with two items."""
    queue = make.queue(project, k=2, is_restricted=True)
    Admission.objects.create(project=project, queue=queue, member=reviewer)
    make.items(queue, 2)
    return queue


def test_only_the_named_get_items(queue: Queue, reviewer: Member, other_reviewer: Member, admin: Member) -> None:
    assert claim(queue, other_reviewer) is None
    assert claim(queue, admin) is None
    assert claim(queue, reviewer) is not None


def test_places_kept_apart_are_for_the_named_too(queue: Queue, other_reviewer: Member) -> None:
    Place.objects.update(hidden_until="2024-01-01T00:00:00Z")
    assert claim(queue, other_reviewer) is None


def test_who_is_named_later_finds_all_that_waited(queue: Queue, other_reviewer: Member) -> None:
    assert claim(queue, other_reviewer) is None
    Admission.objects.create(project=queue.project, queue=queue, member=other_reviewer)
    first = claim(queue, other_reviewer)
    assert first is not None
    assert first.item == queue.items.order_by("pk")[0]


def test_who_is_dismissed_finishes_what_they_hold_and_gets_no_more(queue: Queue, reviewer: Member, desk: Any) -> None:
    held = desk.take(queue)
    queue.admissions.all().delete()
    assert claim(queue, reviewer) == held
    assert [row["queue"] for row in desks.work_rows(reviewer)[0]] == [queue]
    desk.submit(held)
    assert claim(queue, reviewer) is None
    assert desks.work_rows(reviewer)[0] == []


def test_a_lost_claim_does_not_come_back_to_the_dismissed(queue: Queue, reviewer: Member, desk: Any) -> None:
    make.expired(desk.take(queue))
    free_due_leases()
    queue.admissions.all().delete()
    assert claim(queue, reviewer) is None


def test_the_work_list_and_the_counts_leave_it_out(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    assert [row["queue"] for row in desks.work_rows(reviewer)[0]] == [queue]
    assert desks.work_rows(other_reviewer)[0] == []
    assert (remaining(queue, reviewer), remaining(queue, other_reviewer)) == (2, 0)
    assert (remaining_by_queue(reviewer), remaining_by_queue(other_reviewer)) == ({queue.pk: 2}, {})


def test_the_desk_says_that_it_is_for_others(queue: Queue, other_reviewer: Member, desk_of: Any) -> None:
    assert "This queue is for other people" in desk_of(other_reviewer).get("review", key=queue.key).text


def test_a_program_is_told_so(queue: Queue, reviewer: Member, other_reviewer: Member, client_of: Any) -> None:
    url = reverse("api:queue-claim", kwargs={"key": queue.key})
    for member, status in ((reviewer, 201), (other_reviewer, 403)):
        key = make.api_key(queue.project, "review", member=member)
        answer = client_of(member).post(url, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == status
    assert answer.json()["code"] == "not-admitted"


@pytest.mark.postgres
def test_a_claim_still_takes_four_statements(queue: Queue, reviewer: Member) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert claim(queue, reviewer) is not None
    assert len([q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]) <= 4


def test_an_item_is_stuck_when_all_who_are_named_had_a_turn(queue: Queue, desk: Any) -> None:
    assert not Item.objects.stuck().exists()
    held = desk.take(queue)
    desk.submit(held)
    assert held.item in Item.objects.stuck()
    Queue.objects.update(is_restricted=False)
    make.member(queue.project)
    assert not Item.objects.stuck().exists()


# -- by skill


def test_a_queue_that_asks_for_a_skill_gives_to_who_has_it(
    project: Project, reviewer: Member, other_reviewer: Member, desk_of: Any
) -> None:
    queue = make.queue(project, skill="law")
    make.items(queue, 2)
    set_skills(reviewer, ["law", "claims"], reviewer)
    assert (queue.admits(reviewer), queue.admits(other_reviewer)) == (True, False)
    assert list(Queue.objects.for_reviewer(reviewer)) == [queue]
    assert not Queue.objects.for_reviewer(other_reviewer).exists()
    assert (remaining(queue, reviewer), remaining(queue, other_reviewer)) == (2, 0)
    assert claim(queue, other_reviewer) is None
    held = claim(queue, reviewer)
    assert held is not None
    assert "people with the skill “law”" in desk_of(other_reviewer).get("review", key=queue.key).text
    set_skills(reviewer, [], reviewer)
    assert claim(queue, reviewer) == held  # what somebody holds they finish


def test_skill_and_name_are_both_asked_for(project: Project, reviewer: Member, other_reviewer: Member) -> None:
    queue = make.queue(project, skill="law", is_restricted=True)
    make.items(queue, 1)
    queue.admissions.create(project=project, member=reviewer)
    set_skills(other_reviewer, ["law"], other_reviewer)
    assert claim(queue, reviewer) is None
    assert claim(queue, other_reviewer) is None
    set_skills(reviewer, ["law"], reviewer)
    assert claim(queue, reviewer) is not None


def test_an_item_is_stuck_when_all_who_have_the_skill_had_a_turn(
    project: Project, reviewer: Member, other_reviewer: Member, desk_of: Any
) -> None:
    queue = make.queue(project, k=2, skill="law")
    make.items(queue, 1)
    set_skills(reviewer, ["law"], reviewer)
    desk_of(reviewer).submit(desk_of(reviewer).take(queue))
    assert Item.objects.stuck().count() == 1
    set_skills(other_reviewer, ["law"], other_reviewer)
    assert not Item.objects.stuck().exists()


def test_the_form_offers_skills_and_wants_enough_people(project: Project, reviewer: Member, pages: Any) -> None:
    queue = make.queue(project, k=1)
    set_skills(reviewer, ["law"], reviewer)
    assert '<option value="law"' in pages.get("queue-create").text
    changed = {"skill": "law", "due_on": "2027-01-31", "daily_cap": "40"}
    assert pages.post("queue-change", fields(queue, **changed), key=queue.key).status_code == 302
    queue.refresh_from_db()
    assert (queue.skill, str(queue.due_on), queue.daily_cap) == ("law", "2027-01-31", 40)
    refused = pages.post("queue-change", fields(queue, k=2, skill="law"), key=queue.key)
    assert refused.status_code == 422
    assert "1 of those who may review have this skill" in refused.text
    unknown = pages.post("queue-change", fields(queue, skill="cooking"), key=queue.key)
    assert unknown.status_code == 422


# -- the form


def fields(queue: Queue, **changed: Any) -> dict[str, Any]:
    return {
        "name": queue.name, "rubric_version": queue.rubric_version_id, "k": 1, "order": "arrival",
        "lease_minutes": 15, "grace_minutes": 1, **changed,
    }  # fmt: skip


@pytest.fixture
def pages(curator: Member, desk_of: Any) -> Any:
    return desk_of(curator)


def test_people_are_named_and_dismissed_by_the_form(queue: Queue, other_reviewer: Member, pages: Any) -> None:
    data = fields(queue, audience="named", people=[other_reviewer.pk])
    assert pages.post("queue-change", data, key=queue.key).status_code == 302
    assert [row.member for row in queue.admissions.all()] == [other_reviewer]
    event = AuditEvent.objects.get(verb="queue-changed")
    assert (event.facts["admitted"], event.facts["dismissed"]) == (1, 1)
    assert other_reviewer.user is not None
    assert other_reviewer.user.name in pages.get("queue-detail", key=queue.key).text
    pages.post("queue-change", fields(queue, audience="everyone", people=[other_reviewer.pk]), key=queue.key)
    queue.refresh_from_db()
    assert (queue.is_restricted, queue.admissions.count()) == (False, 0)


@pytest.mark.parametrize(("k", "words"), [(1, "Tick at least one person"), (2, "An item needs 2 different people")])
def test_too_few_people_are_refused(queue: Queue, reviewer: Member, pages: Any, k: int, words: str) -> None:
    people = [reviewer.pk] if k == 2 else []
    page = pages.post("queue-change", fields(queue, k=k, audience="named", people=people), key=queue.key)
    assert page.status_code == 422
    assert words in page.text
    assert queue.admissions.count() == 1


def test_nobody_of_another_project_can_be_named(queue: Queue, outsider: Member, pages: Any) -> None:
    page = pages.post("queue-change", fields(queue, audience="named", people=[outsider.pk]), key=queue.key)
    assert page.status_code == 422
    assert not Admission.objects.filter(member=outsider).exists()


def test_a_named_person_who_left_is_still_offered(queue: Queue, reviewer: Member, pages: Any) -> None:
    Member.objects.filter(pk=reviewer.pk).update(disabled_at="2024-01-01T00:00:00Z")
    page = pages.get("queue-change", key=queue.key)
    assert f'value="{reviewer.pk}"' in page.text
