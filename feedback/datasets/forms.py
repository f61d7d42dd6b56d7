"""A dataset's rule as fields that a person can fill in, and the choice of a file."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from django import forms
from django.utils.text import slugify

from feedback.accounts.models import Project
from feedback.datasets.models import Dataset, Export, Split
from feedback.datasets.rule import parse, parse_shares
from feedback.judgements.models import Verdict
from feedback.rubrics.models import Criterion

RESERVED = {"new"}  # stands in the address where a dataset's key would
SHARES = [
    ("1/100", "More than for anything else"),
    ("1/2", "At least half of all votes"),
    ("2/3", "At least 2 of 3"),
    ("3/4", "At least 3 of 4"),
    ("4/5", "At least 4 of 5"),
    ("1", "All of them"),
]
STRENGTHS = [
    ("0", "Any"),
    ("1.5", "1.5: between slightly and clearly"),
    ("2", "2: clearly better"),
    ("2.5", "2.5"),
    ("3", "3"),
]
POLICIES = [
    ("same", "Leave the pair out"),
    ("chosen", "Keep the pair, with the system prompt of the chosen response"),
    ("without", "Keep the pair, without any system prompt"),
]


class DatasetForm(forms.Form):
    """The rule of a new dataset. Choices are what the project has; anything else is refused beside its field."""

    name = forms.CharField(max_length=120, help_text="How people call it.")
    key = forms.SlugField(
        max_length=60,
        required=False,
        label="Short name",
        help_text="How programs call it; made from the name when empty.",
    )
    queues = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Queues whose verdicts count",
        help_text="None marked: all of them, also future ones.",
    )
    comparisons = forms.BooleanField(
        required=False, initial=True, label="Comparisons", help_text="The preferred response over the other."
    )
    comparison_criteria = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Which comparisons",
        help_text="None marked: all. Where two criteria disagree about a pair, both are left out.",
    )
    min_votes = forms.IntegerField(
        min_value=1, max_value=1000, initial=1, label="Votes needed", help_text="Three or more show agreement."
    )
    min_share = forms.ChoiceField(
        choices=SHARES,
        initial="1/2",
        label="Votes for the chosen one",
        help_text="Ties and “both bad” count against it.",
    )
    min_strength = forms.ChoiceField(
        choices=STRENGTHS, initial="0", label="How strongly preferred", help_text="Mean of the votes for it, 1 to 3."
    )
    moderators_decide = forms.BooleanField(
        required=False,
        initial=True,
        label="Moderators decide",
        help_text="What a moderator settled counts whatever the votes were.",
    )
    rating_criterion = forms.ChoiceField(
        required=False,
        label="Ratings",
        help_text="Two responses to the same input become a pair when their mean ratings are far enough apart.",
    )
    min_rating_difference = forms.FloatField(
        min_value=0.01, max_value=1000, initial=1, label="Far enough apart", help_text="In points of that scale."
    )
    corrections = forms.BooleanField(
        required=False, initial=True, label="Corrections", help_text="A reviewer's rewrite over the original."
    )
    system_prompts = forms.ChoiceField(
        choices=POLICIES,
        initial="same",
        widget=forms.RadioSelect,
        label="When the two had different system prompts",
        help_text="A response may be better only because its instructions were; a model should not learn that.",
    )
    requires_consent = forms.BooleanField(
        required=False, label="Only with consent", help_text="Both responses carry consent to training."
    )
    train = forms.IntegerField(min_value=0, max_value=100, initial=80, label="Training, %")
    validation = forms.IntegerField(min_value=0, max_value=100, initial=10, label="Validation, %")
    test = forms.IntegerField(
        min_value=0,
        max_value=100,
        initial=10,
        label="Test, %",
        help_text="Whole conversations, and the same question asked again, stay in one split.",
    )

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        origins = Verdict.objects.filter(project=project).values_list("origin", "queue_label").distinct()
        labels = {origin: label or origin for origin, label in origins.order_by("origin", "queue_label")}
        self.offer("queues", labels.items())
        kinds = Criterion.objects.filter(project=project, kind__in=["comparison", "scale"])
        criteria = list(kinds.values_list("kind", "key", "label").distinct().order_by("key", "label"))
        self.offer("comparison_criteria", {key: label for kind, key, label in criteria if kind == "comparison"}.items())
        scales = {key: label for kind, key, label in criteria if kind == "scale"}
        self.offer("rating_criterion", [("", "Not used"), *scales.items()])

    def offer(self, name: str, choices: Iterable[tuple[str, str]]) -> None:
        """Set a field's choices; a question with nothing to choose from is not asked."""
        offered = [(value, f"{label} ({value})" if value and label != value else label) for value, label in choices]
        self.fields[name].choices = offered  # type: ignore[attr-defined]
        if not offered:
            self.fields[name].widget = forms.MultipleHiddenInput()

    def clean_key(self) -> str:
        key = self.cleaned_data["key"] or slugify(self.cleaned_data.get("name", ""))[:60]
        if not key or key in RESERVED:
            raise forms.ValidationError("Give a short name of letters, numbers and hyphens.")
        if self.project.datasets.filter(key=key).exists():
            raise forms.ValidationError("Another dataset has this short name.")
        return str(key)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        if not (data["comparisons"] or data["rating_criterion"] or data["corrections"]):
            self.add_error("comparisons", "Mark at least one source: comparisons, ratings or corrections.")
        if data["train"] + data["validation"] + data["test"] != 100:
            self.add_error("train", "The three shares must add up to 100.")
        return data

    def rule(self) -> dict[str, Any]:
        data = self.cleaned_data
        names = (
            "queues", "comparisons", "comparison_criteria", "rating_criterion", "min_rating_difference", "corrections",
            "min_votes", "moderators_decide", "system_prompts", "requires_consent",
        )  # fmt: skip
        numbers = {"min_share": float(Fraction(data["min_share"])), "min_strength": float(data["min_strength"])}
        return parse({**{name: data[name] for name in names}, **numbers}).as_json()

    def save(self) -> Dataset:
        shares = {name: self.cleaned_data[name] / 100 for name in Split.values}
        return Dataset.objects.create(
            project=self.project,
            key=self.cleaned_data["key"],
            name=self.cleaned_data["name"],
            rule=self.rule(),
            shares=parse_shares(shares),
        )


class ExportForm(forms.Form):
    shape = forms.ChoiceField(choices=Export.Shape.choices, label="File")
    split = forms.ChoiceField(
        choices=[("", "All splits"), *Split.choices], required=False, label="Split", help_text="Votes belong to none."
    )
