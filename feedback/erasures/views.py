"""Erasing an end user: whom, what would go, the typed word, and how far it is."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from feedback.accounts.access import MemberRequest
from feedback.erasures.forms import ConfirmForm, SubjectForm
from feedback.erasures.models import Erasure
from feedback.erasures.running import preview
from feedback.erasures.whose import found
from feedback.htmx import page

SHOWN = 50


@require_safe
def erasure_list(request: MemberRequest) -> HttpResponse:
    return asking(request, SubjectForm())


def asking(request: MemberRequest, form: SubjectForm) -> HttpResponse:
    rows = list(request.project.erasures.select_related("requested_by__user").order_by("-pk")[:SHOWN])
    context = {"rows": rows, "form": form, "is_running": any(not row.is_finished for row in rows)}
    status = 422 if form.is_bound else 200
    return page(request, "feedback/erasures/erasure_list.html", context, partial="erasures", status=status)


@require_POST
def erasure_preview(request: MemberRequest) -> HttpResponse:
    """A POST, so that the key of a person stands in no address and in no log."""
    form = SubjectForm(request.POST)
    if not form.is_valid():
        return asking(request, form)
    key = form.cleaned_data["subject_key"]
    return confirming(request, ConfirmForm(initial={"subject_key": key}), key)


def confirming(request: MemberRequest, form: ConfirmForm, key: str) -> HttpResponse:
    scope = found(request.project, key)
    own = scope.responses.filter(subject_key=key).count()
    context = {
        "form": form,
        "key": key,
        "counts": preview(scope) if own else [],
        "own": own,
        "others": scope.responses.count() - own,
    }
    status = 422 if form.is_bound else 200
    return page(request, "feedback/erasures/erasure_preview.html", context, partial="preview", status=status)


@require_POST
def erasure_create(request: MemberRequest) -> HttpResponse:
    form = ConfirmForm(request.POST)
    if form.is_valid():
        erasure = Erasure.ask(request.project, form.cleaned_data["subject_key"], by=request.member, request=request)
        return redirect("erasures:erasure-detail", project=request.project.slug, pk=erasure.pk)
    key = form.cleaned_data.get("subject_key")
    return confirming(request, form, key) if key else asking(request, SubjectForm(request.POST))


@require_safe
def erasure_detail(request: MemberRequest, pk: int) -> HttpResponse:
    erasure = get_object_or_404(request.project.erasures.select_related("requested_by__user"), pk=pk)
    return page(request, "feedback/erasures/erasure_detail.html", {"erasure": erasure}, partial="erasure")
