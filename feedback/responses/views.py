"""The list of responses, its download, and a response's own page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from feedback.accounts.access import MemberRequest
from feedback.accounts.models import Project
from feedback.audit.log import record
from feedback.htmx import page, wants_fragment
from feedback.responses import download
from feedback.responses.columns import COLUMNS, cells
from feedback.responses.forms import SavedFilterForm
from feedback.responses.prices import currency_of
from feedback.responses.query import FORMAT, Page, Query, page_of
from feedback.responses.shown import (
    EARLIER,
    add_input_words,
    as_text,
    calls,
    cost_words,
    first_call,
    listed,
    money,
    turns,
)

COUNTED = 1000
CHOICES = 200  # models and prompt versions offered in the form; the address takes any
OFFERED = 50  # saved filters in the list's menu
FIRST = ("q", "prompt_version", "model", "verdict", "is_queued", "origin")
GROUPS = {
    "Who answered": ("prompt", "provider", "environment", "segment", "tag", "licence"),
    "What people said": ("has_feedback", "feedback_below", "feedback_above", "consent"),
    "What critics said": ("critic", "critic_version", "critic_label", "critic_below", "critic_above"),
    "When": ("responded_after", "responded_before", "received_after", "received_before"),
    "Cost and time": ("has_cost", "min_cost", "max_cost", "min_latency_ms", "max_latency_ms"),
    "Tokens": (
        "min_input_tokens", "max_input_tokens", "min_output_tokens", "max_output_tokens",
        "min_reasoning_tokens", "max_reasoning_tokens",
    ),
    "Which one": (
        "external_id", "id", "conversation_id", "trace_id", "span_id", "subject_key", "batch", "input_hash",
        "has_passages",
    ),
}  # fmt: skip
DATA = {"variables": "Variables", "tools": "Tools it could call", "parameters": "Parameters", "metadata": "Metadata"}


@require_safe
def response_list(request: MemberRequest) -> HttpResponse:
    query = Query(request.project, request.GET)
    answer = list_page(request, query, SavedFilterForm(request.member, initial={"query": query.encoded()}))
    if wants_fragment(request) and query.before is None and query.after is None:
        answer["HX-Push-Url"] = f"{request.path}?{query.encoded()}"  # without the fields that were left empty
    return answer


def list_page(request: MemberRequest, query: Query, save_form: SavedFilterForm) -> HttpResponse:
    """The list of a query; the form that saves it is shown open when it was refused."""
    offer_choices(query.filterset.form, request.project)
    found = page_of(query, listed(query.rows))
    add_input_words(found.rows)
    count = counted(query, found)
    capped = count is not None and count >= COUNTED
    looked = f" among the newest {query.looked:,}" if found.window is not None and not capped else ""
    context: dict[str, Any] = {
        **form_parts(query),
        "errors": query.errors,
        "chips": query.chips(),
        "columns": query.columns,
        "offered_columns": [(column, column in query.columns) for column in COLUMNS.values()],
        "rows": [(row, cells(row, query.columns)) for row in found.rows],
        "found": found,
        "count": None if count is None else f"{count:,}",
        "capped": capped,
        "noun": ("response" if count == 1 else "responses") + looked,
        "looked": f"{query.looked or 0:,}",
        "encoded": query.encoded(),
        "saved": request.project.savedfilters.visible_to(request.member)[:OFFERED],
        "save_form": save_form,
        "first_call": first_call(),
        "may": {verb: request.member.may(verb) for verb in ("ingest", "manage_keys")},
    }
    status = 200 if query.is_valid and not save_form.is_bound else 422
    return page(request, "feedback/responses/response_list.html", context, partial="responses", status=status)


def counted(query: Query, found: Page) -> int | None:
    """How many match, up to COUNTED, among those that the first page looks at; later pages of a search do not say."""
    is_first = query.before is None and query.after is None
    if not is_first and query.looked is not None:
        return None
    if is_first and (not found.older_url or found.edge is not None):  # all that match are on the page
        return min(len(found.rows), COUNTED)
    seen = query.rows.filter(id__lte=query.newest)
    return (seen if found.window is None else seen.filter(id__gt=found.window)).order_by()[:COUNTED].count()


def form_parts(query: Query) -> dict[str, Any]:
    form = query.filterset.form
    form.label_suffix = ""
    return {
        "first_fields": [form[name] for name in FIRST],
        "groups": [(title, [form[name] for name in names]) for title, names in GROUPS.items()],
        "more_are_wrong": any(name not in FIRST for name in form.errors),
    }


@require_GET
def response_export(request: MemberRequest) -> HttpResponseBase:
    shape = request.GET.get(FORMAT, "")
    if shape not in download.TYPES:
        raise Http404("There is no such file.")
    query = Query(request.project, request.GET)
    if not query.is_valid:
        return list_page(request, query, SavedFilterForm(request.member))
    with transaction.atomic():
        record("responses-exported", request.project, project=request.project, request=request,
               shape=shape, filters=len(query.filters))  # fmt: skip
    lines = download.as_csv(query.rows, query.columns) if shape == "csv" else download.as_jsonl(query.rows)
    answer = StreamingHttpResponse(lines, content_type=download.TYPES[shape])
    name = f"{request.project.slug}-responses-{timezone.now():%Y-%m-%d}.{shape}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Accel-Buffering"] = "no"
    return answer


@require_safe
def response_detail(request: MemberRequest, pk: int) -> HttpResponse:
    rows = request.project.responses.select_related("body", "model", "prompt_version__prompt", "batch")
    response = get_object_or_404(rows.prefetch_related("passages", "user_feedback"), pk=pk)
    response.project = request.project
    body = response.body
    spoken = turns(body.messages)
    here = reverse("responses:response-detail", args=[request.project.slug, pk])
    context = {
        "response": response,
        "earlier_turns": spoken[:-EARLIER],
        "turns": spoken[-EARLIER:],
        "calls": calls(body.tool_calls),
        "is_raw": request.GET.get("view") == "raw",
        "data": [(label, as_text(getattr(body, name))) for name, label in DATA.items() if getattr(body, name)],
        "cost": "" if response.cost is None else money(response.cost),
        "currency": currency_of(request.project),
        "cost_words": cost_words(response),
        "same_input": request.project.responses.filter(input_hash=response.input_hash).exclude(pk=pk)[:11].count(),
        "permalink": f"{settings.BASE_URL}{here}",
        "list_url": reverse("responses:response-list", args=[request.project.slug]),
    }
    return page(request, "feedback/responses/response_detail.html", context, partial="response")


def offer_choices(form: forms.Form, project: Project) -> None:
    """Names that exist, to choose from."""
    offered = {
        "model": project.languagemodels.order_by("name").values_list("name", flat=True),
        "prompt_version": project.promptversions.order_by("-id").values_list("label", flat=True),
        "critic": project.critics.order_by("slug").values_list("slug", flat=True),
    }
    for name, values in offered.items():
        names = list(dict.fromkeys([form.data.get(name) or "", *values[:CHOICES]]))
        form.fields[name].widget = forms.Select(choices=[("", "Any"), *((value, value) for value in names if value)])
