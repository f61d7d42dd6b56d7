"""Rows that others build on never change: a trigger refuses it, on both databases.

`FreezeRows` is a migration operation. A refused write raises IntegrityError, whatever code tried it. SQLite drops a
table's triggers when a later migration rebuilds the table, so such a migration must freeze again; a test compares the
triggers that exist with those that the migrations promise.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

FUNCTION = """
CREATE OR REPLACE FUNCTION touchstone_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'frozen: % rows are never changed', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


class FreezeRows(Operation):
    """Refuse updates of a table's rows, and their deletion too when `deletion` is set.

    `except_fields` stay writable (facts stamped later). `when` is a condition on OLD in SQL that both databases read,
    for rows that freeze only at some point, such as `OLD.frozen_at IS NOT NULL`.

    `erased` is the one way in which a frozen row changes later: `erased_at` is set, once, and in the same statement
    each of these columns takes the value named here, in SQL that both databases read ("" is any value). Nothing else
    may change with it, and none of them alone.
    """

    reversible = True

    def __init__(
        self,
        model: str,
        *,
        except_fields: Sequence[str] = (),
        when: str = "",
        deletion: bool = False,
        erased: Mapping[str, str] | None = None,
    ) -> None:
        self.model, self.except_fields, self.when, self.deletion = model, tuple(except_fields), when, deletion
        self.erased = dict(erased or {})

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        kept = {"except_fields": self.except_fields, "when": self.when, "deletion": self.deletion}
        return type(self).__name__, [self.model], {**kept, "erased": self.erased}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Triggers are not part of the models' state."""

    def trigger(self, app_label: str, state: Any) -> tuple[str, str, str]:
        """Table, trigger name and the condition under which an update is refused."""
        model = state.apps.get_model(app_label, self.model)
        columns = {f.name: f.column for f in model._meta.concrete_fields if f.name not in self.except_fields}
        if self.erased:
            emptied = {columns.pop(name): value for name, value in self.erased.items()}
            condition = f"{self.changed(columns.pop('erased_at'), *emptied)} AND NOT ({self.erasing(emptied)})"
            condition = f"({self.changed(*columns.values())} OR {condition})"
        else:
            condition = self.changed(*columns.values())
        condition += f" AND ({self.when})" if self.when else ""
        return model._meta.db_table, f"{model._meta.db_table}_frozen", condition

    def changed(self, *columns: str) -> str:
        distinct = "IS DISTINCT FROM" if self.vendor == "postgresql" else "IS NOT"
        return "(" + " OR ".join(f'OLD."{column}" {distinct} NEW."{column}"' for column in columns) + ")"

    def erasing(self, emptied: Mapping[str, str]) -> str:
        same = "IS NOT DISTINCT FROM" if self.vendor == "postgresql" else "IS"
        values = "".join(f' AND NEW."{column}" {same} {value}' for column, value in emptied.items() if value)
        return f'OLD."erased_at" IS NULL AND NEW."erased_at" IS NOT NULL{values}'

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        self.vendor = schema_editor.connection.vendor
        table, name, condition = self.trigger(app_label, to_state)
        if self.vendor == "sqlite":
            schema_editor.execute(
                f'CREATE TRIGGER "{name}" BEFORE UPDATE ON "{table}" WHEN {condition} '
                f"BEGIN SELECT RAISE(ABORT, 'frozen: {table} rows are never changed'); END",
                params=None,
            )
            if self.deletion:
                keep_rows(schema_editor, table)
            return
        schema_editor.execute(FUNCTION, params=None)
        schema_editor.execute(
            f'CREATE TRIGGER "{name}" BEFORE UPDATE ON "{table}" FOR EACH ROW WHEN ({condition}) '
            "EXECUTE FUNCTION touchstone_frozen()",
            params=None,
        )
        if self.deletion:
            schema_editor.execute(
                f'CREATE TRIGGER "{name}_kept" BEFORE DELETE ON "{table}" FOR EACH ROW '
                "EXECUTE FUNCTION touchstone_frozen()",
                params=None,
            )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        self.vendor = schema_editor.connection.vendor
        table, name, _ = self.trigger(app_label, from_state)
        on_table = "" if self.vendor == "sqlite" else f' ON "{table}"'
        schema_editor.execute(f'DROP TRIGGER IF EXISTS "{name}"{on_table}', params=None)
        if self.deletion:
            schema_editor.execute(f'DROP TRIGGER IF EXISTS "{name}_kept"{on_table}', params=None)

    def describe(self) -> str:
        return f"Refuse changes to the rows of {self.model}"


def keep_rows(schema_editor: BaseDatabaseSchemaEditor, table: str) -> None:
    """Refuse deletion on SQLite."""
    schema_editor.execute(
        f'CREATE TRIGGER IF NOT EXISTS "{table}_frozen_kept" BEFORE DELETE ON "{table}" '
        f"BEGIN SELECT RAISE(ABORT, 'frozen: {table} rows are never deleted'); END",
        params=None,
    )


class KeepRows(Operation):
    """For tables that were frozen with `deletion` when SQLite did not refuse it yet."""

    reversible = True

    def __init__(self, model: str) -> None:
        self.model = model

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Triggers are not part of the models' state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor == "sqlite":
            keep_rows(schema_editor, to_state.apps.get_model(app_label, self.model)._meta.db_table)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """It stays: the release before it deletes none of these rows either."""

    def describe(self) -> str:
        return f"Refuse deletion of the rows of {self.model} on SQLite too"


class ThawRows(FreezeRows):
    """Before a migration alters a frozen table; `FreezeRows` at its end freezes it again, with the new columns."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        super().database_backwards(app_label, schema_editor, to_state, from_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        super().database_forwards(app_label, schema_editor, to_state, from_state)

    def describe(self) -> str:
        return f"Allow changes to the rows of {self.model} during this migration"
