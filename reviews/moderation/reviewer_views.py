"""What a moderator does about one reviewer: look through the reviews, take a stretch of them out, restrict, lift."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from feedback.accounts.access import MemberRequest
from feedback.accounts.models import Member
from feedback.htmx import page, see_other
from reviews.moderation.filters import TAKEN_OUT, offer_queues, turns_of
from reviews.moderation.forms import ReasonForm, RestrictForm
from reviews.moderation.models import MOST
from reviews.moderation.panel import titled
from reviews.queues import restrict
from reviews.queues.models import Queue, Restriction

PAGE = 50


def the_person(request: MemberRequest, pseudonym: str) -> Member:
    found: Member = get_object_or_404(request.project.members.select_related("user", "project"), pseudonym=pseudonym)
    return found


def name_for(reader: Member, person: Member) -> str:
    """Admins read names, everybody else pseudonyms."""
    return str(person) if reader.may("manage_members") else person.pseudonym


@require_GET
def reviewer_reviews(request: MemberRequest, pseudonym: str) -> HttpResponse:
    """One person's reviews, the newest first, with filters in the address; all that match are invalidated at once."""
    person = the_person(request, pseudonym)
    filterset, rows = turns_of(person, request.GET)
    offer_queues(filterset.form, request.project)
    before = request.GET.get("before", "")
    is_behind = before.isdecimal() and len(before) < 19
    count = rows.order_by()[: MOST + 1].count()
    shown = rows.filter(pk__lt=int(before)) if is_behind else rows
    listed = list(shown.select_related("item__queue", "review").order_by("-pk")[: PAGE + 1])
    titles = titled([turn.item for turn in listed[:PAGE]])
    filters = request.GET.copy()
    filters.pop("before", None)
    base = filters.urlencode()
    context = {
        "person": person,
        "name": name_for(request.member, person),
        "form": filterset.form,
        "rows": [{"turn": turn, "title": titles[turn.item_id]} for turn in listed[:PAGE]],
        "count": min(count, MOST),
        "capped": count > MOST,
        "noun": "review" if count == 1 else "reviews",
        "kind": "restore" if request.GET.get("state") == TAKEN_OUT else "invalidate",
        "filters": base,
        "is_filtered": any(filters.values()),
        "first_url": f"?{base}" if is_behind else "",
        "next_url": f"?{base}{'&' if base else ''}before={listed[PAGE - 1].pk}" if len(listed) > PAGE else "",
    }
    status = 200 if filterset.is_valid() else 422
    return page(request, "reviews/moderation/reviewer_reviews.html", context, partial="reviews", status=status)


@require_http_methods(["GET", "POST"])
def restrict_member(request: MemberRequest, pseudonym: str) -> HttpResponse:
    """Keep a person from claiming, in one queue or all; they read why."""
    person = the_person(request, pseudonym)
    queues = request.project.queues.filter(takes_imports=False).order_by("name")
    form = RestrictForm(queues, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        where: Queue | None = form.cleaned_data["where"]
        try:
            made = restrict.restrict(person, where, request.member, form.cleaned_data["reason"])
        except restrict.RestrictionRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"They claim nothing in {made.where} until it is lifted.")
            return see_other(reviewer_url(request, person))
    n_held = person.assignments.live().count()
    words = [
        "From now on they claim nothing there. What they did stays, counts, and can be read by them.",
        f"They hold {n_held} item{'' if n_held == 1 else 's'} now, and may finish." if n_held else "They hold no item.",
        "They read the reason on their page My work. It lasts until a moderator lifts it.",
    ]
    return act_page(request, person, form, f"Restrict {name_for(request.member, person)}?", "Restrict", words)


@require_http_methods(["GET", "POST"])
def restriction_lift(request: MemberRequest, pk: int) -> HttpResponse:
    """Let the person claim again."""
    rows = request.project.restrictions.select_related("member__user", "member__project", "queue", "by__user")
    row: Restriction = get_object_or_404(rows, pk=pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    form.fields["reason"].help_text = "Every moderator can read it."
    if request.method == "POST" and form.is_valid():
        try:
            restrict.lift(row, request.member, form.cleaned_data["reason"])
        except restrict.RestrictionRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Lifted.")
            return see_other(reviewer_url(request, row.member))
    title = f"Let {name_for(request.member, row.member)} claim again in {row.where}?"
    words = [f"Restricted by {row.by} on {row.at:%-d %B %Y}: {row.reason}", "They go on where they stopped."]
    return act_page(request, row.member, form, title, "Lift", words)


def reviewer_url(request: MemberRequest, person: Member) -> str:
    return reverse("quality:reliability-reviewer", args=[request.project.slug, person.pseudonym])


def act_page(
    request: MemberRequest, person: Member, form: Any, title: str, button: str, words: list[str]
) -> HttpResponse:
    context = {"title": title, "button": button, "form": form, "effect_words": words, "crumb": "Reviewer"}
    context["back"] = reviewer_url(request, person)
    status = 422 if form.errors else 200
    return page(request, "reviews/moderation/act_on.html", context, partial="act", status=status)
