"""The list of responses and a response's own page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404

from feedback.accounts.access import MemberRequest
from feedback.accounts.models import Project
from feedback.htmx import page, wants_fragment
from feedback.responses.filters import LARGEST, ResponseFilter
from feedback.responses.shown import add_input_words, as_text, calls, listed, turns

PAGE = 50
COUNTED = 10_000
CHOICES = 200  # models and prompt versions offered in the form; the address takes any
DATA = ("variables", "tools", "parameters", "metadata")
FIRST = ("q", "prompt_version", "model", "verdict", "is_queued", "origin")


def response_list(request: MemberRequest) -> HttpResponse:
    filterset = ResponseFilter(request.GET, queryset=request.project.responses.all())
    offer_choices(filterset.form, request.project)
    is_valid = filterset.is_valid()
    found = filterset.qs if is_valid else filterset.queryset.none()
    before = request.GET.get("before", "")
    rows = listed(found.filter(id__lt=int(before)) if is_position(before) else found)[: PAGE + 1]
    shown = list(rows)[:PAGE]
    add_input_words(shown)
    filters = given(request)
    count = found.order_by()[: COUNTED + 1].count()
    context: dict[str, Any] = {
        "form": filterset.form,
        "first_fields": [filterset.form[name] for name in FIRST],
        "more_fields": [field for field in filterset.form if field.name not in FIRST],
        "more_are_set": any(name in filterset.form.fields and name not in FIRST for name in filters),
        "rows": shown,
        "count": min(count, COUNTED),
        "capped": count > COUNTED,
        "noun": "response" if count == 1 else "responses",
        "is_filtered": bool(filters),
        "first_url": f"?{filters.urlencode()}" if before else "",
        "next_url": next_url(filters, shown) if len(rows) > PAGE else "",
    }
    status = 200 if is_valid else 422
    answer = page(request, "feedback/responses/response_list.html", context, partial="responses", status=status)
    if wants_fragment(request) and not before:
        answer["HX-Push-Url"] = f"{request.path}?{filters.urlencode()}"  # without the fields that were left empty
    return answer


def response_detail(request: MemberRequest, pk: int) -> HttpResponse:
    rows = request.project.responses.select_related("body", "model", "prompt_version__prompt", "batch")
    response = get_object_or_404(rows.prefetch_related("passages", "user_feedback"), pk=pk)
    body = response.body
    context = {
        "response": response,
        "turns": turns(body.messages),
        "calls": calls(body.tool_calls),
        "data": [(name.capitalize(), as_text(getattr(body, name))) for name in DATA if getattr(body, name)],
        "same_input": rows.filter(input_hash=response.input_hash).exclude(pk=pk)[:11].count(),
    }
    return page(request, "feedback/responses/response_detail.html", context, partial="response")


def given(request: MemberRequest) -> QueryDict:
    """The filters that were set, without the position in the list."""
    filters = QueryDict(mutable=True)
    for name, values in request.GET.lists():
        if name != "before" and any(values):
            filters.setlist(name, values)
    return filters


def is_position(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= len(str(LARGEST)) + 8


def next_url(filters: QueryDict, shown: list[Any]) -> str:
    query = filters.copy()
    query["before"] = str(shown[-1].pk)
    return f"?{query.urlencode()}"


def offer_choices(form: forms.Form, project: Project) -> None:
    """Names that exist, to choose from."""
    offered = {
        "model": project.languagemodels.order_by("name").values_list("name", flat=True),
        "prompt_version": project.promptversions.order_by("-id").values_list("label", flat=True),
    }
    for name, values in offered.items():
        names = list(dict.fromkeys([form.data.get(name) or "", *values[:CHOICES]]))
        form.fields[name].widget = forms.Select(choices=[("", "Any"), *((value, value) for value in names if value)])
