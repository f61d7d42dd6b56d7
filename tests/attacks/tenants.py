"""Another tenant: a project with one row of everything, whose every text carries a mark that no other project has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.models import F, Value
from django.db.models.functions import Cast, Concat

from feedback.accounts.invariants import has_project
from feedback.accounts.models import Member, Project, User
from tests import make, world

MARK = "zqvictim"
# Words that programs read: changing them would change what the row is, not what it says.
MACHINE = {
    "digest", "salt", "password", "file", "form", "fingerprint", "ip", "manifest", "cursor", "scopes",
    "options", "hash", "criteria", "rule", "shares", "filter", "query", "tick", "conditions", "fails_when",
    "asked_when", "shown_order", "visible", "review_ids", "item_ids", "counts", "statistics", "split", "shape",
    "columns", "role", "state", "kind", "preferences", "data", "answers", "disputed", "draft", "refused",
    "preview", "bells", "address", "headers", "seed", "request_id", "facts", "before", "after", "verb",
    "object_type", "object_id", "actor", "api_key", "prefix", "fold", "group", "key", "slug", "sha256",
    "rows_sha256", "pair_id", "group_id", "session_key", "severity", "value", "part", "chosen", "ranking",
    "definitions", "verdict", "currency", "caller", "body", "sealed_key",
    "base_url", "remote_files", "process", "checkpoints",
}  # fmt: skip


def tables() -> list[type[models.Model]]:
    """Every table of ours and of the libraries, but for Django's own bookkeeping and the workers' signs of life."""
    left_out = {"contenttypes", "sessions", "auth", "admin", "monitoring"}
    return [model for model in apps.get_models() if model._meta.app_label not in left_out and model._meta.managed]


def texts(model: type[models.Model]) -> Iterator[models.Field[Any, Any]]:
    """The columns in which people or programs say something."""
    for field in model._meta.concrete_fields:
        is_text = isinstance(field, models.CharField | models.TextField) and not field.choices
        if is_text and not field.primary_key and field.name not in MACHINE and not field.name.endswith("_hash"):
            yield field


def rows_of(model: type[models.Model], project: Project) -> models.QuerySet[Any]:
    """The project's rows of a table and what its people have; of other tables without a project, all rows."""
    rows = model._default_manager.all()
    if model is Project:
        return rows.filter(pk=project.pk)
    if model is User:
        return rows.filter(members__project=project)
    if not has_project(model) and any(field.name == "user" for field in model._meta.concrete_fields):
        return rows.filter(user__members__project=project)
    return rows.filter(project=project) if has_project(model) else rows


@contextmanager
def unfrozen(model: type[models.Model]) -> Iterator[None]:
    """Without the triggers that keep rows as they are; the test's transaction brings them back."""
    table, is_postgres = model._meta.db_table, connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if is_postgres:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
        else:
            for trigger in ("frozen", "frozen_kept"):
                cursor.execute(f'DROP TRIGGER IF EXISTS "{table}_{trigger}"')
        yield
        if is_postgres:
            cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')


def mark(model: type[models.Model], project: Project) -> None:
    """Begin every text of the project's rows with the mark and the row's number, which keeps unique ones apart."""
    rows = rows_of(model, project)
    for field in texts(model):
        most = getattr(field, "max_length", None) or 1000
        word = Concat(Value(MARK), Cast(F("pk"), models.CharField()), output_field=models.CharField())
        if isinstance(field, models.EmailField):
            word = Concat(word, Value("@example.org"))
        elif most > 64 and not isinstance(field, models.SlugField) and not field.unique:
            word = Concat(word, Value(" "), F(field.name), output_field=models.TextField())
        with unfrozen(model):
            rows.exclude(**{field.name: ""}).update(**{field.name: word})


def mark_json(model: type[models.Model], project: Project) -> None:
    for field in model._meta.concrete_fields:
        if isinstance(field, models.JSONField) and (
            field.name not in MACHINE or model._meta.model_name == "preferencepair"
        ):
            with unfrozen(model):
                for row in rows_of(model, project):
                    changed = {field.name: marked_texts(getattr(row, field.name))}
                    model._default_manager.filter(pk=row.pk).update(**changed)


def marked_texts(value: Any) -> Any:
    """JSON with the mark before its sentences."""
    if isinstance(value, dict):
        return {key: entry if key in {"role", "type"} else marked_texts(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [marked_texts(entry) for entry in value]
    return f"{MARK} {value}" if isinstance(value, str) else value


@dataclass(frozen=True)
class Snapshot:
    """The project's rows of every table as they were: their numbers, and a hash over every column of them."""

    project: Project
    tables: dict[type[models.Model], tuple[list[Any], str]]

    @classmethod
    def of(cls, project: Project) -> Snapshot:
        found = {}
        for model in tables():
            pks = list(rows_of(model, project).values_list("pk", flat=True))
            found[model] = (pks, hash_of(model, pks))
        return cls(project, found)

    def changes(self) -> list[str]:
        """Tables in which a row was changed, went, or came to the project."""
        found = [
            f"{model._meta.label} changed" for model, (pks, was) in self.tables.items() if hash_of(model, pks) != was
        ]
        for model, (pks, _) in self.tables.items():
            if model is not Project and has_project(model):
                found += [f"{model._meta.label} grew"] if rows_of(model, self.project).count() > len(pks) else []
        return found


def hash_of(model: type[models.Model], pks: list[Any]) -> str:
    columns = [field.attname for field in model._meta.concrete_fields]
    rows = model._default_manager.filter(pk__in=pks).order_by("pk").values_list(*columns)
    return hashlib.sha256("".join(map(repr, rows)).encode()).hexdigest()


def victim() -> Member:
    """The admin of a project with one row of everything."""
    project = make.project(f"{MARK}-project", name=f"{MARK} project")
    member = make.member(project, "admin", name=f"{MARK} admin")
    world.one_of_everything(project)
    return member


def mark_all(project: Project) -> None:
    for model in tables():
        mark(model, project)
        mark_json(model, project)
