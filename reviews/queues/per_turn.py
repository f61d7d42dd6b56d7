"""The control of a question about each turn or step: one choice for each, drawn by components/turns.html."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms

from feedback.responses.models import Response
from feedback.responses.turns import Turn, turns_of
from feedback.rubrics.wording import turn_name

SAMPLES = (Turn(1, 2, "The first thing that is judged"), Turn(2, 4, "The next one"))  # where nothing is shown yet


def shown_turns(options: Mapping[str, Any], shown: Sequence[Response]) -> Sequence[Turn]:
    """What there is to judge; without a response, of a preview, samples."""
    if not shown:
        return SAMPLES
    body = shown[0].body
    return turns_of(body.messages, body.output, body.tool_calls, options["of"])


class TurnsWidget(forms.Widget):
    input_type = "turns"

    def __init__(self, options: Mapping[str, Any], turns: Sequence[Turn]) -> None:
        super().__init__()
        self.choices, self.turns, self.name = options["choices"], turns, turn_name(options)

    def subwidgets(self, name: str, value: Any, attrs: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        said = value if isinstance(value, dict) else {}
        for turn in self.turns:
            chosen = said.get(str(turn.number))
            options = [{**choice, "is_chosen": choice["value"] == chosen} for choice in self.choices]
            yield {"name": f"{name}.{turn.number}", "turn": turn, "is_open": chosen is None, "options": options}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, str]:
        given = {str(turn.number): data.get(f"{name}.{turn.number}", "") for turn in self.turns}
        return {turn: value for turn, value in given.items() if value}


class TurnsField(forms.Field):
    """A choice by number of the turn. Some of them are a draft; the check of answers wants what the rubric wants."""

    widget: TurnsWidget

    def __init__(self, options: Mapping[str, Any], shown: Sequence[Response], *, required: bool, **shared: Any) -> None:
        widget = TurnsWidget(options, shown_turns(options, shown))
        super().__init__(widget=widget, required=required and bool(widget.turns), **shared)

    def to_python(self, value: dict[str, str] | None) -> dict[str, str] | None:
        known = {choice["value"] for choice in self.widget.choices}
        if not {*(value or {}).values()} <= known:
            raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return value or None
