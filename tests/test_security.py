"""The base that every answer stands on: headers, cookies, errors, health, and settings that refuse nonsense."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.db import InternalError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse
from django.test import Client
from django.test.client import RequestFactory
from pytest_django.fixtures import Settings

from feedback.accounts import health, problems
from feedback.accounts.models import Invitation, Member, SigninLink, User
from feedback.patience import RETRY_SECONDS
from tests import make, world

ROOT = Path(__file__).resolve().parent.parent
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
CSP = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
    "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'",
}  # fmt: skip
PATHS = [
    "/", "/healthz", "/readyz", "/nowhere/", "/accounts/login/", "/accounts/password/reset/", "/admin/",
    "/admin/accounts/user/", "/api/nowhere/", "/api/schema/", "/api/docs/", "/api/v1/responses/", "/p/nowhere/",
    "/p/travel/people/", "/p/travel/work/",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_headers(path: str, admin: Member) -> None:
    User.objects.filter(members=admin).update(is_staff=True, is_superuser=True)
    for browser in (Client(), make.SignedIn(admin)):
        answer = browser.get(path)
        missing = {name: answer.get(name) for name, value in HEADERS.items() if value not in answer.get(name, "")}
        assert missing == {}
        assert {part.strip() for part in answer["Content-Security-Policy"].split(";")} == CSP
        assert "camera=()" in answer["Permissions-Policy"]
        assert len(answer["X-Request-Id"]) == 36


def test_the_request_id_is_ours_not_the_callers(anonymous: Client, db: None) -> None:
    answer = anonymous.get("/healthz", headers={"X-Request-Id": "forged"})
    assert answer["X-Request-Id"] not in {"forged", anonymous.get("/healthz")["X-Request-Id"]}


def test_cookies_are_closed_to_scripts_and_other_sites(anonymous: Client, reviewer: Member) -> None:
    _, url = SigninLink.make(timedelta(hours=1), user=reviewer.user)
    path = "/" + url.split("/", 3)[3]
    cookies = [*anonymous.get(path).cookies.values(), *anonymous.post(path).cookies.values()]
    assert len(cookies) >= 2
    for cookie in cookies:
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")


def test_a_form_of_another_site_is_refused(reviewer: Member) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert reviewer.user is not None
    browser.force_login(reviewer.user)
    page = browser.post("/accounts/logout/")
    assert page.status_code == 403
    assert b"Your page was too old" in page.content
    answer = browser.post("/api/v1/responses/", data="{}", content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    assert "_auth_user_id" in browser.session


def test_a_key_needs_no_token_against_forgery(curator: Member) -> None:
    secret = make.api_key(curator.project, "responses:read")
    browser = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {secret}"})
    assert browser.get("/api/v1/responses/").status_code == 200


# -- errors


@pytest.mark.parametrize("path", ["/api/nowhere/", "/api/v1/", "/api/v1/responses/999999999/", "/api/v1/verdicts/x/"])
def test_programs_get_problems_for_what_is_not_there(path: str, curator: Member) -> None:
    answer = make.SignedIn(curator).get(path)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json().items() >= {"status": 404, "title": "Not Found", "type": "about:blank"}.items()


def test_people_get_pages_for_what_is_not_there(reviewer: Member) -> None:
    answer = make.SignedIn(reviewer).get("/p/travel/nowhere/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert b"This is not here" in answer.content


def test_other_methods_are_405_with_a_problem(curator: Member) -> None:
    answer = make.SignedIn(curator).delete("/api/v1/responses/")
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")


def broken(*args: object) -> None:
    raise OSError("secret detail")


def test_readiness_tells_no_detail_of_a_failure(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MigrationExecutor, "migration_plan", broken)
    health.migrated.cache_clear()
    assert Client().get("/readyz").json() == {"status": "unavailable", "database": "unreachable"}


def test_our_own_failure_is_a_page_for_people(admin: Member, settings: Settings) -> None:
    settings.BASE_URL = None  # no invitation can be written now
    browser = make.SignedIn(admin, raise_request_exception=False)
    answer = browser.post("/p/travel/people/invite/", {"email": "nia@example.org", "role": "reviewer"})
    assert answer.status_code == 500
    assert b"Something broke on our side" in answer.content
    assert b"TypeError" not in answer.content
    assert not Invitation.objects.exists()


def test_our_own_failure_is_a_problem_for_programs() -> None:
    answer = problems.server_error(RequestFactory().get("/api/v1/responses/"))
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")


def gone(*args: object) -> None:
    raise OperationalError("secret detail") from psycopg.OperationalError("secret detail")


@pytest.mark.parametrize(("path", "kind"), [("/api/v1/queues/", "application/problem+json"), ("/", "text/html")])
def test_a_database_that_is_away_is_no_failure_of_ours(path: str, kind: str, curator: Member) -> None:
    browser = make.SignedIn(curator, raise_request_exception=False)
    with connection.execute_wrapper(gone):
        answer = browser.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, str(RETRY_SECONDS))
    assert answer["Content-Type"].startswith(kind)
    assert b"secret detail" not in answer.content


def test_a_transaction_that_the_database_ended_for_silence_is_no_failure_of_ours() -> None:
    """A process that was frozen in the middle of one finds it ended: psycopg calls that an internal error."""
    try:
        raise InternalError("secret detail") from psycopg.errors.IdleInTransactionSessionTimeout("secret detail")
    except InternalError:
        answer = problems.server_error(RequestFactory().get("/api/v1/queues/"))
    assert (answer.status_code, answer["Retry-After"]) == (503, str(RETRY_SECONDS))


@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 507), (errno.EDQUOT, 507), (errno.EIO, 500)])
def test_a_full_disk_is_told_apart_from_a_failure_of_ours(number: int, status: int) -> None:
    try:
        raise OSError(number, "secret detail")
    except OSError:
        answer = problems.server_error(RequestFactory().get("/api/v1/x"))
    assert answer.status_code == status
    assert "secret detail" not in answer.text


HANDLERS: list[tuple[Callable[..., HttpResponse], int]] = [
    (problems.bad_request, 400),
    (problems.forbidden, 403),
    (problems.not_found, 404),
]


@pytest.mark.parametrize(("handler", "status"), HANDLERS)
def test_every_handler_answers_programs_and_people(handler: Callable[..., HttpResponse], status: int) -> None:
    for path, kind in (("/api/v1/x", "application/problem+json"), ("/x", "text/html; charset=utf-8")):
        answer = handler(RequestFactory().get(path), RuntimeError("secret detail"))
        assert (answer.status_code, answer["Content-Type"]) == (status, kind)
        assert b"secret detail" not in answer.content


def test_a_foreign_host_is_refused(anonymous: Client, db: None) -> None:
    assert anonymous.get("/healthz", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=bz2_codec"])
@pytest.mark.parametrize("body", [b"{", b'{"a": NaN}', b"\xff", b"[" * 100_000, b'{"a": 1, "a": 2}'])
def test_json_that_is_not_canonical_is_a_problem(body: bytes, kind: str, reviewer: Member) -> None:
    secret = make.api_key(reviewer.project, "review", member=reviewer)
    token = world.assignment(reviewer.project, reviewer).token
    for path, status in ((token, 415 if "charset" in kind else 400), (uuid4(), 404)):
        address = f"/api/v1/assignments/{path}/skip/"
        browser = Client(headers={"Authorization": f"Bearer {secret}"})
        answer = browser.generic("POST", address, body, content_type=kind)
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


# -- health


def test_health_needs_nobody(anonymous: Client, db: None) -> None:
    assert anonymous.get("/healthz").json() == {"status": "ok"}
    assert anonymous.get("/readyz").json() == {"status": "ok"}


def test_health_asks_no_database(anonymous: Client) -> None:
    assert anonymous.get("/healthz").status_code == 200  # without the db fixture a query fails


def test_readiness_knows_missing_migrations(anonymous: Client, db: None) -> None:
    health.migrated.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'quality'")
    answer = anonymous.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["migrations"] >= 1


# -- settings

PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "only-for-this-test-" + "0123456789abcdef" * 4,
    "ALLOWED_HOSTS": "touchstone.example",
    "DATABASE_URL": "postgres://touchstone@127.0.0.1/touchstone",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "EMAIL_URL": "smtp://127.0.0.1:25",
}


def check(tmp_path: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check` in a process of its own, with nothing of this one's instance."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = {**kept, "VAR_DIR": str(tmp_path), **environment}
    command = [sys.executable, "manage.py", "check", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


def test_production_settings_pass_djangos_and_our_checks(tmp_path: Path) -> None:
    done = check(tmp_path, "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"BASE_URL": "http://touchstone.example"}, "touchstone.E001"),
        ({"BASE_URL": "https://elsewhere.example"}, "touchstone.E002"),
        ({"BROKER_URL": "memory://"}, "touchstone.E003"),
        ({"EMAIL_URL": ""}, "touchstone.W004"),
    ],
)
def test_unsafe_production_settings_are_named(tmp_path: Path, change: dict[str, str], code: str) -> None:
    environment = {name: value for name, value in {**PRODUCTION, **change}.items() if value}
    done = check(tmp_path, "--deploy", "--fail-level", "WARNING", **environment)
    assert done.returncode != 0
    assert code in done.stderr


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"PORT": "eighty"}, "cannot be read"),
        ({"PORT": "0"}, "PORT is 0; it must lie between 1 and 65535."),
        ({"PORT": "70000"}, "PORT is 70000"),
        ({"WEB_WORKERS": "0"}, "WEB_WORKERS"),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES 0 or more"),
        ({"ENVIRONMENT": "staging"}, "it must be 'embedded' or 'production'"),
        ({"SECRET_KEY": "short"}, "at least 50 characters"),
        ({**PRODUCTION, "DEBUG": "1"}, "DEBUG must be off"),
        ({**PRODUCTION, "SECRET_KEY": ""}, "SECRET_KEY"),
        ({**PRODUCTION, "ALLOWED_HOSTS": "*"}, "and not '*'"),
        ({**PRODUCTION, "ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS must name"),
        ({**PRODUCTION, "DATABASE_URL": "sqlite:///x.sqlite3"}, "DATABASE_URL must name a PostgreSQL database"),
        ({**PRODUCTION, "REDIS_URL": ""}, "REDIS_URL (or BROKER_URL) must be given"),
    ],
)
def test_nonsense_refuses_to_start_with_a_sentence(tmp_path: Path, environment: dict[str, str], sentence: str) -> None:
    given = {name: value for name, value in environment.items() if value}
    done = check(tmp_path, **given)
    assert done.returncode != 0
    assert sentence in done.stderr


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file-" + "0123456789abcdef" * 4)
    given = {name: value for name, value in PRODUCTION.items() if name != "SECRET_KEY"}
    assert check(tmp_path, SECRET_KEY_FILE=str(tmp_path / "key"), **given).returncode == 0


def test_an_embedded_instance_makes_its_own_key_once(tmp_path: Path) -> None:
    assert check(tmp_path).returncode == 0
    path = tmp_path / "secret_key"
    first = path.read_text()
    assert len(first) >= 50
    assert path.stat().st_mode & 0o077 == 0
    assert check(tmp_path).returncode == 0
    assert path.read_text() == first


def test_forwarded_addresses_count_only_behind_trusted_proxies(settings: Settings) -> None:
    assert settings.TRUSTED_PROXIES == 0
    assert not hasattr(settings, "SECURE_PROXY_SSL_HEADER") or settings.SECURE_PROXY_SSL_HEADER is None
