"""Migration operations for tables that are big and in use, on both databases (docs/explanation/migrations.md).

Each takes only locks that let others read and write, or does its work in pieces. Those that cannot be in a transaction
stand in a migration of their own with `atomic = False`, and may be run again after they were broken off.
On SQLite, which has one writer and no such locks, each does the plain thing or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.contrib.postgres.operations import AddConstraintNotValid as PostgresAddNotValid
from django.contrib.postgres.operations import AddIndexConcurrently as PostgresAddConcurrently
from django.contrib.postgres.operations import ValidateConstraint as PostgresValidate
from django.db import connections, models, transaction
from django.db.migrations.operations import AddConstraint, AddIndex, CreateModel
from django.db.migrations.operations.base import Operation

Editor = Any  # BaseDatabaseSchemaEditor: the stubs know neither its `collect_sql` nor what PostgreSQL's adds
Backfiller = Callable[[models.QuerySet[Any]], object]


class AddIndexConcurrently(PostgresAddConcurrently):
    """An index that is built while others write. What a broken-off attempt left is built again."""

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        if is_whole(self.index.name, schema_editor):
            return
        with patiently(schema_editor):
            schema_editor.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{self.index.name}"')
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)
            return
        with patiently(schema_editor):
            super().database_backwards(app_label, schema_editor, from_state, to_state)


def is_whole(index: str, schema_editor: Editor) -> bool:
    """Whether an earlier attempt got to its end before it was written down."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [f'"{index}"'])
        return bool(cursor.fetchone() == (True,))


@contextmanager
def patiently(schema_editor: Editor) -> Iterator[None]:
    """Without the migration's limit on locks: CONCURRENTLY waits for old transactions, and nobody waits for it."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        (before,) = cursor.fetchone()
        cursor.execute("SET lock_timeout = 0")
        try:
            yield
        finally:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [before])


class AddUniqueConcurrently(AddConstraint):
    """A unique constraint with a condition, which is an index: built while others write, as `AddIndexConcurrently`."""

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        if is_whole(self.constraint.name, schema_editor):
            return
        sql = str(self.constraint.create_sql(to_state.apps.get_model(app_label, self.model_name), schema_editor))
        with patiently(schema_editor):
            schema_editor.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{self.constraint.name}"')
            schema_editor.execute(
                sql.replace("CREATE UNIQUE INDEX", "CREATE UNIQUE INDEX CONCURRENTLY", 1), params=None
            )


class AddConstraintNotValid(PostgresAddNotValid):
    """A check that holds for every write from now on; `ValidateConstraint`, in a later migration, looks at the rest."""

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: Any, to_state: Any) -> None:
        of = PostgresAddNotValid if schema_editor.connection.vendor == "postgresql" else AddConstraint
        of.database_forwards(self, app_label, schema_editor, from_state, to_state)


class ValidateConstraint(PostgresValidate):
    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class Backfill(Operation):
    """Call `fill` with the rows of a model, some thousand at a time in the order of their ids, each in a transaction.

    `fill` must be right when it is called again for rows that it has filled already.
    """

    reversible = True
    atomic = False

    def __init__(self, model: str, fill: Backfiller, *, chunk: int = 2000) -> None:
        self.model, self.fill, self.chunk = model, fill, chunk

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.model, self.fill], {"chunk": self.chunk}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Rows are not part of the models' state."""

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: Any, to_state: Any) -> None:
        alias = schema_editor.connection.alias
        rows = to_state.apps.get_model(app_label, self.model)._base_manager.using(alias).order_by("pk")
        after: Any = None
        while some := list((rows if after is None else rows.filter(pk__gt=after)).values_list("pk")[: self.chunk]):
            first, (after,) = some[0][0], some[-1]
            with transaction.atomic(using=alias):
                self.fill(rows.filter(pk__gte=first, pk__lte=after))

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: Any, to_state: Any) -> None:
        """What was filled stays."""

    def describe(self) -> str:
        return f"Fill rows of {self.model} in pieces"


class CreateTables(Operation):
    """The first tables of a room, by the operations that makemigrations wrote for them, each made as they leave it.

    Django renders the models anew after each operation; here it does so once, which is most of the time of a first
    `migrate`.
    """

    reversible = True

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = list(operations)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.operations], {}

    @property
    def tables(self) -> list[CreateModel]:
        return [operation for operation in self.operations if isinstance(operation, CreateModel)]

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.__dict__.pop("apps", None)  # a cached property
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: Any, to_state: Any) -> None:
        for table in self.tables:
            table.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: Any, to_state: Any) -> None:
        for table in reversed(self.tables):
            table.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Create {', '.join(table.name for table in self.tables)}"


class TuneStorage(Operation):
    """PostgreSQL's storage parameters of a table, such as `fillfactor=80`; they rewrite nothing."""

    reversible = True

    def __init__(self, model: str, **parameters: float) -> None:
        self.model, self.parameters = model, parameters

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.model], dict(self.parameters)

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Where rows lie is not part of the models' state."""

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: Any, to_state: Any) -> None:
        words = ", ".join(f"{name} = {value}" for name, value in self.parameters.items())
        self.alter(f"SET ({words})", app_label, schema_editor, to_state)

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: Any, to_state: Any) -> None:
        self.alter(f"RESET ({', '.join(self.parameters)})", app_label, schema_editor, from_state)

    def alter(self, what: str, app_label: str, schema_editor: Editor, state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            table = state.apps.get_model(app_label, self.model)._meta.db_table
            schema_editor.execute(f'ALTER TABLE "{table}" {what}', params=None)

    def describe(self) -> str:
        return f"Set where and how rows of {self.model} are kept"


class CompressWithLz4(Operation):
    """New long values of these columns are compressed by lz4 instead of pglz; old ones are read as before.

    Nothing happens where PostgreSQL was built without lz4.
    """

    reversible = True

    def __init__(self, columns: Mapping[str, Sequence[str]]) -> None:
        self.columns = {model: list(fields) for model, fields in columns.items()}

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.columns], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """How values are packed is not part of the models' state."""

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: Any, to_state: Any) -> None:
        if knows_lz4(schema_editor.connection.alias):
            self.alter("lz4", app_label, schema_editor, to_state)

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: Any, to_state: Any) -> None:
        if knows_lz4(schema_editor.connection.alias):
            self.alter("default", app_label, schema_editor, from_state)

    def alter(self, method: str, app_label: str, schema_editor: Editor, state: Any) -> None:
        for name, fields in self.columns.items():
            model = state.apps.get_model(app_label, name)
            columns = [model._meta.get_field(field).column for field in fields]
            words = ", ".join(f'ALTER COLUMN "{column}" SET COMPRESSION {method}' for column in columns)
            schema_editor.execute(f'ALTER TABLE "{model._meta.db_table}" {words}', params=None)

    def describe(self) -> str:
        return f"Compress long values of {', '.join(self.columns)} with lz4"


def knows_lz4(alias: str) -> bool:
    connection = connections[alias]
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'")
        return bool(cursor.fetchone() == (True,))


class DropColumn(Operation):
    """The last step of removing a field: its column, which no running code knows any more.

    The field left the models' state in an earlier release. On SQLite a table that was rebuilt since has lost it then.
    """

    reversible = True

    def __init__(self, model: str, name: str, field: models.Field[Any, Any]) -> None:
        self.model, self.name, self.field = model, name, field

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.model, self.name, self.field], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The models lost it before."""

    def with_column(self, app_label: str, state: Any) -> type[models.Model]:
        earlier = state.clone()
        earlier.add_field(app_label, self.model.lower(), self.name, self.field, preserve_default=True)
        model: type[models.Model] = earlier.apps.get_model(app_label, self.model)
        return model

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: Any, to_state: Any) -> None:
        model = self.with_column(app_label, from_state)
        field: Any = model._meta.get_field(self.name)
        connection = schema_editor.connection
        with connection.cursor() as cursor:
            columns = {row.name for row in connection.introspection.get_table_description(cursor, model._meta.db_table)}
        if field.column in columns:
            schema_editor.remove_field(model, field)

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: Any, to_state: Any) -> None:
        field = self.with_column(app_label, to_state)._meta.get_field(self.name)
        schema_editor.add_field(to_state.apps.get_model(app_label, self.model), field)

    def describe(self) -> str:
        return f"Drop the column of {self.model}.{self.name}"


class DropTable(Operation):
    """The last step of removing a model: its table, which no running code knows any more."""

    reversible = False

    def __init__(self, table: str) -> None:
        self.table = table

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.table], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The models lost it before."""

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(f'DROP TABLE "{self.table}"', params=None)

    def describe(self) -> str:
        return f"Drop the table {self.table}"
