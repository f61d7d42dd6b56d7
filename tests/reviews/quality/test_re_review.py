"""What was settled under an older version is put before reviewers again; the new verdict takes the old one's place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.datasets import succession
from feedback.datasets.models import Dataset, DatasetVersion
from feedback.judgements.models import Verdict
from feedback.rubrics.publish import publish
from reviews.moderation import act
from reviews.quality import invariants as of_quality
from reviews.quality.adjudicate import NotDisputed, adjudicate
from reviews.quality.models import Adjudication
from reviews.quality.settle import settle_item
from reviews.queues import again
from reviews.queues import invariants as of_queues
from reviews.queues.claim import claim
from reviews.queues.items import add_items, invalidate, set_k
from reviews.queues.models import Item, Queue
from reviews.queues.submit import submit
from reviews.queues.versions import MoveRefused, move, move_back
from tests import make
from tests.races import outcomes_at_once, until_waited_for

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


@pytest.fixture
def disputed(
    queue: Queue, reviewer: Member, other_reviewer: Member, curator: Member, moderator: Member
) -> tuple[Item, Item]:
    """An older item in dispute, and the one that asks about it again with all its reviews in."""
    ask(queue, curator, again.Choice("grounded", "no"))
    held = claim(queue, reviewer)
    assert held is not None
    assert held.item.earlier
    older, newer = held.item.earlier, held.item
    set_k(older, 2)
    judge(queue, other_reviewer, make.ANSWERS)
    submit(held.token, reviewer, {"grounded": "yes"}, submission_id=held.token)
    return older, newer


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
@pytest.mark.parametrize("is_decided_first", [True, False])
def test_a_dispute_decided_while_the_new_item_settles_leaves_one_verdict(
    disputed: tuple[Item, Item], moderator: Member, is_decided_first: bool
) -> None:
    older, newer = disputed
    decide = partial(adjudicate, older, moderator, {"grounded": "no"}, "It is not.")
    acts: list[Callable[[], Any]] = [decide, partial(settle_item, newer)]
    first, second = acts if is_decided_first else acts[::-1]
    has_acted = Event()

    def act_and_wait() -> None:
        with transaction.atomic():
            first()
            has_acted.set()
            until_waited_for()

    def follow() -> Any:
        assert has_acted.wait(30)
        return second()

    _, result = outcomes_at_once(act_and_wait, follow)
    assert isinstance(result, Verdict if is_decided_first else NotDisputed)
    assert Verdict.objects.get(subject=older.subject, is_current=True).rubric_version_id == newer.rubric_version.pk
    older.refresh_from_db()
    assert older.state == Item.State.SETTLED
    assert broken() == []


def test_what_was_asked_again_is_not_reopened(disputed: tuple[Item, Item], moderator: Member) -> None:
    older, newer = disputed
    settle_item(newer)
    with pytest.raises(act.Refused, match="reopen the newer item"):
        act.contest(older, moderator, "Look again.", ["grounded"])
    with pytest.raises(act.Refused, match="reopen the newer item"):
        act.settle_again(older, moderator, "Look again.")
    act.settle_again(newer, moderator, "Look again.")
    assert broken() == []


def built(project: Project, **rule: Any) -> DatasetVersion:
    whole = {"train": 1.0, "validation": 0.0, "test": 0.0}
    version = Dataset.objects.create(
        project=project, key=f"d{next(make.counter)}", name="D", shares=whole, rule=rule
    ).build()
    jobs.run(DatasetVersion, version.pk)
    version.refresh_from_db()
    return version


def test_dataset_versions_that_used_the_older_verdict_say_so(queue: Queue, reviewer: Member, curator: Member) -> None:
    version = built(queue.project)  # of single answers: cases, and no pair
    assert (version.counts["cases"], succession.stale(version)) == (2, {})
    ask(queue, curator, again.Choice("grounded", "no"))
    assert succession.stale(version) == {}
    judge(queue, reviewer, {"grounded": "yes"})
    assert succession.stale(version) == {succession.REPLACED: 1}
    heir = succession.replace(version)
    version.refresh_from_db()
    assert version.superseded_for == {succession.REPLACED: 1}
    assert version.superseded_by == heir


def test_so_do_versions_of_pairs(project: Project, reviewer: Member, curator: Member) -> None:
    queue = make.queue(project, k=1, subject_size=2)
    good, poor = (make.response(project, text, question="How long?") for text in ("Thirty days.", "Who knows."))
    add_items(queue, [make.subject(good, poor).pk])
    better = {"outcome": "preferred", "preferred": good.pk, "strength": 2}
    judge(queue, reviewer, {"better": better})
    version = built(project, min_votes=1)
    assert version.counts["pairs"] == 1
    newer = [{**one, "label": "Which is better?"} for one in make.PAIR_CRITERIA]
    move(queue, publish(queue.rubric_version.rubric, newer, subject_size=2), curator)
    ask(queue, curator)
    judge(queue, reviewer, {"better": {"outcome": "tie"}})
    assert succession.stale(version) == {succession.REPLACED: 1}
    heir = succession.replace(version)
    assert heir is not None
    jobs.run(DatasetVersion, heir.pk)
    heir.refresh_from_db()
    assert heir.counts["gone"] == {succession.REPLACED: 1}


def test_a_program_hears_of_it(queue: Queue, reviewer: Member, curator: Member, client_of: Any) -> None:
    version = built(queue.project)
    ask(queue, curator, again.Choice("grounded", "no"))
    judge(queue, reviewer, {"grounded": "yes"})
    client, key = client_of(curator), {"Touchstone-Project": queue.project.slug}
    assert client.get(reverse("api:version-detail", args=[version.pk]), headers=key).json()["ended"] == {"replaced": 1}
    page = client.get(version.get_absolute_url()).text
    assert "Not all of it stands any more." in page
    assert succession.WHY["replaced"] in page


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
