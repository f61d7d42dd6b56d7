"""Where a visitor lands, and whether the service is well."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from feedback.accounts.models import Member


def home(request: HttpRequest) -> HttpResponse:
    """The first page of the only project, or the list of projects."""
    members = list(
        Member.objects.active().select_related("project").filter(user=request.user.pk).order_by("project__name")
    )
    if len(members) == 1:
        return redirect("queues:work", project=members[0].project.slug)
    return render(request, "feedback/accounts/home.html", {"members": members})


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers and its migrations are in."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Exception:  # whatever the database says, this process cannot serve
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    if pending:
        return JsonResponse({"status": "unavailable", "migrations": len(pending)}, status=503)
    return JsonResponse({"status": "ok"})


def components(request: HttpRequest) -> HttpResponse:
    """Every component in all its states, for whoever changes one."""
    return render(request, "components/all.html")
