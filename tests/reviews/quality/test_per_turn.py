"""Each turn settled by itself: by most votes, by a moderator, as gold, in agreement."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Verdict
from feedback.judgements.record import criteria_of
from feedback.responses.models import Response
from reviews.quality import agreement, reliability
from reviews.quality.gold_import import cell, take_one
from reviews.quality.gold_make import expected_of
from reviews.quality.gold_match import compare
from reviews.quality.models import Adjudication
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Item, Queue
from tests import make

pytestmark = pytest.mark.django_db
Judge = Any
WORDS = {"g": "good", "f": "fair", "b": "bad", "-": ""}


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, criteria=make.turns_criteria(required_turns="any"))


@pytest.fixture
def judged(project: Project, queue: Queue) -> Judge:
    """`judged("gb", "g-")`: one person says that turn 3 is good and 5 bad, another one speaks of turn 3 alone."""
    people = [make.member(project, name=f"Reviewer {n}") for n in range(3)]

    def judge(*said: str) -> Response:
        response = make.talk(project)
        for person, two in zip(people, said, strict=False):
            answers = {"turns": {"3": WORDS[two[0]], "5": WORDS[two[1]]}}
            make.counted(queue, make.subject(response), person, answers)
        settle_complete_items()
        return response

    return judge


def test_each_turn_has_its_votes_and_its_winner(judged: Judge) -> None:
    judged("gb", "gf", "ff")
    answer = Verdict.objects.get().answers["turns"]
    assert answer["turns"] == {
        "3": {"value": "good", "votes": {"fair": 1, "good": 2}},
        "5": {"value": "fair", "votes": {"bad": 1, "fair": 2}},
    }
    assert (answer["value"], answer["n"]) == ({"3": "good", "5": "fair"}, 3)
    assert answer["share"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(("said", "fails"), [(("gb", "gb"), True), (("gg", "gg"), False), (("bg", "-g"), True)])
def test_one_turn_that_fails_is_enough(judged: Judge, said: tuple[str, ...], fails: bool) -> None:
    judged(*said)
    assert Verdict.objects.get().is_failure is fails


def test_a_turn_without_a_winner_is_a_dispute(judged: Judge) -> None:
    judged("gb", "gf")
    assert not Verdict.objects.exists()
    assert Adjudication.objects.get().disputed == ["turns"]


def test_nobody_disputes_what_nobody_could_judge(project: Project, queue: Queue) -> None:
    steps = make.queue(project, criteria=make.turns_criteria("step"))
    subject = make.subject(make.response(project))
    make.counted(steps, subject, make.member(project), {})
    settle_complete_items()
    verdict = Verdict.objects.get()
    assert (verdict.answers["turns"]["turns"], verdict.is_failure) == ({}, None)


def test_a_moderator_goes_on_from_the_turns_that_were_agreed_on(
    judged: Judge, moderator: Member, client_of: Any
) -> None:
    response = judged("gb", "gf")
    item = Item.objects.select_related("project").get()
    browser, url = client_of(moderator), reverse("quality:settle", args=[item.project.slug, item.pk])
    page = browser.get(url).text
    assert page.count('name="q-turns.3" value="good" checked') == 1
    assert "no majority" in page
    assert 'name="q-turns.5" value="bad" checked' not in page
    assert browser.post(url, {"q-turns.3": "good", "why-turns": ""}).status_code == 422
    browser.post(url, {"q-turns.3": "good", "q-turns.5": "bad", "why-turns": "It snowed."})
    verdict = Verdict.objects.get()
    answer = verdict.answers["turns"]
    assert (answer["value"], answer["adjudicated"]) == ({"3": "good", "5": "bad"}, True)
    assert answer["turns"]["5"] == {"value": "bad", "votes": {"bad": 1, "fair": 1}}
    assert (verdict.is_failure, answer["share"]) == (True, 0.5)
    lineage = client_of(moderator).get(reverse("judgements:response-verdicts", args=[item.project.slug, response.pk]))
    assert "Turn 3: good; turn 5: bad" in lineage.text


def test_it_can_be_gold_with_room(judged: Judge, queue: Queue, curator: Member) -> None:
    judged("gb", "gb")
    expected = expected_of(queue, Verdict.objects.get())
    assert expected == {"turns": {"3": "good", "5": "bad"}}
    criteria = criteria_of(queue.rubric_version)
    half = {"turns": {"3": "good", "5": "fair"}}
    for given, room, is_right in ((expected, {}, True), (half, {}, False), (half, {"turns": 0.5}, True)):
        assert compare(criteria, expected, given, room) == {"turns": is_right}
    other = make.talk(queue.project)
    answers = {"turns": cell("per_turn", "3=good; 5 = fair")}
    made = take_one(queue, {"external_id": other.external_id, "answers": answers}, curator)
    assert made.revision.answers == {"turns": {"3": "good", "5": "fair"}}


def test_the_gold_page_asks_of_each_turn(judged: Judge, queue: Queue, curator: Member, client_of: Any) -> None:
    judged("gb")
    item = Item.objects.get()
    url = reverse("gold:gold-item", args=[queue.project.slug, item.pk])
    browser = client_of(curator)
    assert browser.get(url).text.count('name="q-turns.5"') == 3
    assert browser.post(url, {"q-turns.3": "good", "q-turns.5": "bad", "room-turns": "0.5"}).status_code == 303
    assert "turn 3: Good; turn 5: Bad" in browser.get(url).text


def test_agreement_is_over_turns_that_belong_to_their_responses(project: Project, judged: Judge) -> None:
    for number in range(30):
        judged("gb", "gb" if number % 3 else "gf")
    (row,) = agreement.compute(project.pk, {}, lambda: None)["rows"]
    assert (row["kind"], row["n_items"], row["n_answers"], row["undefined"]) == ("per_turn", 30, 120, "")
    assert row["percent"] == pytest.approx(50 / 60)
    assert row["level"] == "nominal"
    (pair,) = agreement.compute(project.pk, {"by": "pair"}, lambda: None)["rows"]
    assert pair["percent"] == pytest.approx(50 / 60)
    told = reliability.compute(project.pk, {}, lambda: None)
    assert {one["kind"] for one in told["classes"]} == {"per_turn", ""} - {""}
