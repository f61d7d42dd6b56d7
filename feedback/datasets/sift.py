"""Which candidates hold as pairs. The build decides by this, and so does the preview of a rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from feedback.datasets import groups, provenance
from feedback.datasets.models import PreferencePair
from feedback.datasets.pairs import Candidate, pair_id, row_of
from feedback.datasets.rule import Rule
from feedback.text.hashes import fold
from feedback.text.likeness import is_near, shingles

HELD_AGAINST = 64  # pairs of one question that a new one is compared with

Row = dict[str, Any]  # prompt, chosen and rejected as messages


@dataclass
class Heard:
    """What a version has of one question and those near it."""

    count: int = 0
    rows: list[Row] = field(default_factory=list)


class Known(Protocol):
    """What the version has already."""

    def ids(self, names: set[str]) -> set[str]:
        """Which of these are ids of its pairs."""

    def heard(self, prompts: set[str]) -> dict[str, Heard]:
        """Of each question that it has pairs of."""


@dataclass
class Sifted:
    """A candidate with its row and, where it holds as a pair, the pair's id and split."""

    candidate: Candidate
    row: dict[str, Any]
    pair_id: str = ""
    split: str = ""

    @property
    def prompt(self) -> str:
        """Stands for the question and those near it."""
        rejected = self.candidate.rejected
        return rejected.near[0] if rejected.near else rejected.fold_hash

    @property
    def models(self) -> str:
        chosen, rejected = self.candidate.chosen.model, self.candidate.rejected.model
        return f"rewritten {rejected}" if self.candidate.correction else f"{chosen} over {rejected}"

    @property
    def reviewers(self) -> list[str]:
        """All whose judgement is behind it."""
        theirs = [reviewed.reviewer for reviewed in self.candidate.judged.reviews]
        return sorted({*theirs, *self.candidate.extra.get("rejected_reviewers", [])})

    def note(self) -> dict[str, Any]:
        """What later pairs are held against."""
        return {
            "prompt": self.prompt,
            "key": self.candidate.key,
            "told_models": self.models,
            "reviewers": self.reviewers,
        }

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
    refuse_repeated([one for one in sifted if not one.candidate.reason], rule, known)
    if rule.max_per_prompt or rule.near_duplicates == "leave_out":
        refuse_alike([one for one in sifted if not one.candidate.reason], rule, known)
    return [one for one in sifted if not one.candidate.reason], [one for one in found if one.reason]


def refuse_repeated(sifted: list[Sifted], rule: Rule, known: Known) -> None:
    """Leave out what the version has already, and unless the rule keeps it what it has the other way round."""
    turned = {}
    for one in sifted:
        one.pair_id = pair_id(one.row)
        turned[one.pair_id] = pair_id(one.row, reverse=True)
    here = set(turned)
    seen = known.ids({*here, *turned.values()})
    for one in sifted:
        is_turned = turned[one.pair_id] in here or turned[one.pair_id] in seen
        if is_turned and rule.contradictions == "leave_out":
            one.candidate.reason = "contradicted"
        elif one.pair_id in seen:
            one.candidate.reason = "duplicate"
        seen.add(one.pair_id)


def refuse_alike(sifted: list[Sifted], rule: Rule, known: Known) -> None:
    """Leave out what says nearly the same as an earlier pair, and what is over the cap of its question."""
    heard = defaultdict(Heard, known.heard({one.prompt for one in sifted}))
    for one in sifted:
        there = heard[one.prompt]
        if rule.near_duplicates == "leave_out" and any(says_the_same(one.row, row) for row in there.rows):
            one.candidate.reason = "near_duplicate"
        elif 0 < rule.max_per_prompt <= there.count:
            one.candidate.reason = "over_prompt_cap"
        else:
            there.count += 1
            there.rows = [*there.rows, one.row][:HELD_AGAINST]


def says_the_same(one: Row, other: Row) -> bool:
    """Whether question and both answers do, each in words or nearly; calls are compared as they are."""
    if any(one[name][0].get("tool_calls") != other[name][0].get("tool_calls") for name in ("chosen", "rejected")):
        return False
    return all(
        is_same_text(text_of_turns(one[name]), text_of_turns(other[name])) for name in ("chosen", "rejected", "prompt")
    )


def text_of_turns(turns: list[dict[str, Any]]) -> str:
    return fold("\n".join(turn["content"] or "" for turn in turns))


def is_same_text(one: str, other: str) -> bool:
    return one == other or is_near(shingles(one), shingles(other))
