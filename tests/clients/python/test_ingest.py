"""The client sends responses in packed batches, each once however often it is sent."""

from __future__ import annotations

from typing import Any

import pytest
from touchstone_client import Ingested, TouchstoneError

from feedback.accounts.models import IdempotencyKey, Project
from feedback.responses.models import Response
from tests.clients.python.conftest import Connect

pytestmark = pytest.mark.django_db(transaction=True)


def row(number: int, **fields: Any) -> dict[str, Any]:
    return {"external_id": f"r-{number}", "prompt": f"Question {number}?", "output": f"Äh, {number} days. 🧳", **fields}


def test_rows_go_in_by_batches_and_are_counted(connect: Connect, project: Project) -> None:
    told: list[int] = []
    done = connect("ingest").ingest(
        (row(number) for number in range(7)), batch_rows=3, progress=lambda so_far: told.append(so_far.total)
    )
    assert (done.accepted, done.refused_total, done.total) == (7, 0, 7)
    assert told == [3, 6, 7]
    assert Response.objects.get(project=project, external_id="r-6").body.output == "Äh, 6 days. 🧳"
    assert IdempotencyKey.objects.count() == 3


def test_each_refused_row_is_named_by_its_place(connect: Connect) -> None:
    half = chr(0xD83E)  # of a surrogate pair
    rows = [row(0), row(1, latency_ms="soon"), row(2), row(3, colour="red"), row(4, output=f"half: {half}")]
    done = connect("ingest").ingest(rows, batch_rows=2)
    assert (done.accepted, done.refused_total) == (2, 3), done
    assert [(one["index"], one["external_id"], one["reason"]) for one in done.refused] == [
        (1, "r-1", "invalid"), (3, "r-3", "unknown-key"), (4, "", "surrogate"),
    ]  # fmt: skip
    assert done.refused[0]["pointer"] == "/latency_ms"


def test_sending_again_changes_nothing(connect: Connect) -> None:
    client = connect("ingest")
    assert client.ingest([row(1), row(2)]).accepted == 2
    again = client.ingest([row(1), row(2), row(3)])
    assert (again.repeated, again.accepted) == (2, 1)


def test_batches_are_bounded_in_bytes_too(connect: Connect) -> None:
    told: list[int] = []
    client = connect("ingest")
    client.ingest([row(n) for n in range(4)], batch_bytes=100, progress=lambda so_far: told.append(so_far.total))
    assert told == [1, 2, 3, 4]


def test_nothing_to_send_is_nothing_sent(connect: Connect) -> None:
    assert connect("ingest").ingest([]) == Ingested()


def test_a_key_that_may_not_is_told_so(connect: Connect) -> None:
    with pytest.raises(TouchstoneError) as refused:
        connect("datasets:read").ingest([row(1)])
    assert (refused.value.status, refused.value.code) == (403, "permission-denied")
