"""One ranking from several: the one that most of what was said about each two responses agrees with.

Kemeny's median ranking (Kemeny 1959; as the likeliest one, Young 1988), with ties as in Fagin, Kumar, Mahdian,
Sivakumar and Vee (2006), whose penalty p for a tie in one of two rankings only is 1 here: a tie is an answer of its
own, as it is in a comparison. Of two responses it is the majority. Found exactly: where each two have a majority and
these make an order, that is it; else by sets of what is placed already, in 3^k steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

Tiers = Sequence[Sequence[int]]
Pair = tuple[int, int]


class Said(NamedTuple):
    """How many put the first of two before the second, how many after, and how many beside it."""

    before: int = 0
    after: int = 0
    beside: int = 0


class Median(NamedTuple):
    """The ranking, None where several agree with as many votes; and how many votes on two that is."""

    tiers: list[list[int]] | None
    agreeing: int


def places(tiers: Tiers) -> dict[int, int]:
    """The place of each, from 1."""
    return {one: place for place, tier in enumerate(tiers, 1) for one in tier}


def said_of_pairs(rankings: Iterable[Tiers], among: Sequence[int]) -> dict[Pair, Said]:
    """The votes on each two of `among`, in its order."""
    placed = [places(tiers) for tiers in rankings]
    found = {}
    for one, other in combinations(among, 2):
        apart = [place[one] - place[other] for place in placed]
        before, after = sum(gap < 0 for gap in apart), sum(gap > 0 for gap in apart)
        found[one, other] = Said(before, after, len(apart) - before - after)
    return found


def agreeing(tiers: Tiers, said: Mapping[Pair, Said]) -> int:
    """How many of the votes say what this ranking says."""
    place = places(tiers)
    relations = ((place[one] - place[other], votes) for (one, other), votes in said.items())
    return sum(votes.before if gap < 0 else votes.after if gap > 0 else votes.beside for gap, votes in relations)


def median(said: Mapping[Pair, Said], among: Sequence[int], *, has_ties: bool) -> Median:
    """The ranking of `among` that most votes agree with; none without votes. Places are shared only with `has_ties`."""
    tiers = by_majorities(said, among)
    return Median(tiers, agreeing(tiers, said)) if tiers else searched(said, among, has_ties=has_ties)


def by_majorities(said: Mapping[Pair, Said], among: Sequence[int]) -> list[list[int]] | None:
    """The ranking that each two's majority agrees with, which none can outdo; None where they do not make one."""
    ahead = dict.fromkeys(among, 0)
    for (one, other), votes in said.items():
        ahead[other] += votes.before > max(votes.after, votes.beside)
        ahead[one] += votes.after > max(votes.before, votes.beside)
    tiers = [[one for one in among if ahead[one] == n] for n in sorted({*ahead.values()})]
    for pair, votes in said.items():
        mine = agreeing(tiers, {pair: votes})
        if mine < max(votes) or votes.count(mine) > 1:
            return None
    return tiers


def searched(said: Mapping[Pair, Said], among: Sequence[int], *, has_ties: bool) -> Median:
    """Among all rankings, by sets of what is placed already."""
    k = len(among)
    over = [[0] * (1 << k) for _ in among]  # votes for one over each of a set
    inside = [0] * (1 << k)  # votes for a set as one tier
    for (one, other), votes in said.items():
        a, b = among.index(one), among.index(other)
        for mask in range(1 << k):
            over[a][mask] += votes.before * (mask >> b & 1)
            over[b][mask] += votes.after * (mask >> a & 1)
            inside[mask] += votes.beside * (mask >> a & mask >> b & 1)
    tiers = [mask for mask in range(1, 1 << k) if has_ties or mask.bit_count() == 1]
    best: list[tuple[int, int, int]] = [(0, 1, 0)] + [(-1, 0, 0)] * ((1 << k) - 1)  # votes, ways, the last tier
    full = (1 << k) - 1
    for placed in range(full):
        score, ways, _ = best[placed]
        rest = full & ~placed
        for tier in tiers:
            if tier & placed or not ways:
                continue
            below = rest & ~tier
            votes_here = score + inside[tier] + sum(over[a][below] for a in range(k) if tier >> a & 1)
            known, known_ways, _ = best[placed | tier]
            if votes_here > known:
                best[placed | tier] = (votes_here, ways, tier)
            elif votes_here == known:
                best[placed | tier] = (known, known_ways + ways, tier)
    score, ways, _ = best[full]
    return Median(walked(best, among) if ways == 1 and score else None, score)


def walked(best: Sequence[tuple[int, int, int]], among: Sequence[int]) -> list[list[int]]:
    """The tiers of the only way, the best first."""
    found: list[list[int]] = []
    mask = len(best) - 1
    while mask:
        tier = best[mask][2]
        found.insert(0, [one for a, one in enumerate(among) if tier >> a & 1])
        mask &= ~tier
    return found
