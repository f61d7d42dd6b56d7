"""What a person opted out of never comes, comes again when they opt in, and an hour has a cap where a queue says so."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from feedback.accounts.models import Member, Project, User
from feedback.audit.models import AuditEvent
from feedback.responses.models import Response
from reviews.queues.care import goes_on_at, offered, opt_out
from reviews.queues.claim import claim, remaining
from reviews.queues.extra import add_extra
from reviews.queues.invariants import passed_by
from reviews.queues.leases import free_due_leases
from reviews.queues.models import Assignment, Front, Item, OptOut, Queue
from reviews.queues.submit import skip, submit
from tests import make
from tests.races import at_once

pytestmark = pytest.mark.django_db


def marked(queue: Queue, n: int = 1, *tags: str) -> list[Item]:
    """Items whose responses have these tags."""
    rows = make.items(queue, n)
    Response.objects.filter(subject_parts__subject__items__in=rows).update(tags=list(tags or ["graphic"]))
    return rows


def all_of(queue: Queue, member: Member) -> list[int]:
    """What the person is given until nothing is left."""
    given = []
    while (held := claim(queue, member)) is not None:
        given.append(held.item_id)
        skip(held.token, member, "not-sure")
    return given


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, k=3)


def test_what_one_opted_out_of_never_comes(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    rows = [*marked(queue, 2), *make.items(queue, 1), *marked(queue, 1, "toxic", "graphic"), *marked(queue, 1, "v7")]
    opt_out(reviewer, ["graphic", "violent"])
    assert remaining(queue, reviewer) == 2
    assert all_of(queue, reviewer) == [rows[2].pk, rows[4].pk]
    assert sorted(all_of(queue, other_reviewer)) == [row.pk for row in rows]
    assert not passed_by().exists()


def test_one_of_two_responses_is_enough(project: Project, reviewer: Member) -> None:
    queue = make.queue(project, subject_size=2)
    row = make.items(queue)[0]
    Response.objects.filter(pk=row.subject.shown()[1].pk).update(tags=["graphic"])
    opt_out(reviewer, ["graphic"])
    assert claim(queue, reviewer) is None


def test_who_opts_in_again_gets_what_lies_behind_their_front(queue: Queue, reviewer: Member) -> None:
    rows = [*marked(queue, 2), *make.items(queue, 2)]
    opt_out(reviewer, ["graphic"])
    assert all_of(queue, reviewer) == [row.pk for row in rows[2:]]
    assert max(Front.objects.filter(reviewer=reviewer).values_list("pos", flat=True)) > 0
    opt_out(reviewer, [])
    assert not passed_by().exists()
    assert all_of(queue, reviewer) == [row.pk for row in rows[:2]]


def test_the_fronts_are_asked_for_by_verify(queue: Queue, reviewer: Member) -> None:
    marked(queue, 1)
    opt_out(reviewer, ["graphic"])
    make.items(queue)
    all_of(queue, reviewer)
    assert not passed_by().exists()
    OptOut.objects.all().delete()
    assert passed_by().exists()


def test_a_lost_item_with_a_draft_does_not_come_back(queue: Queue, reviewer: Member, desk: Any) -> None:
    marked(queue)
    held = claim(queue, reviewer)
    assert held is not None
    opt_out(reviewer, ["graphic"])
    assert claim(queue, reviewer) == held
    make.expired(held)
    free_due_leases()
    assert claim(queue, reviewer) is None
    assert "given back while you were away" not in desk.get("review", key=queue.key).text


def test_a_place_that_is_kept_for_somebody_does_not_come_either(queue: Queue, reviewer: Member) -> None:
    row = marked(queue)[0]
    opt_out(reviewer, ["graphic"])
    add_extra(row, reviewer)
    assert claim(queue, reviewer) is None
    assert remaining(queue, reviewer) == 0


def test_an_item_is_stuck_when_the_others_opted_out(queue: Queue, reviewer: Member) -> None:
    Member.objects.exclude(pk=reviewer.pk).update(disabled_at="2024-01-01T00:00:00Z")
    marked(queue)
    make.items(queue)
    assert not Item.objects.stuck().exists()
    opt_out(reviewer, ["graphic"])
    assert Item.objects.stuck().count() == 1


def test_a_change_is_audited_without_its_words(queue: Queue, reviewer: Member) -> None:
    assert opt_out(reviewer, ["graphic", "toxic"])
    assert not opt_out(reviewer, ["toxic", "graphic"])
    event = AuditEvent.objects.get(verb="opt-outs-changed")
    assert event.facts == {"n": 2}
    with pytest.raises(IntegrityError), transaction.atomic():
        OptOut.objects.create(project=queue.project, member=reviewer, tag="toxic")


def test_a_tag_that_the_project_no_longer_lists_stays_theirs(project: Project, reviewer: Member) -> None:
    opt_out(reviewer, ["graphic"])
    project.sensitive_tags = ["toxic"]
    project.save(update_fields=["sensitive_tags"])
    reviewer.project.refresh_from_db()
    assert offered(reviewer) == ["toxic", "graphic"]


def test_the_page_keeps_what_is_ticked(project: Project, reviewer: Member, desk: Any) -> None:
    assert desk.post("care", {"opt_outs": ["toxic"], "break_minutes": "25"}).status_code == 302
    page = desk.get("care")
    assert page.context["form"].initial == {"opt_outs": ["toxic"], "break_minutes": 25}
    assert User.objects.get(members=reviewer).preferences["break_minutes"] == 25
    assert desk.post("care", {"opt_outs": ["gore"], "break_minutes": "1"}).status_code == 422
    assert list(reviewer.opt_outs.values_list("tag", flat=True)) == ["toxic"]
    desk.post("care", {})
    assert not reviewer.opt_outs.exists()


def test_a_stranger_finds_no_such_page(project: Project, stranger: Any) -> None:
    assert stranger.get(reverse("queues:care", kwargs={"project": project.slug})).status_code == 404


def test_an_hour_has_its_cap(project: Project, reviewer: Member, other_reviewer: Member, desk: Any) -> None:
    queue = make.queue(project, hourly_cap=2)
    make.items(queue, 4)
    for _ in range(2):
        desk.submit(desk.take(queue))
    assert claim(queue, reviewer) is None
    assert remaining(queue, reviewer) == 2
    assert claim(queue, other_reviewer) is not None
    at = goes_on_at(queue, reviewer)
    assert at is not None
    assert f"There is more from {at:%-d %B, %H:%M} UTC on" in desk.get("review", key=queue.key).text
    Assignment.objects.filter(reviewer=reviewer).update(submitted_at=timezone.now() - timedelta(minutes=61))
    assert goes_on_at(queue, reviewer) is None
    assert claim(queue, reviewer) is not None


def test_a_day_has_its_cap_beside_that_of_an_hour(project: Project, reviewer: Member, desk: Any) -> None:
    queue = make.queue(project, hourly_cap=1, daily_cap=2)
    make.items(queue, 4)
    for hours in (3, 2):
        desk.submit(desk.take(queue))
        sent = timezone.now() - timedelta(hours=hours)
        Assignment.objects.filter(reviewer=reviewer, submitted_at__gt=sent).update(submitted_at=sent)
    assert claim(queue, reviewer) is None
    at = goes_on_at(queue, reviewer)
    assert at is not None
    assert timedelta(hours=20.9) < at - timezone.now() <= timedelta(hours=21)
    assert f"There is more from {at:%-d %B, %H:%M} UTC on" in desk.get("review", key=queue.key).text
    Assignment.objects.filter(reviewer=reviewer).update(submitted_at=timezone.now() - timedelta(hours=25))
    assert claim(queue, reviewer) is not None


def test_a_program_is_told_when_it_goes_on(project: Project, reviewer: Member, client_of: Any) -> None:
    queue = make.queue(project, hourly_cap=1)
    make.items(queue, 2)
    held = claim(queue, reviewer)
    assert held is not None
    submit(held.token, reviewer, make.ANSWERS, submission_id="0b0e5ac0-3f0c-4c4e-9d3e-0a4f0c1f2a3b")
    key = make.api_key(project, "review", member=reviewer)
    url = reverse("api:queue-claim", kwargs={"key": queue.key})
    answer = client_of(reviewer).post(url, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 204
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_once_it_is_done_no_claim_gives_it_any_more(project: Project, reviewer: Member) -> None:
    queue = make.queue(project, k=1)
    over: list[int] = []
    marked(queue, 300)

    def work() -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and (held := claim(queue, reviewer)) is not None:
            skip(held.token, reviewer, "not-sure")

    def stop(after: int) -> None:
        while Assignment.objects.count() < after:
            time.sleep(0.002)
        opt_out(reviewer, ["graphic"])
        over.extend(Assignment.objects.values_list("pk", flat=True))

    at_once(work, work, partial(stop, 12))
    assert sorted(over) == sorted(Assignment.objects.values_list("pk", flat=True))
    assert len(over) < 300


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_whoever_opts_in_while_they_claim_misses_nothing(project: Project, reviewer: Member) -> None:
    queue = make.queue(project, k=1)
    rows = [row for _ in range(60) for row in (*marked(queue), *make.items(queue))]
    opt_out(reviewer, ["graphic"])

    def work() -> None:
        while (held := claim(queue, reviewer)) is not None:
            skip(held.token, reviewer, "not-sure")

    def return_after(n: int) -> None:
        while Assignment.objects.count() < n:
            time.sleep(0.002)
        opt_out(reviewer, [])

    at_once(work, work, partial(return_after, 20))
    assert not passed_by().exists()
    work()
    assert Assignment.objects.filter(reviewer=reviewer).count() == len(rows)
