"""From an admin's invitation to a member, and nobody else."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from feedback.accounts.models import Invitation, LinkOver, Member, Project, User
from feedback.audit.models import AuditEvent
from tests import make

pytestmark = pytest.mark.once

NEW = {"name": "Nia New", "password1": "correct horse battery"}


def invite(admin: Member, email: str = "nia@example.org", role: str = "curator") -> str:
    """The path of the link, as the admin sees it."""
    page = make.SignedIn(admin).post(f"/p/{admin.project.slug}/people/invite/", {"email": email, "role": role})
    found = re.search(r'value="https?://[^/]+(/accounts/invitation/[^"]+)"', page.content.decode())
    assert found is not None, page.content
    return html.unescape(found[1])


def test_the_link_is_shown_and_mailed(admin: Member) -> None:
    path = invite(admin)
    assert path in mail.outbox[0].body
    assert mail.outbox[0].to == ["nia@example.org"]
    assert AuditEvent.objects.filter(verb="member-invited", actor=str(admin.key)).exists()


def test_an_invited_stranger_signs_up_and_joins(admin: Member, anonymous: Client) -> None:
    path = invite(admin)
    assert b"Create an account" in anonymous.get(path).content
    assert anonymous.post(path)["Location"] == "/accounts/signup/"
    assert b"nia@example.org" in anonymous.get("/accounts/signup/").content
    anonymous.post("/accounts/signup/", NEW)
    member = Member.objects.get(user__email="nia@example.org")
    assert (member.project, member.role, member.user.name) == (admin.project, "curator", "Nia New")  # type: ignore[union-attr]
    assert anonymous.session["_auth_user_id"] == str(member.user_id)
    assert anonymous.get("/p/travel/people/").status_code == 403


def test_nobody_signs_up_without_an_invitation(anonymous: Client, db: None) -> None:
    assert b"By invitation only" in anonymous.get("/accounts/signup/").content
    anonymous.post("/accounts/signup/", {**NEW, "email": "eve@example.org"})
    assert not User.objects.exists()


def test_the_address_cannot_be_another_than_the_invited_one(admin: Member, anonymous: Client) -> None:
    anonymous.post(invite(admin))
    anonymous.post("/accounts/signup/?email=eve@example.org", {**NEW, "email": "eve@example.org"})
    assert not User.objects.filter(email="eve@example.org").exists()
    assert User.objects.filter(email="nia@example.org").exists()


def test_a_weak_password_keeps_what_was_typed(admin: Member, anonymous: Client) -> None:
    anonymous.post(invite(admin))
    page = anonymous.post("/accounts/signup/", {**NEW, "password1": "short"})
    assert b"Nia New" in page.content
    assert page.context["form"].errors["password1"]
    assert not User.objects.filter(email="nia@example.org").exists()


def test_looking_at_the_link_uses_nothing(admin: Member, anonymous: Client) -> None:
    path = invite(admin)
    assert anonymous.get(path).status_code == anonymous.get(path).status_code == 200
    assert Invitation.objects.get().used_at is None


def test_an_invitation_works_once(admin: Member) -> None:
    path = invite(admin)
    first, second = Client(), Client()
    for browser in (first, second):
        browser.post(path)
    first.post("/accounts/signup/", NEW)
    assert second.post("/accounts/signup/", NEW).status_code == 200  # closed
    assert Client().get(path).status_code == 410
    assert User.objects.filter(email="nia@example.org").count() == 1


def test_who_is_late_by_a_moment_makes_no_account(admin: Member) -> None:
    invite(admin)
    invitation, again = Invitation.objects.get(), Invitation.objects.get()
    invitation.accept(make.user())
    with pytest.raises(LinkOver):
        again.accept(make.user())
    assert Member.objects.filter(project=admin.project).count() == 2


def test_a_person_with_an_account_signs_in_first(admin: Member, anonymous: Client) -> None:
    somebody = make.user("Sue Somebody")
    path = invite(admin, somebody.email)
    answer = anonymous.post(path)
    assert answer["Location"] == f"/accounts/login/?next={path}"
    assert not Member.objects.filter(user=somebody).exists()
    anonymous.force_login(somebody)
    assert b">Join<" in anonymous.get(path).content
    anonymous.post(path)
    assert Member.objects.get(user=somebody).role == "curator"


def test_somebody_else_cannot_take_the_invitation(admin: Member, reviewer: Member) -> None:
    somebody = make.user("Sue Somebody")
    path = invite(admin, somebody.email)
    browser = make.SignedIn(reviewer)
    assert b"Sign out first" in browser.get(path).content
    browser.post(path)
    assert not Member.objects.filter(user=somebody).exists()
    assert Invitation.objects.get().used_at is None


def test_who_was_shut_out_can_be_invited_again(admin: Member, reviewer: Member) -> None:
    assert reviewer.user is not None
    reviewer.disable()
    path = invite(admin, reviewer.user.email, "moderator")
    browser = make.SignedIn(reviewer)
    browser.post(path)
    reviewer.refresh_from_db()
    assert (reviewer.role, reviewer.disabled_at) == ("moderator", None)


def test_an_invitation_from_before_somebody_was_shut_out_does_not_let_them_in(admin: Member, reviewer: Member) -> None:
    assert reviewer.user is not None
    _, url = Invitation.make(timedelta(days=1), project=admin.project, email=reviewer.user.email, role="admin")
    reviewer.disable()
    assert make.SignedIn(reviewer).post("/" + url.split("/", 3)[3]).status_code == 410
    reviewer.refresh_from_db()
    assert not reviewer.is_active
    assert Invitation.objects.get().used_at is None


def test_a_member_is_not_invited_twice(admin: Member, reviewer: Member) -> None:
    assert reviewer.user is not None
    page = make.SignedIn(admin).post("/p/travel/people/invite/", {"email": reviewer.user.email, "role": "admin"})
    assert page.status_code == 422
    assert b"is a member already, as reviewer" in page.content


def test_who_is_invited_gets_a_new_link_instead_of_another_invitation(admin: Member) -> None:
    browser, asked = make.SignedIn(admin), {"email": "nia@example.org", "role": "curator"}
    assert browser.post("/p/travel/people/invite/", asked).status_code == 200
    again = browser.post("/p/travel/people/invite/", {**asked, "email": "Nia@example.org"})
    assert again.status_code == 422
    assert "is invited already" in again.text
    invited = Invitation.objects.get()
    browser.post(f"/p/travel/people/invitations/{invited.pk}/withdraw/")
    assert browser.post("/p/travel/people/invite/", asked).status_code == 200


def test_an_invitation_ends_and_can_be_withdrawn(admin: Member, other_project: Project) -> None:
    path = invite(admin)
    row = Invitation.objects.get()
    assert Client().get(path).status_code == 200
    foreign = make.SignedIn(make.member(other_project, "admin"))
    assert foreign.post(f"/p/elsewhere/people/invitations/{row.pk}/withdraw/").status_code == 404
    make.SignedIn(admin).post(f"/p/travel/people/invitations/{row.pk}/withdraw/")
    assert Client().get(path).status_code == 410
    row.refresh_from_db()
    assert row.expires_at <= timezone.now()


def test_a_new_link_ends_the_old_one(admin: Member) -> None:
    old = invite(admin)
    Invitation.objects.update(expires_at=timezone.now())
    row, browser = Invitation.objects.get(), make.SignedIn(admin)
    assert b"Expired" in browser.get("/p/travel/people/").content
    page = browser.post(f"/p/travel/people/invitations/{row.pk}/renew/")
    new = re.search(r'value="https?://[^/]+(/accounts/invitation/[^"]+)"', page.content.decode())
    assert new is not None
    assert Client().get(html.unescape(new[1])).status_code == 200
    assert Client().get(old).status_code == 410
    assert len(mail.outbox) == 2
    assert [invited.role for invited in admin.project.invitations.waiting()] == ["curator"]


def test_what_was_used_or_withdrawn_gets_no_new_link(admin: Member) -> None:
    invite(admin)
    row = Invitation.objects.get()
    row.withdraw()
    browser = make.SignedIn(admin)
    assert browser.post(f"/p/travel/people/invitations/{row.pk}/renew/")["Location"] == "/p/travel/people/"
    assert b"used or withdrawn already" in browser.get("/p/travel/people/").content
    assert Invitation.objects.count() == 1


def test_nobody_is_let_into_an_archived_project(admin: Member) -> None:
    path = invite(admin)
    admin.project.archive()
    assert Client().get(path).status_code == 410


@pytest.mark.parametrize("backend", ["smtp", "console"])
def test_a_mail_that_does_not_go_out_is_told(
    admin: Member, settings: Settings, capsys: pytest.CaptureFixture[str], backend: str
) -> None:
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    page = make.SignedIn(admin).post("/p/travel/people/invite/", {"email": "nia@example.org", "role": "reviewer"})
    assert page.status_code == 200
    assert b"No e-mail went out" in page.content
    assert "/accounts/invitation/" not in capsys.readouterr().out
