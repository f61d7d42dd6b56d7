"""The versions of one prompt beside each other: what they cost, how fast they are, how good their answers are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from feedback.accounts.models import Project
from feedback.prompts.models import Prompt, PromptVersion
from feedback.responses.prices import currency_of, in_currency
from feedback.tables import Cell, Column, Row, Table, of_count, of_number
from reviews.monitoring.facts import Settled
from reviews.monitoring.figures import url_of
from reviews.monitoring.measures import MEASURES
from reviews.monitoring.quality import MINIMUM, Quality, Z, difference, quality_of
from reviews.monitoring.scope import COUNTED, VERSIONS
from reviews.monitoring.tables import TOO_FEW, money, of_amount, of_rate, percent
from reviews.monitoring.traffic import Volume, volumes

TITLE = "Hallucination rate by version, with quality and cost"
RATES = ("hallucination", "toxicity", "bias", "failure")
CONDITIONS = {"origin__in": COUNTED}


def figures_of(project: Project, ids: list[int]) -> tuple[dict[int, Volume], dict[int | None, Quality]]:
    return volumes(project, CONDITIONS, ids), quality_of(Settled(project), ids, CONDITIONS) if ids else {}


def overviewed(project: Project, prompt: Prompt) -> dict[str, Any]:
    """A row for each of the newest versions."""
    versions = list(prompt.versions.select_related("prompt", "project").order_by("-pk")[:VERSIONS])
    volume, quality = figures_of(project, [version.pk for version in versions])
    cost = in_currency("Cost each", currency_of(project))
    columns = [Column(name) for name in ("Responses", "Tokens each", cost, "Median latency, ms", "Judged")]
    columns += [Column(f"{MEASURES[name].title}", name == "hallucination", has_interval=True) for name in RATES]
    rows = []
    for version in reversed(versions):
        taken, found = volume.get(version.pk, Volume()), quality.get(version.pk) or Quality()
        cells = [
            of_count(taken.n),
            of_number(taken.tokens, f"{taken.tokens or 0:,.0f}"),
            of_number(taken.cost, money(taken.cost or 0)),
            of_number(taken.latency, f"{taken.latency or 0:,.0f}"),
            of_count(found.judged("failure")),
            *(of_rate(found.rate(name)) for name in RATES),
        ]
        rows.append(Row(version.label, cells, url_of(version)))
    table = Table(
        "quality",
        TITLE,
        "Version",
        columns,
        rows,
        chart="errors",
        unit=" %",
    )
    return {"table": table, "minimum": MINIMUM}


def compared(project: Project, older: PromptVersion, newer: PromptVersion) -> dict[str, Any]:
    """A row for each figure: the two versions, and the difference with its interval where there is one."""
    volume, quality = figures_of(project, [older.pk, newer.pk])
    taken = [volume.get(version.pk, Volume()) for version in (older, newer)]
    found = [quality.get(version.pk) or Quality() for version in (older, newer)]
    currency = currency_of(project)
    columns = [Column(older.label, has_interval=True), Column(newer.label, has_interval=True)]
    columns += [Column("Difference", has_interval=True)]
    rows = [
        Row("Responses", [of_count(taken[0].n), of_count(taken[1].n), Cell("")]),
        plain_row("Tokens each", taken[0].tokens, taken[1].tokens),
        Row(in_currency("Cost each", currency), [*(cost_cell(volume) for volume in taken), cost_gap(*taken)]),
        plain_row("Median latency, ms", taken[0].latency, taken[1].latency),
        Row("Judged", [*(of_count(each.judged("failure")) for each in found), Cell("")]),
        *(rate_row(name, *found) for name in RATES),
        Row(in_currency("Cost per passed answer", currency), [*amounts(found), Cell("")]),
    ]
    table = Table("compared", f"{older.label} and {newer.label} side by side", "Figure", columns, rows)
    return {"table": table, "minimum": MINIMUM}


def amounts(found: list[Quality]) -> list[Cell]:
    return [of_amount(quality.cost_per_passed()) for quality in found]


def plain_row(label: str, older: float | None, newer: float | None) -> Row:
    gap = None if older is None or newer is None else newer - older
    cells = [of_number(value, f"{value or 0:,.0f}") for value in (older, newer)]
    return Row(label, [*cells, of_number(gap, signed(gap or 0, "{:,.0f}".format))])


def cost_cell(volume: Volume) -> Cell:
    return of_number(volume.cost, money(volume.cost or 0))


def cost_gap(older: Volume, newer: Volume) -> Cell:
    """Difference of two means with Welch's standard error; normal, since the numbers are of all traffic."""
    if older.cost is None or newer.cost is None or min(older.n_cost, newer.n_cost) < MINIMUM:
        return Cell(TOO_FEW if older.n_cost or newer.n_cost else "")
    reach = Z * math.sqrt(sum((volume.cost_sd or 0) ** 2 / volume.n_cost for volume in (older, newer)))
    gap = newer.cost - older.cost
    doubt = f"{signed(gap - reach, money)} to {signed(gap + reach, money)}"
    return Cell(signed(gap, money), gap, gap - reach, gap + reach, doubt)


def rate_row(name: str, older: Quality, newer: Quality) -> Row:
    first, second = older.rate(name), newer.rate(name)
    ends = difference(second, first)
    gap = Cell(TOO_FEW)
    if ends and first and second:
        change = second.value - first.value
        doubt = f"{signed(ends.low, percent)} to {signed(ends.high, percent)}"
        gap = Cell(f"{signed(change, percent)} points", 100 * change, 100 * ends.low, 100 * ends.high, doubt)
    return Row(f"{MEASURES[name].title} rate", [of_rate(first), of_rate(second), gap])


def signed(value: float, words: Callable[[float], str]) -> str:
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{words(abs(value))}"
