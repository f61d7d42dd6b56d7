from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from feedback.statistics import screens
from feedback.statistics.aggregation import Votes, votes_of

LLMFAO = Path(__file__).parents[4] / "shared" / "data" / "llmfao_votes.csv"
SEEDS = 20
KINDS = ("expert", "careless", "always_first", "always_five", "adversary", "drifting")


def crowd(seed: int, kind: str, *, honest: int = 9, items: int = 150, classes: int = 5) -> tuple[Votes, np.ndarray]:
    """Scores of 1 to 5 by honest raters, right three times in four and near otherwise, and by one of a kind, last."""
    draws = np.random.default_rng(seed)
    truth = draws.choice(classes, items, p=[0.1, 0.2, 0.3, 0.25, 0.15])
    rows, at = [], []
    for item, true in enumerate(truth):
        judges = [*draws.choice(honest, 4, replace=False), honest]
        for rater in judges:
            how = kind if rater == honest else "expert"
            rows.append((item, int(rater), answer(draws, how, int(true), item / items, classes)))
            at.append(item)
    return votes_of(rows, classes), np.array(at, dtype=float)


def answer(draws: np.random.Generator, how: str, true: int, when: float, classes: int) -> int:
    if how == "always_five":
        return classes - 1
    if how == "careless" or (how == "drifting" and when > 0.5):
        return int(draws.integers(classes))
    if how == "adversary":
        return classes - 1 - true if true != 2 else int(draws.choice([0, 4]))
    near = int(np.clip(true + draws.choice([-1, 1]), 0, classes - 1))
    return true if draws.random() < 0.75 else near


def open_items(votes: Votes) -> np.ndarray:
    """No moderator decided any."""
    return np.full(votes.n_items, -1)


def noticed(votes: Votes, at: np.ndarray) -> list[set[str]]:
    """The measures that notice each rater."""
    found: list[set[str]] = [set() for _ in range(votes.n_raters)]
    for readings in (screens.agreement(votes), screens.one_answer(votes), screens.drift(votes, at, open_items(votes))):
        for rater, reading in enumerate(readings):
            if reading.notable:
                found[rater].add(reading.measure)
    return found


@pytest.mark.parametrize(
    ("kind", "measure"),
    [("careless", "agreement"), ("always_five", "one_answer"), ("adversary", "agreement"), ("drifting", "drift")],
)
def test_each_is_noticed_by_the_right_measure(kind: str, measure: str) -> None:
    found = [noticed(*crowd(seed, kind)) for seed in range(SEEDS)]
    assert sum(measure in each[-1] for each in found) >= 0.95 * SEEDS
    honest = [measures for each in found for measures in each[:-1]]
    assert np.mean([bool(measures) for measures in honest]) <= 0.01  # at three standard errors


def test_honest_raters_are_let_be() -> None:
    found = [measures for seed in range(SEEDS) for measures in noticed(*crowd(seed, "expert"))]
    assert sum(map(bool, found)) == 0


def test_who_always_takes_the_first_is_noticed() -> None:
    draws = np.random.default_rng(4)
    assert screens.position(60, 60).notable
    assert screens.position(0, 60).notable  # always the second is no better
    honest = [bool(screens.position(int(k), 60).notable) for k in draws.binomial(60, 0.54, 2000)]
    assert np.mean(honest) < 0.02
    assert screens.position(19, 19).notable is None


def read_votes() -> list[tuple[str, str, str]]:
    if not LLMFAO.exists():
        pytest.skip(f"{LLMFAO.name} is not beside the project")
    with LLMFAO.open(newline="") as file:
        return [(row["pair_id"], row["rater_id"], row["winner"]) for row in csv.DictReader(file)]


def numbered(rows: list[tuple[str, str, str]], always_left: str = "") -> tuple[Votes, list[str]]:
    """The votes, one rater's replaced by left; and the raters in the order of their numbers."""
    pairs, raters = (sorted({row[column] for row in rows}) for column in (0, 1))
    pair_of, rater_of = ({name: n for n, name in enumerate(names)} for names in (pairs, raters))
    sides = {"left": 0, "right": 1, "tie": 2}
    labels = [(pair_of[p], rater_of[r], 0 if r == always_left else sides[side]) for p, r, side in rows]
    return votes_of(labels, 3), raters


def test_planted_among_real_raters() -> None:
    """STATISTICS R4: always left, in the place of each person of LLMFAO with at least 20 votes."""
    rows = read_votes()
    votes, raters = numbered(rows)
    enough = [raters.index(rater) for rater, n in zip(raters, votes.per_rater(), strict=True) if n >= 20]
    found = screens.one_answer(votes)
    assert sum(bool(found[rater].notable) for rater in enough) / len(enough) <= 0.03
    planted = [screens.one_answer(numbered(rows, raters[rater])[0])[rater].notable for rater in enough[::5]]
    assert np.mean([bool(notable) for notable in planted]) >= 0.9


def test_little_is_too_little_to_tell() -> None:
    votes = votes_of([(0, 0, 1), (0, 1, 0), (1, 0, 1)], 2)
    at = np.arange(3.0)
    for readings in (screens.agreement(votes), screens.one_answer(votes), screens.drift(votes, at, open_items(votes))):
        assert {reading.notable for reading in readings} == {None}


def test_a_tie_of_the_others_is_half_right_by_hand() -> None:
    """Three raters, answers 0 to 2. Item by item, without the own vote: 0 0 1 leaves the first two a tie (½ each) and
    the third a contradiction (0); 0 0 0 confirms all; 0 1 2 leaves everybody a tie of two others' answers (0).
    """
    rows = [(item, rater, label) for item, said in enumerate(("001", "000", "012")) for rater, label in
            enumerate(map(int, said))]  # fmt: skip
    votes = votes_of(rows, 3)
    told, clear, right = screens.settled_answers(votes, open_items(votes))
    assert told.all()
    assert clear.tolist() == [False, False, True, True, True, True, False, False, False]
    assert right.reshape(3, 3).tolist() == [[0.5, 0.5, 0.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]
    *_, right = screens.settled_answers(votes, np.array([1, -1, -1]))  # a moderator took the third one's side
    assert right[:3].tolist() == [0.0, 0.0, 1.0]


def test_who_is_contradicted_only_where_others_agree_does_not_read_nothing_right() -> None:
    """Three honest raters of three reviews each, right three times in four, of two answers: each is right about as
    often as the others, .75² + .25² = .625 with ties halved, and none has only the items where both others disagree.
    """
    draws = np.random.default_rng(7)
    truth = draws.integers(2, size=4000)
    labels = np.where(draws.random((4000, 3)) < 0.75, truth[:, None], 1 - truth[:, None])
    votes = votes_of([(item, rater, int(labels[item, rater])) for item in range(4000) for rater in range(3)], 2)
    for reading in screens.verdicts(votes, open_items(votes)):
        assert reading.n == 4000
        assert reading.rate == pytest.approx(0.625, abs=0.02)


def test_items_of_one_review_tell_nothing_of_verdicts() -> None:
    votes = votes_of([(item, 0, 1) for item in range(30)], 2)
    [reading] = screens.verdicts(votes, open_items(votes))
    assert (reading.n, reading.rate, reading.notable) == (0, None, None)


def test_haste_alone_is_no_fault() -> None:
    """A quick rater who agrees is not noticed; one who does not agree is."""
    items = np.repeat(np.arange(40), 4)
    rater = np.tile(np.arange(4), 40)
    time = np.where(rater >= 2, 1000.0, 9000.0)
    truth = np.arange(40) % 2
    label = np.where(rater == 3, 1 - truth[items], truth[items])
    votes = votes_of(list(zip(items.tolist(), rater.tolist(), label.tolist(), strict=True)), 2)
    time = np.where(rater == 2, 2000.0, time)
    found = screens.pace(items, rater, time, screens.agreement(votes))
    assert [bool(reading.notable) for reading in found] == [False, False, False, True]
