"""Two deliveries of the same assessments at the same instant."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.accounts.models import Project
from feedback.critics.assess import assess
from feedback.critics.models import Assessment, Critic, CriticVersion
from tests import make
from tests.races import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
CRITIC = {"slug": "judge", "version": "1"}


def rows(names: list[str], score: float) -> list[dict[str, Any]]:
    return [{"response": name, "critic": CRITIC, "score": score} for name in names]


def delivered(project: Project, *batches: list[dict[str, Any]]) -> list[Any]:
    return at_once(*(lambda batch=batch: assess(project, batch) for batch in batches))


def test_each_is_stored_once(project: Project) -> None:
    names = [make.response(project).external_id for _ in range(40)]
    results = delivered(project, rows(names, 0.5), rows(names[::-1], 0.5), rows(names, 0.5))
    assert sum(result.accepted for result in results) == 40
    assert sum(result.repeated for result in results) == 80
    assert (Assessment.objects.count(), Critic.objects.count(), CriticVersion.objects.count()) == (40, 1, 1)


def test_of_two_that_differ_one_is_refused(project: Project) -> None:
    name = make.response(project).external_id
    results = delivered(project, rows([name], 0.1), rows([name], 0.9))
    assert sorted((result.accepted, result.n_refused) for result in results) == [(0, 1), (1, 0)]
