"""Reviews are checked, written in few statements, and read back as they were."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Review, Span
from feedback.judgements.record import AnswersRefused, answers_of, check, criteria_of, record
from feedback.text.hashes import digest, sha256_text
from tests import make

OUTPUT = "Pay 👩‍👩‍👧 within 30 days. Then wait."
PASSAGE = "Claims 🧾 are paid within 14 days."


def mark(text: str, quote: str, **fields: Any) -> dict[str, Any]:
    start = text.index(quote)
    return {"start": start, "end": start + len(quote), "quote": quote} | fields


def write(subject: Any, version: Any, reviewer: Member, answers: dict[str, Any], **fields: Any) -> Review:
    defaults: dict[str, Any] = {
        "origin": "q",
        "submission_id": uuid4(),
        "shown_order": [],
        "visible": {},
        "active_ms": 900,
    }
    return record(subject=subject, rubric_version=version, reviewer=reviewer, answers=answers, **defaults | fields)


@pytest.fixture
def single(project: Project) -> tuple[Any, Any, Any]:
    response = make.response(project, OUTPUT, passages=[PASSAGE])
    return make.subject(response), make.rubric_version(project), response


def full_answers(response: Any) -> dict[str, Any]:
    passage = response.passages.get()
    evidence = {"passage": passage.pk} | mark(PASSAGE, "14 days")
    flag = mark(OUTPUT, "30 days", kind="contradicted", severity="major", note="See 🧾", evidence=evidence)
    source_flag = mark(PASSAGE, "🧾", kind="unsupported", severity="minor", passage=passage.pk)
    return {
        "grounded": "no",
        "helpful": 2,
        "flags": [flag, source_flag],
        "rewrite": {"text": "Pay within 14 days."},
    }


def test_it_reads_back_what_was_recorded(single: Any, reviewer: Member) -> None:
    subject, version, response = single
    review = write(subject, version, reviewer, full_answers(response))
    again = Review.objects.get(pk=review.pk)
    assert answers_of(again) == check(subject, version, full_answers(response)).answers
    assert answers_of(again)["flags"][0]["response"] == response.pk
    assert again.digest == digest(answers_of(again))


def test_it_takes_few_statements(single: Any, reviewer: Member) -> None:
    from django.db import connection

    subject, version, response = single
    criteria_of(version)
    answers = full_answers(response)
    with (
        transaction.atomic(),
        CaptureQueriesContext(
            connection,
        ) as statements,
    ):
        write(subject, version, reviewer, answers)
    # The texts and the time; then the review with its answers, which SQLite takes table by table.
    assert len(statements) == (3 if connection.vendor == "postgresql" else 6)


def test_the_time_is_the_databases_unless_it_is_given(single: Any, reviewer: Member, other_reviewer: Member) -> None:
    subject, version, _ = single
    answers = {"grounded": "yes", "helpful": 4}
    given = timezone.now().replace(year=2024)
    assert write(subject, version, reviewer, answers, submitted_at=given).submitted_at == given
    review = write(subject, version, other_reviewer, answers)
    assert abs((review.submitted_at - timezone.now()).total_seconds()) < 60
    assert Review.objects.get(pk=review.pk).submitted_at == review.submitted_at


def test_a_span_keeps_its_surroundings_and_the_hash_of_its_text(single: Any, reviewer: Member) -> None:
    subject, version, response = single
    write(subject, version, reviewer, full_answers(response))
    in_output, in_passage = Span.objects.order_by("pk")
    assert in_output.text_hash == sha256_text(OUTPUT)
    assert in_output.prefix + in_output.quote + in_output.suffix in OUTPUT
    assert in_passage.text_hash == sha256_text(PASSAGE)
    assert in_passage.suffix == " are paid within 14 days."


def test_one_submission_is_stored_once(single: Any, reviewer: Member, other_reviewer: Member) -> None:
    subject, version, _ = single
    name, answers = uuid4(), {"grounded": "yes", "helpful": 4}
    write(subject, version, reviewer, answers, submission_id=name)
    with pytest.raises(IntegrityError), transaction.atomic():
        write(subject, version, other_reviewer, answers, submission_id=name)


def test_a_person_has_one_standing_review_a_round(single: Any, reviewer: Member) -> None:
    subject, version, _ = single
    answers = {"grounded": "yes", "helpful": 4}
    first = write(subject, version, reviewer, answers)
    with pytest.raises(IntegrityError), transaction.atomic():
        write(subject, version, reviewer, answers, revision=2)
    Review.objects.filter(pk=first.pk).update(withdrawn_at=timezone.now())
    assert write(subject, version, reviewer, answers, revision=2).pk != first.pk
    assert write(subject, version, reviewer, answers, round=2).pk != first.pk


def test_a_recorded_review_never_changes(single: Any, reviewer: Member) -> None:
    subject, version, response = single
    review = write(subject, version, reviewer, full_answers(response))
    for change in (lambda: review.ratings.update(value="yes"), lambda: Review.objects.update(note="Other")):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_a_refused_review_leaves_nothing(single: Any, reviewer: Member) -> None:
    subject, version, _ = single
    with pytest.raises(AnswersRefused) as refusal:
        write(subject, version, reviewer, {"helpful": 9})
    assert [error["pointer"] for error in refusal.value.errors] == ["/grounded", "/helpful"]
    assert not Review.objects.exists()


def test_a_pair_keeps_the_preferred_response_and_strength(project: Project, reviewer: Member) -> None:
    left, right = (make.response(project, text, question="When?") for text in ("In May.", "In June."))
    subject, version = make.subject(left, right), make.rubric_version(project, subject_size=2)
    answers = {"better": {"outcome": "preferred", "preferred": right.pk, "strength": 2}, "why": "June is right."}
    review = write(subject, version, reviewer, answers, shown_order=[right.pk, left.pk])
    assert answers_of(review) == answers
    assert review.shown_order == [right.pk, left.pk]


def test_a_note_is_canonical_and_bounded(single: Any) -> None:
    subject, version, _ = single
    for note in ("a\0b", "\ud800", "x" * 10_001):
        with pytest.raises(AnswersRefused) as refusal:
            check(subject, version, {"grounded": "yes", "helpful": 4}, note=note)
        assert refusal.value.errors[0]["pointer"] == "/note"
