"""Hours and costs as a sentence and a table, from the result that a worker stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from feedback.tables import Cell, Column, Row, Table, of_count, of_number

Result = Mapping[str, Any]
FIRST = {"": "Queue", "week": "Week from", "month": "Month"}


def one(value: float | None) -> Cell:
    """One decimal, two where it is small."""
    return of_number(value, "" if value is None else f"{value:,.2f}" if value < 10 else f"{value:,.1f}")


def money(value: float | None) -> Cell:
    return of_number(value, "" if value is None else f"{value:,.2f}")


def named(row: Mapping[str, Any], by: str) -> str:
    if by not in {"week", "month"}:
        return str(row["label"])
    day = date.fromisoformat(row["key"])
    return f"{day:%B %Y}" if by == "month" else f"{day.day} {day:%B %Y}"


def table(result: Result, by: str) -> Table:
    has_cost = result["hourly_cost"] is not None
    columns = [Column("Hours", is_series=True), Column("Reviews"), Column("Minutes a review"), Column("Verdicts")]
    columns += [Column("Reviews a verdict"), Column("Minutes a verdict")]
    if has_cost:
        columns += [Column(f"Cost, {result['currency']}"), Column(f"Cost a verdict, {result['currency']}")]
    rows = [Row(named(row, by), cells(row, has_cost=has_cost), in_file=row["key"]) for row in drawn(result, by)]
    title = f"Active hours by {by or 'queue'}"
    return Table("effort", title, FIRST[by], columns, rows, chart="bars", unit=" h")


def drawn(result: Result, by: str) -> list[Mapping[str, Any]]:
    """In time from left to right; queues as they are named."""
    return list(reversed(result["rows"])) if by else list(result["rows"])


def cells(row: Mapping[str, Any], *, has_cost: bool) -> list[Cell]:
    per_verdict = row["hours_per_verdict"]
    found = [one(row["hours"]), of_count(row["reviews"]), one(row["minutes_per_review"]), of_count(row["verdicts"])]
    found += [one(row["reviews_per_verdict"]), one(None if per_verdict is None else 60 * per_verdict)]
    return [*found, money(row["cost"]), money(row["cost_per_verdict"])] if has_cost else found


def answer(result: Result) -> tuple[str, str]:
    """What the figures say in one sentence, and its tone."""
    whole = result["all"]
    if not whole["reviews"]:
        return "Nobody has reviewed in this time.", ""
    if whole["hours"] is None:
        return "No review says how long it took: these were sent by programs.", "warn"
    if not whole["verdicts"]:
        return f"{one(whole['hours']).text} hours of reviewing, and nothing settled yet.", "warn"
    said = f"A verdict takes {one(60 * whole['hours_per_verdict']).text} minutes of reviewers"
    if whole["cost_per_verdict"] is None:
        return f"{said}.", ""
    return f"{said} and costs {money(whole['cost_per_verdict']).text} {result['currency']}.", ""
