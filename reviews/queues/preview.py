"""The review form of a rubric version, or of a draft while it is written, before anybody is asked.

It is made by the very functions and templates of the review page, so that it cannot look otherwise.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from feedback.accounts.access import MemberRequest
from feedback.htmx import page
from feedback.rubrics.arrange import with_keys
from feedback.rubrics.definition import sorted_out
from feedback.rubrics.drafts import definitions_of, draft_of
from feedback.rubrics.models import Criterion, Rubric
from feedback.text.render import render_markdown
from reviews.queues.desk import marking
from reviews.queues.forms import PREFIX, add_condition, field_of


class PreviewForm(forms.Form):
    """The questions with their controls. Nothing is sent from it."""

    use_required_attribute = False

    def __init__(self, criteria: list[Criterion]) -> None:
        super().__init__(auto_id="preview-%s", label_suffix="")
        for criterion in criteria:
            if criterion.kind != Criterion.Kind.SPANS:
                self.fields[PREFIX + criterion.key] = field = field_of(criterion)
                add_condition(field, criterion, criteria)


@require_GET
def rubric_preview(request: MemberRequest, pk: int) -> HttpResponse:
    """The member's draft, else the newest version; `?version=` names one that is published."""
    rubric = get_object_or_404(request.project.rubrics, pk=pk)
    rows, guideline, title = material(rubric, request, request.GET.get("version", ""))
    sound, errors = sorted_out(with_keys(rows))
    criteria = [Criterion(**row) for row in sound]
    context: dict[str, Any] = {
        "rubric": rubric,
        "title": title,
        "form": PreviewForm(criteria),
        "marks": next((row for row in criteria if row.kind == Criterion.Kind.SPANS), None),
        "marking": marking(tuple(criteria)),
        "guideline": render_markdown(guideline) if guideline.strip() else "",
        "errors": [faulty(error, rows) for error in errors] if rows else [],
    }
    return page(request, "reviews/queues/rubric_preview.html", context, partial="preview")


def material(rubric: Rubric, request: MemberRequest, wanted: str) -> tuple[list[dict[str, Any]], str, str]:
    """Questions, guideline and what they are."""
    if not wanted:
        draft = draft_of(rubric, request.member)
        return draft.definitions, draft.guideline, "Your draft" if draft.pk else "As it is published"
    versions = rubric.versions.select_related("guideline").prefetch_related("criteria")
    version = versions.filter(number=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 9 else None
    if version is None:
        raise Http404("There is no such version.")
    return definitions_of(version), version.guideline.text if version.guideline else "", f"Version {version.number}"


def faulty(error: dict[str, str], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A fault with the question it is in."""
    at = error["pointer"].strip("/").split("/")[0]
    index = int(at) if at.isdecimal() and int(at) < len(rows) else None
    label = rows[index]["label"] if index is not None else ""
    return {"at": index, "number": None if index is None else index + 1, "label": label, "detail": error["detail"]}
