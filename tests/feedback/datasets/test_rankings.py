"""Rankings as a source: each two responses are a candidate, told once, and held against the rule as comparisons are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from feedback.accounts.models import Member, Project
from feedback.datasets import compare
from feedback.datasets.models import Dataset
from feedback.datasets.preview import preview
from feedback.datasets.rule import parse
from feedback.judgements.models import Verdict
from feedback.responses.models import Response
from tests import make
from tests.feedback.datasets.conftest import OPEN, Built
from tests.feedback.datasets.test_growing_worlds import THINGS, check_counts, check_provenance, families_apart, undone

pytestmark = pytest.mark.django_db
Ranked = Callable[..., Verdict]
TEXTS = ("First answer.", "Second answer.", "Third answer.", "Fourth answer.")


@pytest.fixture
def ranked(project: Project, reviewers: list[Member]) -> Ranked:
    """`ranked([1, 2, 3], [1, 2, 2])`: settled places of the responses, by one reviewer each."""
    versions = {n: make.rubric_version(project, make.ranking_criteria(n), subject_size=n) for n in (2, 3, 4)}

    def settle(*places: list[int], texts: tuple[str, ...] = TEXTS, **fields: Any) -> Verdict:
        count = len(places[0])
        question = f"Question {next(make.counter)}?"
        rows = [make.response(project, text, question=question) for text in texts[:count]]
        subject, version = make.subject(*rows), versions[count]
        reviews = [
            make.review(subject, version, member, {"order": tiers(rows, given_places)})
            for member, given_places in zip(reviewers, places, strict=False)
        ]
        return make.verdict(subject, version, reviews, **fields)

    return settle


def tiers(rows: list[Response], places: list[int]) -> list[list[int]]:
    return [[row.pk for row, at in zip(rows, places, strict=True) if at == place] for place in sorted({*places})]


def reasons(version: Any) -> dict[str, int]:
    return dict(version.counts["excluded"])


def test_each_two_of_a_ranking_are_a_pair_with_their_own_votes(ranked: Ranked, built: Built) -> None:
    verdict = ranked([1, 2, 3], [1, 3, 2], [1, 2, 3])
    version = built()
    pairs = list(version.pairs.order_by("position"))
    told = [(pair.chosen[0]["content"], pair.rejected[0]["content"], pair.votes_for, pair.n_votes) for pair in pairs]
    one, two, three = TEXTS[:3]
    assert told == [(one, three, 3, 3), (one, two, 3, 3), (two, three, 2, 3)]
    assert {(pair.source, pair.criterion, pair.verdict_id, pair.strength) for pair in pairs} == {
        ("ranking", "order", verdict.pk, None)
    }
    assert pairs[0].provenance["places"] == [1, 3]
    assert pairs[0].provenance["ranked"] == 3
    assert len({pair.split for pair in pairs} | {pair.group_id for pair in pairs}) == 2
    assert version.counts["candidates"] == 3


def test_equal_places_are_no_pair(ranked: Ranked, built: Built) -> None:
    ranked([1, 2, 2], [1, 2, 2])
    version = built()
    assert (version.counts["pairs"], reasons(version)) == (2, {"tie": 1})


def test_an_order_of_the_whole_that_few_votes_on_the_two_support_is_no_pair(ranked: Ranked, built: Built) -> None:
    """First and third are apart only because the second stands between them."""
    verdict = ranked([2, 3, 2], [1, 2, 3], [3, 1, 2])
    first, second, third = (row.response_id for row in verdict.subject.parts.order_by("position"))
    assert verdict.answers["order"]["value"] == [[first], [second], [third]]
    version = built()
    assert [pair.votes_for for pair in version.pairs.order_by("position")] == [2, 2]
    assert reasons(version) == {"tie": 1}
    left_out = version.rows.get(kind="excluded")
    assert left_out.data["votes"] == [1, 1, 1]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"min_votes": 4}, {"too_few_votes": 3}),
        ({"min_share": 1.0}, {"low_share": 1}),
        ({"min_share": 0.5, "min_agreement": 0.9}, {"low_agreement": 1}),
        ({"min_strength": 2}, {}),
        ({"max_per_prompt": 1}, {"over_prompt_cap": 2}),
    ],
)
def test_the_gates_of_comparisons_hold_for_them(
    ranked: Ranked, built: Built, rule: dict[str, Any], expected: dict[str, int]
) -> None:
    ranked([1, 2, 3], [1, 3, 2], [1, 2, 3])
    version = built(**rule)
    assert reasons(version) == expected
    assert version.counts["pairs"] == 3 - sum(expected.values())
    if "max_per_prompt" in rule:
        assert version.pairs.get().provenance["places"] == [1, 3]


def test_a_moderator_decides(ranked: Ranked, built: Built) -> None:
    verdict = ranked([1, 2], [2, 1])
    first, second = (row.response_id for row in verdict.subject.parts.order_by("position"))
    answer = {**verdict.answers["order"], "value": [[second], [first]], "adjudicated": True}
    Verdict.objects.filter(pk=verdict.pk).delete()
    Verdict.objects.create(
        project=verdict.project, subject=verdict.subject, rubric_version=verdict.rubric_version, origin="helpdesk",
        method="adjudicated", answers={**verdict.answers, "order": answer}, n_reviews=2, review_ids=verdict.review_ids,
    )  # fmt: skip
    assert built().pairs.get().chosen_response_id == second
    assert reasons(built(moderators_decide=False)) == {"tie": 1}


def test_they_are_taken_only_where_the_rule_says_so(ranked: Ranked, built: Built) -> None:
    ranked([1, 2, 3])
    assert built(rankings=False).counts["candidates"] == 0
    assert built(comparison_criteria=["other"]).counts["candidates"] == 0
    assert built(comparison_criteria=["order"], comparisons=False).counts["candidates"] == 3


def test_raw_votes_tell_each_ranking_as_it_was_given(ranked: Ranked, built: Built, dataset: Dataset) -> None:
    dataset.shares = OPEN
    ranked([1, 2, 2], [2, 1, 3])
    version = built(ties_in_votes=False)
    assert version.counts["comparisons"] == 0  # unsettled
    ranked([1, 2, 2], [1, 2, 2])
    (row,) = built(ties_in_votes=False).rows.filter(kind="votes")
    names = [response["external_id"] for response in row.data["responses"]]
    assert (row.data["outcome"], row.data["ranking"]) == ("ranked", [names[:1], names[1:]])
    assert [(vote["choice"], vote["ranking"]) for vote in row.data["votes"]] == [("ranked", row.data["ranking"])] * 2


def test_two_versions_say_why_a_pair_is_in_one_only(ranked: Ranked, built: Built) -> None:
    ranked([1, 2], [1, 2])
    older, newer = built(min_votes=3), built()
    (why,) = compare.why(list(newer.pairs.select_related("verdict")), older).values()
    assert why == "left out: fewer votes than the rule asks"
    assert "rankings of “order”" in next(
        iter(compare.why(list(newer.pairs.select_related("verdict")), built(rankings=False)).values())
    )


def test_the_pages_tell_the_places(ranked: Ranked, built: Built, curator: Member, client_of: Any) -> None:
    ranked([1, 2, 3], [1, 2, 3])
    version = built()
    pair = version.pairs.order_by("position").first()
    assert pair is not None
    page = client_of(curator).get(f"{version.get_absolute_url()}pairs/{pair.pair_id}/").text
    assert "Place 1 over place 3 of 3 ranked. 2 of 2 votes for it" in page
    form = client_of(curator).get(reverse("datasets:dataset-create", args=[version.project.slug])).text
    assert "Take rankings" in form
    assert 'value="order"' in form


PLACES = st.lists(st.integers(1, 3), min_size=3, max_size=3)


@given(
    world=st.lists(st.lists(PLACES, min_size=1, max_size=4), min_size=1, max_size=3),
    rule=st.fixed_dictionaries(
        {}, optional={"min_votes": st.integers(1, 3), "max_per_prompt": st.integers(1, 2), "min_share": st.just(0.7)}
    ),
    texts=st.sampled_from([TEXTS, ("Same.", "same.", "Other."), ("", "Yes.", "No.")]),
)
@THINGS
def test_every_two_are_told_once_with_one_reason(
    project: Project, ranked: Ranked, built: Built, dataset: Dataset, world: Any, rule: Any, texts: Any
) -> None:
    with undone():
        for places in world:
            ranked(*places, texts=texts)
        found = preview(project, parse(rule), dataset.shares, dataset)
        version = built(**rule)
        assert version.counts["candidates"] == 3 * len(world) == found.candidates
        assert (found.pairs, found.sources) == (version.counts["pairs"], version.statistics["by_source"])
        assert {row["reason"]: row["count"] for row in found.left_out} == version.counts["excluded"]
        assert families_apart(dataset) == []
        check_counts(version)
        check_provenance(version)
