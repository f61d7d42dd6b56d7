"""What tokens cost: the table of prices, how it is added to, and which models are used without one.

A price is never changed. It counts from its day on, for responses that come in after it was added; of two for the same
day the later one counts. Costs that are stored stay as they are.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Count, Prefetch, Q, Sum
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.audit.log import record
from feedback.responses.models import LanguageModel, Price

MODELS = 200  # shown; the newest used come first where there are more
USE_DAYS = 30


@dataclass(frozen=True)
class Priced:
    """A model and its prices, in the order in which they are asked."""

    model: LanguageModel
    prices: list[Price]
    now: Price | None
    coming: list[Price]

    @property
    def replaced(self) -> set[int]:
        """Those that a later row of the same day corrected."""
        days: set[datetime.date] = set()
        found = set()
        for price in self.prices:
            if price.valid_from in days:
                found.add(price.pk)
            days.add(price.valid_from)
        return found


def currency_of(project: Project) -> str:
    """What costs are counted in: the currency of the project's prices, all of them when they differ, else nothing."""
    return " and ".join(project.prices.order_by("currency").values_list("currency", flat=True).distinct()[:3])


def in_currency(label: str, currency: str) -> str:
    return f"{label}, {currency}" if currency else label


def listed(project: Project) -> list[Priced]:
    """Every model with its prices; those without one first, for they need something."""
    prices = Price.objects.newest_first().select_related("created_by__user")
    models = project.languagemodels.prefetch_related(Prefetch("prices", prices)).order_by("-pk")[:MODELS]
    rows = [priced(model) for model in models]
    return sorted(rows, key=lambda row: (bool(row.prices), row.model.provider, row.model.name))


def priced(model: LanguageModel) -> Priced:
    prices, today = list(model.prices.all()), timezone.now().date()
    now = next((price for price in prices if price.valid_from <= today), None)
    return Priced(model, prices, now, [price for price in prices if price.valid_from > today])


def use(project: Project) -> list[dict[str, Any]]:
    """What came in the last days by model: responses, tokens, and how many have no cost. Most without a cost first."""
    since = timezone.now() - timedelta(days=USE_DAYS)
    rows = (
        project.responses.filter(responded_at__gte=since, model__isnull=False)
        .values("model_id", "model__name", "model__provider")
        .annotate(
            n=Count("pk"),
            n_input=Sum("input_tokens"),
            n_output=Sum("output_tokens"),
            n_without=Count("pk", filter=Q(cost__isnull=True)),
        )
        .order_by("-n_without", "-n", "model__name")
    )
    known = set(project.prices.values_list("model_id", flat=True))
    return [{**row, "has_price": row["model_id"] in known} for row in rows[:MODELS]]


class PriceForm(forms.ModelForm):
    class Meta:
        model = Price
        fields = ("model", "valid_from", "currency", "input", "cached_input", "output")
        labels = {
            "valid_from": "From this day on",
            "input": "Input",
            "cached_input": "Cached input",
            "output": "Output",
        }
        help_texts = {
            "currency": "Three letters, such as USD.",
            "input": "For one million tokens.",
            "cached_input": "For one million tokens that came from the cache. Without one they cost as much as others.",
            "output": "For one million tokens.",
        }
        widgets = {"valid_from": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, project: Project, data: QueryDict | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.project = project
        field: Any = self.fields["model"]
        field.queryset = project.languagemodels.order_by("provider", "name")
        field.empty_label = "Choose a model"

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].strip().upper()
        if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
            raise forms.ValidationError("Write three letters, such as USD.")
        return currency

    def add(self, member: Member, request: HttpRequest) -> Price:
        """A new row, whatever was there; the audit log says who added it."""
        with transaction.atomic():
            price = self.save(commit=False)
            price.project, price.created_by = self.project, member
            price.save()
            record("price-added", price, request=request, model=str(price.model), valid_from=str(price.valid_from))
        return price


def first_values(project: Project, model_id: str) -> dict[str, Any]:
    """What the form begins with: today, and for a known model its last price."""
    last = None
    if model_id.isascii() and model_id.isdigit() and len(model_id) < 19:
        last = project.prices.filter(model_id=int(model_id)).newest_first().first()
    amounts = {} if last is None else {name: getattr(last, name) for name in ("input", "cached_input", "output")}
    newest = last or project.prices.order_by("-pk").first()
    currency = newest.currency if newest else "USD"
    return {"model": model_id, "valid_from": timezone.now().date(), "currency": currency, **amounts}
