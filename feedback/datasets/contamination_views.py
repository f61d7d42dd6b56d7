"""Pages that hold a benchmark against a version: what was checked, one check with what it found, and its download."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods

from feedback.accounts.access import MemberRequest
from feedback.datasets.contamination import LARGEST, Unreadable, begin
from feedback.datasets.models import ContaminationCheck, DatasetVersion
from feedback.datasets.views import paged, see_other
from feedback.htmx import page
from feedback.jobs import Job

MB = 1024 * 1024
COLUMNS = ("row", "key", "part", "kind", "likeness", "line")


class BenchmarkForm(forms.Form):
    """A file, or what is pasted; its ending says how it is read."""

    file = forms.FileField(
        required=False,
        label="Benchmark file",
        help_text=f"JSONL, JSON, CSV or text, up to {LARGEST // MB} MB. Only hashes are compared, and none is kept.",
        widget=forms.ClearableFileInput(attrs={"accept": ".jsonl,.ndjson,.json,.csv,.txt"}),
    )
    text = forms.CharField(
        required=False,
        max_length=LARGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        label="Or paste its texts",
        help_text="One a line.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file: UploadedFile | None = data.get("file")
        if file and (file.size or 0) > LARGEST:
            self.add_error("file", f"The file is larger than {LARGEST // MB} MB; give it in parts.")
        if not self.errors and not file and not data.get("text", "").strip():
            self.add_error("file", "Choose a file, or paste texts.")
        return data

    def given(self) -> tuple[str, bytes]:
        file: UploadedFile | None = self.cleaned_data.get("file")
        if file:
            return file.name or "benchmark.txt", file.read()
        return "pasted texts.txt", self.cleaned_data["text"].encode()


def the_version(request: MemberRequest, key: str, number: int) -> DatasetVersion:
    complete = request.project.datasetversions.filter(state=Job.State.DONE).select_related("dataset", "project")
    version: DatasetVersion = get_object_or_404(complete, dataset__key=key, number=number)
    return version


@require_http_methods(["GET", "POST"])
def contamination_list(request: MemberRequest, key: str, number: int) -> HttpResponse:
    version = the_version(request, key, number)
    form = BenchmarkForm(request.POST, request.FILES) if request.method == "POST" else BenchmarkForm()
    if form.is_valid():
        try:
            check = begin(version, *form.given(), by=request.member, http=request)
        except Unreadable as error:
            form.add_error("file" if form.cleaned_data.get("file") else "text", str(error))
        else:
            return see_other(check.get_absolute_url())
    checks = version.checks.select_related("requested_by__user").defer("benchmark")
    context = {"version": version, "dataset": version.dataset, "form": form, **paged(request, checks, "id")}
    status = 422 if form.is_bound and form.errors else 200
    return page(request, "feedback/datasets/contamination_list.html", context, partial="checks", status=status)


@require_GET
def contamination_detail(request: MemberRequest, key: str, number: int, pk: int) -> HttpResponseBase:
    """What was found; with ?format=jsonl all of it as a file."""
    version = the_version(request, key, number)
    check: ContaminationCheck = get_object_or_404(version.checks.defer("benchmark"), pk=pk)
    if request.GET.get("format") == "jsonl":
        return download(check)
    context = {
        "version": version,
        "dataset": version.dataset,
        "check": check,
        "n_hits": check.hits.count(),
        **paged(request, check.hits.all(), "id"),
    }
    return page(request, "feedback/datasets/contamination_detail.html", context, partial="check")


def download(check: ContaminationCheck) -> StreamingHttpResponse:
    rows = check.hits.order_by("pk").values(*COLUMNS).iterator(1000)
    lines = (json.dumps(row) + "\n" for row in rows)
    name = f"contamination-{check.pk}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines, content_type="application/x-ndjson", headers=headers)
