"""My work: the queues, what waits in each for this person, what they hold or had begun, what they just sent, how far
they came, what they asked moderators.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from feedback.accounts.models import Member
from reviews.queues.claim import MANY, midnight
from reviews.queues.desk import questions_of, work_rows
from reviews.queues.history import said, titles_of
from reviews.queues.models import Assignment, Place
from reviews.queues.submit import can_undo

MOST_BEGUN = 50
JUST_SENT = 5
SENT = [Assignment.State.SUBMITTED, Assignment.State.SURPLUS]
DAYS = 7


def work_page(member: Member) -> dict[str, Any]:
    """The context of the page."""
    turns, sent = begun_turns(member), just_sent(member)
    titles = titles_of([turn.item for turn in (*turns, *sent)]) if turns or sent else {}
    begun = begun_by_queue(turns, titles)
    held = {queue for queue, lines in begun.items() if any(line["has_place"] for line in lines)}
    rows, today = work_rows(member, held)
    shown = {row["queue"].pk for row in rows}
    return {
        "rows": [{**row, "begun": begun.get(row["queue"].pk, []), "is_many": row["remaining"] >= MANY} for row in rows],
        "parked": [line for queue, lines in begun.items() if queue not in shown for line in lines],
        "today_done": today,
        "progress": progress_of(member),
        "sent": [sent_line(turn, titles, member.project.slug) for turn in sent],
        "questions": questions_of(member),
        "restrictions": list(member.restrictions.standing().select_related("queue").order_by("pk")),
    }


def begun_turns(member: Member) -> list[Assignment]:
    """Items that are held for this person, and lost ones with a draft that they may get back, the oldest first."""
    has_draft = Q(place__isnull=True, draft_saved_at__isnull=False)
    rows = member.assignments.filter(Q(place__state=Place.State.CLAIMED) | has_draft, state=Assignment.State.CLAIMED)
    return list(rows.select_related("item", "place", "queue").order_by("claimed_at", "pk")[:MOST_BEGUN])


def begun_by_queue(turns: list[Assignment], titles: dict[int, str]) -> dict[int, list[dict[str, Any]]]:
    now = timezone.now()  # for showing, not for deciding
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for turn in turns:
        place = getattr(turn, "place", None)
        until = place.lease_until if place else None
        found[turn.queue_id].append(
            {
                "title": titles.get(turn.item.subject_id) or gettext("Review %(number)s") % {"number": turn.pk},
                "queue": turn.queue,
                "has_place": place is not None,
                "is_held": until is not None and until > now,
                "until": until,
                "draft_saved_at": turn.draft_saved_at,
            }
        )
    return found


def just_sent(member: Member) -> list[Assignment]:
    """The newest reviews, those that can be undone among them."""
    rows = member.assignments.filter(state__in=SENT).order_by("-submitted_at", "-pk")
    return list(rows.select_related("queue", "item", "review")[:JUST_SENT])


def sent_line(turn: Assignment, titles: dict[int, str], project: str) -> dict[str, Any]:
    state, tone = said(turn)
    return {
        "title": titles.get(turn.item.subject_id) or gettext("Review %(number)s") % {"number": turn.pk},
        "queue": turn.queue,
        "at": turn.submitted_at,
        "url": reverse("queues:turn", kwargs={"project": project, "token": turn.token}),
        "state": state,
        "tone": tone,
        "undo_url": turn.undo_path(project) if can_undo(turn) else "",
    }


def progress_of(member: Member) -> dict[str, int]:
    """Reviews of the last seven days and the time they took, for this person alone.

    The time is what the page measured while it was looked at and used (`active_ms`), not the clock's; of reviews that
    came without one, by programs and imports, nothing is guessed. `n_timed` says of how many it is.
    """
    mine = member.assignments.filter(state__in=SENT, submitted_at__gte=midnight() - timedelta(days=DAYS - 1)).order_by()
    today, timed = Q(submitted_at__gte=midnight()), Q(review__active_ms__gt=0)
    found = mine.aggregate(
        week=Count("pk"),
        n_timed=Count("pk", filter=timed),
        week_ms=Sum("review__active_ms", filter=timed, default=0),
        today_ms=Sum("review__active_ms", filter=timed & today, default=0),
    )
    return {
        "week": found["week"],
        "n_timed": found["n_timed"],
        "week_seconds": whole_minutes(found["week_ms"]),
        "today_seconds": whole_minutes(found["today_ms"]),
    }


def whole_minutes(ms: int) -> int:
    """In seconds; what is shorter than a minute stays as it is."""
    seconds = ms // 1000
    return seconds if seconds < 60 else seconds - seconds % 60
