"""Rankings settled: their median, what a moderator decides, agreement and the leaderboard."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Verdict
from feedback.judgements.record import criteria_of
from feedback.responses.models import Response
from feedback.statistics.agreement import alpha, alpha_interval, tabulate
from reviews.quality import agreement, leaderboard
from reviews.quality.gold_import import cell, take_one
from reviews.quality.gold_make import expected_of, make_from_verdicts
from reviews.quality.gold_match import compare
from reviews.quality.gold_models import GoldItem
from reviews.quality.models import Adjudication
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Item, Queue
from tests import make

pytestmark = pytest.mark.django_db
Ranked = Any


@pytest.fixture
def people(project: Project) -> list[Member]:
    return [make.member(project, name=f"Reviewer {n}") for n in range(3)]


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, subject_size=3, criteria=make.ranking_criteria(3))


@pytest.fixture
def ranked(project: Project, queue: Queue, people: list[Member]) -> Ranked:
    """`ranked("abc", "a=bc")`: the responses by models a, b, c, ranked by one person each; "=" ties with the next."""

    def judge(*orders: str) -> list[Response]:
        question = f"Question {next(make.counter)}?"
        rows = [make.response(project, f"{name}!", question=question, model_name=name) for name in "abc"]
        by_name = dict(zip("abc", rows, strict=True))
        for person, order in zip(people, orders, strict=False):
            tiers = [[by_name[name].pk for name in tier] for tier in tiers_in(order)]
            make.counted(queue, make.subject(*rows), person, {"order": tiers})
        settle_complete_items()
        return rows

    return judge


def tiers_in(order: str) -> list[str]:
    tiers: list[str] = []
    for at, name in enumerate(order.replace("=", "")):
        is_shared = order[order.index(name) - 1 : order.index(name)] == "="
        tiers = [*tiers[:-1], tiers[-1] + name] if at and is_shared else [*tiers, name]
    return tiers


def test_the_verdict_has_the_median_and_the_votes_on_each_two(ranked: Ranked) -> None:
    a, b, c = (row.pk for row in ranked("abc", "acb", "a=bc"))
    answer = Verdict.objects.get().answers["order"]
    assert answer["pairs"][0] == {"responses": [a, b], "votes": {str(a): 2, str(b): 0, "tie": 1}}
    assert (answer["value"], answer["n"]) == ([[a], [b], [c]], 3)
    assert answer["share"] == pytest.approx(7 / 9)


def test_three_who_say_three_things_of_two_settle_nothing(ranked: Ranked) -> None:
    ranked("abc", "bac", "a=bc")
    assert not Verdict.objects.exists()
    assert Adjudication.objects.get().disputed == ["order"]


@pytest.fixture
def disputed(ranked: Ranked) -> tuple[Item, list[Response]]:
    rows = ranked("abc", "bac")
    return Item.objects.select_related("project").get(), rows


def test_two_who_do_not_agree_leave_it_to_a_moderator(
    disputed: tuple[Item, list[Response]], moderator: Member, client_of: Any
) -> None:
    item, (a, b, c) = disputed
    assert item.state == "unresolved"
    browser, url = client_of(moderator), reverse("quality:settle", args=[item.project.slug, item.pk])
    page = browser.get(url).text
    for words in (
        "1: Response 2; 2: Response 1; 3: Response 3",
        "Response 1 before Response 2",
        "1 to 1",
        "No place yet",
    ):
        assert words in page
    missing = browser.post(url, {"q-order-0": "2", "q-order-1": "1", "why-order": "B says why."})
    assert (missing.status_code, "1 of 3 still needs one" in missing.text) == (422, True)
    browser.post(url, {"q-order-0": "2", "q-order-1": "1", "q-order-2": "2", "why-order": "B says why."})
    verdict = Verdict.objects.get()
    answer = verdict.answers["order"]
    assert (verdict.method, answer["value"], answer["adjudicated"]) == ("adjudicated", [[b.pk], [a.pk, c.pk]], True)
    assert answer["share"] == pytest.approx(3 / 6)
    lineage = client_of(moderator).get(reverse("judgements:response-verdicts", args=[item.project.slug, a.pk])).text
    assert "Place 2 of 2, shared" in lineage


def test_it_can_be_gold(ranked: Ranked, queue: Queue, project: Project, curator: Member) -> None:
    a, b, c = (row.pk for row in ranked("abc", "abc", "abc"))
    verdict = Verdict.objects.get()
    assert expected_of(queue, verdict) == {"order": [[a], [b], [c]]}
    assert make_from_verdicts(queue, [verdict.pk], curator) == 1
    gold = GoldItem.objects.get()
    assert gold.revision.tolerance == {"order": 0.0}
    criteria = criteria_of(queue.rubric_version)
    for given, is_right in (([[a], [b], [c]], True), ([[a], [c], [b]], False), ([[a, b], [c]], False)):
        assert compare(criteria, gold.revision.answers, {"order": given}, gold.revision.tolerance) == {
            "order": is_right
        }


def test_gold_of_a_ranking_is_made_by_hand_and_by_rows(queue: Queue, curator: Member) -> None:
    [item] = make.items(queue)
    a, b, c = item.subject.shown()
    url = reverse("gold:gold-item", kwargs={"project": queue.project.slug, "pk": item.pk})
    client = make.SignedIn(curator)
    assert "Place 3" in client.get(url).text
    form = {"q-order-0": "2", "q-order-1": "1", "q-order-2": "2", "room-order": "1"}
    assert client.post(url, form).status_code == 303
    revision = GoldItem.objects.get().revision
    assert (revision.answers, revision.tolerance) == ({"order": [[b.pk], [a.pk, c.pk]]}, {"order": 1.0})
    page = client.get(url).text
    assert "1: Response 2; 2: Response 1 and Response 3" in page
    assert "1 pair in another order is right" in page
    assert client.post(url, {"q-order-0": "1"}).status_code == 422
    others = [make.response(queue.project, f"{name}!", question="Which?") for name in "abc"]
    names = [row.external_id for row in others]
    row = {"external_id": names, "answers": {"order": cell("ranking", f"{names[2]}; {names[0]} = {names[1]}")}}
    made = take_one(queue, row, curator)
    assert made.revision.answers == {"order": [[others[2].pk], [others[0].pk, others[1].pk]]}


def test_each_two_of_a_ranking_is_a_bout_ties_among_them() -> None:
    found = leaderboard.bouts({"ranking": [[3], [1, 2]], "preferred_id": None}, [1, 2, 3])
    assert [(bout.first, bout.second, bout.outcome) for bout in found] == [(3, 1, 1.0), (3, 2, 1.0), (1, 2, 0.5)]
    assert sum(bout.weight for bout in found) == pytest.approx(1)


def test_the_leaderboard_takes_them_clustered_by_subject(project: Project, ranked: Ranked) -> None:
    for order in ("abc", "bac", "acb", "abc", "cab", "bca"):
        ranked(order, "abc", "a=bc")
    found = leaderboard.compute(project.pk, {"criterion": "order"}, lambda: None)
    assert (found["n_comparisons"], found["n_votes"], found["n_subjects"]) == (18, 54, 6)
    assert [row["name"] for row in found["rows"]] == ["a", "b", "c"]


def test_agreement_is_over_each_two_of_a_subject(project: Project, ranked: Ranked) -> None:
    for number in range(30):
        ranked("abc", "acb" if number % 3 else "abc")
    (row,) = agreement.compute(project.pk, {}, lambda: None)["rows"]
    assert (row["key"], row["n_items"], row["n_answers"], row["undefined"]) == ("order", 30, 180, "")
    assert row["percent"] == pytest.approx((10 * 3 + 20 * 2) / 90)
    assert row["low"] < row["alpha"] < row["high"]
    (pair,) = agreement.compute(project.pk, {"by": "pair"}, lambda: None)["rows"]
    assert (pair["n_items"], pair["percent"]) == (30, row["percent"])


def test_an_interval_over_clusters_is_wider_than_one_over_their_items() -> None:
    """Three items of a cluster say the same: there is a third of what there seems to be."""
    random = np.random.default_rng(1)
    truth = random.integers(0, 2, 60)
    said = [np.where(random.random(60) < 0.85, truth, 1 - truth) for _ in range(2)]
    units = np.tile(np.arange(180), 2)
    raters, values = np.repeat([0, 1], 180), np.concatenate([np.repeat(one, 3) for one in said])
    apart, together = tabulate(units, raters, values), tabulate(units, raters, values, clusters=units // 3)
    assert alpha(apart) == alpha(together)
    assert (together.pairable.n_clusters, together.pairable.n_items) == (60, 180)
    narrow, wide = alpha_interval(apart), alpha_interval(together)
    assert narrow is not None
    assert wide is not None
    assert 1.5 < (wide.high - wide.low) / (narrow.high - narrow.low) < 2.0
