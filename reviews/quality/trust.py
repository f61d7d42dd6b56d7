"""Reliability's figures as sentences and tables: what a worker stored, and what was measured of one person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from feedback.accounts.models import Member, Project
from feedback.statistics.intervals import wilson
from feedback.tables import Cell, Column, Row, Table, of_count, of_words
from reviews.quality.gold_models import GoldCheck
from reviews.quality.models import ReviewerMeasure

Result = Mapping[str, Any]
Figure = Mapping[str, Any]
Measure = ReviewerMeasure.Measure

ROWS = 200  # of one table, those who stand out first
TENS = 10  # checks of gold that a person is told of together
HEAT = 10  # shades
HEATS = 12  # matrices on the page of everybody; the file has all

EXPLAINED: dict[str, str] = {
    "gold": "Items with a known answer: the share answered as expected. Fewer than ten say nothing.",
    "verdicts": "The share answered as the item was settled: as a moderator decided, else as most of the others said, "
    "without the person’s own vote.",
    "agreement": "The mean share of others who gave the same answer to the same item.",
    "accuracy": "The chance that an answer is right, by Dawid and Skene’s model of all answers. From 20 answers on.",
    "severity": "Points above (lenient) or below (harsh) the others on the same items; the middle reviewer has 0.",
    "position": "Of two responses, how often the one shown first won. Their order was drawn, so half is expected.",
    "length": "Of two responses, how often the longer one won. The longer may be better: it is held against others.",
    "one_answer": "How often the most frequent answer was given, against how often others gave it to the same items.",
    "drift": "The later half’s share of settled answers less that of the earlier half.",
    "pace": "Reviews done in less than a third of the others’ median time for the item.",
    "own_pace": "Time for a review in the later half, as a share of the earlier half’s.",
    "again": "Items that the same person was given again after some time, untold: the share of answers that were the "
    "same. A lower share may mean a hard question as well as a hasty person.",
    "repeats": "Texts of 15 characters and more that the same person had written before, word for word.",
}
ORDINARY = {"gold": "as expected", "accuracy": "", "again": "", "position": "as expected"}  # where nothing stands out
POINTS, TIMES = {"severity"}, {"own_pace"}  # everything else is a share


@dataclass(frozen=True)
class Scale:
    """How a measure's numbers are written and drawn."""

    factor: float
    words: Callable[[float], str]


def percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def signed_percent(value: float) -> str:
    return f"{100 * value:+.0f} %".replace("-", "−")


def times(value: float) -> str:
    return f"× {value:.2f}"


def scale_of(measure: str) -> Scale:
    if measure in POINTS:
        return Scale(1.0, signed)
    if measure in TIMES:
        return Scale(1.0, times)
    return Scale(100.0, signed_percent if measure == Measure.DRIFT else percent)


def of_figure(figure: Figure, *, is_told: bool = True) -> Cell:
    """The value with its interval; empty where too few tell."""
    scale, value = scale_of(figure["measure"]), figure["value"]
    if value is None or figure["notable"] is None or not is_told:
        return Cell("")
    low, high = figure["low"], figure["high"]
    doubt = f"{scale.words(low)} to {scale.words(high)}"
    return Cell(scale.words(value), scale.factor * value, scale.factor * low, scale.factor * high, doubt)


def of_expected(figure: Figure) -> Cell:
    scale, value = scale_of(figure["measure"]), figure["expected"]
    return Cell("") if value is None else Cell(scale.words(value), scale.factor * value)


def reading(figure: Figure) -> str:
    if figure["notable"] is None:
        return "too few to tell"
    if figure["notable"]:
        return "look at it"
    return ORDINARY.get(figure["measure"], "as others")


def entries(result: Result, measure: str) -> list[tuple[Mapping[str, Any], Figure]]:
    """Each person and question with this figure: who stands out first, too few to tell last, the lowest before."""
    found = [(row, one) for row in result["rows"] for one in row["figures"] if one["measure"] == measure]
    rank = {True: 0, False: 1, None: 2}
    found.sort(key=lambda entry: (rank[entry[1]["notable"]], entry[1]["value"] or 0.0, entry[0]["reviewer"]))
    return found[:ROWS]


def table(result: Result, measure: str, names: Mapping[str, str], urls: Mapping[str, str]) -> Table:
    """One measure over people, as a forest."""
    columns = [
        Column(Measure(measure).label, is_series=True, has_interval=True),
        Column("Against"),
        Column("Reading"),
        Column("Counted"),
    ]
    rows = [
        Row(
            f"{names.get(row['reviewer'], row['reviewer'])}{': ' + row['label'] if row['key'] else ''}",
            [of_figure(one), of_expected(one), of_words(reading(one)), of_count(one["n"])],
            url=urls.get(row["reviewer"], ""),
            in_file=f"{row['reviewer']}: {row['key']}" if row["key"] else row["reviewer"],
        )
        for row, one in entries(result, measure)
    ]
    unit = "" if measure in POINTS | TIMES else " %"
    title, note = f"{Measure(measure).label}, by reviewer", EXPLAINED[measure]
    chart = "lean" if measure == Measure.POSITION else "forest"
    return Table("reliability", title, "Reviewer and question", columns, rows, chart=chart, unit=unit, note=note)


def outstanding(result: Result, names: Mapping[str, str], urls: Mapping[str, str]) -> list[dict[str, str]]:
    """Who stands out by what, those with most first."""
    found: dict[str, list[str]] = {}
    for row in result["rows"]:
        for one in row["figures"]:
            if one["notable"]:
                label = Measure(one["measure"]).label
                found.setdefault(row["reviewer"], []).append(f"{row['label']}: {label}" if row["key"] else label)
    ordered = sorted(found.items(), key=lambda entry: (-len(entry[1]), names.get(entry[0], entry[0])))
    return [
        {"name": names.get(who, who), "url": urls.get(who, ""), "what": ", ".join(what)} for who, what in ordered[:ROWS]
    ]


def answer(result: Result) -> tuple[str, str]:
    """What the figures say in one sentence, and its tone."""
    people = {row["reviewer"] for row in result["rows"]}
    if not people:
        return "Nobody has reviewed yet.", ""
    noted = {row["reviewer"] for row in result["rows"] if any(one["notable"] for one in row["figures"])}
    told = {row["reviewer"] for row in result["rows"] if any(one["notable"] is not None for one in row["figures"])}
    if not told:
        return "Too few answers to tell anything of anybody.", "warn"
    if not noted:
        return f"Nobody of {len(told)} reviewers stands out.", "good"
    of = f"{len(noted)} of {len(told)} reviewers stand{'s' if len(noted) == 1 else ''} out"
    return f"{of}: read some of their reviews before you think anything of it.", "warn"


def measures_in(result: Result) -> list[str]:
    """Which measures have figures, in the order of their list."""
    found = {one["measure"] for row in result["rows"] for one in row["figures"]}
    return [measure for measure in Measure.values if measure in found]


def names_for(project: Project, reader: Member, pseudonyms: Iterable[str]) -> dict[str, str]:
    """Admins read names, everybody else pseudonyms, as on the pages of gold."""
    if not reader.may("manage_members"):
        return {}
    people = Member.objects.filter(project=project, pseudonym__in=set(pseudonyms)).select_related("user")
    return {one.pseudonym: str(one) for one in people}


def as_figure(row: ReviewerMeasure) -> Figure:
    return {name: getattr(row, name) for name in ("measure", "n", "value", "low", "high", "expected")} | {
        "notable": row.is_notable
    }


def person_tables(rows: Sequence[ReviewerMeasure], *, counts: bool) -> list[Table]:
    """All that was measured of one person, a table a question. Without counts to the person: they would say when an
    item was gold.
    """
    columns = [Column("Value", has_interval=True), Column("Reading"), Column("Against")]
    columns += [Column("Counted")] if counts else []
    tables = []
    for number, (_, group) in enumerate(groupby(rows, key=lambda row: (row.criterion, row.kind))):
        of = list(group)
        lines = [Row(row.get_measure_display(), cells_of(row, counts)) for row in of]
        tables.append(Table(f"measures-{number}", of[0].label, "Measure", columns, lines))
    return tables


def cells_of(row: ReviewerMeasure, counts: bool) -> list[Cell]:
    figure = as_figure(row)
    cells = [of_figure(figure), of_words(reading(figure)), of_expected(figure)]
    return [*cells, of_count(row.n)] if counts else cells


def measures_of(person: Member) -> list[ReviewerMeasure]:
    """In the order of questions, all together last, and of the list of measures."""
    place = {measure: number for number, measure in enumerate(Measure.values)}
    rows = ReviewerMeasure.objects.filter(reviewer=person).order_by("pk")
    return sorted(rows, key=lambda row: (row.criterion == "", row.label, row.criterion, row.kind, place[row.measure]))


def own_gold(person: Member) -> dict[str, str] | None:
    """What a person is told of their gold: in whole tens of checks, so that no single item can be told by it."""
    rights = list(GoldCheck.objects.counted().filter(reviewer=person).order_by("pk").values_list("is_right", flat=True))
    n = len(rights) // TENS * TENS
    if not n:
        return None
    right = sum(rights[:n])
    low, high = wilson(right, n)
    return {"share": percent(right / n), "low": percent(low), "high": percent(high)}


def heats(rows: Sequence[ReviewerMeasure]) -> list[dict[str, Any]]:
    """Confusion matrices as tables whose cells have a shade each."""
    found = [(row, row.confusion) for row in rows if row.confusion]
    return [heat(f"heat-{row.pk}", row.label, row.n, of["classes"], of["rows"]) for row, of in found]


def heat(key: str, label: str, n: int, classes: Sequence[str], chances: Sequence[Sequence[float]]) -> dict[str, Any]:
    return {
        "label": label,
        "key": key,
        "n": n,
        "classes": classes,
        "rows": [
            {"name": name, "cells": [{"text": f"{100 * p:.0f}", "shade": round(HEAT * p)} for p in line]}
            for name, line in zip(classes, chances, strict=True)
        ],
    }


def confused(result: Result) -> list[Mapping[str, Any]]:
    """Rows with a confusion matrix, those with most answers first."""
    rows = [row for row in result["rows"] if row.get("confusion")]
    return sorted(rows, key=lambda row: (-row["confusion"]["n"], row["reviewer"], row["key"]))


def heats_of(result: Result, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The matrices of those who answered most, for the page of everybody."""
    classes = {(one["key"], one["kind"]): one["names"] for one in result["classes"]}
    return [
        heat(
            f"heat-{number}", f"{names.get(row['reviewer'], row['reviewer'])}, {row['label']}", row["confusion"]["n"],
            classes[row["key"], row["kind"]], row["confusion"]["rows"],
        )
        for number, row in enumerate(confused(result)[:HEATS])
    ]  # fmt: skip


def confusion_table(result: Result) -> Table:
    """Every matrix, a line a cell, as a file holds them."""
    classes = {(one["key"], one["kind"]): one["names"] for one in result["classes"]}
    columns = [Column(words) for words in ("Question", "Probably right", "Given", "Share", "Answers")]
    rows = [
        Row(row["reviewer"], [*map(of_words, (row["key"], right, given)), Cell(f"{p:.4f}", p), of_count(n)])
        for row in confused(result)
        for n in [row["confusion"]["n"]]
        for right, line in zip(classes[row["key"], row["kind"]], row["confusion"]["rows"], strict=True)
        for given, p in zip(classes[row["key"], row["kind"]], line, strict=True)
    ]
    return Table("confusion", "Confusion", "Reviewer", columns, rows)
