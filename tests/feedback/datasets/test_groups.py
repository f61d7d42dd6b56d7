"""Splits: connected rows together, nothing that was published ever moves, and a row that would join two is left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.accounts.models import Project
from feedback.datasets.groups import Components, drawn_split
from feedback.datasets.models import Dataset, DatasetVersion, Split
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated


def splits(version: DatasetVersion) -> dict[str, str]:
    return dict(version.pairs.values_list("pair_id", "split"))


def conversations_in(dataset: Dataset) -> dict[str, str]:
    return dict(dataset.group_splits.filter(kind="conversation").values_list("group", "split"))


def test_a_conversation_stays_together(compared: Compared, built: Built) -> None:
    for _ in range(12):
        compared("AAA", conversation_id="c-1")
    assert len(set(splits(built()).values())) == 1


def test_the_same_question_in_other_letters_stays_together(project: Project, compared: Compared, built: Built) -> None:
    for n, question in enumerate(["May I cancel?", "MAY I  CANCEL?", "may i cancel? ", "May\u00a0I cancel?"] * 3):
        pair = (
            make.response(project, f"Yes {n}.", question=question),
            make.response(project, "No.", question=question),
        )
        compared("AAA", pair=pair)
    version = built()
    assert (version.counts["pairs"], len(set(splits(version).values()))) == (12, 1)


def test_the_shares_are_about_as_asked(dataset: Dataset) -> None:
    found = [drawn_split("salt", ("fold", str(n)), dataset.shares) for n in range(5000)]
    for split, share in dataset.shares.items():
        assert found.count(split) / 5000 == pytest.approx(share, abs=0.03)


def test_another_salt_draws_other_splits() -> None:
    shares = {"train": 0.5, "validation": 0.0, "test": 0.5}
    one, other = ([drawn_split(salt, ("fold", str(n)), shares) for n in range(200)] for salt in ("1", "2"))
    assert one != other
    assert Split.VALIDATION not in one


def test_a_published_split_never_moves_while_data_grows(compared: Compared, built: Built, dataset: Dataset) -> None:
    for n in range(10):
        compared("AAA", conversation_id=f"c-{n % 5}")
    first = splits(built())
    before = conversations_in(dataset)
    for n in range(20):
        compared("AAA", conversation_id=f"c-{n}")
    second = splits(built())
    assert {name: second[name] for name in first} == first
    assert {name: conversations_in(dataset)[name] for name in before} == before
    assert len(second) == 30


def test_other_shares_change_only_what_is_new(compared: Compared, built: Built, dataset: Dataset) -> None:
    for _ in range(10):
        compared("AAA")
    first = splits(built())
    dataset.shares = {"train": 0, "validation": 0, "test": 1}
    compared("AAA")
    second = splits(built())
    assert {name: second[name] for name in first} == first
    assert [second[name] for name in second if name not in first] == ["test"]


def apart(dataset: Dataset) -> tuple[str, str]:
    """Two conversations that were put into different splits."""
    found = conversations_in(dataset)
    one = min(found)
    return one, next(name for name in sorted(found) if found[name] != found[one])


def test_a_row_that_would_join_two_splits_is_left_out(
    project: Project, compared: Compared, built: Built, dataset: Dataset
) -> None:
    for n in range(20):
        compared("AAA", conversation_id=f"c-{n}")
    first = splits(built())
    one, other = apart(dataset)
    bridge = [
        make.response(project, text, question="New?", conversation_id=c) for text, c in (("A", one), ("B", other))
    ]
    compared("AAA", pair=bridge)
    version = built()
    assert version.counts["excluded"] == {"joins_two_splits": 1}
    assert splits(version) == first


def test_a_new_group_that_touches_two_splits_stays_out_for_good(
    project: Project, compared: Compared, built: Built, dataset: Dataset
) -> None:
    for n in range(20):
        compared("AAA", conversation_id=f"c-{n}")
    built()
    for conversation in apart(dataset):
        pair = [make.response(project, t, question="New?", conversation_id=conversation) for t in ("A", conversation)]
        compared("AAA", pair=pair)
    compared("AAA", pair=[make.response(project, text, question="New?") for text in ("C", "D")])
    for _ in range(2):
        version = built()
        assert (version.counts["excluded"], version.counts["pairs"]) == ({"joins_two_splits": 3}, 20)


def test_a_growing_group_takes_the_split_it_has(
    project: Project, compared: Compared, built: Built, dataset: Dataset
) -> None:
    for n in range(20):
        compared("AAA", conversation_id=f"c-{n}")
    built()
    before = conversations_in(dataset)
    for name in before:
        pair = [make.response(project, t, question=f"More {name}?", conversation_id=name) for t in ("A", "B")]
        compared("AAA", pair=pair)
    version = built()
    assert version.counts["excluded"] == {}
    found = version.pairs.values_list("chosen_response__conversation_id", "split")
    assert all(before[conversation] == split for conversation, split in found)


def test_cases_for_prompt_revision_share_the_splits(
    project: Project, compared: Compared, rated: Rated, built: Built, dataset: Dataset
) -> None:
    for n in range(10):
        compared("AAA", conversation_id=f"c-{n}")
        rated(make.response(project, f"Answer {n}", conversation_id=f"c-{n}"), 2)
    version = built()
    pairs = dict(version.pairs.values_list("chosen_response__conversation_id", "split"))
    cases = version.rows.filter(kind="case").values_list("data", flat=True)
    assert pairs == conversations_in(dataset)
    assert sorted(case["split"] for case in cases) == sorted(pairs.values())


@given(st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=3), max_size=15))
def test_groups_are_the_connected_ones(subjects: list[list[int]]) -> None:
    components = Components()
    for members in subjects:
        components.begin()
        for member in members:
            components.add(fold=str(member), prompt=str(member), conversation="")
    groups = [{int(name) for _, name in group} for group in components.groups()]
    assert sum(map(len, groups)) == len({member for members in subjects for member in members})
    for members in subjects:
        assert sum(set(members) <= group for group in groups) == 1
    links = [set(members) for members in subjects]
    for group in groups:
        reached = {min(group)}
        while more := {x for link in links if link & reached for x in link} - reached:
            reached |= more
        assert reached == group
