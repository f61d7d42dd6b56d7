"""Two kinds of promise: invariants that `manage.py verify` counts, and Django checks of our own settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet


@dataclass(frozen=True)
class Invariant:
    """What must always hold (DESIGN §9). A room lists its own in `invariants.py` as `INVARIANTS`.

    `violations` returns the rows that break the promise, or sentences about them, or their number; nothing or 0 is well.
    """

    code: str
    promise: str
    violations: Callable[[], QuerySet[Any, Any] | Sequence[Any] | int]
