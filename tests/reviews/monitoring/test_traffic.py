"""What came in, over time and by prompt version."""

from __future__ import annotations

import statistics
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback.accounts.models import Project
from feedback.prompts.models import PromptVersion
from feedback.responses.models import Response
from reviews.monitoring import addup, traffic
from reviews.monitoring.scope import Scope, form_of, scope_of
from reviews.monitoring.traffic import Steps, floor, latencies, steps_of, traffic_of, volumes, worked_on
from tests import make
from tests.reviews.monitoring.conftest import Judge

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def scoped(project: Project, query: str = "") -> Scope:
    form, recent = form_of(project, QueryDict(query))
    return scope_of(project, form, recent)


@pytest.fixture(autouse=True)
def noon() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def test_every_day_of_the_period_has_a_row_with_its_sums(
    project: Project, v6: PromptVersion, v7: PromptVersion
) -> None:
    day: dict[str, Any] = {
        "input_tokens": 100,
        "output_tokens": 20,
        "cost": Decimal("0.5"),
        "responded_at": NOW - timedelta(days=2),
    }
    for version in (v7, v7, v6):
        make.response(project, prompt_version=version, **day)
    make.response(project, **day)
    make.response(project, prompt_version=v7, responded_at=NOW - timedelta(days=9))
    found = traffic_of(scoped(project, "days=7"))
    assert len(found.steps.starts) == 8
    at = date(2026, 11, 20)
    assert (found.sums[at, v7.pk]["n"], found.sums[at, v7.pk]["n_input"], found.sums[at, v7.pk]["spent"]) == (
        2,
        200,
        1,
    )
    assert found.sums[at, None]["n"] == 1
    assert found.total(at, "n") == 4
    assert sum(found.total(start, "n") for start in found.steps.starts) == 4
    assert found.versions == [v7, v6]


def test_reviews_and_verdicts_are_counted_by_day(project: Project, judge: Judge, v7: PromptVersion) -> None:
    judge(v7)
    make.review(make.subject(make.response(project)), make.rubric_version(project), make.member(project), make.ANSWERS)
    found = traffic_of(scoped(project))
    assert sum(found.settled.values()) == sum(found.reviewed.values()) == 1


def test_a_days_work_is_counted_from_the_index_alone(project: Project) -> None:
    """`review_standing_by_day` holds no keys: counting those would read every row."""
    steps = steps_of(scoped(project))
    with CaptureQueriesContext(connection) as asked:
        worked_on(project, steps)
    assert asked.captured_queries[-1]["sql"].count("COUNT(*)") == 2


def test_replays_tests_and_other_prompts_are_left_out(project: Project, v7: PromptVersion) -> None:
    other = make.prompt_version(project, "v1", name="greeting")
    for version, origin in ((v7, "production"), (v7, "replay"), (v7, "test"), (other, "production")):
        make.response(project, prompt_version=version, responded_at=NOW, origin=origin)
    found = traffic_of(scoped(project, "prompt=claims"))
    assert {version: row["n"] for (_, version), row in found.sums.items()} == {v7.pk: 1}
    assert found.versions == [v7]


@pytest.mark.parametrize(("days", "kind"), [(10, "day"), (200, "week"), (2000, "month")])
def test_a_long_time_is_told_in_longer_steps(project: Project, days: int, kind: str) -> None:
    make.response(project, responded_at=NOW - timedelta(days=days))
    steps = steps_of(scoped(project, "days=all"))
    assert steps.kind == kind
    assert len(steps.starts) <= 105
    assert floor(date(2026, 11, 22), kind) == steps.starts[-1]
    assert traffic_of(scoped(project, "days=all")).total(steps.starts[0], "n") == 1


def test_steps_are_named_for_people() -> None:
    assert Steps("day", []).label(date(2026, 11, 2)) == "2 Nov"
    assert Steps("month", []).label(date(2026, 11, 1)) == "Nov 2026"


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 5000), min_size=1, max_size=45))
def test_the_database_finds_the_median_and_the_95th_percentile(
    project: Project, v7: PromptVersion, values: list[int]
) -> None:
    Response.objects.filter(project=project).delete()
    for value in values:
        make.response(project, prompt_version=v7, latency_ms=value)
    make.response(project, prompt_version=v7, latency_ms=None)
    median, slow = latencies(Response.objects.filter(project=project), [v7.pk])[v7.pk]
    assert median == statistics.median(values)
    assert slow == min(v for v in values if 100 * sum(w <= v for w in values) >= 95 * len(values))


def test_a_version_without_tokens_or_prices_has_none(project: Project, v6: PromptVersion, v7: PromptVersion) -> None:
    make.response(project, prompt_version=v6, input_tokens=10, output_tokens=5, cost=Decimal("0.2"), latency_ms=8)
    make.response(project, prompt_version=v6, input_tokens=20, output_tokens=5, cost=Decimal("0.4"))
    make.response(project, prompt_version=v7)
    found = volumes(project, {}, [v6.pk, v7.pk])
    assert (found[v6.pk].n, found[v6.pk].tokens, found[v6.pk].latency, found[v6.pk].n_cost) == (2, 20, 8, 2)
    assert found[v6.pk].cost == pytest.approx(0.3)
    assert found[v6.pk].cost_sd == pytest.approx(0.1414, abs=1e-4)
    assert (found[v7.pk].n, found[v7.pk].tokens, found[v7.pk].cost, found[v7.pk].latency) == (1, None, None, None)


def test_of_very_many_latencies_the_median_is_known_to_a_percent(
    project: Project, v7: PromptVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic, "SORTED", 10)
    values = [100 + 37 * number for number in range(41)]
    for value in values:
        make.response(project, prompt_version=v7, latency_ms=value, responded_at=NOW)
    for _ in range(2):  # from the responses, then from the day's sums
        volume = volumes(project, {}, [v7.pk])[v7.pk]
        assert volume.latency == pytest.approx(statistics.median(values), rel=0.01)
        assert volume.slow == pytest.approx(values[38], rel=0.011)
        addup.add_up()
