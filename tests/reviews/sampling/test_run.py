"""A run: bounds frozen first, items with their probability, the same after a crash, scheduled ones once a tick."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.jobs import Job
from feedback.responses.models import Response
from reviews.queues.models import Item, Place, Queue
from reviews.sampling import draw
from reviews.sampling.invariants import differing_runs
from reviews.sampling.models import SamplingRule, SamplingRun
from reviews.sampling.tasks import start_due_runs, tick_of
from tests import make


def responses(project: Project, n: int = 20) -> list[Response]:
    return [make.response(project) for _ in range(n)]


def finish(run: SamplingRun) -> SamplingRun:
    jobs.run(SamplingRun, run.pk)
    run.refresh_from_db()
    assert run.state == Job.State.DONE, run.error
    return run


def test_it_fills_the_queue_and_says_how_likely_each_was(project: Project) -> None:
    rows = responses(project)
    rule = make.sampling_rule(make.queue(project, k=3), rate=1.0)
    run = finish(rule.start())
    assert (run.n_drawn, run.n_added, run.population) == (20, 20, None)
    assert (run.lowest_id, run.highest_id) == (1, rows[-1].pk)
    item = Item.objects.first()
    assert item
    assert (item.k, item.inclusion_probability, item.rule_label) == (3, 1.0, f"{rule.key} v1")
    assert (item.rule_version_id, item.run_id) == (rule.current.pk, run.pk)
    assert Place.objects.count() == 60
    assert not Response.objects.filter(is_queued=False).exists()


def test_a_size_counts_its_population_and_stores_n_of_it(project: Project) -> None:
    responses(project)
    run = finish(make.sampling_rule(make.queue(project), size=5, k=1).start())
    assert (run.n_drawn, run.population, run.total) == (5, 20, 5)
    assert set(Item.objects.values_list("inclusion_probability", "k")) == {(0.25, 1)}


def test_running_it_twice_adds_nothing(project: Project) -> None:
    responses(project)
    rule = make.sampling_rule(make.queue(project), size=5)
    finish(rule.start())
    again = finish(rule.start())
    assert (again.n_drawn, again.n_added, Item.objects.count()) == (5, 0, 5)


def test_what_comes_in_after_the_freeze_is_left_to_the_next_run(project: Project) -> None:
    responses(project, 5)
    rule = make.sampling_rule(make.queue(project), rate=1.0)
    run = rule.start()
    attempt = jobs.claim(SamplingRun, run.pk) or 0
    jobs.run_chunk(SamplingRun, run.pk, attempt)
    responses(project, 5)
    while jobs.run_chunk(SamplingRun, run.pk, attempt):
        pass
    assert Item.objects.count() == 5
    assert finish(rule.start()).n_added == 5


def test_a_run_that_is_taken_over_draws_what_an_undisturbed_one_draws(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draw, "CHUNK", 4)
    responses(project, 30)
    queue, calm = make.queue(project), make.queue(project)
    rule = make.sampling_rule(queue, rate=0.6, seed="x")
    run = rule.start()
    while not run.is_finished:  # every worker dies after one chunk
        jobs.run_chunk(SamplingRun, run.pk, jobs.claim(SamplingRun, run.pk) or 0)
        SamplingRun.objects.filter(pk=run.pk, state=Job.State.RUNNING).update(lease_until="2000-01-01T00:00Z")
        run.refresh_from_db()
    finish(make.sampling_rule(calm, rate=0.6, seed="x").start())
    subjects = [list(q.items.order_by("pk").values_list("subject_id", flat=True)) for q in (queue, calm)]
    assert subjects[0] == subjects[1] != []
    assert differing_runs() == []


def test_a_pair_queue_gets_pairs(project: Project) -> None:
    for number in range(6):
        make.response(project, f"x{number}", question=f"q{number}", model_name="a")
        make.response(project, f"y{number}", question=f"q{number}", model_name="b")
    run = finish(make.sampling_rule(make.queue(project, subject_size=2), size=4).start())
    assert (run.n_drawn, run.population) == (4, 6)
    assert set(Item.objects.values_list("subject__size", "inclusion_probability")) == {(2, 4 / 6)}


def test_a_closed_queue_is_not_filled(project: Project) -> None:
    responses(project, 2)
    queue = make.queue(project)
    rule = make.sampling_rule(queue, rate=1.0)
    Queue.objects.filter(pk=queue.pk).update(state=Queue.State.CLOSED)
    run = rule.start()
    jobs.run(SamplingRun, run.pk)
    run.refresh_from_db()
    assert (run.state, Item.objects.count()) == (Job.State.FAILED, 0)
    assert "is closed" in run.error


def test_a_scheduled_size_draws_from_what_came_in_since(project: Project) -> None:
    responses(project)
    rule = make.sampling_rule(make.queue(project), interval_minutes=60, size=5)
    first = finish(rule.start("2026-01-01T10:00Z"))
    responses(project, 10)
    second = finish(rule.start("2026-01-01T11:00Z"))
    assert second.lowest_id == (first.highest_id or 0) + 1
    assert (second.population, second.n_added) == (10, 5)


def test_a_scheduled_rate_looks_back_for_late_commits(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reviews.sampling.models.OVERLAP", 3)
    newest = responses(project, 9)[-1]
    make.response(project, id=newest.pk + 2)
    rule = make.sampling_rule(make.queue(project), interval_minutes=60, rate=1.0)
    first = finish(rule.start("2026-01-01T10:00Z"))
    make.response(project, id=newest.pk + 1)  # took its id early, was not visible yet
    second = finish(rule.start("2026-01-01T11:00Z"))
    assert (first.n_added, second.n_added) == (10, 1)
    assert second.n_drawn <= 4


def test_there_is_one_unfinished_run_at_a_time(project: Project, curator: Member) -> None:
    rule = make.sampling_rule(make.queue(project))
    run = rule.start(by=curator)
    assert rule.start() == run
    assert SamplingRun.objects.get().requested_by == curator


def test_a_tick_is_the_last_scheduled_minute() -> None:
    now = datetime(2026, 3, 1, 10, 47, 59, tzinfo=UTC)
    assert tick_of(15, now) == "2026-03-01T10:45Z"
    assert tick_of(1440, now) == "2026-03-01T00:00Z"


def test_two_beats_start_each_tick_once_and_missed_ticks_are_one_run(project: Project) -> None:
    rule = make.sampling_rule(make.queue(project), interval_minutes=10)
    by_hand, off = make.sampling_rule(make.queue(project)), make.sampling_rule(make.queue(project), interval_minutes=1)
    SamplingRule.objects.filter(pk=off.pk).update(is_active=False)
    with time_machine.travel("2026-01-01T10:03Z"):
        start_due_runs()
        start_due_runs()
        finish(SamplingRun.of(rule).get())
        start_due_runs()
    with time_machine.travel("2026-01-01T13:59Z"):  # 22 ticks later
        start_due_runs()
        start_due_runs()
    assert list(SamplingRun.of(rule).order_by("pk").values_list("tick", flat=True)) == [
        "2026-01-01T10:00Z",
        "2026-01-01T13:50Z",
    ]
    assert not SamplingRun.objects.exclude(rule_version__rule=rule).exists()
    assert by_hand


def test_a_new_version_is_frozen_and_the_next_run_takes_it(project: Project) -> None:
    queue = make.queue(project)
    rule = make.sampling_rule(queue, size=3)
    rule.revise(queue=queue, method="size", size=4)
    assert [version.number for version in rule.versions.order_by("number")] == [1, 2]
    assert rule.start().rule_version.size == 4


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"method": "rate", "rate": 1.5}, "rate"),
        ({"method": "rate", "rate": 0.0}, "rate"),
        ({"method": "size", "size": 0}, "size"),
        ({"method": "size", "rate": 0.5}, "method"),
        ({"method": "rate", "rate": 0.5, "size": 5}, "method"),
        ({"method": "rate", "rate": 0.5, "k": 0}, "k"),
        ({"method": "rate", "rate": 0.5, "filter": {"modle": "small-1"}}, "filter"),
        ({"method": "rate", "rate": 0.5, "filter": {"min_cost": "much"}}, "filter"),
    ],
)
def test_a_version_that_cannot_be_drawn_is_refused(project: Project, choices: dict[str, Any], said: str) -> None:
    rule = SamplingRule.objects.create(project=project, key="r", name="R")
    with pytest.raises(ValidationError) as refused:
        rule.revise(queue=make.queue(project), **choices)
    assert said in refused.value.message_dict
    assert not rule.versions.exists()


def test_a_queue_of_imports_or_of_another_project_is_refused(project: Project, other_project: Project) -> None:
    rule = SamplingRule.objects.create(project=project, key="r", name="R")
    for queue in (make.queue(project, takes_imports=True), make.queue(other_project)):
        with pytest.raises(ValidationError, match="queue"):
            rule.revise(queue=queue, method="rate", rate=0.5)


def test_the_invariant_finds_missing_and_foreign_items(project: Project) -> None:
    responses(project)
    run = finish(make.sampling_rule(make.queue(project), size=5).start())
    assert differing_runs() == []
    Item.objects.filter(run_id=run.pk).first().delete()  # type: ignore[union-attr]
    assert "1 drawn responses have no item, 0 items were not drawn" in differing_runs()[0]
    queue = run.rule_version.queue
    outsider = Response.objects.filter(subject_parts__isnull=True)[0]
    Item.objects.create(project=project, queue=queue, subject=make.subject(outsider), k=1, run_id=run.pk)
    assert "1 items were not drawn" in differing_runs()[0]
