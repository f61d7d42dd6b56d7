"""The rubric of a queue as one form for several items: what can be answered without pointing into a text."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from feedback.judgements.record import criteria_of
from feedback.rubrics.conditions import asked_only
from feedback.rubrics.models import Criterion
from reviews.passes.cards import ANSWERED, SIZES
from reviews.passes.models import MOST
from reviews.queues.forms import PREFIX, add_condition, field_of
from reviews.queues.models import Queue

MOST_ID = 2**63 - 1
AGAIN = "This page is damaged. Load it anew."


class ShowForm(forms.Form):
    """How many cards, from where, or like which item."""

    size = forms.TypedChoiceField(coerce=int, required=False, choices=[(n, str(n)) for n in SIZES])
    like = forms.IntegerField(required=False, min_value=1, max_value=MOST_ID)
    after = forms.CharField(required=False, max_length=24)

    def clean_size(self) -> int:
        return self.cleaned_data["size"] or SIZES[0]


class PassForm(forms.Form):
    """The chosen items and what is said of all of them."""

    use_required_attribute = False

    submission_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, error_messages={"invalid": AGAIN})
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=MOST_ID)
    cards = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=MOST)
    item = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, queue: Queue, shown: list[int], data: Any = None) -> None:
        initial = {"version": queue.rubric_version_id, "cards": len(shown)}
        super().__init__(data, auto_id="pass-%s", label_suffix="", initial=initial)
        self.queue, self.criteria = queue, criteria_of(queue.rubric_version)
        for criterion in self.asked:
            self.fields[PREFIX + criterion.key] = field_of(criterion)
            add_condition(self.fields[PREFIX + criterion.key], criterion, self.criteria)
        given = data.getlist("item") if data is not None else []
        chosen: Any = self.fields["item"]
        chosen.choices = [(pk, pk) for pk in given if pk.isdecimal() and len(pk) < 19][: MOST + 1]

    @property
    def asked(self) -> list[Criterion]:
        return [criterion for criterion in self.criteria if criterion.kind in ANSWERED]

    @property
    def left_out(self) -> list[Criterion]:
        """What is for the desk alone: marks, rewrites."""
        return [criterion for criterion in self.criteria if criterion.kind not in ANSWERED]

    @property
    def questions(self) -> list[forms.BoundField]:
        return [self[PREFIX + criterion.key] for criterion in self.asked]

    def clean_item(self) -> list[int]:
        chosen: list[int] = self.cleaned_data["item"]
        if not chosen:
            raise forms.ValidationError("Choose at least one card.")
        return chosen

    def answers(self) -> dict[str, Any]:
        """In the one shape of answers; what was left empty or not asked is left out."""
        found: dict[str, Any] = {}
        for criterion in self.asked:
            given = self.cleaned_data.get(PREFIX + criterion.key)
            if criterion.kind == Criterion.Kind.MULTI_CHOICE:
                found[criterion.key] = given or []
            elif given not in (None, ""):
                found[criterion.key] = plain(criterion, given)
        return asked_only(self.criteria, found)

    def refuse(self, errors: list[dict[str, str]]) -> None:
        """Put refusals of the answers beside their fields."""
        for error in errors:
            key = error["pointer"].split("/")[1] if "/" in error["pointer"] else ""
            self.add_error(PREFIX + key if PREFIX + key in self.fields else None, error["detail"])


def plain(criterion: Criterion, given: str) -> Any:
    if criterion.kind == Criterion.Kind.SCALE:
        point = float(given)
        return int(point) if point.is_integer() else point
    return given.replace("\r\n", "\n") if criterion.kind == Criterion.Kind.TEXT else given
