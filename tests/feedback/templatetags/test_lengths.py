"""How long something lasts, in words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from feedback.templatetags.lengths import ago, lasting


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (45, "45 s"), (90, "1 min 30 s"), (1800, "30 min"), (5400, "1 h 30 min"), (86_400, "24 h")],
)
def test_seconds_are_told_in_the_units_people_use(seconds: int, words: str) -> None:
    assert lasting(seconds) == words


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=50), "just now"),
        (timedelta(minutes=3, seconds=4), "3\xa0minutes ago"),
        (timedelta(hours=26), "1\xa0day ago"),
    ],
)
def test_the_past_is_told_in_one_unit(passed: timedelta, words: str) -> None:
    assert ago(timezone.now() - passed) == words


def test_what_never_was_is_not_long_ago() -> None:
    assert ago(None) == ""
