"""Rates and amounts as cells of tables."""

from __future__ import annotations

from feedback.statistics.rates import Rate
from feedback.tables import Cell
from reviews.monitoring.quality import Amount

TOO_FEW = "too few"


def percent(share: float) -> str:
    """One decimal where it matters: 6.2, 34."""
    return f"{100 * share:.1f}" if 100 * share < 99.95 else "100"


def of_rate(rate: Rate | None) -> Cell:
    if rate is None:
        return Cell(TOO_FEW)
    doubt = f"{percent(rate.low)} to {percent(rate.high)}"
    return Cell(f"{percent(rate.value)} %", 100 * rate.value, 100 * rate.low, 100 * rate.high, doubt)


def money(amount: float) -> str:
    """Two figures at least, whatever the size: 0.00043, 1.20, 12,300."""
    if amount >= 100 or amount == 0:
        return f"{amount:,.0f}"
    digits = 2
    while amount < 10 ** (1 - digits) and digits < 9:
        digits += 1
    return f"{amount:,.{digits}f}"


def of_amount(amount: Amount | None) -> Cell:
    if amount is None:
        return Cell(TOO_FEW)
    doubt = f"{money(amount.low)} to {money(amount.high)}"
    return Cell(money(amount.value), amount.value, amount.low, amount.high, doubt)
