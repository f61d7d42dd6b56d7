"""A leaderboard's figures as words and tables, from the result that a worker stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feedback.tables import Cell, Column, Row, Table, of_words

FEW_SUBJECTS = 30  # below, the sandwich errors are too small
FEW_VOTES = 10  # of one contestant
NAMED = 5  # in a sentence
EFFECTS = {"position": "The left", "length": "A longer response"}

Result = Mapping[str, Any]


def answer(result: Result) -> tuple[str, str]:
    """What the figures say in one sentence, and its tone."""
    rows = result["rows"]
    if not rows:
        return "No comparison is counted yet.", ""
    first = [row["name"] for row in rows if row["best"] == 1]
    if result["n_subjects"] < FEW_SUBJECTS or len(first) == len(rows) > 1:
        return "Too few votes to tell who is better.", "warn"
    if len(first) == 1:
        return f"{first[0]} is first.", "good"
    return f"{listed(first)} may each be first: their votes do not tell them apart.", ""


def listed(names: Sequence[str]) -> str:
    shown = [*names] if len(names) <= NAMED else [*names[: NAMED - 1], f"{len(names) - NAMED + 1} others"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def warnings(result: Result) -> list[str]:
    """What a reader must know before believing the order."""
    if not result["rows"]:
        return []
    found = []
    if result["n_subjects"] < FEW_SUBJECTS:
        found.append(
            f"Only {count(result['n_subjects'], 'item')} compared: below {FEW_SUBJECTS}, the intervals are too narrow."
        )
    if result["left_out"]:
        found.append(f"Left out, for nobody compared them with the rest, or too seldom: {listed(result['left_out'])}.")
    if result["is_ridged"]:
        found.append(extremes(result["rows"]))
    found += [LEFT_OPEN[name] for name in result["not_told_apart"]]
    if not result["has_position"]:
        found.append("In which order responses were shown is not known here, so that it is not accounted for.")
    return found


LEFT_OPEN = {
    "position": "Pairs were shown in one order only, or nearly: what the order did cannot be told from the responses.",
    "length": "The lengths differ too little to tell what length did.",
}


def extremes(rows: Sequence[Mapping[str, Any]]) -> str:
    """Which scores would be without end: of those who never lost, or never won."""
    never = [f"{row['name']} never lost" for row in rows if not row["lost"] and not row["tied"]]
    never += [f"{row['name']} never won" for row in rows if not row["won"] and not row["tied"]]
    who = f" ({listed(never)})" if never else ""
    return (
        f"The votes alone would put some infinitely far apart{who}. A tenth of a vote against the average was added to"
        " each, so that scores stay finite; more comparisons are the remedy."
    )


def count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.2f}".replace("-", "−")


def of_score(row: Mapping[str, Any]) -> Cell:
    if row["low"] is None:
        return Cell(signed(row["score"]), row["score"])
    doubt = f"{signed(row['low'])} to {signed(row['high'])}"
    return Cell(signed(row["score"]), row["score"], row["low"], row["high"], doubt)


def of_difference(effect: Mapping[str, Any]) -> Cell:
    value, error = effect["value"], effect["error"]
    if not error:
        return Cell(signed(value), value)
    low, high = value - 1.96 * error, value + 1.96 * error
    return Cell(signed(value), value, low, high, f"{signed(low)} to {signed(high)}")


def place(row: Mapping[str, Any]) -> str:
    return str(row["best"]) if row["best"] == row["worst"] else f"{row['best']}–{row['worst']}"


def table(result: Result, noun: str) -> Table:
    baseline = result.get("baseline", "")
    columns = [
        Column("Score", is_series=True, has_interval=True),
        *([Column(f"Against {baseline}", has_interval=True)] if baseline else []),
        Column("Place"),
        Column("Wins against average, %"),
        *[Column(words) for words in ("Comparisons", "Won", "Tied", "Lost", "Order ignored", "Length evened out")],
    ]
    rows = [Row(row["name"], cells(row, bool(baseline)), in_file=row["name"]) for row in result["rows"]]
    return Table("leaderboard", f"Scores of {noun}", "Name", columns, rows, chart="forest", note=NOTE)


NOTE = (
    "Score: log odds of being preferred to the average, with its 95 % interval. Place: from the best to the worst that"
    " the votes allow, for all together at 95 %. “Order ignored” and “length evened out” are the scores without"
    " accounting for left and right, and with accounting for length too."
)


def cells(row: Mapping[str, Any], has_baseline: bool) -> list[Cell]:
    few = "" if row["votes"] >= FEW_VOTES else " (few)"
    shown = [of_score(row)]
    if has_baseline:
        shown.append(of_difference(row["difference"]))
    shown += [
        of_words(place(row)),
        Cell(f"{100 * row['expected']:.0f}", round(100 * row["expected"], 2)),
        Cell(f"{row['votes']:,}{few}", row["votes"]),
    ]
    shown += [Cell(f"{row[name]:,.0f}", row[name]) for name in ("won", "tied", "lost")]
    return shown + [Cell(signed(row[name]), row[name]) for name in ("uncontrolled", "with_length")]


def remarks(result: Result) -> list[tuple[str, str]]:
    """Position, length, ties and circles, in words."""
    if not result["rows"]:
        return []
    found = [(EFFECTS[name], effect_words(name, effect)) for name, effect in result["effects"].items()]
    complete, circular = result["triads"]["complete"], result["triads"]["circular"]
    if complete:
        share = f"{100 * circular / complete:.1f} %"
        found.append(
            (
                "Circles",
                f"{circular:,} of {complete:,} triples go round ({share}; chance alone makes 25 %).",
            )
        )
    else:
        found.append(("Circles", "No three were all compared with each other, so nothing can go round."))
    return found


def effect_words(name: str, effect: Mapping[str, Any]) -> str:
    value, error = effect["value"], effect["error"]
    if error is None:
        return f"{signed(value)}; too few to say how surely."
    low, high = value - 1.96 * error, value + 1.96 * error
    sure = "no clear effect" if low <= 0 <= high else ("is preferred" if value > 0 else "is avoided")
    per = " for each factor of 2.7 in length" if name == "length" else ""
    return f"{signed(value)} ({signed(low)} to {signed(high)}){per}: {sure}."
