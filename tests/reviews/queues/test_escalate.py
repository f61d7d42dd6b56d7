from __future__ import annotations

import pytest
from django.db import IntegrityError

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from reviews.queues.escalate import EscalationRefused, close, raise_escalation, say
from reviews.queues.models import Assignment, Escalation
from tests import world


@pytest.fixture
def turn(project: Project, reviewer: Member) -> Assignment:
    return world.assignment(project, reviewer)


def test_a_reviewer_asks_and_a_moderator_answers(turn: Assignment, moderator: Member) -> None:
    escalation = raise_escalation(turn, "Is this ours to judge?")
    say(escalation, moderator, "Yes, it is.")
    assert [message.text for message in escalation.messages.all()] == ["Is this ours to judge?", "Yes, it is."]
    assert list(Escalation.objects.open().for_item(turn.item)) == [escalation]
    row = Escalation.objects.with_last_word().get()
    assert row.last_author_id == moderator.pk  # type: ignore[attr-defined]


def test_asking_again_goes_on_with_the_same_conversation(turn: Assignment) -> None:
    assert raise_escalation(turn, "One.") == raise_escalation(turn, "Two.")
    assert Escalation.objects.get().messages.count() == 2


def test_only_one_conversation_of_a_person_about_an_item_is_open(turn: Assignment, reviewer: Member) -> None:
    raise_escalation(turn, "One.")
    with pytest.raises(IntegrityError):
        Escalation.objects.create(project=turn.project, item=turn.item, raised_by=reviewer)


def test_after_it_is_closed_nobody_adds_to_it_and_a_new_one_begins(turn: Assignment, moderator: Member) -> None:
    first = raise_escalation(turn, "One.")
    say(first, moderator, "Yes.")
    close(first, moderator)
    close(first, moderator)
    with pytest.raises(EscalationRefused, match="closed"):
        say(first, moderator, "Too late.")
    assert raise_escalation(turn, "Two.") != first
    assert list(Escalation.objects.open()) != [first]


def test_a_moderator_says_a_word_first_and_who_asked_need_not(turn: Assignment, moderator: Member) -> None:
    escalation = raise_escalation(turn, "One.")
    with pytest.raises(EscalationRefused, match="Say a word"):
        close(escalation, moderator)
    assert escalation.is_open
    close(escalation, turn.reviewer)
    assert not Escalation.objects.open().exists()


def test_nobody_else_sees_it(turn: Assignment, other_reviewer: Member, curator: Member, outsider: Member) -> None:
    escalation = raise_escalation(turn, "One.")
    for stranger in (other_reviewer, curator, outsider):
        assert not Escalation.objects.visible_to(stranger).exists()
        with pytest.raises(Escalation.DoesNotExist):
            say(escalation, stranger, "Me too.")
        with pytest.raises(Escalation.DoesNotExist):
            close(escalation, stranger)


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "x" * 2001, "nul \x00"])
def test_it_refuses_what_says_nothing_or_cannot_be_kept(turn: Assignment, text: str) -> None:
    with pytest.raises(EscalationRefused):
        raise_escalation(turn, text)
    assert not Escalation.objects.exists()


def test_every_step_is_audited_without_its_text(turn: Assignment, moderator: Member) -> None:
    escalation = raise_escalation(turn, "A secret question.")
    close(escalation, turn.reviewer)
    events = AuditEvent.objects.filter(object_type="queues.escalation").order_by("pk")
    assert [event.verb for event in events] == ["escalation-raised", "escalation-answered", "escalation-closed"]
    assert "secret" not in str([event.facts for event in events])
