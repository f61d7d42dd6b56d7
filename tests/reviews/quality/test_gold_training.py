"""Training: items with an answer after each, and a live queue that opens when it is passed."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member
from feedback.rubrics.publish import publish
from reviews.quality import invariants as quality
from reviews.quality.gold_along import Trip, behind, move_along
from reviews.quality.gold_check import check_all
from reviews.quality.gold_make import make as make_gold
from reviews.quality.gold_models import GoldCheck, TrainingCourse
from reviews.quality.gold_training import add_item, begin, check_last, open_course, standing
from reviews.quality.settle import settle_complete_items
from reviews.queues import invariants as queues
from reviews.queues.claim import claim
from reviews.queues.models import Qualification
from reviews.queues.versions import move
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def course(gold: Any) -> TrainingCourse:
    """Two of the last three must be right; four items wait."""
    gold.ordinary(2)
    course = open_course(gold.queue, gold.curator, n_right=2, n_last=3)
    for _ in range(4):
        item = add_item(course, make.subject(make.response(gold.project)).pk)
        make_gold(item, make.ANSWERS, gold.curator, why="The source says so.")
    gold.queue.refresh_from_db()
    return course


def learn(gold: Any, course: TrainingCourse, pupil: Member, **answers: Any) -> GoldCheck | None:
    held = claim(course.queue, pupil)
    assert held is not None
    gold.hand_in(held, **answers)
    return check_last(course, pupil)


def test_nothing_is_given_before_it_is_passed(gold: Any, course: TrainingCourse, reviewer: Member) -> None:
    assert claim(gold.queue, reviewer) is None
    assert begin(course, reviewer) == 4
    assert begin(course, reviewer) == 0
    for answer in ("no", "yes", "yes"):
        learn(gold, course, reviewer, grounded=answer)
    assert standing(course, reviewer).has_passed
    assert claim(gold.queue, reviewer) is not None


def test_who_has_too_few_right_goes_on(gold: Any, course: TrainingCourse, reviewer: Member) -> None:
    begin(course, reviewer)
    for answer in ("no", "yes", "no", "no"):
        learn(gold, course, reviewer, grounded=answer)
    now = standing(course, reviewer)
    assert (now.right, now.done, now.left, now.has_passed) == (1, 3, 0, False)
    assert claim(gold.queue, reviewer) is None
    assert not Qualification.objects.exists()


def test_passing_is_each_persons_own(
    gold: Any, course: TrainingCourse, reviewer: Member, other_reviewer: Member
) -> None:
    begin(course, reviewer)
    begin(course, other_reviewer)
    for _ in range(3):
        learn(gold, course, reviewer)
    assert claim(gold.queue, other_reviewer) is None
    assert Qualification.objects.get().member == reviewer


def test_nothing_said_there_is_settled_or_counts_against_anybody(
    gold: Any, course: TrainingCourse, reviewer: Member
) -> None:
    begin(course, reviewer)
    learn(gold, course, reviewer, grounded="no")
    assert settle_complete_items() == 0
    assert check_all() == 0
    assert not GoldCheck.objects.counted().exists()
    for invariant in [*queues.INVARIANTS, *quality.INVARIANTS]:
        found: Any = invariant.violations()
        assert not list(found), invariant.promise


def test_the_pages_lead_through_it(gold: Any, course: TrainingCourse, reviewer: Member) -> None:
    pupil = make.SignedIn(reviewer)
    slug = gold.project.slug
    where = reverse("gold:training", kwargs={"project": slug, "pk": course.pk})
    lesson = reverse("gold:lesson", kwargs={"project": slug, "pk": course.pk})
    assert where in pupil.get(reverse("queues:work", kwargs={"project": slug})).text
    refused = pupil.get(reverse("queues:review", kwargs={"project": slug, "key": gold.queue.key})).text
    assert "A short training comes first" in refused
    assert where in refused
    assert "Nothing sent yet" in pupil.get(where).text
    assert pupil.post(where).status_code == 303
    desk = pupil.get(reverse("queues:review", kwargs={"project": slug, "key": course.queue.key})).text
    assert lesson in desk
    learn(gold, course, reviewer, grounded="no")
    told = pupil.get(lesson, headers={"HX-Request": "true"}).text
    assert "Expected: Yes" in told
    assert "The source says so." in told
    assert "<html" not in told


def test_a_program_is_told_where_to_learn(gold: Any, course: TrainingCourse, reviewer: Member, client: Any) -> None:
    key = make.api_key(gold.project, "review", member=reviewer)
    url = reverse("api:queue-claim", args=[gold.queue.key])
    answer = client.post(url, headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not-qualified")
    assert answer.json()["training"] == reverse("gold:training", args=[gold.project.slug, course.pk])


NEWER = [
    {**make.DEFAULT_CRITERIA[0], "label": "Is every claim in the sources?"},
    *make.DEFAULT_CRITERIA[1:],
]


def renew(gold: Any, criteria: list[dict[str, Any]]) -> None:
    move(gold.queue, publish(gold.queue.rubric_version.rubric, criteria), gold.curator)


def test_it_moves_along_with_what_is_asked_as_before(gold: Any, course: TrainingCourse, reviewer: Member) -> None:
    begin(course, reviewer)
    learn(gold, course, reviewer)
    renew(gold, NEWER)
    trip = move_along(course, gold.curator)
    assert trip is not None
    assert (trip.n_along, trip.n_left) == (4, 0)
    assert move_along(course, gold.curator) is None
    course.queue.refresh_from_db()
    assert course.queue.rubric_version == gold.queue.rubric_version
    assert {frozenset(one.revision.answers) for one in course.queue.gold.filter(state="active")} == {
        frozenset({"helpful"})  # the other question was put otherwise
    }
    assert begin(course, reviewer) == 4
    check = learn(gold, course, reviewer, grounded="no")
    assert check is not None
    assert check.is_right
    assert check.assignment.review.rubric_version == gold.queue.rubric_version  # type: ignore[union-attr]
    checks = (*quality.INVARIANTS, *queues.INVARIANTS)
    assert [one.promise for one in checks if list(one.violations())] == []  # type: ignore[arg-type]


def test_what_has_no_answer_left_is_retired(gold: Any, course: TrainingCourse, reviewer: Member) -> None:
    [kind] = [{**one, "label": "Is it so?"} for one in NEWER[:1]]
    renew(gold, [kind])
    assert behind(course) == Trip(gold.queue.rubric_version, frozenset(), 0, 4)
    move_along(course, gold.curator)
    assert begin(course, reviewer) == 0


def test_the_pages_say_that_it_stayed_behind(gold: Any, course: TrainingCourse, client_of: Any) -> None:
    client, project = client_of(gold.curator), gold.project.slug
    versions, page = (
        reverse(name, args=[project, gold.queue.key]) for name in ("queues:queue-versions", "gold:gold-queue")
    )
    assert "People still learn" not in client.get(versions).text
    renew(gold, NEWER)
    assert "People still learn version 1" in client.get(versions).text
    for key in (gold.queue.key, course.queue.key):
        shown = client.get(reverse("gold:gold-queue", args=[project, key])).text
        assert "Move the training to version 2" in shown
    done = client.post(reverse("gold:move-training", args=[project, gold.queue.key]), follow=True)
    assert "The training asks version 2 now." in done.text
    assert "Move the training" not in client.get(page).text
