"""The moderation panel, its search, and taking an act back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from feedback.accounts.access import MemberRequest
from feedback.htmx import page, see_other, wants_fragment
from reviews.moderation import act
from reviews.moderation.models import Action
from reviews.moderation.panel import REGIONS, TITLED, found, regions_of

PANEL = "reviews/moderation/panel.html"
INVERSE: dict[str, Any] = {
    Action.Kind.WITHDRAW: act.put_back,
    Action.Kind.PUT_BACK: act.withdraw,
    Action.Kind.ASK_MORE: act.ask_fewer,
    Action.Kind.INVALIDATE: act.restore,
    Action.Kind.RESTORE: act.invalidate,
}


@require_GET
def panel(request: MemberRequest) -> HttpResponse:
    """What needs someone; htmx asks for the other regions after the page, and for each anew, by `?region=`. Without
    scripts that address is a page with all regions."""
    wanted, rights = request.GET.get("region", ""), {"sees_webhooks": request.member.may("manage_webhooks")}
    if wanted in REGIONS and wants_fragment(request):
        return page(request, PANEL, rights | regions_of(request.project, request.member, [wanted]), partial=wanted)
    context = rights | regions_of(request.project, request.member, REGIONS if wanted in REGIONS else TITLED)
    context |= found(request.project, request.member, request.GET.get("q", ""))
    return page(request, PANEL, context, partial="regions")


@require_GET
def search(request: MemberRequest) -> HttpResponse:
    context = found(request.project, request.member, request.GET.get("q", "")[:200])
    return page(request, "reviews/moderation/search.html", context, partial="found")


@require_POST
def action_undo(request: MemberRequest, pk: int) -> HttpResponse:
    """Do the opposite, which is an act of its own with its own line in the history."""
    actions = request.project.actions.select_related("item", "assignment")
    action: Action = get_object_or_404(actions, pk=pk, kind__in=list(INVERSE))
    about: Any = action.assignment or action.item
    try:
        INVERSE[Action.Kind(action.kind)](about, request.member, f"Undone: {action.reason}"[:2000])
    except act.Refused as refusal:
        messages.warning(request, f"This cannot be undone any more. {refusal}")
    else:
        messages.success(request, "Undone.")
    if request.POST.get("next") == "item":
        return see_other("moderation:item-detail", project=request.project.slug, pk=action.item_id)
    return see_other(reverse("moderation:panel", kwargs={"project": request.project.slug}))
