"""Forms of the reviewer's page, made from a frozen rubric version. The curator's form is in curate_form.py."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext, gettext_lazy

from feedback.judgements.record import criteria_of
from feedback.responses.models import Response
from feedback.rubrics.conditions import asked_only
from feedback.rubrics.models import OF_CHOICES, RANKED, Criterion
from feedback.rubrics.wording import condition_words
from feedback.text.canonical import CanonicalError, parse_json
from reviews.queues.models import Assignment
from reviews.queues.per_turn import TurnsField
from reviews.queues.proposals import PROPOSALS, decided, rejected_of
from reviews.queues.ranking import EndsField, PlacesField, places_of, tiers_of
from reviews.queues.submit import NOT_QUALIFIED

NEEDED = gettext_lazy("This question needs an answer.")
PREFIX = "q-"
LONGEST_MS = 24 * 3600 * 1000
MOST_BYTES_OF_MARKS = 1024 * 1024


class CriterionField:
    """What a field of the review form carries besides Django's own: its criterion, for the template."""

    criterion: Criterion


def scale_choices(options: dict[str, Any]) -> list[tuple[str, str]]:
    """Every point that the check of answers takes: from min in steps up to max."""
    low, high, step = options["min"], options["max"], options.get("step", 1)
    n_steps = math.floor((high - low) / step + 1e-9)
    points = [point_text(round(low + number * step, 9)) for number in range(n_steps + 1)]
    return [(point, point) for point in points]


def point_text(value: float) -> str:
    """A point of a scale as forms write it: 4, or 0.5."""
    return str(int(value)) if float(value).is_integer() else str(value)


def how_strongly(name: str, strength: int) -> str:
    """What is preferred, and how much: 1 to 3."""
    words = {2: gettext("%(name)s, much"), 3: gettext("%(name)s, by far")}
    return words.get(strength, "%(name)s") % {"name": name}


def comparison_choices(options: dict[str, Any]) -> list[tuple[str, str]]:
    """From the left one, strongly, over equal to the right one, strongly; then none acceptable."""
    strengths = range(1, int(options.get("strengths", 1)) + 1)
    left = [(f"left_{n}", how_strongly(gettext("Left"), n)) for n in reversed(strengths)]
    right = [(f"right_{n}", how_strongly(gettext("Right"), n)) for n in strengths]
    both_bad = [("both_bad", gettext("Both unacceptable"))] if options.get("both_bad") else []
    return [*left, ("tie", gettext("Equal")), *right, *both_bad]


def choices_of(criterion: Criterion) -> list[tuple[str, str]]:
    options = criterion.options
    if criterion.kind == Criterion.Kind.SCALE:
        return scale_choices(options)
    if criterion.kind == Criterion.Kind.COMPARISON:
        return comparison_choices(options)
    if criterion.kind in OF_CHOICES:
        return [(choice["value"], choice["label"]) for choice in options["choices"]]
    unsure = [("unsure", gettext("Unsure"))] if options.get("unsure") else []
    return [("yes", gettext("Yes")), ("no", gettext("No")), *unsure]


def how_many(options: dict[str, Any]) -> str:
    """How many of several may be chosen, in words."""
    fewest, most = options.get("min_chosen", 1), options.get("max_chosen", len(options["choices"]))
    is_limited = most < len(options["choices"])
    if fewest == most:
        words = gettext("Choose %(most)s.")
    elif not fewest:
        words = gettext("Choose up to %(most)s, or none.") if is_limited else gettext("Choose any, or none.")
    else:
        words = gettext("Choose %(fewest)s to %(most)s.") if is_limited else gettext("Choose %(fewest)s or more.")
    return words % {"fewest": fewest, "most": most}


def field_of(criterion: Criterion, shown: Sequence[Response] = ()) -> forms.Field:
    """A native control for a criterion; spans have none of their own, the script writes one hidden field. `shown` is
    needed only for what is asked about each turn.
    """
    is_set = criterion.kind == Criterion.Kind.MULTI_CHOICE
    may_be_empty = bool(criterion.asked_when) or is_set and not criterion.options.get("min_chosen", 1)
    shared: dict[str, Any] = {
        "label": criterion.label,
        "help_text": criterion.help_text,
        "required": criterion.is_required and not may_be_empty,
        "error_messages": {"required": NEEDED, "invalid_choice": gettext("Choose one of the answers shown.")},
    }
    if criterion.kind in {Criterion.Kind.TEXT, Criterion.Kind.CORRECTION}:
        rows = 3 if criterion.kind == Criterion.Kind.TEXT else 8
        field: forms.Field = forms.CharField(
            widget=forms.Textarea({"rows": rows, "dir": "auto"}), strip=False, **shared
        )
    elif criterion.kind in RANKED:
        field = (PlacesField if criterion.kind == Criterion.Kind.RANKING else EndsField)(criterion.options, **shared)
    elif criterion.kind == Criterion.Kind.PER_TURN:
        field = TurnsField(criterion.options, shown, **shared)
    elif criterion.options.get("typed"):
        field = typed_field(criterion.options, **shared)
    elif is_set:
        shared["help_text"] = f"{criterion.help_text} {how_many(criterion.options)}".strip()
        field = forms.MultipleChoiceField(choices=choices_of(criterion), widget=forms.CheckboxSelectMultiple, **shared)
    else:
        field = forms.ChoiceField(choices=choices_of(criterion), widget=forms.RadioSelect, **shared)
    field.criterion = criterion  # type: ignore[attr-defined]
    return field


def typed_field(options: dict[str, Any], *, help_text: str, **shared: Any) -> forms.FloatField:
    """A number to type. One out of bounds stays in a draft: the check of answers refuses it when it is sent."""
    low, high, step = (point_text(options.get(name, 1)) for name in ("min", "max", "step"))
    bounds = f"A number from {options['min']:,} to {options['max']:,}{'' if step == '1' else f', in steps of {step}'}."
    widget = forms.NumberInput({"min": low, "max": high, "step": step, "inputmode": "decimal"})
    return forms.FloatField(widget=widget, help_text=f"{help_text} {bounds}".strip(), **shared)


def add_condition(field: forms.Field, criterion: Criterion, criteria: Sequence[Criterion]) -> None:
    """When it is asked, for js/conditions.js and in words: without scripts every question is shown."""
    if criterion.asked_when:
        field.asked_when = json.dumps(criterion.asked_when)  # type: ignore[attr-defined]
        field.asked_words = condition_words(criterion, criteria)  # type: ignore[attr-defined]


class ReviewForm(forms.Form):
    """The rubric of an assignment as a form: what was posted, else the draft."""

    use_required_attribute = False

    token = forms.UUIDField(widget=forms.HiddenInput)
    submission_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    active_ms = forms.CharField(widget=forms.HiddenInput, required=False, initial="0")
    spans = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)

    def __init__(self, assignment: Assignment, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        self.assignment = assignment
        self.criteria = criteria_of(assignment.rubric_version)
        self.spans_key = next((c.key for c in self.criteria if c.kind == Criterion.Kind.SPANS), None)
        for criterion in self.criteria:
            if criterion.kind != Criterion.Kind.SPANS:
                is_of_turns = criterion.kind == Criterion.Kind.PER_TURN
                self.fields[PREFIX + criterion.key] = field_of(criterion, self.shown if is_of_turns else ())
                add_condition(self.fields[PREFIX + criterion.key], criterion, self.criteria)
        if assignment.visible.get("critic"):
            rejected = rejected_of(assignment.visible)
            self.fields["rejected"] = forms.CharField(widget=forms.HiddenInput, required=False, initial=rejected)
        if data is None:
            self.initial = {"token": assignment.token, **initial_of(assignment.draft, self.criteria, self.shown)}

    @property
    def has_ranking(self) -> bool:
        return any(criterion.kind == Criterion.Kind.RANKING for criterion in self.criteria)

    @property
    def judged_apart(self) -> set[str]:
        """What is asked about one by one: "assistant", "step"."""
        return {row.options["of"] for row in self.criteria if row.kind == Criterion.Kind.PER_TURN}

    @property
    def has_ends(self) -> bool:
        return any(criterion.kind == Criterion.Kind.BEST_WORST for criterion in self.criteria)

    @cached_property
    def shown(self) -> list[Response]:
        """The responses in the order drawn for this reviewer; read when somebody looks at them."""
        return self.assignment.shown()

    def clean_spans(self) -> list[dict[str, Any]]:
        """The marks as the script stored them; what does not read as marks is refused beside the field."""
        try:
            marks = parse_json(self.cleaned_data["spans"] or "[]", max_bytes=MOST_BYTES_OF_MARKS)
            return [tidy_mark(mark) for mark in marks]
        except (CanonicalError, ValueError, TypeError, AttributeError, KeyError) as error:
            raise forms.ValidationError(gettext("The marks could not be read; mark the words again.")) from error

    def clean_active_ms(self) -> int:
        """A measure beside the answers: one that makes no sense is no reason to refuse them."""
        given = self.cleaned_data["active_ms"]
        return min(int(given), LONGEST_MS) if given.isdecimal() and len(given) < 12 else 0

    def clean(self) -> dict[str, Any]:
        if "submission_id" in self.errors:  # a hidden field shows no error of its own
            self.add_error(None, gettext("This page is damaged. Copy what you wrote, then reload it."))
        return self.cleaned_data

    def answers(self) -> dict[str, Any]:
        """What was answered, in the one shape of answers; questions left empty are left out, and those not asked."""
        found: dict[str, Any] = {}
        for criterion in self.criteria:
            given = self.cleaned_data.get(PREFIX + criterion.key)
            if criterion.kind == Criterion.Kind.SPANS:
                found[criterion.key] = self.cleaned_data.get("spans") or []
            elif criterion.kind == Criterion.Kind.MULTI_CHOICE:
                found[criterion.key] = given or []
            elif given not in (None, ""):
                value = self.answer(criterion, given)
                if value is not None:
                    found[criterion.key] = value
        return asked_only(self.criteria, found)

    def submission(self) -> dict[str, Any]:
        """What a submit stores."""
        ids = {name: self.cleaned_data[name] for name in ("submission_id", "active_ms")}
        return {"answers": self.answers(), "rejected": self.rejected(), **ids}

    def rejected(self) -> set[str]:
        """Which proposals of critics were rejected."""
        return set(self.cleaned_data.get("rejected", "").split())

    def seen(self) -> dict[str, Any]:
        """What of the turn changes beside its draft: the answers to proposals, where there are any."""
        visible, marks = self.assignment.visible, self.cleaned_data.get("spans") or []
        return {"visible": decided(visible, marks, self.rejected())} if PROPOSALS in visible else {}

    def answer(self, criterion: Criterion, given: Any) -> Any:
        if criterion.kind == Criterion.Kind.SCALE:
            point = float(given)
            return int(point) if point.is_integer() else point
        if criterion.kind == Criterion.Kind.COMPARISON:
            side, _, strength = given.partition("_")
            if side not in {"left", "right"}:
                return {"outcome": given}
            preferred = self.assignment.shown_order[0 if side == "left" else 1]
            return {"outcome": "preferred", "preferred": preferred, "strength": int(strength)}
        if criterion.kind in RANKED:
            return tiers_of(given, self.assignment.shown_order)
        if criterion.kind == Criterion.Kind.CORRECTION:
            return rewritten(self.shown[0], given)
        return given.replace("\r\n", "\n") if criterion.kind == Criterion.Kind.TEXT else given

    def refuse(self, errors: list[dict[str, str]]) -> None:
        """Put refusals of the answers beside their fields."""
        for error in errors:
            key = error["pointer"].split("/")[1] if "/" in error["pointer"] else ""
            field = "spans" if key == self.spans_key else PREFIX + key
            self.add_error(field if field in self.fields else None, error["detail"])


def tidy_mark(mark: dict[str, Any]) -> dict[str, Any]:
    """A mark of the page in the shape of answers: ids as numbers, evidence as one object."""
    names: tuple[str, ...] = ("start", "end", "quote", "kind", "text_hash")
    kept: dict[str, Any] = {name: mark[name] for name in names if name in mark}
    kept["response"] = int(mark["response"])
    kept |= {name: mark[name] for name in ("severity", "note", "passage") if mark.get(name)}
    if mark.get("evidence"):
        kept["evidence"] = {"passage": int(mark["evidence"])}
        if mark.get("evidence_start") is not None:
            kept["evidence"] |= {name: mark[f"evidence_{name}"] for name in ("start", "end", "quote")}
    return kept


def page_marks(marks: Any, shown: list[Response]) -> list[dict[str, Any]]:
    """Marks of a draft as the page's script keeps them. A program may have saved anything: what is no mark is left."""
    known = [mark for mark in marks if isinstance(mark, dict)] if isinstance(marks, list) else []
    return [page_mark({"response": shown[0].pk, **mark}) for mark in known]


def page_mark(mark: dict[str, Any]) -> dict[str, Any]:
    """The other way: a mark of a draft as the page's script keeps it."""
    given = mark.get("evidence")
    evidence: dict[str, Any] = given if isinstance(given, dict) else {}
    return {
        **{name: value for name, value in mark.items() if name != "evidence"},
        "evidence": evidence.get("passage"),
        "evidence_start": evidence.get("start"),
        "evidence_end": evidence.get("end"),
        "evidence_quote": evidence.get("quote", ""),
    }


def rewritten(response: Response, text: str) -> dict[str, Any] | None:
    """A correction, unless the text is the response as it was. Forms rewrite line ends: those are no change."""

    def plain(words: str) -> str:
        return words.replace("\r\n", "\n").strip()

    if plain(text) == plain(response.body.output):
        return None
    return {"response": response.pk, "text": text.replace("\r\n", "\n")}


def initial_of(answers: dict[str, Any], criteria: tuple[Criterion, ...], shown: list[Response]) -> dict[str, Any]:
    """Initial values of the form from a draft; a correction begins as the response itself."""
    initial: dict[str, Any] = {}
    for criterion in criteria:
        given, name = answers.get(criterion.key), PREFIX + criterion.key
        if criterion.kind == Criterion.Kind.SPANS:
            initial["spans"] = json.dumps(page_marks(given, shown))
        elif criterion.kind == Criterion.Kind.CORRECTION:
            text = given.get("text") if isinstance(given, dict) else given
            initial[name] = text or shown[0].body.output
        elif criterion.kind == Criterion.Kind.COMPARISON and isinstance(given, dict):
            initial[name] = comparison_value(given, shown)
        elif criterion.kind in RANKED:
            initial[name] = places_of(given, [response.pk for response in shown])
        elif criterion.kind == Criterion.Kind.PER_TURN:
            initial[name] = given if isinstance(given, dict) else {}
        elif criterion.kind == Criterion.Kind.MULTI_CHOICE:
            initial[name] = given if isinstance(given, list) else []
        elif given is not None:
            initial[name] = point_text(given) if isinstance(given, float) else str(given)
    return initial


def comparison_value(given: dict[str, Any], shown: list[Response]) -> str:
    if given.get("outcome") != "preferred":
        return str(given.get("outcome", ""))
    side = "left" if given.get("preferred") == shown[0].pk else "right"
    return f"{side}_{given.get('strength', 1)}"


class SkipForm(forms.Form):
    """Why not this item. Its ids begin with `skip-`: the review form on the same page has a token too."""

    REASONS = [
        (NOT_QUALIFIED, gettext_lazy("I am not qualified for this one")),
        ("unclear", gettext_lazy("I do not understand the question")),
        ("language", gettext_lazy("I do not read this language")),
        ("broken", gettext_lazy("Something is missing or broken")),
        ("upsetting", gettext_lazy("I would rather not read this")),
        ("other", gettext_lazy("Another reason")),
    ]
    token = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.ChoiceField(choices=REASONS, label=gettext_lazy("Why skip it?"))
    note = forms.CharField(
        required=False,
        max_length=500,
        label=gettext_lazy("Why, or who would know"),
        widget=forms.TextInput({"dir": "auto"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "skip-%s", "label_suffix": "", **kwargs})


class EscalationForm(forms.Form):
    """What a moderator should look at, and whether the reviewer keeps the item. Its ids begin with `ask-`."""

    KEEP, PASS_ON = "keep", "pass-on"
    token = forms.UUIDField(widget=forms.HiddenInput)
    text = forms.CharField(
        max_length=2000,
        label=gettext_lazy("What should a moderator look at?"),
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
    )
    skill = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)  # a list that comes when it opens
    then = forms.ChoiceField(choices=[(KEEP, KEEP), (PASS_ON, PASS_ON)], required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "ask-%s", "label_suffix": "", **kwargs})


class MessageForm(forms.Form):
    text = forms.CharField(
        max_length=2000,
        label=gettext_lazy("Your message"),
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        required=False,
    )


class TokenForm(forms.Form):
    token = forms.UUIDField()
