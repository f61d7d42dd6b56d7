"""The items that ask about a response: a page of its own, and a region of the response's page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from feedback.accounts.access import MemberRequest
from feedback.htmx import page

MOST = 50


@require_safe
def response_items(request: MemberRequest, pk: int) -> HttpResponse:
    response = get_object_or_404(request.project.responses, pk=pk)
    found = request.project.items.filter(subject__parts__response=pk).select_related("queue", "subject")
    items = list(found.order_by("-pk")[: MOST + 1])
    context = {
        "response": response,
        "items": items[:MOST],
        "is_more": len(items) > MOST,
    }
    return page(request, "reviews/queues/response_items.html", context, partial="items")
