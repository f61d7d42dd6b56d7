"""New responses go in: COPY on PostgreSQL, bulk inserts on SQLite, each external id once whatever the race.

On PostgreSQL ids are taken from the sequence first, so that the rows of all tables can be copied without asking back. A
sender who loses a race has the copy undone to its savepoint and inserts again, row by row of the same statement, ON
CONFLICT DO NOTHING. On SQLite the transaction holds the write lock since before it looked: there is no race to lose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from feedback.accounts.models import Project
from feedback.responses.models import ChangedDay, IngestBatch, Passage, Response, ResponseBody, UserFeedback
from feedback.responses.names import Names
from feedback.responses.prepared import Prepared, parts
from feedback.text.hashes import draw_key, sha256_text

Values = dict[str, Any]  # attribute name -> value

_encode = msgspec.json.Encoder().encode


def insert(project: Project, batch: IngestBatch | None, names: Names, new: Sequence[Prepared]) -> dict[str, int]:
    """Store whole rows with distinct external ids; the ids of those that went in, by external id."""
    now = timezone.now()
    ordered = sorted(new, key=lambda row: row.external_id)  # the same order everywhere: nobody waits in a circle
    responses = [response_values(project, batch, names, row, now) for row in ordered]
    ChangedDay.mark(project.pk, (values["responded_at"] for values in responses))
    if connection.vendor == "postgresql":
        return _copied(ordered, responses)
    made = Response.objects.bulk_create(Response(**values) for values in responses)
    ids = {response.external_id: response.pk for response in made}
    _add_parts(ordered, ids, project.pk)
    return ids


def _copied(rows: list[Prepared], responses: list[Values]) -> dict[str, int]:
    for values, pk in zip(responses, _new_ids(len(responses)), strict=True):
        values["id"] = pk
    ids = {values["external_id"]: values["id"] for values in responses}
    project = responses[0]["project_id"]
    some = [(row, ids[row.external_id]) for row in rows]
    try:
        with transaction.atomic():
            copy(Response, responses)
            copy(ResponseBody, [body_values(row, pk) for row, pk in some])
            copy(Passage, [values for row, pk in some for values in passage_values(project, row, pk)])
            copy(UserFeedback, [values for row, pk in some for values in feedback_values(project, row, pk)])
    except IntegrityError:
        Response.objects.bulk_create((Response(**values) for values in responses), ignore_conflicts=True)
        mine = set(Response.objects.filter(pk__in=ids.values()).values_list("pk", flat=True))
        ids = {external_id: pk for external_id, pk in ids.items() if pk in mine}
        _add_parts([row for row in rows if row.external_id in ids], ids, project)
    return ids


def _add_parts(rows: list[Prepared], ids: dict[str, int], project: int) -> None:
    some = [(row, ids[row.external_id]) for row in rows]
    ResponseBody.objects.bulk_create(ResponseBody(**body_values(row, pk)) for row, pk in some)
    add_passages(values for row, pk in some for values in passage_values(project, row, pk))
    add_feedback(values for row, pk in some for values in feedback_values(project, row, pk))


def add_passages(values: Iterable[Values]) -> None:
    Passage.objects.bulk_create(Passage(**each) for each in values)


def add_feedback(values: Iterable[Values]) -> None:
    UserFeedback.objects.bulk_create(UserFeedback(**each) for each in values)


def _new_ids(count: int) -> list[int]:
    """Ids from the sequence. `nextval` alone gives a transaction no id of its own: it would hold an id that sampling
    cannot see it hold (`reviews/sampling/draw.py`, `writers`).
    """
    table = Response._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH writer AS MATERIALIZED (SELECT pg_current_xact_id())"
            " SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM writer, generate_series(1, %s)",
            [table, count],
        )
        return [pk for (pk,) in cursor.fetchall()]


def copy(model: type[models.Model], values: list[Values]) -> None:
    """COPY rows into the model's table; every row has the same keys, and what it leaves out has a database default."""
    if not values:
        return
    fields = {field.attname: field for field in model._meta.concrete_fields}
    columns = ", ".join(f'"{fields[name].column}"' for name in values[0])
    statement = f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'
    is_json = [isinstance(fields[name], models.JSONField) for name in values[0]]
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as out:
        for row in values:
            out.write_row(
                [
                    _encode(value).decode() if json and value is not None else value
                    for json, value in zip(is_json, row.values(), strict=True)
                ]
            )


def response_values(
    project: Project, batch: IngestBatch | None, names: Names, prepared: Prepared, now: datetime
) -> Values:
    row, given = prepared.row, parts(prepared.row)
    at = row.responded_at or now
    cost = given.get("cost")
    if cost is None:
        tokens = (given.get("input_tokens"), given.get("output_tokens"), given.get("cached_tokens"))
        cost = names.cost(prepared.model_id, at, tokens)
    return {
        "project_id": project.pk,
        "external_id": prepared.external_id,
        "batch_id": batch.pk if batch else None,
        "prompt_version_id": prepared.prompt_version_id,
        "model_id": prepared.model_id,
        **(prepared.hashes or {}),
        "draw_key": draw_key(project.salt, prepared.external_id),
        "conversation_id": given.get("conversation_id", ""),
        "trace_id": given.get("trace_id", ""),
        "span_id": given.get("span_id", ""),
        "subject_key": given.get("subject_key", ""),
        "origin": row.origin or "production",
        "environment": given.get("environment", ""),
        "segment": given.get("segment", ""),
        "licence": given.get("licence", ""),
        "consent": row.consent,
        "tags": given.get("tags", []),
        "input_tokens": given.get("input_tokens"),
        "output_tokens": given.get("output_tokens"),
        "cached_tokens": given.get("cached_tokens"),
        "reasoning_tokens": given.get("reasoning_tokens"),
        "cost": cost,
        "cost_is_given": row.cost is not None,
        "latency_ms": given.get("latency_ms"),
        "responded_at": at,
        "created_at": now,
        "is_queued": False,
        "has_feedback": bool(row.feedback),
        "verdict": "",
    }


def body_values(prepared: Prepared, response_id: int) -> Values:
    row = prepared.row
    return {
        "response_id": response_id,
        "messages": prepared.messages,
        "tools": row.tools or [],
        "variables": row.variables,
        "input_key": row.input_key or "",
        "output": prepared.output,
        "tool_calls": prepared.tool_calls or [],
        "parameters": row.parameters or {},
        "metadata": row.metadata or {},
    }


def passage_values(project_id: int, prepared: Prepared, response_id: int) -> list[Values]:
    return [
        {
            "project_id": project_id,
            "response_id": response_id,
            "position": position,
            "external_id": part.id or "",
            "title": part.title or "",
            "text": part.text,
            "text_hash": sha256_text(part.text),
            "url": part.url or "",
            "store": part.store or "",
            "score": part.score,
        }
        for position, part in enumerate(prepared.row.passages or [])
    ]


def feedback_values(project_id: int, prepared: Prepared, response_id: int) -> list[Values]:
    return [
        {
            "project_id": project_id,
            "response_id": response_id,
            "kind": part.kind,
            "score": part.score,
            "comment": part.comment or "",
            "at": part.at,
        }
        for part in prepared.row.feedback or []
    ]
