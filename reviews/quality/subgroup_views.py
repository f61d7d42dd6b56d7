"""Votes by group; what admins let people state of themselves, and what a person states."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback.accounts.access import MemberRequest
from feedback.accounts.models import Member, Project
from feedback.audit.log import record
from feedback.htmx import see_other
from reviews.quality import subgroup_words
from reviews.quality.analysis_views import Shown, file_of, shown_page
from reviews.quality.models import Analysis
from reviews.quality.subgroup_models import ReviewerAttribute

KIND = Analysis.Kind.SUBGROUPS
MOST = 5  # attributes of a project
form_page = require_http_methods(["GET", "HEAD", "POST"])


class AttributeForm(forms.Form):
    label = forms.CharField(max_length=80, label="Attribute", help_text="Such as Region, or First language.")
    choices = forms.CharField(
        label="Choices", max_length=2000, widget=forms.Textarea({"rows": 4}), help_text="One a line, two to twenty."
    )

    def __init__(self, project: Project, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        self.project = project

    def clean_choices(self) -> list[str]:
        lines = [" ".join(line.split()) for line in self.cleaned_data["choices"].splitlines()]
        found = list(dict.fromkeys(line for line in lines if line))
        if not 2 <= len(found) <= 20:
            raise forms.ValidationError("Two to twenty choices.")
        if any(len(one) > 80 for one in found):
            raise forms.ValidationError("A choice has 80 characters at most.")
        return found

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        data["key"] = slugify(data.get("label", ""))[:40]
        known = self.project.reviewerattributes.all()
        if "label" in data and (not data["key"] or known.filter(key=data["key"]).exists()):
            self.add_error("label", "There is one of this name already." if data["key"] else "Use some letters.")
        if known.count() >= MOST:
            self.add_error(None, f"At most {MOST} attributes.")
        return data


@require_GET
def subgroups(request: MemberRequest) -> HttpResponse:
    has_any = request.project.reviewerattributes.exists()
    return shown_page(request, KIND, words, has_attributes=has_any)


def words(shown: Shown) -> dict[str, Any]:
    result = shown.result or {}
    text, tone = subgroup_words.answer(result)
    return {
        "result": result, "answer": text, "tone": tone, "tables": subgroup_words.tables(result),
        "table": subgroup_words.in_one(result),
    }  # fmt: skip


@require_GET
def subgroups_file(request: MemberRequest, form: str) -> HttpResponse:
    return file_of(request, KIND, form, words)


@form_page
def attributes(request: MemberRequest) -> HttpResponse:
    """What people may state; how many did is told from the least number on."""
    form = AttributeForm(request.project, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            kept = {name: form.cleaned_data[name] for name in ("key", "label", "choices")}
            made = request.project.reviewerattributes.create(**kept)
            record("attribute-offered", made, request=request, key=made.key)
        messages.success(request, "Offered. Everybody finds it on a page of their own, and may leave it open.")
        return see_other("quality:attributes", project=request.project.slug)
    rows = request.project.reviewerattributes.order_by("pk")
    context = {"form": form, "rows": rows, "most": MOST}
    return render(request, "reviews/quality/attributes.html", context, status=422 if form.errors else 200)


@require_POST
def attribute_remove(request: MemberRequest, pk: int) -> HttpResponse:
    """Take an attribute away, and with it all that was stated and all figures by it."""
    row: ReviewerAttribute = get_object_or_404(request.project.reviewerattributes, pk=pk)
    with transaction.atomic():
        record("attribute-removed", row, request=request, key=row.key)
        row.delete()
        request.project.analyses.filter(kind=KIND).delete()
    messages.success(request, f"{row.label} is not asked any more, and what was stated is gone.")
    return see_other("quality:attributes", project=request.project.slug)


@form_page
def about_me(request: MemberRequest) -> HttpResponse:
    """What this person states of themselves: by choice, to be changed and taken back at any time."""
    rows = list(request.project.reviewerattributes.order_by("pk"))
    mine = dict(request.member.stated_attributes.values_list("attribute", "value"))
    if request.method == "POST":
        given = {row: request.POST.get(f"a-{row.pk}", "") for row in rows}
        if any(value and value not in row.choices for row, value in given.items()):
            messages.warning(request, "Choose from what is offered.")
        else:
            state(request.member, given, mine)
            messages.success(request, "Saved. Nobody but you reads it here.")
        return see_other("quality:about-me", project=request.project.slug)
    asked = [{"row": row, "value": mine.get(row.pk, "")} for row in rows]
    return render(request, "reviews/quality/about_me.html", {"asked": asked})


@transaction.atomic
def state(member: Member, given: dict[ReviewerAttribute, str], before: dict[int, str]) -> None:
    """Keep what was chosen and forget what was left open; the audit says which, not what."""
    for row, value in given.items():
        if value == before.get(row.pk, ""):
            continue
        member.stated_attributes.filter(attribute=row).delete()
        if value:  # a new row each time: so figures know that something changed
            member.stated_attributes.create(project_id=member.project_id, attribute=row, value=value)
        record("attribute-stated" if value else "attribute-withdrawn", row, actor=member)
