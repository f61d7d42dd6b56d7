"""A row and the rows that point at it, inserted together: one journey to PostgreSQL instead of one for each table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model
from django.db.models.expressions import RawSQL
from django.db.models.sql import InsertQuery

from feedback.hot import fetch


def insert_with_parts(whole: Model, parts: Sequence[Model], link: str) -> None:
    """Insert `whole`, which gets its id, and `parts` of any tables, whose foreign key `link` points at it.

    The parts get no ids. Call it in a transaction: on SQLite it takes a statement for each table.
    """
    by_table: dict[type[Model], list[Model]] = {}
    for part in parts:
        by_table.setdefault(type(part), []).append(part)
    if connection.vendor == "postgresql":
        whole.pk = in_one_statement(whole, by_table, link)
        whole._state.adding, whole._state.db = False, connection.alias
    else:
        whole.save(force_insert=True)
    for part in parts:
        setattr(part, link, whole)
    if connection.vendor != "postgresql":
        for model, rows in by_table.items():
            model._default_manager.bulk_create(rows)


def in_one_statement(whole: Model, by_table: dict[type[Model], list[Model]], link: str) -> Any:
    """Foreign keys are checked at the end of the transaction, so the order within the statement does not matter."""
    sql, params = insert_of(type(whole), [whole])
    clauses, values = [f"whole AS ({sql} RETURNING id)"], [*params]
    new_id = RawSQL("(SELECT id FROM whole)", [])
    for number, (model, rows) in enumerate(by_table.items()):
        for row in rows:
            setattr(row, f"{link}_id", new_id)
        sql, params = insert_of(model, rows)
        clauses.append(f"part_{number} AS ({sql})")
        values += params
    ((pk,),) = fetch(f"WITH {', '.join(clauses)} SELECT id FROM whole", values)  # noqa: S608 - Django wrote the parts
    return pk


def insert_of(model: type[Model], rows: list[Model]) -> tuple[str, tuple[Any, ...]]:
    """Django's own INSERT of the rows, without running it."""
    query: Any = InsertQuery(model)
    query.insert_values([field for field in model._meta.concrete_fields if not field.primary_key], rows)
    ((sql, params),) = query.get_compiler(connection=connection).as_sql()
    return sql, params
