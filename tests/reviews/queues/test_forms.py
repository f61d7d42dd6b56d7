"""The review form: made from the rubric, filled from a draft, read back as answers."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from feedback.accounts.models import Member, Project
from feedback.judgements.record import check
from reviews.queues.claim import claim
from reviews.queues.forms import ReviewForm
from reviews.queues.items import add_items
from reviews.queues.models import Assignment, Queue
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.once]
OUTPUT = "Nous remboursons 👩‍👩‍👧 en 30 jours."


def held(queue: Queue, reviewer: Member, *, output: str = OUTPUT) -> Assignment:
    """A claim on an item of the queue, whose response has one passage."""
    size = queue.rubric_version.subject_size
    responses = [make.response(queue.project, output, question="Q?", passages=["In 14 days."]) for _ in range(size)]
    add_items(queue, [make.subject(*responses).pk])
    assignment = claim(queue, reviewer)
    assert assignment is not None
    return Assignment.objects.select_related("item__subject", "queue__rubric_version").get(pk=assignment.pk)


def filled(assignment: Assignment, **fields: Any) -> ReviewForm:
    form = ReviewForm(assignment, {"token": assignment.token, "submission_id": uuid.uuid4(), **fields})
    form.full_clean()
    return form


@pytest.fixture
def assignment(project: Project, reviewer: Member) -> Assignment:
    return held(make.queue(project), reviewer)


@pytest.fixture
def pair(project: Project, reviewer: Member) -> Assignment:
    return held(make.queue(project, subject_size=2), reviewer)


def mark(assignment: Assignment, quote: str = "30 jours", **fields: Any) -> dict[str, Any]:
    """A mark as the page's script stores it."""
    start = OUTPUT.index(quote)
    return {
        "response": str(assignment.shown_order[0]), "start": start, "end": start + len(quote), "quote": quote,
        "kind": "contradicted", "severity": "major", "note": "", "evidence": None, "evidence_start": None,
        "evidence_end": None, "evidence_quote": "", "prefix": "", "suffix": "", **fields,
    }  # fmt: skip


def test_answers_have_the_one_shape(assignment: Assignment) -> None:
    form = filled(assignment, **{"q-grounded": "no", "q-helpful": "2", "q-rewrite": "En 14 jours."})
    assert form.is_valid()
    response = assignment.shown_order[0]
    assert form.answers() == {
        "grounded": "no",
        "helpful": 2,
        "flags": [],
        "rewrite": {"response": response, "text": "En 14 jours."},
    }


def test_a_rewrite_that_changes_nothing_is_none(assignment: Assignment) -> None:
    form = filled(assignment, **{"q-grounded": "no", "q-helpful": "2", "q-rewrite": OUTPUT + "\r\n"})
    assert "rewrite" not in form.answers()


def test_a_mark_with_evidence_passes_the_check_of_answers(assignment: Assignment) -> None:
    passage = assignment.item.subject.shown()[0].passages.get()
    proof: dict[str, Any] = {
        "evidence": str(passage.pk),
        "evidence_start": 3,
        "evidence_end": 10,
        "evidence_quote": "14 days",
    }
    marks = [mark(assignment, **proof, note="It says 14."), mark(assignment, "👩‍👩‍👧")]
    form = filled(assignment, **{"q-grounded": "no", "q-helpful": "2", "spans": json.dumps(marks)})
    assert form.is_valid()
    first, second = form.answers()["flags"]
    assert first["evidence"] == {"passage": passage.pk, "start": 3, "end": 10, "quote": "14 days"}
    assert OUTPUT[second["start"] : second["end"]] == "👩‍👩‍👧"
    assert check(assignment.item.subject, assignment.queue.rubric_version, form.answers())


@pytest.mark.parametrize(
    "spans",
    [
        "no json", "{}x", '{"a": 1}', "7", '["x"]', "[{}]", '[{"response": null}]', '[{"response": "a"}]', "[NaN]",
        '[{"response": 1, "evidence": [1]}]', '[{"response": 1, "evidence": 1, "evidence_start": 1}]', "[" * 5000,
        '[{"response": 1, "quote": "\\u0000"}]', '[{"response": 1, "quote": "\\ud800"}]', '[{"response": 1e999}]',
    ],
)  # fmt: skip
def test_marks_that_make_no_sense_are_refused(spans: str, assignment: Assignment) -> None:
    form = filled(assignment, **{"q-grounded": "no", "q-helpful": "2", "spans": spans})
    assert form.errors["spans"] == ["The marks could not be read; mark the words again."]
    assert form.answers()["flags"] == []


def test_a_draft_fills_the_form_and_comes_back_the_same(assignment: Assignment) -> None:
    passage = assignment.item.subject.shown()[0].passages.get()
    proof: dict[str, Any] = {
        "evidence": str(passage.pk),
        "evidence_start": 3,
        "evidence_end": 10,
        "evidence_quote": "14 days",
    }
    sent = {"q-grounded": "no", "q-helpful": "2", "q-rewrite": "En 14 jours."}
    answers = filled(assignment, **sent, spans=json.dumps([mark(assignment, **proof)])).answers()
    assignment.draft = answers
    form = ReviewForm(assignment)
    again = {field.html_name: field.value() for field in form}
    assert filled(assignment, **again).answers() == answers


def test_marks_in_a_source_come_through_the_page(assignment: Assignment) -> None:
    """Programs mark words of sources; the page shows those marks and sends them back as they were."""
    (shown,) = assignment.item.subject.shown()
    source = {"start": 3, "end": 10, "quote": "14 days", "kind": "fabricated", "passage": shown.passages.get().pk}
    assignment.draft = {"flags": [{"response": shown.pk, **source}]}
    spans = ReviewForm(assignment).initial["spans"]
    assert filled(assignment, **{"q-grounded": "no"}, spans=spans).answers()["flags"] == assignment.draft["flags"]


@pytest.mark.parametrize("draft", [{"flags": "x"}, {"flags": [1, {"evidence": 5}]}, {"rewrite": 5}, {"helpful": []}])
def test_a_program_may_have_saved_any_draft(draft: dict[str, Any], assignment: Assignment) -> None:
    assignment.draft = draft
    assert "Grounded" in ReviewForm(assignment).as_p()


def test_a_rewrite_begins_with_the_response(assignment: Assignment) -> None:
    assert ReviewForm(assignment)["q-rewrite"].value() == OUTPUT


@pytest.mark.parametrize(("value", "side", "strength"), [("left_2", 0, 2), ("left_1", 0, 1), ("right_1", 1, 1)])
def test_a_side_is_the_response_that_stood_there(value: str, side: int, strength: int, pair: Assignment) -> None:
    pair.shown_order = pair.shown_order[::-1]
    form = filled(pair, **{"q-better": value})
    answer = {"outcome": "preferred", "preferred": pair.shown_order[side], "strength": strength}
    assert form.answers()["better"] == answer
    pair.draft = form.answers()
    assert ReviewForm(pair)["q-better"].value() == value


@pytest.mark.parametrize("value", ["tie", "both_bad"])
def test_neither_side_is_an_answer_too(value: str, pair: Assignment) -> None:
    form = filled(pair, **{"q-better": value})
    assert form.answers()["better"] == {"outcome": value}
    pair.draft = form.answers()
    assert ReviewForm(pair)["q-better"].value() == value


def test_the_choices_of_a_comparison_run_from_left_to_right(pair: Assignment) -> None:
    values = [value for value, _ in ReviewForm(pair).fields["q-better"].choices]  # type: ignore[attr-defined]
    assert values == ["left_2", "left_1", "tie", "right_1", "right_2", "both_bad"]


def test_an_answer_that_was_not_offered_is_refused(assignment: Assignment) -> None:
    form = filled(assignment, **{"q-grounded": "maybe", "q-helpful": "6"})
    assert set(form.errors) == {"q-grounded", "q-helpful"}


@pytest.mark.parametrize(
    ("given", "stored"), [("1500", 1500), ("", 0), ("-3", 0), ("x", 0), ("99999999999", 86_400_000)]
)
def test_a_senseless_time_is_no_reason_to_refuse_answers(given: str, stored: int, assignment: Assignment) -> None:
    form = filled(assignment, **{"q-grounded": "yes", "q-helpful": "5", "active_ms": given})
    assert form.is_valid()
    assert form.cleaned_data["active_ms"] == stored


def test_refusals_stand_beside_their_questions(assignment: Assignment) -> None:
    form = filled(assignment, **{"q-grounded": "yes", "q-helpful": "5"})
    form.refuse([
        {"pointer": "/flags/0/quote", "detail": "Not these words."},
        {"pointer": "/helpful", "detail": "Too much."},
        {"pointer": "/unknown", "detail": "What is this?"},
        {"pointer": "", "detail": "All of it."},
    ])  # fmt: skip
    assert form.errors["spans"] == ["Not these words."]
    assert form.errors["q-helpful"] == ["Too much."]
    assert form.non_field_errors() == ["What is this?", "All of it."]


@pytest.mark.parametrize(
    ("options", "points"),
    [
        ({"min": 1, "max": 5, "step": 2}, ["1", "3", "5"]),
        ({"min": 0.5, "max": 2, "step": 0.5}, ["0.5", "1", "1.5", "2"]),
        ({"min": 0, "max": 0.3, "step": 0.1}, ["0", "0.1", "0.2", "0.3"]),
    ],
)
def test_a_scale_offers_its_steps_and_takes_each(
    project: Project, reviewer: Member, options: dict[str, Any], points: list[str]
) -> None:
    scale = {"key": "grade", "kind": "scale", "label": "Grade", "options": options}
    assignment = held(make.queue(project, rubric_version=make.rubric_version(project, [scale])), reviewer)
    assert [value for value, _ in ReviewForm(assignment).fields["q-grade"].choices] == points  # type: ignore[attr-defined]
    for point in points:
        form = filled(assignment, **{"q-grade": point})
        checked = check(assignment.item.subject, assignment.queue.rubric_version, form.answers())
        assert checked.answers == {"grade": float(point)}
