"""Forms of a moderator's acts: each asks why."""

from __future__ import annotations

from typing import Any

from django import forms

from reviews.moderation.act import MOST_REVIEWS, decidable
from reviews.queues.models import Item, Queue

AGAIN, CONTEST = "again", "contest"


class ReasonForm(forms.Form):
    use_required_attribute = False

    reason = forms.CharField(
        label="Why?",
        help_text="It stays with the item and can be read by every moderator.",
        max_length=2000,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        error_messages={"required": "Say why: it stays with the item."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})


class ReopenForm(ReasonForm):
    how = forms.ChoiceField(
        label="What should happen?",
        choices=[
            (CONTEST, "A moderator decides, question by question"),
            (AGAIN, "Settle again by rule, from the reviews that count now"),
        ],
        initial=CONTEST,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one."},
    )
    criteria = forms.MultipleChoiceField(
        label="Questions to decide",
        help_text="Only when a moderator decides.",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose questions of this rubric."},
    )
    field_order = ("how", "criteria", "reason")

    def __init__(self, item: Item, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["criteria"].choices = [(c.key, c.label) for c in decidable(item)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("how") == CONTEST and not self.cleaned_data.get("criteria"):
            self.add_error("criteria", "Choose at least one question to decide.")
        return self.cleaned_data


class OverlapForm(ReasonForm):
    k = forms.IntegerField(
        label="Reviews per item",
        help_text="Of items that come from now on. Items that are there keep what they ask for.",
        min_value=1,
        max_value=MOST_REVIEWS,
    )
    field_order = ("k", "reason")


class RestrictForm(ReasonForm):
    """Which queues a person gets nothing from; none chosen is all of the project."""

    where = forms.ModelChoiceField(
        label="Where?", queryset=Queue.objects.none(), required=False, empty_label="All queues of the project"
    )
    field_order = ("where", "reason")

    def __init__(self, queues: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["where"].queryset = queues  # type: ignore[attr-defined]
        self.fields["reason"].help_text = "The person reads it, and so does every moderator."
