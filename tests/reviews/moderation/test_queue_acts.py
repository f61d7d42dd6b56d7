"""Queues in need, and what a moderator does to a queue or about a person from the panel."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.outbox.models import Delivery, Endpoint, Event
from reviews.moderation.models import QueueAct
from reviews.queues.models import Item, Queue, Restriction
from reviews.queues.restrict import restrict
from tests import make

pytestmark = pytest.mark.django_db

WHY = {"reason": "The guideline is being mended."}


@pytest.fixture
def queue(project: Project, reviewer: Member) -> Queue:
    queue = make.queue(project, k=2)
    make.items(queue, 2)
    return queue


def test_a_queue_is_paused_opened_and_undone(pages: Any, queue: Queue) -> None:
    assert pages.post("queue-act", WHY, key=queue.key, act_name="pause").status_code == 303
    queue.refresh_from_db()
    assert queue.state == "paused"
    again = pages.post("queue-act", WHY, key=queue.key, act_name="pause")
    assert again.status_code == 422
    assert "paused already" in again.text
    assert "Change back" in pages.get("panel", "?region=recent", htmx=True).text
    pages.post("queue-act-undo", pk=QueueAct.objects.get().pk)
    queue.refresh_from_db()
    assert queue.state == "open"
    assert [event.after for event in AuditEvent.objects.filter(verb="queue-state-changed").order_by("pk")] == [
        "paused", "open",
    ]  # fmt: skip


def test_reviews_per_item_change_for_items_to_come(pages: Any, queue: Queue) -> None:
    page = pages.get("queue-act", key=queue.key, act_name="overlap")
    assert "2 items wait already" in page.text
    pages.post("queue-act", {**WHY, "k": 3}, key=queue.key, act_name="overlap")
    queue.refresh_from_db()
    assert queue.k == 3
    assert set(Item.objects.values_list("k", flat=True)) == {2}
    assert pages.post("queue-act", {**WHY, "k": 0}, key=queue.key, act_name="overlap").status_code == 422
    assert pages.post("queue-act", {**WHY, "k": 3}, key=queue.key, act_name="overlap").status_code == 422
    pages.post("queue-act-undo", pk=QueueAct.objects.get().pk)
    queue.refresh_from_db()
    assert queue.k == 2


def test_what_was_changed_again_is_not_undone(pages: Any, queue: Queue) -> None:
    pages.post("queue-act", {**WHY, "k": 3}, key=queue.key, act_name="overlap")
    first = QueueAct.objects.get()
    pages.post("queue-act", {**WHY, "k": 4}, key=queue.key, act_name="overlap")
    pages.post("queue-act-undo", pk=first.pk)
    queue.refresh_from_db()
    assert (queue.k, QueueAct.objects.count()) == (4, 2)


def test_a_reason_is_asked_for_and_foreign_queues_are_not_found(
    pages: Any, queue: Queue, other_project: Project
) -> None:
    assert pages.post("queue-act", key=queue.key, act_name="pause").status_code == 422
    assert pages.get("queue-act", key=queue.key, act_name="burn").status_code == 404
    foreign = make.queue(other_project, key="foreign")
    assert pages.post("queue-act", WHY, key=foreign.key, act_name="pause").status_code == 404


def test_the_panel_names_queues_in_need(pages: Any, queue: Queue) -> None:
    assert "Nobody reviews" in pages.get("panel", "?region=queues", htmx=True).text
    Member.objects.filter(project=queue.project).exclude(pk=pages.member.pk).update(disabled_at=timezone.now())
    make.counted(queue, Item.objects.first().subject, pages.member, make.ANSWERS)  # type: ignore[union-attr]
    assert "1 nobody can take" in pages.get("queue-list").text
    Queue.objects.update(state="closed")
    assert 'queues-title" hidden' in pages.get("panel", "?region=queues", htmx=True).text


def test_old_items_are_said_to_wait_long(pages: Any, queue: Queue, reviewer: Member) -> None:
    make.counted(queue, Item.objects.first().subject, reviewer, make.ANSWERS)  # type: ignore[union-attr]
    Item.objects.update(created_at=timezone.now() - timedelta(days=4))
    assert "Waits long" in pages.get("queue-list").text


def test_webhooks_that_are_not_delivered_are_named(pages: Any, pages_of: Any, admin: Member, project: Project) -> None:
    assert "hidden" in pages.get("panel", "?region=undelivered", htmx=True).text
    endpoint = Endpoint.add(project, "https://hooks.example.org/", ["verdict.settled"])
    told: dict[str, Any] = {"wanted_by": [endpoint.pk], "created_at": timezone.now()}
    event = Event.objects.create(project=project, type="verdict.settled", about="item/1", data={}, **told)
    failed = {"state": "failed", "error": "Answered 500.", "finished_at": timezone.now()}
    delivery = Delivery.objects.create(project=project, event=event, endpoint=endpoint, about="item/1", **failed)
    said = pages.get("panel", "?region=undelivered", htmx=True).text
    assert "Answered 500." in said
    assert delivery.get_absolute_url() not in said
    assert delivery.get_absolute_url() in pages_of(admin).get("panel", "?region=undelivered", htmx=True).text


def test_a_person_is_restricted_and_let_in_again(pages: Any, queue: Queue, reviewer: Member) -> None:
    whose = {"pseudonym": reviewer.pseudonym}
    assert pages.post("restrict", whose | {"reason": ""}, **whose).status_code == 422
    assert pages.post("restrict", {**WHY, "where": queue.pk}, **whose).status_code == 303
    row = Restriction.objects.get()
    assert (row.queue, row.by) == (queue, pages.member)
    assert "stands already" in pages.post("restrict", {**WHY, "where": queue.pk}, **whose).text
    assert reviewer.pseudonym in pages.get("panel", "?region=restricted", htmx=True).text
    assert "restricted in" in pages.get("panel", "?region=recent", htmx=True).text
    assert pages.post("restriction-lift", WHY, pk=row.pk).status_code == 303
    assert pages.post("restriction-lift", WHY, pk=row.pk).status_code == 422
    assert "lifted the restriction" in pages.get("panel", "?region=recent", htmx=True).text


def test_people_and_queues_of_others_are_refused(
    pages: Any, other_project: Project, outsider: Member, reviewer: Member
) -> None:
    assert pages.get("restrict", pseudonym=outsider.pseudonym).status_code == 404
    foreign = make.queue(other_project)
    page = pages.post("restrict", {**WHY, "where": foreign.pk}, pseudonym=reviewer.pseudonym)
    assert page.status_code == 422
    row = restrict(outsider, None, make.member(other_project, "moderator"), "Theirs.")
    assert pages.post("restriction-lift", WHY, pk=row.pk).status_code == 404
    assert "Nobody restricts themselves" in pages.post("restrict", WHY, pseudonym=pages.member.pseudonym).text
