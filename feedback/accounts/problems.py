"""Errors of the API in one shape: RFC 9457 problem details."""

from __future__ import annotations

import errno
import sys
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response

from feedback.patience import RETRY_SECONDS, is_unavailable

MEDIA_TYPE = "application/problem+json"


class Problem(APIException):
    """An error with a code of ours: `raise Problem(409, "lease-lost", "The place was taken …")`."""

    def __init__(
        self, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(detail, code)
        self.status_code, self.code, self.headers, self.extra = status, code, headers or {}, extra


def pointers(errors: Any, at: str = "") -> list[dict[str, str]]:
    """Flatten DRF's nested errors to [{pointer, detail}]."""
    if isinstance(errors, dict):
        return [entry for key, value in errors.items() for entry in pointers(value, f"{at}/{key}")]
    if isinstance(errors, Sequence) and not isinstance(errors, str):
        return [
            entry
            for index, value in enumerate(errors)
            for entry in pointers(value, at if isinstance(value, str) else f"{at}/{index}")
        ]
    return [{"pointer": at.removesuffix("/non_field_errors"), "detail": str(errors)}]


def body(status: int, code: str, detail: str, **extra: Any) -> dict[str, Any]:
    """`type` stays about:blank: the status and our `code` say which problem it is."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **extra,
    }


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    from rest_framework.views import exception_handler as drf_exception_handler  # views import our authentication

    response = drf_exception_handler(error, context)
    if response is None:
        return None
    status, headers = response.status_code, dict(response.headers)
    if isinstance(error, ValidationError):
        data = body(status, "invalid", "Some fields cannot be accepted; see errors.", errors=pointers(error.detail))
    elif isinstance(error, Problem):
        data = body(status, error.code, str(error.detail), **error.extra)
        headers |= error.headers
    elif isinstance(error, Http404):
        data = body(status, "not-found", "There is no such thing here.")
    elif isinstance(error, PermissionDenied):
        data = body(status, "forbidden", "This is not allowed.")
    else:
        assert isinstance(error, APIException)
        codes = error.get_codes()
        code = codes.replace("_", "-") if isinstance(codes, str) else "error"
        data = body(status, code, str(error.detail))
    return Response(data, status=status, headers=headers, content_type=MEDIA_TYPE)


# Django's own errors: an address that nobody serves, a request that no view saw, a failure outside of DRF.


def plain_error(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    """A problem for programs, a page for people; the page needs no database and no session: either may be broken."""
    if request.path.startswith("/api/"):
        return JsonResponse(body(status, code, detail), status=status, content_type=MEDIA_TYPE)
    context = {"is_for_operators": request.path.startswith("/admin/")}
    return HttpResponse(render_to_string(f"{status}.html", context), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain_error(request, 400, "bad-request", "The request cannot be read.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain_error(request, 403, "forbidden", "This is not allowed.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain_error(request, 404, "not-found", "There is no such thing here.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls it while the error is being handled. A database that is busy or away, and a full disk, are no faults
    of ours: 503 and 507.
    """
    error = sys.exception()
    if is_unavailable(error):
        detail = "The database is busy or away. What was acknowledged is safe; send this again in a moment."
        response = plain_error(request, 503, "unavailable", detail)
        response["Retry-After"] = str(RETRY_SECONDS)
        return response
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return plain_error(request, 507, "no-space", "No space is left for files. Whoever runs this must free some.")
    return plain_error(request, 500, "server-error", "Something broke on our side; it is in the log.")
