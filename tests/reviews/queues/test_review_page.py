"""The desk as a page: show, submit with the next item, draft, heartbeat, release, skip, undo."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Review
from reviews.queues.claim import claim
from reviews.queues.items import add_items
from reviews.queues.leases import free_due_leases
from reviews.queues.models import Assignment, Item, Place, Queue
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.once]
ROUTES = ("submit", "draft", "heartbeat", "release", "skip")


@pytest.fixture
def queue(project: Project) -> Queue:
    queue = make.queue(project, k=1, grace_seconds=60)
    responses = [make.response(project, f"Answer {n}.", passages=[f"Clause {n}.", "Claims."]) for n in range(3)]
    add_items(queue, [make.subject(response).pk for response in responses])
    return queue


@pytest.fixture
def held(queue: Queue, desk: Any) -> Assignment:
    held: Assignment = desk.take(queue)
    return held


def lost(held: Assignment, other: Member) -> None:
    """The lease is over, and somebody else has filled the item's only place since."""
    make.expired(held)
    free_due_leases()
    queue = held.queue
    theirs = claim(queue, other)
    assert theirs is not None
    assert theirs.item_id == held.item_id
    Place.objects.filter(assignment=theirs).update(state="filled", lease_until=None)


def test_it_shows_the_item_that_is_held(queue: Queue, held: Assignment, desk: Any) -> None:
    page = desk.get("review", key=queue.key)
    assert page.status_code == 200
    for words in (b"Answer 0.", b"Clause 0.", b"Grounded in the sources?", b"Submit, next"):
        assert words in page.content
    assert str(held.token).encode() in page.content


def test_it_claims_nothing_by_itself(queue: Queue, desk: Any) -> None:
    page = desk.get("review", key=queue.key)
    assert b"Nothing is waiting for you here" in page.content
    assert not Assignment.objects.exists()


def test_htmx_gets_the_desk_alone(queue: Queue, held: Assignment, desk: Any) -> None:
    fragment = desk.get("review", htmx=True, key=queue.key)
    assert b"<html" not in fragment.content
    assert b'id="item"' in fragment.content
    assert "HX-Request" in fragment["Vary"]


def test_it_says_how_long_the_item_is_held_and_what_leaving_does(queue: Queue, held: Assignment, desk: Any) -> None:
    assert ", or 2 min once you leave the page" in desk.get("review", key=queue.key).text


def test_the_title_follows_the_item_and_its_end(queue: Queue, held: Assignment, desk: Any) -> None:
    assert f"<title>Review {held.pk}, {queue.name} · Touchstone</title>" in desk.get("review", key=queue.key).text
    Item.objects.filter(queue=queue).exclude(pk=held.item_id).delete()
    sent = desk.submit(held, htmx=True)
    assert sent.text.startswith(f"<title>Nothing waits: {queue.name} · Touchstone</title>")


def test_an_item_whose_time_ran_out_can_be_had_again(queue: Queue, held: Assignment, desk: Any) -> None:
    make.expired(held)
    free_due_leases()
    page = desk.get("review", key=queue.key).text
    assert "What you had written is kept." in page
    assert "Take it up again" in page
    assert desk.take(queue) == held


def test_a_paused_queue_says_so(queue: Queue, desk: Any) -> None:
    Queue.objects.filter(pk=queue.pk).update(state="paused")
    assert b"This queue is paused" in desk.get("review", key=queue.key).content


def test_submit_without_htmx_claims_and_leads_on(queue: Queue, held: Assignment, desk: Any) -> None:
    answer = desk.submit(held)
    assert (answer.status_code, answer["Location"]) == (303, desk.url("review", key=queue.key))
    assert Review.objects.get().active_ms == 1500
    assert b"Answer 1." in desk.get("review", key=queue.key).content


def test_submit_by_htmx_answers_with_the_next_item(queue: Queue, held: Assignment, desk: Any) -> None:
    answer = desk.submit(held, htmx=True)
    assert answer.status_code == 200
    assert b"Answer 1." in answer.content
    assert b"<html" not in answer.content
    assert desk.url("undo", token=held.token).encode() in answer.content
    assert b"1 done today" in answer.content


def test_the_last_submit_says_that_nothing_is_left(queue: Queue, desk: Any) -> None:
    for _ in range(2):
        desk.submit(desk.take(queue))
    answer = desk.submit(desk.take(queue), htmx=True)
    assert b"Nothing is waiting for you here" in answer.content
    assert b"Undo last" in answer.content


def test_without_a_grace_nothing_can_be_undone(queue: Queue, held: Assignment, desk: Any) -> None:
    Queue.objects.filter(pk=queue.pk).update(grace_seconds=0)
    assert b"Undo last" not in desk.submit(held, htmx=True).content


@pytest.mark.parametrize("htmx", [True, False])
def test_what_is_missing_is_said_and_what_was_typed_stays(htmx: bool, held: Assignment, desk: Any) -> None:
    typed = {"q-grounded": "", "q-helpful": "2", "q-rewrite": "Better: 30 days 🙂."}
    spans = '[{"response": "1", "start": 0, "end": 99, "quote": "no", "kind": "unsupported"}]'
    answer = desk.submit(held, htmx=htmx, **typed, spans=spans)
    assert answer.status_code == 422
    assert b"This question needs an answer." in answer.content
    assert "Better: 30 days 🙂." in answer.content.decode()
    form = answer.context["form"]
    assert (form["q-helpful"].value(), form["spans"].value()) == ("2", spans)
    assert (b"<html" in answer.content) is not htmx
    assert not Review.objects.exists()


def test_a_mark_that_does_not_fit_its_text_is_refused_beside_the_marks(held: Assignment, desk: Any) -> None:
    pk = held.item.subject.parts.get().response_id
    spans = f'[{{"response": "{pk}", "start": 0, "end": 6, "quote": "Banana", "kind": "unsupported"}}]'
    answer = desk.submit(held, htmx=True, spans=spans)
    assert answer.status_code == 422
    assert answer.context["form"].errors["spans"]


def test_a_lost_lease_still_counts_while_a_place_is_open(queue: Queue, held: Assignment, desk: Any) -> None:
    make.expired(held)
    free_due_leases()
    assert desk.submit(held).status_code == 303
    assert Assignment.objects.get(pk=held.pk).state == "submitted"


def test_a_review_too_late_to_count_is_kept_and_said(
    queue: Queue, held: Assignment, desk: Any, other_reviewer: Member
) -> None:
    lost(held, other_reviewer)
    answer = desk.submit(held, htmx=True)
    assert answer.status_code == 200
    assert b"It is kept, and counts if a place opens again." in answer.content
    assert Assignment.objects.get(pk=held.pk).state == "surplus"


def test_a_claim_that_ended_answers_409_with_what_was_typed(queue: Queue, held: Assignment, desk: Any) -> None:
    desk.post("skip", {"token": held.token, "reason": "unclear"}, key=queue.key)
    answer = desk.submit(held, htmx=True, **{"q-rewrite": "Words of a stale tab."})
    assert answer.status_code == 409
    assert b"This was not sent." in answer.content
    assert b"Words of a stale tab." in answer.content
    assert b'id="submit"' not in answer.content
    assert not Review.objects.exists()


def test_the_same_submit_twice_gives_the_same_page(queue: Queue, held: Assignment, desk: Any, form_data: Any) -> None:
    data = form_data(held)
    pages = [desk.post("submit", data, htmx=True, key=queue.key) for _ in range(2)]
    assert [page.status_code for page in pages] == [200, 200]
    assert pages[0].context["assignment"] == pages[1].context["assignment"]
    assert Review.objects.count() == 1


def test_a_stale_tab_cannot_submit_the_item_again(queue: Queue, held: Assignment, desk: Any) -> None:
    desk.submit(held)
    answer = desk.submit(held, htmx=True, **{"q-helpful": "1"})
    assert answer.status_code == 409
    assert b"submitted this review already" in answer.content
    assert Review.objects.count() == 1


def test_a_submission_id_holds_one_set_of_answers(queue: Queue, held: Assignment, desk: Any, form_data: Any) -> None:
    data = form_data(held)
    desk.post("submit", data, key=queue.key)
    assert desk.post("submit", {**data, "q-helpful": "1"}, key=queue.key).status_code == 409


def test_a_damaged_page_says_so(held: Assignment, desk: Any) -> None:
    answer = desk.submit(held, submission_id="")
    assert answer.status_code == 422
    assert b"This page is damaged" in answer.content


def test_a_draft_keeps_half_an_answer_and_extends_the_lease(queue: Queue, held: Assignment, desk: Any) -> None:
    answer = desk.post("draft", {"token": held.token, "q-helpful": "2", "spans": "[]"}, key=queue.key)
    assert answer.status_code == 200
    assert set(answer.json()) == {"saved_at", "lease_until"}
    assert Assignment.objects.get(pk=held.pk).draft == {"helpful": 2, "flags": []}
    assert desk.get("review", key=queue.key).context["form"]["q-helpful"].value() == "2"


def test_a_draft_is_kept_after_the_lease_and_refused_after_the_end(queue: Queue, held: Assignment, desk: Any) -> None:
    make.expired(held)
    free_due_leases()
    data = {"token": held.token, "q-helpful": "2"}
    assert desk.post("draft", data, key=queue.key).json()["lease_until"] is None
    desk.submit(held)
    assert desk.post("draft", data, key=queue.key).status_code == 409


def test_a_heartbeat_tells_until_when_the_item_is_held(queue: Queue, held: Assignment, desk: Any) -> None:
    assert desk.post("heartbeat", {"token": held.token}, key=queue.key).json()["lease_until"]
    make.expired(held)
    free_due_leases()
    assert desk.post("heartbeat", {"token": held.token}, key=queue.key).status_code == 409


def test_leaving_the_page_shortens_the_lease_and_keeps_the_item(queue: Queue, held: Assignment, desk: Any) -> None:
    before = Place.objects.get(assignment=held).lease_until
    assert desk.post("release", {"token": held.token}, key=queue.key).status_code == 204
    place = Place.objects.get(assignment=held)
    assert place.state == "claimed"
    assert before is not None
    assert place.lease_until is not None
    assert place.lease_until < before


def test_skip_passes_the_item_on(queue: Queue, held: Assignment, desk: Any) -> None:
    data = {"token": held.token, "reason": "language", "note": "It is Finnish."}
    answer = desk.post("skip", data, htmx=True, key=queue.key)
    assert b"Answer 1." in answer.content
    stored = Assignment.objects.get(pk=held.pk)
    assert (stored.state, stored.skip_reason, stored.skip_note) == ("skipped", "language", "It is Finnish.")


def test_skip_without_htmx_leads_on(queue: Queue, held: Assignment, desk: Any) -> None:
    answer = desk.post("skip", {"token": held.token, "reason": "unclear"}, key=queue.key)
    assert (answer.status_code, answer["Location"]) == (303, desk.url("review", key=queue.key))


def test_a_skip_without_a_reason_is_asked_again(queue: Queue, held: Assignment, desk: Any) -> None:
    answer = desk.post("skip", {"token": held.token, "note": "No idea."}, htmx=True, key=queue.key)
    assert answer.status_code == 422
    assert b"No idea." in answer.content
    assert b'<details class="menu" open>' in answer.content
    assert Assignment.objects.get(pk=held.pk).state == "claimed"


def test_what_was_submitted_can_not_be_skipped(queue: Queue, held: Assignment, desk: Any) -> None:
    desk.submit(held)
    answer = desk.post("skip", {"token": held.token, "reason": "unclear"}, htmx=True, key=queue.key)
    assert answer.status_code == 409
    assert b"submitted this review already" in answer.content


@pytest.mark.parametrize("route", ROUTES)
def test_the_token_is_the_right_and_only_its_owner_has_it(
    route: str, queue: Queue, held: Assignment, desk: Any, desk_of: Any, moderator: Member, form_data: Any
) -> None:
    data = form_data(held, reason="unclear")
    assert desk_of(moderator).post(route, data, key=queue.key).status_code == 404
    for token in ("", "no-token", str(uuid.uuid4())):
        assert desk.post(route, data | {"token": token}, key=queue.key).status_code == 404
    other = make.queue(queue.project)
    assert desk.post(route, data, key=other.key).status_code == 404
    assert Assignment.objects.get(pk=held.pk).state == "claimed"


@pytest.mark.parametrize("route", ROUTES)
def test_each_way_to_write_is_a_post_of_a_member(
    route: str, queue: Queue, held: Assignment, desk: Any, stranger: Client
) -> None:
    assert desk.get(route, key=queue.key).status_code == 405
    address = desk.url(route, key=queue.key)
    assert stranger.post(address, {"token": str(held.token)}).status_code == 404
    assert Client().post(address).status_code == 302


def test_item_counts_follow_the_page(queue: Queue, held: Assignment, desk: Any) -> None:
    desk.submit(held)
    item = Item.objects.get(pk=held.item_id)
    assert (item.state, item.n_filled) == ("complete", 1)
