"""The leaderboard: which votes count, what the page says of them, and when they are computed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.jobs import run
from feedback.responses.models import Response, Subject
from reviews.quality.leaderboard import bouts, compute
from reviews.quality.models import Analysis, data_state
from reviews.queues.models import Queue
from tests import make

KEY = "better"
CRITERION = {
    "key": KEY,
    "kind": "comparison",
    "label": "Which is better?",
    "options": {"strengths": 3, "both_bad": True},
}


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, subject_size=2, criteria=[CRITERION])


@pytest.fixture
def browser(curator: Member) -> make.SignedIn:
    return make.SignedIn(curator)


def pair(project: Project, *models: str, **fields: Any) -> Subject:
    """Responses of these models to one input."""
    question = f"Which {next(make.counter)}?"
    return make.subject(
        *(make.response(project, f"Says {name}.", question=question, model_name=name, **fields) for name in models)
    )


def responses(subject: Subject) -> list[Response]:
    return list(Response.objects.filter(subject_parts__subject=subject).order_by("subject_parts__position"))


def vote(queue: Queue, subject: Subject, reviewer: Member, choice: int | str, *, order: Sequence[int] = ()) -> None:
    """For the response at this place, or one of the outcomes without a winner; `order` are places too."""
    ids = [response.pk for response in responses(subject)]
    answer: dict[str, Any] = {"outcome": choice}
    if isinstance(choice, int):
        answer = {"outcome": "preferred", "preferred": ids[choice], "strength": 2}
    make.counted(queue, subject, reviewer, {KEY: answer}, shown_order=[ids[place] for place in order])


def season(queue: Queue, reviewers: Sequence[Member], n: int = 8) -> None:
    """a beats b mostly, b beats c mostly, a always beats c; left and right take turns."""
    for number in range(n):
        for models, upset in ((("a", "b"), 3), (("b", "c"), 4), (("a", "c"), n + 1)):
            subject = pair(queue.project, *models)
            for turn, reviewer in enumerate(reviewers):
                order = (0, 1) if (number + turn) % 2 else (1, 0)
                vote(queue, subject, reviewer, int(number % upset == upset - 1), order=order)


def computed(project: Project, **filters: Any) -> dict[str, Any]:
    return compute(project.pk, filters, lambda: None)


def start(browser: Client, project: Project, **filters: str) -> Analysis:
    url = reverse("quality:leaderboard-compute", kwargs={"project": project.slug})
    assert browser.post(f"{url}?{urlencode(filters)}").status_code == 303
    row = Analysis.objects.latest("pk")
    run(Analysis, row.pk)
    row.refresh_from_db()
    assert row.state == "done", row.error
    return row


def page(browser: Client, project: Project, **query: str) -> Any:
    return browser.get(reverse("quality:leaderboard", kwargs={"project": project.slug}), query)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"ranking": [], "preferred_id": 2}, [(2, 1, 1, 1)]),
        ({"ranking": [], "preferred_id": None}, [(1, 2, 0.5, 1)]),
    ],
)
def test_a_comparison_of_two_is_one_vote(row: dict[str, Any], expected: list[Any]) -> None:
    assert bouts(row, [1, 2]) == expected


def test_a_comparison_of_many_weighs_as_one() -> None:
    ranked = bouts({"ranking": [[3], [1], [2]], "preferred_id": None}, [1, 2, 3])
    assert [(bout.first, bout.second) for bout in ranked] == [(3, 1), (3, 2), (1, 2)]
    preferred = bouts({"ranking": [], "preferred_id": 3}, [1, 2, 3])
    assert [(bout.first, bout.second) for bout in preferred] == [(3, 1), (3, 2)]
    for found in (ranked, preferred, bouts({"ranking": [], "preferred_id": None}, [1, 2, 3])):
        assert sum(bout.weight for bout in found) == pytest.approx(1)


def test_models_are_ranked_with_places_that_admit_ties(queue: Queue) -> None:
    reviewers = [make.member(queue.project) for _ in range(3)]
    season(queue, reviewers)
    found = computed(queue.project)
    assert [row["name"] for row in found["rows"]] == ["a", "b", "c"]
    assert (found["n_comparisons"], found["n_subjects"], found["n_reviewers"]) == (72, 24, 3)
    assert sum(row["score"] for row in found["rows"]) == pytest.approx(0, abs=1e-9)
    assert all(row["low"] < row["score"] < row["high"] for row in found["rows"])
    assert [row["won"] for row in found["rows"]] == [42, 24, 6]
    assert found["triads"] == {"complete": 1, "circular": 0}
    assert found["has_position"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_left_is_what_the_reviewer_saw_on_the_left(queue: Queue) -> None:
    """Everybody takes the left, whatever stands there."""
    reviewer = [make.member(queue.project) for _ in range(4)]
    for number in range(24):
        subject = pair(queue.project, "a", "b")
        for turn, person in enumerate(reviewer):
            order = (0, 1) if (number + turn) % 2 else (1, 0)
            vote(queue, subject, person, order[0] if (number * 4 + turn) % 7 else order[1], order=order)
    found = computed(queue.project)
    assert found["effects"]["position"]["value"] > 1
    assert abs(found["rows"][0]["score"]) < 0.3


def test_only_counted_reviews_under_the_filters_count(queue: Queue, reviewer: Member) -> None:
    project = queue.project
    first, second = pair(project, "a", "b", environment="eu"), pair(project, "b", "a", tags=["de"])
    vote(queue, first, reviewer, 0)
    vote(queue, second, reviewer, "both_bad")
    other = make.queue(project, rubric_version=queue.rubric_version)
    vote(other, pair(project, "a", "a"), reviewer, 0)
    assert [computed(project)[name] for name in ("n_comparisons", "n_same", "n_votes")] == [3, 1, 2]
    assert computed(project, queue=queue.key)["n_comparisons"] == 2
    assert computed(project, environment="eu")["n_votes"] == computed(project, tag="de")["n_votes"] == 1
    assert (
        computed(project, people="imported")["n_comparisons"] == computed(project, criterion="no")["n_comparisons"] == 0
    )
    assert computed(project, days="7")["n_comparisons"] == 3
    project.reviews.update(withdrawn_at="2026-01-01T00:00Z")
    assert computed(project)["rows"] == []


def test_prompt_versions_are_rated_against_a_named_one(queue: Queue, reviewer: Member) -> None:
    project = queue.project
    v1, v2 = make.prompt_version(project, "v1"), make.prompt_version(project, "v2")
    for number in range(6):
        question = f"Which {number}?"
        subject = make.subject(
            *(make.response(project, "Yes.", question=question, prompt_version=version) for version in (v1, v2))
        )
        vote(queue, subject, reviewer, int(number > 1))
    found = computed(project, by="version", baseline="answer v1")
    assert [row["name"] for row in found["rows"]] == ["answer v2", "answer v1"]
    first, base = found["rows"]
    assert first["difference"]["value"] == pytest.approx(first["score"] - base["score"])
    assert base["difference"] == {"value": 0, "error": 0}


def test_who_never_met_the_rest_is_left_out_and_said(queue: Queue, reviewer: Member, browser: Client) -> None:
    project = queue.project
    for models in (("a", "b"), ("b", "c"), ("x", "y")):
        vote(queue, pair(project, *models), reviewer, 0)
    start(browser, project)
    text = page(browser, project).text
    assert "nobody compared them with the rest, or too seldom: x and y." in text
    assert "infinitely far apart (a never lost and c never won)" in text
    assert "Too few votes to tell who is better." in text


def test_the_page_asks_for_figures_and_shows_them(queue: Queue, browser: Client) -> None:
    project = queue.project
    season(queue, [make.member(project) for _ in range(2)], n=12)
    first = page(browser, project)
    assert 'hx-trigger="submit, load"' in first.text
    assert "Compute" in first.text
    start(browser, project)
    shown = page(browser, project)
    assert 'hx-trigger="submit' not in shown.text.split('id="analysis"')[1].split("</form>", 1)[1]
    assert "a and b may each be first: their votes do not tell them apart." in shown.text
    assert 'data-chart="forest"' in shown.text
    assert shown.text.count("data-low=") == 3
    assert "0 of 1 triples go round" in shown.text


def test_figures_are_computed_once_for_each_state_of_the_reviews(
    queue: Queue, reviewer: Member, browser: Client
) -> None:
    project, subject = queue.project, pair(queue.project, "a", "b")
    vote(queue, subject, reviewer, 0)
    first = start(browser, project)
    assert start(browser, project) == first
    assert first.is_newest
    project.reviews.update(invalidated_at="2026-01-01T00:00Z")
    assert not first.is_newest
    assert "reviews have changed since" in page(browser, project).text
    second = start(browser, project)
    assert second != first
    assert not Analysis.objects.filter(pk=first.pk).exists()
    assert second.result is not None
    assert second.result["rows"] == []
    assert "Nothing is compared yet" in page(browser, project).text


def test_two_of_the_same_cannot_be_under_way(project: Project) -> None:
    row = Analysis.ask(project, "leaderboard", {})
    assert Analysis.ask(project, "leaderboard", {}) == row
    assert Analysis.ask(project, "leaderboard", {"by": "version"}) != row
    with pytest.raises(IntegrityError), transaction.atomic():
        Analysis.objects.create(project=project, kind="leaderboard", digest=row.digest, data_state=data_state(project))


def test_a_page_that_waits_looks_again(project: Project, browser: Client) -> None:
    Analysis.ask(project, "leaderboard", {})
    waiting = page(browser, project)
    assert 'hx-trigger="every 2s"' in waiting.text
    assert "Waiting for a worker" in waiting.text


def test_a_filter_that_means_nothing_is_refused(project: Project, browser: Client) -> None:
    answer = page(browser, project, queue="none-of-ours")
    assert answer.status_code == 422
    assert "Select a valid choice" in answer.text


def test_files_hold_what_the_page_shows(queue: Queue, reviewer: Member, browser: Client) -> None:
    project = queue.project
    url = {form: reverse("quality:leaderboard-file", args=[project.slug, form]) for form in ("csv", "json", "xml")}
    assert browser.get(url["csv"]).status_code == 404
    season(queue, [reviewer], n=4)
    row = start(browser, project)
    lines = browser.get(url["csv"]).text.splitlines()
    assert lines[0].startswith('Name,Score,"Score, from","Score, to",Place')
    assert [line.split(",")[0] for line in lines[1:]] == ["a", "b", "c"]
    assert browser.get(url["json"]).json()["result"] == row.result
    assert browser.get(url["xml"]).status_code == 404


def test_programs_ask_and_follow(queue: Queue, reviewer: Member, client: Client) -> None:
    project = queue.project
    season(queue, [reviewer], n=3)
    headers = {"Authorization": f"Bearer {make.api_key(project, 'reviews:read')}"}
    body = {"kind": "leaderboard", "filters": {"queue": queue.key}}
    begun = client.post("/api/v1/analyses/", body, "application/json", headers=headers)
    assert begun.status_code == 202, begun.content
    assert begun.json()["result"] is None
    run(Analysis, begun.json()["id"])
    found = client.get(begun["Location"], headers=headers).json()
    assert found["state"] == "done"
    assert [row["name"] for row in found["result"]["rows"]] == ["a", "b", "c"]
    for filters in ({"queu": "x"}, {"queue": "x"}):
        wrong = client.post("/api/v1/analyses/", {**body, "filters": filters}, "application/json", headers=headers)
        assert wrong.status_code == 400


def test_the_page_asks_the_same_few_queries_of_any_number(
    queue: Queue, reviewer: Member, browser: Client, django_assert_max_num_queries: Any
) -> None:
    season(queue, [reviewer], n=4)
    start(browser, queue.project)
    with django_assert_max_num_queries(14):
        page(browser, queue.project)
