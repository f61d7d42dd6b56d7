"""Which tables belong to a project, by which path, and which of their columns stay here.

Nothing is registered by hand: every table of ours with a project is taken out, and so is every table without one whose
rows belong to such a table. A new table of any room is in the next take-out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.apps import apps
from django.db import models

from feedback.accounts.models import Project, User

OURS = ("feedback.", "reviews.")

# Secrets, or what lets somebody act: left out of every table that has a column of this name.
LEFT_OUT = frozenset(
    {
        "salt", "digest", "token", "password", "secret", "secrets", "session_key", "sealed_secret",
        "sealed_old_secret", "sealed_key", "subject_digest", "nonce", "seed",
    }
)  # fmt: skip
# Not editable, and no secret: opaque names and times. Whatever else is not editable is left out until it is listed.
KEPT = frozenset({"key", "pseudonym", "prefix"})
# What people said in confidence, for figures of groups alone.
CONFIDENTIAL = frozenset({"quality.statedattribute.value"})
# People are members of several projects: only what this project knows of them.
OF_PEOPLE = ("id", "email", "name", "key")


@dataclass(frozen=True)
class Table:
    model: type[models.Model]
    path: str  # from a row to its project, as a lookup

    @property
    def label(self) -> str:
        return self.model._meta.label_lower

    @property
    def file(self) -> str:
        return f"{self.label}.jsonl.gz"

    @cached_property
    def columns(self) -> list[str]:
        return [field.attname for field in self.model._meta.concrete_fields if is_taken(self.model, field)]

    @cached_property
    def left_out(self) -> list[str]:
        return [field.attname for field in self.model._meta.concrete_fields if not is_taken(self.model, field)]

    def rows(self, project: Project) -> models.QuerySet[Any]:
        found = self.model._default_manager.filter(**{self.path: project.pk}).order_by("pk")
        return found.distinct() if self.model is User else found


def is_taken(model: type[models.Model], field: models.Field[Any, Any]) -> bool:
    if model is User:
        return field.name in OF_PEOPLE
    if field.name in LEFT_OUT or f"{model._meta.label_lower}.{field.name}" in CONFIDENTIAL:
        return False
    is_plain = field.editable or field.primary_key or isinstance(field, models.DateField)
    return is_plain or field.name in KEPT


def tables() -> list[Table]:
    """In the order of their names. The project's own row and its people come with them."""
    found = [Table(Project, "pk"), Table(User, "members__project")]
    for model in apps.get_models():
        if model in {Project, User} or not model.__module__.startswith(OURS):
            continue
        path = path_to_project(model)
        if path is not None:
            found.append(Table(model, path))
    return sorted(found, key=lambda table: table.label)


def path_to_project(model: type[models.Model]) -> str | None:
    """The shortest way along foreign keys, such as `response__project`; None for tables that are not of projects."""
    waiting: deque[tuple[type[models.Model], str]] = deque([(model, "")])
    known = {model, User}  # through a person leads no way: they are in several projects
    while waiting:
        here, before = waiting.popleft()
        for field in foreign_keys(here):
            path = f"{before}__{field.name}".removeprefix("__")
            target = field.related_model
            if target is Project:
                return path
            if target not in known:
                known.add(target)
                waiting.append((target, path))
    return None


def foreign_keys(model: type[models.Model]) -> Iterator[Any]:
    """Required ones first; a row without an optional one would be missed."""
    found = [field for field in model._meta.concrete_fields if field.is_relation]
    yield from (field for field in found if not field.null)
    yield from (field for field in found if field.null and field.related_model is Project)
