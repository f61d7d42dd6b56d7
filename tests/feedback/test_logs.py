"""What a line of the log says, and what it never says: secrets of links, and texts that errors quote."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from celery import shared_task
from django.conf import settings as ours
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils.module_loading import import_string
from pytest_django.fixtures import Settings

from feedback import jobs
from feedback.accounts.models import Invitation, Member, Project, SigninLink
from feedback.jobs import JobRefused
from feedback.logs import json_formatter, redacted
from reviews.sampling.models import SamplingRun
from tests import make

pytestmark = pytest.mark.django_db
Lines = Callable[[], list[dict[str, Any]]]


def test_a_refused_request_does_not_log_the_secret_of_its_link(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    logs: dict[str, Any] = ours.LOGGING
    (name,) = logs["handlers"]["console"]["filters"]
    caplog.handler.addFilter(import_string(logs["filters"][name]["()"])())
    links = [
        SigninLink.make(timedelta(hours=1), user=make.user()),
        Invitation.make(timedelta(hours=1), project=project, email="new@example.org", role="reviewer"),
    ]
    browser = Client(enforce_csrf_checks=True)
    with caplog.at_level(logging.INFO):
        answers = [browser.post(urlsplit(url).path) for _, url in links]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert caplog.text.count("…") == 2
    assert [url for _, url in links if urlsplit(url).path.rstrip("/").split("/")[-1] in caplog.text] == []


TEXT = "my hovercraft is full of eels"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    """What was logged so far, as the JSON lines that production writes."""
    caplog.handler.setFormatter(json_formatter())
    caplog.set_level(logging.INFO)
    return lambda: [json.loads(line) for line in caplog.text.splitlines()]


def raised(error: Exception) -> None:
    try:
        raise error
    except Exception:
        logging.getLogger("feedback.somewhere").exception("it went wrong")


def test_an_error_is_told_by_its_type_and_place_without_the_values_it_quotes(lines: Lines) -> None:
    raised(ValueError(f"cannot read {TEXT!r}"))
    (line,) = lines()
    assert TEXT not in json.dumps(line)
    assert line["event"] == "it went wrong"
    assert line["level"] == "error"
    (told,) = line["exception"]
    assert told["error"] == "ValueError"
    assert told["at"][-1].endswith(" raised")


def test_our_own_words_and_the_systems_stay(lines: Lines) -> None:
    raised(JobRefused("There is nothing to export."))
    raised(ConnectionRefusedError(111, "Connection refused"))
    told = [line["exception"][0]["error"] for line in lines()]
    assert told == [
        "feedback.jobs.JobRefused: There is nothing to export.",
        "ConnectionRefusedError: [Errno 111] Connection refused",
    ]


def test_a_refused_row_is_not_quoted_by_the_database_error_or_by_what_it_came_from(
    lines: Lines, project: Project
) -> None:
    try:
        with transaction.atomic():
            Project.objects.create(slug=project.slug, name=TEXT)
    except IntegrityError as error:
        try:
            raise RuntimeError(TEXT) from error
        except RuntimeError:
            logging.getLogger("feedback.somewhere").exception("it went wrong")
    (line,) = lines()
    assert TEXT not in json.dumps(line)
    assert [told["error"] for told in line["exception"]][:2] == ["RuntimeError", "django.db.utils.IntegrityError"]


def test_a_failed_task_is_named_without_what_it_raised(lines: Lines) -> None:
    @shared_task(name="tests.fails")
    def fails() -> None:
        raise ValueError(TEXT)

    fails.apply()
    (line,) = [line for line in lines() if line["logger"] == "celery.app.trace"]
    assert TEXT not in json.dumps(line)
    assert line["event"] == "task tests.fails raised unexpected"


def test_a_job_that_fails_is_named_in_each_line_of_its_work(lines: Lines, project: Project) -> None:
    run = make.sampling_rule(make.queue(project), rate=1.0).start()
    attempt = jobs.claim(SamplingRun, run.pk) or 0
    while "at" not in SamplingRun.objects.get(pk=run.pk).cursor:
        jobs.run_chunk(SamplingRun, run.pk, attempt)
    broken = {"at": {"part": 0, "key": TEXT, "id": 0}}
    SamplingRun.objects.filter(pk=run.pk).update(cursor=broken, state="queued", lease_until=None)
    jobs.run(SamplingRun, run.pk)
    run.refresh_from_db()
    assert TEXT in run.error
    (line,) = [line for line in lines() if line["logger"] == "feedback.jobs"]
    assert TEXT not in json.dumps(line)
    assert {name: line[name] for name in ("job", "row", "attempt")} == {
        "job": "sampling.samplingrun",
        "row": run.pk,
        "attempt": 2,
    }


def test_a_request_has_one_line_with_its_route_and_no_address(
    lines: Lines, curator: Member, settings: Settings
) -> None:
    settings.LOG_REQUESTS = True
    answer = make.SignedIn(curator).get("/p/travel/responses/", {"q": TEXT})
    (line,) = [line for line in lines() if line["logger"] == "feedback.requests"]
    assert TEXT.split()[1] not in json.dumps(line)
    assert line.pop("ms") > 0
    assert line.pop("time").endswith("Z")
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "feedback.requests",
        "request": answer["X-Request-Id"],
        "method": "GET",
        "route": "responses:response-list",
        "status": 200,
        "member": str(curator.key),
        "project": "travel",
    }


def test_health_questions_and_requests_without_the_setting_leave_no_line(
    lines: Lines, anonymous: Client, settings: Settings
) -> None:
    anonymous.get("/accounts/login/")
    settings.LOG_REQUESTS = True
    anonymous.get("/healthz")
    assert [line for line in lines() if line["logger"] == "feedback.requests"] == []


SECRET = "A-b_" + "c" * 39


REDACTED = {
    f"Forbidden: /accounts/password/reset/key/1-cx0s-{'d' * 32}/": "Forbidden: /accounts/password/reset/key/…/",
    f"/login/?next=%2Faccounts%2Finvitation%2F{SECRET}%2F": "/login/?next=%2Faccounts%2Finvitation%2F…%2F",
    f"Not Found: /api/v1/tsk_0123456789_{SECRET}/": "Not Found: /api/v1/tsk_0123456789_…/",
    "DETAIL:  Failing row contains (7, a prompt\n\nof two parts, null).": "DETAIL:  …",
    "x\nDETAIL:  Key (text)=(a) already exists.\n\nThe above exception": "x\nDETAIL:  …\n\nThe above exception",
    "/people/invitations/12/renew/ by tsk_0123456789…": "/people/invitations/12/renew/ by tsk_0123456789…",
}


@pytest.mark.parametrize("text", REDACTED)
def test_what_is_secret_is_cut_out_and_the_rest_stays(text: str) -> None:
    assert redacted(text) == REDACTED[text]
