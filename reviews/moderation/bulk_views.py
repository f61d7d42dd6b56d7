"""Bulk actions: choose, read the count, confirm exactly that set, watch it being done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from feedback.accounts.access import MemberRequest
from feedback.accounts.models import Member
from feedback.htmx import page, see_other
from reviews.moderation import bulk, preview
from reviews.moderation.filters import STATES, chosen, turns_of
from reviews.moderation.forms import ReasonForm
from reviews.moderation.models import MOST, Action, BulkAction
from reviews.queues.models import Assignment, Item

# Title and button of each kind; titles take the counted set.
QUESTIONS = {
    "withdraw": ("Withdraw {}?", "Withdraw"),
    "put-back": ("Put {} back?", "Put back"),
    "ask-more": ("Ask for one more review of {}?", "Ask for one more"),
    "ask-fewer": ("Ask for one review less of {}?", "Ask for one less"),
    "put-first": ("Serve {} before all others?", "Put first"),
    "put-last": ("Serve {} after all others?", "Put last"),
    "invalidate": ("Invalidate {}?", "Invalidate"),
    "restore": ("Restore {}?", "Restore"),
}
OPPOSITES = {
    "withdraw": "put-back", "put-back": "withdraw", "ask-more": "ask-fewer", "ask-fewer": "ask-more",
    "put-first": "put-last", "put-last": "put-first", "invalidate": "restore", "restore": "invalidate",
}  # fmt: skip
ACTS_ON = {"invalidate": "standing", "restore": "invalidated"}


@dataclass
class Chosen:
    """The set that is meant: items, or one person's turns."""

    rows: list[Any]
    reviewer: Member | None = None

    @property
    def ids(self) -> list[int]:
        return [row.pk for row in self.rows]

    @property
    def words(self) -> str:
        n, noun = len(self.rows), "review" if self.reviewer else "item"
        return f"{n:,} {noun}{'' if n == 1 else 's'}"


def the_set(request: MemberRequest) -> Chosen:
    """All that match the filters, those of an earlier bulk action, or the items that were ticked."""
    if request.POST.get("kind") in bulk.OF_REVIEWS:
        return the_turns(request)
    rows: QuerySet[Item] = request.project.items.all()
    if request.POST.get("all"):
        rows = chosen(request.project, QueryDict(request.POST.get("filters", "")))[1]
    elif request.POST.get("of", "").isdecimal():
        rows = rows.filter(pk__in=earlier(request).values("item"))
    else:
        ticked = [int(text) for text in request.POST.getlist("item") if text.isdecimal() and len(text) < 19]
        rows = rows.filter(pk__in=ticked[:MOST])
    return Chosen(list(rows.select_related("queue").order_by("-pk")[:MOST]))


def the_turns(request: MemberRequest) -> Chosen:
    """One person's reviews that this kind of act can be done to."""
    kind = request.POST["kind"]
    person: Member = get_object_or_404(request.project.members, pseudonym=request.POST.get("reviewer", ""))
    rows: QuerySet[Assignment]
    if request.POST.get("of", "").isdecimal():
        rows = request.project.assignments.filter(reviewer=person, pk__in=earlier(request).values("assignment"))
        rows = rows.filter(state__in=STATES[ACTS_ON[kind]])
    else:
        asked = QueryDict(request.POST.get("filters", ""), mutable=True)
        asked["state"] = ACTS_ON[kind]
        rows = turns_of(person, asked)[1]
    return Chosen(list(rows.select_related("item__queue__rubric_version").order_by("-pk")[:MOST]), person)


def earlier(request: MemberRequest) -> QuerySet[Action]:
    return request.project.actions.filter(bulk=int(request.POST["of"][:18]))


@require_POST
def bulk_confirm(request: MemberRequest) -> HttpResponse:
    """Count the set and say what would happen; nothing is done yet."""
    return ask(request, the_set(request), ReasonForm())


def ask(request: MemberRequest, found: Chosen, form: ReasonForm, **extra: Any) -> HttpResponse:
    kind = request.POST.get("kind", "")
    if kind not in QUESTIONS:
        raise Http404("There is no such act.")
    if not found.rows:
        messages.warning(request, f"No {'review' if found.reviewer else 'item'} was chosen.")
        return see_other(back(request, found))
    title, button = QUESTIONS[kind]
    context = {
        **counts(kind, found),
        "kind": kind,
        "title": title.format(found.words),
        "button": button,
        "reviewer": found.reviewer.pseudonym if found.reviewer else "",
        "form": form,
        "all": request.POST.get("all", ""),
        "filters": request.POST.get("filters", ""),
        "of": request.POST.get("of", ""),
        "back": back(request, found),
        "ids": [] if found.reviewer or request.POST.get("all") or request.POST.get("of") else found.ids,
        **extra,
    }
    status = extra.get("status", 422 if form.errors else 200)
    return page(request, "reviews/moderation/bulk_confirm.html", context, partial="confirm", status=status)


def counts(kind: str, found: Chosen) -> dict[str, Any]:
    if not found.reviewer:
        return bulk.counted(kind, found.rows)
    turns: list[Assignment] = found.rows
    effects = preview.of_invalidations(turns) if kind == "invalidate" else preview.of_restorings(turns)
    digest = bulk.digest_of(kind, found.ids)
    return {"n": len(turns), "effects": effects, "digest": digest, "is_full": len(turns) >= MOST}


def back(request: MemberRequest, found: Chosen) -> str:
    """To the list that the set was chosen from."""
    slug = {"project": request.project.slug}
    filters = request.POST.get("filters", "")
    if found.reviewer:
        here = reverse("moderation:reviewer-reviews", kwargs={**slug, "pseudonym": found.reviewer.pseudonym})
    else:
        here = reverse("moderation:item-list", kwargs=slug)
    return f"{here}?{filters}" if filters else here


@require_POST
def bulk_start(request: MemberRequest) -> HttpResponse:
    """Begin, if the set is still the one that was counted; else say so and ask anew, with the new count."""
    kind, form = request.POST.get("kind", ""), ReasonForm(request.POST)
    found = the_set(request)
    if kind not in QUESTIONS or not found.rows or not form.is_valid():
        return ask(request, found, form)
    try:
        begun = bulk.start(
            request.project, request.member, kind, found.ids,
            digest=request.POST.get("digest", ""), reason=form.cleaned_data["reason"], reviewer=found.reviewer,
        )  # fmt: skip
    except bulk.SetChanged:
        was = request.POST.get("n", "")
        return ask(request, found, form, status=409, was=was if was.isdecimal() else "", has_changed=True)
    return see_other("moderation:bulk-detail", project=request.project.slug, pk=begun.pk)


@require_GET
def bulk_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """How far it is, what was left alone and why, and the way back."""
    rows_of_bulk = request.project.bulkactions.select_related("by__user", "reviewer")
    one: BulkAction = get_object_or_404(rows_of_bulk, pk=pk)
    done = request.project.actions.filter(bulk=one)
    rows: list[Action] = list(done.select_related("item__queue").order_by("-pk")[:20])
    context = {
        "bulk": one,
        "label": f"{one.noun.capitalize()}s",
        "rows": rows,
        "n_done": done.count(),
        "refused": sorted(one.refused.items()),
        "opposite": OPPOSITES.get(one.kind, "") if one.is_finished else "",
    }
    return page(request, "reviews/moderation/bulk_detail.html", context, partial="progress")
