"""Assessments come in: (critic version, response) is the key, so that sending again changes nothing.

Rows are taken in chunks, one short transaction each. The same body again is `repeated`; another body under a known key
is refused for that row alone. Should two deliveries of the same rows meet, the one that lost looks again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from feedback.accounts.models import Project
from feedback.among import Among
from feedback.critics.models import Assessment, CriticVersion
from feedback.critics.names import Critics
from feedback.critics.row import Row, check_spans, read
from feedback.responses.ingest import Incoming, IngestResult, Outcome, checked, chunks, refusal
from feedback.responses.models import Response
from feedback.responses.rows import RowRefused

ATTEMPTS = 3
Key = tuple[int, int]  # critic version, response

UNKNOWN = RowRefused("unknown", "/response", "No response has this external id.")
CONFLICT = RowRefused("conflict", "", "This critic version has said something else of the response; it stays as it is.")


@dataclass(frozen=True, slots=True)
class Said:
    index: int
    row: Row
    version: CriticVersion


def assess(project: Project, rows: Iterable[dict[str, Any]]) -> IngestResult:
    """Rows as Python objects, for callers inside the house."""
    return Assessing(project).take(checked(index, row) for index, row in enumerate(rows))


class Assessing:
    """One stream of assessments on its way in. `result` is right after every chunk, also when the stream breaks."""

    def __init__(self, project: Project) -> None:
        self.project, self.critics, self.result = project, Critics(project), IngestResult()

    def take(self, incoming: Iterable[Incoming]) -> IngestResult:
        for chunk in chunks(incoming):
            self.result.add(self.take_chunk(chunk))
        return self.result

    def take_chunk(self, chunk: list[Incoming]) -> list[Outcome]:
        said: list[Said] = []
        outcomes: dict[int, Outcome] = {}
        for row in chunk:
            try:
                said.append(self.said(row))
            except RowRefused as why:
                outcomes[row.index] = refusal(row.index, why, response_of(row.value))
        outcomes |= self.stored(said)
        return [outcomes[row.index] for row in chunk]

    def said(self, incoming: Incoming) -> Said:
        if incoming.error:
            raise RowRefused(incoming.error.code, incoming.error.pointer, incoming.error.message)
        row = read(incoming.value)
        return Said(incoming.index, row, self.critics.version(row.critic))

    def stored(self, said: list[Said]) -> dict[int, Outcome]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with transaction.atomic():
                    return self.store(said)
            except IntegrityError:  # another delivery brought some of these at the same time
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def store(self, said: list[Said]) -> dict[int, Outcome]:
        texts = self.texts({one.row.response for one in said})
        known = self.known(said, texts)
        new: dict[Key, Assessment] = {}
        outcomes: dict[int, Outcome] = {}
        for one in said:
            try:
                outcomes[one.index] = self.outcome(one, texts, known, new)
            except RowRefused as why:
                outcomes[one.index] = refusal(one.index, why, one.row.response)
        Assessment.objects.bulk_create(new[key] for key in sorted(new))  # in one order: nobody waits in a circle
        return outcomes

    def outcome(
        self, one: Said, texts: dict[str, tuple[int, str]], known: dict[Key, str], new: dict[Key, Assessment]
    ) -> Outcome:
        if one.row.response not in texts:
            raise UNKNOWN
        response, text = texts[one.row.response]
        key, body_hash = (one.version.pk, response), one.row.body_hash
        if key in known:
            if known[key] != body_hash:
                raise CONFLICT
            return Outcome("repeated", response, one.row.response)
        check_spans(one.row, text)
        known[key] = body_hash
        about: dict[str, Any] = {"project": self.project, "version": one.version, "response_id": response}
        new[key] = Assessment(**about, **one.row.judgement, body_hash=body_hash)
        return Outcome("accepted", response, one.row.response)

    def texts(self, names: set[str]) -> dict[str, tuple[int, str]]:
        rows = Response.objects.filter(Among("external_id", names), project=self.project)
        return {name: (pk, text) for name, pk, text in rows.values_list("external_id", "pk", "body__output")}

    def known(self, said: list[Said], texts: dict[str, tuple[int, str]]) -> dict[Key, str]:
        rows = Assessment.objects.filter(
            Among("response_id", [pk for pk, _ in texts.values()]), version__in={one.version.pk for one in said}
        )
        return {(version, pk): body for version, pk, body in rows.values_list("version", "response", "body_hash")}


def response_of(value: Any) -> str:
    """What a row that was refused calls its response."""
    found = value.get("response") if isinstance(value, dict) else None
    return found[:200] if isinstance(found, str) else ""
