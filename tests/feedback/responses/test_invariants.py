"""`verify` sees what would break I6; the schema and its triggers are switched off to break it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from feedback.accounts.models import Project
from feedback.responses.invariants import INVARIANTS
from feedback.responses.models import Passage, ResponseBody
from tests import make


def broken() -> list[str]:
    found = []
    for invariant in INVARIANTS:
        violations = invariant.violations()
        count = violations if isinstance(violations, int) else len(violations)
        found += [invariant.promise] * bool(count)
    return found


@contextmanager
def unfrozen(table: str) -> Iterator[None]:
    """Like a restore by hand that leaves the trigger out; the transaction of the test brings it back."""
    with connection.cursor() as cursor:
        on_table = f' ON "{table}"' if connection.vendor == "postgresql" else ""
        cursor.execute(f'DROP TRIGGER "{table}_frozen"{on_table}')
    yield


def test_all_is_well_with_ordinary_rows(project: Project) -> None:
    make.response(project, passages=["a", "b"])
    assert len(INVARIANTS) == 4
    assert broken() == []


def test_a_response_without_a_body_is_seen(project: Project) -> None:
    ResponseBody.objects.filter(response=make.response(project)).delete()
    assert broken() == ["Every response has its body."]


@pytest.mark.parametrize(
    ("table", "change", "promise"),
    [
        ("responses_responsebody", lambda: ResponseBody.objects.update(output="x"), "Every output has"),
        ("responses_passage", lambda: Passage.objects.update(text="x"), "Every passage's text"),
    ],
)
def test_a_changed_text_is_seen(project: Project, table: str, change: Callable[[], int], promise: str) -> None:
    make.response(project, passages=["a"])
    with unfrozen(table):
        change()
    [seen] = broken()
    assert seen.startswith(promise)
