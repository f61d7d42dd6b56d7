"""What must always hold of reviews and verdicts (DESIGN §9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce, Substr

from feedback.checks import Invariant
from feedback.judgements.models import Review, Span, Verdict
from feedback.judgements.record import ANSWER_ROWS, answers_of
from feedback.text.hashes import digest

CHUNK = 500


def misplaced_spans() -> QuerySet[Span]:
    """Marks or evidence whose quote is not what stands at their offsets. Both databases count code points in substr."""
    text = Coalesce("marked_passage__text", "response__body__output")
    rows = (
        Span.objects.filter(erased_at__isnull=True)
        .order_by()
        .annotate(
            marked=Substr(text, F("start") + 1, F("end") - F("start")),
            shown=Substr("evidence__text", F("evidence_start") + 1, F("evidence_end") - F("evidence_start")),
        )
    )
    has_evidence = Q(evidence__isnull=False, evidence_start__isnull=False)
    return rows.filter(~Q(marked=F("quote")) | has_evidence & ~Q(shown=F("evidence_quote")))


def spans_in_other_texts() -> QuerySet[Span]:
    """Marks made in a text that is not the stored one any more."""
    rows = (
        Span.objects.filter(erased_at__isnull=True)
        .order_by()
        .annotate(stored=Coalesce("marked_passage__text_hash", "response__output_hash"))
    )
    return rows.exclude(stored=F("text_hash"))


def changed_reviews() -> list[str]:
    """Reviews whose answers, read back from their rows, do not have the digest that was taken when they came."""
    return [f"review {pk}" for pk, kept, now in digests() if kept != now]


def digests() -> Iterator[tuple[int, str, str]]:
    reviews = Review.objects.filter(erased_at__isnull=True).order_by("pk").prefetch_related(*ANSWER_ROWS)
    for review in reviews.iterator(chunk_size=CHUNK):
        yield review.pk, review.digest, digest(answers_of(review))


def doubled_verdicts() -> QuerySet[Verdict, Any]:
    current = Verdict.objects.current().values("subject", "rubric_version", "origin").order_by()
    return current.annotate(n=Count("pk")).filter(n__gt=1)


def miscounted_verdicts() -> list[str]:
    rows = Verdict.objects.order_by("pk").values_list("pk", "n_reviews", "review_ids")
    return [f"verdict {pk}" for pk, n, ids in rows.iterator(chunk_size=CHUNK) if n != len(ids) or n != len(set(ids))]


def foreign_reviews() -> QuerySet[Review]:
    return Review.objects.exclude(
        subject__project=F("project"), rubric_version__project=F("project"), reviewer__project=F("project")
    )


INVARIANTS = [
    Invariant("I1", "every review's answers still have the digest taken at submit", changed_reviews),
    Invariant("I10", "one verdict is current for a subject, rubric version and origin", doubled_verdicts),
    Invariant("I10", "a verdict's number of reviews is that of the reviews it names", miscounted_verdicts),
    Invariant("I12", "every mark and its evidence quote what stands at their offsets", misplaced_spans),
    Invariant("I12", "every mark was made in the stored text", spans_in_other_texts),
    Invariant("I13", "reviews, their subjects, rubrics and reviewers share a project", foreign_reviews),
]
