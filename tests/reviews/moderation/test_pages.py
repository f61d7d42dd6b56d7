"""The panel, the list of items, an item's page and the acts on it."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.accounts.models import Member, Project
from reviews.moderation import act
from reviews.moderation.models import Action
from reviews.queues.models import Item
from tests import make, world

pytestmark = pytest.mark.once


def test_a_withdrawal_that_closes_no_place_says_so(pages: Any, disputed: Item, settled: Item) -> None:
    assert "No place of it is open." in pages.get("item-act", pk=settled.pk, act_name="withdraw").text


def test_the_panel_says_what_needs_someone(pages: Any, project: Project, disputed: Item, settled: Item) -> None:
    act.withdraw(settled, pages.member, "Not ours.")
    world.escalation(project, make.member(project))
    make.queue(project)
    page = pages.get("panel")
    assert page.status_code == 200
    for words in ("Disputes", "Not ours.", "Is this ours to judge?", "Mo Moderator", "Put back"):
        assert words in page.text
    assert "withdrew the item" not in page.text
    assert "withdrew the item" in pages.get("panel", "?region=recent", htmx=True).text
    whole = pages.get("panel", "?region=recent").text  # where no script runs
    assert "withdrew the item" in whole
    assert "Is this ours to judge?" in whole
    assert pages.client.get(pages.url("panel")).text.count('id="disputes"') == 1


def test_each_region_is_a_fragment_of_its_own(pages: Any, disputed: Item, django_assert_max_num_queries: Any) -> None:
    for region in ("disputes", "escalations", "withdrawn", "recent", "failed"):
        with django_assert_max_num_queries(16 if region == "failed" else 10):  # one for each kind of job
            part = pages.get("panel", f"?region={region}", htmx=True)
        assert "<html" not in part.text
        assert f'id="{region}"' in part.text
    assert pages.get("panel", "?region=nothing").status_code == 200


def test_the_panel_is_bounded_in_queries(
    pages: Any, project: Project, of: Any, django_assert_max_num_queries: Any
) -> None:
    for _ in range(3):
        act.withdraw(of.item(project, of.good), pages.member, "x")
        of.item(project, of.good, of.bad)
    pages.get("panel")
    with django_assert_max_num_queries(10):
        pages.get("panel")


def test_search_finds_items_reviews_and_queues(pages: Any, project: Project, of: Any) -> None:
    item = of.item(project, of.good, external_id="resp-77", queue=make.queue(project, name="Week 47"))
    person = of.turn(item).reviewer
    where = pages.url("item-detail", pk=item.pk)
    for text in ("resp-77", str(item.pk), person.pseudonym):
        assert where in pages.get("search", f"?q={text}", htmx=True).text
    assert "Week 47" in pages.get("search", "?q=week").text
    assert "Nothing is called" in pages.get("search", "?q=<b>").text
    assert "<b>" not in pages.get("search", "?q=<b>").text


def test_search_stays_in_the_project(pages: Any, other_project: Project, of: Any) -> None:
    item = of.item(other_project, of.good, external_id="theirs")
    for text in ("theirs", str(item.pk), of.turn(item).reviewer.pseudonym):
        assert "Nothing is called" in pages.get("search", f"?q={text}").text


def test_an_act_is_undone_from_the_panel_once(pages: Any, settled: Item) -> None:
    action = act.withdraw(settled, pages.member, "Not ours.")
    assert pages.post("action-undo", pk=action.pk).status_code == 303
    settled.refresh_from_db()
    assert settled.state == "complete"
    again = pages.client.post(pages.url("action-undo", pk=action.pk), follow=True)
    assert "cannot be undone any more" in again.text
    assert Action.objects.count() == 2


def test_items_are_filtered_paged_and_counted(
    pages: Any, project: Project, of: Any, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr("reviews.moderation.item_views.PAGE", 2)
    queue = make.queue(project, key="q-1")
    items = make.items(queue, 3)
    of.item(project, of.good, output="A word nobody else says: quokka.")
    with django_assert_max_num_queries(10):
        page = pages.get("item-list", "?queue=q-1")
    assert page.text.count('name="item"') == 2
    assert "3 items" in page.text
    assert pages.client.get(pages.url("item-list") + page.context["next_url"]).text.count('name="item"') == 1
    assert pages.get("item-list", "?text=quokka").text.count('name="item"') == 1
    assert pages.get("item-list", "?state=settled").text.count('name="item"') == 1
    assert pages.get("item-list", "?state=made-up").status_code == 422
    assert "Nothing matches" in pages.get("item-list", "?stratum=none", htmx=True).text
    assert items


def test_an_items_page_shows_everything_under_blind_names(
    pages: Any, disputed: Item, of: Any, django_assert_max_num_queries: Any
) -> None:
    pages.get("item-detail", pk=disputed.pk)
    with django_assert_max_num_queries(26):
        page = pages.get("item-detail", pk=disputed.pk)
    for words in ("Reviewer A", "Reviewer B", "In dispute", "Place 2", "Filled", "Not settled so far", "/audit/trail/"):
        assert words in page.text
    for number in range(2):
        person = of.turn(disputed, number).reviewer
        assert str(person) not in page.text
        assert person.pseudonym not in page.text
    assert "<html" not in pages.get("item-detail", htmx=True, pk=disputed.pk).text


def test_admins_see_who_reviewed(pages_of: Any, admin: Member, disputed: Item) -> None:
    page = pages_of(admin).get("item-detail", pk=disputed.pk)
    assert "Person 0" in page.text
    assert "Person 1" in page.text


def test_acts_show_effects_ask_why_and_are_done(pages: Any, settled: Item) -> None:
    page = pages.get("item-act", pk=settled.pk, act_name="withdraw")
    assert "Its verdict stays" in page.text
    missing = pages.post("item-act", {"reason": ""}, pk=settled.pk, act_name="withdraw")
    assert missing.status_code == 422
    done = pages.post("item-act", {"reason": "Not ours."}, pk=settled.pk, act_name="withdraw")
    assert (done.status_code, done["Location"]) == (303, pages.url("item-detail", pk=settled.pk))
    refused = pages.post("item-act", {"reason": "Again."}, pk=settled.pk, act_name="withdraw")
    assert refused.status_code == 422
    assert "It is withdrawn already." in refused.text
    assert "Again." in refused.text
    assert "Not ours." in pages.get("item-detail", pk=settled.pk).text


def test_reopening_asks_for_the_questions(pages: Any, settled: Item) -> None:
    page = pages.get("item-act", pk=settled.pk, act_name="reopen")
    assert "Grounded in the sources?" in page.text
    assert "Helpfulness" not in page.text
    missing = pages.post("item-act", {"how": "contest", "reason": "x"}, pk=settled.pk, act_name="reopen")
    assert "Choose at least one question" in missing.text
    data = {"how": "contest", "criteria": ["grounded"], "reason": "x"}
    assert pages.post("item-act", data, pk=settled.pk, act_name="reopen").status_code == 303
    settled.refresh_from_db()
    assert settled.state == "unresolved"


def test_settling_again_is_offered_too(pages: Any, settled: Item) -> None:
    data = {"how": "again", "reason": "x"}
    assert pages.post("item-act", data, pk=settled.pk, act_name="reopen").status_code == 303
    assert pages.get("item-detail", pk=settled.pk).text.count("from 2 reviews") == 2


def test_asking_for_more_goes_on_to_the_next_dispute(pages: Any, disputed: Item) -> None:
    data = {"reason": "x", "next": "dispute", "after": "7"}
    done = pages.post("item-act", data, pk=disputed.pk, act_name="ask-more")
    assert done["Location"].endswith("/moderation/disputes/next/?after=7")
    odd = pages.post("item-act", data | {"after": "//evil"}, pk=disputed.pk, act_name="ask-more")
    assert odd["Location"].endswith("/moderation/disputes/next/")


def test_foreign_items_and_made_up_acts_are_not_there(
    pages: Any, outsider: Member, pages_of: Any, settled: Item
) -> None:
    theirs = pages_of(outsider)
    assert theirs.get("item-detail", pk=settled.pk).status_code == 404
    assert theirs.post("item-act", {"reason": "x"}, pk=settled.pk, act_name="withdraw").status_code == 404
    assert pages.get("item-act", pk=settled.pk, act_name="delete").status_code == 404
    assert pages.client.delete(pages.url("item-act", pk=settled.pk, act_name="withdraw")).status_code == 405


def test_others_do_not_get_in(pages_of: Any, reviewer: Member, curator: Member, settled: Item) -> None:
    for person in (reviewer, curator):
        theirs = pages_of(person)
        assert theirs.get("panel").status_code == 403
        assert theirs.post("item-act", {"reason": "x"}, pk=settled.pk, act_name="withdraw").status_code == 403
