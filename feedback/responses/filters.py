"""One FilterSet over responses, for the page, the API and sampling rules.

A value that cannot be read is an error everywhere, and so is a parameter that is not known (`StrictResponseFilter`,
`drawable`): a misspelt filter must not silently widen what is shown, exported or drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import django_filters as df
from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django_filters.fields import IsoDateTimeField

from feedback.accounts.models import Project
from feedback.prompts.models import PromptVersion
from feedback.responses.models import LanguageModel, Origin, Passage, Response, UserFeedback
from feedback.responses.tags import HasTag

SEARCHED = 20_000  # text is looked for in this many responses at a time; there is no text index
LARGEST = 2**31 - 1
YES_NO = (("true", "Yes"), ("false", "No"))
BESIDE = frozenset({"cursor", "page_size", "format"})  # parameters of a list that are not filters
ASSESSMENT, CRITIC_VERSION = "critics.Assessment", "critics.CriticVersion"  # a room above: named, never imported
OF_CRITIC = {"critic": "critic__slug", "critic_version": "label"}
OF_ASSESSMENT = {"critic_label": "label", "critic_below": "score__lt", "critic_above": "score__gt"}


class InstantField(IsoDateTimeField):
    """A moment in UTC: databases do not know every offset that ISO 8601 can write."""

    def to_python(self, value: Any) -> datetime | None:
        moment: datetime | None = super().to_python(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


class InstantFilter(df.IsoDateTimeFilter):
    field_class = InstantField


def number(column: str, lookup: str, label: str, *, least: float = 0, most: float = LARGEST) -> df.NumberFilter:
    return df.NumberFilter(field_name=column, lookup_expr=lookup, label=label, min_value=least, max_value=most)


def exact(column: str, label: str) -> df.CharFilter:
    return df.CharFilter(field_name=column, label=label, max_length=200)


def instant(column: str, lookup: str, label: str) -> InstantFilter:
    hint = {"placeholder": "2026-05-31", "title": "A day, or a time as in 2026-05-31T08:00"}
    widget = forms.TextInput(attrs=hint)
    return InstantFilter(field_name=column, lookup_expr=lookup, label=label, widget=widget)


def truth(column: str, label: str) -> df.ChoiceFilter:
    return df.ChoiceFilter(field_name=column, label=label, empty_label="Any", choices=YES_NO, method="by_truth")


def by_score(label: str) -> df.NumberFilter:
    return df.NumberFilter(label=label, method="by_critic", min_value=0, max_value=1)


class ResponseFilter(df.FilterSet):
    """`ResponseFilter(request.GET, queryset=responses of one project)`: the queryset decides what may be seen."""

    q = df.CharFilter(label="Search", method="by_text", max_length=200)
    id = number("id", "exact", "Number", most=2**63 - 1)
    external_id = exact("external_id", "External id")
    prompt = df.CharFilter(label="Prompt", method="by_prompt", max_length=200)
    prompt_version = df.CharFilter(label="Prompt version", method="by_prompt_version", max_length=200)
    model = df.CharFilter(label="Model", method="by_model", max_length=200)
    provider = df.CharFilter(label="Provider", method="by_provider", max_length=200)
    origin = df.ChoiceFilter(label="Origin", empty_label="Any", choices=Origin.choices)
    environment = exact("environment", "Environment")
    segment = exact("segment", "Segment")
    tag = df.CharFilter(label="Tag", method="by_tag", max_length=200)
    conversation_id = exact("conversation_id", "Conversation")
    trace_id = exact("trace_id", "Trace")
    span_id = exact("span_id", "Span")
    subject_key = exact("subject_key", "End user")
    licence = exact("licence", "Licence")
    input_hash = exact("input_hash", "Same input as (hash)")
    batch = number("batch_id", "exact", "Batch", most=2**63 - 1)
    responded_after = instant("responded_at", "gte", "From")
    responded_before = instant("responded_at", "lt", "Before")
    received_after = instant("created_at", "gte", "Came in from")
    received_before = instant("created_at", "lt", "Came in before")
    verdict = df.ChoiceFilter(
        label="Verdict",
        empty_label="Any",
        choices=(("passed", "Passed"), ("failed", "Failed"), ("none", "None yet")),
        method="by_verdict",
    )
    is_queued = truth("is_queued", "Queued")
    has_feedback = truth("has_feedback", "Has user feedback")
    has_cost = df.ChoiceFilter(label="Cost known", empty_label="Any", choices=YES_NO, method="by_cost_known")
    has_passages = df.ChoiceFilter(label="Has sources", empty_label="Any", choices=YES_NO, method="by_passages")
    consent = df.ChoiceFilter(
        label="Consent", empty_label="Any", choices=(*YES_NO, ("unknown", "Unknown")), method="by_truth"
    )
    min_cost = number("cost", "gte", "Cost from", most=1e9)
    max_cost = number("cost", "lte", "Cost to", most=1e9)
    min_latency_ms = number("latency_ms", "gte", "Latency from (ms)")
    max_latency_ms = number("latency_ms", "lte", "Latency to (ms)")
    min_input_tokens = number("input_tokens", "gte", "Input tokens from")
    max_input_tokens = number("input_tokens", "lte", "Input tokens to")
    min_output_tokens = number("output_tokens", "gte", "Output tokens from")
    max_output_tokens = number("output_tokens", "lte", "Output tokens to")
    min_reasoning_tokens = number("reasoning_tokens", "gte", "Reasoning tokens from")
    max_reasoning_tokens = number("reasoning_tokens", "lte", "Reasoning tokens to")
    feedback_below = df.NumberFilter(label="User score below", method="by_feedback", min_value=-1e12, max_value=1e12)
    feedback_above = df.NumberFilter(label="User score above", method="by_feedback", min_value=-1e12, max_value=1e12)

    critic = df.CharFilter(label="Critic", method="by_critic", max_length=60)
    critic_version = df.CharFilter(label="Critic version", method="by_critic", max_length=100)
    critic_label = df.CharFilter(label="Critic label", method="by_critic", max_length=60)
    critic_below = by_score("Critic score below")
    critic_above = by_score("Critic score above")

    class Meta:
        model = Response
        fields: list[str] = []

    def by_text(self, rows: QuerySet[Response], name: str, value: str) -> QuerySet[Response]:
        """In external ids and outputs of the newest responses; without a text index a search must be bounded."""
        oldest = rows.order_by("-id").values_list("id", flat=True)[SEARCHED : SEARCHED + 1].first()
        newest = rows.filter(id__gt=oldest) if oldest else rows
        return newest.filter(saying(value))

    # Names become ids first: with a literal id the planner knows how rare the rows are, through a join it does not.

    def by_prompt(self, rows: QuerySet[Response], name: str, value: str) -> QuerySet[Response]:
        return rows.filter(prompt_version__in=ids(PromptVersion.objects.filter(prompt__name=value)))

    def by_prompt_version(self, rows: QuerySet[Response], name: str, value: str) -> QuerySet[Response]:
        return rows.filter(prompt_version__in=ids(PromptVersion.objects.filter(label=value)))

    def by_model(self, rows: QuerySet[Response], name: str, value: str) -> QuerySet[Response]:
        return rows.filter(model__in=ids(LanguageModel.objects.filter(name=value)))

    def by_provider(self, rows: QuerySet[Response], name: str, value: str) -> QuerySet[Response]:
        return rows.filter(model__in=ids(LanguageModel.objects.filter(provider=value)))

    def by_tag(self, rows: QuerySet[Response], name: str, value: str) -> QuerySet[Response]:
        return rows.filter(HasTag(F("tags"), Value(value, output_field=CharField())))

    def by_verdict(self, rows: QuerySet[Response], name: str, value: str) -> QuerySet[Response]:
        return rows.filter(verdict="" if value == "none" else value)

    def by_truth(self, rows: QuerySet[Response], name: str, value: str) -> QuerySet[Response]:
        return rows.filter(**{name: {"true": True, "false": False, "unknown": None}[value]})

    def by_cost_known(self, rows: QuerySet[Response], name: str, value: str) -> QuerySet[Response]:
        return rows.filter(cost__isnull=value == "false")

    def by_passages(self, rows: QuerySet[Response], name: str, value: str) -> QuerySet[Response]:
        some = Exists(Passage.objects.filter(response=OuterRef("pk")))
        return rows.filter(some if value == "true" else ~some)

    def by_feedback(self, rows: QuerySet[Response], name: str, value: Any) -> QuerySet[Response]:
        bound = Q(score__lt=value) if name == "feedback_below" else Q(score__gt=value)
        return rows.filter(Exists(UserFeedback.objects.filter(bound, response=OuterRef("pk"))))

    def by_critic(self, rows: QuerySet[Response], name: str, value: Any) -> QuerySet[Response]:
        """One assessment must meet all that is asked of critics, so the first name that is set asks for all of them."""
        given = self.form.cleaned_data
        asked = [one for one in (*OF_CRITIC, *OF_ASSESSMENT) if given[one] not in ("", None)]
        if name != asked[0]:
            return rows
        wanted: dict[str, Any] = {OF_ASSESSMENT[one]: given[one] for one in asked if one in OF_ASSESSMENT}
        if named := {OF_CRITIC[one]: given[one] for one in asked if one in OF_CRITIC}:
            wanted["version__in"] = ids(apps.get_model(CRITIC_VERSION).objects.filter(**named))
        return rows.filter(Exists(apps.get_model(ASSESSMENT).objects.filter(response=OuterRef("pk"), **wanted)))


def saying(text: str) -> Q:
    return Q(external_id__icontains=text) | Q(body__output__icontains=text)


def ids(rows: QuerySet[Any]) -> list[int]:
    return list(rows.values_list("pk", flat=True))


class StrictForm(forms.Form):
    def clean(self) -> dict[str, Any]:
        for name in sorted(set(self.data) - set(self.fields) - BESIDE):
            self.add_error(None, ValidationError(f"There is no filter {name[:100]!r}.", code="unknown"))
        return self.cleaned_data


class StrictResponseFilter(ResponseFilter):
    class Meta(ResponseFilter.Meta):
        form = StrictForm


class EverywhereFilter(StrictResponseFilter):
    """For the list page, which bounds each page itself (query.py), and for its download, which reads on to the end."""

    def by_text(self, rows: QuerySet[Response], name: str, value: str) -> QuerySet[Response]:
        return rows.filter(saying(value))


def drawable(project: Project, parameters: Mapping[str, Any]) -> QuerySet[Response]:
    """The responses a sampling rule may draw from; ValidationError names each parameter that cannot be used.

    Takes JSON values as a rule stores them. `q` is refused: it looks only at the newest responses, so that a rule
    would draw from another population each day.
    """
    strings = {name: {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
               for name, value in parameters.items() if value not in ("", None)}  # fmt: skip
    found = StrictResponseFilter(strings, queryset=Response.objects.filter(project=project, erased_by__isnull=True))
    errors = {name: list(messages) for name, messages in found.errors.items()}
    for name in ("q", *BESIDE):
        if name in strings:
            errors.setdefault(name, []).append("This cannot be part of a rule.")
    if errors:
        raise ValidationError(errors)
    return found.qs
