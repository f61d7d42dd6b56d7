"""A queue's overlap, repeats and gold over REST: numbers where the pages have words, and nothing for reviewers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from feedback.accounts.models import Member, Project
from reviews.quality.estimate import estimate_due
from reviews.quality.gold_models import GoldCheck, GoldSetting
from reviews.quality.models import OverlapPolicy
from reviews.quality.repeat_give import keep_one
from reviews.quality.repeat_models import RepeatSetting
from reviews.queues.claim import claim
from reviews.queues.models import Place, Qualification, Queue
from reviews.queues.submit import submit
from tests import make, world

PARTS = ("overlap", "repeats", "gold")


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, key="answers", k=2)


def read(program: Client, queue: Queue, part: str) -> dict[str, Any]:
    answer = program.get(reverse(f"api:queue-{part}", args=[queue.key]))
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def judged(queue: Queue, people: list[Member], n: int) -> None:
    for number in range(n):
        subject = make.subject(make.response(queue.project))
        for person in people:
            make.counted(queue, subject, person, {"grounded": "yes" if number % 2 else "no", "helpful": 4})


def said_again(queue: Queue, reviewer: Member, answers: list[dict[str, Any]]) -> None:
    """The reviewer judged so many items a month ago, and is asked again about each, with these answers."""
    setting, month = RepeatSetting.objects.create(project=queue.project, queue=queue, is_on=True), timedelta(days=30)
    for again in answers:
        subject = make.subject(make.response(queue.project))
        make.counted(queue, subject, reviewer, make.ANSWERS, submitted_at=timezone.now() - month)
        kept = keep_one(setting, reviewer)
        assert kept is not None
        Place.objects.filter(pk=kept.place_id).update(after_submits=None)
        held = claim(queue, reviewer)
        assert held is not None
        submit(held.token, reviewer, {**make.ANSWERS, **again}, submission_id=uuid4())


def checked(queue: Queue, reviewer: Member, right: list[bool]) -> None:
    for is_right in right:
        turn = world.assignment(queue.project, reviewer, is_submitted=True)
        gold = world.gold(queue.project, make.member(queue.project, "curator"))
        type(gold).objects.filter(pk=gold.pk).update(queue=queue)
        GoldCheck.objects.create(
            project=queue.project, gold=gold, revision=gold.revision, assignment=turn, reviewer=reviewer,
            right={"grounded": is_right}, is_right=is_right,
        )  # fmt: skip


def test_overlap_is_its_policy_and_what_other_targets_would_have_come_to(
    queue: Queue, django_assert_max_num_queries: Any
) -> None:
    program = make.program(queue.project, "reviews:read")
    judged(queue, [make.member(queue.project) for _ in range(3)], 32)
    OverlapPolicy.objects.create(project=queue.project, queue=queue, target=0.95)
    estimate_due()
    read(program, queue, "overlap")
    with django_assert_max_num_queries(9):
        found = read(program, queue, "overlap")
    assert found["policy"] == {"is_on": True, "target": 0.95, "most": 4, "decides": "majority"}
    grounded = found["questions"][0]
    assert (grounded["criterion"], grounded["kind"], grounded["n_items"]) == ("grounded", "yes_no", 32)
    assert (grounded["weighed"]["n_items"], grounded["weighed"]["n_labels"]) == (32, 96)
    first = grounded["replays"][0]
    assert {name: first[name] for name in ("target", "items", "labels", "used", "same", "decided")} == {
        "target": 0.8, "items": 32, "labels": 96, "used": 32, "same": 32, "decided": 32,
    }  # fmt: skip
    assert first["saved"] == pytest.approx(2 / 3)
    assert first["expected"] > 0.9


def test_a_queue_of_which_little_is_known_says_nothing(queue: Queue, reviewer: Member) -> None:
    program = make.program(queue.project, "reviews:read", "gold")
    judged(queue, [reviewer, make.member(queue.project)], 3)
    overlap, repeats, gold = (read(program, queue, part) for part in PARTS)
    assert (overlap["policy"], overlap["fewest"], overlap["questions"][0]["weighed"]) == (None, 30, None)
    assert [(row["n_items"], row["replays"]) for row in overlap["questions"]] == [(3, None), (3, None)]
    assert (repeats["setting"], repeats["n_answered"]) == (None, 0)
    assert {(row["n"], row["share"], row["low"]) for row in repeats["questions"]} == {(0, None, None)}
    assert gold == {
        "setting": None, "items": {"active": 0, "questioned": 0, "retired": 0}, "fewest": 10, "reviewers": [],
        "training": None, "course": None,
    }  # fmt: skip


def test_repeats_are_what_was_said_again(queue: Queue, reviewer: Member, django_assert_max_num_queries: Any) -> None:
    said_again(queue, reviewer, [{}] * 9 + [{"grounded": "no"}])
    program = make.program(queue.project, "reviews:read")
    read(program, queue, "repeats")
    with django_assert_max_num_queries(20):
        found = read(program, queue, "repeats")
    assert found["setting"] == {"is_on": True, "rate": 0.02, "least_days": 7}
    assert [found[name] for name in ("n_waiting", "n_answered", "n_people", "fewest")] == [0, 10, 1, 10]
    grounded = found["questions"][0]
    assert (grounded["criterion"], grounded["n"], grounded["same"], grounded["share"]) == ("grounded", 10, 9, 0.9)
    assert 0.5 < grounded["low"] < 0.9 < grounded["high"] < 1


def test_gold_is_how_people_fare_by_pseudonym(
    queue: Queue, reviewer: Member, other_reviewer: Member, django_assert_max_num_queries: Any
) -> None:
    GoldSetting.objects.create(project=queue.project, queue=queue, rate=0.1)
    checked(queue, reviewer, [True] * 5 + [False] * 5)
    checked(queue, other_reviewer, [True])
    program = make.program(queue.project, "gold")
    read(program, queue, "gold")
    with django_assert_max_num_queries(9):
        found = read(program, queue, "gold")
    assert found["setting"] == {"is_on": True, "rate": 0.1}
    assert found["items"]["active"] == 11
    by_name = {row["reviewer"]: row for row in found["reviewers"]}
    mine, few = by_name[reviewer.pseudonym], by_name[other_reviewer.pseudonym]
    assert (mine["n"], mine["right"], mine["share"], mine["is_low"]) == (10, 5, 0.5, True)
    assert (few["n"], few["right"], few["share"], few["is_low"]) == (1, 1, None, None)


def test_a_training_says_what_passes_it_and_how_many_have(queue: Queue, reviewer: Member) -> None:
    course = world.course(queue.project, make.member(queue.project, "curator"))
    Qualification.objects.create(project=queue.project, queue=course.queue, member=reviewer)
    program = make.program(queue.project, "gold", "reviews:read")
    assert read(program, course.queue, "gold")["course"] == {"n_right": 1, "n_last": 1, "n_passed": 1}
    live = course.queue.opens.get()
    assert read(program, live, "gold")["training"] == course.queue.key
    assert program.get(reverse("api:queue-repeats", args=[course.queue.key])).status_code == 404


@pytest.mark.parametrize("part", PARTS)
def test_it_is_for_the_right_scope_and_project(part: str, queue: Queue, other_project: Project) -> None:
    here = reverse(f"api:queue-{part}", args=[queue.key])
    for scope in ("ingest", "review", "datasets:read", "reviews:read" if part == "gold" else "gold"):
        assert make.program(queue.project, scope).get(here).status_code == 403, scope
    as_reviewer = make.program(queue.project, "reviews:read", "gold", member=make.member(queue.project))
    assert as_reviewer.get(here).status_code == 403
    assert make.program(other_project, "reviews:read", "gold").get(here).status_code == 404
    imported = make.queue(queue.project, takes_imports=True)
    program = make.program(queue.project, "reviews:read", "gold")
    assert program.get(reverse(f"api:queue-{part}", args=[imported.key])).status_code == 404
