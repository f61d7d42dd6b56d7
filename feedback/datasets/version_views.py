"""A version for people: its figures and files, its pairs, what was left out, and what changed since another one."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from feedback.accounts.access import MemberRequest
from feedback.datasets import (
    changes,
    compare,
    destinations,
    exports,
    formats,
    lineage,
    shipments,
    snippets,
    succession,
    wording,
)
from feedback.datasets.download import FOR_DOWNLOAD, OutOfRange, Withdrawn, download
from feedback.datasets.filters import PreferencePairFilter
from feedback.datasets.forms import CompareForm, ExportForm
from feedback.datasets.models import Dataset, DatasetVersion, Export, PreferencePair, VersionRow
from feedback.datasets.pairs import REASONS
from feedback.datasets.shapes.turns import LEFT_OUT
from feedback.datasets.shown import shown, votes_words
from feedback.datasets.statistics import VOTED
from feedback.datasets.views import PAGE, before, powers, see_other
from feedback.htmx import page
from feedback.jobs import Job, JobRefused

SAMPLES = 3
PAIRS = 20  # of a page: each is two long texts
FIRST = ("split", "source", "q")


def the_version(request: MemberRequest, key: str, number: int) -> DatasetVersion:
    versions = request.project.datasetversions.select_related(
        "dataset", "parent", "superseded_by", "requested_by__user"
    )
    found = get_object_or_404(versions, dataset__key=key, number=number)
    found.dataset.project = found.project = request.project
    return found


def about(version: DatasetVersion) -> dict[str, Any]:
    return {"version": version, "dataset": version.dataset, "version_url": version.get_absolute_url()}


@require_GET
def version_detail(request: MemberRequest, key: str, number: int) -> HttpResponse:
    version = the_version(request, key, number)
    return version_page(request, version, ExportForm(destinations=names_of_destinations(request)))


def names_of_destinations(request: MemberRequest) -> list[str]:
    return [one.name for one in destinations.allowed(request.project.slug)]


def version_page(request: MemberRequest, version: DatasetVersion, form: ExportForm) -> HttpResponse:
    """The page, or the region that polls itself while a job runs: the version's, or that of its files."""
    files = list(version.exports.order_by("-pk")[:PAGE])
    context = {
        **about(version),
        "rule_lines": wording.rule_lines(version.rule.get("rule", {})),
        "left_out": wording.reasons(version.counts.get("excluded", {})),
        "gone": wording.reasons(version.counts.get("gone", {}), succession.WHY),
        "superseded": wording.reasons(version.superseded_for, succession.WHY),
        "stale": wording.reasons(succession.ended(version), succession.WHY),
        "figures": wording.figures(version),
        "wins": wording.wins(version),
        "labels": wording.labels(version),
        "splits": wording.split_sizes(version),
        "samples": [shown(pair, request.project.slug) for pair in samples(version)],
        "exports": [described(request, version, export) for export in files],
        "shapes": [{"label": label, "words": snippets.SHAPES[shape]} for shape, label in Export.MADE_AS],
        "by_program": snippets.of_version(version, request.build_absolute_uri),
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


@require_POST
def version_replace(request: MemberRequest, key: str, number: int) -> HttpResponse:
    """Make the version that follows this one, without what stands no more."""
    version = the_version(request, key, number)
    heir = succession.replace(version, request.member, request) if version.state == Job.State.DONE else None
    return see_other((heir or version).get_absolute_url())


def samples(version: DatasetVersion) -> QuerySet[PreferencePair]:
    return version.pairs.filter(erased_at__isnull=True).order_by("position")[:SAMPLES]


def described(request: MemberRequest, version: DatasetVersion, export: Export) -> dict[str, Any]:
    """A file with its address, its name, and what can be copied to use it."""
    export.version = version
    place = [request.project.slug, version.dataset.key, version.number, export.pk]
    return {
        "export": export,
        "words": snippets.SHAPES[export.shape],
        "left_out": wording.reasons(export.manifest.get("left_out", {}), LEFT_OUT),
        "url": reverse("datasets:export-download", args=place),
        "snippets": list(snippets.of_file(export, request.build_absolute_uri)) if export.sha256 else [],
    }


@require_GET
def pair_list(request: MemberRequest, key: str, number: int) -> HttpResponse:
    """The pairs in their order, narrowed by the filters that the API has too."""
    version = the_version(request, key, number)
    filterset = PreferencePairFilter(request.GET, queryset=version.pairs.all(), request=request)
    is_valid, after, marks = filterset.is_valid(), before(request, "after"), "marks" in request.GET
    rows = filterset.qs if is_valid else version.pairs.none()
    rows = rows.filter(position__gt=after) if after is not None else rows
    found = list(rows.order_by("position")[: PAIRS + 1])
    given = filters_of(request)
    context = {
        **about(version),
        "form": filterset.form,
        "first_fields": [filterset.form[name] for name in FIRST],
        "more_fields": [field for field in filterset.form if field.name not in FIRST],
        "more_are_set": any(name not in (*FIRST, "marks") for name in given),
        "marks": marks,
        "pairs": [shown(pair, request.project.slug, marks=marks) for pair in found[:PAIRS]],
        "is_filtered": set(given) != {"marks"} and bool(given),
        "count": None if set(given) - {"marks"} else version.counts.get("pairs", 0),
        "first_url": f"?{given.urlencode()}" if after is not None else "",
        "next_url": following(given, found[PAIRS - 1].position) if len(found) > PAIRS else "",
    }
    return page(request, "feedback/datasets/pair_list.html", context, partial="pairs", status=200 if is_valid else 422)


def filters_of(request: MemberRequest) -> QueryDict:
    """What was asked for, without empty fields and the place in the list."""
    given = QueryDict(mutable=True)
    for name, values in request.GET.lists():
        if name != "after" and any(values):
            given.setlist(name, values)
    return given


def following(given: QueryDict, position: int | str) -> str:
    query = given.copy()
    query["after"] = str(position)
    return f"?{query.urlencode()}"


@require_GET
def pair_detail(request: MemberRequest, key: str, number: int, pair_id: str) -> HttpResponse:
    version = the_version(request, key, number)
    pair: PreferencePair = get_object_or_404(version.pairs, pair_id=pair_id)
    read = shown(pair, request.project.slug, marks="marks" in request.GET, length=None)
    origins = lineage.linked(lineage.origins(pair), request.project)
    context = {**about(version), "shown": read, "origins": origins}
    return page(request, "feedback/datasets/pair_detail.html", context, partial="pair")


@require_GET
def excluded_list(request: MemberRequest, key: str, number: int) -> HttpResponse:
    """What did not become a pair, of one reason or of all."""
    version, reason, after = the_version(request, key, number), request.GET.get("reason", ""), before(request, "after")
    if reason and reason not in REASONS:
        raise Http404("No such reason.")
    rows = version.rows.filter(kind=VersionRow.Kind.EXCLUDED)
    rows = rows.filter(reason=reason) if reason else rows
    rows = rows.filter(position__gt=after) if after is not None else rows
    found = list(rows.order_by("position")[: PAGE + 1])
    given = filters_of(request)
    names = {row.data.get(side) for row in found for side in ("chosen", "rejected")}
    known = dict(request.project.responses.filter(external_id__in=names - {None}).values_list("external_id", "pk"))
    excluded = version.counts.get("excluded", {})
    context = {
        **about(version),
        "reason": reason,
        "words": REASONS.get(reason, ""),
        "reasons": wording.reasons(excluded),
        "count": excluded.get(reason, 0) if reason else sum(excluded.values()),
        "rows": [left_out(row, known) for row in found[:PAGE]],
        "first_url": f"?{given.urlencode()}" if after is not None else "",
        "next_url": following(given, found[PAGE - 1].position) if len(found) > PAGE else "",
    }
    return page(request, "feedback/datasets/excluded_list.html", context, partial="excluded")


def left_out(row: VersionRow, known: dict[str, int]) -> dict[str, Any]:
    """A candidate that was left out, as it is read."""
    data = row.data
    votes, strength = data.get("votes") or [0, 0, 0], data.get("strength")
    sides = [{"name": data.get(side, ""), "pk": known.get(data.get(side, ""))} for side in ("chosen", "rejected")]
    return {
        "row": row,
        "words": REASONS.get(row.reason, row.reason),
        "sides": sides[:1] if sides[0] == sides[1] else sides,
        "votes": " : ".join(map(str, votes[:2])) + (f", {votes[2]} for neither" if votes[2] else ""),
        "is_compared": data.get("source") in VOTED,
        "strength": None if strength is None else f"{strength:.3g}",
        **{name: data.get(name, "") for name in ("source", "criterion", "queue")},
    }


@require_GET
def version_compare(request: MemberRequest, key: str) -> HttpResponse:
    """Two versions of a dataset side by side; one list of pairs at a time, totals on request because they are slow."""
    dataset: Dataset = get_object_or_404(request.project.datasets, key=key)
    dataset.project = request.project
    complete = dataset.versions.filter(state=Job.State.DONE)
    numbers = list(complete.order_by("-number").values_list("number", flat=True)[:500])
    newest = {"newer": numbers[0], "older": numbers[1]} if len(numbers) > 1 else {}
    given = {name: request.GET.get(name, newest.get(name)) for name in ("older", "newer")}
    form = CompareForm(numbers, given if newest else None)
    context: dict[str, Any] = {"dataset": dataset, "form": form, "n_complete": len(numbers)}
    partial = "totals" if "totals" in request.GET else "compared"
    if form.is_valid():
        chosen = form.cleaned_data
        versions = {row.number: row for row in complete.filter(number__in=chosen.values()).select_related("dataset")}
        older, newer = versions[chosen["older"]], versions[chosen["newer"]]
        context |= compared(request, older, newer)
        if "totals" in request.GET:
            context["totals"] = compare.totals(older, newer)
    status = 422 if form.is_bound and form.errors else 200
    return page(request, "feedback/datasets/version_compare.html", context, partial=partial, status=status)


@require_GET
def version_changes(request: MemberRequest, key: str, number: int) -> StreamingHttpResponse:
    """What changed since another version, as lines of JSON."""
    newer, since = the_version(request, key, number), request.GET.get("since", "")
    if not since.isascii() or not since.isdecimal() or len(since) > 9 or newer.state != Job.State.DONE:
        raise Http404("No such version.")
    older = get_object_or_404(newer.dataset.versions, number=int(since), state=Job.State.DONE)
    lines = (formats.json_line(record) for record in changes.records(older, newer))
    name = f"{newer.dataset.key}-v{older.number}-to-v{newer.number}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": "sandbox"}
    return StreamingHttpResponse(lines, content_type="application/x-ndjson", headers=headers)


def compared(request: MemberRequest, older: DatasetVersion, newer: DatasetVersion) -> dict[str, Any]:
    query = QueryDict(mutable=True)
    query.update({"older": str(older.number), "newer": str(newer.number)})
    after, asked = request.GET.get("after", "")[:40], request.GET.get("show", "")
    found: list[PreferencePair] = []
    for kind in [asked] if asked in compare.KINDS else compare.KINDS:
        rows = compare.pairs_of_kind(kind, older, newer).select_related("verdict")
        found = list((rows.filter(pair_id__gt=after) if after else rows)[: PAIRS + 1])
        if found:
            break
    kind = kind if found or asked in compare.KINDS else compare.KINDS[0]
    totals_url, query["show"] = f"?{query.urlencode()}&totals=1", kind
    return {
        "older": older,
        "newer": newer,
        "kind": kind,
        "kinds": compare.KINDS,
        "rule": compare.rule_changes(older, newer),
        "lines": wording.side_by_side(older, newer),
        "pairs": explained(request, kind, found[:PAIRS], older, newer),
        "totals_url": totals_url,
        "first_url": f"?{query.urlencode()}" if after else "",
        "next_url": following(query, found[PAIRS - 1].pair_id) if len(found) > PAIRS else "",
    }


def explained(
    request: MemberRequest, kind: str, pairs: list[PreferencePair], older: DatasetVersion, newer: DatasetVersion
) -> list[dict[str, Any]]:
    """Each pair with why it came or went, or with what its judgement was before."""
    there = older if kind == "removed" else newer
    read = [{**shown(pair, request.project.slug, length=600), "version_number": there.number} for pair in pairs]
    if kind == "changed":
        earlier = compare.counterparts(pairs, older)
        for one in read:
            was = earlier[one["pair"].pair_id]
            one["why"] = f"was {votes_words(was)}, is {one['votes']}"
        return read
    reasons = compare.why(pairs, newer if kind == "removed" else older)
    for one in read:
        one["why"] = reasons[one["pair"].pk]
    return read


@require_POST
def export_create(request: MemberRequest, key: str, number: int) -> HttpResponse:
    version = the_version(request, key, number)
    form = ExportForm(request.POST, destinations=names_of_destinations(request))
    if form.is_valid() and version.state != Job.State.DONE:
        form.add_error(None, "The version is not complete yet.")
    if not form.is_valid():
        return version_page(request, version, form)
    destination = form.cleaned_data.pop("destination", "")
    try:
        export = exports.request(version, **form.cleaned_data, by=request.member, http=request)
    except JobRefused as refused:
        form.add_error(None, str(refused))
        return version_page(request, version, form)
    if destination:
        shipments.request(export, destination, by=request.member, http=request)
    return see_other(version.get_absolute_url() + "#files")


@require_GET
def export_download(request: MemberRequest, key: str, number: int, pk: int) -> HttpResponseBase:
    version = the_version(request, key, number)
    export: Export = get_object_or_404(version.exports.select_related(*FOR_DOWNLOAD), pk=pk)
    try:
        response: FileResponse = download(export, request)
    except OutOfRange as beyond:
        return HttpResponse(status=416, headers=beyond.headers)
    except Withdrawn as why:
        context = {**about(version), "why": str(why)}
        return render(request, "feedback/datasets/export_withdrawn.html", context, status=410)
    return response
