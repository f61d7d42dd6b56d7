"""Human labels from elsewhere become reviews by named sources: checked, counted and settled like any other.

A label's key is (source, external id): the same body again changes nothing, another body is refused for that row alone.
Rows are taken in chunks, one short transaction each, under the locks of their queues, so that two imports at once meet
there; should they still collide, the chunk is read again.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from feedback.accounts.digests import pseudonym
from feedback.accounts.models import Member, Project
from feedback.judgements.answers import CheckedAnswers, check_answers
from feedback.judgements.material import with_turns
from feedback.judgements.models import Review
from feedback.judgements.record import answer_rows, criteria_of, insert_rows
from feedback.judgements.refusal import AnswersRefused
from feedback.permissions import REVIEWER
from feedback.responses.ingest import Incoming, Refusal, checked, external_id_of
from feedback.responses.models import Subject
from feedback.responses.rows import RowRefused
from feedback.responses.subjects import sets
from feedback.text.hashes import digest
from reviews.imports.label import Label, References, read
from reviews.imports.models import ImportedReview
from reviews.imports.texts import Texts
from reviews.queues.filled import Filled, add_filled_many
from reviews.queues.models import Assignment, Queue

CHUNK = 250  # rows a transaction; below a second on a small machine
ATTEMPTS = 3
LISTED = 10_000  # refusals that are listed one by one; beyond, they are only counted
NAMESPACE = uuid.UUID("8a4b3c57-6c0e-4b1e-9d0c-2f1f0f6f9a11")  # of submission ids made from a label's key


@dataclass
class ImportResult:
    """How the rows fared; the three numbers add up to all rows."""

    accepted: int = 0
    repeated: int = 0
    n_refused: int = 0
    refused: list[Refusal] = field(default_factory=list)

    def refuse(self, refusal: Refusal) -> None:
        self.n_refused += 1
        if len(self.refused) < LISTED:
            self.refused.append(refusal)


@dataclass
class Turn:
    """A label on its way: what it says, what it became so far."""

    index: int
    label: Label
    body_hash: str
    queue: Queue = field(init=False)
    response_ids: list[int] = field(init=False)
    answers: CheckedAnswers = field(init=False)
    subject: Subject = field(init=False)
    reviewer: Member = field(init=False)
    round: int = field(init=False)

    @property
    def key(self) -> tuple[str, str]:
        return self.label.source, self.label.external_id


def import_labels(project: Project, rows: Iterable[dict[str, Any]], by: Member | None = None) -> ImportResult:
    """Rows as Python objects, for callers inside the house."""
    return LabelImport(project, by).take(checked(index, row) for index, row in enumerate(rows))


class LabelImport:
    """One stream of labels on its way in. `result` is right after every chunk, also when the stream then breaks."""

    def __init__(self, project: Project, by: Member | None) -> None:
        self.project, self.by = project, by
        self.result = ImportResult()

    def take(self, incoming: Iterable[Incoming]) -> ImportResult:
        rows = iter(incoming)
        while chunk := list(islice(rows, CHUNK)):
            self.take_chunk(chunk)
        return self.result

    def take_chunk(self, chunk: list[Incoming]) -> None:
        turns, refusals = [], []
        for row in chunk:
            try:
                turns.append(turn_of(row))
            except RowRefused as why:
                refusals.append(refusal(row.index, why, external_id_of(row.value)))
        accepted, repeated, more = self.stored(turns)
        self.result.accepted += accepted
        self.result.repeated += repeated
        for entry in sorted([*refusals, *more], key=lambda entry: entry.index):
            self.result.refuse(entry)

    def stored(self, turns: list[Turn]) -> tuple[int, int, list[Refusal]]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with transaction.atomic():
                    return Chunk(self.project, self.by).store(turns)
            except IntegrityError:  # another import brought some of these at the same time
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")


def turn_of(row: Incoming) -> Turn:
    if row.error:
        raise RowRefused(row.error.code, row.error.pointer, row.error.message)
    return Turn(row.index, read(row.value), digest(row.value))


def refusal(index: int, why: RowRefused, external_id: str) -> Refusal:
    return Refusal(index, why.pointer, why.reason, external_id, why.detail)


class Chunk:
    """Some labels inside one transaction."""

    def __init__(self, project: Project, by: Member | None) -> None:
        self.project, self.by = project, by
        self.refusals: list[Refusal] = []

    def store(self, turns: list[Turn]) -> tuple[int, int, list[Refusal]]:
        """How many were accepted and how many were known, and what was refused."""
        queues = self.queues({turn.label.queue for turn in turns})
        fresh, again = self.unknown(turns)
        texts = Texts(self.project, [turn.label for turn in fresh])
        ready = list(self.passing(fresh, lambda turn: self.check(turn, queues, texts)))
        self.name_subjects(ready)
        self.name_reviewers(ready)
        ready = list(self.passing(ready, self.rounds(ready)))
        self.write(ready)
        lost = {turn.key for turn in fresh} - {turn.key for turn in ready}
        self.refusals += [refusal(turn.index, TWIN, turn.label.external_id) for turn in again if turn.key in lost]
        return len(ready), sum(turn.key not in lost for turn in again), self.refusals

    def passing(self, turns: Iterable[Turn], check: Any) -> Iterator[Turn]:
        """Those that the check does not refuse."""
        for turn in turns:
            try:
                check(turn)
            except RowRefused as why:
                self.refusals.append(refusal(turn.index, why, turn.label.external_id))
            except AnswersRefused as why:
                first = why.errors[0]
                pointer = first["pointer"] if first["pointer"].startswith("/answers") else f"/answers{first['pointer']}"
                said = RowRefused("answers", pointer, first["detail"])
                self.refusals.append(refusal(turn.index, said, turn.label.external_id))
            else:
                yield turn

    def queues(self, keys: set[str]) -> dict[str, Queue]:
        """The queues by key, locked in the order of their ids: one import at a time adds to a queue."""
        rows = Queue.objects.filter(project=self.project, key__in=keys).select_related("rubric_version")
        return {queue.key: queue for queue in rows.select_for_update(of=("self",), no_key=True).order_by("pk")}

    def unknown(self, turns: list[Turn]) -> tuple[list[Turn], list[Turn]]:
        """Labels that are not stored yet, once each; and those that say only what is stored, or stands before them."""
        rows = ImportedReview.objects.filter(
            project=self.project,
            source__in={turn.label.source for turn in turns},
            external_id__in={turn.label.external_id for turn in turns},
        )
        known = {(row.source, row.external_id): row.body_hash for row in rows}
        fresh: list[Turn] = []
        again: list[Turn] = []
        for turn in turns:
            body = known.get(turn.key)
            if body is None:
                known[turn.key] = turn.body_hash
                fresh.append(turn)
            elif body == turn.body_hash:
                again.append(turn)
            else:
                self.refusals.append(refusal(turn.index, CONFLICT, turn.label.external_id))
        return fresh, again

    def check(self, turn: Turn, queues: dict[str, Queue], texts: Texts) -> None:
        label, queue = turn.label, queues.get(turn.label.queue)
        if queue is None or not queue.takes_imports:
            raise RowRefused("unknown", "/queue", f"No queue {label.queue!r} takes imports.")
        turn.queue, size = queue, queue.rubric_version.subject_size
        turn.response_ids = texts.response_ids(label)
        if len(turn.response_ids) != size:
            raise RowRefused("invalid", "/responses", f"The queue's rubric judges {size} at a time.")
        references = References(label.responses, texts.ids, texts.positions)
        criteria = criteria_of(queue.rubric_version)
        material = with_turns(texts.material(turn.response_ids), criteria)
        turn.answers = check_answers(material, criteria, references.resolve(label.answers), note=label.note)

    def name_subjects(self, turns: list[Turn]) -> None:
        for turn, subject in zip(turns, sets(self.project, [turn.response_ids for turn in turns]), strict=True):
            turn.subject = subject

    def name_reviewers(self, turns: list[Turn]) -> None:
        """Each person of a source is a member without a user, made on first sight."""
        people = {(turn.label.source, turn.label.reviewer) for turn in turns}
        known = self.people(people)
        missing = [Member(project=self.project, source=source, source_name=name, role=REVIEWER)
                   for source, name in sorted(people - known.keys())]  # fmt: skip
        for member in missing:
            member.pseudonym = pseudonym(self.project.salt, str(member.key))
        if missing:
            Member.objects.bulk_create(missing, ignore_conflicts=True)
            known = self.people(people)
        for turn in turns:
            turn.reviewer = known[turn.label.source, turn.label.reviewer]

    def people(self, names: set[tuple[str, str]]) -> dict[tuple[str, str], Member]:
        sources, people = {source for source, _ in names}, {name for _, name in names}
        rows = Member.objects.filter(project=self.project, user=None, source__in=sources, source_name__in=people)
        return {(row.source, row.source_name): row for row in rows}

    def rounds(self, turns: list[Turn]) -> Any:
        """The check that gives each turn its round: the one it names, when free, else the next of this person."""
        rows = Assignment.objects.filter(
            queue__in={turn.queue for turn in turns},
            item__subject__in={turn.subject for turn in turns},
            reviewer__in={turn.reviewer for turn in turns},
        )
        taken: defaultdict[tuple[int, int, int], set[int]] = defaultdict(set)
        for queue_id, subject_id, reviewer_id, number in rows.values_list(
            "queue_id", "item__subject_id", "reviewer_id", "round"
        ):
            taken[queue_id, subject_id, reviewer_id].add(number)

        def give(turn: Turn) -> None:
            rounds = taken[turn.queue.pk, turn.subject.pk, turn.reviewer.pk]
            turn.round = turn.label.round or max(rounds, default=0) + 1
            if turn.round in rounds:
                raise RowRefused("conflict", "/round", "This reviewer has a review of this round already.")
            rounds.add(turn.round)

        return give

    def write(self, turns: list[Turn]) -> None:
        reviews = Review.objects.bulk_create([review_of(turn) for turn in turns], batch_size=500)
        rows: list[models.Model] = []
        by_queue: defaultdict[Queue, list[Filled]] = defaultdict(list)
        for turn, review in zip(turns, reviews, strict=True):
            rows += answer_rows(review, turn.answers)
            by_queue[turn.queue].append(Filled(review, turn.round))
        insert_rows(rows)
        for queue in sorted(by_queue, key=lambda queue: queue.pk):
            add_filled_many(queue, by_queue[queue])
        ImportedReview.objects.bulk_create(
            ImportedReview(
                project=self.project,
                source=turn.label.source,
                external_id=turn.label.external_id,
                body_hash=turn.body_hash,
                review=review,
                imported_by=self.by,
            )
            for turn, review in zip(turns, reviews, strict=True)
        )


CONFLICT = RowRefused("conflict", "", "A label with this external id and another body is stored; it was not changed.")
TWIN = RowRefused("conflict", "", "The same label stands before this one, and was refused.")


def review_of(turn: Turn) -> Review:
    """The unsaved review of a turn whose queue, subject, reviewer and answers are known."""
    label = turn.label
    return Review(
        project_id=turn.queue.project_id,
        subject=turn.subject,
        rubric_version=turn.queue.rubric_version,
        reviewer=turn.reviewer,
        origin=turn.queue.key,
        round=turn.round,
        submission_id=uuid.uuid5(NAMESPACE, f"{turn.queue.project_id}\n{label.source}\n{label.external_id}"),
        digest=turn.answers.digest,
        shown_order=turn.response_ids,
        active_ms=label.active_ms,
        note=label.note,
        submitted_at=label.reviewed_at or timezone.now(),
    )
