"""A dataset's rule as fields that a person can fill in, the choice of a file, and of two versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.text import slugify

from feedback.accounts.models import Project
from feedback.datasets import exports, sealed
from feedback.datasets.models import Dataset, Export, Split
from feedback.datasets.options import RuleOptions, initial_options
from feedback.datasets.pairs import TOLERANCE
from feedback.datasets.rule import Rule, RuleError, parse, parse_shares
from feedback.datasets.wording import share_words
from feedback.judgements.models import Verdict
from feedback.rubrics.models import RANKED, Criterion
from feedback.text.hashes import digest

MOVED = (
    "Somebody else changed this dataset while you were at it. Look at theirs in another window; "
    "saving again replaces what they wrote."
)
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


class DatasetForm(RuleOptions):
    """A dataset's name and rule. Choices are what the project has and what the rule names already; anything else is
    refused beside its field.
    """

    name = forms.CharField(max_length=120, help_text="How people call it.")
    key = forms.SlugField(
        max_length=60,
        required=False,
        label="Short name",
        help_text="How programs call it; made from the name when empty.",
    )
    description = forms.CharField(
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What it is for, and what it must not be used for.",
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    queues = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Queues whose verdicts count",
        help_text="None marked: all of them, also future ones.",
    )
    comparisons = forms.BooleanField(
        required=False, initial=True, label="Take comparisons", help_text="The preferred response over the other."
    )
    rankings = forms.BooleanField(
        required=False,
        initial=True,
        label="Take rankings",
        help_text="Of each two responses the better placed over the other.",
    )
    comparison_criteria = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Which comparisons and rankings",
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
        required=False, initial=True, label="Take corrections", help_text="A reviewer's rewrite over the original."
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
    test = forms.IntegerField(min_value=0, max_value=100, initial=10, label="Test, %")

    def __init__(
        self, project: Project, *args: Any, dataset: Dataset | None = None, is_preview: bool = False, **kwargs: Any
    ) -> None:
        self.project, self.dataset = project, dataset
        kwargs["initial"] = initial_options(Rule()) if dataset is None else initial_of(dataset)
        super().__init__(*args, **kwargs)
        if dataset is not None:
            del self.fields["key"]  # programs know it
        if is_preview:  # it asks for the rule only
            self.fields["name"].required = False
            self.fields.pop("key", None)
        self.offer_choices()

    def offer_choices(self) -> None:
        origins = Verdict.objects.filter(project=self.project).values_list("origin", "queue_label").distinct()
        labels = {origin: label or origin for origin, label in origins.order_by("origin", "queue_label")}
        self.offer("queues", labels)
        kinds = Criterion.objects.filter(project=self.project, kind__in=["comparison", *RANKED, "scale"])
        criteria = list(kinds.values_list("kind", "key", "label").distinct().order_by("key", "label"))
        self.offer("comparison_criteria", {key: label for kind, key, label in criteria if kind != "scale"})
        self.offer("rating_criterion", {"": "Not used", **{k: label for kind, k, label in criteria if kind == "scale"}})
        shares = dict(SHARES)
        if self.initial.get("min_share", "1/2") not in shares:
            shares[self.initial["min_share"]] = share_words(float(self.initial["min_share"])).capitalize()
        self.offer("min_share", shares, with_value=False)
        strengths = dict(STRENGTHS)
        strengths.setdefault(self.initial.get("min_strength", "0"), self.initial.get("min_strength", "0"))
        self.offer("min_strength", strengths, with_value=False)

    def offer(self, name: str, choices: Mapping[str, str], *, with_value: bool = True) -> None:
        """Set a field's choices, with those that the rule has already; a question without choices is not asked."""
        has = self.initial.get(name) or []
        missing = [value for value in ([has] if isinstance(has, str) else has) if value not in choices]
        choices = dict(choices) | dict.fromkeys(missing, "")
        offered = [
            (value, f"{label} ({value})" if with_value and value and label and label != value else label or value)
            for value, label in choices.items()
        ]
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
        if not any(data[name] for name in ("comparisons", "rating_criterion", "corrections", "user_feedback")):
            self.add_error("comparisons", "Mark at least one source: comparisons, ratings, corrections or feedback.")
        if data["train"] + data["validation"] + data["test"] != 100:
            self.add_error("train", "The three shares must add up to 100.")
        return data

    def take_notice(self, dataset: Dataset) -> None:
        """Say that somebody else changed it, keep what was typed, and let the next attempt replace theirs."""
        self.add_error(None, MOVED)
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["seen"] = state_of(dataset)
        self.data = data

    def has_moved(self, dataset: Dataset) -> bool:
        """Whether somebody else changed it since this form was opened."""
        return bool(self.cleaned_data["seen"]) and self.cleaned_data["seen"] != state_of(dataset)

    def changes(self, dataset: Dataset) -> list[str]:
        """Names of what would be different."""
        before = {"name": dataset.name, "description": dataset.description, "shares": dataset.shares, **dataset.rule}
        after = {
            "name": self.cleaned_data["name"],
            "description": self.cleaned_data["description"],
            "shares": self.shares(),
            **self.rule(),
        }
        return sorted(name for name in after if before.get(name) != after[name])

    def parsed(self) -> Rule:
        return parse(self.rule())

    def rule(self) -> dict[str, Any]:
        data = self.cleaned_data
        names = (
            "queues", "comparisons", "rankings", "comparison_criteria", "rating_criterion", "min_rating_difference",
            "corrections", "min_votes", "moderators_decide", "system_prompts", "requires_consent",
        )  # fmt: skip
        numbers = {"min_share": float(Fraction(data["min_share"])), "min_strength": float(data["min_strength"])}
        return parse({**{name: data[name] for name in names}, **numbers, **self.options()}).as_json()

    def shares(self) -> dict[str, float]:
        return parse_shares({name: self.cleaned_data[name] / 100 for name in Split.values})

    def save(self) -> Dataset:
        """A new dataset, or new words and a new rule for the one being edited; versions keep the rule they have."""
        dataset = self.dataset or Dataset(project=self.project, key=self.cleaned_data["key"])
        dataset.name, dataset.description = self.cleaned_data["name"], self.cleaned_data["description"]
        dataset.rule, dataset.shares = self.rule(), self.shares()
        dataset.save()
        return dataset


def initial_of(dataset: Dataset) -> dict[str, Any]:
    """The fields of a dataset as it stands. A rule that cannot be read any more is begun anew."""
    try:
        rule = parse(dataset.rule)
    except RuleError:
        rule = Rule()
    shares = {name: round(100 * dataset.shares.get(name, 0)) for name in Split.values}
    numbers = {
        "min_share": choice_of(rule.min_share, [value for value, _ in SHARES]),
        "min_strength": choice_of(rule.min_strength, [value for value, _ in STRENGTHS]),
    }
    words = {"name": dataset.name, "description": dataset.description, "seen": state_of(dataset)}
    return {**rule.as_json(), **initial_options(rule), **numbers, **shares, **words}


def choice_of(number: float, choices: list[str]) -> str:
    """The choice that means this number, else the number itself."""
    return next((value for value in choices if abs(float(Fraction(value)) - number) < TOLERANCE), repr(number))


def state_of(dataset: Dataset) -> str:
    return digest([dataset.name, dataset.description, dataset.rule, dataset.shares])[:16]


class ExportForm(forms.Form):
    shape = forms.ChoiceField(choices=Export.MADE_AS, label="File")
    split = forms.ChoiceField(
        choices=[("", "All splits"), *Split.choices],
        required=False,
        label="Split",
        help_text="Votes belong to none; files for services hold one, training unless you choose. The test split is "
        "sealed: files to learn from never hold it.",
    )
    format = forms.ChoiceField(
        choices=Export.Format.choices,
        required=False,
        label="Format",
        help_text="JSONL for trainers and services, Parquet for large sets, CSV for tables.",
    )
    packing = forms.ChoiceField(
        choices=Export.Packing.choices, required=False, label="Packed", help_text="Parquet is packed inside already."
    )

    destination = forms.ChoiceField(
        required=False, label="Send it to", help_text="As soon as it is there. You can send it later, too."
    )

    def __init__(self, *args: Any, destinations: Sequence[str] = (), **kwargs: Any) -> None:
        """Without a field for what there is nothing to choose from."""
        super().__init__(*args, **kwargs)
        self.fields["destination"].choices = [("", "Nowhere"), *((n, n) for n in destinations)]  # type: ignore[attr-defined]
        if not destinations:
            del self.fields["destination"]

    def clean_format(self) -> str:
        return str(self.cleaned_data["format"] or Export.Format.JSONL)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        wanted = [given[name] for name in ("shape", "format", "packing") if name in given]
        if len(wanted) == 3 and (why := exports.refused(*wanted)):
            self.add_error("format", why)
        try:
            sealed.refuse(given.get("shape", ""), given.get("split", ""))
        except sealed.Sealed as refused:
            self.add_error("split", str(refused))
        return given


class LinkForm(forms.Form):
    minutes = forms.TypedChoiceField(
        coerce=int,
        choices=[(15, "15 minutes"), (60, "an hour"), (8 * 60, "8 hours"), (24 * 60, "a day")],
        initial=15,
        label="Open for",
        help_text="Longer than the download takes; a download that breaks off goes on within this time.",
    )


class SendForm(forms.Form):
    """Among the destinations that the project may use."""

    destination = forms.ChoiceField(label="Destination", help_text="The operator names them.")

    def __init__(self, names: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["destination"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]


class CompareForm(forms.Form):
    """Two complete versions of one dataset, by their numbers."""

    older = forms.TypedChoiceField(coerce=int, label="From")
    newer = forms.TypedChoiceField(coerce=int, label="To")

    def __init__(self, numbers: list[int], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("older", "newer"):
            self.fields[name].choices = [(n, f"Version {n}") for n in numbers]  # type: ignore[attr-defined]
