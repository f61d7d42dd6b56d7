"""Numbers in words, and tables as files that no spreadsheet runs."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.statistics.rates import Rate
from feedback.tables import Cell, Column, Row, Table, as_csv, of_count, safe
from reviews.monitoring.tables import TOO_FEW, money, of_rate, percent


@pytest.mark.parametrize(
    ("share", "words"), [(0, "0.0"), (0.0625, "6.2"), (0.9994, "99.9"), (0.9996, "100"), (1, "100")]
)
def test_shares_have_one_decimal(share: float, words: str) -> None:
    assert percent(share) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0, "0"), (0.00043, "0.00043"), (0.5, "0.50"), (1.2, "1.20"), (12300, "12,300"), (1e-12, "0.000000000")],
)
def test_amounts_have_two_figures_at_least(amount: float, words: str) -> None:
    assert money(amount) == words


def test_a_rate_is_a_number_with_its_doubt_or_too_few() -> None:
    cell = of_rate(Rate(0.062, 0.044, 0.086, 412, 412.0, False))
    assert (cell.text, cell.doubt, cell.value) == ("6.2 %", "4.4 to 8.6", 6.2)
    assert of_rate(None).text == TOO_FEW
    assert of_rate(None).value is None


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_begins_like_a_formula_is_quoted(start: str) -> None:
    assert safe(f"{start}SUM(A1)") == f"'{start}SUM(A1)"
    assert safe(-3.5) == -3.5
    assert safe(None) == ""


@given(st.text(max_size=30))
def test_whatever_a_version_is_called_its_file_is_read_back(label: str) -> None:
    columns = [Column("Rate", is_series=True, has_interval=True), Column("Judged")]
    table = Table(
        "rates", "Rates", "Version", columns, [Row(label, [Cell("6 %", 6.0, 4.0, 8.0, "4 to 8"), of_count(1200)])]
    )
    answer = as_csv(table, "rates")
    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Content-Disposition"] == 'attachment; filename="rates.csv"'
    head, row = csv.reader(io.StringIO(answer.content.decode(), newline=""))
    assert head == ["Version", "Rate", "Rate, from", "Rate, to", "Judged"]
    assert row == [safe(label), "6.0", "4.0", "8.0", "1200"]
