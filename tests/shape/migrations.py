"""What a migration may do to tables that are in use (docs/explanation/migrations.md): rules by class of operation.

Migrations are read without a database. An operation that no rule knows is refused, so that new kinds are thought about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.migrations import operations as django
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState
from django.db.models.functions import Now

from feedback import alter, frozen

OURS = ("feedback.", "reviews.")

# Tables that people fill by hand, and that stay small in the largest instance. All others count as big.
SMALL = set(
    "accounts.apikey accounts.invitation accounts.member accounts.project accounts.signinlink accounts.user "
    "datasets.dataset datasets.datasetversion datasets.export imports.labelupload moderation.bulkaction "
    "monitoring.workerbeat prompts.prompt prompts.promptversion queues.admission queues.lane queues.queue "
    "responses.languagemodel responses.price responses.responseupload responses.savedfilter rubrics.criterion "
    "rubrics.guideline rubrics.guidelineversion rubrics.rubric rubrics.rubricdraft rubrics.rubricversion "
    "sampling.samplingrule sampling.samplingruleversion takeouts.takeout".split()
)

HARMLESS = (
    django.CreateModel,
    django.AlterModelOptions,
    django.AlterModelManagers,
    django.AlterModelTableComment,
    django.RenameIndex,
    django.RemoveIndex,
    django.RemoveConstraint,
    frozen.FreezeRows,
    frozen.ThawRows,
    frozen.KeepRows,
    alter.TuneStorage,
    alter.CompressWithLz4,
    alter.AddConstraintNotValid,
    alter.ValidateConstraint,
)
ALONE = (alter.AddIndexConcurrently, alter.AddUniqueConcurrently, alter.Backfill)  # outside of a transaction
postgres = DatabaseWrapper({"OPTIONS": {}}, alias="never connected")


@dataclass(frozen=True)
class Place:
    """An operation in its migration, with the models as they are before it."""

    migration: Migration
    before: ProjectState
    created: frozenset[str]  # tables that this migration makes: nobody uses them yet

    def label(self, model: str) -> str:
        return f"{self.migration.app_label}.{model.lower()}"

    def is_new(self, model: str) -> bool:
        return self.label(model) in self.created

    def is_big(self, model: str) -> bool:
        return not self.is_new(model) and self.label(model) not in SMALL

    def field(self, model: str, name: str) -> models.Field[Any, Any]:
        return self.before.models[self.migration.app_label, model.lower()].fields[name]


def ours() -> Iterator[tuple[Migration, ProjectState]]:
    """Each of our migrations, with the state before it."""
    loader = MigrationLoader(None)
    labels = {config.label for config in apps.get_app_configs() if config.name.startswith(OURS)}
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        if app in labels:
            yield migration, loader.project_state((app, name), at_end=False)


def offences(migration: Migration, state: ProjectState) -> list[str]:
    """What is wrong with it, in sentences that say what to do instead."""
    created: set[str] = set()
    found = list(of_the_whole(migration))
    for operation, changes_database in flat(migration.operations):
        place = Place(migration, state, frozenset(created))
        sentences = judge(operation, place) if changes_database else forgotten(operation, place)
        found += [f"{migration}: {type(operation).__name__}: {sentence}" for sentence in sentences]
        if isinstance(operation, django.CreateModel):
            created.add(place.label(operation.name))
        state = state.clone()
        operation.state_forwards(migration.app_label, state)
    return found


def flat(operations: Sequence[Any]) -> Iterator[tuple[Any, bool]]:
    """Each with whether it changes the database, or what SeparateDatabaseAndState tells the models alone."""
    for operation in operations:
        if isinstance(operation, django.SeparateDatabaseAndState):
            yield from flat(operation.database_operations)
            yield from ((each, False) for each in operation.state_operations)
        elif isinstance(operation, alter.CreateTables):
            yield from flat(operation.operations)
        else:
            yield operation, True


def of_the_whole(migration: Migration) -> Iterator[str]:
    kinds = [operation for operation, changes_database in flat(migration.operations) if changes_database]
    if any(isinstance(kind, ALONE) for kind in kinds):
        if migration.atomic:
            yield f"{migration}: concurrent indexes and backfills hold no transaction open: say atomic = False."
        if not all(isinstance(kind, ALONE) for kind in kinds):
            yield f"{migration}: concurrent indexes and backfills stand in a migration of their own, without others."
        if len({type(kind) for kind in kinds}) > 1:
            yield f"{migration}: data and schema are two migrations."
    elif not migration.atomic:
        yield f"{migration}: nothing in it asks for atomic = False, and without a transaction it may stop halfway."
    named = getattr(migration, "contracts", None)
    if named is not None and (migration.app_label, named) not in MigrationLoader(None).disk_migrations:
        yield f"{migration}: contracts names {named!r}, which is no migration of this room."


def judge(operation: Any, place: Place) -> Iterator[str]:
    for kind, rule in RULES.items():
        if type(operation) is kind:
            yield from rule(operation, place)
            return
    if not isinstance(operation, (*HARMLESS, *ALONE)):
        yield "no rule knows this operation. Write one in feedback/alter.py that is safe on a big table, and a rule."


def removal(operation: Any, place: Place) -> Iterator[str]:
    yield "old code still asks for it. Take it out of the state alone, and drop it in a later release (DropColumn)."


def forgotten(operation: Any, place: Place) -> Iterator[str]:
    """The first step of a removal: new code does not know the column, and must be able to insert without it."""
    if isinstance(operation, django.RemoveField):
        field = place.field(operation.model_name, operation.name)
        if not field.null and not field.many_to_many and field.db_default is models.NOT_PROVIDED:
            yield f"new code cannot insert without {operation.name}. Make it nullable or give it a db_default first."


def dropping(operation: Any, place: Place) -> Iterator[str]:
    if getattr(place.migration, "contracts", None) is None:
        yield "say in contracts which earlier migration took it out of the models."


def renaming(operation: Any, place: Place) -> Iterator[str]:
    yield "old code asks for the old name. Add the new one, write both, fill it, and remove the old one later."


def addition(operation: Any, place: Place) -> Iterator[str]:
    field, model = operation.field, operation.model_name
    if place.is_new(model) or field.many_to_many:
        return
    if not field.null and field.db_default is models.NOT_PROVIDED:
        yield f"{operation.name} is NOT NULL without db_default: old code inserts rows without it."
    if not place.is_big(model):
        return
    if hasattr(field.db_default, "resolve_expression") and not isinstance(field.db_default, models.Value | Now):
        yield f"the default of {operation.name} is computed row by row, which writes the whole table anew."
    if field.generated:
        yield f"{operation.name} is computed for every row, which writes the whole table anew."
    if field.unique or field.db_index:
        yield f"{operation.name} brings an index that is built under a lock. Say db_index=False; AddIndexConcurrently."


def alteration(operation: Any, place: Place) -> Iterator[str]:
    if place.is_new(operation.model_name):
        return
    old, new = place.field(operation.model_name, operation.name), operation.field
    column = new.db_column or operation.name
    if (old.db_column or operation.name) != column:
        yield from renaming(operation, place)
    if old.null and not new.null and getattr(place.migration, "contracts", None) is None:
        yield "old code writes NULL, and the whole table is looked at. A validated check first, then contracts."
    if kind_of(old) != kind_of(new) and not is_longer(old, new):
        yield f"{operation.name} gets another type: every row is written anew, and old code may not read it."
    if place.is_big(operation.model_name) and (new.unique or new.db_index) and not (old.unique or old.db_index):
        yield "it brings an index that is built under a lock. Use AddIndexConcurrently."


def kind_of(field: models.Field[Any, Any]) -> str | None:
    """PostgreSQL's type; foreign keys have that of a number."""
    return "bigint" if field.is_relation else field.db_parameters(postgres)["type"]


def is_longer(old: models.Field[Any, Any], new: models.Field[Any, Any]) -> bool:
    """Text may get longer: PostgreSQL writes nothing anew for that."""
    if not isinstance(old, models.CharField) or not isinstance(new, models.CharField | models.TextField):
        return False
    return new.max_length is None or (old.max_length is not None and old.max_length <= new.max_length)


def index(operation: Any, place: Place) -> Iterator[str]:
    if place.is_big(operation.model_name):
        yield "nobody writes while it is built. Use feedback.alter.AddIndexConcurrently, in a migration of its own."


def constraint(operation: Any, place: Place) -> Iterator[str]:
    if place.is_new(operation.model_name):
        return
    if isinstance(operation.constraint, models.CheckConstraint):
        yield "it looks at every row under a lock. AddConstraintNotValid, and in a later migration ValidateConstraint."
    elif place.is_big(operation.model_name):
        yield "its index is built under a lock. A unique index concurrently, then the constraint in the state alone."


def python(operation: Any, place: Place) -> Iterator[str]:
    if operation.code is not django.RunPython.noop:
        yield "it may walk a whole table in one transaction. Use feedback.alter.Backfill, which goes in pieces."


def sql(operation: Any, place: Place) -> Iterator[str]:
    yield "no rule can judge SQL. Write an operation in feedback/alter.py that works on both databases."


RULES = {
    django.RemoveField: removal,
    django.DeleteModel: removal,
    alter.DropColumn: dropping,
    alter.DropTable: dropping,
    django.RenameField: renaming,
    django.RenameModel: renaming,
    django.AlterModelTable: renaming,
    django.AddField: addition,
    django.AlterField: alteration,
    django.AddIndex: index,
    django.AddConstraint: constraint,
    django.RunPython: python,
    django.RunSQL: sql,
}
