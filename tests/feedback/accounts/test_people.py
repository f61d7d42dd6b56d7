"""The People page: roles, shutting out, and the last admin."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Barrier, Thread

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.accounts.models import LastAdmin, Member, Project, User
from feedback.audit.models import AuditEvent
from tests import make

pytestmark = pytest.mark.once


def test_it_lists_people_and_counts_imported_ones(admin: Member, reviewer: Member) -> None:
    Member.objects.create(project=admin.project, source="llmfao", source_name="rater 7", role="reviewer")
    page = make.SignedIn(admin).get("/p/travel/people/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "Rea Reviewer" in text
    assert reviewer.pseudonym in text
    assert 'Imported people <span class="num muted">1</span>' in text
    assert "rater 7" not in text


def test_where_nobody_is_imported_it_says_how(admin: Member) -> None:
    assert 'href="/p/travel/imports/labels/"' in make.SignedIn(admin).get("/p/travel/people/imported/").text


def test_imported_people_have_a_list_of_their_own(admin: Member, outsider: Member) -> None:
    for project, name in ((admin.project, "rater 7"), (admin.project, "rater 8"), (outsider.project, "rater 9")):
        Member.objects.create(project=project, source="llmfao", source_name=name, role="reviewer")
    browser = make.SignedIn(admin)
    text = browser.get("/p/travel/people/imported/").content.decode()
    assert "rater 7" in text
    assert "rater 8" in text
    assert "rater 9" not in text
    assert "rater 7" not in browser.get("/p/travel/people/imported/?q=8").content.decode()


def test_it_says_who_has_a_second_factor_and_when_they_were_here(admin: Member, reviewer: Member) -> None:
    make.authenticator_app(reviewer)
    assert reviewer.user is not None
    at = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
    UserSession.objects.create(user=reviewer.user, ip="192.0.2.1", session_key="k", user_agent="x", last_seen_at=at)
    rows = {row.pk: row for row in make.SignedIn(admin).get("/p/travel/people/").context["rows"]}
    assert (rows[reviewer.pk].has_factor, rows[reviewer.pk].last_seen_at) == (True, at)
    assert rows[admin.pk].has_factor is False


def test_recovery_codes_alone_are_no_second_factor(admin: Member, reviewer: Member) -> None:
    make.authenticator_app(reviewer)
    Authenticator.objects.filter(type="totp").delete()
    rows = {row.pk: row for row in make.SignedIn(admin).get("/p/travel/people/").context["rows"]}
    assert rows[reviewer.pk].has_factor is False


@pytest.mark.parametrize(("query", "found"), [
    ("q=rea", {"Rea Reviewer"}), ("q=rea+nobody", set()), ("role=admin", {"Ada Admin"}), ("state=out", {"Gus Gone"}),
    ("state=in&role=reviewer", {"Rea Reviewer"}), ("role=owner", set()),
])  # fmt: skip
def test_people_are_searched(admin: Member, reviewer: Member, query: str, found: set[str]) -> None:
    make.member(admin.project, name="Gus Gone").disable()
    page = make.SignedIn(admin).get(f"/p/travel/people/?{query}", headers={"HX-Request": "true"})
    shown = {name for name in ("Ada Admin", "Gus Gone", "Rea Reviewer") if name in page.content.decode()}
    assert shown == found
    assert b"<html" not in page.content


def test_its_queries_do_not_grow_with_people(admin: Member, django_assert_max_num_queries: object) -> None:
    for _ in range(60):
        make.member(admin.project)
    browser = make.SignedIn(admin)
    with django_assert_max_num_queries(10) as queries:  # type: ignore[operator]
        page = browser.get("/p/travel/people/")
    assert isinstance(queries, CaptureQueriesContext)
    assert len(page.context["rows"]) == 50
    assert len(browser.get(f"/p/travel/people/{page.context['next_url']}").context["rows"]) == 11


def test_an_admin_changes_a_role(admin: Member, reviewer: Member) -> None:
    page = make.SignedIn(admin).post(f"/p/travel/people/{reviewer.pk}/", {"role": "moderator"})
    assert page["Location"] == "/p/travel/people/"
    reviewer.refresh_from_db()
    assert reviewer.role == "moderator"
    event = AuditEvent.objects.get(verb="member-changed")
    assert (event.actor, event.facts) == (str(admin.key), {"role": "moderator"})


def test_taking_the_admin_role_away_asks_once_more(admin: Member) -> None:
    other = make.member(admin.project, "admin")
    browser, path = make.SignedIn(admin), f"/p/travel/people/{other.pk}/"
    page = browser.post(path, {"role": "curator"})
    assert page.status_code == 422
    assert b"Tick the box to confirm" in page.content
    assert page.context["form"]["role"].value() == "curator"
    other.refresh_from_db()
    assert other.role == "admin"
    browser.post(path, {"role": "curator", "is_sure": "on"})
    other.refresh_from_db()
    assert other.role == "curator"


def test_shutting_out_asks_first_keeps_the_first_time_and_can_be_taken_back(admin: Member, reviewer: Member) -> None:
    browser, path = make.SignedIn(admin), f"/p/travel/people/{reviewer.pk}"
    make.api_key(admin.project, "review", member=reviewer)
    assert b"1 API key of theirs stops at once" in browser.get(f"{path}/shut-out/").content
    assert b"You cannot enter" in browser.get(f"/p/travel/people/{admin.pk}/shut-out/").content
    assert reviewer.is_active
    browser.post(f"{path}/shut-out/")
    reviewer.refresh_from_db()
    first = reviewer.disabled_at
    assert first is not None
    browser.post(f"{path}/shut-out/")
    reviewer.refresh_from_db()
    assert reviewer.disabled_at == first
    assert browser.get(f"{path}/let-in/").status_code == 405
    browser.post(f"{path}/let-in/")
    reviewer.refresh_from_db()
    assert reviewer.is_active
    assert AuditEvent.objects.filter(verb="member-changed").count() == 3


@pytest.mark.parametrize(("path", "data"), [("", {"role": "curator", "is_sure": "on"}), ("shut-out/", {})])
def test_the_last_admin_stays(admin: Member, path: str, data: dict[str, str]) -> None:
    page = make.SignedIn(admin).post(f"/p/travel/people/{admin.pk}/{path}", data)
    assert page.status_code == 422
    assert b"only admin" in page.content
    admin.refresh_from_db()
    assert admin.may("manage_members")
    assert not AuditEvent.objects.filter(verb="member-changed").exists()


def test_an_admin_can_go_when_another_is_left(admin: Member) -> None:
    other = make.member(admin.project, "admin")
    admin.change(role="reviewer")
    with pytest.raises(LastAdmin):
        other.disable()


def test_an_admin_who_cannot_act_does_not_count(admin: Member) -> None:
    other = make.member(admin.project, "admin")
    User.objects.filter(members=other).update(is_active=False)
    with pytest.raises(LastAdmin):
        admin.change(role="reviewer")


def test_an_unknown_role_is_refused_with_what_was_wrong(admin: Member, reviewer: Member) -> None:
    page = make.SignedIn(admin).post(f"/p/travel/people/{reviewer.pk}/", {"role": "owner"})
    assert page.status_code == 422
    assert page.context["form"].errors["role"]


def test_only_the_fields_of_the_form_are_read(admin: Member, reviewer: Member, other_project: Project) -> None:
    data = {
        "role": "reviewer",
        "project": other_project.pk,
        "user": admin.user_id,
        "pseudonym": "x",
        "is_superuser": "1",
    }
    before = Member.objects.filter(pk=reviewer.pk).values().get()
    make.SignedIn(admin).post(f"/p/travel/people/{reviewer.pk}/", data)
    assert Member.objects.filter(pk=reviewer.pk).values().get() == before


def test_another_projects_member_is_not_here(admin: Member, outsider: Member) -> None:
    assert make.SignedIn(admin).get(f"/p/travel/people/{outsider.pk}/").status_code == 404


def test_somebody_in_two_projects_chooses_between_them(reviewer: Member, other_project: Project) -> None:
    Member.objects.create(project=other_project, user=reviewer.user, role="admin")
    browser = make.SignedIn(reviewer)
    page = browser.get("/").content.decode()
    assert "/p/travel/" in page
    assert "/p/elsewhere/" in page
    assert "/p/elsewhere/" in browser.get("/p/elsewhere/people/").content.decode()


def test_somebody_in_no_project_is_told_what_to_do(db: None) -> None:
    browser = make.SignedIn(make.member(make.project("gone"), "curator"))
    Project.objects.update(archived_at="2026-01-01T00:00Z")
    page = browser.get("/")
    assert page.status_code == 200
    assert b"You are in no project yet" in page.content
    assert browser.get("/p/gone/people/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_admins_cannot_remove_each_other_at_once() -> None:
    project = make.project()
    admins = [make.member(project, "admin"), make.member(project, "admin")]
    together, refused = Barrier(2), []

    def remove(member: Member) -> None:
        try:
            together.wait()
            member.disable()
        except LastAdmin as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [Thread(target=remove, args=[member]) for member in admins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert Member.objects.admins().count() == 1
