"""Queries of the hot path: Django writes their SQL once, and PostgreSQL plans them once, for each connection.

For one row by its key, writing the SQL anew takes Django longer than PostgreSQL needs to answer, and a statement over
several tables takes longer to plan than to run. On SQLite they run as any other query.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Model, QuerySet
from django.db.models.query import ModelIterable

M = TypeVar("M", bound=Model)


class Given(Expression):
    """A value that comes with each run: a parameter of the statement."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


class HotQuery(Generic[M]):
    """Objects of a model by values.

    `write` is given the values by name and returns the queryset. On PostgreSQL it is called once a connection, with
    placeholders that columns may be compared with. Any other value stays what it was then, so the time is `Now()`.
    """

    def __init__(self, write: Callable[..., QuerySet[M]]) -> None:
        self.write = write
        self.names = list(inspect.signature(write).parameters)
        self.written: WeakKeyDictionary[Any, Written] = WeakKeyDictionary()

    def rows(self, **values: Any) -> list[M]:
        connection = connections[DEFAULT_DB_ALIAS]
        if connection.vendor != "postgresql":
            return list(self.write(**values))
        if connection not in self.written:
            self.written[connection] = Written(self.write(**{name: Given(name) for name in self.names}))
        return list(ModelIterable(Run(self.written[connection], values)))  # type: ignore[arg-type]

    def first(self, **values: Any) -> M | None:
        return next(iter(self.rows(**values)), None)


class Written:
    """A queryset's statement, and the compiler that knows how its rows become objects."""

    def __init__(self, queryset: QuerySet[Any]) -> None:
        self.compiler: Any = queryset.query.get_compiler(using=DEFAULT_DB_ALIAS)
        self.sql, self.params = self.compiler.as_sql()
        self.converters = self.compiler.get_converters(
            [column for column, *_ in self.compiler.select[: self.compiler.col_count]]
        )


class Run:
    """One run of what is written. To Django's `ModelIterable` it is the queryset, its query and its compiler."""

    db = DEFAULT_DB_ALIAS
    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, written: Written, values: dict[str, Any]) -> None:
        self.query, self.written, self.values = self, written, values

    def get_compiler(self, using: str) -> Run:
        return self

    def execute_sql(self, **how: Any) -> list[list[Any]]:
        given = (self.values[each.name] if isinstance(each, Given) else each for each in self.written.params)
        return [fetch(self.written.sql, list(given))]

    def results_iter(self, results: list[Any]) -> Iterable[Any]:
        compiler: Any = self.written.compiler
        return compiler.apply_converters(results[0], self.written.converters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.written.compiler, name)


def fetch(sql: str, values: Any) -> list[Any]:
    """The rows of a statement that runs so often that PostgreSQL should keep its plan."""
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and not connection.queries_logged:
            # Django's own cursor writes the values into the text: a new statement each time, but one that can be read.
            cursor.cursor = psycopg.Cursor(cursor.cursor.connection)
        cursor.execute(sql, values)
        return cursor.fetchall()
