"""Whether the service is well, for whoever runs it."""

from __future__ import annotations

from functools import cache

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe


class NotMigrated(Exception):
    """The database lacks migrations of this release; the number is the argument."""


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers and its migrations are in."""
    try:
        migrated()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except NotMigrated as error:
        return JsonResponse({"status": "unavailable", "migrations": error.args[0]}, status=503)
    except Exception:  # whatever the database says, this process cannot serve
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    return JsonResponse({"status": "ok"})


@cache
def migrated() -> None:
    """Asked until it is true, then remembered: a process does not outlive its release."""
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        raise NotMigrated(len(pending))
