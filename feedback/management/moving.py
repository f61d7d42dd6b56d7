"""Every row of a SQLite database into an empty PostgreSQL one: the same ids, the same values, proved by reading back.

All in one transaction of the target, and under SQLite's write lock, so that nothing is written that is not taken along.
Foreign keys are deferred: the order of the tables does not matter. Triggers that freeze rows stop updates only, so none
is switched off.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.core.management.base import CommandError
from django.core.management.color import no_style
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections, models
from django.db.utils import DataError, IntegrityError
from psycopg.types.json import Jsonb

CHUNK = 1000
Row = tuple[Any, ...]


@dataclass
class Table:
    model: type[models.Model]
    rows: int = 0
    sha256: str = ""

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def fields(self) -> list[models.Field[Any, Any]]:
        return [field for field in self.model._meta.concrete_fields if not field.generated]

    def read(self, alias: str) -> Iterator[Row]:
        """All rows in the order of their keys, as Python values."""
        names = [field.attname for field in self.fields]
        rows = self.model._base_manager.using(alias).order_by("pk").values_list(*names)
        return iter(rows.iterator(chunk_size=CHUNK))


def tables() -> list[Table]:
    found = [
        model for model in apps.get_models(include_auto_created=True) if model._meta.managed and not model._meta.proxy
    ]
    return [Table(model) for model in sorted(found, key=lambda model: model._meta.db_table)]


class Sum:
    """A digest over rows in any order (databases sort text in their own ways): the sum of each row's SHA-256."""

    def __init__(self) -> None:
        self.total, self.rows = 0, 0

    def add(self, row: Row) -> None:
        text = json.dumps([plain(value) for value in row], cls=Encoder, sort_keys=True, ensure_ascii=False)
        self.total = (self.total + int.from_bytes(hashlib.sha256(text.encode()).digest())) % 2**256
        self.rows += 1

    @property
    def hex(self) -> str:
        return f"{self.total:064x}"


def plain(value: Any) -> Any:
    """JSON as jsonb gives it back: it knows no negative zero, and writes large floats without an exponent."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, float):
        return int(Decimal(repr(value))) if abs(value) >= 1e16 else value + 0.0
    return value


class Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        if isinstance(o, datetime):
            return o.isoformat()  # with microseconds, which the parent cuts off
        if isinstance(o, bytes | memoryview):
            return bytes(o).hex()
        return super().default(o)


def copy(table: Table, source: str, target: str, told: Callable[[str], Any]) -> None:
    """COPY the rows, checked on the way for what PostgreSQL cannot hold."""
    connection, total = connections[target], Sum()
    fields = table.fields
    limits = [limit_of(field, connection) for field in fields]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    try:
        with (
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as out,
        ):
            for row in table.read(source):
                for field, value, limit in zip(fields, row, limits, strict=True):
                    if why := limit(value):
                        raise CommandError(
                            f"{table.name} {row[0]}: {field.column} {why}. Mend the row in SQLite first."
                        )
                total.add(row)
                out.write_row([prepared(field, value, connection) for field, value in zip(fields, row, strict=True)])
                if total.rows % (50 * CHUNK) == 0:
                    told(f"  {table.name}: {total.rows:,} ...")
    except (DataError, IntegrityError) as error:
        raise CommandError(f"{table.name} after {total.rows} rows: {error}. Mend the row in SQLite first.") from error
    table.rows, table.sha256 = total.rows, total.hex


def prepared(field: models.Field[Any, Any], value: Any, connection: Any) -> Any:
    """As the driver takes it. A JSON null where no NULL may be is JSON's own."""
    if value is None and not field.null and isinstance(field, models.JSONField):
        return Jsonb(None)
    return field.get_db_prep_save(value, connection)


def limit_of(field: models.Field[Any, Any], connection: Any) -> Callable[[Any], str]:
    """What SQLite takes and PostgreSQL does not, for the values of this column; a sentence when one is such."""
    if isinstance(field, models.JSONField):
        return lambda value: "has a NUL character, which no text of PostgreSQL can hold" if has_nul(value) else ""
    if isinstance(field, models.CharField | models.TextField):
        return lambda value: of_text(value, field.max_length if isinstance(field, models.CharField) else None)
    low, high = connection.ops.integer_field_range(field.get_internal_type()) if is_integer(field) else (None, None)
    if high is None:
        return lambda value: ""
    return lambda value: "" if value is None or low <= value <= high else f"is {value}, outside of {low} to {high}"


def is_integer(field: models.Field[Any, Any]) -> bool:
    return isinstance(field, models.IntegerField)


def of_text(value: str | None, longest: int | None) -> str:
    if value is None:
        return ""
    if "\x00" in value:
        return "has a NUL character, which no text of PostgreSQL can hold"
    return f"has {len(value)} characters instead of {longest} at most" if longest and len(value) > longest else ""


def has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(has_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(map(has_nul, value))


def read_back(table: Table, target: str) -> None:
    """What the target holds now, row by row, against what was read from the source."""
    found = Sum()
    for row in table.read(target):
        found.add(row)
    if (found.rows, found.hex) != (table.rows, table.sha256):
        raise CommandError(
            f"{table.name} arrived with {found.rows} rows of {table.rows} and digest {found.hex[:12]}… instead of "
            f"{table.sha256[:12]}…. Nothing was moved."
        )


def reset_sequences(found: list[Table], source: str, target: str) -> None:
    """Ids go on after the highest that was ever given, so that none of a deleted row comes back."""
    with connections[source].cursor() as old, connections[target].cursor() as new:
        for statement in connections[target].ops.sequence_reset_sql(no_style(), [table.model for table in found]):
            new.execute(statement)
        old.execute("SELECT name, seq FROM sqlite_sequence")
        given = dict(old.fetchall())
        for table in found:
            key = table.model._meta.pk
            if given.get(table.name) and isinstance(key, models.AutoField | models.BigAutoField):
                new.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)",
                            [f'"{table.name}"', key.column, given[table.name]])  # fmt: skip
