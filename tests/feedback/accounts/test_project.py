"""A project's settings, and its archive: nobody enters, nothing starts, nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from feedback import jobs
from feedback.accounts.models import LastAdmin, Member, Project
from feedback.audit.models import AuditEvent
from feedback.jobs import Job
from reviews.sampling.models import SamplingRun
from tests import make

SETTINGS = "/p/travel/settings/"
KEPT = {"name": "Travel", "sensitive_tags": "toxic, graphic"}


def test_an_admin_renames_the_project_and_its_address_stays(admin: Member) -> None:
    browser = make.SignedIn(admin)
    assert b"/p/travel/" in browser.get(SETTINGS).content
    assert browser.post(SETTINGS, {**KEPT, "name": "Travel help", "slug": "other"})["Location"] == SETTINGS
    admin.project.refresh_from_db()
    assert (admin.project.name, admin.project.slug) == ("Travel help", "travel")
    assert AuditEvent.objects.get(verb="project-changed").facts == {"fields": "name"}


def test_an_admin_says_which_tags_are_sensitive(admin: Member) -> None:
    browser = make.SignedIn(admin)
    assert b"toxic, graphic" in browser.get(SETTINGS).content
    browser.post(SETTINGS, {**KEPT, "sensitive_tags": " gore, graphic,, gore "})
    admin.project.refresh_from_db()
    assert admin.project.sensitive_tags == ["gore", "graphic"]
    many = ", ".join(f"tag-{number}" for number in range(21))
    for wrong in (many, "x" * 101):
        assert browser.post(SETTINGS, {**KEPT, "sensitive_tags": wrong}).status_code == 422


def test_a_name_is_needed(admin: Member) -> None:
    page = make.SignedIn(admin).post(SETTINGS, {"name": ""})
    assert page.status_code == 422
    assert not AuditEvent.objects.filter(verb="project-changed").exists()


def test_who_demands_a_second_factor_has_one(admin: Member) -> None:
    browser, data = make.SignedIn(admin), {"name": "Travel", "is_second_factor_required": "on"}
    page = browser.post(SETTINGS, data)
    assert page.status_code == 422
    assert b"Set up your own second factor first" in page.content
    make.security_key(admin)
    browser.post(SETTINGS, data)
    admin.project.refresh_from_db()
    assert admin.project.is_second_factor_required


def test_its_page_asks_little(admin: Member, django_assert_max_num_queries: Any) -> None:
    browser = make.SignedIn(admin)
    with django_assert_max_num_queries(4):
        browser.get(SETTINGS)


# -- the archive


def archive(admin: Member) -> None:
    make.SignedIn(admin).post("/p/travel/settings/archive/", {"slug": "travel"})


def test_archiving_needs_the_name_typed(admin: Member) -> None:
    browser = make.SignedIn(admin)
    page = browser.post("/p/travel/settings/archive/", {"slug": "trvel"})
    assert page.status_code == 422
    assert b'value="trvel"' in page.content
    admin.project.refresh_from_db()
    assert admin.project.archived_at is None
    answer = browser.post("/p/travel/settings/archive/", {"slug": "travel"})
    assert answer["Location"] == "/p/travel/archived/"
    assert AuditEvent.objects.filter(verb="project-archived", actor=str(admin.key)).exists()


def test_only_admins_find_an_archived_project_and_only_its_page(admin: Member, curator: Member) -> None:
    archive(admin)
    browser = make.SignedIn(admin)
    assert make.SignedIn(curator).get("/p/travel/work/").status_code == 404
    assert browser.get("/p/travel/work/")["Location"] == "/p/travel/archived/"
    assert browser.post("/p/travel/people/invite/", {"email": "a@example.org"})["Location"] == "/p/travel/archived/"
    page = browser.get("/p/travel/archived/").content.decode()
    assert "Travel is archived" in page
    assert 'href="/p/travel/people/"' not in page
    assert browser.get("/p/travel/take-outs/").status_code == 200
    assert "archived" in browser.get("/").content.decode()
    assert "Travel" not in make.SignedIn(curator).get("/").content.decode()


def test_keys_and_sessions_of_programs_are_told(admin: Member, curator: Member) -> None:
    key = make.api_key(admin.project, "responses:read")
    archive(admin)
    path = reverse("api:response-list")
    answer = Client().get(path, headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "project-archived")
    assert answer["Content-Type"] == "application/problem+json"
    named = make.SignedIn(curator).get(path, headers={"Touchstone-Project": "travel"})
    assert (named.status_code, named.json()["code"]) == (403, "project-archived")


def test_no_job_of_it_starts_until_it_is_opened_again(admin: Member, other_project: Project) -> None:
    runs = [make.sampling_rule(make.queue(project)).start() for project in (admin.project, other_project)]
    archive(admin)
    for run in runs:
        jobs.run(SamplingRun, run.pk)
        run.refresh_from_db()
    assert [run.state for run in runs] == [Job.State.QUEUED, Job.State.DONE]
    make.SignedIn(admin).post("/p/travel/archived/restore/")
    jobs.run(SamplingRun, runs[0].pk)
    runs[0].refresh_from_db()
    assert runs[0].state == Job.State.DONE


def test_opening_it_again_brings_everything_back(admin: Member, reviewer: Member) -> None:
    key = make.api_key(admin.project, "responses:read")
    archive(admin)
    assert make.SignedIn(admin).post("/p/travel/archived/restore/")["Location"] == SETTINGS
    assert make.SignedIn(reviewer).get("/p/travel/work/").status_code == 200
    answer = Client().get(reverse("api:response-list"), headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    assert AuditEvent.objects.filter(verb="project-restored").exists()
    assert make.SignedIn(admin).get("/p/travel/archived/")["Location"] == SETTINGS


def test_an_archived_project_keeps_its_last_admin(admin: Member) -> None:
    archive(admin)
    with pytest.raises(LastAdmin):
        admin.disable()
