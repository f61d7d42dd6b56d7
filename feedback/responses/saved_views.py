"""Saved filters: kept from the list, applied by a link, looked after on a page of their own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from feedback.accounts.access import MemberRequest
from feedback.audit.log import record
from feedback.responses.forms import QUERY, SavedFilterForm
from feedback.responses.models import SavedFilter
from feedback.responses.query import Query
from feedback.responses.upload_pages import see_other
from feedback.responses.views import list_page

LISTED = 300


@require_POST
def filter_save(request: MemberRequest) -> HttpResponse:
    with transaction.atomic():
        request.project.members.select_for_update(no_key=True).get(
            pk=request.member.pk
        )  # two saves at once are counted
        form = SavedFilterForm(request.member, request.POST)
        if form.is_valid():
            saved = form.save()
            written_down(request, saved, "filter-saved")
            messages.success(request, f"Saved as “{saved.name}”.")
            return see_other(f"{list_url(request)}?{saved.query}")
    query = Query(request.project, QueryDict(request.POST.get("query", "")[:QUERY]))
    return list_page(request, query, form)


@require_safe
def filter_list(request: MemberRequest) -> HttpResponse:
    return filters_page(request)


@require_POST
def filter_change(request: MemberRequest, pk: int) -> HttpResponse:
    saved = get_object_or_404(request.member.saved_filters, pk=pk)
    was_shared = saved.is_shared
    with transaction.atomic():
        one_at_a_time(request)
        form = SavedFilterForm(request.member, request.POST, instance=saved)
        if form.is_valid():
            form.save()
            if saved.is_shared != was_shared:
                record("filter-shared" if saved.is_shared else "filter-unshared", saved, request=request)
    if form.errors:
        return filters_page(request, refused=form)
    messages.success(request, f"“{saved.name}” is changed.")
    return see_other(reverse("responses:filter-list", args=[request.project.slug]))


@require_POST
def filter_delete(request: MemberRequest, pk: int) -> HttpResponse:
    saved = get_object_or_404(request.project.savedfilters.changeable_by(request.member), pk=pk)
    with transaction.atomic():
        written_down(request, saved, "filter-deleted")
        saved.delete()
    messages.success(request, f"“{saved.name}” is deleted.")
    return see_other(reverse("responses:filter-list", args=[request.project.slug]))


def one_at_a_time(request: MemberRequest) -> None:
    """Two requests of one member wait here for one another, so that names and numbers are checked truly."""
    request.project.members.select_for_update(no_key=True).get(pk=request.member.pk)


def written_down(request: MemberRequest, saved: SavedFilter, verb: str) -> None:
    """Others rely on shared ones only."""
    if saved.is_shared:
        record(verb, saved, request=request)


def filters_page(request: MemberRequest, refused: SavedFilterForm | None = None) -> HttpResponse:
    rows = [
        row_of(request, saved, refused) for saved in request.project.savedfilters.visible_to(request.member)[:LISTED]
    ]
    status = 422 if refused else 200
    return render(request, "feedback/responses/filter_list.html", {"rows": rows}, status=status)


def row_of(request: MemberRequest, saved: SavedFilter, refused: SavedFilterForm | None) -> dict[str, Any]:
    query = Query(request.project, QueryDict(saved.query))
    is_own = saved.owner_id == request.member.pk
    is_refused = refused is not None and refused.instance.pk == saved.pk
    form = (
        refused
        if is_refused
        else SavedFilterForm(request.member, instance=saved, prefix=None, auto_id=f"id_{saved.pk}_%s")
    )
    return {
        "saved": saved,
        "url": f"{list_url(request)}?{saved.query}",
        "chips": query.chips(),
        "columns": [column.label for column in query.columns] if "columns=" in saved.query else [],
        "errors": query.errors,
        "form": form if is_own else None,
        "is_refused": is_refused,
        "may_delete": is_own or request.member.role == "admin",
    }


def list_url(request: MemberRequest) -> str:
    return reverse("responses:response-list", args=[request.project.slug])
