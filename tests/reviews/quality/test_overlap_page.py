"""How many reviews are enough: the page of a queue's policy."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Project
from feedback.audit.models import AuditEvent
from reviews.quality.estimate import estimate_due
from reviews.quality.models import OverlapPolicy
from reviews.queues.models import Queue
from tests import make

ENTERED: dict[str, Any] = {"is_on": "on", "target": "95", "most": "4", "decides": "reliability"}


@pytest.fixture
def curator(project: Project) -> make.SignedIn:
    return make.SignedIn(make.member(project, "curator"))


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, key="answers", k=2)


def address(queue: Queue) -> str:
    return reverse("quality:queue-overlap", args=[queue.project.slug, queue.key])


def test_a_policy_is_made_changed_and_audited(curator: make.SignedIn, queue: Queue) -> None:
    assert curator.get(address(queue)).status_code == 200
    assert curator.post(address(queue), ENTERED).status_code == 303
    policy = OverlapPolicy.objects.get()
    assert (policy.is_on, policy.target, policy.most, policy.decides) == (True, 0.95, 4, "reliability")
    curator.post(address(queue), ENTERED | {"target": "80"})
    assert OverlapPolicy.objects.get().target == 0.8
    assert AuditEvent.objects.filter(verb="overlap-changed").count() == 2
    assert 'value="80"' in curator.get(address(queue)).text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"target": "50"}, "greater than or equal to 51"), ({"most": "1"}, "asks for 2 reviews"), ({"decides": "x"}, "x")],
)
def test_what_cannot_be_is_said_beside_the_field(
    curator: make.SignedIn, queue: Queue, wrong: dict[str, str], said: str
) -> None:
    answer = curator.post(address(queue), ENTERED | wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert not OverlapPolicy.objects.exists()


def test_it_shows_what_stopping_early_would_have_saved(curator: make.SignedIn, queue: Queue, project: Project) -> None:
    people = [make.member(project, name=f"Rev {n}") for n in range(3)]
    OverlapPolicy.objects.create(project=project, queue=queue)
    assert "Too few to tell" in curator.get(address(queue)).text
    for n in range(32):
        subject = make.subject(make.response(project))
        for person in people:
            make.counted(queue, subject, person, {"grounded": "yes" if n % 2 else "no", "helpful": 4})
    estimate_due()
    page = curator.get(address(queue)).text
    assert "32 of 96" in page  # one answer an item, of people who never differ
    assert "67%" in page
    assert "96 answers on 32 items" in page
