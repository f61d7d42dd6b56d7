"""Many rows in and out at once, without what that costs by default: a model's instance for each row that goes in, a
placeholder for each id that is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from django.db import connection
from django.db.models import Model, QuerySet, TextField
from django.db.models.functions import Cast

from feedback.datasets.models import VersionRow
from feedback.responses.insert import Values, copy

decode = msgspec.json.Decoder().decode


def store(model: type[Model], rows: list[Values]) -> None:
    """COPY on PostgreSQL: quoting megabytes of JSON for an INSERT takes longer than making the rows."""
    if connection.vendor == "postgresql":
        copy(model, rows)
    else:
        model._default_manager.bulk_create((model(**values) for values in rows), batch_size=500)


def stream(rows: QuerySet[Any, Any]) -> Iterator[tuple[Any, ...]]:
    """The tuples of a `values_list`, one by one, in memory that does not grow with them. PostgreSQL reads on while we
    write; to be read to the end before the next statement.
    """
    if connection.vendor != "postgresql":
        yield from rows.iterator(chunk_size=200)
        return
    statement, values = rows.query.sql_with_params()
    with connection.cursor() as cursor, connection.wrap_database_errors:
        yield from cursor.stream(statement, values, size=200)


def frozen_rows(rows: QuerySet[VersionRow]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Position and data of each."""
    for position, text in stream(rows.annotate(text=Cast("data", TextField())).values_list("position", "text")):
        yield position, decode(text)
