"""One-time links that are used twice at the same moment, each on a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from feedback.accounts.models import Invitation, LinkOver, Member, Project, SigninLink
from tests import make
from tests.races import outcomes_at_once, until_waited_for

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def one_after_the_other_began(first: Callable[[], Any], second: Callable[[], Any]) -> list[Any]:
    """The second begins before the first has committed, and waits for it."""
    done = threading.Event()

    @transaction.atomic
    def slow() -> Any:
        result = first()
        done.set()
        until_waited_for()
        return result

    def late() -> Any:
        assert done.wait(30)
        return second()

    return outcomes_at_once(slow, late)


def test_of_two_who_accept_an_invitation_at_once_one_joins(project: Project) -> None:
    row, _ = Invitation.make(timedelta(days=1), project=project, email="nia@example.org", role="curator")
    again, people = Invitation.objects.get(pk=row.pk), [make.user(), make.user()]
    joined, late = one_after_the_other_began(lambda: row.accept(people[0]), lambda: again.accept(people[1]))
    assert isinstance(late, LinkOver)
    assert list(Member.objects.filter(project=project)) == [joined]


def test_of_eight_who_follow_a_sign_in_link_one_is_let_in(project: Project) -> None:
    row, _ = SigninLink.make(timedelta(days=1), user=make.user())
    found = outcomes_at_once(*[SigninLink.objects.get(pk=row.pk).use for _ in range(8)])
    assert sum(isinstance(one, LinkOver) for one in found) == 7
