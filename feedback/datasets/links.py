"""One-time links to finished files: made, revoked, and followed by whoever has them, without signing in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from feedback.accounts import rates
from feedback.accounts.digests import digest_of
from feedback.accounts.models import Member
from feedback.audit.log import client_ip, record
from feedback.datasets.download import OutOfRange, download
from feedback.datasets.models import DownloadLink, Export
from feedback.jobs import Job, JobRefused

MINUTES, MOST_MINUTES = 15, 24 * 60


def make(export: Export, minutes: int = MINUTES, *, by: Member | None = None, http: Any = None) -> DownloadLink:
    """Raises JobRefused while there is no file."""
    if export.state != Job.State.DONE:
        raise JobRefused("The file is not there yet; ask again when its state is done.")
    link = DownloadLink(project_id=export.project_id, export=export, made_by=by)
    link.digest, link.expires_at = digest_of(link.secret), timezone.now() + timedelta(minutes=minutes)
    with transaction.atomic():
        link.save()
        record("link-created", link, request=http, export=export.pk, minutes=minutes)
    return link


def revoke(link: DownloadLink, http: Any) -> None:
    with transaction.atomic():
        if link.revoke():
            record("link-revoked", link, request=http, export=link.export_id)


@never_cache
@require_safe
def export_link(request: HttpRequest, secret: str) -> HttpResponseBase:
    """404 for what never was a link, 410 for one that is over or that somebody else follows."""
    links = DownloadLink.objects.select_related("export__version__dataset", "export__project")
    link = links.filter(digest=digest_of(secret)).first()
    if link is None:
        return unknown(request)
    is_open = DownloadLink.open().filter(pk=link.pk).exists() and default_storage.exists(link.export.file)
    if not is_open or (request.method == "GET" and not link.hold(client_ip(request) or "")):
        return render(request, "feedback/datasets/link_over.html", status=410)
    try:
        return download(link.export, request, at_end=lambda: spend(link, request))
    except OutOfRange as beyond:
        return HttpResponse(status=416, headers=beyond.headers)


def unknown(request: HttpRequest) -> HttpResponse:
    """Whoever guesses is slowed down, by their address."""
    now = rates.count("links", settings.RATE_LIMIT_FAILED, client_ip(request) or "unknown")
    if now is not None and now.is_over:
        headers = {**now.headers(), "Retry-After": str(max(1, now.reset))}
        return HttpResponse("Too many links that do not exist.", "text/plain", 429, headers=headers)
    return render(request, "feedback/datasets/link_over.html", {"is_unknown": True}, status=404)


def spend(link: DownloadLink, request: HttpRequest) -> None:
    """The last byte went out: the link is over."""
    with transaction.atomic():
        if DownloadLink.objects.filter(pk=link.pk, used_at=None).update(used_at=Now()):
            record("link-used", link, request=request, export=link.export_id, sha256=link.export.sha256)
