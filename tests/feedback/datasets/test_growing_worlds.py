"""Whatever comes in, in whatever steps: groups stay in one split, what was published stays, all candidates are told."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback.accounts.models import Member, Project
from feedback.datasets import leaks
from feedback.datasets.invariants import changed_versions, miscounted_versions
from feedback.datasets.models import Dataset, DatasetVersion, PairNote
from feedback.datasets.pairs import REASONS
from feedback.judgements.models import Verdict
from feedback.responses.models import Response
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated

WORDS = [f"word{n}" for n in range(500)]


def asked(family: int, form: int) -> str:
    """Questions of a family say nearly the same; the first two the very same in other letters."""
    words = random.Random(family).choices(WORDS, k=60)
    if form > 1:
        words[5 * form] = f"other{form}"
    return " ".join(words).upper() if form == 1 else " ".join(words)


QUESTIONS = st.builds(asked, st.integers(0, 4), st.integers(0, 4)) | st.sampled_from(["May I?", "may  I?", "And now?"])
VERDICTS = st.fixed_dictionaries(
    {
        "question": QUESTIONS,
        "conversation": st.sampled_from(["", "c-1", "c-2", "c-3", "c-4"]),
        "votes": st.sampled_from(["AAA", "BB", "A", "AB", "T", "X"]),
        "answers": st.sampled_from([("Yes.", "No."), ("No.", "Yes."), ("Write to a@example.org.", "No."), ("Y", "y")]),
    }
)
WORLDS = st.lists(st.lists(VERDICTS, min_size=1, max_size=4), min_size=2, max_size=3)
RULES = st.fixed_dictionaries(
    {},
    optional={
        "min_votes": st.integers(1, 3),
        "max_per_prompt": st.integers(1, 2),
        "near_duplicates": st.just("leave_out"),
        "contradictions": st.just("keep"),
        "personal_data": st.sampled_from(["replace", "leave_out"]),
        "max_reviewer_share": st.floats(0.2, 1),
        "max_length_ratio": st.floats(1, 30),
        "ties_in_votes": st.just(False),
    },
)
SHARES = st.sampled_from([{"train": 0.5, "test": 0.5}, {"train": 0.4, "validation": 0.3, "test": 0.3}, {"test": 1.0}])
THINGS = settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Undone(Exception):
    pass


@contextmanager
def undone() -> Iterator[None]:
    """Each example begins with the same world."""
    with suppress(Undone), transaction.atomic():
        yield
        raise Undone


class World:
    def __init__(self, project: Project, compared: Compared, built: Built, dataset: Dataset) -> None:
        self.project, self.compared, self.built, self.dataset = project, compared, built, dataset
        self.published: dict[str, str] = {}  # pair -> split
        self.groups: dict[tuple[str, str], str] = {}

    def grow(self, step: list[dict[str, Any]]) -> None:
        for one in step:
            about = {"question": one["question"], "conversation_id": one["conversation"]}
            pair = tuple(make.response(self.project, text, **about) for text in one["answers"])
            self.compared(one["votes"], pair=pair)

    def check(self, rule: dict[str, Any]) -> None:
        version, again = self.built(**rule), self.built(**rule)
        assert version.state == "done", version.error
        assert (again.rows_sha256, again.counts) == (version.rows_sha256, version.counts)
        self.check_splits(version)
        check_counts(version)
        check_provenance(version)

    def check_splits(self, version: DatasetVersion) -> None:
        """Nothing that was put somewhere moves, and no group has rows on two sides, in any version."""
        groups = {
            (kind, name): split for kind, name, split in self.dataset.group_splits.values_list("kind", "group", "split")
        }
        assert {key: groups[key] for key in self.groups} == self.groups
        self.groups = groups
        now = dict(version.pairs.values_list("pair_id", "split"))
        assert {name: split for name, split in now.items() if self.published.get(name, split) != split} == {}
        self.published |= now
        assert leaks.pairs_across_splits() == []
        assert families_apart(self.dataset) == []


def families_apart(dataset: Dataset) -> list[str]:
    """Questions, conversations and prompts with pairs in two splits, counted from the texts, over all versions."""
    seen: dict[str, set[str]] = {}
    rows = dataset.versions.values_list(
        "pairs__split",
        "pairs__prompt",
        "pairs__chosen_response__conversation_id",
        "pairs__rejected_response__prompt_hash",
    )
    for split, prompt, conversation, rendered in rows.exclude(pairs__isnull=True):
        text = prompt[-1]["content"].casefold()
        for name in (" ".join(text.split()), conversation and f"conversation {conversation}", rendered):
            seen.setdefault(name, set()).add(split)
    return [name for name, splits in seen.items() if name and len(splits) > 1]


def check_counts(version: DatasetVersion) -> None:
    """In + out = total; each candidate once, with one reason that is known."""
    left_out = list(version.rows.filter(kind="excluded").values_list("key", "reason"))
    assert len(left_out) == len(dict(left_out))
    assert Counter(reason for _, reason in left_out) == version.counts["excluded"]
    assert {reason for _, reason in left_out} <= set(REASONS)
    assert version.counts["candidates"] == version.pairs.count() + len(left_out)
    assert (miscounted_versions(), changed_versions()) == ([], [])
    assert not PairNote.objects.exists()


def check_provenance(version: DatasetVersion) -> None:
    """What a pair says of its origin is there, and says the same."""
    for pair in version.pairs.select_related("verdict", "chosen_response", "rejected_response"):
        told = pair.provenance
        verdict = Verdict.objects.get(pk=told["verdict"])
        assert (verdict.pk, verdict.method, verdict.origin) == (pair.verdict_id, told["method"], told["queue"])
        names = [Response.objects.get(external_id=told[side]["external_id"]).pk for side in ("chosen", "rejected")]
        assert names == [pair.chosen_response_id, pair.rejected_response_id]
        assert Member.objects.filter(pseudonym__in=told["reviewers"]).count() == len(told["reviewers"]) >= pair.n_votes


@given(world=WORLDS, rule=RULES, shares=SHARES)
@THINGS
def test_a_world_that_grows(
    project: Project, compared: Compared, built: Built, dataset: Dataset, world: Any, rule: Any, shares: Any
) -> None:
    with undone():
        dataset.shares = {"train": 0.6, "validation": 0.2, "test": 0.2}
        known = World(project, compared, built, dataset)
        for step in world:
            known.grow(step)
            known.check(rule)
            dataset.shares = shares  # from the second step on


@given(points=st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=3), min_size=2, max_size=4))
@THINGS
def test_ratings_and_rewrites_are_all_told(
    project: Project, rated: Rated, built: Built, points: list[list[int]]
) -> None:
    with undone():
        for n, given_points in enumerate(points):
            rated(make.response(project, f"Answer {n}.", question="Which?"), *given_points, rewrite=f"Better {n % 2}.")
        version = built(rating_criterion="helpful", raters_agree=True, min_rating_spread=0.5)
        check_counts(version)
        n_pairs = len(points) * (len(points) - 1) // 2
        assert version.counts["candidates"] == n_pairs + sum(map(len, points))
