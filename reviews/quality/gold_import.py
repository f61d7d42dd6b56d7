"""Gold from elsewhere: rows of external ids and expected answers, tried out first, then made."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from feedback.accounts.models import Member
from feedback.judgements.record import criteria_of
from feedback.judgements.refusal import AnswersRefused
from feedback.responses.models import Response
from feedback.responses.subjects import sets
from feedback.rubrics.models import RANKED, Criterion
from feedback.text.canonical import CanonicalError, parse_json
from reviews.quality.gold_make import GoldRefused, make
from reviews.quality.gold_models import GoldItem
from reviews.quality.gold_training import add_item
from reviews.queues.items import ItemRefused, add_items
from reviews.queues.models import Item, Queue

MOST = 1_000  # rows in one go
Kind = Criterion.Kind


@dataclass(frozen=True)
class Row:
    """What became of one row: the item, or why not."""

    line: int
    named: str
    gold: GoldItem | None = None
    error: str = ""


class RowRefused(ValueError):
    """The row cannot be read; the message says why."""


def take(queue: Queue, text: str, by: Member, *, is_trial: bool) -> list[Row]:
    """Make each row's item gold, each in a transaction of its own; a trial takes everything back."""
    found = []
    for line, given in rows_of(queue, text):
        named = given.get("external_id", "") if isinstance(given, dict) else ""
        try:
            with transaction.atomic():
                gold = take_one(queue, given, by)
                transaction.set_rollback(is_trial)
            found.append(Row(line, str(named), gold=gold))
        except AnswersRefused as refusal:
            words = "; ".join(f"{error['pointer'].strip('/')}: {error['detail']}" for error in refusal.errors)
            found.append(Row(line, str(named), error=words.removeprefix(": ")))
        except (RowRefused, GoldRefused, ItemRefused) as refusal:
            found.append(Row(line, str(named), error=str(refusal)))
    return found


def rows_of(queue: Queue, text: str) -> Iterator[tuple[int, Any]]:
    """(line, what it says); JSON by its first sign, CSV otherwise."""
    rows: Iterator[tuple[int, Any]]
    if text.lstrip()[:1] in {"{", "["}:
        lines = enumerate(text.splitlines(), start=1)
        rows = ((number, json_row(line)) for number, line in lines if line.strip())
    else:
        rows = csv_rows(queue, text)
    for count, row in enumerate(rows):
        if count == MOST:
            yield row[0], RowRefused(f"At most {MOST:,} rows at a time; bring the rest apart.")
            return
        yield row


def json_row(line: str) -> Any:
    try:
        return parse_json(line, max_bytes=200_000)
    except (CanonicalError, ValueError) as error:
        return RowRefused(f"This line is no JSON object: {error}")


def csv_rows(queue: Queue, text: str) -> Iterator[tuple[int, Any]]:
    """A column for each criterion, several values with semicolons between (of a ranking best first, "=" between those
    that share a place; of turns "3=good"); `external_id` and `explanation`.
    """
    kinds = {row.key: row.kind for row in criteria_of(queue.rubric_version)}
    reader = csv.DictReader(io.StringIO(text))
    for row in reader:
        answers = {key: cell(kinds[key], value) for key, value in row.items() if key in kinds and (value or "").strip()}
        plain = {key: row.get(key) or "" for key in ("external_id", "explanation")}
        yield reader.line_num, {**plain, "answers": answers}


def cell(kind: str, value: str) -> Any:
    value = value.strip()
    if kind == Kind.SCALE:
        try:
            return int(value) if value.lstrip("-").isdecimal() else float(value)
        except ValueError:
            return value
    if kind == Kind.MULTI_CHOICE:
        return [part.strip() for part in value.split(";") if part.strip()]
    if kind == Kind.PER_TURN:
        pairs = (part.partition("=") for part in value.split(";") if part.strip())
        return {turn.strip(): said.strip() for turn, _, said in pairs}
    if kind in RANKED:
        return [[name.strip() for name in tier.split("=")] for tier in value.split(";")]
    if kind == Kind.SPANS:
        return [] if value.lower() in {"none", "no", "[]"} else value
    return {"outcome": value} if kind == Kind.COMPARISON else value


def take_one(queue: Queue, given: Any, by: Member) -> GoldItem:
    if isinstance(given, RowRefused):
        raise given
    if not isinstance(given, dict):
        raise RowRefused("Each line is one object.")
    item = item_of(queue, given.get("external_id"))
    why = given.get("explanation") or ""
    if not isinstance(why, str) or len(why) > 4_000:
        raise RowRefused("The explanation is a text of at most 4,000 characters.")
    answers = by_name(queue, item, given.get("answers"))
    tolerance = given.get("tolerance") or {}
    if not isinstance(tolerance, dict):
        raise RowRefused("The tolerance is an object: a number by criterion.")
    return make(item, answers, by, origin=GoldItem.Origin.IMPORT, tolerance=tolerance, why=why)


def item_of(queue: Queue, external: Any) -> Item:
    """The queue's item of the response, or of the responses that a list names; made where it is missing."""
    names = external if isinstance(external, list) else [external]
    if not names or not all(isinstance(name, str) and 0 < len(name) <= 200 for name in names):
        raise RowRefused("Name the response by its external_id, or several as a list.")
    rows = Response.objects.filter(project=queue.project_id, external_id__in=names)
    known = dict(rows.values_list("external_id", "pk"))
    missing = [name for name in names if name not in known]
    if missing:
        raise RowRefused(f"There is no response {missing[0]!r} in this project.")
    try:
        (subject,) = sets(queue.project, [[known[name] for name in names]])
    except ValueError as error:
        raise RowRefused("These responses do not answer the same input.") from error
    if queue.is_training:
        return add_item(queue.course, subject.pk)
    add_items(queue, [subject.pk])
    return queue.items.newest().select_related("queue__rubric_version", "subject").get(subject=subject)


def by_name(queue: Queue, item: Item, answers: Any) -> Any:
    """Comparisons may name the preferred response by its external id, rankings all of them."""
    if not isinstance(answers, dict):
        return answers
    ids = dict(Response.objects.filter(subject_parts__subject=item.subject_id).values_list("external_id", "pk"))
    text = json.dumps(answers)
    if not any(json.dumps(name) in text for name in ids):
        return answers
    found = dict(answers)
    for row in criteria_of(queue.rubric_version):
        given = found.get(row.key)
        if row.kind == Kind.COMPARISON and isinstance(given, dict) and given.get("preferred") in ids:
            found[row.key] = {"strength": 1, **given, "preferred": ids[given["preferred"]]}
        if row.kind == Kind.BEST_WORST and isinstance(given, dict):
            found[row.key] = {end: ids.get(one, one) if isinstance(one, str) else one for end, one in given.items()}
        if row.kind in RANKED and isinstance(given, list) and all(isinstance(tier, list) for tier in given):
            found[row.key] = [[ids.get(one, one) if isinstance(one, str) else one for one in tier] for tier in given]
    return found
