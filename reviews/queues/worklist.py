"""My work: the queues, what waits in each for this person, what they hold or had begun, what they asked moderators."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Q
from django.utils import timezone

from feedback.accounts.models import Member
from reviews.queues.claim import MANY
from reviews.queues.desk import questions_of, work_rows
from reviews.queues.history import titles_of
from reviews.queues.models import Assignment, Place

MOST_BEGUN = 50


def work_page(member: Member) -> dict[str, Any]:
    """The context of the page."""
    begun = begun_by_queue(member)
    held = {queue for queue, turns in begun.items() if any(turn["has_place"] for turn in turns)}
    rows, today = work_rows(member, held)
    return {
        "rows": [{**row, "begun": begun.get(row["queue"].pk, []), "is_many": row["remaining"] >= MANY} for row in rows],
        "today_done": today,
        "questions": questions_of(member),
        "restrictions": list(member.restrictions.standing().select_related("queue").order_by("pk")),
    }


def begun_by_queue(member: Member) -> dict[int, list[dict[str, Any]]]:
    """Items that are held for this person, and lost ones with a draft that they may get back, the oldest first."""
    has_draft = Q(place__isnull=True, draft_saved_at__isnull=False)
    rows = member.assignments.filter(Q(place__state=Place.State.CLAIMED) | has_draft, state=Assignment.State.CLAIMED)
    turns = list(rows.select_related("item", "place").order_by("claimed_at", "pk")[:MOST_BEGUN])
    titles = titles_of([turn.item for turn in turns]) if turns else {}
    now = timezone.now()  # for showing, not for deciding
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for turn in turns:
        place = getattr(turn, "place", None)
        until = place.lease_until if place else None
        found[turn.queue_id].append(
            {
                "title": titles.get(turn.item.subject_id) or f"Review {turn.pk}",
                "has_place": place is not None,
                "is_held": until is not None and until > now,
                "until": until,
                "draft_saved_at": turn.draft_saved_at,
            }
        )
    return found
