"""The moderator's pages: what could not be settled by rule, and settling it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from feedback.accounts.access import MemberRequest
from feedback.htmx import page
from feedback.judgements.record import criteria_of
from feedback.judgements.refusal import AnswersRefused
from reviews.quality.adjudicate import NotDisputed, ReviewedIt, adjudicate, has_reviewed
from reviews.quality.dispute import sheet
from reviews.quality.forms import SettleForm
from reviews.quality.settle import counted_reviews
from reviews.queues.history import titles_of
from reviews.queues.models import Item

ROWS = 50
GONE = "This item is no longer in dispute: somebody settled it, or it is being reviewed again."


@require_GET
def unsettled(request: MemberRequest) -> HttpResponse:
    """Open disputes, oldest first; `?after=` continues behind an item."""
    disputes = request.project.adjudications.filter(settled_at=None, item__state=Item.State.UNRESOLVED)
    after = request.GET.get("after", "")
    if after.isdecimal() and len(after) < 19:
        disputes = disputes.filter(pk__gt=int(after))
    rows = list(disputes.select_related("item__queue__rubric_version").order_by("pk")[: ROWS + 1])
    here = reverse("quality:unsettled", kwargs={"project": request.project.slug})
    titles = titles_of([row.item for row in rows])
    context = {
        "rows": [
            {
                "dispute": row,
                "title": titles.get(row.item.subject_id) or f"Item {row.item_id}",
                "questions": questions(row.item, row.disputed),
            }
            for row in rows[:ROWS]
        ],
        "first_url": here if after else "",
        "next_url": f"{here}?after={rows[ROWS - 1].pk}" if len(rows) > ROWS else "",
    }
    return page(request, "reviews/quality/unsettled.html", context, partial="disputes")


def questions(item: Item, disputed: list[str]) -> list[str]:
    return [criterion.label for criterion in criteria_of(item.queue.rubric_version) if criterion.key in disputed]


@require_http_methods(["GET", "POST"])
def settle(request: MemberRequest, pk: int) -> HttpResponse:
    """One dispute: read the answers side by side, decide, say why."""
    items = request.project.items.select_related("queue__rubric_version", "subject")
    item: Item = get_object_or_404(items, pk=pk)
    dispute = item.adjudications.filter(settled_at=None).first()
    if item.state != Item.State.UNRESOLVED or dispute is None:
        messages.warning(request, GONE)
        return redirect("quality:unsettled", project=request.project.slug)
    shown = item.subject.shown()
    criteria = [c for c in criteria_of(item.queue.rubric_version) if c.key in dispute.disputed]
    form = SettleForm(criteria, shown, request.POST or None, label_suffix="")
    is_own, status = has_reviewed(request.member, item), 200
    if request.method == "POST" and not is_own:
        if form.is_valid() and decide(request, item, form):
            messages.success(request, "Settled.")
            return redirect("quality:unsettled", project=request.project.slug)
        status = 422
    reviews = list(counted_reviews([item.pk]))
    context: dict[str, Any] = sheet(item, shown, reviews, dispute.disputed)
    context |= {"item": item, "dispute": dispute, "form": None if is_own else form}
    return page(request, "reviews/quality/settle.html", context, partial="sheet", status=403 if is_own else status)


def decide(request: MemberRequest, item: Item, form: SettleForm) -> bool:
    """Write the verdict; False with the reasons on the form when it cannot be."""
    try:
        adjudicate(item, request.member, form.answers(), form.cleaned_data["reason"], request=request)
    except AnswersRefused as refusal:
        form.refuse(refusal.errors)
    except (NotDisputed, ReviewedIt):
        form.add_error(None, GONE)
    return form.is_valid()
