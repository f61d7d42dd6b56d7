"""A person is erased while their words are being built into a version, delivered, or judged: none is left behind."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from feedback import jobs
from feedback.datasets import exports, snapshot, writing
from feedback.datasets.models import DatasetVersion, Export
from feedback.erasures.models import Erasure
from feedback.management.commands.verify import check, invariants
from feedback.responses.models import Response
from reviews.queues import submit as submitting
from tests import make
from tests.feedback.erasures.world import KEY, TOKEN, Person, in_files, in_tables, row
from tests.races import outcomes_at_once

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "BLOCK", 1)
    monkeypatch.setattr(writing, "CHUNK", 1)


def work_off(*models: type[jobs.Job]) -> None:
    """What a worker would take up again: whoever met the other one half-way has waited or been given back."""
    for model in models:
        while rows := list(model._default_manager.filter(state__in=["queued", "running"]).order_by("pk")):
            for one in rows:
                model._default_manager.filter(pk=one.pk).update(lease_until=None, state="queued")
                jobs.run(model, one.pk)


def nothing_is_left() -> None:
    assert in_tables() == []
    assert in_files() == []
    found = [check(room, invariant, None) for room, invariant in invariants()]
    assert [finding for finding in found if finding.violations] == []


def test_beside_a_build_and_its_file(person: Person) -> None:
    version, erasure = person.dataset.build(), Erasure.ask(person.project, KEY)
    file = exports.request(person.versions[1], "votes")
    runs: list[tuple[Any, int]] = [(DatasetVersion, version.pk), (Export, file.pk), (Erasure, erasure.pk)]
    found = outcomes_at_once(*[lambda one=one: jobs.run(*one) for one in runs])
    assert found == [None] * 3
    work_off(Erasure, DatasetVersion, Export)
    nothing_is_left()
    newest = person.dataset.versions.order_by("number").last()
    assert newest is not None
    assert (newest.state, newest.superseded_at, newest.is_redacted) == ("done", None, False)


def test_beside_a_review_of_it(person: Person) -> None:
    erasure, answers = Erasure.ask(person.project, KEY), {**make.ANSWERS, "rewrite": f"For {TOKEN}."}

    def submit() -> Any:
        about = {"note": f"About {TOKEN}", "submission_id": uuid4()}
        return submitting.submit(person.held.token, person.members[0], answers, **about)

    submitted, erased = outcomes_at_once(submit, lambda: jobs.run(Erasure, erasure.pk))
    assert erased is None
    assert not isinstance(submitted, Exception) or isinstance(submitted, submitting.ClaimLost)
    work_off(Erasure, DatasetVersion)
    nothing_is_left()


def test_beside_deliveries_each_response_is_whole_or_erased(person: Person) -> None:
    erasure, key = Erasure.ask(person.project, KEY), make.api_key(person.project, "ingest")

    def deliver() -> list[int]:
        statuses = []
        for number in range(12):
            headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": str(uuid4())}
            body = json.dumps(row(f"late-{number}", "More."))
            post = Client(headers=headers).post("/api/v1/responses/", body, content_type="application/json")
            statuses.append(post.status_code)
        return statuses

    statuses, erased = outcomes_at_once(deliver, lambda: jobs.run(Erasure, erasure.pk))
    assert (statuses, erased) == ([201] * 12, None)
    work_off(Erasure, DatasetVersion)
    for response in Response.objects.filter(project=person.project).exclude(pk=person.stranger.pk):
        texts = [response.external_id, response.subject_key, response.body.output, response.passages.first()]
        is_whole = [TOKEN in str(getattr(text, "text", text)) for text in texts if text is not None]
        assert len(set(is_whole)) == 1 or response.pk == person.replay.pk, response.pk
    again = Erasure.ask(person.project, KEY)
    jobs.run(Erasure, again.pk)
    work_off(Erasure, DatasetVersion)
    nothing_is_left()
