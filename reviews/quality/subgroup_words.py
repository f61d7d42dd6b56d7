"""Votes by group as a sentence and tables, from the result that a worker stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from feedback.tables import Cell, Column, Row, Table, of_count
from reviews.quality.accord import of_alpha

Result = Mapping[str, Any]


def percent(share: float) -> str:
    return f"{100 * share:.0f}"


def of_share(share: Mapping[str, float]) -> Cell:
    value, low, high = (share[name] for name in ("value", "low", "high"))
    doubt = f"{percent(low)} to {percent(high)}"
    return Cell(f"{percent(value)} %", 100 * value, 100 * low, 100 * high, doubt)


def tables(result: Result) -> list[Table]:
    """One for each question."""
    found = []
    for number, (_, group) in enumerate(groupby(result["rows"], key=lambda row: (row["key"], row["kind"]))):
        found.append(table(f"votes-{number}", result["attribute"], list(group)))
    return found


def table(key: str, attribute: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    answers = [share["answer"] for share in rows[0]["shares"]]
    has_mean = "mean" in rows[0]
    drawn = "" if has_mean else telling(answers, rows)
    columns = [Column("Mean", is_series=True, has_interval=True)] if has_mean else []
    columns += [Column(capital(one), is_series=one == drawn, has_interval=True) for one in answers]
    columns += [Column("Alpha within", has_interval=True), Column("People"), Column("Answers")]
    lines = []
    for row in rows:
        cells = [of_mean(row["mean"])] if has_mean else []
        cells += [of_share(share) for share in row["shares"]]
        cells += [of_alpha(row), of_count(row["n_people"]), of_count(row["n_answers"])]
        lines.append(Row(row["group"], cells))
    return Table(key, rows[0]["label"], attribute, columns, lines, chart="errors", unit="" if has_mean else " %")


def telling(answers: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """The answer that a chart shows: where groups lie farthest apart. All at once would cover each other."""
    shares = zip(*([share["value"] for share in row["shares"]] for row in rows), strict=True)
    return max(zip(answers, shares, strict=True), key=lambda one: round(max(one[1]) - min(one[1]), 9))[0]


def of_mean(mean: Mapping[str, float]) -> Cell:
    value, low, high = (mean[name] for name in ("value", "low", "high"))
    return Cell(f"{value:.2f}", value, low, high, f"{low:.2f} to {high:.2f}")


def capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def in_one(result: Result) -> Table:
    """All questions under each other, a row for each answer: the file."""
    columns = [Column("Question"), Column("Answer"), Column("Share, %", has_interval=True), Column("People")]
    rows = [
        Row(
            row["group"],
            [
                Cell(row["key"], row["key"], is_number=False),
                Cell(share["answer"], share["answer"], is_number=False),
                of_share(share),
                of_count(row["n_people"]),
            ],
        )
        for row in result["rows"]
        for share in row["shares"]
    ]
    return Table("subgroups", "Votes by group", result["attribute"], columns, rows)


def apart(result: Result) -> list[str]:
    """Questions where two groups answer differently: the intervals of one answer do not touch."""
    found = []
    for _, group in groupby(result["rows"], key=lambda row: (row["key"], row["kind"])):
        rows = list(group)
        for shares in zip(*(row["shares"] for row in rows), strict=True):
            if max(share["low"] for share in shares) > min(share["high"] for share in shares):
                found.append(rows[0]["label"])
                break
    return found


def answer(result: Result) -> tuple[str, str]:
    """What the figures say in one sentence, and its tone."""
    if not result["attribute"]:
        return "No attribute is offered yet.", ""
    if not any(row["group"] for row in result["rows"]):
        return f"No group has {result['least']} people who answered: nothing is told.", "warn"
    if found := apart(result):
        return f"Groups answer differently to {', '.join(f'“{label}”' for label in found)}.", "warn"
    return "No difference between groups is sure.", ""
