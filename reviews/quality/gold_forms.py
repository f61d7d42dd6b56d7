"""Forms of the gold pages: what is expected of an item, how often gold is given, what passing a training takes."""

from __future__ import annotations

from typing import Any

from django import forms

from feedback.responses.models import Response
from feedback.rubrics.models import RANKED, Criterion
from reviews.quality.gold_match import UNCHECKED, default_tolerance, most_room
from reviews.quality.gold_models import GoldRevision, GoldSetting
from reviews.queues.forms import choices_of, comparison_value, field_of
from reviews.queues.ranking import places_of, tiers_of

Kind = Criterion.Kind
PREFIX, MARKS, ROOM = "q-", "marks-", "room-"
ANY, NONE, THESE = "", "none", "these"
WORDS = {
    Kind.SCALE: "How far off is still right?",
    Kind.MULTI_CHOICE: "Share of the set that must be shared (1 is all)",
    Kind.PER_TURN: "Share of the turns that must be answered so (1 is all)",
    **dict.fromkeys(RANKED, "How many pairs may stand in another order?"),
    Kind.SPANS: "Overlap of the marked words that is right (0 to 1)",
}


class ExpectedForm(forms.Form):
    """The rubric as what is expected: every question may be left uncompared."""

    use_required_attribute = False

    def __init__(self, criteria: tuple[Criterion, ...], shown: list[Response], data: Any = None, **kwargs: Any) -> None:
        self.criteria = [row for row in criteria if row.kind not in UNCHECKED]
        self.shown = shown
        revision: GoldRevision | None = kwargs.pop("revision", None)
        super().__init__(data, label_suffix="", **kwargs)
        room = default_tolerance(self.criteria)
        for row in self.criteria:
            self.add_question(row)
            if row.key in room:
                self.fields[ROOM + row.key] = forms.FloatField(
                    label=WORDS[Kind(row.kind)],
                    required=False,
                    initial=room[row.key],
                    min_value=0,
                    max_value=most_room(row),
                    widget=forms.NumberInput({"step": "any"}),
                )
        why = forms.Textarea({"rows": 3, "dir": "auto"})
        self.fields["why"] = forms.CharField(
            label="Why this is right", required=False, max_length=4000, widget=why, help_text="Shown in training only."
        )
        if revision and data is None:
            self.initial = initial_of(revision, self.criteria, shown)

    def add_question(self, row: Criterion) -> None:
        if row.kind == Kind.SPANS:
            choices = [(ANY, "Not compared"), (NONE, "Nothing is to be marked"), (THESE, "These stretches are")]
            help_text, name = "One stretch a line, exactly as it stands in the response.", MARKS + row.key
            marks = forms.Textarea({"rows": 3, "dir": "auto"})
            self.fields[name] = forms.CharField(label="Stretches", required=False, widget=marks, help_text=help_text)
        elif row.kind in {Kind.MULTI_CHOICE, Kind.PER_TURN, *RANKED} or row.options.get("typed"):
            field = field_of(row, self.shown)
            field.required = False
            self.fields[PREFIX + row.key] = field
            return
        else:
            choices = [(ANY, "Not compared"), *choices_of(row)]
        self.fields[PREFIX + row.key] = forms.ChoiceField(
            label=row.label, help_text=row.help_text, choices=choices, required=False, widget=forms.RadioSelect
        )

    def rows(self) -> list[dict[str, Any]]:
        """For the template: each question with what belongs to it."""
        extra = [
            (row, [self[n + row.key] for n in (MARKS, ROOM) if n + row.key in self.fields]) for row in self.criteria
        ]
        return [{"question": self[PREFIX + row.key], "extra": fields} for row, fields in extra]

    def answers(self) -> dict[str, Any]:
        found = {row.key: self.answer(row, self.cleaned_data.get(PREFIX + row.key)) for row in self.criteria}
        return {key: value for key, value in found.items() if value is not None}

    def answer(self, row: Criterion, given: Any) -> Any:
        if given in (None, "", []):
            return None
        if row.kind == Kind.SCALE:
            return int(float(given)) if float(given).is_integer() else float(given)
        if row.kind == Kind.SPANS:
            return [] if given == NONE else self.marks(row)
        if row.kind in RANKED:
            return tiers_of(given, [response.pk for response in self.shown])
        if row.kind != Kind.COMPARISON:
            return given
        side, _, strength = given.partition("_")
        if side not in {"left", "right"}:
            return {"outcome": given}
        preferred = self.shown[0 if side == "left" else 1]
        return {"outcome": "preferred", "preferred": preferred.pk, "strength": int(strength)}

    def marks(self, row: Criterion) -> list[dict[str, Any]]:
        """The stretches where they first stand; one that stands nowhere is refused beside the field."""
        kind, severity = (row.options.get(name, []) for name in ("kinds", "severities"))
        found = []
        for quote in filter(None, (line.strip() for line in self.cleaned_data.get(MARKS + row.key, "").splitlines())):
            response = next((r for r in self.shown if quote in r.body.output), None)
            if response is None:
                self.add_error(MARKS + row.key, f"This does not stand in the response: {quote[:80]}")
                continue
            start = response.body.output.index(quote)
            mark = {"response": response.pk, "start": start, "end": start + len(quote), "quote": quote}
            mark |= {"kind": kind[0]["value"]} if kind else {}
            found.append(mark | ({"severity": severity[0]["value"]} if severity else {}))
        return found

    def tolerance(self) -> dict[str, float]:
        given = {row.key: self.cleaned_data.get(ROOM + row.key) for row in self.criteria}
        return {key: value for key, value in given.items() if value is not None}

    def refuse(self, errors: list[dict[str, str]]) -> None:
        for error in errors:
            field = PREFIX + error["pointer"].strip("/").split("/")[0]
            self.add_error(field if field in self.fields else None, error["detail"])


def initial_of(revision: GoldRevision, criteria: list[Criterion], shown: list[Response]) -> dict[str, Any]:
    found: dict[str, Any] = {"why": revision.explanation}
    found |= {ROOM + key: value for key, value in revision.tolerance.items()}
    for row in criteria:
        given, name = revision.answers.get(row.key), PREFIX + row.key
        if given is None:
            continue
        if row.kind == Kind.SPANS:
            found |= {name: THESE if given else NONE, MARKS + row.key: "\n".join(mark["quote"] for mark in given)}
        elif row.kind == Kind.COMPARISON:
            found[name] = comparison_value(given, shown)
        elif row.kind in RANKED:
            found[name] = places_of(given, [response.pk for response in shown])
        else:
            found[name] = given if isinstance(given, list | dict) else str(given)
    return found


class SettingForm(forms.ModelForm):
    percent = forms.FloatField(
        min_value=0.5, max_value=50, initial=7, label="Gold among a person's reviews, in percent",
        help_text="5 to 10 is usual: ten checks of a person then take 100 to 200 reviews.",
        widget=forms.NumberInput({"step": "any"}),
    )  # fmt: skip

    class Meta:
        model = GoldSetting
        fields = ["is_on"]
        labels = {"is_on": "Give gold to the reviewers of this queue"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.fields["percent"].initial = round(self.instance.rate * 100, 3)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        self.instance.rate = data.get("percent", 7) / 100
        return data


class CourseForm(forms.Form):
    n_right = forms.IntegerField(min_value=1, max_value=100, initial=8, label="Right")
    n_last = forms.IntegerField(min_value=1, max_value=100, initial=10, label="of the last")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("n_right", 0) > data.get("n_last", 0):
            self.add_error("n_right", "Nobody could have more right than there are.")
        return data


class ImportForm(forms.Form):
    """Rows pasted or from a file; `go` is the word that stores what the preview showed."""

    text = forms.CharField(
        label="Rows", required=False, widget=forms.Textarea({"rows": 10, "spellcheck": "false"}), max_length=1_000_000,
        help_text="One JSON object a line, or CSV with a header line.",
    )  # fmt: skip
    file = forms.FileField(label="Or a file", required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        upload = data.get("file")
        if upload is not None:
            if upload.size > 1_000_000:
                self.add_error("file", "At most 1 MB; bring it in parts.")
                return data
            try:
                data["text"] = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", "This file is no UTF-8 text.")
        if not data.get("text", "").strip() and not self.errors:
            self.add_error("text", "Paste rows, or choose a file.")
        return data
