"""A table once, shown thrice: on the page, as a chart drawn from the page's table, and as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse

from feedback.text.spreadsheet import harmless


@dataclass(frozen=True)
class Cell:
    """What is read, and the plain number (with its interval) that a chart draws and a file holds."""

    text: str
    value: float | int | str | None = None
    low: float | None = None
    high: float | None = None
    doubt: str = ""
    is_number: bool = True

    @property
    def has_interval(self) -> bool:
        return self.low is not None and self.high is not None


@dataclass(frozen=True)
class Column:
    label: str
    is_series: bool = False  # drawn by the chart
    has_interval: bool = False


@dataclass(frozen=True)
class Row:
    label: str
    cells: Sequence[Cell]
    url: str = ""
    in_file: str = ""  # what a file says instead of the label


@dataclass(frozen=True)
class Table:
    key: str
    title: str
    first: str  # heading of the row labels
    columns: Sequence[Column]
    rows: Sequence[Row] = field(default_factory=list)
    chart: str = ""  # errors, forest, lean, bars, stacked or lines; empty for a table alone
    unit: str = ""  # of the chart's axis
    note: str = ""

    @property
    def summary(self) -> str:
        """What a screen reader hears in place of the drawing."""
        drawn = ", ".join(column.label for column in self.columns if column.is_series)
        return (
            f"Chart of {drawn} by {self.first.lower()}, {len(self.rows)} rows. The same numbers are in the table below."
        )

    @property
    def has_numbers(self) -> bool:
        series = [number for number, column in enumerate(self.columns) if column.is_series]
        return any(row.cells[number].value is not None for row in self.rows for number in series)


def of_count(n: int | None) -> Cell:
    return Cell("" if n is None else f"{n:,}", n)


def of_number(value: float | None, text: str) -> Cell:
    return Cell("", None) if value is None else Cell(text, value)


def of_words(text: str) -> Cell:
    return Cell(text, text, is_number=False)


def safe(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (OWASP: CSV injection). Numbers stay numbers."""
    if isinstance(value, str):
        return harmless(value)
    return "" if value is None else value


def file_rows(table: Table) -> Iterable[list[Any]]:
    heads = [table.first]
    for column in table.columns:
        heads += [column.label] + [f"{column.label}, {end}" for end in ("from", "to") if column.has_interval]
    yield heads
    for row in table.rows:
        line: list[Any] = [row.in_file or row.label]
        for column, cell in zip(table.columns, row.cells, strict=True):
            line += [cell.value, cell.low, cell.high] if column.has_interval else [cell.value]
        yield line


def as_csv(table: Table, name: str) -> HttpResponse:
    text = io.StringIO()
    csv.writer(text).writerows([safe(value) for value in row] for row in file_rows(table))
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
