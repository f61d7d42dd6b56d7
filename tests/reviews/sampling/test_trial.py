"""A dry run says what the run then does, and writes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.accounts.models import Project
from feedback.jobs import run
from feedback.responses.models import Subject
from reviews.queues.models import Item, Queue
from reviews.sampling import trial as trials
from reviews.sampling.models import SamplingRule, SamplingRun
from reviews.sampling.trial import Trial, trial
from tests import make

pytestmark = pytest.mark.django_db


def told(rule: SamplingRule) -> Trial:
    return trial(rule.current, is_scheduled=rule.interval_minutes is not None)


def done(rule: SamplingRule) -> SamplingRun:
    started = rule.start()
    run(SamplingRun, started.pk)
    started.refresh_from_db()
    return started


@pytest.mark.parametrize("choices", [{"rate": 0.4}, {"rate": 1.0}, {"size": 7}, {"size": 90}])
@pytest.mark.parametrize("size", [1, 2])
def test_it_says_what_the_run_then_draws(project: Project, choices: dict[str, Any], size: int) -> None:
    for number in range(24):
        for model in ("small-1", "large-1"):
            make.response(project, f"{number} {model}", question=f"Question {number}?", model_name=model)
    rule = make.sampling_rule(make.queue(project, subject_size=size), **choices)
    found = told(rule)
    assert found.population == (48 if size == 1 else 24)
    assert not Item.objects.exists()
    assert not Subject.objects.exists()
    ran = done(rule)
    assert (found.drawn, found.fresh) == (ran.n_drawn, ran.n_added)
    again = told(rule)
    assert (again.drawn, again.queued, again.fresh) == (ran.n_drawn, ran.n_drawn, 0)


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project)


def test_a_scheduled_rule_tells_of_what_came_since(project: Project, queue: Queue) -> None:
    make.response(project)
    rule = make.sampling_rule(queue, size=10, interval_minutes=60)
    assert done(rule).n_drawn == 1
    assert (told(rule).drawn, told(rule).population) == (0, 0)
    make.response(project)
    assert (told(rule).drawn, told(rule).population) == (1, 1)


def test_it_looks_only_at_its_own_project_and_filter(project: Project, other_project: Project, queue: Queue) -> None:
    for _ in range(3):
        make.response(project, model_name="small-1")
    make.response(project, model_name="large-1")
    make.response(other_project)
    rule = make.sampling_rule(queue, rate=1.0, filter={"model": "small-1"})
    assert (told(rule).drawn, told(rule).population) == (3, 3)


def test_a_long_draw_is_cut_and_says_so(project: Project, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "MOST", 3)
    for _ in range(5):
        make.response(project)
    found = told(make.sampling_rule(queue, rate=1.0))
    assert (found.is_cut, found.is_population_cut, found.population) == (True, True, 3)
    assert found.drawn >= 3
    assert len(found.first) == 5


def test_it_takes_few_statements_and_writes_none(project: Project, queue: Queue) -> None:
    for _ in range(20):
        make.response(project)
    rule = make.sampling_rule(queue, rate=1.0)
    version = rule.current
    with CaptureQueriesContext(connection) as queries:
        trial(version, is_scheduled=False)
    frame = ("SAVEPOINT", "RELEASE", "SELECT set_config", "SELECT current_setting")  # of the time limit
    assert len([query for query in queries if not query["sql"].startswith(frame)]) <= 14
    assert not [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


@pytest.mark.postgres
def test_a_statement_that_takes_too_long_is_stopped(project: Project) -> None:
    with pytest.raises(trials.TooLong), trials.bounded(0.05), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(2)")
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] == "0"
