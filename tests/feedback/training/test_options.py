"""Numbers: bounds, and which trainer takes which."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from feedback.training.options import METHODS, OptionsError, parse
from feedback.training.seen import line, metrics_of


@pytest.mark.parametrize(
    ("given", "kind", "method"),
    [
        ({"epochs": 0}, "local", "dpo"),
        ({"epochs": True}, "local", "dpo"),
        ({"epochs": 1.5}, "local", "dpo"),
        ({"epochs": 1, "steps": 1}, "local", "dpo"),
        ({"steps": 1}, "openai", "dpo"),
        ({"learning_rate": 0.0}, "local", "sft"),
        ({"learning_rate": float("nan")}, "local", "sft"),
        ({"beta": 0.1}, "local", "sft"),
        ({"beta": "0.1; rm"}, "local", "dpo"),
        ({"output": "elsewhere"}, "local", "dpo"),
    ],
)
def test_what_is_out_of_bounds_is_refused(given: dict[str, Any], kind: str, method: str) -> None:
    with pytest.raises(OptionsError):
        parse(given, kind, method)


def test_what_is_left_out_is_left_to_the_trainer() -> None:
    assert parse({"epochs": 3, "beta": None}, "openai", "dpo").as_json() == {"epochs": 3}
    assert set(METHODS) == {"openai", "local", "scheduler"}


def test_only_finite_numbers_under_plain_names_are_kept() -> None:
    values = {"loss": 1, "bad": float("nan"), "<b>": 1.0, "text": "1", "is": True, "rewards/chosen": 0.5}
    assert [(one.name, one.value) for one in metrics_of(1, values)] == [("loss", 1.0), ("rewards/chosen", 0.5)]
    assert list(metrics_of("1", values)) == list(metrics_of(-1, values)) == []


def test_a_line_is_bounded_and_without_nul() -> None:
    found = line("k" * 200, timezone.now(), "a\0b" + "c" * 5000, "exploded")
    assert (len(found.key), found.text[:2], len(found.text), found.level) == (80, "ab", 2000, "info")
