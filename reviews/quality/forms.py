"""The form by which a moderator settles a dispute: one question per disputed criterion, and the reason."""

from __future__ import annotations

from typing import Any

from django import forms

from feedback.responses.models import Response
from feedback.rubrics.models import Criterion
from reviews.queues.forms import NEEDED, choices_of, field_of

PREFIX = "q-"


class SettleForm(forms.Form):
    use_required_attribute = False

    def __init__(self, criteria: list[Criterion], shown: list[Response], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.criteria, self.shown = criteria, shown
        for criterion in criteria:
            self.fields[PREFIX + criterion.key] = question(criterion)
        self.fields["reason"] = forms.CharField(
            label="Why?",
            help_text="Reviewers learn from it, and it stays with the verdict.",
            max_length=4000,
            widget=forms.Textarea({"rows": 3, "dir": "auto"}),
            error_messages={"required": "Say why: it stays with the verdict."},
        )

    def answers(self) -> dict[str, Any]:
        """The decisions in the shape of answers; "yes" or "no" for marks."""
        return {c.key: self.answer(c, self.cleaned_data[PREFIX + c.key]) for c in self.criteria}

    def answer(self, criterion: Criterion, given: str) -> Any:
        side, _, strength = given.partition("_")
        if criterion.kind != Criterion.Kind.COMPARISON:
            return given
        if side not in {"left", "right"}:
            return {"outcome": given}
        preferred = self.shown[0 if side == "left" else 1]
        return {"outcome": "preferred", "preferred": preferred.pk, "strength": int(strength)}

    def refuse(self, errors: list[dict[str, str]]) -> None:
        for error in errors:
            field = PREFIX + error["pointer"].strip("/").split("/")[0]
            self.add_error(field if field in self.fields else None, error["detail"])


def question(criterion: Criterion) -> forms.Field:
    if criterion.kind != Criterion.Kind.SPANS:
        field = field_of(criterion)
        field.required = True
        return field
    return forms.ChoiceField(
        label=criterion.label,
        help_text="Is there anything to mark?",
        choices=choices_of(criterion),
        widget=forms.RadioSelect,
        error_messages={"required": NEEDED},
    )
