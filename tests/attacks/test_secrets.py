"""Secrets are not written down: a day of requests that succeed, fail and break, then a look at everything that stays.

Every password, key, link, code, token and prompt of that day is looked for in the logs, in the audit log, in the
database and on the pages that told of failures.
"""

from __future__ import annotations

import logging
import runpy
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import DatabaseError, connection, models, transaction
from django.test import Client
from django.utils.module_loading import import_string
from pytest_django.fixtures import Settings

from feedback import jobs
from feedback.accounts.models import Invitation, Member, SigninLink
from feedback.audit.models import AuditEvent
from feedback.management.commands.serve import web_command, worker_command
from feedback.permissions import SCOPES
from feedback.responses.models import Response, ResponseBody
from reviews.sampling.models import SamplingRun
from tests import make, world
from tests.attacks.pages import text_of

PASSWORD, WRONG, NEW = "zqsecret-password-1", "zqsecret-wrong-2", "zqsecret-new-pass-3"
PROMPT, ANSWER = "zqsecret prompt text", "zqsecret answer text"
HOUR = timedelta(hours=1)


class Written(logging.Handler):
    """What our console handler would write, at every level that anybody can set for us."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        logs: dict[str, Any] = settings.LOGGING
        for name in logs["handlers"]["console"]["filters"]:
            self.addFilter(import_string(logs["filters"][name]["()"])())
        self.setFormatter(logging.Formatter(logs["formatters"]["line"]["format"]))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def written() -> Iterator[Written]:
    handler, root = Written(), logging.getLogger()
    levels = {name: logging.getLogger(name).level for name in ("", "feedback", "reviews", "django.request", "celery")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG if name in {"feedback", "reviews"} else logging.INFO)
    root.addHandler(handler)
    cache.clear()
    yield handler
    root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


class Day:
    """One person's and one program's day; `secrets` by their name, `failures` as they were shown."""

    def __init__(self, member: Member, settings: Settings) -> None:
        self.member, self.settings = member, settings
        self.secrets = {"password": PASSWORD, "wrong password": WRONG, "new password": NEW}
        self.failures: list[str] = []
        self.browser = Client(enforce_csrf_checks=True, raise_request_exception=False)

    def ask(self, browser: Client, method: str, path: str, *args: Any, **options: Any) -> Any:
        answer = getattr(browser, method)(path, *args, **options)
        if answer.status_code >= 400:
            self.failures.append(text_of(answer))
        return answer

    def go(self) -> None:
        self.sign_in()
        self.links()
        self.program()
        self.breaks()

    def sign_in(self) -> None:
        user, app = make.password(self.member, PASSWORD), make.authenticator_app(self.member)
        codes = Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()
        plain = Client(raise_request_exception=False)
        self.ask(plain, "post", "/accounts/login/", {"login": user.email, "password": WRONG})
        self.ask(plain, "post", "/accounts/login/", {"login": user.email, "password": PASSWORD})
        self.ask(plain, "post", "/accounts/second-factor/code/", {"code": codes[0]})
        assert "_auth_user_id" in plain.session
        new = {"oldpassword": WRONG, "password1": NEW, "password2": NEW}
        self.ask(plain, "post", "/accounts/password/change/", new)
        self.ask(self.browser, "post", "/accounts/login/", {"login": user.email, "password": PASSWORD})
        page = self.browser.get("/accounts/login/")
        self.secrets |= {
            "app": app,
            "recovery code": codes[0],
            "csrf": self.browser.cookies[settings.CSRF_COOKIE_NAME].value,
        }
        self.secrets |= {"masked csrf": str(page.context["csrf_token"]), "session": plain.session.session_key or ""}

    def links(self) -> None:
        """Used, refused, asked for with a bad form, and sent on to sign in."""
        mail.outbox.clear()
        user = self.member.user
        assert user is not None
        Client().post("/accounts/password/reset/", {"email": user.email})
        reset = next(word for word in mail.outbox[0].body.split() if "/key/" in word)
        urls = {
            "sign-in link": SigninLink.make(HOUR, user=user)[1],
            "invitation": Invitation.make(HOUR, project=self.member.project, email=user.email, role="admin")[1],
            "reset": reset,
        }
        for name, url in urls.items():
            path = urlsplit(url).path
            self.secrets[name] = path.rstrip("/").rsplit("/", 1)[1]
            for browser in (self.browser, Client(raise_request_exception=False)):
                for method in ("put", "post", "get"):
                    self.ask(browser, method, path)
                self.ask(browser, "get", f"{path}nowhere/")
                self.ask(browser, "get", "/p/travel/work/", {"next": path})
        self.secrets["reset"] = self.secrets["reset"].partition("-")[2]

    def program(self) -> None:
        secret = make.api_key(self.member.project, *SCOPES, member=self.member)
        self.secrets["key"] = secret.rsplit("_", 1)[1] if secret.count("_") == 2 else secret[15:]
        browser = Client(headers={"Authorization": f"Bearer {secret}"}, raise_request_exception=False)
        row = {"external_id": "r-1", "prompt": PROMPT, "output": ANSWER}
        assert self.ask(browser, "post", "/api/v1/responses/", row, "application/json").status_code == 201
        for path in (
            f"/api/v1/{secret}/",
            f"/api/v1/responses/?key={secret}",
            f"/p/travel/{secret}/",
            "/api/v1/queues/",
        ):
            self.ask(browser, "get", path)
            self.ask(browser, "delete", path)
        self.ask(browser, "post", "/api/v1/responses/", {**row, "output": WRONG}, "application/json")
        self.ask(Client(headers={"Authorization": f"Bearer {secret}x"}), "get", "/api/v1/queues/")

    def breaks(self) -> None:
        """A view that fails with all of it in its hands, a job that fails, a row that the database refuses."""
        browser = make.SignedIn(self.member, raise_request_exception=False)
        self.settings.BASE_URL = None  # no invitation can be written now
        form = {"email": "nia@example.org", "role": "reviewer", "password": PASSWORD, "note": PROMPT}
        assert self.ask(browser, "post", "/p/travel/people/invite/", form).status_code == 500
        run = world.run(make.queue(self.member.project))
        SamplingRun.objects.filter(pk=run.pk).update(
            rule_version_id=run.rule_version_id, tick=run.tick, cursor={"at": PROMPT}
        )
        jobs.run(SamplingRun, run.pk)
        response = Response.objects.get(external_id="r-1")
        for columns in ({"output": None}, {"output": ANSWER}):
            try:
                with transaction.atomic():
                    ResponseBody.objects.create(response=response, messages=[PROMPT], **columns)
            except DatabaseError:
                logging.getLogger("feedback.jobs").exception("job %s failed", PROMPT[:0])


def stored() -> Iterator[tuple[str, str]]:
    """(column, everything in it) of every table, but for the keys that sessions have in theirs."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            is_text = isinstance(field, models.CharField | models.TextField | models.JSONField)
            if is_text and (model._meta.label, field.name) not in {("sessions.Session", "session_key")}:
                values = model._default_manager.values_list(field.name, flat=True)
                yield f"{model._meta.label}.{field.name}", "\n".join(str(value) for value in values)


def test_a_day_of_requests_leaves_no_secret_behind(admin: Member, written: Written, settings: Settings) -> None:
    day = Day(admin, settings)
    day.go()
    lines, failures = "\n".join(written.lines), "\n".join(day.failures)
    assert "Traceback" in lines
    assert lines.count("…") > 10  # there was something to cut out
    assert len(day.failures) > 15
    texts = {"prompt": PROMPT, "answer": ANSWER}
    found = [f"{name} in the log" for name, secret in {**day.secrets, **texts}.items() if secret in lines]
    shown = {name: secret for name, secret in day.secrets.items() if "csrf" not in name}
    found += [
        f"{name} on a page of failure"
        for name, secret in shown.items()
        if secret in failures.replace(day_paths(day), "")
    ]
    kept = {name: secret for name, secret in day.secrets.items() if name not in {"session", "csrf", "masked csrf"}}
    found += [f"{name} in {column}" for column, text in stored() for name, secret in kept.items() if secret in text]
    events = "\n".join(str(row) for row in AuditEvent.objects.values_list())
    found += [f"{name} in the audit log" for name, secret in {**day.secrets, **texts}.items() if secret in events]
    assert found == []


def day_paths(day: Day) -> str:
    return "\0"


def test_the_servers_write_no_addresses_down() -> None:
    """gunicorn's access log would hold the secret of every link; Celery's would hold what messages carry: ids only."""

    class Port:
        def fileno(self) -> int:
            return 3

    web = web_command(Port(), 2)  # type: ignore[arg-type]
    assert [word for word in web if "log" in word] == []
    told = runpy.run_path(web[web.index("--config") + 1])
    assert told["loglevel"] == "warning"
    assert [name for name in told if "access" in name] == []
    worker = worker_command(1)
    assert worker[worker.index("--loglevel") + 1] == "WARNING"


def test_messages_to_workers_carry_ids_only() -> None:
    task: Any = jobs.run_job
    assert task.__wrapped__.__annotations__ == {"label": "str", "pk": "int", "return": "None"}
    assert settings.CELERY_RESULT_BACKEND is None
    assert settings.CELERY_ACCEPT_CONTENT == ["json"]


@pytest.mark.postgres
def test_a_refused_row_is_not_quoted_in_the_log(admin: Member, written: Written) -> None:
    refused = "UPDATE accounts_user SET email = NULL, name = 'zqsecret' WHERE id = %s"
    with pytest.raises(DatabaseError, match="zqsecret") as caught, transaction.atomic():
        connection.cursor().execute(refused, [admin.user_id])
    logging.getLogger("feedback.jobs").warning("job failed: %s", caught.value, exc_info=caught.value)
    assert "zqsecret" not in "\n".join(written.lines)
    assert "null value in column" in "\n".join(written.lines)
