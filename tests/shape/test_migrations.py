"""Migrations are safe on tables that are big and in use; and the rules find what is not."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.models import Q
from django.db.models.functions import Lower, Now

from feedback import alter
from feedback.accounts.digests import new_salt
from tests.shape import migrations as rules
from tests.shape.tree import refuse

ITEM, QUEUE = "item", "queue"  # a big table and a small one
INDEX = models.Index(fields=["created_at"], name="item_by_age")
POSITIVE = models.CheckConstraint(condition=Q(k__gt=0), name="k_is_positive")
COMPUTED = models.GeneratedField(expression=Lower("stratum"), output_field=models.TextField(), db_persist=True)
ONCE = models.UniqueConstraint(fields=["queue", "run_id"], name="once")


def offences(*operations: Any, **attributes: Any) -> str:
    """Of a migration of the room of queues that would come next, in one text."""
    loader = MigrationLoader(None)
    newest = next(name for app, name in loader.graph.leaf_nodes("queues"))
    kind = type("Migration", (Migration,), {"operations": list(operations), **attributes})
    return "\n".join(rules.offences(kind("0999_next", "queues"), loader.project_state(("queues", newest))))


def test_every_migration_is_safe_on_a_big_table_in_use() -> None:
    found = [sentence for migration, state in rules.ours() for sentence in rules.offences(migration, state)]
    refuse(found, "docs/explanation/migrations.md says how:")


def test_the_rules_look_at_every_room() -> None:
    assert {migration.app_label for migration, _ in rules.ours()} >= {"accounts", "queues", "responses", "quality"}


BAD: list[tuple[Any, str]] = [
    (migrations.RemoveField(ITEM, "stratum"), "old code still asks for it"),
    (migrations.DeleteModel("front"), "old code still asks for it"),
    (migrations.RenameField(ITEM, "stratum", "layer"), "the old name"),
    (migrations.RenameModel(ITEM, "Task"), "the old name"),
    (migrations.AlterModelTable(ITEM, "tasks"), "the old name"),
    (migrations.AddField(ITEM, "note", models.TextField(default="")), "NOT NULL without db_default"),
    (migrations.AddField(QUEUE, "note", models.TextField(default="")), "NOT NULL without db_default"),
    (migrations.AddField(ITEM, "salt", models.TextField(null=True, db_default=models.F("stratum"))), "row by row"),
    (migrations.AddField(ITEM, "by", models.ForeignKey("accounts.Member", models.CASCADE, null=True)), "an index"),
    (migrations.AddField(ITEM, "code", models.TextField(null=True, unique=True)), "an index"),
    (migrations.AddField(ITEM, "low", COMPUTED), "every row"),
    (migrations.AlterField(ITEM, "k", models.CharField(max_length=9)), "another type"),
    (migrations.AlterField(ITEM, "stratum", models.CharField(max_length=9)), "another type"),
    (migrations.AlterField(ITEM, "completed_at", models.DateTimeField()), "old code writes NULL"),
    (migrations.AlterField(ITEM, "k", models.PositiveSmallIntegerField(db_column="n_places")), "the old name"),
    (migrations.AlterField(ITEM, "k", models.PositiveSmallIntegerField(db_index=True)), "built under a lock"),
    (migrations.AddIndex(ITEM, INDEX), "AddIndexConcurrently"),
    (migrations.AddConstraint(ITEM, POSITIVE), "AddConstraintNotValid"),
    (migrations.AddConstraint(QUEUE, models.CheckConstraint(condition=Q(k__gt=0), name="q")), "AddConstraintNotValid"),
    (migrations.AddConstraint(ITEM, ONCE), "concurrently"),
    (migrations.RunPython(lambda apps, editor: None), "Backfill"),
    (migrations.RunSQL("DELETE FROM queues_item"), "no rule can judge SQL"),
    (alter.DropColumn(ITEM, "old", models.TextField()), "contracts"),
    (alter.DropTable("queues_old"), "contracts"),
    (migrations.SeparateDatabaseAndState([], [migrations.RemoveField(ITEM, "k")]), "cannot insert without k"),
    (migrations.SeparateDatabaseAndState([migrations.AddIndex(ITEM, INDEX)], []), "AddIndexConcurrently"),
    (migrations.AlterUniqueTogether(ITEM, {("queue", "run_id")}), "no rule knows"),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "why"), BAD, ids=lambda value: getattr(value, "describe", lambda: "")())
def test_what_is_unsafe_is_refused_with_a_way_out(operation: Any, why: str) -> None:
    assert why in offences(operation)


def test_concurrent_work_and_backfills_stand_alone() -> None:
    concurrent, fill = alter.AddIndexConcurrently(ITEM, INDEX), alter.Backfill(ITEM, lambda rows: None)
    note = migrations.AddField(ITEM, "note", models.TextField(null=True))
    assert "atomic = False" in offences(concurrent)
    assert "atomic = False" in offences(fill)
    assert "a migration of their own" in offences(concurrent, note, atomic=False)
    assert "data and schema are two migrations" in offences(fill, note, atomic=False)
    assert "may stop halfway" in offences(note, atomic=False)


def test_contracts_names_a_migration_of_the_room() -> None:
    drop = alter.DropTable("queues_old")
    assert "no migration of this room" in offences(drop, contracts="0002_never_was")
    assert offences(drop, contracts="0001_initial") == ""


GOOD: list[Any] = [
    migrations.AddField(ITEM, "note", models.TextField(default="", db_default="")),
    migrations.AddField(ITEM, "seen_at", models.DateTimeField(db_default=Now())),
    migrations.AddField(ITEM, "by", models.ForeignKey("accounts.Member", models.CASCADE, null=True, db_index=False)),
    migrations.AddField(QUEUE, "by", models.ForeignKey("accounts.Member", models.CASCADE, null=True)),
    migrations.AddField(QUEUE, "people", models.ManyToManyField("accounts.Member")),
    migrations.AlterField(ITEM, "stratum", models.CharField(max_length=300, blank=True)),
    migrations.AlterField(ITEM, "stratum", models.TextField(blank=True)),
    migrations.AlterField(ITEM, "k", models.PositiveSmallIntegerField(null=True, help_text="How many.")),
    migrations.AddIndex(QUEUE, models.Index(fields=["name"], name="queue_by_name")),
    migrations.AddConstraint(QUEUE, models.UniqueConstraint(fields=["project", "name"], name="queue_name_once")),
    migrations.RemoveIndex(ITEM, "item_unresolved"),
    alter.AddConstraintNotValid(ITEM, POSITIVE),
    alter.TuneStorage(ITEM, fillfactor=90),
    migrations.SeparateDatabaseAndState([], [migrations.RemoveField(ITEM, "run_id")]),
]


@pytest.mark.parametrize("operation", GOOD, ids=lambda operation: operation.describe())
def test_what_is_safe_passes(operation: Any) -> None:
    assert offences(operation) == ""


def test_a_table_that_the_migration_makes_is_nobodys_yet() -> None:
    table = migrations.CreateModel(
        "Fresh", [("id", models.BigAutoField(primary_key=True)), ("k", models.IntegerField())]
    )
    of_fresh = models.CheckConstraint(condition=Q(k__gt=0), name="fresh")
    salt = models.TextField(default=new_salt, db_index=True)
    assert offences(
        table,
        migrations.AddField("fresh", "salt", salt),
        migrations.AddIndex("fresh", models.Index(fields=["k"], name="fresh_k")),
        migrations.AddConstraint("fresh", of_fresh),
        migrations.AlterField("fresh", "k", models.TextField()),
    ) == ""  # fmt: skip


def test_the_small_tables_exist() -> None:
    from django.apps import apps

    assert {model._meta.label_lower for model in apps.get_models()} >= rules.SMALL
