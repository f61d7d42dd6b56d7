"""What people type on the pages of responses: the name of a filter, a file or a pasted text."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.http import QueryDict

from feedback.accounts.models import Member
from feedback.responses.models import SavedFilter
from feedback.responses.query import Query

LARGEST = 64 * 1024 * 1024  # of a file; more goes through the API or the command
LONGEST = 1_000_000  # characters of a pasted text
QUERY = 4000


class SavedFilterForm(forms.ModelForm):
    """A new one says its query; an old one keeps it and takes another name or audience."""

    query = forms.CharField(required=False, max_length=QUERY, widget=forms.HiddenInput)

    class Meta:
        model = SavedFilter
        fields = ("name", "is_shared")
        labels = {"name": "Name", "is_shared": "Share with the project"}
        help_texts = {"is_shared": ""}

    def __init__(self, owner: Member, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        self.owner = owner
        if self.instance.pk:
            del self.fields["query"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if self.owner.saved_filters.filter(name=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError("You have a filter of this name; choose another one.")
        return name

    def clean_query(self) -> str:
        """Only what the list would take, in its usual order: a stored query names known filters and columns only."""
        query = Query(self.owner.project, QueryDict(self.cleaned_data["query"]))
        if not query.is_valid:
            raise ValidationError(query.errors)
        return query.encoded()

    def clean(self) -> dict[str, Any]:
        if not self.instance.pk and self.owner.saved_filters.count() >= SavedFilter.MOST:
            raise ValidationError(f"You have {SavedFilter.MOST} saved filters; delete one first.")
        return self.cleaned_data

    def save(self, commit: bool = True) -> SavedFilter:
        if not self.instance.pk:
            self.instance.owner, self.instance.project = self.owner, self.owner.project
            self.instance.query = self.cleaned_data["query"]
        saved: SavedFilter = super().save(commit)
        return saved


class UploadForm(forms.Form):
    file = forms.FileField(
        required=False, label="File", help_text="JSON, one JSON object per line, or either packed with gzip."
    )
    text = forms.CharField(
        required=False,
        strip=False,
        max_length=LONGEST,
        label="Or paste the rows",
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "class": "code"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})

    def clean_file(self) -> File[Any] | None:
        file: File[Any] | None = self.cleaned_data["file"]
        if file and file.size > LARGEST:
            raise ValidationError(
                f"The file has {file.size // 2**20} MiB; this page takes {LARGEST // 2**20}. "
                "Pack it with gzip, or send it through the API, which streams."
            )
        return file

    def clean(self) -> dict[str, Any]:
        file, text = self.cleaned_data.get("file"), self.cleaned_data.get("text", "")
        if not self.errors and bool(file) == bool(text.strip()):
            raise ValidationError("Choose a file or paste rows, one of the two.")
        return self.cleaned_data

    @property
    def content(self) -> File[Any]:
        return self.cleaned_data["file"] or ContentFile(self.cleaned_data["text"].encode())

    @property
    def name(self) -> str:
        file = self.cleaned_data["file"]
        return file.name if file else ""


class ColumnsForm(forms.Form):
    """Which column of a CSV file holds a field, where the names differ."""

    columns = forms.CharField(
        required=False,
        max_length=QUERY,
        label="Columns of a CSV file that have other names",
        help_text="One per line, the field first: output=answer",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "class": "code"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})

    def clean_columns(self) -> dict[str, str]:
        lines = [line.strip() for line in self.cleaned_data["columns"].splitlines() if line.strip()]
        pairs = [tuple(part.strip() for part in line.split("=", 1)) for line in lines]
        if not all(len(pair) == 2 and all(pair) for pair in pairs) or len({pair[0] for pair in pairs}) < len(pairs):
            raise ValidationError("Each line is a field, = and a column; each field once.")
        return {field: column for field, column in pairs}  # noqa: C416


class ResponseUploadForm(UploadForm, ColumnsForm):
    field_order = ("file", "text", "columns")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["file"].help_text = (
            "JSON, one JSON object per line, or CSV; also packed with gzip. "
            f"Up to {LARGEST // 2**20} MiB; send more through the API, which streams."
        )
