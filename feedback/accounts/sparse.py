"""`?fields=a,b`: a list sends the fields that were asked for, and reads nothing else from the database."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

PARAMETER = "fields"


@dataclass(frozen=True)
class Reads:
    """What a field is made of: columns, of joined rows too, and rows of other tables, one more statement each."""

    columns: tuple[str, ...] = ()
    rows: tuple[str | Prefetch[Any], ...] = ()


class SparseSerializer(serializers.Serializer[Any]):
    """`reads` says what a field is made of where its source does not: methods, and serializers of several columns."""

    reads: ClassVar[Mapping[str, Reads]] = {}

    def get_fields(self) -> dict[str, Any]:
        fields, wanted = super().get_fields(), self.context.get(PARAMETER)
        return {name: field for name, field in fields.items() if wanted is None or name in wanted}


@functools.cache
def known(serializer: type[SparseSerializer]) -> Mapping[str, Reads]:
    """What each field reads, in the order in which fields are sent."""
    fields = serializer().fields.items()
    own = {name: Reads(((field.source or name).replace(".", "__"),)) for name, field in fields}
    return {name: serializer.reads.get(name, reads) for name, reads in own.items()}


def wanted(serializer: type[SparseSerializer], given: str | None) -> frozenset[str]:
    """The names in the parameter, all of them without one; ValidationError tells which there are."""
    names = known(serializer)
    if given is None:
        return frozenset(names)
    if unknown := [name for name in given.split(",") if name not in names]:
        detail = f"There is no field {unknown[0][:100]!r}. The fields are: {', '.join(names)}."
        raise ValidationError({PARAMETER: [detail]})
    return frozenset(given.split(","))


def narrowed(
    rows: QuerySet[Any], serializer: type[SparseSerializer], names: Collection[str], *keys: str
) -> QuerySet[Any]:
    """The rows with what these fields read; `keys` are read too, since the pages go by them.

    Rows found through another's (`project.reviews`) would each ask for that one's id: begin at the model's own manager.
    """
    read = [reads for name, reads in known(serializer).items() if name in names]
    columns = {*keys, *(column for reads in read for column in reads.columns)}
    joins = {column.rpartition("__")[0] for column in columns if "__" in column}
    if joins:
        rows = rows.select_related(*joins)
    return rows.only("pk", *columns).prefetch_related(*(row for reads in read for row in reads.rows))
