"""What moderators decided about a reviewer's own reviews, and why. Nothing here is of an item with a known answer: such
reviews are never in dispute.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from feedback.accounts.access import MemberRequest
from feedback.accounts.models import Member
from feedback.htmx import page, see_other
from feedback.judgements.record import ANSWER_ROWS, answers_of, criteria_of
from reviews.quality.dispute import cell, meaning, settled_words
from reviews.quality.models import Adjudication, DecisionsRead
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


def read_upto(member: Member) -> datetime:
    """What was decided later is news to them. Who has never marked anything has news of the last week."""
    marked = DecisionsRead.objects.filter(member=member).values_list("upto", flat=True).first()
    return marked or timezone.now() - WEEK


@require_POST
def mark_read(request: MemberRequest) -> HttpResponse:
    """What was on the page is read; what was decided since is not. The mark never goes back."""
    upto, now = parse_datetime(request.POST.get("upto", "")[:40]), timezone.now()
    if upto is not None and timezone.is_aware(upto):
        mark, _ = DecisionsRead.objects.get_or_create(
            member=request.member, defaults={"project": request.project, "upto": min(upto, now)}
        )
        DecisionsRead.objects.filter(pk=mark.pk, upto__lt=upto).update(upto=min(upto, now))
    return see_other("quality:inbox", project=request.project.slug)


@require_GET
def inbox(request: MemberRequest) -> HttpResponse:
    """The page; `?brief=1` is one line for My work."""
    rows, since = decisions(request.member), read_upto(request.member)
    if request.GET.get("brief"):
        n = rows.filter(settled_at__gt=since).order_by()[: COUNTED + 1].count()
        brief = {"n_lately": min(n, COUNTED), "is_many": n > COUNTED, "lines": None}
        return page(request, "reviews/quality/inbox.html", brief, partial="brief")
    before = request.GET.get("before", "")
    rows = rows.filter(pk__lt=int(before)) if before.isdecimal() and len(before) < 19 else rows
    found = list(rows.select_related("item__queue__rubric_version", "item__subject", "verdict")[: PAGE + 1])
    entries = lines(request.member, found[:PAGE])
    news = [entry["row"].settled_at for entry in entries if entry["row"].settled_at > since]
    context = {
        "lines": entries,
        "since": since,
        "newest": max(news, default=None),
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
            title = titles.get(row.item.subject_id) or gettext("Review %(number)s") % {"number": turn.pk}
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
                    "said": cell(criterion, given, names).get("words") or gettext("Marked something"),
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
