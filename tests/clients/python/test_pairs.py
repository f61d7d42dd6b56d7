"""The client walks through pairs and other lists, cursor by cursor."""

from __future__ import annotations

import pytest
from touchstone_client import TouchstoneError

from feedback.accounts.models import Project
from feedback.datasets.models import PreferencePair
from feedback.judgements.models import Verdict
from tests import make, world
from tests.clients.python.conftest import Connect

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pair(project: Project) -> PreferencePair:
    """The first of three in a version, in two splits."""
    first = world.pair(project)
    for position, split in enumerate(("train", "test"), 1):
        row = PreferencePair.objects.get(pk=first.pk)
        row.pk, row.position, row.pair_id, row.split = None, position, f"p{position}", split
        row.save(force_insert=True)
    return first


def test_all_pairs_come_page_after_page(connect: Connect, pair: PreferencePair) -> None:
    key = pair.version.dataset.key
    rows = list(connect("datasets:read").pairs(key, page_size=1))
    assert [row["pair_id"] for row in rows] == ["p", "p1"]  # the test split is sealed
    assert [row["pair_id"] for row in connect("datasets:read").pairs(key, split="test")] == ["p2"]
    assert rows[0]["chosen"] == pair.chosen
    assert rows[0]["vote_share"] == 1.0


def test_pairs_are_narrowed_to_version_split_and_fields(connect: Connect, pair: PreferencePair) -> None:
    key, client = pair.version.dataset.key, connect("datasets:read")
    assert list(client.pairs(key, version=1, split="test", fields=["pair_id", "split"])) == [
        {"pair_id": "p2", "split": "test"}
    ]
    assert list(client.pairs(key, min_votes=2)) == []


def test_a_problem_is_told_with_its_details(connect: Connect, pair: PreferencePair) -> None:
    client = connect("datasets:read")
    with pytest.raises(TouchstoneError) as unknown:
        next(client.pairs("nothing"))
    assert (unknown.value.status, unknown.value.code) == (404, "not-found")
    with pytest.raises(TouchstoneError, match="400 invalid") as field:
        next(client.pairs(pair.version.dataset.key, fields=["margin"]))
    assert field.value.errors[0]["pointer"] == "/fields"
    assert "pair_id" in field.value.errors[0]["detail"]
    with pytest.raises(TouchstoneError) as scope:
        next(client.rows("votes"))
    assert (scope.value.status, scope.value.method) == (403, "GET")


def test_other_lists_are_walked_the_same_way(connect: Connect, project: Project) -> None:
    for _ in range(3):
        subject = make.subject(make.response(project))
        make.review(subject, make.rubric_version(project), make.member(project), make.ANSWERS)
    client = connect("reviews:read")
    votes = list(client.rows("votes", ["review", "value"], standing=True, page_size=2))
    assert [row["value"] for row in votes] == ["yes", 4] * 3
    assert Verdict.objects.count() == len(list(client.rows("verdicts"))) == 0
