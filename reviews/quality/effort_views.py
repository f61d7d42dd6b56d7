"""Effort: hours, reviews and cost for each verdict, and what an hour costs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_POST

from feedback.accounts.access import MemberRequest
from feedback.accounts.models import Project
from feedback.audit.log import record
from feedback.htmx import see_other
from feedback.responses.prices import currency_of
from reviews.quality import effort_words
from reviews.quality.analysis_views import Shown, file_of, shown_page
from reviews.quality.effort_models import HourlyCost
from reviews.quality.models import Analysis

KIND = Analysis.Kind.EFFORT


class CostForm(forms.Form):
    amount = forms.DecimalField(
        label="An hour of a reviewer costs", required=False, min_value=0, max_digits=10, decimal_places=2,
        help_text="Leave it empty, and no cost is told.", widget=forms.NumberInput({"step": "any"}),
    )  # fmt: skip
    currency = forms.RegexField(
        r"^[A-Z]{3}$", label="Currency", initial="USD", error_messages={"invalid": "Write three letters, such as USD."}
    )

    def clean_amount(self) -> Any:
        return self.cleaned_data["amount"] or None  # nothing and zero are no cost


def cost_form(project: Project, data: Any = None) -> CostForm:
    known = HourlyCost.of(project)
    currencies = currency_of(project)
    initial = {
        "amount": known.amount if known else None,
        "currency": known.currency if known else currencies if len(currencies) == 3 else "USD",
    }
    return CostForm(data, initial=initial, label_suffix="")


@require_GET
def effort(request: MemberRequest) -> HttpResponse:
    return shown_page(request, KIND, lambda shown: words(request, shown), **costs(request))


def costs(request: MemberRequest) -> dict[str, Any]:
    return {"cost_form": cost_form(request.project) if request.member.may("manage_prices") else None}


def words(request: MemberRequest, shown: Shown) -> dict[str, Any]:
    result, by = shown.result or {}, shown.filters.get("by", "")
    text, tone = effort_words.answer(result)
    return {"result": result, "answer": text, "tone": tone, "table": effort_words.table(result, by)}


@require_GET
def effort_file(request: MemberRequest, form: str) -> HttpResponse:
    return file_of(request, KIND, form, lambda shown: words(request, shown))


@require_POST
def effort_cost(request: MemberRequest) -> HttpResponse:
    """Say what an hour costs, or that it is not told; the figures are computed anew."""
    form = cost_form(request.project, request.POST)
    if not form.is_valid():
        return shown_page(request, KIND, lambda shown: words(request, shown), cost_form=form)
    amount, currency = form.cleaned_data["amount"], form.cleaned_data["currency"]
    with transaction.atomic():
        HourlyCost.put(request.project, amount, currency)
        after = f"{amount} {currency}" if amount is not None else ""
        record("hourly-cost-changed", request.project, project=request.project, request=request, after=after)
        Analysis.ask(request.project, KIND, {})
    messages.success(request, "Saved. The figures are computed anew.")
    return see_other("quality:effort", project=request.project.slug)
