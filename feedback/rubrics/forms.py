"""Where a new rubric begins: blank, from a ready one, as a copy, or from a JSON document."""

from __future__ import annotations

from typing import Any

from django import forms

from feedback.accounts.models import Project
from feedback.rubrics import ready, ready_tasks
from feedback.rubrics.definition import RubricRefused
from feedback.rubrics.drafts import definitions_of, newest_of
from feedback.rubrics.exchange import MOST_BYTES, NotARubric, read_document
from feedback.rubrics.models import Rubric
from feedback.text.canonical import CanonicalError

READY = {
    "helpfulness": (ready.HELPFULNESS, ready.HELPFULNESS_CRITERIA, ready.HELPFULNESS_GUIDELINE),
    "pairwise": (ready.PAIRWISE, ready.PAIRWISE_CRITERIA, ready.PAIRWISE_GUIDELINE),
    "ranked": (ready.RANKED, ready.RANKED_CRITERIA, ready.RANKED_GUIDELINE),
    "claims": (ready_tasks.CLAIMS, ready_tasks.CLAIMS_CRITERIA, ready_tasks.CLAIMS_GUIDELINE),
    "safety": (ready_tasks.SAFETY, ready_tasks.SAFETY_CRITERIA, ready_tasks.SAFETY_GUIDELINE),
    "by-criteria": (ready_tasks.BY_CRITERIA, ready_tasks.BY_CRITERIA_CRITERIA, ready_tasks.BY_CRITERIA_GUIDELINE),
    "trace": (ready_tasks.TRACE, ready_tasks.TRACE_CRITERIA, ready_tasks.TRACE_GUIDELINE),
}
BEGINNINGS = [
    ("blank", "An empty page"),
    ("helpfulness", "Ready to use: helpfulness, grounding and hallucinations of one answer"),
    ("pairwise", "Ready to use: which of two answers is better"),
    ("ranked", "Ready to use: four answers, from the best to the worst"),
    ("claims", "Ready to use: an answer from sources, claim by claim with its evidence"),
    ("safety", "Ready to use: toxicity and bias by category and severity"),
    ("by-criteria", "Ready to use: which of two answers is better, by several criteria"),
    ("trace", "Ready to use: what an agent did with its tools"),
    ("copy", "A copy of one of this project's rubrics"),
    ("document", "A rubric that was downloaded as JSON"),
]


class RubricForm(forms.Form):
    use_required_attribute = False

    name = forms.CharField(
        max_length=120,
        label="Name",
        help_text="What reviewers and datasets call it.",
        widget=forms.TextInput({"dir": "auto"}),
    )
    begin = forms.ChoiceField(choices=BEGINNINGS, initial="blank", label="Begin with", widget=forms.RadioSelect)
    copied = forms.ModelChoiceField(Rubric.objects.none(), required=False, label="Copy of", empty_label="Choose one")
    file = forms.FileField(required=False, label="File")
    document = forms.CharField(
        required=False, label="Or paste it here", strip=False, widget=forms.Textarea({"rows": 4, "spellcheck": "false"})
    )

    def __init__(self, project: Project, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, label_suffix="")
        self.project = project
        self.definitions: list[dict[str, Any]] = []
        self.guideline = ""
        rubrics = project.rubrics.filter(versions__isnull=False).distinct().order_by("name")
        self.fields["copied"].queryset = rubrics  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if self.project.rubrics.filter(name=name).exists():
            raise forms.ValidationError("There is a rubric with this name already.")
        return name

    def clean(self) -> dict[str, Any]:
        begin = self.cleaned_data.get("begin")
        if begin in READY:
            _, criteria, self.guideline = READY[begin]
            self.definitions = [whole(row) for row in criteria]
        elif begin == "copy":
            self.copy()
        elif begin == "document":
            self.read()
        return self.cleaned_data

    def copy(self) -> None:
        rubric = self.cleaned_data.get("copied")
        newest = newest_of(rubric) if rubric else None
        if newest is None:
            self.add_error("copied", "Choose the rubric to copy.")
            return
        self.definitions = definitions_of(newest)
        self.guideline = newest.guideline.text if newest.guideline else ""

    def read(self) -> None:
        file, pasted = self.cleaned_data.get("file"), self.cleaned_data.get("document", "")
        name = "file" if file else "document"
        if not file and not pasted.strip():
            self.add_error("file", "Choose a file, or paste its text below.")
            return
        try:
            self.definitions, self.guideline = read_document(file.read(MOST_BYTES + 1) if file else pasted)
        except NotARubric as error:
            self.add_error(name, str(error))
        except CanonicalError as error:
            self.add_error(name, error.message)
        except RubricRefused as refusal:
            self.add_error(name, [said(error) for error in refusal.errors])


def whole(row: dict[str, Any]) -> dict[str, Any]:
    return {"help_text": "", "is_required": True, "options": {}, "fails_when": {}, "asked_when": {}} | row


def said(error: dict[str, str]) -> str:
    """A fault of a document, with the number of its question."""
    at, _, rest = error["pointer"].strip("/").partition("/")
    where = f"Question {int(at) + 1}{f', {rest}' if rest else ''}: " if at.isdecimal() else ""
    return where + error["detail"]
