"""Which candidates hold as pairs. The build decides by this, and so does the preview of a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from feedback.datasets import groups, provenance
from feedback.datasets.models import PreferencePair
from feedback.datasets.pairs import Candidate, pair_id, row_of
from feedback.datasets.rule import Rule

Known = Callable[[set[str]], set[str]]  # which of these ids of pairs the version has already


@dataclass
class Sifted:
    """A candidate with its row and, where it holds as a pair, the pair's id and split."""

    candidate: Candidate
    row: dict[str, Any]
    pair_id: str = ""
    split: str = ""

    def pair(self, **place: Any) -> PreferencePair:
        """The unsaved row; `place` is its project, version and position."""
        candidate = self.candidate
        return PreferencePair(
            pair_id=self.pair_id,
            group_id=groups.group_id(candidate.keys),
            split=self.split,
            source=str(candidate.source),  # a member of the enumeration is no plain value to be hashed
            criterion=candidate.criterion,
            verdict_id=candidate.judged.verdict.pk,
            chosen_response_id=None if candidate.correction else candidate.chosen.pk,
            rejected_response_id=candidate.rejected.pk,
            n_votes=candidate.n_votes,
            votes_for=candidate.votes_for,
            votes_against=candidate.votes_against,
            votes_tied=candidate.votes_tied,
            vote_share=candidate.vote_share,
            strength=candidate.strength,
            provenance=provenance.of_pair(candidate),
            **self.row,
            **place,
        )


def sift(
    found: list[Candidate], rule: Rule, splits: Mapping[groups.Key, str], known: Known
) -> tuple[list[Sifted], list[Candidate]]:
    """Those that hold, in their order, and those left out, each with its reason."""
    sifted = [Sifted(candidate, row_of(candidate, rule)) for candidate in found]
    for one in sifted:
        if not one.candidate.reason:
            one.split = groups.split_of(one.candidate.keys, splits)
            one.candidate.reason = "" if one.split else "joins_two_splits"
    refuse_repeated([one for one in sifted if not one.candidate.reason], known)
    return [one for one in sifted if not one.candidate.reason], [one for one in found if one.reason]


def refuse_repeated(sifted: list[Sifted], known: Known) -> None:
    """Leave out what the version has already, or has the other way round."""
    turned = {}
    for one in sifted:
        one.pair_id = pair_id(one.row)
        turned[one.pair_id] = pair_id(one.row, reverse=True)
    here = set(turned)
    seen = known({*here, *turned.values()})
    for one in sifted:
        if turned[one.pair_id] in here or turned[one.pair_id] in seen:
            one.candidate.reason = "contradicted"
        elif one.pair_id in seen:
            one.candidate.reason = "duplicate"
        seen.add(one.pair_id)
