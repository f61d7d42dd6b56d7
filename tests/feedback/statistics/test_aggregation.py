from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from feedback.statistics.aggregation import Votes, dawid_skene, severity, vote_shares, votes_of

TABLE = Path(__file__).parents[4] / "shared" / "data" / "dawid_skene_1979.csv"


def planted(
    seed: int, accuracies: list[float], *, items: int = 800, classes: int = 2, each: int = 10
) -> tuple[Votes, list[int]]:
    """Labels of raters who are right so often and err evenly, `each` raters an item; and the truth."""
    draws = np.random.default_rng(seed)
    truth = draws.integers(0, classes, items)
    rows = []
    for item, true in enumerate(truth):
        for rater in draws.choice(len(accuracies), each, replace=False):
            is_right = draws.random() < accuracies[rater]
            wrong = (true + draws.integers(1, classes)) % classes
            rows.append((item, int(rater), int(true if is_right else wrong)))
    return votes_of(rows, classes), truth.tolist()


def test_the_table_of_1979() -> None:
    """STATISTICS R1, to two decimals: two transcriptions of the table differ in one cell."""
    if not TABLE.exists():
        pytest.skip(f"{TABLE.name} is not beside the project")
    with TABLE.open(newline="") as file:
        rows = [(int(r["patient"]) - 1, int(r["observer"]) - 1, int(r["rating"]) - 1) for r in csv.DictReader(file)]
    found = dawid_skene(votes_of(rows, 4), prior=0.0)
    assert found.shares == pytest.approx([0.40, 0.42, 0.11, 0.07], abs=0.01)
    first = [[0.89, 0.11, 0, 0], [0.07, 0.88, 0.05, 0], [0, 0.34, 0.66, 0], [0, 0, 0.56, 0.44]]
    assert np.abs(found.confusion[0] - np.array(first)).max() <= 0.021  # .91 and .09 in the other transcription
    assert np.bincount(found.posterior.argmax(axis=1)).tolist() == [18, 19, 5, 3]


def test_the_likelihood_never_falls() -> None:
    votes, _ = planted(1, [0.9, 0.8, 0.7, 0.6, 0.55], items=200, classes=3, each=4)
    steps = np.diff(dawid_skene(votes, prior=0.0).log_likelihood)
    assert steps.min() >= -1e-9


@pytest.mark.parametrize("seed", range(5))
def test_it_beats_the_majority_where_raters_differ(seed: int) -> None:
    """STATISTICS R2: a crowd with some good raters and many poor ones."""
    votes, truth = planted(seed, [0.95] * 6 + [0.58] * 14)
    found = dawid_skene(votes)
    by_majority = np.mean(vote_shares(votes).argmax(axis=1) == truth)
    assert np.mean(found.posterior.argmax(axis=1) == truth) >= by_majority + 0.02
    known = np.array([0.95] * 6 + [0.58] * 14)
    assert np.corrcoef(found.accuracy(), known)[0, 1] >= 0.85


def test_the_posterior_means_what_it_says() -> None:
    votes, truth = planted(7, [0.9, 0.85, 0.8, 0.7, 0.6, 0.6], items=3000, each=3)
    posterior = dawid_skene(votes).posterior
    is_right, said = posterior.argmax(axis=1) == truth, posterior.max(axis=1)
    sure = (said > 0.85) & (said < 0.95)
    assert is_right[sure].mean() == pytest.approx(said[sure].mean(), abs=0.04)


def test_few_labels_do_not_make_certainty() -> None:
    votes = votes_of([(0, 0, 1), (0, 1, 1), (1, 0, 0), (1, 2, 1)], 2)
    found = dawid_skene(votes, one_coin=True)
    assert 0 < found.confusion.min() < found.confusion.max() < 1
    assert found.posterior.sum(axis=1) == pytest.approx(1)


def test_one_coin_errs_evenly() -> None:
    votes, _ = planted(3, [0.9, 0.6, 0.7], items=60, classes=3, each=2)
    for matrix in dawid_skene(votes, one_coin=True).confusion:
        assert np.diag(matrix) == pytest.approx(matrix[0, 0])
        assert matrix[~np.eye(3, dtype=bool)] == pytest.approx((1 - matrix[0, 0]) / 2)


@pytest.mark.parametrize("rows", [[], [(0, 0, 2)], [(0, 0, -1)]])
def test_labels_that_are_none_are_refused(rows: list[tuple[int, int, int]]) -> None:
    with pytest.raises(ValueError, match="label"):
        votes_of(rows, 2)


def test_severity_is_found_and_drawn_to_nothing_for_few_items() -> None:
    draws = np.random.default_rng(5)
    truth = draws.normal(3, 1, 300)
    lean = np.array([0.0, 0.8, -0.5])
    item, rater = np.repeat(np.arange(300), 3), np.tile(np.arange(3), 300)
    value = truth[item] + lean[rater] + draws.normal(0, 0.3, 900)
    others = np.array([(lean.sum() - one) / 2 for one in lean])
    assert severity(item, rater, value) == pytest.approx(lean - others, abs=0.1)
    few = severity(item[:6], rater[:6], value[:6])
    assert np.abs(few).max() < 0.5
    alone = severity(np.arange(3), np.array([0, 1, 1]), np.array([1.0, 5.0, 4.0]))
    assert alone.tolist() == [0, 0]
