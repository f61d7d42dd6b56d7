"""The pages of an upload, for every kind of it: bring a file, look at the preview, start, see how it went."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from feedback.accounts.access import MemberRequest
from feedback.htmx import page
from feedback.responses.download import MARK, cell
from feedback.responses.forms import UploadForm
from feedback.responses.upload import Upload

ERRORS = 50  # refused rows on the page; the file has all that are kept
CORRECTABLE = 200_000  # bytes of a pasted text that is offered again
FARED = {  # state -> words, tone
    "accepted": ("new", "good"),
    "filled": ("known, late parts added", "accent"),
    "repeated": ("stored before, nothing to do", ""),
    "refused": ("refused", "bad"),
}
ADVICE = {
    "conflict": "Give it another external id, or leave it out: what is stored is never replaced.",
    "unknown": "Bring in first what it names, or correct the name.",
    "unknown-key": "Remove the field, rename it, or move it into metadata.",
    "invalid": "Correct this field.",
    "answers": "Correct the answer so that it fits the queue's rubric.",
    "malformed": "Correct the line so that it can be read.",
    "utf8": "Save the file as UTF-8.",
    "nul": "Remove the NUL character.",
    "too-large": "Shorten the row.",
    "integer-range": "Write the number as text.",
    "duplicate-key": "Name each field once.",
}


@dataclass(frozen=True)
class Pages:
    """Where a kind of upload lives, and what the preview's columns are called."""

    room: str
    template: str
    headings: list[str]

    def url(self, name: str, upload: Upload) -> str:
        return reverse(f"{self.room}:{name}", args=[upload.project.slug, upload.pk])

    def bring(self, request: MemberRequest, kind: type[Upload], form: UploadForm) -> HttpResponse | None:
        """Keep what came with a valid form, and go on to its preview."""
        if not form.is_valid():
            return None
        columns = form.cleaned_data.get("columns", {})
        upload = kind.keep(request.project, request.member, form.content, name=form.name, columns=columns)
        return see_other(self.url("upload-detail", upload))

    def detail(self, request: MemberRequest, upload: Upload, status: int = 200, **more: Any) -> HttpResponse:
        report = upload.preview if upload.is_waiting else {"counts": upload.counts, "refused": upload.refused}
        refused = report.get("refused", [])
        n_refused = report.get("counts", {}).get("refused", 0)
        context = {
            "upload": upload,
            "urls": {name: self.url(f"upload-{name}", upload) for name in ("detail", "start", "discard", "errors")},
            "headings": self.headings,
            "fared": fared(report.get("counts", {})),
            "n_refused": n_refused,
            "refused": [row | {"advice": advice(row)} for row in refused[:ERRORS]],
            "is_more_refused": n_refused > min(len(refused), ERRORS),
            "pasted": pasted(upload),
            **more,
        }
        return page(request, self.template, context, partial="upload", status=status)

    def start(self, request: MemberRequest, upload: Upload) -> HttpResponse:
        if not upload.start(request):
            messages.warning(request, "This was started or discarded before, or there is nothing in it to take.")
        return see_other(self.url("upload-detail", upload))

    def discard(self, request: MemberRequest, upload: Upload, onwards: str) -> HttpResponse:
        if upload.discard():
            messages.success(request, "Discarded. Nothing was stored.")
            return see_other(reverse(onwards, args=[request.project.slug]))
        messages.warning(request, "It was started before, so that it cannot be discarded.")
        return see_other(self.url("upload-detail", upload))


def fared(counts: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {"count": f"{counts[state]:,}", "words": words, "tone": tone}
        for state, (words, tone) in FARED.items()
        if counts.get(state)
    ]


def advice(row: dict[str, Any]) -> str:
    return ADVICE.get(row["reason"], "Correct the row.")


def pasted(upload: Upload) -> str:
    """The text of a paste that waits, to be corrected in place."""
    if not upload.is_waiting or upload.name or upload.n_bytes > CORRECTABLE or not default_storage.exists(upload.file):
        return ""
    with default_storage.open(upload.file) as file:
        text: str = file.read().decode()
    return text


def errors_csv(upload: Upload) -> HttpResponse:
    """The refused rows, for whoever corrects the file."""
    refused = upload.preview.get("refused", []) if upload.is_waiting else upload.refused
    answer = HttpResponse(MARK, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="refused-{upload.pk}.csv"'
    writer = csv.writer(answer)
    writer.writerow(["Line", "External id", "Where", "Problem", "What to do"])
    for row in refused:
        given = (row["line"], row["external_id"], row["where"], row["detail"], advice(row))
        writer.writerow([cell(value) for value in given])
    return answer


def see_other(url: str) -> HttpResponse:
    answer = HttpResponseRedirect(url)
    answer.status_code = 303
    return answer
