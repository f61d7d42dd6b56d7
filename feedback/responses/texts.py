"""The texts of responses, for somebody who reads them: bodies and passages, read together."""

from __future__ import annotations

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import OuterRef, QuerySet, prefetch_related_objects
from django.db.models.functions import JSONObject

from feedback.responses.models import Passage, Response

PASSAGE = ("id", "response_id", "position", "title", "text", "text_hash", "url", "store", "score")


def with_texts(responses: QuerySet[Response]) -> list[Response]:
    """The responses with body and passages, of other columns only what a reader needs; one statement on PostgreSQL."""
    return with_passages(list(text_rows(responses)))


def text_rows(responses: QuerySet[Response]) -> QuerySet[Response]:
    """What `with_passages` takes."""
    rows = responses.select_related("body").only(
        "output_hash", "model", "tags", "body__messages", "body__output", "body__tool_calls"
    )
    if connection.vendor != "postgresql":
        return rows
    passages = Passage.objects.filter(response=OuterRef("pk")).order_by("position")
    return rows.annotate(passage_rows=ArraySubquery(passages.values(row=JSONObject(**{n: n for n in PASSAGE}))))


def with_passages(responses: list[Response]) -> list[Response]:
    """Their passages, as `prefetch_related` would have left them."""
    if connection.vendor != "postgresql":
        prefetch_related_objects(responses, "passages")
        return responses
    for response in responses:
        response._prefetched_objects_cache = {  # type: ignore[attr-defined]
            "passages": [Passage(**row) for row in response.passage_rows]  # type: ignore[attr-defined]
        }
    return responses
