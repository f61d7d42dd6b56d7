"""Running an erasure: find the person's responses, then one chunk of one part at a time, the same way after a crash.

A part is done when none of its rows holds anything more, so a chunk that was begun and lost is simply taken again. When
all are done it looks once more for responses of the person, since they may have come in meanwhile.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from feedback.audit.log import record
from feedback.erasing import CHUNK, Part, Scope, parts
from feedback.erasures.models import Erasure
from feedback.erasures.whose import mark, marked

log = logging.getLogger(__name__)
CHECKPOINTS, PAUSE_SECONDS = 40, 0.25


def prepare(erasure: Erasure) -> QuerySet[Any] | None:
    """What cannot be done in a transaction: looking into files and, at the end on SQLite, writing the database's file
    anew, where what was deleted or written over still stands.
    """
    cursor = erasure.cursor
    if cursor.get("is_emptied") and connection.vendor == "sqlite" and not connection.in_atomic_block:
        write_anew()
    part = part_at(cursor)
    return part.next(marked(erasure)) if part and part.reads_files else None


def write_anew() -> None:
    """SQLite's file without what was deleted. Whoever reads at the moment holds the log back, so it asks again."""
    with connection.cursor() as statements:
        statements.execute("VACUUM")
        for _ in range(CHECKPOINTS):
            statements.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            is_busy, *_ = statements.fetchone()
            if not is_busy:
                return
            time.sleep(PAUSE_SECONDS)
    log.warning("the log of the database was not emptied, because it is being read all the time")


def part_at(cursor: dict[str, Any]) -> Part | None:
    found = list(parts()) if cursor.get("is_found") else []
    return found[cursor["part"]] if cursor.get("is_found") and cursor["part"] < len(found) else None


def step(erasure: Erasure) -> bool:
    """A chunk; True when nothing of the person is left."""
    cursor = erasure.cursor
    if cursor.get("is_emptied"):
        end(erasure)
        return True
    if not cursor.get("is_found"):
        cursor["is_found"], cursor["part"] = mark(erasure, CHUNK) == 0, 0
        return False
    erasure.total = len(list(parts()))
    part = part_at(cursor)
    if part is None:
        cursor["is_emptied"] = cursor["is_found"] = not mark(erasure, CHUNK)
        if cursor["is_emptied"]:
            erasure.subject_key = ""  # before the file is written anew
        return False
    rows = erasure.prepared if part.reads_files else part.next(marked(erasure))
    if rows is None:
        cursor["part"] += 1
        erasure.done = cursor["part"]
        return False
    if part.is_counted:
        erasure.counts[part.words] = erasure.counts.get(part.words, 0) + rows.count()
    part.erase(rows)
    return False


def end(erasure: Erasure) -> None:
    erasure.cursor = {}
    record("subject-erased", erasure, subject=erasure.subject_digest, counts=dict(erasure.counts))


def preview(scope: Scope) -> list[dict[str, Any]]:
    """How many rows of each kind would be emptied or deleted."""
    counted = [
        (part.words, part.rows(scope).order_by().values("pk").distinct().count()) for part in parts() if part.is_counted
    ]
    return [{"words": words, "count": count} for words, count in counted if count]
