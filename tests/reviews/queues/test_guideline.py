"""The guideline beside the item: met first, read, changed since; and who has read it, for the curator."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.accounts.models import Member, Project
from feedback.rubrics.models import Rubric
from feedback.rubrics.publish import publish
from feedback.rubrics.readings import acknowledge
from reviews.queues.models import Queue
from reviews.queues.versions import move
from tests import make

pytestmark = pytest.mark.django_db
NOTICE = "The guideline changed since you last read it."
FIRST = "> **Good:** It cites the source.\n\n> **Bad:** It guesses."


@pytest.fixture
def queue(project: Project) -> Queue:
    rubric = Rubric.objects.create(project=project, name="Groundedness")
    queue = make.queue(project, rubric_version=publish(rubric, make.DEFAULT_CRITERIA, FIRST))
    make.items(queue, 3)
    return queue


def test_who_meets_it_first_opens_it_and_is_not_told_of_changes(queue: Queue, desk: Any) -> None:
    desk.take(queue)
    page = desk.get("review", key=queue.key)
    assert page.context["reading"] == "first"
    assert NOTICE not in page.text
    assert 'class="example-good"' in page.text
    assert 'class="example-bad"' in page.text


def test_who_has_read_an_older_one_is_told_until_they_say_so(
    queue: Queue, desk: Any, reviewer: Member, curator: Member
) -> None:
    acknowledge(queue.rubric_version, reviewer)
    desk.take(queue)
    assert NOTICE not in desk.get("review", key=queue.key).text
    newer = publish(queue.rubric_version.rubric, make.DEFAULT_CRITERIA, f"{FIRST}\n\nRead all of it.")
    move(queue, newer, curator)
    assert NOTICE not in desk.get("review", key=queue.key).text  # the item in hand is of the version they have read
    desk.submit(desk.take(queue))
    desk.take(queue)
    assert NOTICE in desk.get("review", key=queue.key).text
    acknowledge(newer, reviewer)
    assert NOTICE not in desk.get("review", key=queue.key).text


def test_the_same_guideline_under_other_questions_is_no_news(
    queue: Queue, desk: Any, reviewer: Member, curator: Member
) -> None:
    acknowledge(queue.rubric_version, reviewer)
    move(queue, publish(queue.rubric_version.rubric, make.DEFAULT_CRITERIA[:2], FIRST), curator)
    desk.take(queue)
    assert NOTICE not in desk.get("review", key=queue.key).text


def test_the_curator_sees_who_has_read_it(
    queue: Queue, desk: Any, desk_of: Any, reviewer: Member, curator: Member
) -> None:
    desk.take(queue)
    pages = desk_of(curator)
    assert "not opened" in pages.get("queue-activity", key=queue.key).text
    acknowledge(queue.rubric_version, reviewer)
    (row,) = pages.get("queue-activity", key=queue.key).context["people"]
    assert row["read"] == 1
