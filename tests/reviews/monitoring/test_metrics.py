"""/metrics: only with the operator's token; rows that wait, workers that listen, requests by route."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db.models.functions import Now
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from feedback import requests
from feedback.accounts.models import Member, Project
from reviews.monitoring.models import WorkerBeat
from reviews.queues.claim import claim
from reviews.queues.models import Place
from tests import make

TOKEN = "a-token-of-the-operator-0123456789"


@pytest.fixture
def scrape(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    settings.METRICS_TOKEN = TOKEN
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    return Client(headers={"Authorization": f"Bearer {TOKEN}"})


def samples(client: Client) -> dict[tuple[str, ...], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.content
    families = text_string_to_metric_families(answer.content.decode())
    return {(one.name, *sorted(one.labels.values())): one.value for family in families for one in family.samples}


def test_without_a_token_in_the_settings_there_is_no_such_page(anonymous: Client, db: None) -> None:
    assert anonymous.get("/metrics").status_code == 404
    assert anonymous.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_another_token_opens_nothing(scrape: Client, admin: Member) -> None:
    for client in (Client(), Client(headers={"Authorization": "Bearer other"}), make.SignedIn(admin)):
        assert client.get("/metrics").status_code == 401


def test_what_waits_is_counted(scrape: Client, project: Project, reviewer: Member) -> None:
    queue = make.queue(project, k=1)
    make.items(queue, 2)
    assert claim(queue, reviewer)
    before = samples(scrape)
    Place.objects.filter(state="claimed").update(lease_until=Now())
    WorkerBeat.objects.mark("celery@one", 7, bells=["default"], processes=2, busy=0)
    after = samples(scrape)
    changed = {key: value for key, value in after.items() if before[key] != value}
    assert changed == {("touchstone_claims_overdue",): 1.0, ("touchstone_workers", "default"): 1.0}
    assert after["touchstone_jobs", "datasets.export", "queued"] == 0


def test_no_more_statements_with_more_rows(
    scrape: Client, project: Project, django_assert_max_num_queries: object
) -> None:
    queue = make.queue(project, k=1)
    make.items(queue, 20)
    with django_assert_max_num_queries(36):  # type: ignore[operator]
        samples(scrape)


def counted() -> dict[tuple[str, str, str], float]:
    return {
        (one.labels["route"], one.labels["method"], one.labels["status"]): one.value
        for family in requests.SECONDS.collect()
        for one in family.samples
        if one.name.endswith("_count")
    }


def test_requests_are_counted_by_route_and_by_no_word_of_the_sender(scrape: Client, db: None) -> None:
    requests.SECONDS.clear()
    for path in ("/healthz", "/healthz", "/nowhere/"):
        scrape.get(path)
    scrape.generic("NONSENSE", "/healthz")
    assert counted() == {
        ("healthz", "GET", "2xx"): 2.0,
        ("unknown", "GET", "4xx"): 1.0,
        ("healthz", "other", "4xx"): 1.0,
    }


def test_nothing_is_counted_where_nobody_may_read_it(anonymous: Client, db: None) -> None:
    requests.SECONDS.clear()
    anonymous.get("/healthz")
    assert counted() == {}
