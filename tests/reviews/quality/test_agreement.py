"""The agreement page: whose answers are held against each other, what has no value and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.jobs import run
from feedback.judgements.models import Review
from feedback.responses.models import Subject
from reviews.quality.agreement import compute
from reviews.quality.models import Analysis
from reviews.queues.models import Item, Queue
from tests import make
from tests.attacks.tenants import unfrozen

TEXT = "You can claim within 30 days."
FLAG = {"start": 0, "end": 7, "quote": "You can", "kind": "unsupported", "severity": "minor"}


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project)


@pytest.fixture
def people(project: Project) -> list[Member]:
    return [make.member(project) for _ in range(3)]


@pytest.fixture
def browser(curator: Member) -> make.SignedIn:
    return make.SignedIn(curator)


def said(number: int, person: int) -> dict[str, Any]:
    """Two of three say the same of most items; one of five items is wrong."""
    is_bad = number % 5 == 0
    sees = is_bad != (person == 1 and number % 10 == 0)
    answers: dict[str, Any] = {"grounded": "no" if sees else "yes", "helpful": 2 + number % 3 + (person == 0)}
    return answers | ({"flags": [FLAG]} if sees else {})


def judged(queue: Queue, people: Sequence[Member], n: int) -> list[Subject]:
    subjects = [make.subject(make.response(queue.project, TEXT)) for _ in range(n)]
    for number, subject in enumerate(subjects):
        for person, member in enumerate(people):
            make.counted(queue, subject, member, said(number, person))
    return subjects


def rows(project: Project, **filters: Any) -> dict[Any, dict[str, Any]]:
    found = compute(project.pk, filters, lambda: None)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return {(row["group"], row["key"]) if filters.get("by") else row["key"]: row for row in found["rows"]}


def test_each_question_has_the_coefficients_of_its_kind(queue: Queue, people: list[Member]) -> None:
    judged(queue, people[:2], 40)
    found = rows(queue.project)
    assert list(found) == ["grounded", "helpful", "flags"]
    grounded = found["grounded"]
    assert grounded["percent"] == 0.9
    # 32 times yes-yes, 4 times no-no, 4 times one of each: D_o = 4/40, D_e = 2·68·12/(80·79).
    assert grounded["alpha"] == pytest.approx(1 - 0.1 / (2 * 68 * 12 / (80 * 79)))
    assert grounded["low"] < grounded["alpha"] < grounded["high"]
    assert (grounded["n_items"], grounded["n_raters"], grounded["undefined"]) == (40, 2, "")
    assert found["helpful"]["level"] == "ordinal"
    assert found["helpful"]["alpha_interval"] is not None
    flags = found["flags"]
    assert flags["alpha"] == pytest.approx(grounded["alpha"])
    assert flags["f1"] == pytest.approx({"exact": 0.9, "overlap": 0.9, "character": 0.9})
    assert flags["characters"] > 0.5


def test_reviews_asked_for_because_others_disagreed_are_left_out(queue: Queue, people: list[Member]) -> None:
    subjects = judged(queue, people[:2], 32)
    before = rows(queue.project)["grounded"]
    for number, subject in enumerate(subjects):
        if number % 10 == 0:
            make.counted(queue, subject, people[2], said(number, 2))
    assert rows(queue.project)["grounded"] == before
    assert rows(queue.project, drawn="all")["grounded"]["n_raters"] == 3


def test_of_imports_all_reviews_count(project: Project, people: list[Member]) -> None:
    """Their queue asks for nothing, so nothing was asked for because the first disagreed."""
    queue = make.queue(project, k=2, takes_imports=True)
    judged(queue, people, 31)
    found = rows(project)["grounded"]
    assert (found["n_raters"], found["n_answers"]) == (3, 93)
    assert found == rows(project, drawn="all")["grounded"]


def test_items_that_were_suspected_are_left_out(queue: Queue, people: list[Member]) -> None:
    judged(queue, people[:2], 31)
    rule = make.sampling_rule(queue, filter={"verdict": "failed"})
    Item.objects.filter(queue=queue, pk__lte=queue.items.order_by("pk")[9].pk).update(rule_label=f"{rule.key} v1")
    assert rows(queue.project)["grounded"]["n_items"] == 21
    assert rows(queue.project, drawn="all")["grounded"]["n_items"] == 31


def test_rows_by_queue_version_stratum_and_two_people(queue: Queue, people: list[Member]) -> None:
    judged(queue, people[:2], 31)
    other = make.queue(queue.project, rubric_version=queue.rubric_version)
    judged(other, people[1:], 32)
    Item.objects.filter(queue=other).update(stratum="risky")
    project = queue.project
    assert rows(project, by="queue")[other.key, "grounded"]["n_items"] == 32
    assert rows(project, by="rubric_version")[str(queue.rubric_version_id), "grounded"]["n_items"] == 63
    assert {group for group, _ in rows(project, by="stratum")} == {"", "risky"}
    pairs = rows(project, by="pair")
    names = f"{people[1].pseudonym} and {people[2].pseudonym}"
    assert pairs[names, "grounded"]["n_items"] == 32
    assert pairs[names, "grounded"]["kappa"] is not None
    assert (
        rows(project, stratum="risky")["grounded"]["n_items"] == rows(project, queue=other.key)["grounded"]["n_items"]
    )


@pytest.mark.parametrize(("n", "whom", "why"), [(35, 1, "one_rater"), (12, 2, "few")])
def test_what_has_no_value_says_why(queue: Queue, people: list[Member], n: int, whom: int, why: str) -> None:
    judged(queue, people[:whom], n)
    found = rows(queue.project)["grounded"]
    assert (found["undefined"], found["alpha"], found["kappa"]) == (why, None, None)


def test_comparisons_agree_on_the_response_and_not_on_its_side(project: Project, people: list[Member]) -> None:
    queue = make.queue(project, subject_size=2)
    for number in range(32):
        question = f"Which {number}?"
        pair = [make.response(project, text, question=question) for text in ("Yes.", "No.")]
        subject, preferred = make.subject(*pair), pair[number % 2].pk
        answer = {"better": {"outcome": "preferred", "preferred": preferred, "strength": 1}}
        for turn, member in enumerate(people[:2]):
            order = [row.pk for row in (pair if turn else reversed(pair))]
            make.counted(queue, subject, member, answer, shown_order=order)
    found = rows(project)["better"]
    assert (found["alpha"], found["percent"], found["kind"]) == (1, 1, "comparison")


def test_the_page_shows_what_a_worker_computed(queue: Queue, people: list[Member], browser: Client) -> None:
    judged(queue, people[:2], 40)
    slug = queue.project.slug
    assert browser.post(reverse("quality:agreement-compute", args=[slug])).status_code == 303
    row = Analysis.objects.get(kind="agreement")
    run(Analysis, row.pk)
    text = browser.get(reverse("quality:agreement", args=[slug])).text
    assert "Reviewers agree least on “Helpfulness”" in text
    assert "firm" not in text.split("<tbody>")[1].split("</tbody>")[0]
    assert "provisional" in text
    assert "Marked stretches" in text
    lines = browser.get(reverse("quality:agreement-file", args=[slug, "csv"])).text.splitlines()
    assert [line.split(",")[0] for line in lines] == ["Question", "grounded", "helpful", "flags"]
    assert browser.get(reverse("quality:agreement-file", args=[slug, "json"])).json()["kind"] == "agreement"


def test_an_empty_project_is_told_what_to_do(project: Project, browser: Client) -> None:
    run(Analysis, Analysis.ask(project, "agreement", {}).pk)
    assert "Nothing is answered yet" in browser.get(reverse("quality:agreement", args=[project.slug])).text


def test_by_week_an_item_belongs_to_the_week_of_its_first_review(
    queue: Queue, people: list[Member], browser: make.SignedIn
) -> None:
    subjects = judged(queue, people[:2], 62)
    reviews = Review.objects.order_by("pk")
    for number, subject in enumerate(subjects):
        week = "2026-03-02" if number < 31 else "2026-03-09"  # Mondays
        first, second = reviews.filter(subject=subject)
        with unfrozen(Review):
            reviews.filter(pk=first.pk).update(submitted_at=f"{week}T08:00:00Z")
            reviews.filter(pk=second.pk).update(submitted_at="2026-03-15T23:00:00Z")  # a Sunday
    found = rows(queue.project, by="week")
    assert {group for group, _ in found} == {"2026-03-02", "2026-03-09"}
    assert [row["n_items"] for (_, key), row in found.items() if key == "grounded"] == [31, 31]
    run(Analysis, Analysis.ask(queue.project, "agreement", {"by": "week"}).pk)
    here = reverse("quality:agreement", args=[queue.project.slug])
    page = browser.get(f"{here}?by=week").text
    assert 'data-chart="errors"' in page
    assert "2 Mar 2026" in page
    file = reverse("quality:agreement-file", args=[queue.project.slug, "csv"])
    lines = browser.get(f"{file}?by=week").text.splitlines()
    assert lines[0].startswith("Week from,")
    assert lines[0].count(", from") == 3
    assert [line[:10] for line in lines[1:]] == ["2026-03-02", "2026-03-09"]
