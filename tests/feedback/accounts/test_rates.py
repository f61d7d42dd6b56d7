"""Rate limits: counted once whoever asks at the same time, told in headers, and no reason to be down."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from pytest_django.fixtures import Settings

from feedback.accounts import rates
from feedback.accounts.models import Member, Project
from tests import make

LIST = "/api/v1/responses/"
MADE_UP = "tsk_0123456789_" + "a" * 43


def program(project: Project) -> Client:
    return Client(headers={"Authorization": f"Bearer {make.api_key(project, 'responses:read')}"})


def test_the_headers_count_down_and_the_last_answer_says_when(project: Project, settings: Settings) -> None:
    settings.RATE_LIMIT = "3/hour"
    browser = program(project)
    answers = [browser.get(LIST) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    last = answers[-1]
    assert (last["Content-Type"], last.json()["code"]) == ("application/problem+json", "too-many-requests")
    assert 1 <= int(last["Retry-After"]) <= 3600
    for answer in answers:
        assert (answer["RateLimit-Limit"], answer["RateLimit-Policy"]) == ("3", '"requests";q=3;w=3600')
        reset = int(answer["RateLimit-Reset"])
        assert answer["RateLimit"] == f'"requests";r={answer["RateLimit-Remaining"]};t={reset}'
        assert 0 <= reset <= 3600


def test_every_key_and_member_has_a_window_of_their_own(
    project: Project, curator: Member, admin: Member, settings: Settings
) -> None:
    settings.RATE_LIMIT = "1/hour"
    for browser in (program(project), program(project), make.SignedIn(curator), make.SignedIn(admin)):
        assert [browser.get(LIST).status_code for _ in range(2)] == [200, 429]


def test_what_is_refused_counts_too(project: Project, settings: Settings) -> None:
    settings.RATE_LIMIT = "2/hour"
    browser = program(project)
    assert [browser.get("/api/v1/datasets/").status_code for _ in range(3)] == [403, 403, 429]


def test_no_limit_is_no_header(project: Project, settings: Settings) -> None:
    settings.RATE_LIMIT = ""
    assert "RateLimit-Limit" not in program(project).get(LIST)


def test_keys_that_open_nothing_are_counted_by_address(project: Project, settings: Settings) -> None:
    settings.RATE_LIMIT_FAILED = "2/hour"
    guesser = Client(headers={"Authorization": f"Bearer {MADE_UP}"})
    assert [guesser.get(LIST).status_code for _ in range(3)] == [401, 401, 429]
    assert guesser.get(LIST)["Retry-After"]
    elsewhere = guesser.get(LIST, REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 401
    forged = guesser.get(LIST, headers={"X-Forwarded-For": "192.0.2.8"})
    assert forged.status_code == 429
    assert program(project).get(LIST).status_code == 200


def burst(limit: str, who: str, n_threads: int = 10, each: int = 10) -> list[Any]:
    """What many threads were told that asked at the same time."""
    told: list[Any] = []
    ready = threading.Barrier(n_threads)

    def ask() -> None:
        ready.wait()
        told.extend(rates.count("requests", limit, who) for _ in range(each))

    threads = [threading.Thread(target=ask) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_many_at_once_never_exceed_the_limit_in_memory() -> None:
    for limit in (1, 7, 50):
        told = burst(f"{limit}/day", f"memory-{limit}")
        assert sum(not one.is_over for one in told) == limit


@pytest.mark.services
def test_many_at_once_never_exceed_the_limit_in_redis(settings: Settings) -> None:
    settings.RATE_LIMIT_STORAGE = configured.REDIS_URL
    for limit in (1, 7, 50):
        told = burst(f"{limit}/day", f"redis-{limit}-{time.time_ns()}")
        assert sum(not one.is_over for one in told) == limit


def test_counters_that_cannot_be_reached_stop_nobody(
    project: Project, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.RATE_LIMIT, settings.RATE_LIMIT_STORAGE = "1/hour", "redis://127.0.0.1:1/0"
    monkeypatch.setattr(rates, "quiet_until", 0.0)
    browser, started = program(project), time.monotonic()
    answers = [browser.get(LIST) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit-Limit" not in answers[-1]
    assert time.monotonic() - started < 5
    assert [record.name for record in caplog.records].count("feedback.accounts.rates") == 1
