"""What the gold pages show: use and pass rate of each item, how reviewers fare, the answers that were given."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext

from feedback.accounts.models import Member, Project
from feedback.judgements.record import ANSWER_ROWS, answers_of, criteria_of
from feedback.responses.models import Response
from feedback.rubrics.models import Criterion
from feedback.statistics.gold import FEWEST, is_too_low
from feedback.statistics.intervals import wilson
from reviews.quality.gold_models import DONE, GoldCheck, GoldItem
from reviews.quality.names import letters_of
from reviews.queues.history import titles_of
from reviews.queues.models import Queue
from reviews.queues.turn import in_words

ROWS = 50
Line = dict[str, Any]


def percent(share: float) -> str:
    return f"{100 * share:.0f}"


def rate(right: int, n: int) -> Line:
    low, high = wilson(right, n)
    return {
        "right": right,
        "n": n,
        "share": percent(right / n) if n else "",
        "low": percent(low),
        "high": percent(high),
    }


def queues_of(project: Project) -> list[Line]:
    """Every queue that people review, with its gold."""
    active, doubtful = (Count("gold", filter=Q(gold__state=state)) for state in ("active", "questioned"))
    rows = project.queues.filter(takes_imports=False).annotate(n_active=active, n_questioned=doubtful)
    rows = rows.select_related("gold_setting", "course", "training").order_by("name")
    return [{"queue": row, "setting": getattr(row, "gold_setting", None)} for row in rows]


def questioned(project: Project) -> list[Line]:
    rows = GoldItem.objects.filter(project=project, state=GoldItem.State.QUESTIONED)
    return lines(list(rows.select_related("item", "queue").with_uses().order_by("-pk")[:ROWS]))


def gold_of(queue: Queue, before: int = 0) -> tuple[list[Line], int]:
    """A page of the queue's gold, newest first, and where the next one begins; 0 after the last."""
    rows = queue.gold.with_uses().select_related("item", "queue").order_by("-pk")
    found = list((rows.filter(pk__lt=before) if before else rows)[: ROWS + 1])
    return lines(found[:ROWS]), found[ROWS - 1].pk if len(found) > ROWS else 0


def lines(rows: list[GoldItem]) -> list[Line]:
    """Each with its title, its uses, and how many passed with the interval of the share."""
    checks = GoldCheck.objects.filter(gold__in=rows, assignment__state__in=DONE).order_by().values("gold")
    passed = checks.annotate(n=Count("pk"), right=Count("pk", filter=Q(is_right=True)))
    by_gold = {row["gold"]: (row["right"], row["n"]) for row in passed}
    titles = titles_of([row.item for row in rows])
    return [
        {
            "gold": row,
            "title": titles.get(row.item.subject_id) or f"Item {row.item_id}",
            "passed": rate(*by_gold.get(row.pk, (0, 0))),
        }
        for row in rows
    ]


def reviewers_of(queue: Queue, reader: Member) -> list[Line]:
    """Accuracy on gold, the lowest first; with fewer than ten checks nothing is said of anybody."""
    found = GoldCheck.objects.counted().filter(gold__queue=queue).by_reviewer()
    people = Member.objects.filter(pk__in=found).select_related("user")
    sees_names = reader.may("manage_members")
    rows = [
        {
            "name": str(person) if sees_names else person.pseudonym,
            **rate(*found[person.pk]),
            "is_low": is_too_low(*found[person.pk]),
            "is_few": found[person.pk][1] < FEWEST,
        }
        for person in people
    ]
    return sorted(rows, key=lambda row: (row["is_few"], row["right"] / row["n"]))


def expected_lines(
    criteria: tuple[Criterion, ...], answers: Line, tolerance: Line, shown: list[Response]
) -> list[Line]:
    return [
        {
            "label": row.label,
            "words": said(row, answers[row.key], shown),
            "room": tolerance.get(row.key),
            "kind": row.kind,
        }
        for row in criteria
        if row.key in answers
    ]


def said(criterion: Criterion, value: Any, shown: list[Response]) -> str:
    """An answer in words, on any page of gold."""
    if criterion.kind == Criterion.Kind.SPANS:
        return " · ".join(f"“{mark['quote']}”" for mark in value) if value else gettext("Nothing to mark")
    return in_words(criterion, value, shown) or gettext("No answer")


def given_lines(gold: GoldItem, shown: list[Response]) -> list[Line]:
    """What reviewers answered, by blind names, with what was wrong; the newest 50."""
    answers = [f"assignment__review__{name}" for name in ANSWER_ROWS if name != "rubric_version"]
    rows = gold.checks.filter(assignment__state__in=DONE).select_related(
        "revision", "assignment__review__rubric_version"
    )
    letters = letters_of(gold.item)
    found = []
    for check in rows.prefetch_related(*answers).order_by("-pk")[:ROWS]:
        given = answers_of(check.assignment.review)  # type: ignore[arg-type]
        criteria = criteria_of(check.assignment.review.rubric_version)  # type: ignore[union-attr]
        cells = [
            {"label": row.label, "words": said(row, given.get(row.key), shown), "is_right": check.right[row.key]}
            for row in criteria
            if row.key in check.right
        ]
        found.append({"name": f"Reviewer {letters.get(check.assignment_id, '?')}", "check": check, "cells": cells})
    return found


def address(project: Project, route: str, **kwargs: Any) -> str:
    return reverse(f"gold:{route}", kwargs={"project": project.slug, **kwargs})
