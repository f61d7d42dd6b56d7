"""The demo: a visitor finds a world at work, and running it again is harmless."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from feedback.accounts.models import Member, Project
from feedback.datasets.models import DatasetVersion, Export
from feedback.management.commands.verify import check, invariants
from feedback.outbox.models import Delivery
from feedback.responses.models import Response
from feedback.training.models import FineTuneJob
from reviews.queues.claim import claim
from reviews.queues.models import Item, Queue

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def demo() -> list[dict[str, str]]:
    out = StringIO()
    call_command("demo", "--json", stdout=out)
    links: list[dict[str, str]] = json.loads(out.getvalue())["links"]
    return links


def verify() -> list[str]:
    found = [(invariant.promise, check(room, invariant, None)) for room, invariant in invariants()]
    return [promise for promise, finding in found if finding.violations]


def test_it_fills_a_believable_world_once_with_work_for_every_visitor() -> None:
    links = demo()
    assert [link["role"] for link in links] == ["reviewer", "reviewer", "curator", "moderator", "admin"]
    project = Project.objects.get()
    counted = [Response.objects.count(), Item.objects.count(), DatasetVersion.objects.count()]
    assert counted[0] >= 200
    assert project.verdicts.filter(is_failure=True).exists()
    assert project.verdicts.filter(is_failure=False).exists()
    assert Item.objects.filter(state=Item.State.UNRESOLVED).exists()
    assert DatasetVersion.objects.get().counts["pairs"] > 0
    assert set(Export.objects.values_list("state", flat=True)) == {"done"}
    assert Export.objects.count() == 4
    assert set(Delivery.objects.values_list("state", "endpoint__state")) == {("queued", "paused")}
    assert not Delivery.objects.claimable().exists()
    assert [job.state for job in FineTuneJob.objects.all()] == ["done"]
    assert verify() == []
    visitor = Member.objects.get(user__email="rita@example.org")
    assert all(claim(queue, visitor) for queue in Queue.objects.all())
    again = demo()
    assert [Response.objects.count(), Item.objects.count(), DatasetVersion.objects.count()] == counted
    assert {link["url"] for link in links}.isdisjoint(link["url"] for link in again)
