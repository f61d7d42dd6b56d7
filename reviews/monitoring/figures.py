"""The tables of the pages, and the figures with their doubt at the top of the overview."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.urls import reverse

from feedback.accounts.models import Project
from feedback.prompts.models import PromptVersion
from feedback.responses.prices import in_currency
from feedback.tables import Cell, Column, Row, Table, of_count, of_number, of_words
from reviews.monitoring.measures import MEASURES
from reviews.monitoring.progress import Progress
from reviews.monitoring.quality import MINIMUM, Quality
from reviews.monitoring.question import Question, quality_of_version
from reviews.monitoring.scope import Scope
from reviews.monitoring.tables import TOO_FEW, money, of_rate, percent
from reviews.monitoring.traffic import Traffic, Volume

WORTH = "“Worth” is the size of the simple random sample that would tell as much."
NONE = "No prompt version"
OTHERS = "Others"


def url_of(version: PromptVersion) -> str:
    return reverse("prompts:version-detail", kwargs={"project": version.project.slug, "pk": version.pk})


def tiles(
    question: Question, quality: Mapping[int | None, Quality], pairs: tuple[int, int], currency: str
) -> list[dict[str, Any]]:
    """Four answers for the newest version, each with its doubt."""
    newer, older = (quality_of_version(quality, version) for version in (question.newer, question.older))
    suffix = f", {question.newer.label}" if question.newer else ""
    was = older if question.older else None
    ready, waiting = pairs
    return [
        rate_tile(f"Hallucination rate{suffix}", "hallucination", newer, was),
        rate_tile(f"Toxic or biased{suffix}", "harm", newer, was),
        cost_tile(in_currency(f"Cost per passed answer{suffix}", currency), newer, was),
        {
            "label": "Pairs ready to train",
            "value": f"{ready:,}",
            "note": f"vote share of 2/3 or more · {waiting if waiting <= 1000 else 'over 1,000'} waiting",
        },
    ]


def rate_tile(label: str, measure: str, quality: Quality, was: Quality | None) -> dict[str, Any]:
    rate, before = quality.rate(measure), was.rate(measure) if was else None
    if rate is None:
        return {"label": label, "value": "", "note": f"{quality.judged(measure)} judged, {MINIMUM} needed"}
    return {
        "label": label,
        "value": percent(rate.value),
        "unit": " %",
        "low": percent(rate.low),
        "high": percent(rate.high),
        "n": f"{rate.n:,}",
        "noun": "judged",
        "note": f"was {percent(before.value)}" if before else "",
    }


def cost_tile(label: str, quality: Quality, was: Quality | None) -> dict[str, Any]:
    amount, before = quality.cost_per_passed(), was.cost_per_passed() if was else None
    if amount is None:
        return {"label": label, "value": "", "note": f"{MINIMUM} passed answers with a cost needed"}
    return {
        "label": label,
        "value": money(amount.value),
        "low": money(amount.low),
        "high": money(amount.high),
        "n": f"{amount.n:,}",
        "noun": "passed",
        "note": f"was {money(before.value)}" if before else "",
    }


def rates_table(scope: Scope, versions: list[PromptVersion], quality: Mapping[int | None, Quality]) -> Table:
    """One row a version, the oldest first: the rate with its interval, and what it rests on."""
    title = MEASURES[scope.measure].title
    columns = [
        Column(f"{title} rate", is_series=True, has_interval=True),
        Column("Judged"),
        Column("Worth"),
        Column("Judged apart"),
    ]
    shown: list[PromptVersion | None] = [*reversed(versions)] or [None]
    rows = []
    for version in shown:
        found = quality_of_version(quality, version)
        if version is None or version.pk in quality:
            label, url = (version.label, url_of(version)) if version else (NONE, "")
            rows.append(Row(label, rate_cells(scope.measure, found), url))
    return Table(
        "rates", f"{title} rate by prompt version", "Version", columns, rows, chart="errors", unit=" %", note=WORTH
    )


def rate_cells(measure: str, quality: Quality) -> list[Cell]:
    rate, (hits, apart) = quality.rate(measure), quality.apart(measure)
    worth = of_count(round(rate.effective)) if rate else of_words("")
    return [
        of_rate(rate),
        of_count(quality.judged(measure)),
        worth,
        of_words(f"{hits} of {apart}" if apart else ""),
    ]


def work_table(traffic: Traffic) -> Table:
    columns = [Column(label, is_series=True) for label in ("Came in", "Reviewed", "Settled")]
    rows = [
        dated(
            traffic,
            start,
            [
                of_count(int(traffic.total(start, "n"))),
                of_count(traffic.reviewed.get(start, 0)),
                of_count(traffic.settled.get(start, 0)),
            ],
        )
        for start in traffic.steps.starts
    ]
    title = f"Responses, reviews and verdicts by {traffic.steps.kind}"
    return Table("work", title, traffic.steps.kind.capitalize(), columns, rows, chart="lines")


def dated(traffic: Traffic, start: date, cells: list[Cell]) -> Row:
    return Row(traffic.steps.label(start), cells, in_file=start.isoformat())


def tokens_table(traffic: Traffic) -> Table:
    return by_version(
        traffic, "tokens", "Tokens", lambda row: float(row["n_input"] + row["n_output"]), "{:,.0f}".format
    )


def cost_table(traffic: Traffic, currency: str) -> Table:
    return by_version(traffic, "cost", in_currency("Cost", currency), lambda row: float(row["spent"] or 0), money)


def by_version(
    traffic: Traffic, key: str, title: str, value: Callable[[dict[str, Any]], float], words: Callable[[float], str]
) -> Table:
    """Stacked by prompt version; the versions without a series of their own are drawn as one."""
    several = len({version.prompt_id for version in traffic.versions}) > 1
    names: dict[int | None, str] = {
        version.pk: str(version) if several else version.label for version in reversed(traffic.versions)
    }
    if any(version is None for _, version in traffic.sums):
        names[None] = OTHERS if traffic.versions else NONE
    rows = []
    for start in traffic.steps.starts:
        amounts = [
            value(traffic.sums[start, version]) if (start, version) in traffic.sums else 0.0 for version in names
        ]
        rows.append(dated(traffic, start, [Cell(words(amount) if amount else "0", amount) for amount in amounts]))
    columns = [Column(name, is_series=True) for name in names.values()]
    kind = traffic.steps.kind
    return Table(key, f"{title} by {kind} and prompt version", kind.capitalize(), columns, rows, chart="stacked")


def versions_table(versions: list[PromptVersion], volumes: Mapping[int, Volume], currency: str) -> Table:
    columns = [
        Column("Median latency, ms", is_series=True),
        Column("19 of 20 within, ms"),
        Column("Responses"),
        Column("Tokens each"),
        Column(in_currency("Cost each", currency)),
    ]
    rows = []
    for version in reversed(versions):
        if volume := volumes.get(version.pk):
            rows.append(Row(version.label, volume_cells(volume), url_of(version)))
    return Table("latency", "Median latency by prompt version", "Version", columns, rows, chart="bars", unit=" ms")


def volume_cells(volume: Volume) -> list[Cell]:
    return [
        of_number(volume.latency, f"{volume.latency or 0:,.0f}"),
        of_count(volume.slow),
        of_count(volume.n),
        of_number(volume.tokens, f"{volume.tokens or 0:,.0f}"),
        of_number(volume.cost, money(volume.cost or 0)),
    ]


def queues_table(project: Project, progress: list[Progress]) -> Table:
    columns = [Column(label) for label in ("Done", "Of", "Reviews each")]
    columns += [Column("All reviewers agree", has_interval=True), Column("Reviews last week"), Column("Finishes")]
    rows = [
        Row(
            row.queue.name,
            [
                of_count(row.done),
                of_count(row.total),
                of_count(row.queue.k),
                agreement(row),
                of_count(row.pace),
                finish(row),
            ],
            reverse("queues:queue-detail", kwargs={"project": project.slug, "key": row.queue.key}),
        )
        for row in progress
    ]
    return Table("queues", "Queues", "Queue", columns, rows)


def agreement(row: Progress) -> Cell:
    ends = row.agreement
    if ends is None:
        return Cell(TOO_FEW)
    share = row.n_agreed / row.n_voted
    doubt = f"{percent(ends.low)} to {percent(ends.high)}"
    return Cell(f"{percent(share)} %", 100 * share, 100 * ends.low, 100 * ends.high, doubt)


def finish(row: Progress) -> Cell:
    if not row.total:
        return of_words("no item yet")
    if not row.left:
        return of_words("all reviews in")
    return of_words(f"{row.finish.day} {row.finish:%b}" if row.finish else "no steady pace")
