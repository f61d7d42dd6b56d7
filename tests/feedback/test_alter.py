"""Operations for migrations of big tables, on the database of this run."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState

from feedback import alter
from feedback.accounts.models import Project
from feedback.responses.models import Response
from reviews.queues.models import Item, Place
from tests import make

INDEX = models.Index(fields=["k"], name="item_by_k")


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, Item._meta.db_table))


def run(operation: Any, *, backwards: bool = False, model: type[models.Model] = Item) -> None:
    """The operation by itself, outside of a transaction."""
    before = ProjectState.from_apps(apps)
    after = before.clone()
    operation.state_forwards(model._meta.app_label, after)
    with connection.schema_editor(atomic=False) as editor:
        if backwards:
            operation.database_backwards(model._meta.app_label, editor, after, before)
        else:
            operation.database_forwards(model._meta.app_label, editor, before, after)


def test_an_index_is_built_beside_the_work_and_removed_again(transactional_db: None) -> None:
    operation = alter.AddIndexConcurrently("item", INDEX)
    run(operation)
    try:
        assert "item_by_k" in indexes()
    finally:
        run(operation, backwards=True)
    assert "item_by_k" not in indexes()


def test_tables_are_made_as_the_last_operation_leaves_them_and_dropped_again(transactional_db: None) -> None:
    key = ("id", models.BigAutoField(primary_key=True))
    other = models.ForeignKey("queues.Blue", models.CASCADE)
    tables = alter.CreateTables(
        [
            migrations.CreateModel("Red", [key]),
            migrations.CreateModel("Blue", [key, ("k", models.IntegerField())]),
            migrations.AddField("Red", "blue", other),  # each names the other, as tables of a room may
            migrations.AddField("Blue", "red", models.ForeignKey("queues.Red", models.CASCADE)),
            migrations.AddConstraint("Blue", models.UniqueConstraint(fields=["k"], name="blue_k_once")),
        ]
    )
    run(tables)
    try:
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, "queues_red")
            constraints = connection.introspection.get_constraints(cursor, "queues_blue")
        assert [column.name for column in columns] == ["id", "blue_id"]
        assert constraints["blue_k_once"]["unique"]
    finally:
        run(tables, backwards=True)
    assert not {"queues_red", "queues_blue"} & set(connection.introspection.table_names())


@pytest.mark.postgres
def test_what_a_broken_off_attempt_left_is_built_again(transactional_db: None) -> None:
    operation = alter.AddIndexConcurrently("item", INDEX)
    run(operation)
    try:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'item_by_k'::regclass")
        run(operation)
        with connection.cursor() as cursor:
            cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'item_by_k'::regclass")
            assert cursor.fetchone() == (True,)
        run(operation)  # it is whole: nothing to do
    finally:
        run(operation, backwards=True)


def test_rows_are_filled_in_pieces_each_once(transactional_db: None) -> None:
    project: Project = make.project()
    ids = [make.response(project).pk for _ in range(5)]
    pieces: list[list[int]] = []
    fill = alter.Backfill("response", lambda rows: pieces.append(list(rows.values_list("pk", flat=True))), chunk=2)
    run(fill, model=Response)
    assert pieces == [ids[:2], ids[2:4], ids[4:]]


@pytest.mark.postgres
def test_places_are_vacuumed_soon_and_responses_have_room(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, reloptions FROM pg_class WHERE relname = ANY(%s)",
                       [[Place._meta.db_table, Response._meta.db_table]])  # fmt: skip
        found = dict(cursor.fetchall())
    assert "autovacuum_vacuum_scale_factor=0.02" in found["queues_place"]
    assert "fillfactor=90" in found["responses_response"]


@pytest.mark.postgres
def test_long_texts_are_compressed_with_lz4_where_the_server_can(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, attcompression FROM pg_attribute"
            " WHERE attrelid = 'responses_responsebody'::regclass AND attname IN ('output', 'messages')"
        )
        found = dict(cursor.fetchall())
    expected = "l" if alter.knows_lz4("default") else ""
    assert found == {"output": expected, "messages": expected}
