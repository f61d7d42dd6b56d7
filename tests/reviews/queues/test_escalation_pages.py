from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from reviews.queues.models import Assignment, Escalation
from tests import make, world

pytestmark = pytest.mark.once


@pytest.fixture
def turn(project: Project, reviewer: Member) -> Assignment:
    return world.assignment(project, reviewer)


def path(turn: Assignment, route: str = "escalate") -> str:
    return reverse(f"queues:{route}", args=[turn.project.slug, turn.queue.key])


def ask(turn: Assignment, text: str = "Is this ours?", then: str = "keep", **headers: Any) -> Any:
    data = {"token": str(turn.token), "text": text, "then": then}
    return make.SignedIn(turn.reviewer).post(path(turn), data, headers=headers)


def conversation(escalation: Escalation) -> str:
    return reverse("queues:escalation", args=[escalation.project.slug, escalation.pk])


def test_who_asks_keeps_the_item(turn: Assignment) -> None:
    assert ask(turn)["Location"] == path(turn, "review")
    turn.refresh_from_db()
    assert turn.state == Assignment.State.CLAIMED
    assert Escalation.objects.get().messages.get().text == "Is this ours?"


def test_on_the_desk_nothing_moves(turn: Assignment) -> None:
    answer = ask(turn, **{"HX-Request": "true"})
    assert answer.status_code == 204
    assert "Asked" in answer["HX-Trigger"]


def test_who_asks_and_skips_gets_the_next_item(turn: Assignment) -> None:
    ask(turn, then="pass-on")
    turn.refresh_from_db()
    assert (turn.state, turn.skip_reason) == (Assignment.State.SKIPPED, "escalated")


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001, "nul \x00"])
def test_a_question_that_cannot_be_taken_is_explained(turn: Assignment, text: str) -> None:
    answer = ask(turn, text, then="pass-on")
    turn.refresh_from_db()
    assert (answer.status_code, turn.state) == (422, Assignment.State.CLAIMED)
    assert not Escalation.objects.exists()


def test_both_sides_read_and_answer(turn: Assignment, moderator: Member) -> None:
    ask(turn)
    there = conversation(Escalation.objects.get())
    assert make.SignedIn(moderator).post(there, {"text": "Yes, it is."}).status_code == 303
    page = make.SignedIn(turn.reviewer).get(there).content.decode()
    assert "Yes, it is." in page
    assert str(moderator) in page
    assert (
        "Answered"
        in make.SignedIn(turn.reviewer).get(reverse("queues:work", args=[turn.project.slug])).content.decode()
    )


def test_the_moderator_does_not_learn_who_asked(turn: Assignment, moderator: Member) -> None:
    ask(turn)
    page = make.SignedIn(moderator).get(conversation(Escalation.objects.get())).content.decode()
    assert turn.reviewer.pseudonym in page
    assert str(turn.reviewer) not in page


def test_it_is_closed_and_then_takes_no_more(turn: Assignment, moderator: Member) -> None:
    ask(turn)
    there = conversation(Escalation.objects.get())
    assert make.SignedIn(moderator).post(there, {"close": "1"}).status_code == 422
    make.SignedIn(turn.reviewer).post(there, {"close": "1"})
    assert "You closed this" in make.SignedIn(turn.reviewer).get(there).content.decode()
    assert not Escalation.objects.open().exists()
    late = make.SignedIn(turn.reviewer).post(there, {"text": "One more thing."})
    assert late.status_code == 422
    assert "One more thing." in late.content.decode()


def test_what_was_typed_is_sent_before_it_is_closed(turn: Assignment, moderator: Member) -> None:
    ask(turn)
    found = Escalation.objects.get()
    make.SignedIn(moderator).post(conversation(found), {"close": "1", "text": "It is ours."})
    assert not Escalation.objects.open().exists()
    assert [message.text for message in found.messages.all()] == ["Is this ours?", "It is ours."]
    assert "Answered, closed" in make.SignedIn(turn.reviewer).get(reverse("queues:work", args=["travel"])).text


def test_nobody_else_finds_it(turn: Assignment, other_reviewer: Member, curator: Member, outsider: Member) -> None:
    ask(turn)
    for stranger in (other_reviewer, curator, outsider):
        assert make.SignedIn(stranger).get(conversation(Escalation.objects.get())).status_code == 404


def test_the_page_asks_the_database_little(
    turn: Assignment, django_assert_max_num_queries: Any, moderator: Member
) -> None:
    ask(turn)
    browser = make.SignedIn(moderator)
    with django_assert_max_num_queries(10):
        browser.get(conversation(Escalation.objects.get()))


def test_a_rewrite_is_compared_word_by_word(turn: Assignment) -> None:
    data = {"token": str(turn.token), "q-rewrite": "You can claim within 60 days."}
    answer = make.SignedIn(turn.reviewer).post(path(turn, "correction-diff"), data, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert "<h1" not in text
    assert text.count("<ins>") >= 1
    whole = make.SignedIn(turn.reviewer).post(path(turn, "correction-diff"), data).content.decode()
    assert "You can claim within 60 days." in whole
    assert "<ins>" in whole


def test_the_empty_desk_offers_other_queues(project: Project, reviewer: Member) -> None:
    empty, full = make.queue(project, name="Empty"), make.queue(project, name="Full of work")
    make.items(full)
    page = make.SignedIn(reviewer).get(reverse("queues:review", args=[project.slug, empty.key])).content.decode()
    assert "Full of work" in page
