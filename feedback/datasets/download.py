"""A finished export as an HTTP answer: streamed, with its checksum in the headers."""

from __future__ import annotations

import base64

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404

from feedback.datasets import exports
from feedback.datasets.models import Export
from feedback.jobs import Job


def download(export: Export) -> FileResponse:
    """The file as an attachment. Its SHA-256 stands in `Repr-Digest` (RFC 9530), and in hex in `X-Checksum-Sha256`."""
    if export.state != Job.State.DONE or not default_storage.exists(export.file):
        raise Http404("There is no file.")
    response = FileResponse(
        default_storage.open(export.file),
        as_attachment=True,
        filename=exports.file_name(export),
        content_type="application/x-ndjson",
    )
    response["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(export.sha256)).decode()}:"
    response["X-Checksum-Sha256"] = export.sha256
    response["ETag"] = f'"{export.sha256}"'
    response["Content-Security-Policy"] = "sandbox"
    return response
