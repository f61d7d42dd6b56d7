"""Links that open a finished file once, for a short time, to whoever began to follow them."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from feedback import jobs
from feedback.accounts.models import IdempotencyKey, Member, Project
from feedback.audit.models import AuditEvent
from feedback.datasets import exports, links
from feedback.datasets.models import DownloadLink, Export
from feedback.jobs import JobRefused
from feedback.logs import redacted
from tests import make
from tests.feedback.datasets.conftest import Built, Compared
from tests.races import at_once

pytestmark = pytest.mark.once


@pytest.fixture
def file(compared: Compared, built: Built) -> Export:
    for _ in range(3):
        compared("AAA")
    export = exports.request(built(), "preference", packing="gzip")
    jobs.run(Export, export.pk)
    export.refresh_from_db()
    return export


def path(link: DownloadLink) -> str:
    return link.url.removeprefix(settings.BASE_URL)


def stored(export: Export) -> bytes:
    with default_storage.open(export.file) as file:
        data: bytes = file.read()
    return data


def test_a_link_opens_its_file_once(file: Export, anonymous: Client) -> None:
    link = links.make(file)
    assert anonymous.head(path(link)).status_code == 200  # looking does not use it
    answer = anonymous.get(path(link))
    assert (answer.status_code, answer["Cache-Control"].split(",")[0]) == (200, "max-age=0")
    assert answer["Content-Length"] == str(file.n_bytes)
    assert answer.getvalue() == stored(file)
    link.refresh_from_db()
    assert link.state == "used"
    over = anonymous.get(path(link))
    assert (over.status_code, b"This link is over" in over.content) == (410, True)
    verbs = AuditEvent.objects.filter(object_type="datasets.downloadlink").order_by("pk")
    assert list(verbs.values_list("verb", "actor")) == [("link-created", "system"), ("link-used", "visitor")]


def test_a_download_that_broke_off_goes_on_for_whoever_began_it(file: Export, anonymous: Client) -> None:
    link = links.make(file)
    begun: Any = anonymous.get(path(link))
    first = next(iter(begun))[:20]
    assert anonymous.get(path(link), REMOTE_ADDR="203.0.113.9").status_code == 410
    middle = anonymous.get(path(link), headers={"Range": "bytes=20-39", "If-Range": begun["ETag"]})
    assert middle.status_code == 206
    parts = first + middle.getvalue()
    assert DownloadLink.objects.get().state == "begun"
    rest = anonymous.get(path(link), headers={"Range": "bytes=40-"})
    assert parts + rest.getvalue() == stored(file)
    assert DownloadLink.objects.get().state == "used"
    assert anonymous.get(path(link), headers={"Range": "bytes=40-"}).status_code == 410


def test_a_range_beyond_the_end_uses_nothing(file: Export, anonymous: Client) -> None:
    link = links.make(file)
    assert anonymous.get(path(link), headers={"Range": "bytes=999999-"}).status_code == 416
    assert DownloadLink.objects.get().state == "begun"


@pytest.mark.parametrize("change", ["expired", "revoked", "archived", "gone"])
def test_a_link_that_is_over_opens_nothing(file: Export, anonymous: Client, change: str) -> None:
    link = links.make(file)
    if change == "expired":
        DownloadLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif change == "revoked":
        assert link.revoke()
        assert not link.revoke()
    elif change == "archived":
        Project.objects.update(archived_at=timezone.now())
    else:
        default_storage.delete(file.file)
    assert anonymous.get(path(link)).status_code == 410


def test_an_unknown_link_is_not_found_and_guessing_is_slowed(file: Export, anonymous: Client, settings: Any) -> None:
    settings.RATE_LIMIT_FAILED = "3/minute"
    answers = [anonymous.get(f"/files/link/{'x' * 43}/", REMOTE_ADDR="203.0.113.77").status_code for _ in range(5)]
    assert answers == [404, 404, 404, 429, 429]
    assert anonymous.get(path(links.make(file)), REMOTE_ADDR="203.0.113.77").status_code == 200


def test_the_secret_stands_nowhere(file: Export) -> None:
    link = links.make(file)
    row = DownloadLink.objects.values().get()
    assert link.secret not in str(row)
    assert link.secret not in redacted(f"Gone: {path(link)}")
    assert len({links.make(file).secret for _ in range(3)}) == 3


def test_there_is_no_link_to_what_is_not_finished(file: Export) -> None:
    export = exports.request(file.version, "votes")
    with pytest.raises(JobRefused):
        links.make(export)


def program(project: Project, scope: str = "datasets:write") -> Client:
    return Client(headers={"Authorization": f"Bearer {make.api_key(project, scope)}"})


def test_a_program_makes_reads_and_revokes_a_link(file: Export, anonymous: Client, other_project: Project) -> None:
    url, client = f"/api/v1/exports/{file.pk}/links/", program(file.project)
    ask: dict[str, Any] = {"data": {"minutes": 5}, "content_type": "application/json"}
    made = client.post(url, headers={"Idempotency-Key": "one"}, **ask)
    assert made.status_code == 201, made.content
    again = client.post(url, headers={"Idempotency-Key": "one"}, **ask)
    assert (again.json(), DownloadLink.objects.count()) == (made.json(), 1)
    assert made.json()["url"] not in IdempotencyKey.objects.get().body
    told = client.get(made["Location"])
    assert (told.json()["state"], "url" in told.json()) == ("open", False)
    for way in ("get", "delete"):
        assert getattr(program(other_project), way)(made["Location"]).status_code == 404
        assert getattr(program(file.project, "datasets:read"), way)(made["Location"]).status_code == 403
    assert program(other_project).post(url, **ask).status_code == 404
    assert client.delete(made["Location"]).status_code == 204
    assert anonymous.get(made.json()["url"].removeprefix(settings.BASE_URL)).status_code == 410
    assert client.post(url, {"minutes": 100_000}, content_type="application/json").status_code == 400
    waiting = exports.request(file.version, "votes")
    unready = client.post(f"/api/v1/exports/{waiting.pk}/links/", "{}", content_type="application/json")
    assert (unready.status_code, unready.json()["code"]) == (409, "not-ready")


def test_a_person_makes_and_revokes_a_link(file: Export, curator: Member, moderator: Member, anonymous: Client) -> None:
    version, browser = file.version, make.SignedIn(curator)
    place = f"{version.get_absolute_url()}exports/{file.pk}/"
    assert b"None yet" in browser.get(f"{place}share/").content
    page = browser.post(f"{place}link/", {"minutes": "15"})
    link = DownloadLink.objects.get()
    assert (page.status_code, link.url in page.content.decode()) == (200, True)
    assert link.secret not in browser.get(f"{place}share/").content.decode()
    assert make.SignedIn(moderator).post(f"{place}link/", {"minutes": "15"}).status_code == 403
    assert browser.post(f"{place}link/", {"minutes": "9999"}).status_code == 422
    assert browser.post(f"/p/travel/datasets/links/{link.pk}/revoke/").status_code == 302
    assert anonymous.get(path(link)).status_code == 410
    assert json.dumps(list(AuditEvent.objects.values_list("facts", flat=True))).count(link.secret) == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_who_begin_at_once_one_goes_on(file: Export) -> None:
    for _ in range(5):
        link = links.make(file)
        held = at_once(*(partial(link.hold, who) for who in ("one", "other")))
        assert sorted(held) == [False, True]
