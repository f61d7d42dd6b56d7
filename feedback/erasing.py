"""Erasing a person: what each room forgets when an end user is erased (feedback/erasures), in chunks.

A room's `erasure.py` lists its `PARTS`, found by that name. A part knows which of its rows still hold something, so
that it may be asked again and again, and is done when there are none. Frozen rows let themselves be erased by one
statement and no other (feedback/frozen.py): `ERASED` of their model says what takes the place of what was there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.apps import apps
from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat, Now
from django.utils.module_loading import module_has_submodule

CHUNK = 500  # rows a step, well under a second


def name_of(pk: str = "pk") -> Concat:
    """`erased-<id>`: unique where a name has to be, and says nothing."""
    return Concat(Value("erased-"), Cast(pk, CharField()))


@dataclass(frozen=True)
class Scope:
    """Whose traces go: the responses that are theirs, and the key by which the application names them."""

    project_id: int
    key: str
    responses: QuerySet[Any]

    def names(self) -> list[str]:
        """The application's ids of the responses, and its key of the person, as they stand in free text."""
        return [self.key, *self.responses.filter(erased_at=None).values_list("external_id", flat=True)]


@dataclass(frozen=True)
class Part:
    """Rows of one kind. `rows` are those that still hold something; `erase` empties or deletes the given ones.

    `is_last`: the texts themselves, by whose names the other parts find what is theirs, and copies of everything.
    `reads_files`: `rows` looks into files, so it is asked before a transaction and not in it.
    """

    words: str  # what is counted: "marked stretches of text"
    rows: Callable[[Scope], QuerySet[Any]]
    erase: Callable[[QuerySet[Any]], object]
    chunk: int = CHUNK
    is_last: bool = False
    is_counted: bool = True
    reads_files: bool = False

    def next(self, scope: Scope) -> QuerySet[Any] | None:
        """The next rows, by their ids; None when none holds anything."""
        rows = self.rows(scope)
        ids = list(dict.fromkeys(rows.order_by().values_list("pk", flat=True)[: self.chunk]))
        return rows.model._default_manager.filter(pk__in=ids) if ids else None


def emptied(rows: QuerySet[Any]) -> int:
    """Erase frozen rows: each gets the time, and what its model names in place of its texts."""
    values: dict[str, Any] = rows.model.ERASED
    return rows.filter(erased_at__isnull=True).update(erased_at=Now(), **values)


def parts() -> Iterator[Part]:
    """Of every room, from the top floor down; source texts last."""
    found: list[Part] = []
    for config in reversed(list(apps.get_app_configs())):
        if config.module is not None and module_has_submodule(config.module, "erasure"):
            found += import_module(f"{config.name}.erasure").PARTS
    yield from sorted(found, key=lambda part: part.is_last)
