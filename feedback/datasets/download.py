"""A finished export as an HTTP answer: streamed, with its checksum in the headers, whole or from where it broke off."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any, BinaryIO

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest

from feedback.datasets import exports
from feedback.datasets.models import Export
from feedback.jobs import Job

FOR_DOWNLOAD = ("version__dataset", "version__superseded_by")  # what `download` needs of an export
ONE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class OutOfRange(Exception):
    """The file ends before the range that was asked for; `headers` say where."""

    def __init__(self, size: int) -> None:
        super().__init__("The file ends before that range.")
        self.headers = {"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"}


class Withdrawn(Exception):
    """The file was deleted, because it held what was erased."""

    def __init__(self, export: Export) -> None:
        heir = export.version.superseded_by
        instead = f" Version {heir.number} is without these rows." if heir else ""
        super().__init__(f"This file was deleted, because rows of it were erased at the request of a person.{instead}")


class Part:
    """The next bytes of an open file, and no more. Who asks for more after the last of them has sent them all."""

    def __init__(self, file: BinaryIO, length: int, at_end: Callable[[], None] | None = None) -> None:
        self.file, self.left, self.at_end = file, length, at_end

    def read(self, size: int) -> bytes:
        block = self.file.read(min(size, self.left))
        self.left -= len(block)
        if not block and not self.left and self.at_end:
            at_end, self.at_end = self.at_end, None
            at_end()
        return block

    def close(self) -> None:
        self.file.close()


def download(export: Export, request: HttpRequest, at_end: Callable[[], None] | None = None) -> FileResponse:
    """The file as an attachment, or the part of it that `Range` names (206), so that a download that broke goes on.

    Its SHA-256 stands in `Repr-Digest` (RFC 9530), and in hex in `X-Checksum-Sha256`: of the whole file, also beside a
    part. `at_end` is called when the last byte of the file was sent. Raises OutOfRange and Withdrawn.
    """
    if export.withdrawn_at:
        raise Withdrawn(export)
    if export.state != Job.State.DONE or not default_storage.exists(export.file):
        raise Http404("There is no file.")
    tag, size = f'"{export.sha256}"', export.n_bytes
    first, end = asked(request, tag, size) or (0, size)
    file: Any = default_storage.open(export.file)
    is_part = end - first < size
    if is_part or at_end:
        file.seek(first)
        file = Part(file, end - first, at_end if end == size and request.method == "GET" else None)
    kind = exports.kept(export).kind
    response = FileResponse(file, as_attachment=True, filename=exports.file_name(export), content_type=kind)
    if is_part:
        response.status_code = 206
        response["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    response["Content-Length"] = str(end - first)
    response["Accept-Ranges"] = "bytes"
    response["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(export.sha256)).decode()}:"
    response["X-Checksum-Sha256"] = export.sha256
    response["ETag"] = tag
    response["Content-Security-Policy"] = "sandbox"
    return response


def asked(request: HttpRequest, tag: str, size: int) -> tuple[int, int] | None:
    """The half-open range that is wanted, or None for everything: without one, with several or one that makes no sense,
    and when `If-Range` names another file (RFC 9110 §14).
    """
    found = ONE_RANGE.fullmatch(request.headers.get("Range", "").strip())
    if request.method != "GET" or not found or not any(found.groups()):
        return None
    if request.headers.get("If-Range", tag) != tag:
        return None
    first, last = found.groups()
    if not first:
        begin, end = max(0, size - int(last)), size
    else:
        begin, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < begin:
            return None
    if begin >= size:
        raise OutOfRange(size)
    return begin, end
