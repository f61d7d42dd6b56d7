"""Each invariant is silent on good rows and finds a row that somebody broke behind our backs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from feedback.accounts.models import Member, Project
from feedback.judgements import invariants
from feedback.judgements.models import Review, Span, Verdict
from tests import make

OUTPUT, SOURCE = "Pay 👩‍👩‍👧 in 30 days.", "Pay 🧾 in 14 days."


def count(found: Any) -> int:
    return found if isinstance(found, int) else len(found)


@pytest.fixture(autouse=True)
def review(project: Project, reviewer: Member) -> Review:
    response = make.response(project, OUTPUT, passages=[SOURCE])
    passage = response.passages.get()
    at, shown = OUTPUT.index("30"), SOURCE.index("14")
    evidence = {"passage": passage.pk, "start": shown, "end": shown + 2, "quote": "14"}
    flags = [
        {"start": at, "end": at + 2, "quote": "30", "kind": "contradicted", "severity": "major", "evidence": evidence},
        {"start": 4, "end": 5, "quote": "🧾", "kind": "unsupported", "severity": "minor", "passage": passage.pk},
    ]
    answers = {"grounded": "no", "helpful": 2.0, "flags": flags, "rewrite": "Pay in 14 days."}
    return make.counted(make.queue(project), make.subject(response), reviewer, answers)


@pytest.mark.parametrize("invariant", invariants.INVARIANTS, ids=lambda invariant: invariant.promise)
def test_good_rows_break_nothing(invariant: Any) -> None:
    assert count(invariant.violations()) == 0


def unfrozen(table: str, sql: str) -> None:
    """Change frozen rows as only an operator with the database's password could."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER "{table}_frozen"')
        else:
            cursor.execute(f'DROP TRIGGER "{table}_frozen"')
        cursor.execute(sql)
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER "{table}_frozen"')


@pytest.mark.parametrize(
    ("table", "change", "finds"),
    [
        ("judgements_span", "quote = 'x' WHERE quote = '30'", invariants.misplaced_spans),
        ("judgements_span", "start = start - 1 WHERE quote = '🧾'", invariants.misplaced_spans),
        ("judgements_span", "evidence_quote = 'x' WHERE quote = '30'", invariants.misplaced_spans),
        ("judgements_span", "text_hash = 'x' WHERE quote = '30'", invariants.spans_in_other_texts),
        ("judgements_rating", "number = 3 WHERE number IS NOT NULL", invariants.changed_reviews),
        ("judgements_correction", "text = 'x'", invariants.changed_reviews),
        ("judgements_review", "digest = 'x'", invariants.changed_reviews),
    ],
)
def test_it_finds_what_was_changed(table: str, change: str, finds: Callable[[], Any]) -> None:
    unfrozen(table, f"UPDATE {table} SET {change}")
    assert count(finds()) == 1


def test_it_finds_a_verdict_that_miscounts(review: Review) -> None:
    Verdict.objects.create(
        project=review.project, subject=review.subject, rubric_version=review.rubric_version, origin="x",
        method="consensus", answers={}, n_reviews=2, review_ids=[review.pk],
    )  # fmt: skip
    assert len(invariants.miscounted_verdicts()) == 1


def test_it_finds_a_review_across_projects(review: Review, outsider: Member) -> None:
    unfrozen("judgements_review", f"UPDATE judgements_review SET reviewer_id = {outsider.pk}")
    assert count(invariants.foreign_reviews()) == 1


def test_emoji_are_one_code_point_each_in_the_database_too() -> None:
    assert Span.objects.get(quote="🧾").start == 4
    assert count(invariants.misplaced_spans()) == 0
