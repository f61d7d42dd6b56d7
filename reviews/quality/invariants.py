"""What must always hold of settling (DESIGN §9)."""

from __future__ import annotations

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from feedback.checks import Invariant
from feedback.judgements.models import Review, Verdict
from feedback.responses.models import Response
from reviews.quality.models import Adjudication
from reviews.queues.models import Assignment, Item


def verdicts_of_item() -> QuerySet[Verdict]:
    return Verdict.objects.current().filter(
        subject=OuterRef("subject"),
        rubric_version=Coalesce(OuterRef("kept_version"), OuterRef("queue__rubric_version")),
        origin=OuterRef("queue__key"),
    )


def unsettled_settled_items() -> QuerySet[Item]:
    return Item.objects.newest().filter(~Exists(verdicts_of_item()), state=Item.State.SETTLED)


def undisputed_unresolved_items() -> QuerySet[Item]:
    disputes = Adjudication.objects.filter(item=OuterRef("pk"), settled_at__isnull=True)
    return Item.objects.filter(~Exists(disputes), state=Item.State.UNRESOLVED)


def overtaken_verdicts() -> QuerySet[Item]:
    """Items that wait for reviews, or for a moderator, while a verdict still stands as if all were said."""
    by_people = verdicts_of_item().exclude(method=Verdict.Method.GOLD)
    return Item.objects.filter(Exists(by_people), state__in=[Item.State.OPEN, Item.State.UNRESOLVED])


def uncounted_reviews() -> QuerySet[Item]:
    """Settled items whose verdict was made from another number of reviews than count now."""
    counted = (
        Review.objects.standing()
        .filter(
            assignment__item=OuterRef("pk"),
            assignment__state=Assignment.State.SUBMITTED,
            assignment__is_extra=False,
        )
        .order_by()
        .values("assignment__item")
        .annotate(n=Count("pk"))
        .values("n")
    )
    rows = Item.objects.filter(state=Item.State.SETTLED).annotate(
        n_counted=Coalesce(Subquery(counted), 0), n_settled=Subquery(verdicts_of_item().values("n_reviews")[:1])
    )
    return rows.filter(n_settled__isnull=False).exclude(n_settled=F("n_counted"))


def misstamped_responses() -> QuerySet[Response]:
    """Responses whose fact is not what their newest standing verdict says; only those judged alone have one."""
    newest = Verdict.objects.current().filter(subject__parts__response=OuterRef("pk"), subject__size=1).order_by("-pk")
    said = newest.annotate(
        said=Case(
            When(is_failure=True, then=Value("failed")),
            When(is_failure=False, then=Value("passed")),
            default=Value(""),
            output_field=CharField(),
        )
    )
    return Response.objects.annotate(said=Coalesce(Subquery(said.values("said")[:1]), Value(""))).exclude(
        verdict=F("said")
    )


def doubly_judged() -> QuerySet[Verdict]:
    """Verdicts that stand though one under a newer version of the rubric stands on the same subject in their queue."""
    newer = Verdict.objects.current().filter(
        subject=OuterRef("subject"),
        origin=OuterRef("origin"),
        rubric_version__rubric=OuterRef("rubric_version__rubric"),
        rubric_version__number__gt=OuterRef("rubric_version__number"),
    )
    return Verdict.objects.current().filter(Exists(newer))


def own_adjudications() -> QuerySet[Verdict]:
    """Verdicts settled by somebody whose review is among those settled."""
    own = Review.objects.filter(
        subject=OuterRef("subject"), origin=OuterRef("origin"), reviewer=OuterRef("settled_by")
    ).filter(submitted_at__lte=OuterRef("created_at"))
    return Verdict.objects.filter(Q(method=Verdict.Method.ADJUDICATED) & Exists(own))


INVARIANTS = [
    Invariant("I5", "every settled item has a current verdict", unsettled_settled_items),
    Invariant("I5", "every unresolved item waits for a moderator", undisputed_unresolved_items),
    Invariant("I10", "no verdict stands on an item that waits for reviews or a decision", overtaken_verdicts),
    Invariant("I10", "a settled item's verdict counts the reviews that count", uncounted_reviews),
    Invariant("I10", "a response's fact is what its newest standing verdict says", misstamped_responses),
    Invariant("I10", "one verdict stands for a subject in a queue, that of the newest version", doubly_judged),
    Invariant("I10", "nobody settled a dispute about their own review", own_adjudications),
]
