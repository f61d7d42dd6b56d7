"""Bulk: what is counted is what is done, one item a transaction, and as one act."""

from __future__ import annotations

import re
from typing import Any

import pytest

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.jobs import run
from reviews.moderation.models import Action, BulkAction
from reviews.queues.claim import claim
from reviews.queues.models import Item, Queue
from tests import make


@pytest.fixture
def queue(project: Project) -> Queue:
    queue = make.queue(project)
    make.items(queue, 4)
    return queue


def hidden(page: Any) -> dict[str, Any]:
    """What the confirmation carries, as its form sends it."""
    found: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)"', page.text):
        if name != "csrfmiddlewaretoken":
            found.setdefault(name, []).append(value.replace("&amp;", "&"))
    return found | {"reason": "Broken import."}


def confirm(pages: Any, **data: Any) -> Any:
    return pages.post("bulk-confirm", {"kind": "withdraw", **data})


def finished(page: Any) -> BulkAction:
    assert page.status_code == 303
    bulk = BulkAction.objects.latest("pk")
    run(BulkAction, bulk.pk)
    bulk.refresh_from_db()
    return bulk


def test_ticked_items_are_counted_confirmed_and_done(pages: Any, queue: Queue, reviewer: Member) -> None:
    claim(queue, reviewer)
    ids = [item.pk for item in queue.items.order_by("pk")[:3]]
    page = confirm(pages, item=ids)
    assert "Withdraw 3 items?" in page.text
    assert "1 is being reviewed right now" in page.text
    assert "settled" not in page.text  # none is
    assert not Action.objects.exists()
    bulk = finished(pages.post("bulk-start", hidden(page)))
    assert (bulk.state, bulk.done, bulk.refused) == ("done", 3, {})
    assert list(Item.objects.filter(state="withdrawn").order_by("pk").values_list("pk", flat=True)) == ids
    assert Action.objects.filter(bulk=bulk, reason="Broken import.").count() == 3
    assert AuditEvent.objects.filter(verb="bulk-confirmed").count() == 1
    assert AuditEvent.objects.filter(verb="item-withdrawn", actor=str(pages.member.key)).count() == 3
    assert "chose 3 items to withdraw" in pages.get("panel", "?region=recent", htmx=True).text


def test_all_that_match_are_found_by_the_filters(pages: Any, queue: Queue, project: Project) -> None:
    make.items(make.queue(project), 2)
    page = confirm(pages, all="1", filters=f"queue={queue.key}")
    assert "Withdraw 4 items?" in page.text
    finished(pages.post("bulk-start", hidden(page)))
    assert set(Item.objects.filter(state="withdrawn").values_list("queue", flat=True)) == {queue.pk}


def test_a_set_that_changed_is_counted_anew(pages: Any, queue: Queue) -> None:
    page = confirm(pages, all="1", filters=f"queue={queue.key}")
    make.items(queue)
    again = pages.post("bulk-start", hidden(page))
    assert again.status_code == 409
    assert "The set has changed" in again.text
    assert "It was 4, and now it is 5." in again.text
    assert "Broken import." in again.text
    assert not BulkAction.objects.exists()
    assert pages.post("bulk-start", hidden(again)).status_code == 303


def test_what_cannot_be_done_is_left_alone_and_said(pages: Any, queue: Queue) -> None:
    Item.objects.filter(pk=queue.items.order_by("pk")[0].pk).update(state="withdrawn")
    page = confirm(pages, all="1")
    assert "1 is withdrawn already" in page.text
    bulk = finished(pages.post("bulk-start", hidden(page)))
    assert (bulk.done, bulk.refused) == (4, {"It is withdrawn already.": 1})
    shown = pages.get("bulk-detail", pk=bulk.pk)
    assert "3 of 4" in shown.text
    assert "It is withdrawn already." in shown.text


def test_a_bulk_action_is_undone_as_a_whole(pages: Any, queue: Queue) -> None:
    bulk = finished(pages.post("bulk-start", hidden(confirm(pages, all="1"))))
    page = pages.post("bulk-confirm", {"kind": "put-back", "of": bulk.pk})
    assert "Put 4 items back?" in page.text
    finished(pages.post("bulk-start", hidden(page)))
    assert set(Item.objects.values_list("state", "k")) == {("open", 2)}


def test_one_more_review_of_many(pages: Any, queue: Queue) -> None:
    page = pages.post("bulk-confirm", {"kind": "ask-more", "all": "1"})
    finished(pages.post("bulk-start", hidden(page)))
    assert set(Item.objects.values_list("k", flat=True)) == {3}


def test_it_needs_a_reason_an_act_and_items(pages: Any, queue: Queue) -> None:
    page = confirm(pages, all="1")
    missing = pages.post("bulk-start", hidden(page) | {"reason": ""})
    assert missing.status_code == 422
    assert "Say why" in missing.text
    assert confirm(pages).status_code == 303
    assert pages.post("bulk-confirm", {"kind": "delete", "all": "1"}).status_code == 404
    assert not BulkAction.objects.exists()


def test_items_of_another_project_are_not_among_them(pages: Any, queue: Queue, other_project: Project) -> None:
    foreign = make.items(make.queue(other_project))[0]
    page = confirm(pages, item=[foreign.pk, queue.items.order_by("pk")[0].pk])
    assert "Withdraw 1 item?" in page.text


def test_who_lost_the_right_does_nothing_more(pages: Any, queue: Queue, moderator: Member, admin: Member) -> None:
    answer = pages.post("bulk-start", hidden(confirm(pages, all="1")))
    moderator.change(role="reviewer")
    bulk = finished(answer)
    assert bulk.refused == {"Who asked for it may no longer act here.": 4}
    assert not Item.objects.filter(state="withdrawn").exists()


def test_many_are_put_first_and_back_in_line(pages: Any, queue: Queue, reviewer: Member) -> None:
    last = [item.pk for item in queue.items.order_by("pk")][-2:]
    page = pages.post("bulk-confirm", {"kind": "put-first", "item": last})
    assert "Serve 2 items before all others?" in page.text
    assert "2 have an open review and move" in page.text
    bulk = finished(pages.post("bulk-start", hidden(page)))
    assert (bulk.done, bulk.refused) == (2, {})
    assert set(queue.places.filter(lane=0).values_list("item", flat=True)) == set(last)
    undo = pages.post("bulk-confirm", {"kind": "put-last", "of": bulk.pk})
    finished(pages.post("bulk-start", hidden(undo)))
    assert not queue.places.filter(lane=0).exists()
