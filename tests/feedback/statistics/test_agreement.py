"""Agreement against textbooks, against frozen values of other libraries (`make oracles`), and at its edges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import evalica
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

from feedback.statistics.agreement import (
    Answers,
    Level,
    Weights,
    alpha,
    alpha_interval,
    cohen,
    fleiss,
    gwet,
    percent,
    tabulate,
)
from tests.real import needs, rows_of

FROZEN = json.loads((Path(__file__).parent / "oracles.json").read_text())
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval")
GWETS: tuple[Weights, ...] = ("identity", "ordinal", "quadratic")


def of_matrix(rows: list[list[float | None]]) -> Answers:
    """One row a rater, one column an item; None where nobody answered."""
    found = [
        (item, rater, value) for rater, row in enumerate(rows) for item, value in enumerate(row) if value is not None
    ]
    return tabulate(*zip(*found, strict=True))


@pytest.mark.parametrize("name", sorted(FROZEN["matrices"]))
def test_every_coefficient_is_that_of_other_libraries(name: str) -> None:
    case = FROZEN["matrices"][name]
    answers = of_matrix(case["rows"])
    for level in LEVELS:
        assert alpha(answers, level) == pytest.approx(case["alpha"][level], abs=1e-6)
    for weights in GWETS:
        assert gwet(answers, weights) == pytest.approx(case["gwet"][weights], abs=2e-5)
    assert fleiss(answers) == pytest.approx(case["fleiss"], abs=2e-5)


def test_krippendorffs_textbook_example() -> None:
    answers = of_matrix(FROZEN["matrices"]["krippendorff"]["rows"])
    assert [alpha(answers, level) for level in LEVELS] == pytest.approx([0.743421, 0.815388, 0.849107], abs=1e-6)
    assert gwet(answers) == pytest.approx((0.77544, 0.14295), abs=1e-5)
    assert percent(answers) == pytest.approx(0.8182, abs=1e-4)


def test_fleiss_own_example() -> None:
    """Fleiss (1971): ten subjects, fourteen raters, five categories."""
    table = np.array(FROZEN["fleiss_1971"])
    units, values = np.nonzero(table)
    times = table[units, values]
    unit, value = np.repeat(units, times), np.repeat(values, times)
    answers = tabulate(unit, np.tile(np.arange(14), 10), value)
    found = fleiss(answers)
    assert found is not None
    assert found.value == pytest.approx(0.20993, abs=1e-5)
    assert found.value == pytest.approx(fleiss_kappa(table), abs=1e-12)


@given(st.lists(st.lists(st.sampled_from([None, 1.0, 2.0, 3.0, 5.0]), min_size=7, max_size=7), min_size=2, max_size=5))
def test_alpha_is_evalicas_with_any_gaps(rows: list[list[float | None]]) -> None:
    given_any = [row for row in rows if any(value is not None for value in row)]
    if not given_any:
        return
    answers = of_matrix(given_any)
    if answers.undefined:
        assert all(alpha(answers, level) is None for level in LEVELS)
        return
    for level in LEVELS:
        other = evalica.alpha(pd.DataFrame(given_any, dtype=float), distance=level)
        assert alpha(answers, level) == pytest.approx(other.alpha, abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_cohens_kappa_is_that_of_statsmodels(pairs: list[tuple[int, int]]) -> None:
    one, other = zip(*pairs, strict=True)
    table = np.zeros((4, 4))
    np.add.at(table, (one, other), 1)
    expected = None if len({*one, *other}) == 1 else cohens_kappa(table).kappa
    assert cohen(one, other) == (expected if expected is None else pytest.approx(expected, abs=1e-9))


def test_order_of_people_and_items_changes_nothing() -> None:
    """A2, exactly; and answers that nobody can be held against are ignored."""
    random = np.random.default_rng(1)
    units, raters, values = random.integers(0, 60, 200), random.integers(0, 5, 200), random.integers(1, 5, 200)
    units, first = np.unique(units * 10 + raters, return_index=True)
    raters, values, units = raters[first], values[first], units // 10
    order = random.permutation(len(units))
    one, other = tabulate(units, raters, values), tabulate(99 - units[order], 9 - raters[order], values[order])
    alone = tabulate([*units, 500, 501], [*raters, 3, 9], [*values, 1, 4])
    for level in LEVELS:
        assert alpha(one, level) == pytest.approx(alpha(other, level), abs=1e-13)
        assert alpha(one, level) == pytest.approx(alpha(alone, level), abs=1e-13)


def test_a_second_answer_of_one_person_is_not_a_second_person() -> None:
    answers = tabulate([1, 1, 2], ["ada", "ada", "ada"], [1, 0, 1])
    assert (answers.n_repeated, answers.n_answers, answers.undefined) == (1, 2, "one_rater")


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (tabulate([], [], []), "one_rater"),
        (tabulate([1, 2], ["ada", "ada"], [0, 1]), "one_rater"),
        (tabulate([1, 2], ["ada", "bo"], [0, 1]), "no_overlap"),
        (tabulate([1, 1, 2, 2], ["ada", "bo"] * 2, [1, 1, 1, 1], categories=[0, 1]), "all_same"),
        (tabulate([1, 1, 2, 2], ["ada", "bo"] * 2, [1, 1, 0, 1]), ""),
    ],
)
def test_what_has_no_value_says_why(answers: Answers, why: str) -> None:
    assert answers.undefined == why
    assert (alpha(answers) is None) == (alpha_interval(answers) is None) == bool(why)


def test_where_all_answer_alike_percent_and_ac1_still_speak() -> None:
    answers = tabulate([1, 1, 2, 2], ["ada", "bo"] * 2, [1, 1, 1, 1], categories=[0, 1])
    assert percent(answers) == 1
    assert gwet(answers) == (1, 0)
    assert fleiss(answers) is None


def drawn(random: np.random.Generator, n: int, rate: float = 0.75) -> Answers:
    """Three people, each of whom sees the truth with this chance and else guesses: α is about rate²."""
    truth = random.integers(0, 2, n)
    seen = np.where(random.random((3, n)) < rate, truth, random.integers(0, 2, (3, n)))
    return tabulate(np.tile(np.arange(n), 3), np.repeat(np.arange(3), n), seen.ravel())


@pytest.mark.slow
def test_intervals_by_resampled_items_cover() -> None:
    """A4: 200 items, three people."""
    random, held, runs = np.random.default_rng(2), 0, 600
    for _ in range(runs):
        found = alpha_interval(drawn(random, 200))
        assert found is not None
        held += found.low <= 0.75**2 <= found.high
    assert 0.93 <= held / runs <= 0.97


def test_many_answers_are_few_patterns() -> None:
    answers = drawn(np.random.default_rng(3), 40_000)
    assert len(answers.items) == 4
    assert alpha(answers) == pytest.approx(0.75**2, abs=0.01)
    found = alpha_interval(answers)
    assert found is not None
    assert found.high - found.low < 0.02


def column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


@needs("convabuse_labels.csv")
def test_real_severities_have_the_known_values() -> None:
    rows = rows_of("convabuse_labels.csv")
    severity = np.array(column(rows, "severity"), dtype=float)
    answers = tabulate(column(rows, "item_id"), column(rows, "rater_id"), severity)
    assert [alpha(answers, level) for level in LEVELS] == pytest.approx([0.4455, 0.6731, 0.7424], abs=5e-4)
    flagged = tabulate(column(rows, "item_id"), column(rows, "rater_id"), severity < 0)
    found = gwet(flagged)
    assert found is not None
    assert (percent(flagged), alpha(flagged), found.value) == pytest.approx((0.90, 0.659, 0.866), abs=0.005)


@needs("pandalm_pairs.jsonl", "llmfao_votes.csv")
def test_real_comparisons_have_the_known_values() -> None:
    pairs = rows_of("pandalm_pairs.jsonl")
    ids, people = np.repeat(column(pairs, "pair_id"), 3), np.tile(np.arange(3), len(pairs))
    panda = tabulate(ids, people, [row[f"annotator{person}"] for row in pairs for person in (1, 2, 3)])
    votes, codes = rows_of("llmfao_votes.csv"), {"left": 0, "tie": 1, "right": 2}
    winners = [codes[row["winner"]] for row in votes]
    llmfao = tabulate(column(votes, "pair_id"), column(votes, "rater_id"), winners)
    assert (alpha(panda), alpha(llmfao)) == pytest.approx((0.8597, 0.2494), abs=5e-4)
