"""Looking for many rows at once by their ids or names."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.db.models import BooleanField, F, Func, Value


def array(values: Iterable[int] | Iterable[str]) -> str:
    """PostgreSQL's literal of these, its type left to the column. The driver would quote each value by itself.

    https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
    """
    return "{" + ",".join(quoted(value) if isinstance(value, str) else str(value) for value in values) + "}"


def quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class Among(Func):
    """For `filter`: the column is one of these ids or names, which go along as one parameter. Taking a long list of
    placeholders apart, in Django and again in the driver, takes longer than the statement.
    """

    output_field = BooleanField()

    def __init__(self, name: str, values: Iterable[int] | Iterable[str]) -> None:
        super().__init__(F(name), Value(list(values)))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, values = self.get_source_expressions()
        asked = self.copy()
        asked.set_source_expressions([column, Value(array(values.value))])
        return asked.as_sql(compiler, connection, template="(%(expressions)s))", arg_joiner=" = ANY(", **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, values = self.get_source_expressions()
        asked = self.copy()
        asked.set_source_expressions([column, Value(json.dumps(values.value))])
        joined = {"template": "(%(expressions)s)))", "arg_joiner": " IN (SELECT value FROM json_each("}
        return asked.as_sql(compiler, connection, **joined, **context)
