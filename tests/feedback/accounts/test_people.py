"""The People page: roles, shutting out, and the last admin."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.accounts.models import LastAdmin, Member, Project, User
from feedback.audit.models import AuditEvent
from tests import make


def test_it_lists_people_and_counts_imported_ones(admin: Member, reviewer: Member) -> None:
    Member.objects.create(project=admin.project, source="llmfao", source_name="rater 7", role="reviewer")
    page = make.SignedIn(admin).get("/p/travel/people/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "Rea Reviewer" in text
    assert reviewer.pseudonym in text
    assert "and 1 named in imported labels" in text


def test_its_queries_do_not_grow_with_people(admin: Member, django_assert_max_num_queries: object) -> None:
    for _ in range(20):
        make.member(admin.project)
    browser = make.SignedIn(admin)
    with django_assert_max_num_queries(7) as queries:  # type: ignore[operator]
        browser.get("/p/travel/people/")
    assert isinstance(queries, CaptureQueriesContext)


def test_an_admin_changes_a_role(admin: Member, reviewer: Member) -> None:
    page = make.SignedIn(admin).post(f"/p/travel/people/{reviewer.pk}/", {"role": "moderator"})
    assert page["Location"] == "/p/travel/people/"
    reviewer.refresh_from_db()
    assert reviewer.role == "moderator"
    event = AuditEvent.objects.get(verb="member-changed")
    assert (event.actor, event.facts) == (str(admin.key), {"role": "moderator", "is_disabled": False})


def test_shutting_out_keeps_the_first_time_and_can_be_taken_back(admin: Member, reviewer: Member) -> None:
    browser, path = make.SignedIn(admin), f"/p/travel/people/{reviewer.pk}/"
    browser.post(path, {"role": "reviewer", "is_disabled": "on"})
    reviewer.refresh_from_db()
    first = reviewer.disabled_at
    assert first is not None
    browser.post(path, {"role": "reviewer", "is_disabled": "on"})
    reviewer.refresh_from_db()
    assert reviewer.disabled_at == first
    browser.post(path, {"role": "reviewer"})
    reviewer.refresh_from_db()
    assert reviewer.is_active


@pytest.mark.parametrize("data", [{"role": "curator"}, {"role": "admin", "is_disabled": "on"}])
def test_the_last_admin_stays(admin: Member, data: dict[str, str]) -> None:
    page = make.SignedIn(admin).post(f"/p/travel/people/{admin.pk}/", data)
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
    browser = make.SignedIn(make.member(make.project("gone"), "admin"))
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
