"""Datasets for people: the list, a dataset with its versions, and its rule with a preview of what it would give."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback.accounts.access import MemberRequest
from feedback.audit.log import record
from feedback.datasets import growth, wording
from feedback.datasets.forms import DatasetForm
from feedback.datasets.models import Dataset
from feedback.datasets.preview import NEWEST, preview
from feedback.datasets.shown import shown
from feedback.htmx import page, wants_fragment
from feedback.jobs import Job

PAGE = 50  # rows of a list


def before(request: MemberRequest, name: str = "before") -> int | None:
    """Where a list goes on: below this number."""
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 18 else None


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
    versions = request.project.datasetversions.select_related("requested_by__user").defer("statistics")
    newest = versions.in_bulk([row.newest_id for row in listed["rows"] if row.newest_id])
    begun = {row.dataset_id: row for row in versions.unfinished().filter(dataset__in=listed["rows"])}
    grown = growth.since([(row, newest.get(row.newest_id)) for row in listed["rows"]], request.project)
    listed["rows"] = [
        {"dataset": row, "newest": newest.get(row.newest_id), "begun": begun.get(row.pk), "grown": grown.get(row.pk)}
        for row in listed["rows"]
    ]
    context = {**listed, "is_building": bool(begun), "can": powers(request)}
    return page(request, "feedback/datasets/dataset_list.html", context, partial="datasets")


@require_http_methods(["GET", "POST"])
def dataset_create(request: MemberRequest) -> HttpResponse:
    return edit(request, None)


@require_http_methods(["GET", "POST"])
def dataset_change(request: MemberRequest, key: str) -> HttpResponse:
    return edit(request, get_object_or_404(request.project.datasets, key=key))


def edit(request: MemberRequest, dataset: Dataset | None) -> HttpResponse:
    """The form; with `preview` what the rule would give, and nothing saved."""
    is_preview = "preview" in request.POST
    form = DatasetForm(request.project, request.POST or None, dataset=dataset, is_preview=is_preview)
    context: dict[str, Any] = {"form": form, "dataset": dataset, "newest": NEWEST}
    if request.method == "POST" and form.is_valid():
        if is_preview:
            context |= previewed(request, form)
        elif saved := save(request, form):
            return see_other(reverse("datasets:dataset-detail", args=[request.project.slug, saved.key]))
    is_unfinished = is_preview and wants_fragment(request)  # somebody is still typing: nothing was refused
    status = 422 if form.is_bound and form.errors and not is_unfinished else 200
    return page(request, "feedback/datasets/dataset_form.html", context, partial="preview", status=status)


def save(request: MemberRequest, form: DatasetForm) -> Dataset | None:
    """The dataset, or None when somebody else has changed it meanwhile; that is said on the form."""
    with transaction.atomic():
        if form.dataset is None:
            dataset = form.save()
            record("dataset-created", dataset, request=request, key=dataset.key)
            return dataset
        there = request.project.datasets.select_for_update().get(pk=form.dataset.pk)
        if form.has_moved(there):
            form.take_notice(there)
            return None
        changed = form.changes(there)
        dataset = form.save()
        if changed:
            record("dataset-changed", dataset, request=request, fields=",".join(changed))
            messages.success(
                request, "Saved. The next version is built by it; the versions there are stay as they are."
            )
        return dataset


def previewed(request: MemberRequest, form: DatasetForm) -> dict[str, Any]:
    found = preview(request.project, form.parsed(), form.shares(), form.dataset)
    return {"preview": found, "samples": [shown(pair, request.project.slug, length=600) for pair in found.samples]}


@require_GET
def dataset_detail(request: MemberRequest, key: str) -> HttpResponse:
    dataset = get_object_or_404(request.project.datasets, key=key)
    listed = paged(request, dataset.versions.select_related("requested_by__user").defer("cursor"), "number")
    newest = dataset.newest()
    context = {
        "dataset": dataset,
        "rule_lines": wording.rule_lines(dataset.rule),
        "share_lines": wording.share_lines(dataset.shares),
        "is_building": any(not version.is_finished for version in listed["rows"]),
        "newest": newest,
        "grown": growth.since([(dataset, newest)], request.project).get(dataset.pk),
        "is_new_rule": newest is not None and newest.rule != {"rule": dataset.rule, "shares": dataset.shares},
        "n_complete": sum(version.state == Job.State.DONE for version in listed["rows"]),
        "can": powers(request),
        **listed,
    }
    return page(request, "feedback/datasets/dataset_detail.html", context, partial="versions")


@require_POST
def version_build(request: MemberRequest, key: str) -> HttpResponse:
    dataset = get_object_or_404(request.project.datasets, key=key)
    version = dataset.build(by=request.member, request=request)
    return see_other(reverse("datasets:version-detail", args=[request.project.slug, key, version.number]))


def see_other(url: str) -> HttpResponse:
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


def powers(request: MemberRequest) -> dict[str, bool]:
    return {verb: request.member.may(verb) for verb in ("publish", "train")}
