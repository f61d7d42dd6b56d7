"""Computed figures in one call: what `wait` changes, and what it does not."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from feedback.accounts.models import Member, Project
from feedback.jobs import run
from reviews.quality import api
from reviews.quality.models import Analysis
from reviews.queues.models import Queue
from tests import make, world

BODY = {"kind": "agreement", "filters": {"queue": "answers"}}


@pytest.fixture
def queue(project: Project, reviewer: Member) -> Queue:
    queue = make.queue(project, key="answers", k=2)
    subject = make.subject(make.response(project))
    for person in (reviewer, make.member(project)):
        make.counted(queue, subject, person, make.ANSWERS)
    return queue


@pytest.fixture
def program(queue: Queue) -> Client:
    return make.program(queue.project, "reviews:read")


class Clock:
    """Stands in for the clock of the wait: a pause is when something happens meanwhile, and time passes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], Any] = bool) -> None:
        self.now, self.pauses, self.meanwhile = 0.0, 0, meanwhile
        monkeypatch.setattr(api, "time", SimpleNamespace(monotonic=lambda: self.now, sleep=self.sleep))

    def sleep(self, seconds: float) -> None:
        self.now, self.pauses = self.now + seconds, self.pauses + 1
        self.meanwhile()


def work() -> None:
    run(Analysis, Analysis.objects.latest("pk").pk)


def ask(program: Client, wait: str | None = None, body: Any = None, **headers: str) -> Any:
    where = "/api/v1/analyses/" + ("" if wait is None else f"?wait={wait}")
    return program.post(where, body or BODY, "application/json", headers=headers)


def test_figures_that_come_in_time_are_the_answer(program: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, work)
    answer = ask(program, "5")
    assert (answer.status_code, clock.pauses) == (200, 1)
    found = answer.json()
    assert (found["state"], found["filters"]) == ("done", {"queue": "answers"})
    assert [row["key"] for row in found["result"]["rows"]][:2] == ["grounded", "helpful"]
    assert program.get(answer["Location"]).json()["result"] == found["result"]


def test_figures_that_are_there_need_no_wait(program: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    assert ask(program, "0").status_code == 202
    run(Analysis, Analysis.objects.get().pk)
    assert [ask(program, wait).status_code for wait in ("0", "5")] == [200, 200]
    assert (clock.pauses, Analysis.objects.count()) == (0, 1)


def test_without_wait_it_is_202_as_ever(program: Client) -> None:
    for _ in range(2):
        answer = ask(program)
        assert answer.status_code == 202
        run(Analysis, answer.json()["id"])
    assert answer.json()["state"] == "done"


def test_a_wait_ends(program: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    answer = ask(program, "2")
    assert (answer.status_code, answer.json()["state"], answer.json()["result"]) == (202, "queued", None)
    assert 2 <= clock.now < 2.2


def test_only_one_request_of_a_process_stands_still(program: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    with api.WAITING:
        assert ask(program, "5").status_code == 202
    assert clock.pauses == 0
    assert ask(program, "1").status_code == 202
    assert clock.pauses > 0
    with api.WAITING:
        pass  # it was given back


def test_what_failed_is_told_at_once(program: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, lambda: Analysis.objects.update(state="failed", error="Too much."))
    answer = ask(program, "5")
    assert (answer.status_code, clock.pauses) == (202, 1)
    assert (answer.json()["state"], answer.json()["error"]) == ("failed", "Too much.")


def test_a_repeat_under_one_key_has_the_figures_when_they_are_there(program: Client) -> None:
    key = {"Idempotency-Key": "agreement-1"}
    first = ask(program, "0", **key)
    assert first.status_code == 202
    run(Analysis, first.json()["id"])
    again = ask(program, "0", **key)
    assert (again.status_code, again["Idempotency-Replayed"], again.json()["state"]) == (200, "true", "done")
    Analysis.objects.all().delete()
    gone = ask(program, "0", **key)
    assert (gone.status_code, gone.json()["state"]) == (202, "queued")  # as it was told then


@pytest.mark.parametrize("wait", ["", "-1", "6", "1.5", "soon", "٣", "9" * 5000])
def test_a_wait_that_cannot_be_is_refused_and_begins_nothing(program: Client, wait: str) -> None:
    answer = ask(program, wait)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/wait")
    assert not Analysis.objects.exists()


def test_filters_and_scopes_are_refused_as_without(program: Client, queue: Queue, other_project: Project) -> None:
    assert ask(program, "1", {**BODY, "filters": {"queue": "nowhere"}}).status_code == 400
    assert ask(make.program(queue.project, "datasets:read"), "1").status_code == 403
    theirs = make.program(other_project, "reviews:read")
    assert ask(theirs, "1").status_code == 400  # they have no such queue
    assert theirs.get(f"/api/v1/analyses/{world.analysis(queue.project).pk}/").status_code == 404


def test_it_asks_few_queries(program: Client, django_assert_max_num_queries: Any) -> None:
    run(Analysis, ask(program).json()["id"])
    with django_assert_max_num_queries(9):
        ask(program, "5")
