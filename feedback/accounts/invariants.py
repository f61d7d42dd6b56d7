"""What must always hold between projects: I13, checked over every table by the foreign keys that the models declare."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import models
from django.db.models import F

from feedback.accounts.models import Project
from feedback.checks import Invariant


def has_project(model: type[models.Model]) -> bool:
    return any(field.name == "project" and field.related_model is Project for field in model._meta.concrete_fields)


def ways_to_project(model: type[models.Model]) -> list[str]:
    """Paths from a row to the projects it touches: its own, and that of every row it refers to."""
    own = ["project"] if has_project(model) else []
    relations = [field for field in model._meta.concrete_fields if field.is_relation and field.name != "project"]
    return own + [
        f"{field.name}__project"
        for field in relations
        if isinstance(field.related_model, type) and has_project(field.related_model)
    ]


def borders() -> Iterator[tuple[type[models.Model], str, str]]:
    """(model, path, other path) for every pair of paths from a row that must lead to one project."""
    for model in apps.get_models():
        first, *others = ways_to_project(model) or [""]
        for other in others:
            yield model, first, other


def crossings() -> list[str]:
    """A sentence for each kind of reference that leads into another project; an empty reference leads nowhere."""
    found = []
    for model, first, other in borders():
        rows = model._default_manager.filter(**{f"{first}__isnull": False, f"{other}__isnull": False})
        n_rows = rows.exclude(**{other: F(first)}).count()
        if n_rows:
            found.append(f"{n_rows} rows of {model._meta.label} refer to another project by {other.split('__')[0]}.")
    return found


INVARIANTS = [
    Invariant("I13", "No row references another project.", crossings),
]
