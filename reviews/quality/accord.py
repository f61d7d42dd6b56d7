"""Agreement's figures as sentences and tables, from the result that a worker stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from feedback.tables import Cell, Column, Row, Table, of_count, of_words

FIRM, TENTATIVE = 0.8, 0.667  # Krippendorff's marks
ENOUGH_TO_TRUST = 100  # items with two answers; below, the interval is too narrow

Result = Mapping[str, Any]

UNDEFINED = {
    "one_rater": "one reviewer only",
    "no_overlap": "no item was answered twice",
    "all_same": "all answers are the same",
    "few": "too few items",
}
EXPLAINED = {
    "one_rater": "Only one person answered: nobody to agree with. Give the queue two reviews per item at least.",
    "no_overlap": "Several people answered, but never the same item: raise the reviews per item.",
    "all_same": "Everybody always gave the same answer. Without any difference, chance cannot be told from agreement:"
    " the share of same answers and AC1 still speak, alpha and kappa have no value.",
    "few": "Below 30 items with two answers, a coefficient says more about luck than about reviewers.",
}
KINDS = {
    "yes_no": "yes or no", "choice": "choice", "multi_choice": "choice of several", "scale": "scale",
    "comparison": "comparison", "ranking": "ranking", "best_worst": "best and worst", "per_turn": "each turn",
    "spans": "marks",
}  # fmt: skip
GROUPS = {
    "week": "Week",
    "queue": "Queue",
    "rubric_version": "Rubric version",
    "stratum": "Stratum",
    "pair": "Two reviewers",
}


def two(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}".replace("-", "−")


def number(value: float | None) -> Cell:
    return Cell(two(value), value)


def reading(row: Mapping[str, Any]) -> str:
    """What α says, in a word, with what must be doubted about it."""
    if row["undefined"]:
        return UNDEFINED[row["undefined"]]
    value = row["alpha"]
    word = "firm" if value >= FIRM else "tentative" if value >= TENTATIVE else "low" if value > 0 else "none"
    return f"{word}, provisional" if row["n_items"] < ENOUGH_TO_TRUST else word


def of_alpha(row: Mapping[str, Any], name: str = "alpha", low: str = "low", high: str = "high") -> Cell:
    if row.get(name) is None:
        return Cell("")
    doubt = f"{two(row[low])} to {two(row[high])}"
    return Cell(two(row[name]), row[name], row[low], row[high], doubt)


def over_time(result: Result) -> Table:
    """Alpha of each question by the week in which items were first reviewed, with what each rests on."""
    rows = result["rows"]
    labels = {(row["key"], row["kind"]): row["label"] for row in rows}
    of = {(row["group"], row["key"], row["kind"]): row for row in rows}
    columns = [Column(label, is_series=True, has_interval=True) for label in labels.values()]
    columns.append(Column("Items answered twice, at most"))
    lines = []
    for week in sorted({row["group"] for row in rows}):
        found = [of.get((week, *question)) for question in labels]
        most = max((row["n_items"] for row in found if row), default=0)
        cells = [of_week(row) for row in found]
        lines.append(Row(day_of(week), [*cells, of_count(most)], in_file=week))
    note = "An item belongs to the week of its first review. Weeks with few items swing; look at the intervals."
    return Table("agreement", "Alpha by week", "Week from", columns, lines, chart="errors", note=note)


def of_week(row: Mapping[str, Any] | None) -> Cell:
    """The value, or why there is none."""
    if row is None:
        return Cell("")
    return Cell(UNDEFINED[row["undefined"]]) if row["undefined"] else of_alpha(row)


def day_of(week: str) -> str:
    return f"{date.fromisoformat(week):%-d %b %Y}"


def table(result: Result, by: str) -> Table:
    if by == "week":
        return over_time(result)
    kappa = "Cohen’s kappa" if by == "pair" else "Fleiss’ kappa"
    columns = [
        Column("Alpha", is_series=True, has_interval=True),
        Column("Reading"),
        Column("Same answer, %"),
        *[Column(words) for words in ("AC1 or AC2", kappa, "Items answered twice", "Reviewers", "Kind")],
    ]
    rows = [
        Row(
            f"{row['group'] or 'None'}: {row['label']}" if by else row["label"],
            [
                of_alpha(row),
                of_words(reading(row)),
                Cell("" if row["percent"] is None else f"{100 * row['percent']:.0f}", row["percent"]),
                number(row["ac"]),
                number(row["kappa"]),
                of_count(row["n_items"]),
                of_count(row["n_raters"]),
                of_words(KINDS.get(row["kind"], row["kind"])),
            ],
            in_file=f"{row['group']}: {row['key']}" if by else row["key"],
        )
        for row in result["rows"]
    ]
    first = f"{GROUPS[by]} and question" if by else "Question"
    return Table("agreement", "Alpha by question", first, columns, rows, chart="forest")


def marks_table(result: Result, by: str) -> Table | None:
    """For questions that are answered by marking: characters and stretches."""
    found = [row for row in result["rows"] if row.get("f1")]
    if not found:
        return None
    columns = [Column("Alpha of characters", has_interval=True)]
    columns += [Column(words) for words in ("F1, stretches that meet", "F1, the very same", "F1, characters")]
    rows = [
        Row(
            f"{named(row['group'], by)}: {row['label']}" if by else row["label"],
            [
                of_alpha(row, "characters", "characters_low", "characters_high"),
                *(number(row["f1"][name]) for name in ("overlap", "exact", "character")),
            ],
        )
        for row in found
    ]
    note = (
        "F1: of two people on one text, the mean over all; two who mark nothing agree. Taste in where a stretch begins"
        " lowers “the very same” first."
    )
    return Table("marks", "Marked stretches", "Question", columns, rows, note=note)


def named(group: str, by: str) -> str:
    return day_of(group) if by == "week" else group or "None"


def explanations(result: Result) -> list[str]:
    """Why some have no value, each reason once."""
    reasons = {row["undefined"] for row in result["rows"]} - {""}
    return [text for reason, text in EXPLAINED.items() if reason in reasons]


def answer(result: Result) -> tuple[str, str]:
    """What the figures say in one sentence, and its tone."""
    rows = result["rows"]
    known = [row for row in rows if row["alpha"] is not None]
    if not rows:
        return "No answer is counted yet.", ""
    if not known:
        return "Too little was answered twice to tell how far reviewers agree.", "warn"
    lowest = min(known, key=lambda row: row["alpha"])
    if lowest["alpha"] >= FIRM:
        return "Reviewers agree firmly on every question.", "good"
    if lowest["alpha"] >= TENTATIVE:
        return f"Reviewers agree well enough for tentative conclusions; least on “{lowest['label']}”.", ""
    return f"Reviewers agree least on “{lowest['label']}”: alpha {two(lowest['alpha'])}.", "warn"
