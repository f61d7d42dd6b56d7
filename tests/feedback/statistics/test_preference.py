"""Bradley-Terry and Davidson against published values, against two other libraries, and where the data fail them."""

from __future__ import annotations

import math
from typing import Any

import evalica
import numpy as np
import pytest
import statsmodels.api as sm

from feedback.statistics.preference import Votes, expected_share, islands, length_ratio, rate
from tests.real import needs, rows_of

# Biometrika, Communications in Statistics, JASA, JRSS-B: citations of one by the other, both ways.
CITATIONS = {
    (0, 1): (730, 33), (0, 2): (498, 320), (0, 3): (221, 284), (1, 2): (68, 813), (1, 3): (17, 276), (2, 3): (142, 325),
}  # fmt: skip


def counted(table: dict[tuple[int, int], tuple[int, int]]) -> Votes:
    """Each pair's wins as two weighted rows."""
    rows = [(i, j, won, count) for (i, j), counts in table.items() for won, count in zip((1, 0), counts, strict=True)]
    left, right, outcome, weight = zip(*rows, strict=True)
    return Votes.of(left, right, outcome, weight=weight)


def one_by_one(table: dict[tuple[int, int], tuple[int, int]]) -> Votes:
    votes = counted(table)
    left, right, outcome = (
        np.repeat(part, votes.weight.astype(int)) for part in (votes.left, votes.right, votes.outcome)
    )
    return Votes.of(left, right, outcome)


def drawn(scores: list[float], rows: int, *, tie: float = 0.0, position: float = 0.0, seed: int = 1) -> Votes:
    """Votes of Davidson's model on random pairs."""
    random = np.random.default_rng(seed)
    left = random.integers(0, len(scores), rows)
    right = (left + random.integers(1, len(scores), rows)) % len(scores)
    eta = np.asarray(scores)[left] - np.asarray(scores)[right] + position
    wins, losses = np.exp(eta / 2), np.exp(-eta / 2)
    at = random.random(rows) * (wins + losses + tie)
    outcome = np.where(at < wins, 1, np.where(at < wins + losses, 0, 0.5))
    return Votes.of(left, right, outcome)


def winners(votes: Votes) -> list[Any]:
    named = {1.0: evalica.Winner.X, 0.0: evalica.Winner.Y, 0.5: evalica.Winner.Draw}
    return [named[float(outcome)] for outcome in votes.outcome]


def newman(votes: Votes, n: int) -> tuple[np.ndarray[Any, Any], float]:
    """Log scores with mean 0, and ν."""
    found = evalica.newman(votes.left.tolist(), votes.right.tolist(), winners(votes), limit=100_000, tolerance=1e-13)
    scores = np.log(found.scores.loc[list(range(n))].to_numpy())
    return scores - scores.mean(), 2 * found.v


def test_the_journals_have_their_published_scores() -> None:
    """Turner & Firth (2012): Biometrika at 0."""
    found = rate(one_by_one(CITATIONS), 4).against(0)
    assert [effect.value for effect in found] == pytest.approx([0, -2.9491, -0.4796, 0.2690], abs=1e-4)
    # Published errors are those of the model; on one vote a subject the sandwich differs where the model does not fit.
    assert [effect.error for effect in found] == pytest.approx([0, 0.1025, 0.0606, 0.0708], rel=0.05)


def test_counts_say_what_single_votes_say_in_any_order() -> None:
    single, random = one_by_one(CITATIONS), np.random.default_rng(2)
    shuffled = rate(single.only(random.permutation(len(single))), 4)
    assert shuffled.scores == pytest.approx(rate(counted(CITATIONS), 4).scores, abs=1e-9)
    assert shuffled.errors == pytest.approx(rate(single, 4).errors, abs=1e-9)
    mirrored = Votes.of(single.right, single.left, 1 - single.outcome)
    assert rate(mirrored, 4).scores == pytest.approx(shuffled.scores, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_ties_are_davidsons_as_newman_fits_them(seed: int) -> None:
    votes = drawn([1.2, 0.4, 0.0, -0.3, -1.3], 600, tie=0.8, seed=seed)
    found = rate(votes, 5)
    scores, tie = newman(votes, 5)
    assert found.scores == pytest.approx(scores, abs=1e-4)
    assert found.tie == pytest.approx(tie, abs=1e-4)


@pytest.mark.parametrize("clustered", [False, True])
def test_half_ties_are_a_binomial_model_with_clustered_errors(clustered: bool) -> None:
    """The same as statsmodels, with both controls."""
    plain = drawn([0.8, 0.1, -0.2, -0.7], 400, tie=0.6, position=0.3)
    random = np.random.default_rng(3)
    subject = random.integers(0, 90, 400) if clustered else np.arange(400)
    votes = Votes.of(plain.left, plain.right, plain.outcome, subject, length=random.normal(size=400))
    design = np.zeros((400, 6))
    design[np.arange(400), votes.left] += 1
    design[np.arange(400), votes.right] -= 1
    design[:, 4], design[:, 5] = 1, votes.length
    model = sm.GLM(votes.outcome, design[:, 1:], family=sm.families.Binomial())
    other = model.fit(cov_type="cluster", cov_kwds={"groups": subject}, tol=1e-12)
    found = rate(votes, 4, "half", ["position", "length"])
    assert [effect.value for effect in found.against(0)[1:]] == pytest.approx(other.params[:3], abs=1e-7)
    assert [effect.error for effect in found.against(0)[1:]] == pytest.approx(other.bse[:3], abs=1e-7)
    assert list(found.controls) == ["position", "length"]
    pairs = zip(found.controls.values(), other.params[3:], other.bse[3:], strict=True)
    assert all(effect == pytest.approx((value, error), abs=1e-7) for effect, value, error in pairs)


def test_davidsons_errors_are_those_of_its_curvature_when_it_holds() -> None:
    """Where every vote stands for itself and the model is true, the sandwich estimates the model's own errors."""
    scores = [0.9, 0.2, -0.4, -0.7]
    runs = [rate(drawn(scores, 600, tie=0.7, seed=seed), 4) for seed in range(150)]
    spread = np.std([run.scores for run in runs], axis=0)
    told = np.mean([run.errors for run in runs if run.errors is not None], axis=0)
    assert told == pytest.approx(spread, rel=0.2)
    assert np.mean([run.scores for run in runs], axis=0) == pytest.approx(scores, abs=0.04)


def test_copies_of_a_vote_on_its_subject_make_nothing_surer() -> None:
    votes = drawn([0.5, 0.0, -0.5], 200)
    left, right, outcome = (np.tile(part, 3) for part in (votes.left, votes.right, votes.outcome))
    once = rate(votes, 3)
    clustered = rate(Votes.of(left, right, outcome, np.tile(np.arange(200), 3)), 3)
    plain = rate(Votes.of(left, right, outcome), 3)
    assert once.errors is not None
    assert clustered.errors == pytest.approx(once.errors, rel=0.01)
    assert plain.errors == pytest.approx(once.errors / math.sqrt(3), rel=0.02)


@pytest.mark.proof
def test_clustered_intervals_cover_and_plain_ones_do_not() -> None:
    """B2: six models, 240 pairs, three votes each that often say the same."""
    truth, random = np.array([0.9, 0.5, 0.1, -0.2, -0.5, -0.8]), np.random.default_rng(4)
    held: dict[str, list[bool]] = {"clustered": [], "plain": []}
    for run in range(2000):
        left = np.repeat(random.integers(0, 6, 240), 3)
        right = np.repeat((left[::3] + random.integers(1, 6, 240)) % 6, 3)
        chance = 1 / (1 + np.exp(truth[right] - truth[left]))
        own, first = random.random(720) < chance, np.repeat(random.random(240) < chance[::3], 3)
        outcome = np.where(random.random(720) < 0.45, first, own).astype(float)
        subjects = {"clustered": np.repeat(np.arange(240), 3), "plain": np.arange(720)}
        for name in ("clustered", "plain") if run % 4 == 0 else ("clustered",):
            value, error = rate(Votes.of(left, right, outcome, subjects[name]), 6).against(5)[0]
            held[name].append(abs(value - (truth[0] - truth[5])) <= 1.96 * error)
    assert 0.93 <= np.mean(held["clustered"]) <= 0.97
    assert np.mean(held["plain"]) <= 0.93


def test_a_judge_who_always_takes_the_left_is_found_and_ranks_nobody() -> None:
    """B3: equal models, shown in random order."""
    plain = drawn([0, 0, 0, 0], 600, seed=5)
    outcome = np.where(np.arange(600) % 2, 1.0, plain.outcome)
    found = rate(Votes.of(plain.left, plain.right, outcome), 4, controls=["position"])
    assert found.controls["position"].is_clear
    assert found.controls["position"].value > 1
    assert found.errors is not None
    assert (np.abs(found.scores) < 2 * found.errors).all()


def test_votes_whose_order_nobody_knows_say_nothing_of_position() -> None:
    known = drawn([0.6, 0.0, -0.6], 300, position=0.8, seed=6)
    both = [np.concatenate([part, part]) for part in (known.left, known.right, known.outcome)]
    unknown = Votes.of(both[0], both[1], both[2], shown=np.repeat([1.0, 0.0], 300))
    assert rate(unknown, 3, controls=["position"]).controls["position"].value == pytest.approx(
        rate(known, 3, controls=["position"]).controls["position"].value, abs=0.1
    )


def test_an_order_that_never_changed_cannot_be_told_from_the_models() -> None:
    votes = Votes.of([0] * 30, [1] * 30, [1, 1, 0] * 10)
    found = rate(votes, 2, controls=["position"])
    assert found.not_told_apart == ("position",)
    assert found.scores[0] - found.scores[1] == pytest.approx(math.log(2))


def test_a_length_that_is_always_the_same_is_left_out_alone() -> None:
    found = rate(drawn([0.5, -0.5, 0], 200, position=0.4), 3, controls=["position", "length"])
    assert found.not_told_apart == ("length",)
    assert set(found.controls) == {"position"}


@pytest.mark.parametrize(
    "votes",
    [
        Votes.of([0] * 10, [1] * 10, [1] * 10),
        Votes.of([0] * 10, [1] * 10, [1] * 5 + [0.5] * 5),
        Votes.of([0, 0, 1, 2, 1, 2] * 5, [1, 2, 2, 1, 2, 1] * 5, [1, 1, 1, 1, 0, 0] * 5),
    ],
)
def test_an_undefeated_model_has_a_finite_score_and_a_warning(votes: Votes) -> None:
    """B4: all wins; wins and ties; undefeated among three."""
    found = rate(votes, int(votes.right.max()) + 1, controls=["position"])
    assert found.is_ridged
    assert np.isfinite(found.scores).all()
    assert np.argmax(found.scores) == 0
    assert found.errors is not None
    assert np.isfinite(found.errors).all()


def test_only_ties_are_no_difference_at_all() -> None:
    found = rate(Votes.of([0, 1], [1, 2], [0.5, 0.5]), 3)
    assert found.scores == pytest.approx([0, 0, 0])
    assert not found.is_ridged


def test_one_subject_alone_gives_scores_without_errors() -> None:
    found = rate(Votes.of([0, 0, 0], [1, 1, 1], [1, 1, 0], [7, 7, 7]), 2)
    assert found.scores[0] == pytest.approx(math.log(2) / 2)
    assert found.errors is None


def test_contestants_that_never_met_are_islands() -> None:
    votes = Votes.of([0, 3, 1], [2, 2, 4], [1, 0, 1])
    assert [group.tolist() for group in islands(votes, 6)] == [[0, 2, 3], [1, 4], [5]]


def test_what_a_score_means_in_votes() -> None:
    assert expected_share(0, None) == expected_share(0, 1.3) == 0.5
    assert expected_share(math.log(3), None) == pytest.approx(0.75)
    assert expected_share(1.0, 2.0) + expected_share(-1.0, 2.0) == pytest.approx(1)


VOTES, ANSWERS = "llmfao_votes.csv", "llmfao_responses.jsonl"


def real_votes(subject: str) -> tuple[Votes, int]:
    rows = rows_of(VOTES)
    names = sorted({row["model_x"] for row in rows} | {row["model_y"] for row in rows})
    place = {name: number for number, name in enumerate(names)}
    sizes = {(row["prompt_id"], str(row["model_id"])): len(row["response"]) for row in rows_of(ANSWERS)}
    subjects = {name: number for number, name in enumerate(sorted({row[subject] for row in rows}))}
    votes = Votes.of(
        [place[row["model_x"]] for row in rows],
        [place[row["model_y"]] for row in rows],
        [{"left": 1, "right": 0, "tie": 0.5}[row["winner"]] for row in rows],
        [subjects[row[subject]] for row in rows],
        length=[
            length_ratio(*(sizes[int(row["prompt_id"]), row[side]] for side in ("model_x", "model_y"))) for row in rows
        ],
    )
    return votes, len(names)


@needs(VOTES, ANSWERS)
def test_real_reviewers_lean_to_the_left_and_hardly_to_length() -> None:
    """STATISTICS §3: the lean is one of people, so its error is over raters; length is one of the pair."""
    votes, n = real_votes("rater_id")
    assert rate(votes, n, "half", ["position"]).controls["position"] == pytest.approx((0.137, 0.042), abs=0.001)
    votes, n = real_votes("pair_id")
    length = rate(votes, n, "half", ["position", "length"]).controls["length"]
    assert length == pytest.approx((0.04, 0.027), abs=0.001)


@needs(VOTES, ANSWERS)
def test_real_scores_are_newmans_and_rank_alike_with_half_ties() -> None:
    votes, n = real_votes("pair_id")
    found, half = rate(votes, n), rate(votes, n, "half")
    scores, tie = newman(votes, n)
    assert found.scores == pytest.approx(scores, abs=1e-4)
    assert found.tie == pytest.approx(tie, abs=1e-4)
    assert (found.scores.max(), half.scores.max()) == pytest.approx((1.92, 1.13), abs=0.005)
