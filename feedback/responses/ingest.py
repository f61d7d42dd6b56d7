"""Ingest: rows come in as often as a sender likes, and each response is stored once (DESIGN §4.1).

Rows are taken in chunks, each in one short transaction. The external id is the key: the same body again is `repeated`,
or `filled` when it brought parts that were missing; another body is refused for that row alone. A bad row never loses
the good ones. When the stream breaks, complete chunks are in, and sending everything again doubles nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from feedback.accounts.models import Project
from feedback.among import Among
from feedback.responses.fill import fill
from feedback.responses.insert import insert
from feedback.responses.models import IngestBatch, Response
from feedback.responses.names import Names
from feedback.responses.prepared import Prepared, prepare
from feedback.responses.rows import RowRefused, read
from feedback.text.canonical import CanonicalError, canonicalise

CHUNK_ROWS = 500
CHUNK_BYTES = 8 * 1024 * 1024
LISTED = 10_000  # refusals that are listed one by one; beyond, they are only counted

State = Literal["accepted", "repeated", "filled", "refused"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A row as it came: its 0-based index in the delivery, its canonical value or why it has none, and its size."""

    index: int
    value: Any
    error: CanonicalError | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    index: int
    pointer: str
    reason: str
    external_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class Outcome:
    state: State
    pk: int | None = None
    external_id: str = ""
    refusal: Refusal | None = None


@dataclass
class IngestResult:
    """How the rows fared; the four numbers add up to all rows."""

    accepted: int = 0
    repeated: int = 0
    filled: int = 0
    n_refused: int = 0
    refused: list[Refusal] = field(default_factory=list)

    def add(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.refusal is None:
                setattr(self, outcome.state, getattr(self, outcome.state) + 1)
                continue
            self.n_refused += 1
            if len(self.refused) < LISTED:
                self.refused.append(outcome.refusal)

    @property
    def taken(self) -> int:
        return self.accepted + self.repeated + self.filled + self.n_refused


def ingest_rows(project: Project, rows: Iterable[dict[str, Any]], *, batch: IngestBatch | None) -> IngestResult:
    """Rows as Python objects, for callers inside the house."""
    delivery = Delivery(project, batch)
    for _ in delivery.take(checked(index, row) for index, row in enumerate(rows)):
        pass
    return delivery.result


def checked(index: int, value: Any) -> Incoming:
    try:
        return Incoming(index, canonicalise(value))
    except CanonicalError as error:
        return Incoming(index, None, error)


class Delivery:
    """One stream of rows on its way in. `result` is right after every chunk, also when the stream then breaks."""

    def __init__(self, project: Project, batch: IngestBatch | None, *, strict: bool = True) -> None:
        self.project, self.batch, self.strict = project, batch, strict
        self.names = Names(project)
        self.result = IngestResult()

    def take(self, incoming: Iterable[Incoming]) -> Iterator[list[Outcome]]:
        """Stores chunk by chunk as it is iterated, and yields what became of each chunk's rows once it is committed."""
        try:
            for chunk in chunks(incoming):
                outcomes = self.take_chunk(chunk)
                self.result.add(outcomes)
                yield outcomes
        finally:
            if self.batch:
                IngestBatch.objects.filter(pk=self.batch.pk).update(finished_at=Now())

    def take_chunk(self, chunk: list[Incoming]) -> list[Outcome]:
        ready: list[Prepared] = []
        outcomes: dict[int, Outcome] = {}
        for row in chunk:
            try:
                ready.append(self.ready(row))
            except RowRefused as refused:
                outcomes[row.index] = refusal(row.index, refused, external_id_of(row.value))
        with transaction.atomic():
            outcomes |= self.store(ready)
            self.count(outcomes.values())
        return [outcomes[row.index] for row in chunk]

    def ready(self, incoming: Incoming) -> Prepared:
        if incoming.error:
            raise RowRefused(incoming.error.code, incoming.error.pointer, incoming.error.message)
        prepared = prepare(incoming.index, read(incoming.value, strict=self.strict))
        prepared.model_id = self.names.model(prepared.row)
        prepared.prompt_version_id = self.names.prompt_version(prepared.row)
        return prepared

    def store(self, ready: list[Prepared]) -> dict[int, Outcome]:
        known = self.known({row.external_id for row in ready})
        new: dict[str, Prepared] = {}
        for row in ready:
            if row.body_hash and row.external_id not in known:
                new.setdefault(row.external_id, row)
        inserted = insert(self.project, self.batch, self.names, list(new.values())) if new else {}
        known |= {external_id: (pk, new[external_id].body_hash) for external_id, pk in inserted.items()}
        if len(inserted) < len(new):  # others were first
            known |= self.known(set(new) - set(inserted))
        outcomes: dict[int, Outcome] = {}
        again: list[tuple[Prepared, int]] = []
        for row in ready:
            pk, body = known.get(row.external_id, (0, ""))
            if row.external_id in inserted and new[row.external_id] is row:
                outcomes[row.index] = Outcome("accepted", pk, row.external_id)
            elif not pk:
                outcomes[row.index] = refusal(row.index, UNKNOWN, row.external_id)
            elif row.body_hash and row.body_hash != body:
                outcomes[row.index] = refusal(row.index, CONFLICT, row.external_id, pk)
            else:
                again.append((row, pk))
        filled = fill(again, self.names) if again else set()
        for row, pk in again:
            outcomes[row.index] = Outcome("filled" if row.index in filled else "repeated", pk, row.external_id)
        return outcomes

    def known(self, external_ids: set[str]) -> dict[str, tuple[int, str]]:
        rows = Response.objects.filter(Among("external_id", external_ids), project=self.project)
        return {name: (pk, body) for name, pk, body in rows.values_list("external_id", "pk", "body_hash")}

    def count(self, outcomes: Iterable[Outcome]) -> None:
        if self.batch is None:
            return
        states = [outcome.state for outcome in outcomes]
        IngestBatch.objects.filter(pk=self.batch.pk).update(
            accepted=F("accepted") + states.count("accepted"),
            repeated=F("repeated") + states.count("repeated"),
            filled=F("filled") + states.count("filled"),
            refused=F("refused") + states.count("refused"),
        )


UNKNOWN = RowRefused("unknown", "/external_id", "No response has this external id yet; send its messages and output.")
CONFLICT = RowRefused(
    "conflict", "", "A response with this external id and another body is stored; it was not changed."
)


def refusal(index: int, why: RowRefused, external_id: str, pk: int | None = None) -> Outcome:
    return Outcome("refused", pk, external_id, Refusal(index, why.pointer, why.reason, external_id, why.detail))


def external_id_of(value: Any) -> str:
    found = value.get("external_id") if isinstance(value, dict) else None
    return found[:200] if isinstance(found, str) else ""


def chunks(incoming: Iterable[Incoming]) -> Iterator[list[Incoming]]:
    """By number and by bytes. What came before a break is still handed out."""
    chunk: list[Incoming] = []
    size = 0
    try:
        for row in incoming:
            chunk.append(row)
            size += row.size
            if len(chunk) >= CHUNK_ROWS or size >= CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
    except CanonicalError:
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk
