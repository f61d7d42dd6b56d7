"""How the queues are over REST: what waits, since when, and which queue needs somebody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from feedback.accounts.models import Member, Project
from reviews.queues.models import Item
from tests import make

HERE = "/api/v1/queue-health/"


def test_queues_in_need_come_first(project: Project, reviewer: Member, django_assert_max_num_queries: Any) -> None:
    make.queue(project, key="calm")
    slow, paused = make.queue(project, key="slow", k=2), make.queue(project, key="paused", state="paused")
    make.counted(slow, make.subject(make.response(project)), reviewer, make.ANSWERS)
    for queue in (slow, paused):
        make.items(queue)
    Item.objects.filter(queue=slow).update(created_at=timezone.now() - timedelta(days=4))
    program = make.program(project, "reviews:read")
    program.get(HERE)
    with django_assert_max_num_queries(8):
        found = program.get(HERE).json()["queues"]
    assert [row["queue"] for row in found][-1] == "calm"
    by_key = {row["queue"]: row for row in found}
    assert by_key["paused"]["trouble"] == "Paused"
    assert by_key["slow"]["reviews_in_seven_days"] == 1
    assert by_key["slow"]["trouble"]
    assert by_key["slow"]["oldest_at"] < by_key["paused"]["oldest_at"]
    assert {name: by_key["calm"][name] for name in ("state", "items_open", "stuck", "oldest_at", "trouble")} == {
        "state": "open", "items_open": 0, "stuck": 0, "oldest_at": None, "trouble": "",
    }  # fmt: skip


@pytest.mark.parametrize("scope", ["ingest", "review", "gold"])
def test_it_is_for_who_may_see_queues(project: Project, scope: str) -> None:
    assert make.program(project, scope).get(HERE).status_code == 403


def test_reviewers_and_other_projects_see_none_of_it(
    project: Project, reviewer: Member, other_project: Project
) -> None:
    make.queue(project)
    assert make.program(project, "reviews:read", member=reviewer).get(HERE).status_code == 403
    assert make.program(other_project, "reviews:read").get(HERE).json() == {"queues": []}
