"""The pages of take-outs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from feedback import jobs
from feedback.accounts.models import Member
from feedback.audit.models import AuditEvent
from feedback.takeouts.models import TakeOut
from tests import make, world

LIST = "/p/travel/take-outs/"


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.VAR_DIR = tmp_path / "files", tmp_path


def test_an_admin_asks_for_one_waits_and_fetches_it(admin: Member) -> None:
    browser = make.SignedIn(admin)
    assert browser.post(f"{LIST}new/")["Location"] == LIST
    assert b"Waiting for a worker" in browser.get(LIST).content
    takeout = TakeOut.objects.get()
    assert takeout.requested_by == admin
    jobs.run(TakeOut, takeout.pk)
    page = browser.get(LIST).content.decode()
    assert f"{LIST}{takeout.pk}/download/" in page
    assert "every 2s" not in page
    file = browser.get(f"{LIST}{takeout.pk}/download/")
    assert file["Content-Type"] == "application/zip"
    assert file.getvalue().startswith(b"PK")
    verbs = set(AuditEvent.objects.filter(object_type="takeouts.takeout").values_list("verb", flat=True))
    assert verbs == {"takeout-requested", "takeout-downloaded"}


def test_there_is_one_at_a_time(admin: Member) -> None:
    browser = make.SignedIn(admin)
    for _ in range(2):
        browser.post(f"{LIST}new/")
    assert TakeOut.objects.count() == 1


def test_htmx_gets_the_region_alone_and_asks_again_while_it_runs(admin: Member) -> None:
    page = make.SignedIn(admin).post(f"{LIST}new/", headers={"HX-Request": "true"})
    text = page.content.decode()
    assert text.lstrip().startswith('<div id="takeouts"')
    assert 'hx-trigger="every 2s"' in text


def test_it_can_be_stopped(admin: Member) -> None:
    browser = make.SignedIn(admin)
    browser.post(f"{LIST}new/")
    takeout = TakeOut.objects.get()
    browser.post(f"{LIST}{takeout.pk}/cancel/")
    jobs.run(TakeOut, takeout.pk)
    takeout.refresh_from_db()
    assert takeout.state == "cancelled"
    assert b"Cancelled" in browser.get(LIST).content


def test_an_expired_file_is_gone(admin: Member) -> None:
    takeout = world.takeout(admin.project)
    TakeOut.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    page = make.SignedIn(admin).get(f"{LIST}{takeout.pk}/download/")
    assert page.status_code == 410
    assert b"This file is deleted" in page.content


def test_others_take_nothing_out(admin: Member, curator: Member, outsider: Member) -> None:
    takeout = world.takeout(admin.project)
    assert make.SignedIn(curator).post(f"{LIST}new/").status_code == 403
    assert make.SignedIn(outsider).get(f"/p/elsewhere/take-outs/{takeout.pk}/download/").status_code == 404


def test_its_page_asks_little(admin: Member, django_assert_max_num_queries: Any) -> None:
    for _ in range(5):
        world.takeout(admin.project)
    browser = make.SignedIn(admin)
    with django_assert_max_num_queries(4):
        browser.get(LIST)
