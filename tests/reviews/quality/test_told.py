"""What webhooks are told of verdicts."""

from __future__ import annotations

from feedback.accounts.models import Member, Project
from feedback.outbox.catalogue import TYPES
from feedback.outbox.models import Endpoint, Event
from reviews.moderation import act
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Item
from tests import make
from tests.feedback.outbox.conftest import fits


def test_verdicts_are_told_when_they_are_settled_and_when_they_end(
    project: Project, reviewer: Member, moderator: Member
) -> None:
    Endpoint.add(project, "https://hooks.example.org/", list(TYPES))
    queue, subject = make.queue(project), make.subject(make.response(project))
    make.counted(queue, subject, reviewer, make.ANSWERS)
    settle_complete_items()
    item = Item.objects.get(queue=queue)
    settled = Event.objects.get(type="verdict.settled")
    fits(settled)
    assert (settled.data["item"], settled.data["method"], settled.data["queue"]) == (item.pk, "consensus", queue.key)
    act.settle_again(item, moderator, "Once more.")
    ended = Event.objects.get(type="verdict.ended")
    fits(ended)
    assert (ended.about, ended.data["verdict"]) == (settled.about, settled.data["verdict"])


def test_items_of_two_projects_settled_together_are_told_to_their_own(
    project: Project, other_project: Project, reviewer: Member
) -> None:
    for one in (project, other_project):
        Endpoint.add(one, "https://hooks.example.org/", ["verdict.settled"])
        queue, subject = make.queue(one), make.subject(make.response(one))
        make.counted(queue, subject, make.member(one), make.ANSWERS)
    assert settle_complete_items() == 2
    assert sorted(Event.objects.values_list("project", flat=True)) == sorted([project.pk, other_project.pk])
    for event in Event.objects.all():
        assert Item.objects.get(pk=event.data["item"]).project_id == event.project_id
