"""The take-outs of a project: ask for one, see how far it is, fetch it while it is there."""

from __future__ import annotations

import base64

from django.core.files.storage import default_storage
from django.db import transaction
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from feedback.accounts.access import MemberRequest
from feedback.audit.log import record
from feedback.htmx import page, wants_fragment
from feedback.takeouts.models import TakeOut

SHOWN = 10


@require_safe
def takeout_list(request: MemberRequest) -> HttpResponse:
    rows = list(request.project.takeouts.select_related("requested_by__user").order_by("-pk")[:SHOWN])
    context = {"rows": rows, "is_running": any(not row.is_finished for row in rows)}
    return page(request, "feedback/takeouts/takeout_list.html", context, partial="takeouts")


@require_POST
def takeout_create(request: MemberRequest) -> HttpResponse:
    TakeOut.ask(request.project, by=request.member, request=request)
    return answer(request)


@require_POST
def takeout_cancel(request: MemberRequest, pk: int) -> HttpResponse:
    takeout = get_object_or_404(request.project.takeouts, pk=pk)
    with transaction.atomic():
        if takeout.cancel():
            record("takeout-cancelled", takeout, request=request)
    return answer(request)


def answer(request: MemberRequest) -> HttpResponse:
    """The list again: its region for htmx, else the page it stands on."""
    if wants_fragment(request):
        request.method = "GET"
        return takeout_list(request)
    return redirect("takeouts:takeout-list", project=request.project.slug)


@require_GET
def takeout_download(request: MemberRequest, pk: int) -> HttpResponseBase:
    takeout = get_object_or_404(request.project.takeouts.exclude(sha256=""), pk=pk)
    if not takeout.is_there or not default_storage.exists(takeout.file):
        return render(request, "feedback/takeouts/takeout_over.html", {"takeout": takeout}, status=410)
    with transaction.atomic():
        record("takeout-downloaded", takeout, request=request, sha256=takeout.sha256)
    name = f"{request.project.slug}-{takeout.created_at:%Y-%m-%d}.zip"
    file = default_storage.open(takeout.file)
    response = FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
    response["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(takeout.sha256)).decode()}:"
    response["Content-Security-Policy"] = "sandbox"
    return response
