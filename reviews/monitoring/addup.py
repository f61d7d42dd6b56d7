"""Adding up: the sweep that keeps `ResponseDay` and `VerdictFact`, and what `verify` compares them with.

One at a time. A day is added up again when it carries a mark; the marks are taken away first, so that whatever comes
in meanwhile leaves a mark of its own. Nothing here is a truth: with all rows of both tables gone, pages show the same.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from feedback.accounts.models import Project
from feedback.judgements.models import Verdict
from feedback.responses.models import ChangedDay, Response
from reviews.monitoring.days import DAY, SUMS, grouped, midnight, stepped
from reviews.monitoring.facts import known, made
from reviews.monitoring.models import AddedDay, ResponseDay, VerdictFact

KEYS = ("origin", "environment", "prompt_version_id", "model_id")
CHUNK = 1_000  # facts in one transaction
MOST = 50_000  # that one sweep looks up
SECONDS = 4.0  # that a sweep works, about; what is left is read from the rows until the next one


def add_up(seconds: float = SECONDS) -> int:
    """Bring sums and facts up to date, for about so long; how many days and chunks were done."""
    until, done = time.monotonic() + seconds, 0
    for project in Project.objects.filter(archived_at__isnull=True):
        for day in due_days(project):
            done += add_day(project, day)
            if time.monotonic() > until:
                return done
        done += tell_facts(project, until)
        if time.monotonic() > until:
            break
    return done


def take_turn() -> bool:
    """Whether this transaction may add up; SQLite's immediate transaction is a turn already."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('reviews.monitoring.addup'))")
        return bool(cursor.fetchone()[0])


def due_days(project: Project) -> Iterator[date]:
    """Days that changed, then those never added up, from the newest on; not what is dated ahead of its time."""
    yield from ChangedDay.objects.filter(project=project).order_by("-day").values_list("day", flat=True).distinct()
    ends = Response.objects.filter(project=project).aggregate(first=Min("responded_at"), last=Max("responded_at"))
    if ends["first"] is None:
        return
    known_days = set(AddedDay.objects.filter(project=project).values_list("day", flat=True))
    day = min(ends["last"], timezone.now()).date()
    while day >= ends["first"].date():
        if day not in known_days:
            yield day
        day -= DAY


@transaction.atomic
def add_day(project: Project, day: date) -> bool:
    """Add the day up, and its filled responses' facts again; False when another process has the turn."""
    if not take_turn():
        return False
    marks = ChangedDay.objects.filter(project=project, day=day)
    taken = dict(marks.values_list("pk", "is_filled"))
    ChangedDay.objects.filter(pk__in=taken).delete()
    if any(taken.values()):
        VerdictFact.objects.filter(project=project, day=day).delete()
        refill(project, day)
    ResponseDay.objects.filter(project=project, day=day).delete()
    ResponseDay.objects.bulk_create(sums_of(project, day))
    AddedDay.objects.get_or_create(project=project, day=day)
    return True


def sums_of(project: Project, day: date) -> list[ResponseDay]:
    """Unsaved sums of a day."""
    rows = Response.objects.filter(
        project=project, responded_at__gte=midnight(day), responded_at__lt=midnight(day + DAY)
    )
    steps: dict[tuple[object, ...], dict[str, int]] = defaultdict(dict)
    for *keys, step, n in stepped(rows, *KEYS):
        steps[tuple(keys)][str(int(step))] = n
    return [
        ResponseDay(project=project, day=day, latencies=steps[tuple(row[key] for key in KEYS)], **row)
        for row in grouped(rows, *KEYS)
    ]


def refill(project: Project, day: date) -> None:
    """The facts of verdicts on that day's responses."""
    inside = {"responded_at__gte": midnight(day), "responded_at__lt": midnight(day + DAY)}
    of_day = {f"subject__parts__response__{name}": value for name, value in inside.items()}
    rows = Verdict.objects.current().filter(project=project, subject__size=1, **of_day)
    VerdictFact.objects.bulk_create(made(project, list(rows.values_list("pk", flat=True))), ignore_conflicts=True)


def tell_facts(project: Project, until: float) -> int:
    """Take the facts of ended verdicts away and make those of new ones, oldest first; how many chunks."""
    VerdictFact.objects.filter(project=project, verdict__is_current=False).delete()
    due = Verdict.objects.current().filter(~known(), project=project).order_by("pk").values_list("pk", flat=True)
    ids, done = list(due[:MOST]), 0
    for start in range(0, len(ids), CHUNK):
        with transaction.atomic():
            if not take_turn():
                break
            # Somebody else's turn may have told some of them since we looked.
            VerdictFact.objects.bulk_create(made(project, ids[start : start + CHUNK]), ignore_conflicts=True)
        done += 1
        if time.monotonic() > until:
            break
    return done


def wrong_days() -> list[str]:
    """Days whose sums are not what their responses say, but carry no mark."""
    found = []
    for added in AddedDay.objects.select_related("project"):
        if ChangedDay.objects.filter(project=added.project_id, day=added.day).exists():
            continue
        kept = ResponseDay.objects.filter(project=added.project_id, day=added.day)
        if said(kept) != said(sums_of(added.project, added.day)):
            found.append(f"the sums of {added.project} on {added.day}")
    return found


def said(rows: object) -> dict[tuple[object, ...], tuple[object, ...]]:
    """Sums in a shape that can be compared; amounts of money to twelve digits, for they were added in another order."""
    names = (*SUMS, "latencies")
    return {
        tuple(getattr(row, key) for key in KEYS): tuple(
            float(f"{value:.12g}") if isinstance(value := getattr(row, name), float) else value for name in names
        )
        for row in rows  # type: ignore[attr-defined]
    }


def wrong_facts() -> list[str]:
    """Facts that differ from what their verdict says now, where the response was not filled since."""
    found = []
    for project in Project.objects.filter(verdictfacts__isnull=False).distinct():
        filled = ChangedDay.objects.filter(project=project, is_filled=True).values("day")
        kept = {row.pk: row for row in VerdictFact.objects.filter(project=project).exclude(day__in=filled)}
        ids = list(kept)
        for start in range(0, len(ids), CHUNK):
            for fact in made(project, ids[start : start + CHUNK]):
                if plain(fact) != plain(kept[fact.pk]):
                    found.append(str(kept[fact.pk]))
    return found


def plain(fact: VerdictFact) -> list[object]:
    return [getattr(fact, field.attname) for field in fact._meta.concrete_fields]
