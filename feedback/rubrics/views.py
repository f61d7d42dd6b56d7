"""Rubrics as reviewers meet them, and what their versions were."""

from __future__ import annotations

from django.db.models import Count, Max
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from feedback.accounts.access import MemberRequest
from feedback.htmx import page
from feedback.rubrics.models import RubricVersion


@require_GET
def rubric_list(request: MemberRequest) -> HttpResponse:
    rubrics = request.project.rubrics.annotate(newest=Max("versions__number"), n_versions=Count("versions"))
    return page(request, "feedback/rubrics/rubric_list.html", {"rubrics": rubrics.order_by("name")}, partial="rubrics")


@require_GET
def rubric_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One version, the newest unless `?version=` names another."""
    rubric = get_object_or_404(request.project.rubrics, pk=pk)
    versions = list(rubric.versions.select_related("guideline").prefetch_related("criteria").order_by("-number"))
    context = {"rubric": rubric, "versions": versions, "version": chosen(versions, request.GET.get("version", ""))}
    return page(request, "feedback/rubrics/rubric_detail.html", context, partial="version")


def chosen(versions: list[RubricVersion], wanted: str) -> RubricVersion | None:
    if not wanted:
        return versions[0] if versions else None
    found = [version for version in versions if str(version.number) == wanted]
    if not found:
        raise Http404("There is no such version.")
    return found[0]
