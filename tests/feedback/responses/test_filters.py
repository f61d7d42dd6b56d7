"""The filters of the response list, the API and sampling rules."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.http import QueryDict

from feedback.accounts.models import Project
from feedback.responses.filters import ResponseFilter, StrictResponseFilter, drawable
from feedback.responses.models import Response, UserFeedback
from tests import make


def found(project: Project, **parameters: Any) -> set[str]:
    filterset = StrictResponseFilter(parameters, queryset=Response.objects.filter(project=project))
    assert filterset.is_valid(), filterset.errors
    return set(filterset.qs.values_list("external_id", flat=True))


@pytest.fixture
def mixed(project: Project) -> Project:
    """`a` has everything the filters look for; `b` has none of it."""
    version = make.prompt_version(project, "v7", name="claims")
    facts: dict[str, Any] = {
        "prompt_version": version, "model_name": "large-2", "origin": "replay", "environment": "staging",
        "segment": "gold", "tags": ["vip", 'say "hi"'], "conversation_id": "c-1", "trace_id": "t-1",
        "subject_key": "u-1", "span_id": "s-1", "licence": "CC0", "reasoning_tokens": 9, "passages": ["Clause 4."],
        "verdict": "failed", "is_queued": True, "has_feedback": True, "consent": True,
        "cost": "0.02", "latency_ms": 900, "input_tokens": 100, "output_tokens": 50,
        "responded_at": datetime(2026, 5, 1, 12, tzinfo=UTC),
    }  # fmt: skip
    a = make.response(project, "Call the embassy.", external_id="a", **facts)
    make.response(project, "Pay by card.", external_id="b", responded_at=datetime(2026, 6, 1, tzinfo=UTC))
    UserFeedback.objects.create(project=project, response=a, kind="rating", score=-1)
    return project


@pytest.mark.parametrize(
    "parameters",
    [
        {"q": "EMBASSY"}, {"q": "a", "environment": "staging"}, {"external_id": "a"}, {"prompt": "claims"},
        {"prompt_version": "v7"}, {"model": "large-2"}, {"origin": "replay"}, {"environment": "staging"},
        {"segment": "gold"}, {"tag": "vip"}, {"tag": 'say "hi"'}, {"conversation_id": "c-1"}, {"trace_id": "t-1"},
        {"subject_key": "u-1"}, {"verdict": "failed"}, {"is_queued": "true"}, {"has_feedback": "true"},
        {"span_id": "s-1"}, {"licence": "CC0"}, {"has_cost": "true"}, {"has_passages": "true"},
        {"min_reasoning_tokens": "9"}, {"max_reasoning_tokens": "9"},
        {"received_after": "2026-01-01", "segment": "gold"},
        {"consent": "true"}, {"min_cost": "0.01"}, {"max_cost": "0.02"}, {"min_latency_ms": "900"},
        {"max_latency_ms": "900"}, {"min_input_tokens": "100"}, {"max_output_tokens": "50"}, {"feedback_below": "0"},
        {"feedback_above": "-2"}, {"responded_before": "2026-05-02"}, {"responded_before": "2026-05-01T12:00:01Z"},
    ],
)  # fmt: skip
def test_each_filter_finds_its_response(mixed: Project, parameters: dict[str, str]) -> None:
    assert found(mixed, **parameters) == {"a"}


@pytest.mark.parametrize(
    "parameters",
    [
        {"q": "card"}, {"verdict": "none"}, {"is_queued": "false"}, {"consent": "unknown"}, {"origin": "production"},
        {"responded_after": "2026-05-01T12:00:01Z"}, {"model": "small-1"}, {"has_cost": "false"},
        {"has_passages": "false"},
    ],
)  # fmt: skip
def test_each_filter_leaves_out_the_others(mixed: Project, parameters: dict[str, str]) -> None:
    assert found(mixed, **parameters) == {"b"}


@pytest.mark.parametrize(
    "parameters",
    [
        {"tag": "vi"}, {"consent": "false"}, {"feedback_above": "-1"}, {"prompt": "claims", "prompt_version": "v1"},
        {"prompt": "nothing"}, {"id": str(2**62)}, {"provider": "other"}, {"received_before": "2026-01-01"},
    ],
)  # fmt: skip
def test_nothing_matches_by_accident(mixed: Project, parameters: dict[str, str]) -> None:
    assert found(mixed, **parameters) == set()


def test_both_are_found_by_what_they_share(mixed: Project) -> None:
    assert found(mixed, provider="acme") == {"a", "b"}
    assert found(mixed) == {"a", "b"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("min_cost", "NaN"), ("min_cost", "1e300"), ("id", "99999999999999999999"), ("max_latency_ms", "-1"),
        ("is_queued", "maybe"), ("consent", "1"), ("verdict", "excellent"), ("origin", "moon"),
        ("responded_after", "yesterday"), ("q", "a\0b"), ("environment", "x" * 201), ("feedback_below", "low"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_read_is_an_error(project: Project, name: str, value: str) -> None:
    filterset = ResponseFilter({name: value}, queryset=Response.objects.filter(project=project))
    assert list(filterset.errors) == [name]


def test_an_unknown_parameter_is_an_error_for_programs(project: Project) -> None:
    rows = Response.objects.filter(project=project)
    assert ResponseFilter(QueryDict("enviroment=x"), queryset=rows).is_valid()
    assert "enviroment" in str(StrictResponseFilter(QueryDict("enviroment=x"), queryset=rows).errors)
    assert StrictResponseFilter(QueryDict("cursor=x&page_size=5"), queryset=rows).is_valid()


def test_a_rule_draws_from_what_its_filter_finds(mixed: Project, other_project: Project) -> None:
    make.response(other_project, verdict="failed")
    assert [row.external_id for row in drawable(mixed, {"verdict": "failed", "is_queued": True, "min_cost": 0.01})] == [
        "a"
    ]
    assert drawable(mixed, {}).count() == 2


@pytest.mark.parametrize(
    "parameters", [{"q": "embassy"}, {"cursor": "x"}, {"moon": 1}, {"min_cost": "much"}, {"origin": ["test"]}]
)
def test_a_rule_with_an_unusable_filter_is_refused(project: Project, parameters: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        drawable(project, parameters)
