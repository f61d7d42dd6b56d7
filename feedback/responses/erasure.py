"""What this room forgets of a person: texts, names, sources, comments, filters that name them, files with them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus

from django.core.files.storage import default_storage
from django.db.models import Exists, OuterRef, QuerySet

from feedback.erasing import Part, Scope, emptied
from feedback.files import BLOCK
from feedback.jobs import Job
from feedback.responses.models import (
    Passage,
    Response,
    ResponseBody,
    ResponseUpload,
    SavedFilter,
    Subject,
    SubjectResponse,
    UserFeedback,
)
from feedback.responses.upload import WAITING, Upload

GZIP = b"\x1f\x8b"


def bodies(scope: Scope) -> QuerySet[Any]:
    return ResponseBody.objects.filter(response__in=scope.responses, erased_at=None)


def passages(scope: Scope) -> QuerySet[Any]:
    return Passage.objects.filter(response__in=scope.responses, erased_at=None)


def comments(scope: Scope) -> QuerySet[Any]:
    return UserFeedback.objects.filter(response__in=scope.responses).exclude(comment="")


def subjects(scope: Scope) -> QuerySet[Any]:
    """Sets that hold somebody else's answer too keep what makes it comparable."""
    others = SubjectResponse.objects.filter(subject=OuterRef("pk")).exclude(response__in=scope.responses)
    return Subject.objects.filter(~Exists(others), parts__response__in=scope.responses, erased_at=None).distinct()


def responses(scope: Scope) -> QuerySet[Any]:
    return Response.objects.filter(pk__in=scope.responses.values("pk"), erased_at=None)


def filters(scope: Scope) -> QuerySet[Any]:
    rows = SavedFilter.objects.filter(project=scope.project_id).values_list("pk", "name", "query")
    told = ((pk, f"{name} {unquote_plus(query)}") for pk, name, query in rows)
    return SavedFilter.objects.filter(pk__in=naming(scope, told))


def uploads(scope: Scope) -> QuerySet[Any]:
    return uploads_naming(scope, ResponseUpload)


def uploads_naming(scope: Scope, kind: type[Upload]) -> QuerySet[Any]:
    """Files that wait for their go-ahead and hold the person's key, and uploads whose preview or refusals name them."""
    ended = [WAITING, Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED]
    rows = kind._default_manager.filter(project=scope.project_id, state__in=ended)
    told = (
        (pk, json.dumps(texts, ensure_ascii=False))
        for pk, *texts in rows.values_list("pk", "name", "error", "preview", "refused").iterator(chunk_size=200)
    )
    held = [upload.pk for upload in rows.filter(state=WAITING) if scope.key and holds(upload, scope.key)]
    return kind._default_manager.filter(pk__in=[*naming(scope, told), *held])


def holds(upload: Upload, key: str) -> bool:
    """Whether the key stands in its file, as it is or as JSON writes it."""
    wanted = {key.encode(), json.dumps(key)[1:-1].encode(), json.dumps(key, ensure_ascii=False)[1:-1].encode()}
    if not default_storage.exists(upload.file):
        return False
    with default_storage.open(upload.file) as file:
        is_packed = file.read(2) == GZIP
        file.seek(0)
        text = gzip.GzipFile(fileobj=file) if is_packed else file
        before, longest = b"", max(map(len, wanted))
        try:
            while block := text.read(BLOCK):
                if any(word in before + block for word in wanted):
                    return True
                before = block[-longest:]
        except (OSError, EOFError):  # what is packed badly is no response of anybody
            return False
    return False


def naming(scope: Scope, told: Iterable[tuple[int, str]]) -> list[int]:
    """The ids whose text holds one of the person's names."""
    names = [name for name in scope.names() if name]
    return [pk for pk, text in told if any(name in text for name in names)]


def forget(uploads: QuerySet[Any]) -> None:
    """Discard those that wait; of the others goes what they say about single rows."""
    for upload in uploads:
        if not upload.discard():
            type(upload)._default_manager.filter(pk=upload.pk).update(name="", error="", preview={}, refused=[])


PARTS = [
    Part("saved filters", filters, lambda rows: rows.delete()),
    Part("uploads", uploads, forget, reads_files=True),
    Part("comments of end users", comments, lambda rows: rows.update(comment="")),
    Part("source texts", passages, emptied, is_last=True),
    Part("texts of responses", bodies, emptied, chunk=200, is_last=True),
    Part("subjects", subjects, emptied, is_last=True, is_counted=False),
    Part("responses", responses, emptied, is_last=True),
]
