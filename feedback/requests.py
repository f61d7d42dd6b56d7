"""One request: how it is read, its id, its line in the log, and its time among the metrics.

The line names the route and not the address: addresses hold searches, and one-time links their secrets.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_header_parameters
from prometheus_client import Histogram

from feedback.logs import belongs

log = logging.getLogger(__name__)

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}  # any other word would be a series of its own
HEALTH = {"healthz", "readyz", "metrics"}  # asked every few seconds by machines
SECONDS = Histogram(
    "touchstone_request_seconds",
    "Time to the answer's first byte, by route.",
    ["route", "method", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


class Utf8Request(WSGIRequest):
    """Text is UTF-8, whatever charset the sender names: Python knows some that unpack, and Django fails on those."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


class RequestMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = str(uuid.uuid4())  # type: ignore[attr-defined]
        began = time.perf_counter()
        with belongs(request=request.request_id):  # type: ignore[attr-defined]
            response = self.get_response(request)
            tell(request, response.status_code, time.perf_counter() - began)
        return response


def tell(request: HttpRequest, status: int, seconds: float) -> None:
    match = request.resolver_match
    route = match.view_name if match else "unknown"
    method = request.method if request.method in METHODS else "other"
    if settings.METRICS_TOKEN:
        SECONDS.labels(route, method, f"{status // 100}xx").observe(seconds)
    if settings.LOG_REQUESTS and route not in HEALTH:
        facts = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
        log.info("request", extra={**facts, **who(request)})


def who(request: HttpRequest) -> dict[str, Any]:
    """The member's opaque key, the project and the first letters of the API key: names nobody outside can read."""
    member, project = getattr(request, "member", None), getattr(request, "project", None)
    key = getattr(request, "api_key", None)
    found = {
        "member": member and str(member.key),
        "project": project and project.slug,
        "key": key and key.prefix,
    }
    return {name: value for name, value in found.items() if value}
