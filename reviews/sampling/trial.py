"""A dry run: what a run would draw if it began now, by the very code of the run, without writing anything.

It stops at MOST drawn groups or after SECONDS, and says so: a page must not wait for a draw over everything.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import OperationalError, connection, transaction

from feedback.responses.models import Response, Subject
from feedback.responses.shown import add_input_words
from reviews.queues.models import Item
from reviews.sampling.draw import Draw
from reviews.sampling.models import SamplingRuleVersion

MOST = 10_000  # groups drawn, and the population counted, no further
SECONDS = 3.0
SHOWN = 5


@dataclass
class Trial:
    """`drawn` of `population`, of them `queued` in the queue already; `first` are the first that would be drawn."""

    drawn: int = 0
    queued: int = 0
    population: int | None = None  # None: it could not be counted in time
    is_cut: bool = False
    subject_size: int = 1
    is_scheduled: bool = False
    first: list[Response] = field(default_factory=list)

    @property
    def is_population_cut(self) -> bool:
        return self.population is not None and self.population >= MOST

    @property
    def fresh(self) -> int:
        return self.drawn - self.queued

    @property
    def noun(self) -> str:
        if self.subject_size > 1:
            what = "a pair" if self.subject_size == 2 else f"{self.subject_size} responses to rank"
            return f"input{'' if self.population == 1 else 's'} with {what}"
        return "response" if self.population == 1 else "responses"


def trial(version: SamplingRuleVersion, *, is_scheduled: bool) -> Trial:
    """What a run of this version, saved or not, would draw between the bounds that it would freeze now."""
    draw = version.draw(*version.bounds(is_scheduled=is_scheduled))
    found = Trial(subject_size=draw.subject_size, is_scheduled=is_scheduled)
    until = time.monotonic() + SECONDS
    try:
        with bounded(SECONDS):
            walk(draw, version, found, until)
    except TooLong:
        found.is_cut = True
    try:
        with bounded(SECONDS):
            found.population = draw.population(MOST)
    except TooLong:
        found.population = None
    return found


def walk(draw: Draw, version: SamplingRuleVersion, found: Trial, until: float) -> None:
    first: list[int] = []
    for groups in draw.groups():
        first += [group[0] for group in groups[: SHOWN - len(first)]]
        found.drawn += len(groups)
        keys = [Subject.key_of(group) for group in groups]
        found.queued += (
            Item.objects.filter(queue=version.queue, subject__key__in=keys, earlier=None).count() if keys else 0
        )
        if found.drawn >= MOST or time.monotonic() > until:
            found.is_cut = draw.size is None or found.drawn < draw.size
            break
    by_id = Response.objects.in_bulk(first)
    found.first = [by_id[pk] for pk in first]
    add_input_words(found.first)


class TooLong(Exception):
    """A statement was stopped because it took longer than a page may wait."""


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """No statement inside takes longer, where the database can stop one; SQLite, for a first look, cannot."""
    if connection.vendor != "postgresql":
        yield
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            (before,) = cursor.fetchone()
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(round(seconds * 1000))])
            yield
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
    except OperationalError as error:
        if "statement timeout" not in str(error):
            raise
        raise TooLong from error
