"""How long something lasts, in words."""

from __future__ import annotations

import pytest

from feedback.templatetags.lengths import lasting


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (45, "45 s"), (90, "1 min 30 s"), (1800, "30 min"), (5400, "1 h 30 min"), (86_400, "24 h")],
)
def test_seconds_are_told_in_the_units_people_use(seconds: int, words: str) -> None:
    assert lasting(seconds) == words
