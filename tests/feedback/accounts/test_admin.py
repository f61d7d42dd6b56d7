"""Django admin: every table can be looked at, what is frozen cannot be touched, and staff cannot raise themselves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import models
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from feedback.accounts.administration import RowAdmin
from feedback.accounts.models import ApiKey, Member, Project, User
from feedback.audit.models import AuditEvent
from tests import make, world

pytestmark = pytest.mark.strict

OURS = [model for model in apps.get_models() if model.__module__.startswith(("feedback.", "reviews."))]
INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>|<style[\s>]|<[^>]+\sstyle\s*=|<[^>]+\son[a-z]+\s*=", re.I)


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def root(db: None) -> Client:
    return signed_in(User.objects.create_superuser("root@example.org"))


@pytest.fixture
def staff(db: None) -> User:
    """Staff with every permission there is, short of being a superuser."""
    user = make.user("Stu Staff", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    return user


def address(model: type[models.Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_every_table_of_ours_has_an_admin() -> None:
    missing = [model._meta.label for model in OURS if not admin.site.is_registered(model)]
    assert missing == [], "Register these in their room's admin.py."


def test_every_table_of_ours_has_a_row_in_the_world(project: Project) -> None:
    world.one_of_everything(project)
    empty = [model._meta.label for model in OURS if not model._default_manager.exists()]
    assert empty == [], "Add these to tests/world.py, so that their pages are looked at."


def test_every_list_and_every_row_is_shown_without_inline_code(project: Project, root: Client) -> None:
    world.one_of_everything(project)
    for model in OURS:
        row = model._default_manager.order_by("pk")[0]
        for path in (address(model, "changelist"), address(model, "change", row.pk)):
            page = root.get(path)
            assert page.status_code == 200, path
            assert INLINE.search(page.content.decode()) is None, path
            assert "script-src 'self'" in page["Content-Security-Policy"]


def test_every_list_can_be_searched(project: Project, root: Client) -> None:
    world.one_of_everything(project)
    for model in OURS:
        for words in ("1", "ä", "a b"):
            assert root.get(address(model, "changelist"), {"q": words}).status_code == 200, (model, words)


def test_lists_do_not_query_by_row(project: Project, root: Client, django_assert_max_num_queries: Any) -> None:
    world.one_of_everything(project)
    for _ in range(3):
        world.one_of_everything(make.project())
    for model in OURS:
        with django_assert_max_num_queries(10):
            root.get(address(model, "changelist"))


def test_nothing_is_deleted_here(project: Project, root: Client) -> None:
    world.one_of_everything(project)
    for model in OURS:
        row = model._default_manager.order_by("pk")[0]
        assert root.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403, model


def test_only_what_says_so_is_added_or_changed(project: Project, root: Client) -> None:
    world.one_of_everything(project)
    for model, page in admin.site._registry.items():
        if isinstance(page, RowAdmin):
            row = model._default_manager.order_by("pk")[0]
            assert root.get(address(model, "add")).status_code == (200 if page.may_add else 403), model
            changed = root.post(address(model, "change", row.pk), {}).status_code
            assert changed in ({200, 302} if page.writable else {403}), model  # an empty form may be a whole one


def test_secrets_are_nowhere(project: Project, root: Client) -> None:
    Project.objects.filter(pk=project.pk).update(salt="5a17" * 8)
    key, _ = ApiKey.issue(project, "k", ["ingest"])
    page = root.get(address(Project, "change", project.pk)).content.decode()
    assert "5a17" not in page
    assert key.digest not in root.get(address(ApiKey, "change", key.pk)).content.decode()
    held = world.assignment(project, make.member(project))
    assert str(held.token) not in root.get(address(type(held), "change", held.pk)).content.decode()


def test_a_change_here_is_written_down(project: Project, root: Client) -> None:
    data = {"name": "Travel help", "archived_at_0": "", "archived_at_1": ""}
    root.post(address(Project, "change", project.pk), data)
    project.refresh_from_db()
    assert project.name == "Travel help"
    event = AuditEvent.objects.get(verb="admin-changed")
    assert (event.object_type, event.facts) == ("accounts.project", {"fields": "name"})


def test_only_staff_come_in(reviewer: Member, anonymous: Client) -> None:
    seen = anonymous.get("/admin/", follow=True).redirect_chain
    assert seen[-1] == ("/accounts/login/?next=%2Fadmin%2F", 302)
    refused = make.SignedIn(reviewer).get("/admin/", follow=True)
    assert refused.status_code == 403
    assert b"for the operators of this server" in refused.content


RAISE = {"is_staff": "1", "is_superuser": "1", "is_active": "1", "email": "stu@example.org", "name": "Stu"}


def test_staff_cannot_raise_themselves(staff: User) -> None:
    page = signed_in(staff).post(address(User, "change", staff.pk), {**RAISE, "groups": "1", "user_permissions": "1"})
    assert page.status_code == 403
    staff.refresh_from_db()
    assert not staff.is_superuser


def test_staff_cannot_raise_a_friend(staff: User) -> None:
    friend, group = make.user("Fay Friend"), Group.objects.create(name="all")
    some = str(Permission.objects.order_by("pk")[0].pk)
    data = {**RAISE, "email": friend.email, "name": "Faye", "groups": str(group.pk), "user_permissions": some}
    signed_in(staff).post(address(User, "change", friend.pk), data)
    friend.refresh_from_db()
    assert friend.name == "Faye"
    assert [friend.is_staff, friend.is_superuser] == [False, False]
    assert [friend.groups.count(), friend.user_permissions.count()] == [0, 0]


def test_staff_cannot_add_somebody_with_rights(staff: User) -> None:
    data = {**RAISE, "email": "new@example.org", "usable_password": "false"}
    signed_in(staff).post(address(User, "add"), data)
    added = User.objects.get(email="new@example.org")
    assert [added.is_staff, added.is_superuser] == [False, False]


def test_staff_cannot_take_over_somebody_with_rights(staff: User) -> None:
    root = User.objects.create_superuser("root@example.org")
    browser = signed_in(staff)
    new = {"usable_password": "true", "password1": "correct horse battery", "password2": "correct horse battery"}
    assert browser.post(reverse("admin:auth_user_password_change", args=[root.pk]), new).status_code == 403
    assert browser.post(address(User, "change", root.pk), {**RAISE, "email": "mine@example.org"}).status_code == 403
    root.refresh_from_db()
    assert root.email == "root@example.org"
    assert not root.check_password("correct horse battery")


def test_staff_cannot_make_groups_members_keys_or_addresses(staff: User, project: Project) -> None:
    browser = signed_in(staff)
    assert browser.get(address(Group, "add")).status_code == 403
    for model in (Member, ApiKey):
        assert browser.get(address(model, "add")).status_code == 403
    assert browser.get("/admin/account/emailaddress/").status_code == 404


def test_a_superuser_gives_rights(root: Client, reviewer: Member) -> None:
    assert reviewer.user is not None
    root.post(address(User, "change", reviewer.user_id), {**RAISE, "email": reviewer.user.email})
    reviewer.user.refresh_from_db()
    assert reviewer.user.is_staff
    assert AuditEvent.objects.filter(verb="user-changed").exists()
