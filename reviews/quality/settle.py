"""Settling complete items: the counted reviews of each become a verdict, or an adjudication where they disagree.

Items are settled in batches, one short transaction each. The items' rows are locked and read again first, so that two
sweeps at once, an undo or an invalidation meet there; on SQLite the transaction is exclusive anyway.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Now

from feedback.audit.log import record
from feedback.judgements.models import Review, Verdict
from feedback.judgements.record import ANSWER_ROWS, answers_of, criteria_of
from feedback.judgements.verdicts import OUTCOMES
from feedback.outbox.emit import emit_all
from feedback.responses.models import Response, SubjectResponse
from reviews.quality.models import Adjudication
from reviews.quality.overlap import Weights, ask_again
from reviews.quality.tally import Answer, disputed, is_failure, tally
from reviews.quality.voters import Voters, as_decided
from reviews.quality.worth import worth
from reviews.queues.items import end_verdict
from reviews.queues.models import Assignment, Item

log = logging.getLogger(__name__)

State = Item.State
BATCH = 100  # items a transaction

TICK = timedelta(milliseconds=1)  # of SQLite's clock: a time of this very millisecond has come


IS_DUE = Q(settle_after__isnull=True) | Q(settle_after__lte=Now() + TICK), Q(state=State.COMPLETE)


def due_items() -> QuerySet[Item]:
    """Complete items whose last submit can no longer be undone."""
    return Item.objects.filter(*IS_DUE)


def settle_item(item: Item) -> Verdict | Adjudication | None:
    """Settle this item now: its verdict or its adjudication, or None when it is not due."""
    return settle_batch([item.pk]).get(item.pk)


def settle_complete_items(limit: int = 2000) -> int:
    """Settle what is due, about `limit` items at most; how many were. One that cannot be is logged and passed over."""
    done, last = 0, 0
    while done < limit:
        ids = list(due_items().filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not ids:
            break
        last = ids[-1]
        try:
            done += len(settle_batch(ids, skip_locked=True))
        except Exception:  # one item that cannot be settled must not hold up the others of its batch
            log.exception("settling items %s to %s together failed; settling them one by one", ids[0], last)
            done += sum(settle_alone(pk) for pk in ids)
    return done


def settle_alone(pk: int) -> int:
    try:
        return len(settle_batch([pk]))
    except Exception:  # it stays complete, and is tried and logged again at the next sweep
        log.exception("item %s cannot be settled", pk)
        return 0


@dataclass
class Case:
    """One item with what its settling needs."""

    item: Item
    response_ids: list[int]
    reviews: list[Review] = field(default_factory=list)
    current: Verdict | None = None
    dispute: Adjudication | None = None
    weights: Weights = field(default_factory=lambda: Weights({}, {}))
    voters: Voters = field(default_factory=lambda: Voters({}))
    older: list[int] = field(default_factory=list)  # current verdicts of the items that this one asks about again
    is_overtaken: bool = False  # a newer item of the subject has its verdict: this one's reviews settle nothing more

    @property
    def review_ids(self) -> list[int]:
        return [review.pk for review in self.reviews]

    def meet(self, verdict: Verdict) -> None:
        """One that stands on the subject in this queue: the item's own, that of an item before it, or of one after."""
        here, there = self.item.rubric_version, verdict.rubric_version
        if there == here:
            self.current = verdict
        elif there.rubric_id == here.rubric_id and there.number < here.number:
            self.older.append(verdict.pk)
        elif there.rubric_id == here.rubric_id:
            self.is_overtaken = True

    def settled(self) -> Answer:
        criteria = criteria_of(self.item.rubric_version)
        reviewers = [review.reviewer_id for review in self.reviews]
        decide = self.weights.decide(self.item.queue_id, reviewers, self.response_ids)
        answers = [answers_of(review) for review in self.reviews]
        return self.voters.stamped(criteria, tally(criteria, answers, self.response_ids, decide), reviewers, answers)

    def stands(self, settled: Answer) -> bool:
        """Whether the current verdict already says this: the same reviews, and the same answers or a moderator's."""
        current = self.current
        if current is None or current.review_ids != self.review_ids:
            return False
        is_same = as_decided(current.answers) == as_decided(settled)
        return current.method == Verdict.Method.ADJUDICATED or is_same


@transaction.atomic
def settle_batch(item_ids: Sequence[int], *, skip_locked: bool = False) -> dict[int, Verdict | Adjudication]:
    """Settle those of the items that are still due; by item id, what became of them."""
    results: dict[int, Verdict | Adjudication] = {}
    verdicts: list[tuple[Case, Verdict]] = []
    disputes: list[tuple[Case, list[str]]] = []
    overtaken: list[int] = []
    for case in load(lock(item_ids, skip_locked=skip_locked)):
        if case.is_overtaken:
            overtaken.append(case.item.pk)
            continue
        settled = case.settled()
        criteria = criteria_of(case.item.rubric_version)
        keys = disputed(criteria, settled)
        if case.current and case.stands(settled):
            results[case.item.pk] = case.current
            close_dispute(case, case.current)
        elif case.weights.wants_more(case.item, len(case.reviews), settled):
            ask_again(case.item)
        elif keys or not case.reviews:
            disputes.append((case, keys))
        else:
            verdicts.append((case, verdict_of(case, settled)))
    results |= write_verdicts(verdicts)
    opened = write_disputes(disputes)
    change_state([*results, *overtaken], State.SETTLED)
    change_state(opened, State.UNRESOLVED)
    return results | opened


def lock(item_ids: Sequence[int], *, skip_locked: bool) -> list[Item]:
    """Those that are due, each with the items that it asks about again locked before it: whoever decides one of those
    meanwhile has committed, or waits. So each of two verdicts on a subject sees the other.
    """
    before = chains_of(item_ids)
    rows = Item.objects.filter(
        Q(*IS_DUE, pk__in=item_ids) | Q(pk__in=[pk for chain in before.values() for pk in chain])
    )
    rows = rows.annotate(is_due=ExpressionWrapper(Q(*IS_DUE), BooleanField()))
    rows = rows.select_related("queue__rubric_version__rubric", "subject").order_by("pk")
    locked = {row.pk: row for row in rows.select_for_update(of=("self",), skip_locked=skip_locked)}
    asked = [locked[pk] for pk in sorted(set(item_ids) & locked.keys())]
    return [row for row in asked if row.is_due and locked.keys() >= set(before.get(row.pk, ()))]


def chains_of(item_ids: Iterable[int]) -> dict[int, list[int]]:
    """By item, those that it asks about again, the nearest first; items without any are left out."""
    chains: dict[int, list[int]] = defaultdict(list)
    ends = {pk: pk for pk in item_ids}  # the last one found of each
    while ends:
        rows = Item.objects.filter(pk__in=set(ends.values()), earlier__isnull=False)
        earlier = dict(rows.values_list("pk", "earlier_id"))
        ends = {pk: earlier[end] for pk, end in ends.items() if end in earlier}
        for pk, end in ends.items():
            chains[pk].append(end)
    return chains


def lock_before(item_id: int) -> None:
    """For a transaction that locks this item and then settles it: items are locked in the order of their ids."""
    earlier = Item.objects.filter(pk__in=chains_of([item_id]).get(item_id, []))
    list(earlier.order_by("pk").select_for_update().values_list("pk"))


def load(items: list[Item]) -> list[Case]:
    """Reviews, answers, responses, voters, current verdicts and open disputes, in a fixed number of queries."""
    parts: dict[int, list[int]] = defaultdict(list)
    subjects = {item.subject_id for item in items}
    rows = SubjectResponse.objects.filter(subject__in=subjects).order_by("subject", "position")
    for subject_id, response_id in rows.values_list("subject_id", "response_id"):
        parts[subject_id].append(response_id)
    weights = Weights.of({item.queue_id for item in items})
    cases = {item.pk: Case(item, parts[item.subject_id], weights=weights) for item in items}
    for review in counted_reviews(cases):
        cases[review.of_item].reviews.append(review)  # type: ignore[attr-defined]  # annotated
    voters = Voters.of(review.reviewer_id for case in cases.values() for review in case.reviews)
    for one in cases.values():
        one.voters = voters
    about: dict[tuple[int, str], list[Case]] = defaultdict(list)
    for one in cases.values():
        about[one.item.subject_id, one.item.queue.key].append(one)
    for verdict in Verdict.objects.current().filter(subject__in=subjects).select_related("rubric_version"):
        for one in about[verdict.subject_id, verdict.origin]:
            one.meet(verdict)
    for dispute in Adjudication.objects.filter(item__in=cases, settled_at__isnull=True):
        cases[dispute.item_id].dispute = dispute
    return list(cases.values())


def counted_reviews(item_ids: Iterable[int]) -> QuerySet[Review]:
    """The reviews that vote: standing ones of submitted assignments, oldest first; none of an extra place."""
    return (
        Review.objects.standing()
        .filter(assignment__item__in=item_ids, assignment__state=Assignment.State.SUBMITTED, assignment__is_extra=False)
        .select_related("assignment")
        .annotate(of_item=F("assignment__item_id"))
        .prefetch_related(*ANSWER_ROWS)
        .order_by("pk")
    )


def verdict_of(case: Case, settled: Answer) -> Verdict:
    """The unsaved verdict by rule, with what lower rooms will need stamped on it as plain values."""
    item, queue = case.item, case.item.queue
    return Verdict(
        project_id=item.project_id,
        subject=item.subject,
        rubric_version=item.rubric_version,
        origin=queue.key,
        method=Verdict.Method.IMPORTED if queue.takes_imports else Verdict.Method.CONSENSUS,
        answers=settled,
        is_failure=is_failure(criteria_of(item.rubric_version), settled),
        n_reviews=len(case.reviews),
        review_ids=case.review_ids,
        queue_label=queue.name,
        rule_label=item.rule_label,
        inclusion_probability=item.inclusion_probability,
    )


def write_verdicts(pairs: list[tuple[Case, Verdict]]) -> dict[int, Verdict | Adjudication]:
    """Insert verdicts by rule, and close the disputes that they end."""
    supersede(pairs)
    for case, verdict in pairs:
        close_dispute(case, verdict)
        record("item-settled", case.item, verdict=verdict.pk, method=verdict.method, reviews=verdict.n_reviews)
    return {case.item.pk: verdict for case, verdict in pairs}


def supersede(pairs: list[tuple[Case, Verdict]]) -> None:
    """Insert the verdicts as current in place of the old ones, and stamp the responses."""
    old = [case.current.pk for case, _ in pairs if case.current] + [pk for case, _ in pairs for pk in case.older]
    Verdict.objects.filter(pk__in=old).update(is_current=False, superseded_at=Now())
    Verdict.objects.bulk_create([verdict for _, verdict in pairs])
    overtake([case.item for case, _ in pairs])
    announce(pairs)
    stamp_responses([(case.response_ids, verdict) for case, verdict in pairs])


def overtake(items: Iterable[Item]) -> None:
    """Nothing is left to decide of the items that these ask about again."""
    while earlier := [item.earlier_id for item in items if item.earlier_id]:
        Adjudication.objects.filter(item__in=earlier, settled_at__isnull=True).update(settled_at=Now())
        change_state(earlier, State.SETTLED, before=State.UNRESOLVED)
        items = Item.objects.filter(pk__in=earlier)


def announce(pairs: list[tuple[Case, Verdict]]) -> None:
    """Tell webhooks, item by item; a batch may be of several projects."""
    told: dict[int, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for case, verdict in pairs:
        told[verdict.project_id].append((f"item/{case.item.pk}", facts_of(case, verdict)))
    for project_id, happened in told.items():
        emit_all(project_id, "verdict.settled", happened)


def facts_of(case: Case, verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict.pk,
        "item": case.item.pk,
        "queue": verdict.origin,
        "rubric": verdict.rubric_version.rubric.name,
        "rubric_version": verdict.rubric_version.number,
        "method": verdict.method,
        "is_failure": verdict.is_failure,
        "reviews": verdict.n_reviews,
        "responses": case.response_ids,
    }


def close_dispute(case: Case, verdict: Verdict) -> None:
    """A dispute that later reviews have ended; nobody decided it, and the verdict may have ended another before."""
    if case.dispute:
        known = Adjudication.objects.filter(verdict=verdict).exists()
        Adjudication.objects.filter(pk=case.dispute.pk).update(settled_at=Now(), verdict=None if known else verdict)


def stamp_responses(judged: Iterable[tuple[list[int], Verdict]]) -> None:
    """Note on each response that was judged alone whether it passed; a comparison says nothing of one response."""
    outcomes: dict[str, list[int]] = defaultdict(list)
    for response_ids, verdict in judged:
        if len(response_ids) == 1:
            outcomes[OUTCOMES[verdict.is_failure]] += response_ids
    ids = sorted(pk for group in outcomes.values() for pk in group)
    # In order of id, so that two sweeps that stamp the same responses from two queues wait and never deadlock.
    list(Response.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
    for outcome, group in outcomes.items():
        Response.objects.filter(pk__in=group).exclude(verdict=outcome).update(verdict=outcome)


def write_disputes(pairs: list[tuple[Case, list[str]]]) -> dict[int, Verdict | Adjudication]:
    """Open an adjudication for each, or bring the open one up to date. A verdict that stood until now is overtaken."""
    opened: dict[int, Verdict | Adjudication] = {}
    for case, keys in pairs:
        dispute = case.dispute or Adjudication(project_id=case.item.project_id, item=case.item)
        dispute.disputed = keys
        dispute.value = worth(case.item, criteria_of(case.item.rubric_version), case.settled(), keys)
        dispute.save()
        if case.current:
            end_verdict(case.item, "system")
        record("item-disputed", case.item, criteria=keys)
        opened[case.item.pk] = dispute
    return opened


def change_state(item_ids: Iterable[int], state: str, before: str = State.COMPLETE) -> None:
    Item.objects.filter(pk__in=list(item_ids), state=before).update(state=state)
