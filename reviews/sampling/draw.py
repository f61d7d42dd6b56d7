"""What a rule draws: the same responses whenever it is asked, by any process (DESIGN §4.2, STATISTICS §4).

Every response has a uniform `draw_key`. A rate takes the keys of one interval of the circle [0, 1), shifted by the
rule's seed; a size takes the first n keys from that shift on, going round once. Both are walks along the index of draw
keys, so that their cost follows the sample. A rule for pairs or rankings draws inputs: an input's key is that of its
oldest response (smallest id), which is uniform like any other and stays the same when more answers arrive. The smallest
*key* would not be uniform: inputs with many answers would be drawn more often than their stored probability says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from feedback.accounts.models import Project
from feedback.responses.filters import drawable
from feedback.responses.models import Response
from feedback.statistics.draws import interval_bounds, offset

CHUNK = 500  # responses looked at in one transaction

Position = dict[str, Any]  # {"part": 0, "key": 0.25, "id": 7}: up to where the walk has come; {} is its beginning


class Candidate(NamedTuple):
    id: int
    draw_key: float
    input_hash: str
    model: int | None
    prompt_version: int | None
    output_hash: str

    @property
    def maker(self) -> tuple[int | None, int | None]:
        return self.model, self.prompt_version


COLUMNS = ("id", "draw_key", "input_hash", "model_id", "prompt_version_id", "output_hash")


@dataclass(frozen=True)
class Draw:
    """One rule version between frozen bounds. `lowest` and `highest` are response ids, both included."""

    project: Project
    filter: dict[str, Any]
    seed: str
    rate: float | None
    size: int | None
    subject_size: int
    lowest: int
    highest: int

    def rows(self, lowest: int) -> QuerySet[Response]:
        return drawable(self.project, self.filter).filter(pk__gte=lowest, pk__lte=self.highest)

    @property
    def parts(self) -> list[tuple[float, float]]:
        """The ranges of keys to walk, in order: those of a rate, or for a size the whole circle from the offset on."""
        start = offset(self.seed)
        if self.rate is None:
            return [(start, 1.0), (0.0, start)]
        return [(low, high) for low, high in interval_bounds(start, self.rate)]

    def population(self, most: int | None = None) -> int:
        """How many responses, or inputs with enough of them, could be drawn; counted no further than `most`."""
        rows: QuerySet[Any, Any] = self.rows(self.lowest) if self.subject_size == 1 else self.inputs()
        return rows[:most].count()

    def inputs(self) -> QuerySet[Any, Any]:
        """Inputs that hold a pair, or as many different outputs as are ranked. For a pair two makers and two outputs
        are enough: if every two answers shared one of them, all answers would share the same one.
        """
        by_input = self.rows(1).order_by().values("input_hash")
        makers = Q(models__gt=1) | Q(versions__gt=1) if self.subject_size == 2 else Q()
        return by_input.annotate(
            models=Count(Coalesce("model_id", Value(0)), distinct=True),
            versions=Count(Coalesce("prompt_version_id", Value(0)), distinct=True),
            outputs=Count("output_hash", distinct=True),
            newer=Count("id", filter=Q(id__gte=self.lowest)),
        ).filter(makers, outputs__gte=self.subject_size, newer__gt=0)

    def chunk(self, position: Position) -> tuple[list[list[int]], Position | None]:
        """Groups of response ids that become subjects, and where to go on; None when the walk is over."""
        part = position.get("part", 0)
        low, high = self.parts[part]
        # Sets are formed with answers of any age: the walk for them has no lower bound.
        rows = self.rows(self.lowest if self.subject_size == 1 else 1).filter(draw_key__gte=low, draw_key__lt=high)
        if "key" in position:
            key, pk = position["key"], position["id"]
            rows = rows.filter(Q(draw_key__gt=key) | Q(draw_key=key, id__gt=pk), draw_key__gte=key)
        found = [Candidate(*row) for row in rows.order_by("draw_key", "id").values_list(*COLUMNS)[:CHUNK]]
        if len(found) == CHUNK:
            after: Position | None = {"part": part, "key": found[-1].draw_key, "id": found[-1].id}
        else:
            after = {"part": part + 1} if part + 1 < len(self.parts) else None
        return ([[row.id] for row in found] if self.subject_size == 1 else self.sets(found)), after

    def sets(self, found: list[Candidate]) -> list[list[int]]:
        """The pair or the set to rank of each input whose oldest response is among those found."""
        answers: dict[str, list[Candidate]] = {row.input_hash: [] for row in found}
        rows = self.rows(1).filter(input_hash__in=list(answers)).order_by("draw_key", "id")
        for row in rows.values_list(*COLUMNS):
            answers[row[2]].append(Candidate(*row))
        oldest = {min(rows).id: rows for rows in answers.values()}
        drawn = [oldest[row.id] for row in found if row.id in oldest]
        fresh = [rows for rows in drawn if max(rows).id >= self.lowest]
        sets = [pair_of(rows) if self.subject_size == 2 else set_of(rows, self.subject_size) for rows in fresh]
        return [ids for ids in sets if ids]

    def groups(self) -> Iterator[list[list[int]]]:
        """The whole draw from its beginning, chunk by chunk, as a run makes it."""
        position: Position | None = {}
        left = self.size
        while position is not None and left != 0:
            groups, position = self.chunk(position)
            groups = groups[:left]
            left = None if left is None else left - len(groups)
            yield groups


def pair_of(answers: list[Candidate]) -> list[int]:
    """The first two answers, in the order of their draw keys, by different makers (model or prompt version) and with
    different outputs; empty when there are none.
    """
    distinct = {(*row.maker, row.output_hash): row for row in reversed(answers)}
    kept = sorted(distinct.values(), key=lambda row: (row.draw_key, row.id))
    for one, other in combinations(kept, 2):
        if one.maker != other.maker and one.output_hash != other.output_hash:
            return sorted([one.id, other.id])
    return []


def set_of(answers: list[Candidate], count: int) -> list[int]:
    """The first so many answers, in the order of their draw keys, with different outputs, whoever made them; empty when
    there are not enough.
    """
    first: dict[str, int] = {}
    for row in sorted(answers, key=lambda row: (row.draw_key, row.id)):
        first.setdefault(row.output_hash, row.id)
    return sorted(list(first.values())[:count]) if len(first) >= count else []


def writers() -> list[str]:
    """Transactions of this database that have written and not ended: an id they took may still become visible.

    SQLite has one writer at a time, and that is us.
    """
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid || ':' || backend_xid FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
        )
        return [row[0] for row in cursor.fetchall()]
