"""A reviewer's own past: what they judged, what became of it, and what can still be undone."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext

from feedback.accounts.models import Member
from feedback.judgements.record import ANSWER_ROWS, answers_of, criteria_of
from feedback.responses.models import SubjectResponse
from feedback.rubrics.models import RANKED, Criterion
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
        "title": titles.get(row.item.subject_id) or gettext("Review %(number)s") % {"number": row.pk},
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
        "submitted": (gettext("Counted"), "accent"),
        "surplus": (gettext("Kept, not counted"), "warn"),
        "skipped": (gettext("Skipped"), ""),
        "not_qualified": (gettext("Passed on"), ""),
        "invalidated": (gettext("Set aside"), "bad"),
    }[row.state]


def summary(row: Assignment) -> str:
    """The answers in a few words, as the page put its questions."""
    if row.review is None:
        return skip_words(row)
    criteria = {criterion.key: criterion for criterion in criteria_of(row.review.rubric_version)}
    given = answers_of(row.review).items()
    return " · ".join(in_words(criteria[key].label, shown_value(criteria[key], value)) for key, value in given)


def skip_words(row: Assignment) -> str:
    """Why it was skipped, in a few words; empty when no reason was given."""
    known = {
        "not_qualified": gettext("not qualified"),
        "unclear": gettext("unclear"),
        "language": gettext("language"),
        "broken": gettext("broken"),
        "upsetting": gettext("upsetting"),
        "other": gettext("other"),
    }
    return known.get(row.skip_reason, row.skip_reason.replace("_", " "))


def shown_value(criterion: Criterion, value: Any) -> Any:
    """The values of a set as the page put them, a ranking as how many it ranks; anything else as it is."""
    if criterion.kind in RANKED:
        count = sum(map(len, value))
        is_ranking = criterion.kind == Criterion.Kind.RANKING
        return (gettext("%(n)s ranked") if is_ranking else gettext("best and worst of %(n)s")) % {"n": count}
    if criterion.kind == Criterion.Kind.PER_TURN:
        return gettext("%(n)s judged") % {"n": len(value)}
    if criterion.kind == Criterion.Kind.YES_NO:
        return {"yes": gettext("yes"), "no": gettext("no"), "unsure": gettext("unsure")}.get(value, value)
    if criterion.kind != Criterion.Kind.MULTI_CHOICE:
        return value
    return ", ".join(answer_words(criterion, entry) for entry in value) or gettext("none")


def in_words(label: str, value: Any) -> str:
    if isinstance(value, list):
        return ngettext("%(n)s flag", "%(n)s flags", len(value)) % {"n": len(value)}
    if isinstance(value, dict):
        outcomes = {
            "preferred": gettext("one preferred"),
            "tie": gettext("equal"),
            "both_bad": gettext("both unacceptable"),
        }
        return outcomes.get(value.get("outcome", ""), gettext("rewritten"))
    return f"{label}: {str(value)[:40]}"
