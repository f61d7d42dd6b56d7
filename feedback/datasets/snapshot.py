"""The verdicts that a version is built from: held still while the world moves on, in blocks, and read a block at a
time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, QuerySet, prefetch_related_objects
from django.db.models.functions import Now

from feedback.accounts.models import Project
from feedback.datasets.groups import Components
from feedback.datasets.rule import Rule
from feedback.judgements.models import Comparison, Correction, Rating, Review, Span, Verdict
from feedback.judgements.record import criteria_of
from feedback.responses.models import Response

BLOCK = 200  # verdicts a step of the build: well under a second
PARTS = "subject__parts__response__"


@dataclass
class Reviewed:
    """A review with its answers, as far as rows quote them."""

    review: Review
    reviewer: str  # pseudonym
    ratings: list[Rating] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)


@dataclass
class Judged:
    """A verdict with all that a row may quote: its responses in the subject's order, and the reviews that it counts."""

    verdict: Verdict
    responses: list[Response]
    reviews: list[Reviewed]
    criteria: dict[int, str] = field(default_factory=dict)  # keys by id


def clock(project: Project) -> str:
    """The database's time."""
    return Project.objects.filter(pk=project.pk).annotate(now=Now()).values_list("now", flat=True).get().isoformat()


def counting(project_id: int, rule: Rule) -> QuerySet[Verdict]:
    """The verdicts that count now: current ones of the rule's queues.

    Gold answers are for testing reviewers and never become training data.
    """
    rows = Verdict.objects.current().filter(project_id=project_id).exclude(method=Verdict.Method.GOLD)
    return rows.filter(origin__in=rule.queues) if rule.queues else rows


def standing(project_id: int, rule: Rule, since: int = 0) -> tuple[list[list[int]], Components]:
    """The ids of the verdicts that stand now, in blocks, and the connected groups among their responses.

    One statement, so that both are of one moment. Verdicts on the same input stand together in one block, where ratings
    are compared and pairs that contradict each other are found. `since`: only verdicts from this id on.
    """
    rows = counting(project_id, rule)
    found = (
        (rows.filter(pk__gte=since) if since else rows)
        .order_by("subject__input_hash", "pk", "subject__parts__position")
        .values_list("pk", "subject__input_hash", f"{PARTS}fold_hash", f"{PARTS}prompt_hash", f"{PARTS}conversation_id")
        .iterator(chunk_size=5000)
    )
    blocks: list[list[int]] = [[]]
    components, last, last_input = Components(), 0, ""
    for pk, input_hash, fold, prompt, conversation in found:
        if pk != last:
            components.begin()
            if len(blocks[-1]) >= BLOCK and input_hash != last_input:
                blocks.append([])
            blocks[-1].append(pk)
            last, last_input = pk, input_hash
        components.add(fold=fold, prompt=prompt, conversation=conversation)
    return (blocks if blocks[0] else []), components


def load(ids: list[int]) -> list[Judged]:
    """Everything about these verdicts, in their order and in a fixed number of queries."""
    rows = Verdict.objects.filter(pk__in=ids)
    rows = rows.select_related("subject", "rubric_version__rubric", "rubric_version__guideline__guideline")
    by_id = {verdict.pk: verdict for verdict in rows}
    verdicts = [by_id[pk] for pk in ids if pk in by_id]
    responses = responses_of({verdict.subject_id for verdict in verdicts})
    reviews = reviews_of([pk for verdict in verdicts for pk in verdict.review_ids])
    return [
        Judged(
            verdict,
            responses[verdict.subject_id],
            [reviews[pk] for pk in verdict.review_ids if pk in reviews],
            {criterion.pk: criterion.key for criterion in criteria_of(verdict.rubric_version)},
        )
        for verdict in verdicts
    ]


def responses_of(subject_ids: set[int]) -> dict[int, list[Response]]:
    """Responses with bodies and prompt versions of each subject, in its order; with passages where one stands alone."""
    found: dict[int, list[Response]] = defaultdict(list)
    rows = (
        Response.objects.filter(subject_parts__subject__in=subject_ids)
        .annotate(of_subject=F("subject_parts__subject_id"), at=F("subject_parts__position"))
        .select_related("body", "model", "prompt_version__prompt")
        .order_by("of_subject", "at")
    )
    for response in rows:
        found[response.of_subject].append(response)
    prefetch_related_objects([some[0] for some in found.values() if len(some) == 1], "passages")
    return found


def reviews_of(ids: list[int]) -> dict[int, Reviewed]:
    """By id; one statement a table, since prefetching for thousands of reviews costs more than reading them."""
    rows = Review.objects.filter(pk__in=ids).order_by("pk").annotate(pseudonym=F("reviewer__pseudonym"))
    found = {review.pk: Reviewed(review, review.pseudonym) for review in rows}
    for rating in Rating.objects.filter(review__in=ids).exclude(text="").order_by("pk"):
        found[rating.review_id].ratings.append(rating)
    for comparison in Comparison.objects.filter(review__in=ids).order_by("pk"):
        found[comparison.review_id].comparisons.append(comparison)
    for correction in Correction.objects.filter(review__in=ids).order_by("pk"):
        found[correction.review_id].corrections.append(correction)
    for span in Span.objects.filter(review__in=ids).select_related("evidence", "marked_passage"):
        found[span.review_id].spans.append(span)
    return found


def siblings(judged: list[Judged]) -> Iterator[tuple[Judged, list[Judged]]]:
    """Each verdict with the earlier ones on another response to the same input, under the same rubric version and
    queue.
    """
    seen: dict[tuple[Any, ...], list[Judged]] = defaultdict(list)
    for one in judged:
        if len(one.responses) != 1:
            yield one, []
            continue
        verdict = one.verdict
        kin = seen[verdict.subject.input_hash, verdict.rubric_version_id, verdict.origin]
        yield one, list(kin)
        kin.append(one)
