"""The best and the worst settled: each by most votes; of the others among them nothing was said, anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Verdict
from feedback.judgements.record import criteria_of
from feedback.responses.models import Response
from reviews.quality import agreement, leaderboard
from reviews.quality.gold_import import take_one
from reviews.quality.gold_make import expected_of
from reviews.quality.gold_match import compare
from reviews.quality.models import Adjudication
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Item, Queue
from tests import make

pytestmark = pytest.mark.django_db
Judge = Any


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, subject_size=4, criteria=make.best_worst_criteria(4))


@pytest.fixture
def judged(project: Project, queue: Queue) -> Judge:
    """`judged("ad", "ac")`: one person says that a is best and d worst, another one a and c."""
    people = [make.member(project, name=f"Reviewer {n}") for n in range(3)]

    def judge(*ends: str) -> list[Response]:
        question = f"Question {next(make.counter)}?"
        rows = [make.response(project, f"{name}!", question=question, model_name=name) for name in "abcd"]
        ids = {name: row.pk for name, row in zip("abcd", rows, strict=True)}
        for person, two in zip(people, ends, strict=False):
            make.counted(queue, make.subject(*rows), person, {"ends": {"best": ids[two[0]], "worst": ids[two[1]]}})
        settle_complete_items()
        return rows

    return judge


def test_the_verdict_names_both_and_the_votes_that_speak_of_each_two(judged: Judge) -> None:
    a, b, c, d = (row.pk for row in judged("ad", "ac", "bd"))
    answer = Verdict.objects.get().answers["ends"]
    assert (answer["value"], answer["n"]) == ([[a], [b, c], [d]], 3)
    assert answer["best"] == {str(a): 2, str(b): 1, str(c): 0, str(d): 0}
    assert answer["worst"] == {str(a): 0, str(b): 0, str(c): 1, str(d): 2}
    votes = {tuple(pair["responses"]): pair["votes"] for pair in answer["pairs"]}
    assert votes[a, b] == {str(a): 2, str(b): 1, "tie": 0}
    assert votes[b, c] == {str(b): 2, str(c): 0, "tie": 0}  # the first of the three named neither
    assert answer["share"] == pytest.approx(11 / 15)


@pytest.mark.parametrize("ends", [("ad", "bd"), ("ad", "ac"), ("ab", "ca", "da")])
def test_without_one_best_and_one_worst_nothing_is_settled(judged: Judge, ends: tuple[str, ...]) -> None:
    judged(*ends)
    assert not Verdict.objects.exists()
    assert Adjudication.objects.get().disputed == ["ends"]


def test_a_moderator_names_them(judged: Judge, moderator: Member, client_of: Any) -> None:
    a, b, c, d = judged("ad", "bd")
    item = Item.objects.select_related("project").get()
    browser, url = client_of(moderator), reverse("quality:settle", args=[item.project.slug, item.pk])
    page = browser.get(url).text
    for words in (
        "best: Response 1; worst: Response 4",
        'name="q-ends-best" value="3"',
        "Response 2 before Response 3",
    ):
        assert words in page
    both = browser.post(url, {"q-ends-best": "2", "q-ends-worst": "2", "why-ends": "B."})
    assert (both.status_code, "two different responses" in both.text) == (422, True)
    browser.post(url, {"q-ends-best": "2", "q-ends-worst": "1", "why-ends": "B says why."})
    answer = Verdict.objects.get().answers["ends"]
    assert (answer["value"], answer["adjudicated"]) == ([[b.pk], [c.pk, d.pk], [a.pk]], True)
    lineage = client_of(moderator)
    for row, words in ((a, "The worst"), (b, "The best"), (c, "Neither the best nor the worst")):
        assert words in lineage.get(reverse("judgements:response-verdicts", args=[item.project.slug, row.pk])).text


def test_it_can_be_gold(judged: Judge, queue: Queue, curator: Member) -> None:
    a, b, c, d = (row.pk for row in judged("ad", "ad", "ad"))
    assert expected_of(queue, Verdict.objects.get()) == {"ends": [[a], [b, c], [d]]}
    criteria = criteria_of(queue.rubric_version)
    for given, is_right in (([[a], [b, c], [d]], True), ([[b], [a, c], [d]], False)):
        assert compare(criteria, {"ends": [[a], [b, c], [d]]}, {"ends": given}, {}) == {"ends": is_right}
    others = [make.response(queue.project, f"{name}!", question="Which?") for name in "abcd"]
    names = [row.external_id for row in others]
    made = take_one(queue, {"external_id": names, "answers": {"ends": {"best": names[3], "worst": names[0]}}}, curator)
    assert made.revision.answers["ends"] == [[others[3].pk], [others[1].pk, others[2].pk], [others[0].pk]]


def test_the_leaderboard_counts_only_what_was_said(project: Project, judged: Judge) -> None:
    for _ in range(4):
        judged("ad", "ac", "bd")
    found = leaderboard.compute(project.pk, {"criterion": "ends"}, lambda: None)
    assert (found["n_comparisons"], found["n_votes"]) == (12, 12 * 5)  # of six pairs, one is of neither
    assert found["rows"][0]["name"] == "a"


def test_agreement_is_over_the_pairs_that_were_spoken_of(project: Project, judged: Judge) -> None:
    for number in range(30):
        judged("ad", "ac" if number % 3 else "ad")
    (row,) = agreement.compute(project.pk, {}, lambda: None)["rows"]
    assert (row["kind"], row["n_answers"], row["undefined"]) == (
        "best_worst",
        260,
        "",
    )  # of a pair that one named, nothing to compare
    # Both say "a, c, d" of most pairs: where one named d and the other c the worst, they differ on these two.
    assert row["percent"] == pytest.approx((10 * 5 + 20 * 3) / (10 * 5 + 20 * 4))
