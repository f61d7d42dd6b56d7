"""The form by which a moderator settles a dispute: for each disputed criterion a decision and its reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms

from feedback.judgements.models import Review
from feedback.judgements.record import answers_of
from feedback.responses.models import Response
from feedback.rubrics.models import RANKED, Criterion
from feedback.rubrics.wording import condition_words
from reviews.quality.tally import settle_turns
from reviews.queues.forms import NEEDED, choices_of, field_of
from reviews.queues.ranking import tiers_of

PREFIX, REASON = "q-", "why-"


class SettleForm(forms.Form):
    use_required_attribute = False

    def __init__(self, criteria: list[Criterion], shown: list[Response], *args: Any, **kwargs: Any) -> None:
        """`initial` holds the turns that were settled, by field: a decision changes what it must."""
        super().__init__(*args, **kwargs)
        self.criteria, self.shown = criteria, shown
        for criterion in criteria:
            self.fields[PREFIX + criterion.key] = question(criterion, criteria, shown)
            self.fields[REASON + criterion.key] = why(is_required=not waits(criterion, criteria))

    def of(self, criterion: Criterion) -> tuple[forms.BoundField, forms.BoundField]:
        """The two fields of one criterion."""
        return self[PREFIX + criterion.key], self[REASON + criterion.key]

    def pairs(self) -> Iterator[tuple[Criterion, forms.BoundField, forms.BoundField]]:
        for criterion in self.criteria:
            yield criterion, *self.of(criterion)

    def answers(self) -> dict[str, Any]:
        """The decisions in the shape of answers; "yes" or "no" for marks."""
        given = {c: self.cleaned_data[PREFIX + c.key] for c in self.criteria}
        return {c.key: self.answer(c, value) for c, value in given.items() if value or is_set(c)}

    def reasons(self) -> dict[str, str]:
        return {c.key: self.cleaned_data[REASON + c.key] for c in self.criteria}

    def answer(self, criterion: Criterion, given: Any) -> Any:
        if is_set(criterion) or criterion.kind == Criterion.Kind.PER_TURN:
            return given
        if criterion.kind in RANKED:
            return tiers_of(given, [response.pk for response in self.shown])
        side, _, strength = given.partition("_")
        if criterion.kind != Criterion.Kind.COMPARISON:
            return given
        if side not in {"left", "right"}:
            return {"outcome": given}
        preferred = self.shown[0 if side == "left" else 1]
        return {"outcome": "preferred", "preferred": preferred.pk, "strength": int(strength)}

    def refuse(self, errors: list[dict[str, str]]) -> None:
        for error in errors:
            first, *rest = error["pointer"].strip("/").split("/")
            field = REASON + rest[0] if first == "reason" and rest else PREFIX + first
            self.add_error(field if field in self.fields else None, error["detail"])


def is_set(criterion: Criterion) -> bool:
    return criterion.kind == Criterion.Kind.MULTI_CHOICE


def begun(criteria: list[Criterion], reviews: list[Review]) -> dict[str, Any]:
    """Of questions about each turn, the turns on which the reviewers agreed, for a moderator to go on from."""
    found: dict[str, Any] = {}
    for criterion in criteria:
        if criterion.kind == Criterion.Kind.PER_TURN:
            given = [answers_of(review) for review in reviews]
            turns = settle_turns([said[criterion.key] for said in given if criterion.key in said])["turns"]
            found[PREFIX + criterion.key] = {turn: one["value"] for turn, one in turns.items() if one["value"]}
    return found


def question(criterion: Criterion, disputed: list[Criterion], shown: list[Response]) -> forms.Field:
    """Every dispute needs a decision, unless another decision on this form may be that it is not asked."""
    is_open = waits(criterion, disputed)
    if criterion.kind != Criterion.Kind.SPANS:
        field = field_of(criterion, shown)
        field.required = not is_open and not (is_set(criterion) and not criterion.options.get("min_chosen", 1))
        if is_open:
            field.help_text = f"{condition_words(criterion, disputed).capitalize()}. {field.help_text}".strip()
        return field
    return forms.ChoiceField(
        label=criterion.label,
        help_text="Is there anything to mark?",
        choices=choices_of(criterion),
        widget=forms.RadioSelect,
        error_messages={"required": NEEDED},
    )


def waits(criterion: Criterion, disputed: list[Criterion]) -> bool:
    """Whether another decision on this form may be that the question is not asked."""
    return criterion.asked_when.get("criterion") in {other.key for other in disputed}


def why(*, is_required: bool) -> forms.CharField:
    return forms.CharField(
        label="Why?",
        required=is_required,
        max_length=4000,
        widget=forms.Textarea({"rows": 2, "dir": "auto"}),
        error_messages={"required": "Say why: reviewers learn from it, and it stays with the verdict."},
    )
