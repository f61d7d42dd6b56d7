"""Escalations: the list by whose turn it is, the item as the reviewer saw it, answering and closing."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.accounts.models import Member, Project
from reviews.queues.escalate import close, say
from reviews.queues.models import Escalation
from tests import make, world


@pytest.fixture
def asked(project: Project, reviewer: Member) -> Escalation:
    return world.escalation(project, reviewer)


def test_the_list_is_by_whose_turn_it_is(
    pages: Any, asked: Escalation, project: Project, django_assert_max_num_queries: Any
) -> None:
    answered, closed = (world.escalation(project, make.member(project)) for _ in range(2))
    say(answered, pages.member, "Yes.")
    say(closed, pages.member, "No.")
    close(closed, pages.member)
    for state, one in (("open", asked), ("answered", answered), ("closed", closed)):
        with django_assert_max_num_queries(9):
            page = pages.get("escalation-list", f"?state={state}")
        assert page.text.count('<th scope="row">') == 1
        assert pages.url("escalation-detail", pk=one.pk) in page.text
    assert pages.get("escalation-list", "?state=all", htmx=True).text.count('<th scope="row">') == 3


def test_the_conversation_is_beside_the_item_and_names_nobody(
    pages: Any, asked: Escalation, reviewer: Member, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(16):
        page = pages.get("escalation-detail", pk=asked.pk)
    for words in ("Is this ours to judge?", "The reviewer", asked.item.subject.shown()[0].body.output):
        assert words in page.text
    assert str(reviewer) not in page.text


def test_an_answer_is_sent_and_an_empty_one_is_not(pages: Any, asked: Escalation) -> None:
    assert pages.post("escalation-detail", {"text": " "}, pk=asked.pk).status_code == 422
    assert pages.post("escalation-detail", {"text": "Yes, it is."}, pk=asked.pk).status_code == 303
    page = pages.get("escalation-detail", pk=asked.pk)
    assert "Yes, it is." in page.text
    assert "Mo Moderator" in page.text


def test_a_closed_one_takes_no_answer_and_keeps_what_was_typed(pages: Any, asked: Escalation) -> None:
    say(asked, pages.member, "Yes.")
    assert pages.post("escalation-close", pk=asked.pk).status_code == 303
    late = pages.post("escalation-detail", {"text": "One more."}, pk=asked.pk)
    assert late.status_code == 422
    assert "This conversation is closed." in late.text
    assert "One more.</textarea>" in late.text


def test_it_is_not_closed_over_the_reviewers_head(pages: Any, asked: Escalation) -> None:
    """Who has not answered chooses what the reviewer reads."""
    refused = pages.post("escalation-close", pk=asked.pk)
    assert refused.status_code == 422
    assert "Choose what the reviewer shall read" in refused.text
    assert pages.post("escalation-close", {"text": "Please skip the item."}, pk=asked.pk).status_code == 303
    assert [message.text for message in asked.messages.all()][1:] == ["Please skip the item."]
    assert not Escalation.objects.open().exists()


def test_after_an_answer_closing_asks_nothing_more(pages: Any, asked: Escalation) -> None:
    assert "What shall the reviewer read?" in pages.get("escalation-detail", pk=asked.pk).text
    say(asked, pages.member, "Yes.")
    assert "What shall the reviewer read?" not in pages.get("escalation-detail", pk=asked.pk).text
    assert pages.post("escalation-close", pk=asked.pk).status_code == 303
    assert asked.messages.count() == 2


def test_another_projects_escalation_is_not_there(pages_of: Any, outsider: Member, asked: Escalation) -> None:
    theirs = pages_of(outsider)
    assert theirs.get("escalation-detail", pk=asked.pk).status_code == 404
    assert theirs.post("escalation-close", pk=asked.pk).status_code == 404
