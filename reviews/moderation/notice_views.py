"""A notice about a reviewer: its frozen facts, and a moderator's word that ends it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from feedback.accounts.access import MemberRequest
from feedback.htmx import page, see_other
from reviews.moderation.forms import ReasonForm
from reviews.quality import notices, trust
from reviews.quality.models import ReviewerNotice


@require_http_methods(["GET", "POST"])
def notice_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """What was noticed of whom, by what; POST dismisses it."""
    rows = request.project.reviewernotices.select_related("reviewer__user", "closed_by__user")
    notice: ReviewerNotice = get_object_or_404(rows, pk=pk)
    form = ReasonForm(request.POST or None)
    form.fields["reason"].help_text = "It stays with the notice and can be read by every moderator."
    if request.method == "POST" and form.is_valid():
        try:
            notices.dismiss(notice, request.member, form.cleaned_data["reason"])
        except notices.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Dismissed. The same is told again only when much more has come in.")
            return see_other("moderation:panel", project=request.project.slug)
    status = 422 if form.errors else 200
    context = shown(request, notice, form)
    return page(request, "reviews/moderation/notice_detail.html", context, partial="notice", status=status)


def shown(request: MemberRequest, notice: ReviewerNotice, form: ReasonForm) -> dict[str, Any]:
    figure = {name: getattr(notice, name) for name in ("measure", "n", "value", "low", "high", "expected")}
    figure |= {"notable": True}
    sees_names = request.member.may("manage_members")
    return {
        "notice": notice,
        "name": str(notice.reviewer) if sees_names else notice.reviewer.pseudonym,
        "cell": trust.of_figure(figure),
        "against": trust.of_expected(figure).text,
        "explained": trust.EXPLAINED[notice.measure],
        "is_own": notice.reviewer_id == request.member.pk,
        "form": form,
    }
