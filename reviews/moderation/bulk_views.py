"""Bulk actions: choose, read the count, confirm exactly that set, watch it being done."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_POST

from feedback.accounts.access import MemberRequest
from feedback.htmx import page, see_other
from reviews.moderation import bulk
from reviews.moderation.filters import chosen
from reviews.moderation.forms import ReasonForm
from reviews.moderation.models import MOST, Action, BulkAction
from reviews.queues.models import Item

QUESTIONS = {"withdraw": "Withdraw {}?", "put-back": "Put {} back?", "ask-more": "Ask for one more review of {}?"}
OPPOSITES = {"withdraw": "put-back", "put-back": "withdraw"}


def the_set(request: MemberRequest) -> list[Item]:
    """The items meant: all that match the filters, those of an earlier bulk action, or those that were ticked."""
    rows: QuerySet[Item] = request.project.items.all()
    if request.POST.get("all"):
        rows = chosen(request.project, QueryDict(request.POST.get("filters", "")))[1]
    elif request.POST.get("of", "").isdecimal():
        earlier = request.project.actions.filter(bulk=int(request.POST["of"]))
        rows = rows.filter(pk__in=earlier.values("item"))
    else:
        ticked = [int(text) for text in request.POST.getlist("item") if text.isdecimal() and len(text) < 19]
        rows = rows.filter(pk__in=ticked[:MOST])
    return list(rows.select_related("queue").order_by("-pk")[:MOST])


@require_POST
def bulk_confirm(request: MemberRequest) -> HttpResponse:
    """Count the set and say what would happen; nothing is done yet."""
    return ask(request, the_set(request), ReasonForm())


def ask(request: MemberRequest, items: list[Item], form: ReasonForm, **extra: Any) -> HttpResponse:
    kind = request.POST.get("kind", "")
    if kind not in QUESTIONS:
        raise Http404("There is no such act.")
    if not items:
        messages.warning(request, "No item was chosen.")
        return see_other("moderation:item-list", project=request.project.slug)
    counts = bulk.counted(kind, items)
    n = counts["n"]
    context = {
        **counts,
        "kind": kind,
        "title": QUESTIONS[kind].format(f"{n:,} item{'' if n == 1 else 's'}"),
        "form": form,
        "all": request.POST.get("all", ""),
        "filters": request.POST.get("filters", ""),
        "of": request.POST.get("of", ""),
        "ids": [] if request.POST.get("all") or request.POST.get("of") else [item.pk for item in items],
        **extra,
    }
    status = extra.get("status", 422 if form.errors else 200)
    return page(request, "reviews/moderation/bulk_confirm.html", context, partial="confirm", status=status)


@require_POST
def bulk_start(request: MemberRequest) -> HttpResponse:
    """Begin, if the set is still the one that was counted; else say so and ask anew, with the new count."""
    kind, form = request.POST.get("kind", ""), ReasonForm(request.POST)
    items = the_set(request)
    if kind not in QUESTIONS or not items or not form.is_valid():
        return ask(request, items, form)
    ids = [item.pk for item in items]
    try:
        begun = bulk.start(
            request.project, request.member, kind, ids,
            digest=request.POST.get("digest", ""), reason=form.cleaned_data["reason"],
        )  # fmt: skip
    except bulk.SetChanged:
        was = request.POST.get("n", "")
        return ask(request, items, form, status=409, was=was if was.isdecimal() else "", has_changed=True)
    return see_other("moderation:bulk-detail", project=request.project.slug, pk=begun.pk)


@require_GET
def bulk_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """How far it is, what was left alone and why, and the way back."""
    one: BulkAction = get_object_or_404(request.project.bulkactions.select_related("by__user"), pk=pk)
    done = request.project.actions.filter(bulk=one)
    rows: list[Action] = list(done.select_related("item__queue").order_by("-pk")[:20])
    context = {
        "bulk": one,
        "rows": rows,
        "n_done": done.count(),
        "refused": sorted(one.refused.items()),
        "opposite": OPPOSITES.get(one.kind, "") if one.is_finished else "",
    }
    return page(request, "reviews/moderation/bulk_detail.html", context, partial="progress")
