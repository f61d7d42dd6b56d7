"""Which items a person may answer in a quick pass, in the queue's order or by likeness to one of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Substr

from feedback.accounts.models import Member
from feedback.responses.models import Response, ResponseBody, SubjectResponse
from feedback.responses.texts import text_rows, with_passages
from feedback.rubrics.models import Criterion
from feedback.text.similar import similarities
from reviews.queues.care_models import unwanted
from reviews.queues.models import Assignment, Front, Item, Place, Queue

Kind = Criterion.Kind
ANSWERED = frozenset({Kind.SCALE, Kind.YES_NO, Kind.CHOICE, Kind.MULTI_CHOICE, Kind.TEXT})
SIZES = (10, 25, 50)
LOOKED_AT = 1_000  # items that are compared with one of them
COMPARED = 4_000  # characters of each
READABLE = 6_000  # characters of a response that can be judged among others; a longer one is for the desk


class Start(NamedTuple):
    """After which place a page of cards begins."""

    lane: int
    pos: int


def why_not(queue: Queue, criteria: Iterable[Criterion]) -> str:
    """Why this queue has no quick pass; empty when it has one."""
    if queue.takes_imports or queue.is_training:
        return "Only queues that people review have quick passes."
    if queue.rubric_version.subject_size != 1:
        return "Responses that are compared need to be read one set at a time."
    for criterion in criteria:
        if criterion.kind not in ANSWERED and criterion.is_required:
            return f"“{criterion.label}” must be answered for each item by itself."
    return ""


def open_places(queue: Queue, member: Member) -> QuerySet[Place]:
    """The places of the queue that this person could fill now, in the order in which they are given out.

    They lie after the person's fronts (queues/README, "Fronts"), so what was judged before is not read again.
    """
    ended = Assignment.objects.filter(item=OuterRef("item"), reviewer=member)
    ended = ended.exclude(state=Assignment.State.CLAIMED, place__isnull=True)
    follows = Q(item__kept_version__isnull=True) | Q(item__kept_version=F("queue__rubric_version"))
    rows = Place.objects.filter(
        follows,
        ~Exists(ended),
        ~unwanted(member, OuterRef("item")),
        queue=queue,
        state=Place.State.OPEN,
        is_extra=False,
        reserved_for__isnull=True,
        hidden_until__isnull=True,
        item__state=Item.State.OPEN,
    )
    for front in Front.objects.filter(queue=queue, reviewer=member):
        rows = rows.exclude(lane=front.lane, pos__lte=front.pos)
    return rows.order_by("lane", "pos")


def waiting(queue: Queue, member: Member, size: int, after: Start | None = None) -> tuple[list[int], Start | None]:
    """Ids of the next items, and where the page after them begins, if there is more."""
    rows = open_places(queue, member)
    if after:
        rows = rows.filter(Q(lane__gt=after.lane) | Q(lane=after.lane, pos__gt=after.pos))
    most = (size + 1) * (queue.k + 2)
    places = list(rows.values_list("item", "lane", "pos")[:most])
    found: dict[int, Start] = {}
    for item, lane, pos in places:
        if item not in found and len(found) == size:
            return list(found), max(found.values())
        found[item] = Start(lane, pos)
    return list(found), max(found.values()) if len(places) == most else None


def alike(queue: Queue, member: Member, item: Item, size: int) -> dict[int, float]:
    """The items most like this one, which comes first, with their likeness (0 to 1); among the next LOOKED_AT."""
    found, _ = waiting(queue, member, LOOKED_AT)
    texts = outputs([item.pk, *found])
    if item.pk not in texts:
        return {}
    others = [pk for pk in found if pk != item.pk and pk in texts]
    likenesses = similarities(texts[item.pk], [texts[pk] for pk in others])
    nearest = sorted(zip(others, likenesses, strict=True), key=lambda entry: -entry[1])
    return {item.pk: 1.0, **{pk: value for pk, value in nearest[: size - 1] if value > 0}}


def outputs(items: list[int]) -> dict[int, str]:
    """The beginning of each item's response."""
    bodies = ResponseBody.objects.filter(response__subject_parts__subject__items__in=items)
    start = Substr("output", 1, COMPARED)
    return dict(bodies.values_list("response__subject_parts__subject__items", start))


def shown(items: list[int]) -> dict[int, Response]:
    """The response of each item with its texts."""
    of = dict(SubjectResponse.objects.filter(subject__items__in=items).values_list("subject__items", "response_id"))
    rows = {row.pk: row for row in with_passages(list(text_rows(Response.objects.filter(pk__in=set(of.values())))))}
    return {item: rows[response] for item, response in of.items()}


def readable(response: Response) -> bool:
    return len(response.body.output) <= READABLE


def start_of(text: Any) -> Start | None:
    """As an address names it: 1.250."""
    lane, dot, pos = str(text).partition(".")
    is_whole = dot and lane.isdecimal() and pos.isdecimal() and len(lane) < 5 and len(pos) < 19
    return Start(int(lane), int(pos)) if is_whole else None
