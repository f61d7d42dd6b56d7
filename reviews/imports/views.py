"""Bringing a file of human labels: form, preview, start, result."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from feedback.accounts.access import MemberRequest
from feedback.responses.forms import UploadForm
from feedback.responses.upload_pages import Pages, errors_csv
from reviews.imports.models import LabelUpload
from reviews.imports.uploaded import HEADINGS

PAGES = Pages("imports", "reviews/imports/upload_detail.html", HEADINGS)
SAMPLE = (
    '{"source": "survey-2024", "external_id": "vote-17", "reviewer": "rater 7", "queue": "which-answer",\n'
    ' "responses": ["answer-a", "answer-b"],\n'
    ' "answers": {"better": {"outcome": "preferred", "preferred": "left", "strength": 1}}}'
)


@require_http_methods(["GET", "HEAD", "POST"])
def import_labels(request: MemberRequest) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_bound and (answer := PAGES.bring(request, LabelUpload, form)):
        return answer
    context = {
        "form": form,
        "recent": request.project.labeluploads.order_by("-pk")[:10],
        "queues": request.project.queues.filter(takes_imports=True).order_by("name")[:50],
        "sample": SAMPLE,
        "may": {"manage_queues": request.member.may("manage_queues")},
    }
    return render(request, "reviews/imports/import_labels.html", context, status=422 if form.is_bound else 200)


@require_safe
def upload_detail(request: MemberRequest, pk: int) -> HttpResponse:
    return PAGES.detail(request, get_object_or_404(request.project.labeluploads, pk=pk))


@require_POST
def upload_start(request: MemberRequest, pk: int) -> HttpResponse:
    return PAGES.start(request, get_object_or_404(request.project.labeluploads, pk=pk))


@require_POST
def upload_discard(request: MemberRequest, pk: int) -> HttpResponse:
    return PAGES.discard(request, get_object_or_404(request.project.labeluploads, pk=pk), "imports:import-labels")


@require_GET
def upload_errors(request: MemberRequest, pk: int) -> HttpResponse:
    return errors_csv(get_object_or_404(request.project.labeluploads, pk=pk))
