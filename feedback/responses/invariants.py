"""What must always hold for responses (I6)."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Count, QuerySet

from feedback.checks import Invariant
from feedback.responses.models import Passage, Response, ResponseBody
from feedback.text.hashes import sha256_text

CHUNK = 500
NAMED = 100  # rows that a report names; the number is exact up to here


def doubled() -> QuerySet[Response, tuple[int, str]]:
    """The schema refuses them; a restored or rebuilt database may have lost the constraint."""
    keys = Response.objects.order_by().values("project", "external_id").annotate(n=Count("pk"))
    return keys.filter(n__gt=1).values_list("project", "external_id")


def without_body() -> QuerySet[Response]:
    return Response.objects.filter(body__isnull=True)


def changed(rows: QuerySet[ResponseBody, tuple[int, str, str]] | QuerySet[Passage, tuple[int, str, str]]) -> list[str]:
    """Of (id, text, hash): those whose text no longer has its hash, read in chunks."""
    found = []
    for pk, text, expected in rows.order_by("pk").iterator(chunk_size=CHUNK):
        if sha256_text(text) != expected:
            found.append(f"{rows.model._meta.label} {pk}")
            if len(found) == NAMED:
                break
    return found


def changed_outputs() -> list[str]:
    rows = ResponseBody.objects.filter(erased_at__isnull=True)
    return changed(rows.values_list("pk", "output", "response__output_hash"))


def changed_passages() -> list[str]:
    return changed(Passage.objects.filter(erased_at__isnull=True).values_list("pk", "text", "text_hash"))


CHECKS: list[tuple[str, Callable[[], QuerySet[Response] | QuerySet[Response, tuple[int, str]] | list[str]]]] = [
    ("One ingest key has one response.", doubled),
    ("Every response has its body.", without_body),
    ("Every output has the hash that its spans name.", changed_outputs),
    ("Every passage's text has its hash.", changed_passages),
]
INVARIANTS = [Invariant("I6", promise, violations) for promise, violations in CHECKS]
