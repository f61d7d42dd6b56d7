"""A file that a person brings: kept, tried out on its first rows, and taken in by a job once they say so.

What all kinds share: responses here, labels in a higher room. The trial is a real one, in a transaction that is rolled
back, so that the preview shows exactly what would be stored and why a row would be refused.
"""

from __future__ import annotations

import contextlib
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils import timezone

from feedback.accounts.models import Member, Project, ProjectRow
from feedback.audit.log import record
from feedback.jobs import Job, JobRefused
from feedback.text.canonical import CanonicalError

if TYPE_CHECKING:  # which are written in terms of this room's models
    from feedback.responses.ingest import Incoming, Refusal

LISTED = 2000  # refusals that are kept one by one; beyond, they are only counted
SHOWN = 20  # rows of the preview
FORGOTTEN = timedelta(days=1)  # after which a file that nobody started is deleted
WAITING = "waiting"


class Upload(ProjectRow, Job):
    """A job that is queued by a person's word. Until then its state is `waiting`, which no worker looks for."""

    bell: ClassVar[str] = "bulk"

    state = models.CharField(
        max_length=9, choices=[(WAITING, "waiting for its go-ahead"), *Job.State.choices], default=WAITING
    )
    by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=200, blank=True, help_text="Of the file where it came from; empty when pasted.")
    file = models.CharField(max_length=200, blank=True, help_text="Name in the file storage, until it is taken in.")
    form = models.CharField(max_length=6, blank=True, help_text="What is in it, by how it begins.")
    n_bytes = models.PositiveBigIntegerField(default=0)
    columns = models.JSONField(default=dict, blank=True, help_text="Which column of a CSV file holds a field.")
    preview = models.JSONField(default=dict, blank=True, help_text="How its first rows fared in the trial.")
    counts = models.JSONField(default=dict, blank=True, help_text="How many rows fared in which way.")
    refused = models.JSONField(default=list, blank=True, help_text="The first refused rows.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name or "pasted text"

    # -- what a kind of upload says

    takes_csv: ClassVar[bool] = False

    def take(self, chunk: list[Incoming]) -> tuple[dict[str, int], list[Refusal]]:
        """Store a chunk in the caller's transaction: the number of rows by how they fared, and the refusals."""
        raise NotImplementedError

    def shown(self, chunk: list[Incoming]) -> list[dict[str, Any]]:
        """Rows of the preview, inside the trial: {"line": 1, "cells": [text, …]}."""
        raise NotImplementedError

    def finished(self) -> None:
        """Called once, in the transaction of its end."""

    # -- its life

    @classmethod
    def keep(cls, project: Project, by: Member, content: File[Any], *, name: str, columns: dict[str, str]) -> Self:
        """Keep the file and try it out. Files that nobody started go."""
        since = timezone.now() - FORGOTTEN
        for old in cls._default_manager.filter(project=project, state=WAITING, created_at__lt=since):
            old.discard()
        stored = f"uploads/{uuid.uuid4()}"
        upload = cls(
            project=project, by=by, name=storable(name)[:200], file=stored, n_bytes=content.size, columns=columns
        )
        try:
            default_storage.save(stored, content)
            upload.try_out()
        except BaseException:
            default_storage.delete(stored)  # half of it, or a file that no row names
            raise
        return upload

    def try_out(self) -> None:
        """Take the first chunk in, look, and roll back. An error is one of the whole file."""
        self.preview, self.error = {}, ""
        try:
            with self.rows() as chunks:
                chunk = next(chunks, [])
                self.preview = self.trial(chunk) if chunk else {}
                self.preview["is_all"] = next(chunks, None) is None
        except CanonicalError as error:
            self.preview |= {"is_all": True, "breaks_off": storable(str(error))}
        if not self.preview.get("checked"):
            self.error = self.preview.get("breaks_off") or "There is no row in it."
        if self.pk is None:
            self.save()
        else:  # unless it was started meanwhile
            seen = {name: getattr(self, name) for name in ("form", "columns", "preview", "error")}
            type(self)._default_manager.filter(pk=self.pk, state=WAITING).update(**seen)

    def trial(self, chunk: list[Incoming]) -> dict[str, Any]:
        with transaction.atomic():
            counts, refused = self.take(chunk)
            errors = {why.index + 1: why.detail for why in refused}
            rows = [{"error": errors.get(row["line"], ""), **row} for row in self.shown(chunk[:SHOWN])]
            transaction.set_rollback(True)
        return {"checked": len(chunk), "counts": counts, "rows": rows, "refused": [listed(why) for why in refused]}

    @property
    def can_start(self) -> bool:
        """Whether anything would be stored, as far as the trial saw."""
        refused = self.preview.get("counts", {}).get("refused", 0)
        return bool(self.preview.get("checked", 0) > refused or refused and not self.preview["is_all"])

    @property
    def is_waiting(self) -> bool:
        return self.state == WAITING

    def start(self, request: Any) -> bool:
        """Queue it; False when it was begun or discarded before, or nothing in it can be read."""
        with transaction.atomic():
            waiting = type(self)._default_manager.select_for_update().filter(pk=self.pk, state=WAITING)
            upload = waiting.first()
            if upload is None or not upload.can_start:
                return False
            upload.state = Job.State.QUEUED
            upload.save(update_fields=["state"])
            record("upload-started", upload, request=request, n_bytes=upload.n_bytes)
            upload.ring()
        return True

    def discard(self) -> bool:
        """Forget a file that was not started."""
        with transaction.atomic():
            gone, _ = type(self)._default_manager.filter(pk=self.pk, state=WAITING).delete()
            if gone:
                default_storage.delete(self.file)
        return bool(gone)

    def prepare(self) -> list[Incoming]:
        """The next chunk; reading on in the middle of a large file takes long."""
        taken = self.cursor.get("rows", 0)
        try:
            return [] if self.cursor.get("is_read") else next_chunk(self, taken)
        except CanonicalError as error:
            kept = f" The {taken:,} rows before that are kept." if taken else ""
            raise JobRefused(storable(f"{error}{kept}")) from error

    def step(self) -> bool:
        """A chunk of rows; at the end the file, in a step of its own: who dies there need not read it again."""
        if self.cursor.get("is_read"):
            self.put_away()
            return True
        chunk: list[Incoming] = self.prepared
        if not chunk:
            self.cursor["is_read"] = True
            return False
        counts, refused = self.take(chunk)
        self.counts = dict(Counter(self.counts) + Counter(counts))
        self.refused += [listed(why) for why in refused[: LISTED - len(self.refused)]]
        self.done = self.cursor["rows"] = self.cursor.get("rows", 0) + len(chunk)
        return False

    def failed(self) -> None:
        self.put_away()

    def put_away(self) -> None:
        """The file goes before the commit: after it, a process that dies would leave it for good."""
        self.finished()
        if self.file:
            default_storage.delete(self.file)
        self.file = ""

    # -- its rows

    @contextlib.contextmanager
    def rows(self) -> Iterator[Iterator[list[Incoming]]]:
        """Its rows in chunks. CanonicalError when it cannot be read, or breaks off."""
        from feedback.responses.files import Form, form_of, from_file
        from feedback.responses.ingest import chunks

        with default_storage.open(self.file) as file:
            self.form = self.form or form_of(file)
            if self.form == Form.CSV and not self.takes_csv:
                raise CanonicalError("malformed", "", "It begins with neither a brace nor a bracket, as JSON does.")
            yield chunks(from_file(file, Form(self.form), columns=self.columns))


def listed(refusal: Refusal) -> dict[str, Any]:
    return {
        "line": refusal.index + 1,
        "external_id": storable(refusal.external_id),
        "where": storable(refusal.pointer),
        "reason": refusal.reason,
        "detail": storable(refusal.detail),
    }


def storable(text: str) -> str:
    """A sentence that quotes what is no text (NUL, bytes that are no UTF-8) in signs that a database keeps."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


# The file a worker is at, between two chunks: (label, row, rows read) -> its chunks. One worker works at one job.
at_hand: dict[tuple[str, int, int], tuple[contextlib.ExitStack, Iterator[list[Incoming]]]] = {}


def next_chunk(upload: Upload, taken: int) -> list[Incoming]:
    """The chunk that follows so many rows; empty at the end. A file is read again only after something went wrong."""
    label = upload._meta.label
    stack, chunks = at_hand.pop((label, upload.pk, taken), (contextlib.ExitStack(), None))
    for other, _ in at_hand.values():
        other.close()
    at_hand.clear()
    try:
        if chunks is None:
            chunks = stack.enter_context(upload.rows())
            skipped = 0
            while skipped < taken:
                skipped += len(next(chunks))
                upload.heartbeat()
        chunk = next(chunks, [])
    except BaseException:
        stack.close()
        raise
    if chunk:
        at_hand[label, upload.pk, taken + len(chunk)] = stack, chunks
    else:
        stack.close()
    return chunk
