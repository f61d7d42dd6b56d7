"""A project's settings and its archive."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from feedback.accounts.access import MemberRequest
from feedback.accounts.forms import ArchiveForm, ProjectForm
from feedback.accounts.models import User
from feedback.audit.log import record

form_page = require_http_methods(["GET", "HEAD", "POST"])


@form_page
def project_settings(request: MemberRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = ProjectForm(request.project, user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        form.apply(request)
        messages.success(request, "The settings are saved." if form.changed_data else "Nothing was changed.")
        return redirect("accounts:project-settings", project=request.project.slug)
    status = 422 if form.is_bound else 200
    return render(request, "feedback/accounts/project_settings.html", {"form": form}, status=status)


@form_page
def project_archive(request: MemberRequest) -> HttpResponse:
    form = ArchiveForm(request.project, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "feedback/accounts/project_archive.html", {"form": form}, status=status)
    with transaction.atomic():
        if request.project.archive():
            record("project-archived", request.project, project=request.project, request=request)
    return redirect("accounts:project-archived", project=request.project.slug)


@require_safe
def project_archived(request: MemberRequest) -> HttpResponse:
    if request.project.archived_at is None:
        return redirect("accounts:project-settings", project=request.project.slug)
    return render(request, "feedback/accounts/project_archived.html")


@require_POST
def project_restore(request: MemberRequest) -> HttpResponse:
    with transaction.atomic():
        if request.project.restore():
            record("project-restored", request.project, project=request.project, request=request)
    messages.success(request, f"{request.project} is open again, as it was.")
    return redirect("accounts:project-settings", project=request.project.slug)
