"""What critics say of a response, on a page of its own and in the response's page; what became of their proposals."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_safe

from feedback.accounts.access import MemberRequest
from feedback.htmx import page
from reviews.quality import proposal_words
from reviews.quality.analysis_views import Shown, file_of, shown_page
from reviews.quality.critics import keeps_back, said_of
from reviews.quality.models import Analysis

KIND = Analysis.Kind.PROPOSALS


@require_safe
def response_critics(request: MemberRequest, pk: int) -> HttpResponse:
    """`?marks=` names the assessment whose spans are shown in the answer."""
    response = get_object_or_404(request.project.responses.select_related("body"), pk=pk)
    reason = keeps_back(request.member, response)
    context = {"response": response, "reason": reason}
    if not reason:
        assessed, is_more = said_of(response, request.GET.get("marks", ""))
        context |= {"assessed": assessed, "is_more": is_more}
    return page(request, "reviews/quality/response_critics.html", context, partial="critics")


@require_GET
def proposals(request: MemberRequest) -> HttpResponse:
    """What reviewers accepted and rejected of what critics proposed to mark."""
    return shown_page(request, KIND, words)


def words(shown: Shown) -> dict[str, Any]:
    result = shown.result or {}
    text, tone = proposal_words.answer(result)
    return {"result": result, "answer": text, "tone": tone, "table": proposal_words.table(result)}


@require_GET
def proposals_file(request: MemberRequest, form: str) -> HttpResponse:
    return file_of(request, KIND, form, words)
