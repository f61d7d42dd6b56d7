"""Rubrics as reviewers meet them, what their versions were, and how they differ."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_POST

from feedback.accounts.access import MemberRequest
from feedback.htmx import page, see_other, wants_fragment
from feedback.rubrics.changes import differing
from feedback.rubrics.exchange import document
from feedback.rubrics.models import RubricVersion
from feedback.rubrics.readings import acknowledge, read_before
from feedback.rubrics.wording import condition_words, failure_words


@require_GET
def rubric_list(request: MemberRequest) -> HttpResponse:
    rubrics = request.project.rubrics.annotate(
        newest=Max("versions__number"), n_versions=Count("versions", distinct=True)
    )
    mine = Count("drafts", filter=Q(drafts__author=request.member), distinct=True)
    rubrics = rubrics.annotate(n_drafts=mine)
    context = {"rubrics": rubrics.order_by("name"), "can_edit": request.member.may("manage_queues")}
    return page(request, "feedback/rubrics/rubric_list.html", context, partial="rubrics")


@require_GET
def rubric_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One version, the newest unless `?version=` names another."""
    rubric = get_object_or_404(request.project.rubrics, pk=pk)
    versions = list(rubric.versions.select_related("guideline").prefetch_related("criteria").order_by("-number"))
    version = chosen(versions, request.GET.get("version", ""))
    criteria = list(version.criteria.all()) if version else []
    context = {
        "rubric": rubric,
        "versions": versions,
        "version": version,
        "questions": [
            {"criterion": row, "asked": condition_words(row, criteria), "fails": failure_words(row)} for row in criteria
        ],
        "earlier": next((row for row in versions if version and row.number < version.number), None),
        "has_draft": rubric.drafts.filter(author=request.member).exists(),
        "can_edit": request.member.may("manage_queues"),
    }
    return page(request, "feedback/rubrics/rubric_detail.html", context, partial="version")


@require_GET
def version_compare(request: MemberRequest, pk: int) -> HttpResponse:
    """Two versions: the questions that differ, and the guidelines word by word. Without numbers, the newest two."""
    rubric = get_object_or_404(request.project.rubrics, pk=pk)
    versions = list(rubric.versions.select_related("guideline").prefetch_related("criteria").order_by("-number"))
    new = chosen(versions, request.GET.get("to", ""))
    before = [row for row in versions if new and row.number < new.number]
    old = chosen(versions, request.GET["from"]) if request.GET.get("from") else next(iter(before or versions), None)
    context: dict[str, Any] = {"rubric": rubric, "versions": versions, "old": old, "new": new}
    if old and new:
        context |= differing(old, new)
    return page(request, "feedback/rubrics/version_compare.html", context, partial="comparison")


@require_GET
def version_news(request: MemberRequest, pk: int) -> HttpResponse:
    """What changed since this person last read the guideline: a part of the desk, and a page of its own."""
    version = version_of(request, pk)
    before = read_before(version, request.member)
    context = {
        "version": version,
        "has_read": version.readings.filter(member=request.member).exists(),
        **(differing(before, version) if before else {}),
    }
    return page(request, "feedback/rubrics/version_news.html", context, partial="news")


@require_POST
def version_read(request: MemberRequest, pk: int) -> HttpResponse:
    """The person has read this version: they opened its guideline for the first time, or said so under what changed."""
    version = version_of(request, pk)
    acknowledge(version, request.member, request)
    if wants_fragment(request):
        if request.headers.get("HX-Target") != "news":
            return HttpResponse(status=204)
        return page(request, "feedback/rubrics/version_news.html", {"version": version}, partial="read")
    return see_other("rubrics:version-news", project=request.project.slug, pk=pk)


def version_of(request: MemberRequest, pk: int) -> RubricVersion:
    """A published version of the project, by its own id."""
    rows = request.project.rubricversions.select_related("rubric", "guideline")
    found: RubricVersion = get_object_or_404(rows, pk=pk)
    return found


@require_GET
def rubric_export(request: MemberRequest, pk: int) -> HttpResponse:
    """A version as a JSON document, which "New rubric" takes, here or in another project."""
    rubric = get_object_or_404(request.project.rubrics, pk=pk)
    versions = rubric.versions.select_related("rubric", "guideline").prefetch_related("criteria").order_by("-number")
    version = chosen(list(versions), request.GET.get("version", ""))
    if version is None:
        raise Http404("Nothing of this rubric was published.")
    name = f"{slugify(rubric.name) or 'rubric'}-{version.number}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(document(version), content_type="application/json", headers=headers)


def chosen(versions: list[RubricVersion], wanted: str) -> RubricVersion | None:
    if not wanted:
        return versions[0] if versions else None
    found = [version for version in versions if str(version.number) == wanted]
    if not found:
        raise Http404("There is no such version.")
    return found[0]
