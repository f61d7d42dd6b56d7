"""Many rows in and out at once, without what that costs by default: a model's instance for each row that goes in, a
placeholder for each id that is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from django.db import connection
from django.db.models import BooleanField, F, Func, Model, QuerySet, TextField, Value
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


class Among(Func):
    """For `filter`: the column is one of these ids or names, which go along as one parameter. Taking a long list of
    placeholders apart, in Django and again in the driver, takes longer than the statement.
    """

    output_field = BooleanField()

    def __init__(self, name: str, values: Iterable[int] | Iterable[str]) -> None:
        super().__init__(F(name), Value(list(values)))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(%(expressions)s))", arg_joiner=" = ANY(", **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, values = self.get_source_expressions()
        asked = self.copy()
        asked.set_source_expressions([column, Value(json.dumps(values.value))])
        joined = {"template": "(%(expressions)s)))", "arg_joiner": " IN (SELECT value FROM json_each("}
        return asked.as_sql(compiler, connection, **joined, **context)
