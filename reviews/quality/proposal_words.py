"""What became of critics' proposals as a sentence and a table, from the result that a worker stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from feedback.tables import Cell, Column, Row, Table, of_count

Result = Mapping[str, Any]


def percent(share: float) -> str:
    return f"{100 * share:.0f}"


def of_share(row: Mapping[str, Any]) -> Cell:
    if row["share"] is None:
        return Cell("", None)
    share, low, high = (row[name] for name in ("share", "low", "high"))
    doubt = f"{percent(low)} to {percent(high)}"
    return Cell(f"{percent(share)} %", 100 * share, 100 * low, 100 * high, doubt)


def table(result: Result) -> Table:
    columns = [Column(name, is_series=True) for name in ("Accepted", "Rejected", "Left open")]
    columns += [Column("Proposed"), Column("Accepted of those decided, %", has_interval=True)]
    rows = [Row(f"{row['label']}: {row['kind']}", cells(row)) for row in result["rows"]]
    return Table("proposals", "Proposals by critic and kind", "Critic and kind", columns, rows, chart="stacked")


def cells(row: Mapping[str, Any]) -> list[Cell]:
    return [of_count(row[name]) for name in ("accepted", "rejected", "left", "proposed")] + [of_share(row)]


def answer(result: Result) -> tuple[str, str]:
    """What the figures say in one sentence, and its tone."""
    whole = result["all"]
    if not whole["proposed"]:
        return "No reviewer was shown a proposal in this time.", ""
    if whole["share"] is None:
        return "Reviewers decided none of the proposals.", "warn"
    share = of_share(whole)
    return f"Reviewers accept {share.text} of the proposals they decide ({share.doubt}).", ""
