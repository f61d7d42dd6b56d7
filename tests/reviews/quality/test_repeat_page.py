"""The page where a curator lets people be asked again."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from reviews.quality.repeat_models import RepeatSetting
from reviews.queues.models import Queue
from tests import make, world

ENTERED: dict[str, Any] = {"is_on": "on", "percent": "2", "least_days": "14"}


@pytest.fixture
def curator(project: Project) -> make.SignedIn:
    return make.SignedIn(make.member(project, "curator"))


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, key="answers", k=2)


def address(queue: Queue) -> str:
    return reverse("quality:queue-repeats", args=[queue.project.slug, queue.key])


def test_it_is_off_until_somebody_turns_it_on(curator: make.SignedIn, queue: Queue) -> None:
    shown = curator.get(address(queue))
    assert "Nobody was asked again yet" in shown.text
    assert not RepeatSetting.objects.exists()
    assert curator.post(address(queue), ENTERED).status_code == 303
    setting = RepeatSetting.objects.get()
    assert (setting.is_on, setting.rate, setting.least_days) == (True, 0.02, 14)
    assert AuditEvent.objects.filter(verb="repeats-changed").count() == 1
    assert 'value="14"' in curator.get(address(queue)).text


@pytest.mark.parametrize(
    ("wrong", "said"), [({"percent": "50"}, "less than or equal to 20"), ({"least_days": "0"}, "1 to 365")]
)
def test_what_cannot_be_is_said_beside_the_field(
    curator: make.SignedIn, queue: Queue, wrong: dict[str, str], said: str
) -> None:
    answer = curator.post(address(queue), ENTERED | wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert not RepeatSetting.objects.exists()


def test_a_reviewer_finds_nothing_there(queue: Queue, reviewer: Member) -> None:
    assert make.SignedIn(reviewer).get(address(queue)).status_code in {403, 404}


def test_what_waits_is_counted(curator: make.SignedIn, queue: Queue, reviewer: Member) -> None:
    world.repeat(queue, reviewer)
    assert "1 waiting" in curator.get(address(queue)).text
