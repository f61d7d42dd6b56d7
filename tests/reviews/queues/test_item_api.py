"""Items over REST: what is asked about and how far it is, narrowed by filters, of one's own project."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from feedback.accounts.models import Member, Project
from feedback.responses.models import Response
from reviews.queues.models import Item, Queue
from reviews.queues.versions import move
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, key="groundedness")


def listed(project: Project, query: str = "", *, status: int = 200) -> Any:
    key = make.api_key(project, "reviews:read")
    answer = Client().get(f"/api/v1/items/{query}", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == status, answer.content
    return answer.json()["results"] if status == 200 else answer.json()


def test_an_item_says_how_far_it_is_and_how_it_was_drawn(queue: Queue, reviewer: Member) -> None:
    drawn = {"inclusion_probability": 0.25, "rule_label": "Refunds 2", "stratum": "web"}
    item = make.items(queue, 1, **drawn)[0]
    make.counted(queue, item.subject, reviewer, make.ANSWERS)
    response = Response.objects.get(subject_parts__subject=item.subject)
    (row,) = listed(queue.project)
    assert {name: row[name] for name in ("id", "queue", "state", *drawn)} == {
        "id": item.pk, "queue": "groundedness", "state": "open", **drawn
    }  # fmt: skip
    assert row["responses"] == [response.external_id]
    assert (row["reviews_wanted"], row["reviews_in"]) == (3, 1)
    assert row["rubric_version"] == queue.rubric_version_id


def test_it_says_the_version_that_it_is_judged_under(queue: Queue, reviewer: Member, curator: Member) -> None:
    from feedback.rubrics.publish import publish
    from reviews.queues.claim import claim

    begun, fresh = make.items(queue, 2)
    assert claim(queue, reviewer) is not None
    was = queue.rubric_version_id
    newer = publish(queue.rubric_version.rubric, [make.DEFAULT_CRITERIA[0]], "")
    move(queue, newer, curator)
    versions = {row["id"]: row["rubric_version"] for row in listed(queue.project)}
    assert versions == {begun.pk: was, fresh.pk: newer.pk}


def test_filters_narrow_and_nonsense_is_refused(queue: Queue, project: Project) -> None:
    first, second = make.items(queue, 2)
    other = make.items(make.queue(project, key="tone"), 1, stratum="phone")[0]
    Item.objects.filter(pk=second.pk).update(state="withdrawn")
    named = Response.objects.get(subject_parts__subject=first.subject).external_id

    def ids(query: str) -> list[int]:
        return [row["id"] for row in listed(project, query)]

    assert ids("") == [other.pk, second.pk, first.pk]
    assert ids("?queue=tone") == ids("?stratum=phone") == [other.pk]
    assert ids("?state=withdrawn") == [second.pk]
    assert ids(f"?response={named}") == [first.pk]
    assert "state" in str(listed(project, "?state=lost", status=400))


def test_items_of_others_are_not_there_and_more_items_take_no_more_statements(queue: Queue, project: Project) -> None:
    make.items(make.queue(make.project("elsewhere")), 1)
    assert listed(project) == []
    counts = []
    for _ in range(2):
        make.items(queue, 3)
        with CaptureQueriesContext(connection) as asked:
            listed(project)
        counts.append(len(asked))
    assert counts[0] == counts[1]
