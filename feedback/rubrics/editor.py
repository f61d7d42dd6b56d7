"""The editor's form: a draft's questions as fields, and the fields back as questions, with nothing typed ever lost.

What is typed is kept as it is, also where it cannot be: a scale from "x" to 5 is stored so and refused beside its field
by the same check that `publish` makes. So there is one rule for what a question may say, in definition.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from feedback.rubrics.definition import MOST_RANKED, NEVER_WAITS, NO_CONDITION, outcomes
from feedback.rubrics.models import OF_CHOICES, RANKED, Criterion
from feedback.rubrics.wording import WORDS

Kind = Criterion.Kind
Definition = dict[str, Any]
QUESTION = re.compile(r"q(\d{1,3})-kind")
ROWS = {**dict.fromkeys(OF_CHOICES, ("choices",)), Kind.SPANS: ("kinds", "severities")}
ROW_WORDS = {
    "choices": ("Answers to choose from", "Add an answer"),
    "kinds": ("Kinds of spans", "Add a kind"),
    "severities": ("Severities of a span", "Add a severity"),
}
FAILING = {Kind.YES_NO, Kind.COMPARISON}  # whose failing answers are chosen from a list; choices have a box in each row
REDRAW = {"hx-post": "", "hx-trigger": "change"}  # other fields depend on this one
FIGURES = ("min", "max", "step", "min_chosen", "max_chosen", "strengths", "responses", "max_length")
MOST_POINTS = 11  # of a scale whose points all get a field for their words


# -- reading -----------------------------------------------------------------------------------------------------------


def read(post: QueryDict) -> list[Definition] | None:
    """The questions of a posted editor in their order; None when no editor was posted."""
    if "questions" not in post:
        return None
    numbers = sorted(int(match[1]) for name in post if (match := QUESTION.fullmatch(name)))
    return [read_question(post, f"q{number}-") for number in numbers if post[f"q{number}-kind"] in Kind.values]


def read_question(post: QueryDict, prefix: str) -> Definition:
    def said(name: str) -> str:
        return post.get(prefix + name, "").replace("\r\n", "\n")

    kind = said("kind")
    return {
        "key": said("key").strip(),
        "kind": kind,
        "label": said("label"),
        "help_text": said("help_text"),
        "is_required": prefix + "is_required" in post,
        "options": read_options(post, prefix, kind),
        "fails_when": read_fails_when(post, prefix, kind),
        "asked_when": read_asked_when(post, prefix),
    }


def number(text: str) -> int | float | str:
    """A number if it reads as one, else the text itself, for the check to refuse."""
    text = text.strip().replace(",", ".")
    if re.fullmatch(r"-?\d{1,12}", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d{1,12}\.\d{1,9}", text) else text


def numbers(post: QueryDict, prefix: str, *names: str) -> dict[str, Any]:
    return {name: number(text) for name in names if (text := str(post.get(prefix + name, "")).strip())}


def read_options(post: QueryDict, prefix: str, kind: str) -> dict[str, Any]:
    if kind == Kind.SCALE:
        anchors = {
            name.removeprefix(f"{prefix}anchor-"): post[name]
            for name in post
            if name.startswith(f"{prefix}anchor-") and str(post[name]).strip()
        }
        typed = {"typed": True} if f"{prefix}typed" in post else {}
        return numbers(post, prefix, "min", "max", "step") | typed | ({"anchors": anchors} if anchors else {})
    if kind == Kind.YES_NO:
        return {"unsure": True} if f"{prefix}unsure" in post else {}
    if kind == Kind.COMPARISON:
        return numbers(post, prefix, "strengths") | ({"both_bad": True} if f"{prefix}both_bad" in post else {})
    if kind in RANKED:
        return numbers(post, prefix, "responses") | ({"ties": True} if f"{prefix}ties" in post else {})
    if kind in ROWS:
        entries = {name: read_rows(post, f"{prefix}{name}-") for name in ROWS[Kind(kind)]}
        entries = {name: rows for name, rows in entries.items() if rows or name != "severities"}
        said = {name: post[prefix + name] for name in ("of", "required_turns") if prefix + name in post}
        return entries | said | numbers(post, prefix, "min_chosen", "max_chosen")
    return numbers(post, prefix, "max_length")


def read_rows(post: QueryDict, prefix: str) -> list[dict[str, str]]:
    found = sorted(int(match[1]) for name in post if (match := re.fullmatch(rf"{prefix}(\d{{1,3}})-label", name)))
    rows = []
    for index in found:
        row = {name: post.get(f"{prefix}{index}-{name}", "") for name in ("value", "label", "help")}
        rows.append({name: text for name, text in row.items() if text or name != "help"})
    return rows


def read_fails_when(post: QueryDict, prefix: str, kind: str) -> dict[str, Any]:
    if kind == Kind.SCALE:
        return {"below": below[0]} if (below := list(numbers(post, prefix, "fails_below").values())) else {}
    if kind == Kind.SPANS:
        return {"any": True} if f"{prefix}fails_any" in post else {}
    values = post.getlist(f"{prefix}fails")
    if kind in OF_CHOICES:  # each row has a box; its value may just have been typed
        rows = read_rows(post, f"{prefix}choices-")
        values = [row["value"] for index, row in enumerate(rows) if f"{prefix}choices-{index}-fails" in post]
    return {"values": values} if values else {}


def read_asked_when(post: QueryDict, prefix: str) -> dict[str, Any]:
    criterion = post.get(f"{prefix}when", "")
    if not criterion:
        return {}
    how = post.get(f"{prefix}when_how", "")
    if how in {"below", "at_least"}:
        return {"criterion": criterion, how: number(post.get(f"{prefix}when_point", ""))}
    if how == "any":
        return {"criterion": criterion, "any": True}
    return {"criterion": criterion, "values": post.getlist(f"{prefix}when_values")}


# -- fields ------------------------------------------------------------------------------------------------------------


def text(label: str, longest: int, hint: str = "", **attrs: Any) -> forms.CharField:
    widget = forms.TextInput({"dir": "auto", "maxlength": longest, "autocomplete": "off", **attrs})
    return forms.CharField(required=False, label=label, help_text=hint, widget=widget, strip=False)


def figure(label: str, hint: str = "", **attrs: Any) -> forms.CharField:
    return text(label, 20, hint, inputmode="decimal", **attrs)


def box(label: str, **attrs: Any) -> forms.BooleanField:
    return forms.BooleanField(required=False, label=label, widget=forms.CheckboxInput(attrs))


def boxes(label: str, choices: Sequence[tuple[str, str]], hint: str = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        required=False, label=label, help_text=hint, choices=choices, widget=forms.CheckboxSelectMultiple
    )


class EntryForm(forms.Form):
    """One answer, kind of span or severity."""

    label = text("Answer", 200, placeholder="As reviewers read it")
    help = text("Explained", 500, placeholder="What it means, optional")
    value = text("Key", 100)
    fails = box("Fails")

    use_required_attribute = False


class Rows:
    """A list of entries of one question."""

    def __init__(self, name: str, prefix: str, entries: Sequence[Mapping[str, Any]], failing: Sequence[str]) -> None:
        self.name = name
        self.title, self.add = ROW_WORDS[name]
        self.can_fail = name == "choices"
        self.forms = []
        for index, entry in enumerate(entries):
            here = f"{prefix}{name}-{index}"
            data = {f"{here}-{field}": words for field, words in entry.items()}
            if entry.get("value") in failing and entry.get("value"):
                data[f"{here}-fails"] = "on"
            self.forms.append(EntryForm(data, prefix=here, label_suffix=""))


class QuestionForm(forms.Form):
    """One question of the draft. Its fields depend on its kind, and those of its condition on the question it names."""

    use_required_attribute = False

    def __init__(self, index: int, row: Definition, earlier: Sequence[Definition]) -> None:
        self.index, self.row, self.kind = index, row, Kind(row["kind"])
        self.options: dict[str, Any] = row["options"]
        super().__init__(flat(row, f"q{index}-"), prefix=f"q{index}", label_suffix="")
        self.fields["kind"] = forms.CharField(widget=forms.HiddenInput)
        self.fields["label"] = text("Question", 200)
        self.fields["help_text"] = text("Help under the question", 500, placeholder="Optional")
        self.fields["is_required"] = box("Needs an answer")
        self.fields["key"] = text("Key", 60, "What data and exports call it. Keep it when the question means the same.")
        self.add_options()
        if self.kind not in NEVER_WAITS:
            self.add_condition(earlier)
        failing = row["fails_when"].get("values", [])
        self.rows = [Rows(name, f"q{index}-", self.options.get(name, []), failing) for name in ROWS.get(self.kind, ())]

    def add_options(self) -> None:
        if self.kind == Kind.SCALE:
            self.fields["min"] = figure("From", **REDRAW)
            self.fields["max"] = figure("To", **REDRAW)
            self.fields["step"] = figure("In steps of", placeholder="1", **REDRAW)
            self.fields["typed"] = box("The number is typed; bounds may lie far apart", **REDRAW)
            for point in points(self.options):
                self.fields[f"anchor-{point}"] = text(f"{point} means", 200)
            self.fields["fails_below"] = figure("Fails when the mean is below", placeholder="Never")
        elif self.kind == Kind.YES_NO:
            self.fields["unsure"] = box("Offer “Unsure” too", **REDRAW)
        elif self.kind == Kind.COMPARISON:
            strengths = [("1", "Left or right"), ("2", "Also much better"), ("3", "Also by far better")]
            self.fields["strengths"] = forms.ChoiceField(label="How strongly", choices=strengths, required=False)
            self.fields["both_bad"] = box("Offer “Both unacceptable” too", **REDRAW)
        elif self.kind in RANKED:
            fewest = 2 if self.kind == Kind.RANKING else 3
            counts = [(str(count), str(count)) for count in range(fewest, MOST_RANKED + 1)]
            self.fields["responses"] = forms.ChoiceField(label="Responses at once", choices=counts, required=False)
            if self.kind == Kind.RANKING:
                self.fields["ties"] = box("Responses may share a place")
        elif self.kind == Kind.PER_TURN:
            of = [("assistant", "What the assistant says"), ("step", "Its steps: every tool call")]
            needed = [("all", "Each of them"), ("any", "One at least")]
            self.fields["of"] = forms.ChoiceField(label="Asked about each of", choices=of, required=False)
            self.fields["required_turns"] = forms.ChoiceField(label="Must be answered", choices=needed, required=False)
        elif self.kind == Kind.MULTI_CHOICE:
            self.fields["min_chosen"] = figure("At least", "0 makes none of them an answer.", placeholder="1")
            self.fields["max_chosen"] = figure("At most", placeholder="All")
        elif self.kind == Kind.SPANS:
            self.fields["fails_any"] = box("Fails when anything is marked")
        elif self.kind in {Kind.TEXT, Kind.CORRECTION}:
            self.fields["max_length"] = figure("At most so many characters", placeholder="No limit of its own")
        if self.kind in FAILING:
            values = [value for value in outcomes(self.kind, self.options) if is_offered(value, self.row)]
            self.fields["fails"] = boxes("Fails when settled as", [(value, str(WORDS[value])) for value in values])

    def add_condition(self, earlier: Sequence[Definition]) -> None:
        wanted = self.row["asked_when"].get("criterion", "")
        named = {row["key"]: row for row in earlier if row["key"] and row["kind"] not in NO_CONDITION}
        choices = [("", "Always"), *((key, f"Only after: {row['label'] or key}") for key, row in named.items())]
        if wanted and wanted not in named:
            choices.append((wanted, f"{wanted}: no earlier question has this key"))
        self.fields["when"] = forms.ChoiceField(
            label="Asked", choices=choices, required=False, widget=forms.Select(REDRAW)
        )
        asked = named.get(wanted)
        if asked is None:
            return
        kind = Kind(asked["kind"])
        if kind == Kind.SCALE:
            how = [("below", "is below"), ("at_least", "is at least")]
            self.fields["when_how"] = forms.ChoiceField(label="If it", choices=how, required=False)
            self.fields["when_point"] = figure("Point")
        elif kind in {Kind.SPANS, Kind.TEXT, Kind.CORRECTION}:
            words = "anything is marked" if kind == Kind.SPANS else "it is answered"
            self.fields["when_how"] = forms.ChoiceField(label="If", choices=[("any", words)], required=False)
        else:
            self.fields["when_values"] = boxes("If it is answered", answers_to(asked))

    def refuse(self, path: list[str], detail: str) -> None:
        """Put what the check says beside the field that it is about."""
        if path[:1] == ["options"] and len(path) > 3 and path[2].isdecimal():
            for rows in self.rows:
                if rows.name == path[1] and int(path[2]) < len(rows.forms):
                    rows.forms[int(path[2])].add_error(path[3], detail)
                    return
        names = {"options": path[1:2], "asked_when": ["when"], "fails_when": ["fails", "fails_below", "fails_any"]}
        if path[1:2] == ["anchors"]:
            names["options"] = [f"anchor-{path[-1]}"]
        candidates = names.get(path[0] if path else "", path[:1])
        self.add_error(next((name for name in candidates if name in self.fields), None), detail)

    def named(self, *names: str) -> list[Any]:
        return [self[name] for name in names if name in self.fields]

    @property
    def kind_field(self) -> Any:
        return self["kind"]

    @property
    def kind_words(self) -> str:
        return Kind(self.kind).label

    @property
    def is_unfolded(self) -> bool:
        has_faulty_key = any(entry["value"].errors for rows in self.rows for entry in rows.forms)
        return bool(self.row["asked_when"] or {"key", "when"} & set(self.errors)) or has_faulty_key

    @property
    def option_fields(self) -> list[Any]:
        return self.named(*FIGURES, "fails_below", "of", "required_turns")

    @property
    def boxed_fields(self) -> list[Any]:
        return self.named("is_required", "typed", "unsure", "both_bad", "ties", "fails_any")

    @property
    def anchor_fields(self) -> list[Any]:
        return self.named(*(name for name in self.fields if name.startswith("anchor-")))

    @property
    def failing_fields(self) -> list[Any]:
        return self.named("fails")

    @property
    def condition_fields(self) -> list[Any]:
        return self.named("when", "when_how", "when_point", "when_values")


def answers_to(row: Definition) -> list[tuple[str, str]]:
    if row["kind"] in OF_CHOICES:
        entries = row["options"].get("choices", [])
        return [(entry["value"], entry["label"] or entry["value"]) for entry in entries if entry["value"]]
    values = outcomes(row["kind"], row["options"], preferred=True)
    return [(value, str(WORDS[value])) for value in values if is_offered(value, row)]


def is_offered(value: str, row: Definition) -> bool:
    """Whether the question as it is now offers this answer, or says something about it already."""
    is_said = value in row["fails_when"].get("values", [])
    return value not in {"unsure", "both_bad"} or is_said or bool(row["options"].get(value))


def points(options: Mapping[str, Any]) -> list[str]:
    """Whose words have a field: all points of a short scale, the ends of a long one, and those that have words."""
    low: Any = options.get("min")
    high: Any = options.get("max")
    step: Any = options.get("step", 1)
    known = dict(options.get("anchors", {}))
    found: list[str] = []
    if all(isinstance(value, int | float) for value in (low, high, step)) and low < high and step > 0:
        count = int((high - low) / step + 1e-9) + 1
        steps = range(count) if count <= MOST_POINTS else (0, count - 1)
        found = [shown(round(low + at * step, 9)) for at in steps]
    return found + [point for point in known if point not in found]


def flat(row: Definition, prefix: str) -> QueryDict:
    """A question as the editor would post it."""
    data = QueryDict(mutable=True)
    options, fails, when = row["options"], row["fails_when"], row["asked_when"]
    for name in ("kind", "key", "label", "help_text"):
        data[prefix + name] = row[name]
    for name in (*FIGURES, "of", "required_turns"):
        if name in options:
            data[prefix + name] = shown(options[name])
    ticks = {
        "is_required": row["is_required"],
        "fails_any": fails.get("any"),
        **{name: options.get(name) for name in ("typed", "unsure", "both_bad", "ties")},
    }
    for name in (name for name, is_on in ticks.items() if is_on):
        data[prefix + name] = "on"
    for point, words in options.get("anchors", {}).items():
        data[f"{prefix}anchor-{point}"] = words
    data[prefix + "fails_below"] = shown(fails.get("below", ""))
    data.setlist(prefix + "fails", fails.get("values", []))
    data[prefix + "when"] = when.get("criterion", "")
    data[prefix + "when_how"] = next((how for how in ("below", "at_least", "any") if how in when), "")
    data[prefix + "when_point"] = shown(when.get("below", when.get("at_least", "")))
    data.setlist(prefix + "when_values", when.get("values", []))
    return data


def shown(value: Any) -> str:
    """As the editor reads it: no thousands, no powers of ten."""
    return f"{value:.9f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def question_forms(
    definitions: Sequence[Definition], errors: Sequence[Mapping[str, str]] = ()
) -> tuple[list[QuestionForm], list[str]]:
    """A form for each question, the errors beside their fields; and the errors that are about no question."""
    made = [QuestionForm(index, row, definitions[:index]) for index, row in enumerate(definitions)]
    loose: list[str] = []
    for error in errors:
        at, *path = error["pointer"].strip("/").split("/")
        if at.isdecimal() and int(at) < len(made):
            made[int(at)].refuse(path, error["detail"])
        else:
            loose.append(error["detail"])
    first = next((field for form in made for field in form if field.errors), None)
    if first is not None:
        first.field.widget.attrs["autofocus"] = True
    return made, loose


def focus(questions: Sequence[QuestionForm], at: int | None, action: str) -> None:
    """Where to go on writing after a button: the words of the question, or of the row that was just added."""
    if at is None:
        return
    form: forms.Form = questions[at]
    if action.startswith("row-add:"):
        rows = [rows for rows in questions[at].rows if rows.name == action.rsplit(":", 1)[1] and rows.forms]
        form = rows[0].forms[-1] if rows else form
    elif action.startswith("row-"):
        return
    form.fields["label"].widget.attrs["autofocus"] = True
