"""Where a response ended up: the preference pairs of complete versions that it is part of."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from feedback.accounts.access import MemberRequest
from feedback.htmx import page
from feedback.jobs import Job

MOST = 50


@require_safe
def response_uses(request: MemberRequest, pk: int) -> HttpResponse:
    response = get_object_or_404(request.project.responses, pk=pk)
    found = request.project.preferencepairs.filter(
        Q(chosen_response=pk) | Q(rejected_response=pk), version__state=Job.State.DONE
    ).select_related("version__dataset", "chosen_response", "rejected_response")
    pairs = list(found.order_by("-pk")[: MOST + 1])
    context = {
        "response": response,
        "pairs": [(pair, pair.chosen_response_id == pk, pair.vote_share * 100) for pair in pairs[:MOST]],
        "is_more": len(pairs) > MOST,
    }
    return page(request, "feedback/datasets/response_uses.html", context, partial="uses")
