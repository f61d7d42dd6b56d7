"""A sampling rule as a curator makes it: what may be drawn (the filters of the response list) and how much of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify

from feedback.accounts.models import Member, Project
from feedback.audit.log import record
from feedback.responses.filters import ResponseFilter
from feedback.responses.models import Response
from reviews.queues.models import Queue
from reviews.sampling.models import SamplingRule, SamplingRuleVersion

FIRST = ("model", "prompt", "prompt_version", "origin", "tag", "is_queued")  # the others wait behind a summary
PERCENT = 100
METHODS = [(value, words.capitalize()) for value, words in SamplingRuleVersion.Method.choices]


class RuleForm(forms.Form):
    """`filters` is the bound form of the response list's FilterSet, its names behind `filter-`."""

    name = forms.CharField(max_length=120, label="Name")
    queue = forms.ModelChoiceField(Queue.objects.none(), label="Into which queue", empty_label="Choose a queue")
    method = forms.ChoiceField(choices=METHODS, label="Draw", widget=forms.RadioSelect, initial="rate")
    percent = forms.FloatField(required=False, min_value=0, max_value=PERCENT, label="Share in percent", initial=10)
    size = forms.IntegerField(required=False, min_value=1, max_value=10_000_000, label="Number")
    k = forms.IntegerField(
        required=False, min_value=1, max_value=50, label="Reviews for each item", help_text="Empty takes the queue's."
    )
    seed = forms.CharField(
        required=False,
        max_length=60,
        label="Seed",
        help_text="Rules with one seed draw the same responses first; empty takes the rule's own name.",
    )
    interval_minutes = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=60 * 24 * 31,
        label="Run every so many minutes",
        help_text="Empty runs by hand only. 60 is hourly, 1440 daily. A scheduled run draws from what came in since.",
    )

    is_paused = forms.BooleanField(
        required=False, label="Pause the schedule", help_text="It starts no runs by itself; by hand it still runs."
    )

    def __init__(
        self, project: Project, data: Any = None, *, rule: SamplingRule | None = None, preset: Any = None
    ) -> None:
        super().__init__(data, initial=initial(rule) if rule else None, label_suffix="")
        self.project, self.rule = project, rule
        queues = Queue.objects.filter(project=project, takes_imports=False).exclude(state=Queue.State.CLOSED)
        self.fields["queue"].queryset = queues.order_by("name")  # type: ignore[attr-defined]
        stored = rule.current.filter if rule and data is None else {}
        filter_data = (
            data if data is not None else {f"filter-{name}": value for name, value in stored.items()} or preset
        )
        self.filters: Any = ResponseFilter(filter_data, queryset=Response.objects.none(), prefix="filter").form
        self.filters.label_suffix = ""
        del self.filters.fields["q"]

    @property
    def first_filters(self) -> list[Any]:
        return [self.filters[name] for name in FIRST]

    @property
    def other_filters(self) -> list[Any]:
        return [self.filters[name] for name in self.filters.fields if name not in FIRST]

    @property
    def uses_others(self) -> bool:
        return bool(self.parameters().keys() - set(FIRST))

    def parameters(self) -> dict[str, str]:
        """The filter as the rule stores it: what was typed, without what was left empty."""
        given = {name: self.filters.data.get(self.filters.add_prefix(name)) for name in self.filters.fields}
        return {name: str(value).strip() for name, value in given.items() if value not in (None, "")}

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        taken = self.project.samplingrules.filter(key=key_of(name))
        if not key_of(name):
            raise ValidationError("Use at least one letter or digit.")
        if self.rule is None and (taken.exists() or key_of(name) == "new"):  # whose address is this form
            raise ValidationError("There is a rule with this name already.")
        return name

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        method = data.get("method")
        if method == "rate" and not data.get("percent"):
            self.add_error("percent", "Say which share, above 0.")
        if method == "size" and not data.get("size"):
            self.add_error("size", "Say how many.")
        if not self.filters.is_valid():
            raise ValidationError("One of the filters cannot be used; see there.")
        if not self.errors:
            self.check_version()
        return data

    def check_version(self) -> None:
        """What the model refuses is said beside the field that it is about."""
        try:
            self.version().clean()
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                self.add_error(name if name in self.fields else None, messages)

    def choices(self) -> dict[str, Any]:
        """The fields of a rule version."""
        data = self.cleaned_data
        by_rate = data["method"] == "rate"
        return {
            "queue": data["queue"],
            "filter": self.parameters(),
            "method": data["method"],
            "rate": data["percent"] / PERCENT if by_rate else None,
            "size": None if by_rate else data["size"],
            "k": data["k"],
            "seed": data["seed"] or (self.rule.key if self.rule else key_of(data["name"])),
        }

    def version(self) -> SamplingRuleVersion:
        """As it would be saved, for checks and the dry run."""
        return SamplingRuleVersion(project=self.project, rule=self.rule, **self.choices())

    def save(self, by: Member) -> SamplingRule:
        """The rule, and its next version when what it draws has changed. Call it in a transaction."""
        data = self.cleaned_data
        rule = self.rule or SamplingRule(project=self.project, key=key_of(data["name"]))
        before = (rule.name, rule.interval_minutes, rule.is_active)
        rule.name, rule.interval_minutes, rule.is_active = data["name"], data["interval_minutes"], not data["is_paused"]
        rule.save()
        if self.rule is not None and before != (rule.name, rule.interval_minutes, rule.is_active):
            every = rule.interval_minutes or 0
            record("rule-rescheduled", rule, actor=by, interval_minutes=every, is_active=rule.is_active)
        choices = self.choices()
        if self.rule is None or any(getattr(rule.current, name) != value for name, value in choices.items()):
            rule.revise(by=by, **choices)
        return rule


def key_of(name: str) -> str:
    return slugify(name)[:60]


def initial(rule: SamplingRule) -> dict[str, Any]:
    version = rule.current
    return {
        "name": rule.name,
        "queue": version.queue_id,
        "method": version.method,
        "percent": round(version.rate * PERCENT, 6) if version.rate else None,
        "size": version.size,
        "k": version.k,
        "seed": version.seed,
        "interval_minutes": rule.interval_minutes,
        "is_paused": not rule.is_active,
    }
