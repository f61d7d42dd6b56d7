"""Datasets for people: the list, a dataset with its versions, a version with its figures and files."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import FileResponse, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback.accounts.access import MemberRequest
from feedback.audit.log import record
from feedback.datasets import exports, wording
from feedback.datasets.conversation import text_of
from feedback.datasets.download import download
from feedback.datasets.forms import DatasetForm, ExportForm
from feedback.datasets.models import DatasetVersion, Export, PreferencePair
from feedback.htmx import page
from feedback.jobs import Job

PAGE = 50  # rows of a list
SAMPLES = 5


def before(request: MemberRequest) -> int | None:
    """Where a list goes on: below this number."""
    given = request.GET.get("before", "")
    return int(given) if given.isdecimal() and len(given) < 18 else None


def paged(request: MemberRequest, rows: Any, field: str) -> dict[str, Any]:
    """Some rows in descending order of `field`, with the addresses of the first and the next page."""
    below = before(request)
    rows = rows.filter(**{f"{field}__lt": below}) if below is not None else rows
    found = list(rows.order_by(f"-{field}")[: PAGE + 1])
    following = f"{request.path}?before={getattr(found[PAGE - 1], field)}" if len(found) > PAGE else ""
    return {"rows": found[:PAGE], "next_url": following, "first_url": request.path if below is not None else ""}


@require_GET
def dataset_list(request: MemberRequest) -> HttpResponse:
    listed = paged(request, request.project.datasets.with_newest(), "pk")
    return page(request, "feedback/datasets/dataset_list.html", {**listed, "can": powers(request)}, partial="datasets")


@require_http_methods(["GET", "POST"])
def dataset_create(request: MemberRequest) -> HttpResponse:
    form = DatasetForm(request.project, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            dataset = form.save()
            record("dataset-created", dataset, request=request, key=dataset.key)
        return see_other(reverse("datasets:dataset-detail", args=[request.project.slug, dataset.key]))
    status = 422 if form.is_bound else 200
    return render(request, "feedback/datasets/dataset_create.html", {"form": form}, status=status)


@require_GET
def dataset_detail(request: MemberRequest, key: str) -> HttpResponse:
    dataset = get_object_or_404(request.project.datasets, key=key)
    listed = paged(request, dataset.versions.select_related("requested_by__user"), "number")
    context = {
        "dataset": dataset,
        "rule_lines": wording.rule_lines(dataset.rule),
        "is_building": any(not version.is_finished for version in listed["rows"]),
        "can": powers(request),
        **listed,
    }
    return page(request, "feedback/datasets/dataset_detail.html", context, partial="versions")


@require_POST
def version_build(request: MemberRequest, key: str) -> HttpResponse:
    dataset = get_object_or_404(request.project.datasets, key=key)
    version = dataset.build(by=request.member, request=request)
    return see_other(reverse("datasets:version-detail", args=[request.project.slug, key, version.number]))


def the_version(request: MemberRequest, key: str, number: int) -> DatasetVersion:
    versions = request.project.datasetversions.select_related("dataset", "parent")
    return get_object_or_404(versions, dataset__key=key, number=number)


@require_GET
def version_detail(request: MemberRequest, key: str, number: int) -> HttpResponse:
    version = the_version(request, key, number)
    return version_page(request, version, ExportForm())


def version_page(request: MemberRequest, version: DatasetVersion, form: ExportForm) -> HttpResponse:
    """The page, or the region that polls itself while a job runs: the version's, or that of its files."""
    files = list(version.exports.order_by("-pk")[:PAGE])
    slug, key = request.project.slug, version.dataset.key
    for export in files:
        export.url = reverse("datasets:export-download", args=[slug, key, version.number, export.pk])  # type: ignore[attr-defined]
        export.name = exports.file_name(export)  # type: ignore[attr-defined]
        export.api_url = request.build_absolute_uri(reverse("api:export-download", args=[export.pk]))  # type: ignore[attr-defined]
    context = {
        "version": version,
        "version_url": reverse("datasets:version-detail", args=[slug, key, version.number]),
        "dataset": version.dataset,
        "rule_lines": wording.rule_lines(version.rule.get("rule", {})),
        "left_out": wording.left_out(version),
        "figures": wording.figures(version),
        "splits": version.statistics.get("by_split", {}),
        "samples": [sample(pair) for pair in version.pairs.order_by("position")[:SAMPLES]],
        "exports": files,
        "is_exporting": any(not export.is_finished for export in files),
        "form": form,
        "can": powers(request),
    }
    wants_files = getattr(request, "htmx", None) and request.htmx.target == "files"  # type: ignore[attr-defined]
    partial, status = "files" if wants_files else "version", 422 if form.is_bound else 200
    response = page(request, "feedback/datasets/version_detail.html", context, partial=partial, status=status)
    if partial == "version" and version.is_finished:
        response["HX-Refresh"] = "true"  # whoever polled sees files and pairs too, which are outside the region
    return response


def sample(pair: PreferencePair) -> dict[str, Any]:
    """A pair as it is read: the last turn, what came before it, and the two answers."""
    turns = [{"role": turn["role"], "text": text_of(turn.get("content"))} for turn in pair.prompt]
    return {
        "pair": pair,
        "question": turns[-1],
        "earlier": turns[:-1],
        "chosen": pair.chosen[0]["content"],
        "rejected": pair.rejected[0]["content"],
    }


@require_POST
def export_create(request: MemberRequest, key: str, number: int) -> HttpResponse:
    version, form = the_version(request, key, number), ExportForm(request.POST)
    if form.is_valid() and version.state != Job.State.DONE:
        form.add_error(None, "The version is not complete yet.")
    if not form.is_valid():
        return version_page(request, version, form)
    exports.request(version, **form.cleaned_data, by=request.member, http=request)
    return see_other(reverse("datasets:version-detail", args=[request.project.slug, key, number]) + "#files")


@require_GET
def export_download(request: MemberRequest, key: str, number: int, pk: int) -> HttpResponseBase:
    version = the_version(request, key, number)
    export: Export = get_object_or_404(version.exports.select_related("version__dataset"), pk=pk)
    response: FileResponse = download(export)
    return response


def see_other(url: str) -> HttpResponse:
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


def powers(request: MemberRequest) -> dict[str, bool]:
    return {"publish": request.member.may("publish")}
