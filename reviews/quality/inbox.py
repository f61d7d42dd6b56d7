"""What moderators decided about a reviewer's own reviews, and why. Nothing here is of an item with a known answer: such
reviews are never in dispute.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from feedback.accounts.access import MemberRequest
from feedback.accounts.models import Member
from feedback.htmx import page
from feedback.judgements.record import ANSWER_ROWS, answers_of, criteria_of
from reviews.quality.dispute import cell, meaning, settled_words
from reviews.quality.models import Adjudication
from reviews.queues.history import titles_of
from reviews.queues.models import Assignment
from reviews.queues.ranking import labels

PAGE = 20
WEEK = timedelta(days=7)
COUNTED = 100


def decisions(member: Member) -> QuerySet[Adjudication]:
    """Disputes that a moderator settled on items this person had reviewed by then, the newest first."""
    mine = Assignment.objects.filter(item=OuterRef("item"), reviewer=member, review__isnull=False, is_extra=False)
    before = mine.filter(submitted_at__lt=OuterRef("settled_at"))
    rows = Adjudication.objects.filter(project=member.project_id, settled_by__isnull=False, verdict__isnull=False)
    return rows.filter(Exists(before)).order_by("-pk")


@require_GET
def inbox(request: MemberRequest) -> HttpResponse:
    """The page; `?brief=1` is one line for My work."""
    rows = decisions(request.member)
    if request.GET.get("brief"):
        n = rows.filter(settled_at__gte=timezone.now() - WEEK).order_by()[: COUNTED + 1].count()
        brief = {"n_lately": min(n, COUNTED), "is_many": n > COUNTED, "lines": None}
        return page(request, "reviews/quality/inbox.html", brief, partial="brief")
    before = request.GET.get("before", "")
    rows = rows.filter(pk__lt=int(before)) if before.isdecimal() and len(before) < 19 else rows
    found = list(rows.select_related("item__queue__rubric_version", "item__subject", "verdict")[: PAGE + 1])
    context = {
        "lines": lines(request.member, found[:PAGE]),
        "first_url": request.path if before else "",
        "next_url": f"?before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
    }
    return page(request, "reviews/quality/inbox.html", context, partial="decisions")


def lines(member: Member, found: list[Adjudication]) -> list[dict[str, Any]]:
    """Each decision beside what the person had said; those that did not count their review are left out."""
    reviews = [f"review__{name}" for name in ANSWER_ROWS if name != "rubric_version"]
    mine = member.assignments.filter(item__in=[row.item_id for row in found], review__isnull=False, is_extra=False)
    turns = mine.select_related("review__rubric_version").prefetch_related(*reviews).order_by("pk")
    by_item = {turn.item_id: turn for turn in turns}
    titles = titles_of([row.item for row in found])
    entries = []
    for row in found:
        turn = by_item.get(row.item_id)
        if turn and row.verdict and turn.review_id in row.verdict.review_ids:
            title = titles.get(row.item.subject_id) or f"Review {turn.pk}"
            entries.append({"row": row, "turn": turn, "title": title, "questions": questions(row, turn)})
    return entries


def questions(row: Adjudication, turn: Assignment) -> list[dict[str, Any]]:
    """What was decided of each question in dispute, what the person had said, and the moderator's reason."""
    order = turn.shown_order or [int(part) for part in row.item.subject.key.split("+")]
    names = dict(zip(order, labels(len(order)), strict=True))
    review, verdict = turn.review, row.verdict
    assert review is not None
    assert verdict is not None
    said = answers_of(review)
    told = []
    for criterion in criteria_of(row.item.rubric_version):
        answer = verdict.answers.get(criterion.key)
        if criterion.key in row.disputed and answer and answer.get("adjudicated"):
            given = said.get(criterion.key)
            told.append(
                {
                    "label": criterion.label,
                    "decided": settled_words(criterion, answer, names),
                    "said": cell(criterion, given, names).get("words") or "Marked something",
                    "is_same": is_same(criterion, given, answer),
                    "reason": answer.get("reason") or verdict.reason,
                }
            )
    return told


def is_same(criterion: Any, given: Any, answer: dict[str, Any]) -> bool:
    """Whether the decision is what this person had said."""
    if criterion.kind == "spans":
        return ("yes" if given else "no") == answer["value"]
    if "outcome" in answer:
        return bool(given) and meaning(criterion, given) == (answer["outcome"], answer["preferred"])
    return given is not None and meaning(criterion, given) == meaning(criterion, answer["value"])
