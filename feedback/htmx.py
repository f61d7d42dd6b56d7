"""Whole page first, fragment second, from the same view and the same template."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails


def wants_fragment(request: HttpRequest) -> bool:
    """True for an htmx request that swaps a region; boosted links and history restores get the page."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    if not htmx:
        return False
    return not htmx.boosted and not htmx.history_restore_request


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, partial: str, status: int = 200, title: str = ""
) -> HttpResponse:
    """Render `template`, or only its partial named `partial` when htmx asks for a fragment.

    A fragment that changes what the page is about names the partial that holds the `title`, which htmx then sets.
    """
    is_fragment = wants_fragment(request)
    response = render(request, f"{template}#{partial}" if is_fragment else template, context, status=status)
    if is_fragment and title:
        words = render_to_string(f"{template}#{title}", context, request)
        response.content = f"<title>{words} · Touchstone</title>".encode() + response.content
    patch_vary_headers(response, ["HX-Request"])
    return response


def see_other(to: Any, **kwargs: Any) -> HttpResponse:
    """Where to look after a POST: 303, so that whatever was sent is followed by a GET."""
    response = redirect(to, **kwargs)
    response.status_code = 303
    return response
