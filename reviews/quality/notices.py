"""The daily measurement of reviewers: kept for pages, API and settling; who stands out is told to moderators.

A notice asks a person to look. It restricts nobody, and nothing else happens by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.audit.log import record
from reviews.quality.models import Analysis, ReviewerMeasure, ReviewerNotice

MORE = 1.5  # times as much as when it was dismissed, before the same is told again
FACTS = ("criterion", "kind", "label", "measure", "n", "value", "low", "high", "expected")
# What opens a notice. Three standard errors stand out on a page; every day would find that in everybody some day.
FAR = "Four standard errors from what it is held against."
THRESHOLDS = {
    "gold": "An honest reviewer (nine of ten right) would have so few right in 3 of 100,000.",
    "severity": "Four standard errors from no lean, and half a standard deviation of all scores.",
    "one_answer": "The same answer nine times in ten, where others gave it six times or less.",
    "pace": "Most reviews in less than a third of the others’ time, with less agreement than others.",
    "own_pace": "Surely less than half the time of earlier reviews, with less agreement than others.",
    "repeats": "Half of the texts written before, word for word, and four standard errors above others.",
}


class Refused(Exception):
    """This cannot be done now; the message is for the moderator."""


def measure_due() -> int:
    """Ask for the figures of every project that has new reviews and was not measured today; how many were."""
    asked = 0
    measured = Max("reviewermeasures__measured_at")
    for project in Project.objects.filter(archived_at__isnull=True).annotate(measured_at=measured).order_by("pk"):
        last = project.measured_at
        if project.reviews.exists() if last is None else last < start_of_day() and has_changed(project, last):
            Analysis.ask(project, Analysis.Kind.RELIABILITY, {})
            asked += 1
    return asked


def has_changed(project: Project, since: datetime) -> bool:
    changed = Q(created_at__gt=since) | Q(withdrawn_at__gt=since) | Q(invalidated_at__gt=since)
    return project.reviews.filter(changed).exists()


def start_of_day() -> datetime:
    now = timezone.now()
    return datetime.combine(now.date(), time.min, tzinfo=now.tzinfo)


@transaction.atomic
def keep(project: Project, result: Mapping[str, Any]) -> None:
    """Replace what was measured, once a day at most: so that a figure that moves tells nobody which item was gold."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if ReviewerMeasure.objects.filter(project=project, measured_at__gte=start_of_day()).exists():
        return
    names = {row["reviewer"] for row in result["rows"]}
    people = {one.pseudonym: one for one in Member.objects.filter(project=project, pseudonym__in=names)}
    classes = {(one["key"], one["kind"]): one["names"] for one in result["classes"]}
    now, rows, sure = timezone.now(), [], []
    for row in result["rows"]:
        for figure in row["figures"]:
            about = {"project": project, "reviewer": people[row["reviewer"]], "criterion": row["key"]}
            about |= {"kind": row["kind"], "label": row["label"], "measured_at": now, "is_notable": figure["notable"]}
            about |= {name: figure[name] for name in ("measure", "n", "value", "low", "high", "expected")}
            if figure["measure"] == "accuracy" and "confusion" in row:
                about["confusion"] = {"classes": classes[row["key"], row["kind"]], **row["confusion"]}
            rows.append(ReviewerMeasure(**about))
            if figure["is_sure"]:
                sure.append(rows[-1])
    ReviewerMeasure.objects.filter(project=project).delete()
    ReviewerMeasure.objects.bulk_create(rows, batch_size=500)
    for measure in sure:
        notice(measure)


def notice(measure: ReviewerMeasure) -> ReviewerNotice | None:
    """Tell moderators, unless they are told already, or said that it is no matter and little has come since."""
    if measure.reviewer.user_id is None:
        return None  # a person of an import: nobody can talk to them
    same = ReviewerNotice.objects.filter(
        reviewer=measure.reviewer, criterion=measure.criterion, kind=measure.kind, measure=measure.measure
    )
    last = same.order_by("-pk").first()
    if last is not None and (last.is_open or measure.n < MORE * last.n):
        return None
    facts = {name: getattr(measure, name) for name in FACTS}
    opened = ReviewerNotice.objects.create(
        project=measure.project,
        reviewer=measure.reviewer,
        threshold=THRESHOLDS.get(measure.measure, FAR),
        opened_at=measure.measured_at,
        **facts,
    )
    told = {name: facts[name] for name in ("criterion", "measure", "n", "value", "low", "high")}
    record("reviewer-noticed", opened, reviewer=str(measure.reviewer.key), **told)
    return opened


@transaction.atomic
def dismiss(notice: ReviewerNotice, by: Member, reason: str) -> ReviewerNotice:
    """It was looked at, and this is what was found. Raises Refused."""
    row = ReviewerNotice.objects.select_for_update().get(pk=notice.pk)
    if not row.is_open:
        raise Refused("It is dismissed already.")
    if not reason.strip():
        raise Refused("Say why: it stays with the notice.")
    if row.reviewer_id == by.pk:
        raise Refused("It is about you: another moderator looks at it.")
    row.closed_at, row.closed_by, row.reason = timezone.now(), by, reason.strip()
    row.save(update_fields=["closed_at", "closed_by", "reason"])
    record("reviewer-notice-dismissed", row, actor=by, reviewer=str(row.reviewer.key), measure=row.measure)
    return row
