"""What was settled under an older version is put before reviewers again; the new verdict takes the old one's place."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.judgements.models import Verdict
from feedback.rubrics.publish import publish
from reviews.quality import invariants as of_quality
from reviews.quality.adjudicate import NotDisputed, adjudicate
from reviews.quality.models import Adjudication
from reviews.quality.settle import settle_item
from reviews.queues import again
from reviews.queues import invariants as of_queues
from reviews.queues.claim import claim
from reviews.queues.items import invalidate, set_k
from reviews.queues.models import Item, Queue
from reviews.queues.submit import submit
from reviews.queues.versions import MoveRefused, move, move_back
from tests import make
from tests.races import outcomes_at_once

pytestmark = pytest.mark.django_db
NEW: list[dict[str, Any]] = [
    {"key": "grounded", "kind": "yes_no", "label": "Is every claim in the sources?", "fails_when": {"values": ["no"]}}
]


def judge(queue: Queue, member: Member, answers: dict[str, Any]) -> Item:
    held = claim(queue, member)
    assert held is not None
    submit(held.token, member, answers, submission_id=held.token)
    item = Item.objects.get(pk=held.item_id)
    settle_item(item)
    return item


@pytest.fixture
def queue(project: Project, reviewer: Member, curator: Member) -> Queue:
    """Two items settled under version 1, the first as good; the queue asks version 2 by now."""
    queue = make.queue(project, k=1)
    make.items(queue, 2, inclusion_probability=0.25)
    judge(queue, reviewer, make.ANSWERS)
    judge(queue, reviewer, {**make.ANSWERS, "grounded": "no"})
    move(queue, publish(queue.rubric_version.rubric, NEW), curator)
    return queue


def ask(queue: Queue, by: Member, choice: again.Choice | None = None) -> int:
    choice = choice or again.Choice()
    digest = again.digest_of(queue, [item.pk for item in again.affected(queue, choice)])
    return again.ask_again(queue, choice, digest, by)


def broken() -> list[str]:
    checks = [*of_queues.INVARIANTS, *of_quality.INVARIANTS]
    return [one.promise for one in checks if list(one.violations())]  # type: ignore[arg-type]


def test_the_new_verdict_takes_the_old_ones_place(queue: Queue, reviewer: Member, curator: Member) -> None:
    old = Verdict.objects.get(is_failure=True)
    assert ask(queue, curator, again.Choice("grounded", "no")) == 1
    old.refresh_from_db()
    assert old.is_current
    item = judge(queue, reviewer, {"grounded": "yes"})  # by the one who judged it before
    old.refresh_from_db()
    new = Verdict.objects.get(subject=old.subject, is_current=True)
    assert (old.is_current, new.rubric_version, new.inclusion_probability) == (False, queue.rubric_version, 0.25)
    assert item.earlier == Item.objects.filter(subject=old.subject).earliest("pk")
    assert new.subject.parts.get().response.verdict == "passed"
    assert not again.affected(queue).filter(subject=old.subject).exists()
    assert broken() == []


def test_a_review_that_is_taken_out_of_the_older_item_brings_no_verdict_back(
    queue: Queue, reviewer: Member, other_reviewer: Member, curator: Member, moderator: Member
) -> None:
    ask(queue, curator, again.Choice("grounded", "no"))
    item = judge(queue, reviewer, {"grounded": "yes"})
    assert item.earlier
    invalidate(item.earlier.assignments.get(), moderator)
    judge(queue, other_reviewer, make.ANSWERS)
    item.earlier.refresh_from_db()
    assert item.earlier.state == Item.State.SETTLED
    assert Verdict.objects.get(subject=item.subject, is_current=True).rubric_version == queue.rubric_version
    assert broken() == []


def test_a_dispute_of_the_older_item_ends_with_the_new_verdict(
    queue: Queue, reviewer: Member, other_reviewer: Member, curator: Member, moderator: Member
) -> None:
    ask(queue, curator, again.Choice("grounded", "no"))
    held = claim(queue, reviewer)  # who judged the older one is asked for the new one alone
    assert held is not None
    assert held.item.earlier
    older = held.item.earlier
    set_k(older, 2)
    judge(queue, other_reviewer, make.ANSWERS)
    older.refresh_from_db()
    assert older.state == Item.State.UNRESOLVED
    submit(held.token, reviewer, {"grounded": "yes"}, submission_id=held.token)
    settle_item(held.item)
    older.refresh_from_db()
    assert older.state == Item.State.SETTLED
    assert not Adjudication.objects.filter(settled_at=None).exists()
    with pytest.raises(NotDisputed):
        adjudicate(older, moderator, {"grounded": "no"}, "It is not.")
    assert Verdict.objects.get(subject=older.subject, is_current=True).rubric_version == queue.rubric_version
    assert broken() == []


def test_they_are_chosen_by_answer_and_by_day(queue: Queue) -> None:
    day = Verdict.objects.latest("pk").created_at.date()
    assert again.affected(queue).count() == 2
    assert again.affected(queue, again.Choice("grounded", "yes")).count() == 1
    assert again.affected(queue, again.Choice(since=day, until=day)).count() == 2
    assert again.affected(queue, again.Choice(until=day.replace(year=day.year - 1))).count() == 0


def test_asking_twice_asks_once(queue: Queue, curator: Member) -> None:
    choice = again.Choice()
    digest = again.digest_of(queue, [item.pk for item in again.affected(queue)])
    again.ask_again(queue, choice, digest, curator)
    with pytest.raises(again.SetChanged):
        again.ask_again(queue, choice, digest, curator)
    assert AuditEvent.objects.get(verb="re-review-asked").facts["items"] == 2
    first = Item.objects.earliest("pk")
    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.create(project=queue.project, queue=queue, subject=first.subject, k=0, earlier=first)


def test_it_is_taken_back_while_nobody_has_begun(queue: Queue, reviewer: Member, curator: Member) -> None:
    ask(queue, curator)
    with pytest.raises(MoveRefused):
        move_back(queue, curator)
    held = claim(queue, reviewer)
    assert held is not None
    assert again.take_back(queue, curator) == 1
    assert list(queue.items.exclude(earlier=None)) == [held.item]
    assert AuditEvent.objects.filter(verb="re-review-taken-back").count() == 1
    assert broken() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_taking_back_while_somebody_claims_leaves_them_the_item(queue: Queue, curator: Member) -> None:
    people = [make.member(queue.project) for _ in range(4)]
    ask(queue, curator)
    *held, n = outcomes_at_once(
        *(partial(claim, queue, one) for one in people), partial(again.take_back, queue, curator)
    )
    begun = [one for one in held if one is not None]
    assert {one.item_id for one in begun} == set(queue.items.exclude(earlier=None).values_list("pk", flat=True))
    assert n + len(begun) == 2
    assert broken() == []


def test_the_page_counts_asks_and_takes_back(queue: Queue, curator: Member, client_of: Any) -> None:
    client, url = client_of(curator), reverse("queues:queue-versions", args=[queue.project.slug, queue.key])
    page = client.get(url, {"said": "grounded=no"})
    assert page.context["n_chosen"] == 1
    assert client.get(url, headers={"HX-Request": "true"}).text.strip().startswith("<section")
    assert "Grounded in the sources? No (changed since)" in page.text
    data = {"do": "ask", "said": "grounded=no", "since": "", "until": "", "n": "1"}
    changed = client.post(url, {**data, "digest": "0" * 64})
    assert changed.status_code == 409
    assert "The items have changed since you counted them." in changed.text
    assert client.post(url, {**data, "digest": page.context["digest"]}).status_code == 303
    assert client.get(url).context["n_waiting"] == 1
    assert client.post(url, {"do": "take-back"}).status_code == 303
    assert queue.items.count() == 2
    assert client.get(url, {"said": "other=yes"}).status_code == 422
    assert client.post(url, {**data, "since": "never"}).status_code == 422
