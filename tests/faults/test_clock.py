"""A host with a wrong clock: leases follow the clock of the database, whoever else is early or late (F13)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.instance import Instance, eventually

pytestmark = [
    pytest.mark.services,
    pytest.mark.postgres,  # SQLite's clock is that of whoever asks
    pytest.mark.slow,
    pytest.mark.timeout(200),
]
HOURS = pytest.mark.parametrize("hours", [1, -1])
LEASES = """
from django.db.models.functions import Now
from reviews.queues.models import Place
claimed = Place.objects.filter(state="claimed").select_related("queue").annotate(now=Now())
answer = [[(place.lease_until - place.now).total_seconds(), place.queue.lease_seconds] for place in claimed]
"""
# Two are held; the lease of one is over.
HELD = """
from tests import make
from tests.faults import scenes
from reviews.queues.claim import claim
from reviews.queues.models import Item, Place
kept, over = (claim(queue, member) for member, queue in (scenes.reviewer_and_queue(), scenes.reviewer_and_queue()))
make.expired(over)
"""
STATES = "answer = [Place.objects.filter(assignment=one, state='claimed').exists() for one in (kept, over)]"


@HOURS
def test_a_claim_by_a_web_host_with_a_wrong_clock_lasts_a_lease(alone: Any, hours: int) -> None:
    instance: Instance = alone()
    instance.fragile_web(CLOCK_HOURS=str(hours))
    statuses = instance.call("tests.faults.crashes", "plainly", "claim_by_page", "claim_by_rest", "submit_by_rest")
    assert max(statuses) < 400
    leases = instance.run(LEASES)
    assert len(leases) == 3
    assert all(lease - 300 < left <= lease for left, lease in leases)
    assert instance.call("tests.faults.crashes", "broken") == []


@HOURS
def test_a_worker_with_a_wrong_clock_frees_what_is_over_and_nothing_else(alone: Any, hours: int) -> None:
    """The beat's clock is right: the sweeps it asks for must not be too old for that worker."""
    instance: Instance = alone()
    instance.worker(CLOCK_HOURS=str(hours))
    instance.beat()
    instance.run(HELD)
    eventually(lambda: instance.run(STATES) == [True, False])
    instance.run("one = scenes.settle()")
    eventually(lambda: instance.run("answer = Item.objects.filter(project=one.project, state='settled').count()"))
    assert instance.run(STATES) == [True, False]
