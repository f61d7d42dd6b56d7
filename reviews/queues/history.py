"""A reviewer's own past: what they judged, what became of it, and what can still be undone."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import Truncator

from feedback.accounts.models import Member
from feedback.judgements.record import ANSWER_ROWS, answers_of, criteria_of
from feedback.responses.models import SubjectResponse
from feedback.rubrics.models import Criterion
from feedback.rubrics.wording import answer_words
from reviews.queues.desk import words
from reviews.queues.filters import TurnFilter
from reviews.queues.models import Assignment, Item
from reviews.queues.submit import can_undo

PAGE = 50
DONE = [state for state in Assignment.State if state != Assignment.State.CLAIMED]


def page_of(member: Member, asked: QueryDict) -> dict[str, Any]:
    """One page of the member's turns, newest first; `before` is the id where the page above ended."""
    filters = TurnFilter(asked, member=member, queryset=member.assignments.filter(state__in=DONE).order_by("-id"))
    mine = filters.qs if filters.is_valid() else filters.queryset.none()
    before = asked.get("before", "")
    if before.isdecimal() and len(before) < 19:
        mine = mine.filter(id__lt=int(before))
    reviews = [f"review__{name}" for name in ANSWER_ROWS if name != "rubric_version"]
    rows = list(mine.select_related("queue", "item", "review__rubric_version").prefetch_related(*reviews)[: PAGE + 1])
    project = member.project.slug
    here = reverse("queues:history", kwargs={"project": project})
    kept = {name: asked[name] for name in filters.filters if asked.get(name)}
    titles = titles_of([row.item for row in rows])
    return {
        "rows": [line(row, titles, project) for row in rows[:PAGE]],
        "filters": filters.form,
        "is_filtered": bool(kept),
        "next_url": f"{here}?{urlencode({**kept, 'before': rows[PAGE - 1].pk})}" if len(rows) > PAGE else "",
        "first_url": (f"{here}?{urlencode(kept)}" if kept else here) if before else "",
        "work_url": reverse("queues:work", kwargs={"project": project}),
    }


def titles_of(items: list[Item]) -> dict[int, str]:
    """The first words that a person said, by subject."""
    parts = SubjectResponse.objects.filter(subject__in=[item.subject_id for item in items], position=0)
    rows = parts.values_list("subject_id", "response__body__messages")
    return {
        subject: next(
            (Truncator(words(m.get("content"))).chars(120) for m in reversed(messages) if m.get("role") == "user"), ""
        )
        for subject, messages in rows
    }


def line(row: Assignment, titles: dict[int, str], project: str) -> dict[str, Any]:
    undo = row.undo_path(project) if can_undo(row) else ""
    state, tone = said(row)
    return {
        "at": row.submitted_at or row.claimed_at,
        "title": titles.get(row.item.subject_id) or f"Review {row.pk}",
        "url": reverse("queues:turn", kwargs={"project": project, "token": row.token}),
        "number": row.pk,
        "queue": row.queue.name,
        "summary": summary(row),
        "state": state,
        "tone": tone,
        "undo_url": undo,
    }


def said(row: Assignment) -> tuple[str, str]:
    """What became of the review, not of the item: that some are settled when they are reviewed is not to be seen."""
    return {
        "submitted": ("Counted", "accent"),
        "surplus": ("Kept, not counted", "warn"),
        "skipped": ("Skipped", ""),
        "not_qualified": ("Passed on", ""),
        "invalidated": ("Set aside", "bad"),
    }[row.state]


def summary(row: Assignment) -> str:
    """The answers in a few words, as the page put its questions."""
    if row.review is None:
        return row.skip_reason.replace("_", " ")
    criteria = {criterion.key: criterion for criterion in criteria_of(row.review.rubric_version)}
    given = answers_of(row.review).items()
    return " · ".join(in_words(criteria[key].label, shown_value(criteria[key], value)) for key, value in given)


def shown_value(criterion: Criterion, value: Any) -> Any:
    """The values of a set as the page put them, a ranking as how many it ranks; anything else as it is."""
    if criterion.kind == Criterion.Kind.RANKING:
        return f"{sum(map(len, value))} ranked"
    if criterion.kind != Criterion.Kind.MULTI_CHOICE:
        return value
    return ", ".join(answer_words(criterion, entry) for entry in value) or "none"


def in_words(label: str, value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} flag{'s' if len(value) != 1 else ''}"
    if isinstance(value, dict):
        outcomes = {"preferred": "one preferred", "tie": "equal", "both_bad": "both unacceptable"}
        return outcomes.get(value.get("outcome", ""), "rewritten")
    return f"{label}: {str(value)[:40]}"
