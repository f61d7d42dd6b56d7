"""The list of items, an item's page, and the acts on it and on its reviews, which show their effects first."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from feedback.accounts.access import MemberRequest
from feedback.htmx import page, see_other
from reviews.moderation import act, preview
from reviews.moderation.bulk import OF_REVIEWS
from reviews.moderation.dossier import dossier
from reviews.moderation.filters import chosen, offer_queues
from reviews.moderation.forms import AGAIN, ReasonForm, ReopenForm
from reviews.moderation.models import MOST, BulkAction
from reviews.moderation.panel import held, titled
from reviews.quality.names import letters_of
from reviews.queues.models import Assignment, Item

PAGE = 50
# Act -> title, button, verb, what it would do.
ITEM_ACTS: dict[str, tuple[str, str, Any, Any]] = {
    "withdraw": ("Withdraw this item?", "Withdraw", act.withdraw, preview.of_withdrawal),
    "put-back": ("Put this item back?", "Put back", act.put_back, preview.of_putting_back),
    "ask-more": ("Ask for one more review?", "Ask for one more", act.ask_more, preview.of_asking_more),
    "ask-fewer": ("Ask for one review less?", "Ask for one less", act.ask_fewer, lambda item: preview.Effects()),
    "put-first": ("Serve this item before all others?", "Put first", act.put_first, preview.of_moving),
    "put-last": ("Serve this item after all others?", "Put last", act.put_last, preview.of_moving),
    "reopen": ("Reopen this item?", "Reopen", None, preview.of_reopening),
}
REVIEW_ACTS: dict[str, tuple[str, str, Any, Any]] = {
    "invalidate": ("Invalidate the review of", "Invalidate", act.invalidate, preview.of_invalidation),
    "restore": ("Restore the review of", "Restore", act.restore, preview.of_restoring),
}


@require_GET
def item_list(request: MemberRequest) -> HttpResponse:
    """Items, the newest first, with filters in the address; from here many are changed at once."""
    filterset, rows = chosen(request.project, request.GET)
    offer_queues(filterset.form, request.project)
    before = request.GET.get("before", "")
    is_behind = before.isdecimal() and len(before) < 19
    count = rows.order_by()[: MOST + 1].count()
    shown = rows.filter(pk__lt=int(before)) if is_behind else rows
    listed = list(shown.select_related("queue").order_by("-pk")[: PAGE + 1])
    titles, busy = titled(listed[:PAGE]), held([item.pk for item in listed[:PAGE]])
    filters = request.GET.copy()
    filters.pop("before", None)
    base = filters.urlencode()
    context = {
        "form": filterset.form,
        "rows": [{"item": item, "title": titles[item.pk], "is_held": item.pk in busy} for item in listed[:PAGE]],
        "count": min(count, MOST),
        "capped": count > MOST,
        "noun": "item" if count == 1 else "items",
        "filters": base,
        "is_filtered": any(filters.values()),
        "kinds": [choice for choice in BulkAction.Kind.choices if choice[0] not in OF_REVIEWS],
        "first_url": f"?{base}" if is_behind else "",
        "next_url": f"?{base}{'&' if base else ''}before={listed[PAGE - 1].pk}" if len(listed) > PAGE else "",
    }
    status = 200 if filterset.is_valid() else 422
    return page(request, "reviews/moderation/item_list.html", context, partial="items", status=status)


@require_GET
def item_detail(request: MemberRequest, pk: int) -> HttpResponse:
    item = own_item(request, pk)
    return page(request, "reviews/moderation/item_detail.html", dossier(item, request.member), partial="item")


def own_item(request: MemberRequest, pk: int) -> Item:
    rows = request.project.items.select_related("queue__rubric_version", "subject", "project")
    item: Item = get_object_or_404(rows, pk=pk)
    return item


@require_http_methods(["GET", "POST"])
def item_act(request: MemberRequest, pk: int, act_name: str) -> HttpResponse:
    """Say what would happen, ask why, do it."""
    if act_name not in ITEM_ACTS:
        raise Http404("There is no such act.")
    item = own_item(request, pk)
    title, button, verb, effects_of = ITEM_ACTS[act_name]
    data = request.POST or None
    form = ReopenForm(item, data) if act_name == "reopen" else ReasonForm(data)
    if request.method == "POST" and form.is_valid():
        try:
            if act_name == "reopen":
                reopen(item, request, form)
            else:
                verb(item, request.member, form.cleaned_data["reason"])
        except act.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Done. It is in the item's history.")
            return see_other(after(request, item))
    context = {"item": item, "title": title, "button": button, "effects": effects_of(item), "form": form}
    context["titled"] = titled([item])[item.pk]
    status = 422 if form.errors else 200
    return page(request, "reviews/moderation/act.html", context, partial="act", status=status)


def reopen(item: Item, request: MemberRequest, form: Any) -> None:
    given = form.cleaned_data
    if given["how"] == AGAIN:
        act.settle_again(item, request.member, given["reason"])
    else:
        act.contest(item, request.member, given["reason"], given["criteria"])


def after(request: MemberRequest, item: Item) -> str:
    """Back to the item, or on to the next dispute when that is where it was asked."""
    slug = {"project": request.project.slug}
    if request.POST.get("next") == "dispute":
        place = request.POST.get("after", "")
        order = "order=oldest" if request.POST.get("order") == "order=oldest" else ""
        asked = "&".join(part for part in (order, f"after={place}" if place.isdecimal() else "") if part)
        return reverse("quality:next", kwargs=slug) + (f"?{asked}" if asked else "")
    return reverse("moderation:item-detail", kwargs={**slug, "pk": item.pk})


@require_http_methods(["GET", "POST"])
def review_act(request: MemberRequest, pk: int, act_name: str) -> HttpResponse:
    """Invalidate or restore the review of one turn, after showing what it does to places, verdict and datasets."""
    if act_name not in REVIEW_ACTS:
        raise Http404("There is no such act.")
    turns = request.project.assignments.filter(review__isnull=False).select_related("item__queue__rubric_version")
    turn: Assignment = get_object_or_404(turns.select_related("item__project", "review"), pk=pk)
    title, button, verb, effects_of = REVIEW_ACTS[act_name]
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            verb(turn, request.member, form.cleaned_data["reason"])
        except act.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Done. It is in the item's history.")
            return see_other("moderation:item-detail", project=request.project.slug, pk=turn.item_id)
    name = f"Reviewer {letters_of(turn.item).get(turn.pk, '?')}"
    context = {"item": turn.item, "title": f"{title} {name}?", "button": button, "effects": effects_of(turn)}
    context |= {"form": form, "titled": titled([turn.item])[turn.item_id]}
    status = 422 if form.errors else 200
    return page(request, "reviews/moderation/act.html", context, partial="act", status=status)
