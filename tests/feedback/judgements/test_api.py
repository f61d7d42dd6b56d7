"""Programs read reviews and verdicts."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Review
from reviews.quality.settle import settle_complete_items
from tests import make

GOOD: dict[str, Any] = {"grounded": "yes", "helpful": 4}
BAD: dict[str, Any] = {"grounded": "no", "helpful": 2}


@pytest.fixture
def ask(project: Project) -> Any:
    """`ask(route, **query)` with a key of the right scope."""
    client, secret = Client(), make.api_key(project, "reviews:read")

    def get(route: str, **query: Any) -> Any:
        return client.get(reverse(f"api:{route}"), query, headers={"Authorization": f"Bearer {secret}"})

    return get


@pytest.fixture
def reviewed(project: Project, reviewer: Member, other_reviewer: Member) -> list[Review]:
    queue = make.queue(project, key="week-47")
    subjects = [make.subject(make.response(project, external_id=f"answer-{n}")) for n in (1, 2)]
    reviews = [make.counted(queue, subjects[0], person, BAD, note="Wrong.") for person in (reviewer, other_reviewer)]
    reviews.append(make.counted(queue, subjects[1], reviewer, GOOD))
    settle_complete_items()
    return reviews


def test_reviews_come_with_answers_and_pseudonyms(ask: Any, reviewed: list[Review], reviewer: Member) -> None:
    answer = ask("review-list")
    assert answer.status_code == 200
    newest, *_, oldest = answer.json()["results"]
    assert newest["answers"] == GOOD | {"flags": []}
    assert oldest["responses"][0]["external_id"] == "answer-1"
    assert (oldest["reviewer"], oldest["queue"], oldest["note"]) == (reviewer.pseudonym, "week-47", "Wrong.")
    assert str(reviewer.user) not in answer.text
    assert "example.org" not in answer.text


def test_verdicts_come_with_settled_answers(ask: Any, reviewed: list[Review]) -> None:
    newest, oldest = ask("verdict-list").json()["results"]
    assert (newest["is_failure"], oldest["is_failure"]) == (False, True)
    posterior = {"yes": pytest.approx(0.1), "no": pytest.approx(0.9)}
    settled = {"kind": "yes_no", "value": "no", "share": 1, "votes": {"no": 2}, "n": 2, "posterior": posterior}
    assert oldest["answers"]["grounded"] == settled
    assert oldest["review_ids"] == [reviewed[0].pk, reviewed[1].pk]
    assert newest["settled_by"] == ""


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"queue": "week-47"}, 3),
        ({"queue": "other"}, 0),
        ({"response": "answer-2"}, 1),
        ({"round": 2}, 0),
        ({"source": "csv"}, 0),
        ({"submitted_after": "2000-01-01T00:00:00Z"}, 3),
        ({"submitted_before": "2000-01-01T00:00:00Z"}, 0),
        ({"standing": "true"}, 3),
        ({"standing": "false"}, 0),
        ({"page_size": 1}, 1),
    ],
)
def test_reviews_are_narrowed(ask: Any, reviewed: list[Review], query: dict[str, Any], count: int) -> None:
    assert len(ask("review-list", **query).json()["results"]) == count


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"is_failure": "true"}, 1),
        ({"method": "consensus"}, 2),
        ({"method": "imported"}, 0),
        ({"is_current": "false"}, 0),
        ({"response": "answer-1"}, 1),
        ({"created_before": "2000-01-01T00:00:00Z"}, 0),
    ],
)
def test_verdicts_are_narrowed(ask: Any, reviewed: list[Review], query: dict[str, Any], count: int) -> None:
    assert len(ask("verdict-list", **query).json()["results"]) == count


@pytest.mark.parametrize("query", [{"method": "guess"}, {"submitted_after": "noon"}, {"subject": "x"}])
def test_a_wrong_filter_is_explained(ask: Any, project: Project, query: dict[str, Any]) -> None:
    route = "verdict-list" if "method" in query else "review-list"
    answer = ask(route, **query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(query))}"


def test_the_queries_do_not_grow_with_the_rows(
    ask: Any, reviewed: list[Review], django_assert_max_num_queries: Any
) -> None:
    ask("review-list")
    with django_assert_max_num_queries(12):
        ask("review-list")
    with django_assert_max_num_queries(6):
        ask("verdict-list")


def test_another_projects_rows_are_not_there(reviewed: list[Review], other_project: Project) -> None:
    secret = make.api_key(other_project, "reviews:read")
    for route in ("review-list", "verdict-list"):
        answer = Client().get(reverse(f"api:{route}"), headers={"Authorization": f"Bearer {secret}"})
        assert answer.json()["results"] == []


def test_it_needs_the_scope(project: Project) -> None:
    secret = make.api_key(project, "ingest")
    answer = Client().get(reverse("api:review-list"), headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 403
    assert Client().get(reverse("api:review-list")).status_code == 401
