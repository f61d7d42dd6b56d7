"""What one act outside found: plain values, stored by the step that follows it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

NAME = re.compile(r"[A-Za-z][\w./@-]{0,59}", re.ASCII)
LONGEST_LINE = 2000
LEVELS = {"debug", "info", "warning", "error"}


class Trouble(Exception):
    """It did not work this time and may work later."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Line:
    key: str
    at: datetime
    text: str
    level: str = "info"


@dataclass(frozen=True)
class Metric:
    step: int
    name: str
    value: float


@dataclass
class Seen:
    """`columns` of the job and entries of its `cursor` that change; `phase` is the next one, when the act is done."""

    phase: str = ""
    columns: dict[str, Any] = field(default_factory=dict)
    cursor: dict[str, Any] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    step: int | None = None  # of training, and of how many
    total: int | None = None
    pause: timedelta | None = None
    ended: str = ""  # a state of Job
    error: str = ""
    trouble: str = ""
    retry_after: float | None = None


def metrics_of(step: Any, values: Mapping[str, Any]) -> Iterable[Metric]:
    """The numbers among them. Names are words of a program, and whatever is no finite number says nothing."""
    if not isinstance(step, int) or isinstance(step, bool) or not 0 <= step < 2**31:
        return
    for name, value in values.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and math.isfinite(value) and NAME.fullmatch(name):
            yield Metric(step, name, float(value))


def line(key: str, at: datetime, text: Any, level: Any = "info") -> Line:
    words = str(text).replace("\0", "").strip()[:LONGEST_LINE]
    return Line(key[:80], at, words, level if level in LEVELS else "info")
