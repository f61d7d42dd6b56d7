"""Responses by the thousand and by the million: raw COPY of ready columns, more of the same by SQL, and out again."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction

from bench.measured import rows
from feedback.accounts.models import Project
from feedback.responses import insert as inserting
from feedback.responses.models import Passage, Response, ResponseBody
from feedback.responses.names import Names
from feedback.responses.prepared import Prepared, prepare
from feedback.responses.rows import read

Chunk = list[tuple[str, bytes]]  # COPY statements and their data, one transaction
CHUNK = 500  # rows
POOL = 1_000  # rows that are made one by one; all others are like them
FULL: tuple[type[models.Model], ...] = (Response, ResponseBody, Passage)
THIN: tuple[type[models.Model], ...] = (Response,)
# What differs from row to row where rows are multiplied; everything else is as in one of the pool.
OWN = {
    "external_id": "'bench-' || substr(mark, 1, 16)",
    "input_hash": "mark || mark",
    "trace_id": "substr(mark, 17, 16)",
    "draw_key": "(hashint8extended(i, %(project)s) & 1073741823) / 1073741824.0::float8",
    "responded_at": "now() - interval '1 second' * (%(n)s - i)",
}


def prepared(project: Project, made: list[dict[str, Any]]) -> list[Prepared]:
    names = Names(project)
    ready = [prepare(number, read(row)) for number, row in enumerate(made)]
    for row in ready:
        row.model_id, row.prompt_version_id = names.model(row.row), names.prompt_version(row.row)
    return ready


def columns(project: Project, ready: list[Prepared]) -> list[Chunk]:
    """All that the database has to be told: the floor of the schema and its indexes is to COPY it."""
    names, chunks = Names(project), []
    for start in range(0, len(ready), CHUNK):
        some = sorted(ready[start : start + CHUNK], key=lambda row: row.external_id)
        responses = [inserting.response_values(project, None, names, row, row.row.responded_at) for row in some]  # type: ignore[arg-type]
        for each, pk in zip(responses, inserting._new_ids(len(some)), strict=True):
            each["id"] = pk
        both = [(row, each["id"]) for row, each in zip(some, responses, strict=True)]
        bodies = [inserting.body_values(row, pk) for row, pk in both]
        passages = [values for row, pk in both for values in inserting.passage_values(project.pk, row, pk)]
        tables = zip(FULL, (responses, bodies, passages), strict=True)
        chunks.append([(statement(model, values), text_of(values)) for model, values in tables])
    return chunks


def copy(chunks: list[Chunk]) -> None:
    for chunk in chunks:
        with transaction.atomic(), connection.cursor() as cursor:
            for sql, text in chunk:
                with cursor.copy(sql) as out:
                    out.write(text)


def statement(model: type[models.Model], values: list[dict[str, Any]]) -> str:
    columns = {field.attname: field.column for field in model._meta.concrete_fields}
    names = ", ".join(f'"{columns[name]}"' for name in values[0])
    return f'COPY "{model._meta.db_table}" ({names}) FROM STDIN'


def text_of(values: list[dict[str, Any]]) -> bytes:
    """The rows in COPY's text format."""
    return ("\n".join("\t".join(map(cell, row.values())) for row in values) + "\n").encode()


def cell(value: Any) -> str:
    if value is None:
        return "\\N"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def fill(project: Project, n: int, tables: tuple[type[models.Model], ...] = FULL) -> None:
    """n responses, all but the first few by SQL, in a minute or two for a million; `THIN` ones have no texts."""
    begun, pool, names = time.monotonic(), min(n, POOL), [model._meta.db_table for model in tables]
    copy(columns(project, prepared(project, rows.made(pool, seed=project.pk))))
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM responses_response WHERE project_id = %s", [project.pk])
        first, last = cursor.fetchone()
        values = {"project": project.pk, "n": n, "first": first, "last": last, "pool": pool}
        with transaction.atomic(), indexes_later(*names, even_unique=True):
            cursor.execute("SET LOCAL session_replication_role = replica")  # references are right by the statements
            for model in tables:
                cursor.execute(multiplied(model), values)
            top = "SELECT setval(pg_get_serial_sequence('responses_response', 'id'), max(id)) FROM responses_response"
            cursor.execute(top)
        cursor.execute(f"VACUUM ANALYZE {', '.join(names)}")
    print(f"{n:,} responses made in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


def multiplied(model: type[models.Model]) -> str:
    """The statement that makes the rows of one table after those of the pool."""
    link = "id" if model is Response else "response_id"
    own = OWN if model is Response else {}
    names = [str(f.column) for f in model._meta.concrete_fields if f.column == link or not f.primary_key]
    values = [own.get(name, f'of."{name}"') if name != link else "%(last)s + i" for name in names]
    return f"""INSERT INTO {model._meta.db_table} ({", ".join(f'"{name}"' for name in names)})
        SELECT {", ".join(values)}
        FROM (SELECT i, md5(%(project)s || '-' || i) AS mark FROM generate_series(1, %(n)s - %(pool)s) i) AS new
        JOIN {model._meta.db_table} of ON of.{link} = %(first)s + i %% %(pool)s"""


@contextmanager
def indexes_later(*tables: str, even_unique: bool = False) -> Iterator[None]:
    """Inside a transaction: build the tables' indexes after what the block puts in; those of constraints stay."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(%s)"
            " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)"
            " AND (%s OR indexdef NOT LIKE 'CREATE UNIQUE%%')",
            [list(tables), even_unique],
        )
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, definition in found:
            cursor.execute(definition)


def newest(project: Project) -> int:
    """The id after which `remove` takes away."""
    return project.responses.order_by("-pk").values_list("pk", flat=True).first() or 0


def remove(project: Project, after: int = 0) -> None:
    """The project's responses that came in after that one, without a trace in tables and indexes."""
    with connection.cursor() as cursor:
        some = "SELECT id FROM responses_response WHERE project_id = %s AND id > %s"
        for table in ("responses_passage", "responses_responsebody"):
            cursor.execute(f"DELETE FROM {table} WHERE response_id IN ({some})", [project.pk, after])
        cursor.execute("DELETE FROM responses_response WHERE project_id = %s AND id > %s", [project.pk, after])
        tables = "responses_passage, responses_responsebody, responses_response"
        cursor.execute(f"VACUUM (ANALYZE, INDEX_CLEANUP ON) {tables}")
        cursor.execute("CHECKPOINT")
