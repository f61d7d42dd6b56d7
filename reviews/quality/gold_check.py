"""Comparing reviews of gold with what was expected, and questioning gold that good reviewers fail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from feedback.judgements.record import ANSWER_ROWS, answers_of, criteria_of
from feedback.statistics.gold import FEWEST_OTHERS, GOOD, is_questionable
from reviews.quality.gold_make import question
from reviews.quality.gold_match import compare
from reviews.quality.gold_models import DONE, GoldCheck, GoldItem
from reviews.queues.models import Assignment
from reviews.queues.places import seconds

BATCH = 200


def due_checks() -> QuerySet[Assignment]:
    """Reviews of gold that can no longer be undone and are not compared yet; made after the item became gold."""
    over = Now() - seconds(F("queue__grace_seconds")) + timedelta(milliseconds=1)
    return Assignment.objects.filter(
        item__gold__isnull=False,
        gold_check__isnull=True,
        state__in=DONE,
        submitted_at__gt=F("item__gold__created_at"),
        submitted_at__lte=over,
    ).exclude(item__gold__state=GoldItem.State.RETIRED)


def check_all(limit: int = 2_000) -> int:
    """The sweep: compare what is due, question what it makes doubtful; how many were compared."""
    done = 0
    touched: set[int] = set()
    while done < limit:
        checks = check_batch(due_checks().order_by("pk")[:BATCH])
        if not checks:
            break
        done += len(checks)
        touched |= {check.gold_id for check in checks if not check.is_right}
    for gold in GoldItem.objects.active().filter(pk__in=touched, queue__is_training=False):
        question_if_doubtful(gold)
    return done


@transaction.atomic
def check_batch(rows: Iterable[Assignment]) -> list[GoldCheck]:
    """One check each; who compares at the same moment finds that they are there."""
    ids = [row.pk for row in rows]
    answers = [f"review__{name}" for name in ANSWER_ROWS if name != "rubric_version"]
    turns = Assignment.objects.select_for_update(of=("self",), no_key=True, skip_locked=True).filter(pk__in=ids)
    turns = turns.filter(gold_check__isnull=True).order_by("pk")
    found = turns.select_related("queue__rubric_version", "item__gold", "review__rubric_version")
    return GoldCheck.objects.bulk_create([compared(turn) for turn in found.prefetch_related(*answers)])


def compared(turn: Assignment) -> GoldCheck:
    """Against what was expected when it was submitted."""
    assert turn.review is not None
    assert turn.submitted_at is not None
    gold: GoldItem = turn.item.gold
    revision = gold.revisions.filter(created_at__lte=turn.submitted_at).order_by("-number").first() or gold.revision
    criteria = criteria_of(turn.rubric_version)
    right = compare(criteria, revision.answers, answers_of(turn.review), revision.tolerance)
    about = {"project_id": turn.project_id, "gold": gold, "revision": revision, "assignment": turn}
    return GoldCheck(**about, reviewer_id=turn.reviewer_id, right=right, is_right=all(right.values()))


def question_if_doubtful(gold: GoldItem) -> bool:
    """Take the item out of use when reviewers who are right elsewhere fail it too often for chance."""
    failures, n, failing = against(gold)
    return is_questionable(failures, n, failing) and question(gold)


def against(gold: GoldItem) -> tuple[int, int, float]:
    """Of the good reviewers' checks since the item was trusted: how many failed, of how many, and how often the same
    people fail other gold.
    """
    here = dict(
        GoldCheck.objects.filter(gold=gold, created_at__gte=gold.trusted_at, assignment__state__in=DONE)
        .filter(revision=gold.revision)
        .values_list("reviewer", "is_right")
    )
    others = GoldCheck.objects.counted().filter(reviewer__in=here, gold__queue=gold.queue_id).exclude(gold=gold)
    elsewhere = others.by_reviewer()
    good = {who for who, (right, n) in elsewhere.items() if n >= FEWEST_OTHERS and right / n >= GOOD}
    n_others = sum(elsewhere[who][1] for who in good)
    failing = 1 - sum(elsewhere[who][0] for who in good) / n_others if n_others else 0.0
    return sum(not here[who] for who in good), len(good), failing
