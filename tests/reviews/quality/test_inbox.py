"""What a moderator decided reaches those whose reviews it was about, with the reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from feedback.accounts.models import Member, Project
from reviews.quality.adjudicate import adjudicate
from reviews.quality.inbox import decisions
from reviews.quality.models import Adjudication, DecisionsRead
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Assignment, Item
from tests import make

pytestmark = pytest.mark.django_db

GOOD: dict[str, Any] = {"grounded": "yes", "helpful": 4}
BAD: dict[str, Any] = {"grounded": "no", "helpful": 2}


@pytest.fixture
def decided(project: Project, reviewer: Member, other_reviewer: Member, moderator: Member) -> Item:
    """In dispute between the two; decided for what `other_reviewer` said."""
    queue, subject = make.queue(project, k=2), make.subject(make.response(project, question="When is it due?"))
    make.counted(queue, subject, reviewer, GOOD)
    make.counted(queue, subject, other_reviewer, BAD)
    settle_complete_items()
    item = Item.objects.get()
    adjudicate(item, moderator, {"grounded": "no"}, {"grounded": "The policy says <i>14</i> days."})
    return item


def inbox(member: Member, query: str = "") -> str:
    return reverse("quality:inbox", kwargs={"project": member.project.slug}) + query


def test_both_read_what_was_decided_and_why(
    decided: Item, reviewer: Member, other_reviewer: Member, client_of: Any
) -> None:
    for person, words in ((reviewer, "You said otherwise"), (other_reviewer, "As you said")):
        page = client_of(person).get(inbox(person)).text
        assert "The policy says &lt;i&gt;14&lt;/i&gt; days." in page
        assert words in page
        assert "When is it due?" in page


def test_my_work_tells_of_it(decided: Item, reviewer: Member, client_of: Any) -> None:
    work = client_of(reviewer).get(reverse("queues:work", kwargs={"project": reviewer.project.slug})).text
    assert inbox(reviewer) in work
    brief = client_of(reviewer).get(inbox(reviewer, "?brief=1"), headers={"HX-Request": "true"}).text
    assert "has been decided" in brief


def test_who_did_not_review_it_reads_nothing(
    decided: Item, project: Project, moderator: Member, outsider: Member, client_of: Any
) -> None:
    for person in (moderator, make.member(project), outsider):
        assert "No decision yet" in client_of(person).get(inbox(person)).text
        assert not client_of(person).get(inbox(person, "?brief=1"), headers={"HX-Request": "true"}).text.strip()


def test_a_review_that_came_after_the_decision_is_not_told(decided: Item, project: Project, reviewer: Member) -> None:
    Assignment.objects.filter(reviewer=reviewer).update(submitted_at="2999-01-01T00:00:00Z")
    assert not decisions(reviewer).exists()


def test_a_review_of_an_extra_place_is_told_nothing(decided: Item, reviewer: Member) -> None:
    Assignment.objects.filter(reviewer=reviewer).update(is_extra=True)
    assert not decisions(reviewer).exists()


def test_it_is_bounded_in_queries(
    decided: Item, reviewer: Member, client_of: Any, django_assert_max_num_queries: Any
) -> None:
    client = client_of(reviewer)
    client.get(inbox(reviewer))
    with django_assert_max_num_queries(16):
        assert client.get(inbox(reviewer, "?before=99999999")).status_code == 200


def test_what_was_on_the_page_is_marked_as_read(decided: Item, reviewer: Member, client_of: Any) -> None:
    browser, brief = client_of(reviewer), inbox(reviewer, "?brief=1")
    page = browser.get(inbox(reviewer))
    assert "Mark as read" in page.text
    mark = reverse("quality:inbox-read", kwargs={"project": reviewer.project.slug})
    assert browser.post(mark, {"upto": page.context["newest"].isoformat()}).status_code == 303
    assert not browser.get(brief, headers={"HX-Request": "true"}).text.strip()
    assert "Mark as read" not in browser.get(inbox(reviewer)).text
    Adjudication.objects.update(settled_at=timezone.now() + timedelta(seconds=1))
    assert "has been decided" in browser.get(brief, headers={"HX-Request": "true"}).text


def test_the_mark_never_goes_back_nor_ahead_of_now(decided: Item, reviewer: Member, client_of: Any) -> None:
    mark = reverse("quality:inbox-read", kwargs={"project": reviewer.project.slug})
    for sent in ("2999-01-01T00:00:00+00:00", "2001-01-01T00:00:00+00:00", "soon", "", "2999-01-01T00:00:00"):
        assert client_of(reviewer).post(mark, {"upto": sent}).status_code == 303
    upto = DecisionsRead.objects.get(member=reviewer).upto
    assert timezone.now() - timedelta(minutes=1) < upto <= timezone.now()
