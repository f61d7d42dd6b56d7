"""Reliability of reviewers: what is counted of whom, against what, and what is too little to tell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from feedback.accounts.models import Member, Project
from feedback.responses.models import Subject
from reviews.quality.gold_check import check_all
from reviews.quality.gold_give import keep_one
from reviews.quality.reliability import compute
from reviews.queues.models import Place, Queue
from tests import make
from tests.reviews.quality.conftest import Gold

pytestmark = pytest.mark.once

N = 24


@pytest.fixture
def people(project: Project) -> list[Member]:
    return [make.member(project) for _ in range(4)]


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, k=4)


def judged(queue: Queue, people: list[Member], answers: Any, n: int = N) -> list[Subject]:
    """`answers(number, person)` by everybody on n items."""
    subjects = [make.subject(make.response(queue.project)) for _ in range(n)]
    for number, subject in enumerate(subjects):
        for person, member in enumerate(people):
            make.counted(queue, subject, member, answers(number, person))
    return subjects


def figures(project: Project, person: Member, key: str, **filters: Any) -> dict[str, dict[str, Any]]:
    found = compute(project.pk, filters, lambda: None)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    rows = [row for row in found["rows"] if row["reviewer"] == person.pseudonym and row["key"] == key]
    return {one["measure"]: one for row in rows for one in row["figures"]}


def said(number: int, person: int) -> dict[str, Any]:
    """One in three is not grounded; the last person always says no and gives two points more."""
    is_last = person == 3
    return {"grounded": "no" if is_last or number % 3 == 0 else "yes", "helpful": 2 + number % 2 + 2 * is_last}


def test_each_person_is_held_against_the_others(queue: Queue, people: list[Member]) -> None:
    judged(queue, people, said)
    mine = figures(queue.project, people[0], "grounded")
    assert mine["agreement"]["value"] == pytest.approx((8 * 1 + 16 * 2 / 3) / N)
    assert (mine["verdicts"]["value"], mine["verdicts"]["notable"]) == (1.0, False)
    assert mine["accuracy"]["value"] > 0.9
    odd = figures(queue.project, people[3], "grounded")
    assert (odd["verdicts"]["value"], odd["verdicts"]["notable"], odd["verdicts"]["is_sure"]) == (8 / N, True, True)
    assert (odd["one_answer"]["value"], odd["one_answer"]["notable"]) == (1.0, True)
    assert odd["verdicts"]["low"] < 8 / N < odd["verdicts"]["high"]


def test_the_severity_of_scores_is_in_points(queue: Queue, people: list[Member]) -> None:
    judged(queue, people, said)
    odd, mine = (figures(queue.project, people[place], "helpful")["severity"] for place in (3, 0))
    assert (odd["value"], odd["notable"]) == (pytest.approx(2.0), True)
    assert (mine["value"], mine["notable"]) == (pytest.approx(0.0), False)


def test_confusion_says_what_was_answered_when(queue: Queue, people: list[Member]) -> None:
    judged(queue, people, said)
    found = compute(queue.project_id, {}, lambda: None)
    assert {"key": "grounded", "kind": "yes_no", "names": ["yes", "no"]} in found["classes"]
    row = next(row for row in found["rows"] if (row["reviewer"], row["key"]) == (people[3].pseudonym, "grounded"))
    yes, no = row["confusion"]["rows"]
    assert yes[1] > 0.9  # what is grounded gets a no too
    assert no[1] > 0.9
    assert sum(yes) == pytest.approx(1, abs=1e-3)


def test_a_moderators_decision_counts_instead_of_the_votes(queue: Queue, people: list[Member]) -> None:
    subjects = judged(queue, people, said)
    settled = {"grounded": {"kind": "yes_no", "value": "no", "adjudicated": True, "n": 4}}
    for subject in subjects:
        about: dict[str, Any] = {"origin": queue.key, "method": "adjudicated", "answers": settled, "is_failure": True}
        make.verdict(subject, queue.rubric_version, [], **about)
    assert figures(queue.project, people[3], "grounded")["verdicts"]["value"] == 1.0
    assert figures(queue.project, people[0], "grounded")["verdicts"]["value"] == 8 / N


def test_little_is_too_little_to_tell(queue: Queue, people: list[Member]) -> None:
    judged(queue, people, said, n=8)
    for key in ("grounded", "helpful"):
        assert {one["notable"] for one in figures(queue.project, people[3], key).values()} == {None}


def compared(queue: Queue, people: list[Member]) -> None:
    """The last person takes what stands first; the others take the longer one, which is the second of the subject."""
    for number in range(N):
        question = f"Which {number}?"
        pair = [make.response(queue.project, text, question=question) for text in ("Yes.", "Yes, of course.")]
        for person, member in enumerate(people):
            order = [row.pk for row in (pair if (number + person) % 2 else pair[::-1])]
            chosen = order[0] if person == 3 else pair[1].pk
            answer = {"better": {"outcome": "preferred", "preferred": chosen, "strength": 1}}
            make.counted(queue, make.subject(*pair), member, answer, shown_order=order)


def test_position_and_length_in_comparisons(project: Project, people: list[Member]) -> None:
    compared(make.queue(project, subject_size=2, k=4), people)
    mine, odd = (figures(project, people[place], "better") for place in (0, 3))
    assert (odd["position"]["value"], odd["position"]["notable"], odd["position"]["expected"]) == (1.0, True, 0.5)
    assert (mine["position"]["value"], mine["position"]["notable"]) == (0.5, False)
    assert (mine["length"]["value"], odd["length"]["value"], odd["length"]["notable"]) == (1.0, 0.5, True)
    assert odd["length"]["expected"] == 1.0


def test_texts_written_again_and_pace_are_of_all_questions(project: Project, people: list[Member]) -> None:
    queue = make.queue(project, k=4)
    for number in range(40):
        subject = make.subject(make.response(project))
        for person, member in enumerate(people):
            note = "Nothing to say about it." if person == 3 else f"The claim in line {number} is not in the source."
            active = 900 if person == 3 else 9_000
            make.counted(queue, subject, member, said(number, person), note=note, active_ms=active)
    mine, odd = (figures(project, people[place], "") for place in (0, 3))
    assert (odd["repeats"]["value"], odd["repeats"]["notable"]) == (39 / 40, True)
    assert (mine["repeats"]["value"], mine["repeats"]["notable"]) == (0.0, False)
    assert (odd["pace"]["value"], odd["pace"]["notable"]) == (1.0, True)
    assert (odd["own_pace"]["value"], odd["own_pace"]["notable"]) == (pytest.approx(1.0), False)
    assert mine["pace"]["value"] == 0.0


def test_gold_is_told_by_gold_alone(gold: Gold, reviewer: Member) -> None:
    """No other figure counts a review of an extra place, so that none moves because an item was gold."""
    gold.items(3)
    for number in range(3):
        assert keep_one(gold.setting, reviewer) is not None
        Place.objects.filter(is_extra=True, state="open").update(after_submits=None)
        gold.turn(reviewer, grounded="yes" if number else "no")
    check_all()
    found = figures(gold.project, reviewer, "grounded")
    assert (found["gold"]["n"], found["gold"]["value"], found["gold"]["notable"]) == (3, pytest.approx(2 / 3), None)
    n_counted = {one["n"] for measure, one in found.items() if measure != "gold"}
    assert n_counted <= {0}


def test_filters_narrow_and_another_project_is_not_seen(
    queue: Queue, people: list[Member], other_project: Project
) -> None:
    judged(queue, people, said, n=4)
    assert figures(queue.project, people[0], "grounded", queue="elsewhere") == {}
    only = compute(queue.project_id, {"criterion": "helpful"}, lambda: None)
    assert {row["key"] for row in only["rows"]} == {"helpful"}
    assert compute(other_project.pk, {}, lambda: None)["rows"] == []
