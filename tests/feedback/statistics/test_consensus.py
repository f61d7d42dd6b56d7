from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from feedback.statistics.aggregation import dawid_skene, votes_of
from feedback.statistics.consensus import Label, Replay, posterior, replay
from feedback.statistics.votes import majority

DATA = Path(__file__).parents[4] / "shared" / "data"
EVEN = {"yes": 0.5, "no": 0.5}


def test_two_who_agree_are_surer_than_one() -> None:
    one = posterior([Label("yes", 0.8)], ["yes", "no"], EVEN)
    assert one["yes"] == pytest.approx(0.8)
    two = posterior([Label("yes", 0.8), Label("yes", 0.8)], ["yes", "no"], EVEN)
    assert two["yes"] == pytest.approx(0.64 / 0.68)
    split = posterior([Label("yes", 0.9), Label("no", 0.6)], ["yes", "no"], EVEN)
    assert split["yes"] == pytest.approx(0.36 / 0.42)
    assert sum(split.values()) == pytest.approx(1)


def test_a_rare_class_needs_more() -> None:
    rare = posterior([Label("yes", 0.8)], ["yes", "no"], {"yes": 0.02, "no": 0.98})
    assert rare["yes"] < 0.1
    assert posterior([], ["yes", "no"], {"yes": 0.02, "no": 0.98})["no"] == pytest.approx(0.98)


def test_nobody_is_taken_at_more_than_his_word() -> None:
    assert posterior([Label("yes", 1.0)], ["yes", "no"], EVEN)["yes"] < 1
    assert posterior([Label("yes", 0.1)], ["yes", "no"], EVEN)["yes"] == pytest.approx(0.5)  # not read as its opposite


def test_a_class_that_nobody_ever_gave_stays_possible() -> None:
    chances = posterior([Label("c", 0.9)] * 3, ["a", "b", "c"], {"a": 0.5, "b": 0.5})
    assert max(chances, key=lambda name: chances[name]) == "c"


def replayed(rows: list[tuple[str, str, str]], classes: list[str], target: float, least: int) -> Replay:
    """Of (item, rater, label): accuracies and shares by the one-coin model of all labels, then label after label."""
    items, raters = (sorted({row[column] for row in rows}) for column in (0, 1))
    number = {name: n for names in (items, raters, classes) for n, name in enumerate(names)}
    votes = votes_of([(number[item], number[rater], number[label]) for item, rater, label in rows], len(classes))
    found = dawid_skene(votes, one_coin=True)
    accuracy = dict(zip(raters, found.accuracy().tolist(), strict=True))
    shares = dict(zip(classes, found.shares.tolist(), strict=True))
    labels = defaultdict(list)
    for item, rater, label in rows:
        labels[item].append(Label(label, accuracy[rater]))
    return replay([row for row in labels.values() if len(row) > least], classes, shares, target, least)


def fixed(rows: list[tuple[str, str, str]], n: int, least: int) -> tuple[int, float]:
    """The same items with n labels each: labels used, and how often their majority is that of all."""
    labels = defaultdict(list)
    for item, _, label in rows:
        labels[item].append(label)
    items = [row for row in labels.values() if len(row) > least]
    decided = [(majority(row[:n]), majority(row)) for row in items if majority(row) is not None]
    return sum(min(n, len(row)) for row in items), sum(a == b for a, b in decided) / len(decided)


def rows_of(name: str, item: str, rater: str, label: str) -> list[tuple[str, str, str]]:
    if not (DATA / name).exists():
        pytest.skip(f"{name} is not beside the project")
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return [(f"i{row[item]}", f"r{row[rater]}", row[label]) for row in csv.DictReader(file)]


def test_real_labels_of_abuse_need_a_quarter_less() -> None:
    """ConvAbuse, abusive or not: at least 25 % fewer labels, and the full vote's answer where it has one."""
    rows = [
        (item, rater, "no" if int(severity) == 1 else "yes")
        for item, rater, severity in rows_of("convabuse_labels.csv", "item_id", "rater_id", "severity")
    ]
    found = replayed(rows, ["no", "yes"], 0.95, 1)
    assert found.saved >= 0.25
    assert found.same / found.decided >= 0.97
    used, agreed = fixed(rows, 2, 1)
    assert found.used <= used
    assert found.same / found.decided >= agreed


def test_real_preferences_need_a_quarter_less() -> None:
    """LLMFAO, of low agreement: a quarter fewer votes, and better than as many votes for every pair."""
    rows = rows_of("llmfao_votes.csv", "pair_id", "rater_id", "winner")
    found = replayed(rows, ["left", "right", "tie"], 0.9, 2)
    assert found.saved >= 0.25
    used, agreed = fixed(rows, 3, 2)
    assert found.used <= 1.1 * used
    assert found.same / found.decided >= agreed
