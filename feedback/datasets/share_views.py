"""A finished file for others: links that open it once, and destinations that it is sent to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from feedback.accounts.access import MemberRequest
from feedback.datasets import exports, links, shipments
from feedback.datasets.forms import LinkForm, SendForm
from feedback.datasets.models import DownloadLink, Export
from feedback.datasets.version_views import about, names_of_destinations, the_version
from feedback.htmx import page
from feedback.jobs import JobRefused

SHOWN = 20


def the_export(request: MemberRequest, key: str, number: int, pk: int) -> Export:
    version = the_version(request, key, number)
    export: Export = get_object_or_404(version.exports.filter(state=Export.State.DONE), pk=pk)
    export.version, export.project = version, request.project
    return export


@require_GET
def export_share(request: MemberRequest, key: str, number: int, pk: int) -> HttpResponse:
    return share_page(request, the_export(request, key, number, pk))


def share_page(request: MemberRequest, export: Export, status: int = 200, **more: Any) -> HttpResponse:
    sent = list(export.shipments.order_by("-pk").select_related("requested_by__user"))
    names = names_of_destinations(request)
    context = {
        **about(export.version),
        "export": export,
        "file_name": exports.file_name(export),
        "links": export.links.order_by("-pk").select_related("made_by__user")[:SHOWN],
        "shipments": sent,
        "is_sending": any(not one.is_finished for one in sent),
        "link_form": LinkForm(),
        "send_form": SendForm(names) if names else None,
        **more,
    }
    return page(request, "feedback/datasets/export_share.html", context, partial="sent", status=status)


@require_POST
def link_create(request: MemberRequest, key: str, number: int, pk: int) -> HttpResponse:
    """The page once more, with the address, which no other page shows."""
    export, form = the_export(request, key, number, pk), LinkForm(request.POST)
    if not form.is_valid():
        return share_page(request, export, 422, link_form=form)
    made = links.make(export, form.cleaned_data["minutes"], by=request.member, http=request)
    return share_page(request, export, made=made)


@require_POST
def link_revoke(request: MemberRequest, pk: int) -> HttpResponse:
    rows = request.project.downloadlinks.select_related("export__version__dataset")
    link: DownloadLink = get_object_or_404(rows, pk=pk)
    links.revoke(link, request)
    messages.success(request, "The link opens nothing any more.")
    version = link.export.version
    return redirect("datasets:export-share", request.project.slug, version.dataset.key, version.number, link.export_id)


@require_POST
def export_send(request: MemberRequest, key: str, number: int, pk: int) -> HttpResponse:
    export = the_export(request, key, number, pk)
    form = SendForm(names_of_destinations(request), request.POST)
    if not form.is_valid():
        return share_page(request, export, 422, send_form=form)
    try:
        shipments.request(export, form.cleaned_data["destination"], by=request.member, http=request)
    except JobRefused as refused:
        messages.error(request, str(refused))
    return redirect("datasets:export-share", request.project.slug, key, number, pk)
