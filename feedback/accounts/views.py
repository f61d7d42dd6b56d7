"""Where a visitor lands, and the pages about people and keys."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, cast

from allauth.account.utils import perform_login
from allauth.account.views import SignupView
from django.conf import settings
from django.contrib import messages
from django.core.mail import send_mail
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from feedback.accounts.access import MemberRequest
from feedback.accounts.forms import InvitedSignupForm, InviteForm, KeyForm, MemberForm
from feedback.accounts.models import ApiKey, Invitation, LinkOver, SigninLink, User
from feedback.audit.log import record
from feedback.permissions import landing

log = logging.getLogger(__name__)

INVITATION_LIFETIME = timedelta(days=7)
form_page = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The first page of the only project, or the list of projects. Which page is first, the role says."""
    user = cast(User, request.user)
    members = list(user.members.active().select_related("project").order_by("project__name"))
    if len(members) == 1:
        return redirect(landing(members[0].role), project=members[0].project.slug)
    projects = [
        {"member": member, "url": reverse(landing(member.role), kwargs={"project": member.project.slug})}
        for member in members
    ]
    return render(request, "feedback/accounts/home.html", {"projects_of_user": projects})


@require_safe
def project_home(request: MemberRequest) -> HttpResponse:
    return redirect(landing(request.member.role), project=request.project.slug)


@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Every component in all its states, for whoever changes one."""
    return render(request, "components/all.html")


# -- links that open once: the address shows a page, only its button spends the link, because mail scanners follow links


@form_page
def signin_link(request: HttpRequest, secret: str) -> HttpResponse:
    link = SigninLink.of_secret(secret)
    if link is None:
        return link_over(request)
    if request.method != "POST":
        return render(request, "feedback/accounts/signin_link.html", {"link": link})
    try:
        link.use()
    except LinkOver:
        return link_over(request)
    return perform_login(request, link.user)


@form_page
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """A stranger goes on to sign up. Who has an account must sign in to it: whoever invites sees the link too."""
    invited = Invitation.of_secret(secret)
    if invited is None:
        return link_over(request)
    known = invited.known_user()
    context = {"invited": invited, "known": known, "is_me": request.user == known}
    if request.method != "POST":
        return render(request, "feedback/accounts/invitation.html", context)
    if known is None:
        request.session[Invitation.SESSION_KEY] = invited.pk
        return redirect("account_signup")
    if request.user != known:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    try:
        with transaction.atomic():
            member = invited.accept(known)
            record("member-joined", member, request=request, role=member.role)
    except LinkOver:
        return link_over(request)
    return redirect("home")


def link_over(request: HttpRequest) -> HttpResponse:
    return render(request, "feedback/accounts/link_over.html", status=410)


class InvitedSignup(SignupView):
    """allauth's sign-up, open only while the session holds an invitation that is (InvitationOnlyAdapter)."""

    form_class = InvitedSignupForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "invitation": Invitation.of_session(self.request.session)}


# -- people


@require_safe
def member_list(request: MemberRequest) -> HttpResponse:
    members = request.project.members
    context = {
        "people": members.people(),
        "invitations": request.project.invitations.filter(pk__in=Invitation.open()).order_by("email"),
        "n_sources": members.filter(user__isnull=True).count(),
    }
    return render(request, "feedback/accounts/member_list.html", context)


@form_page
def member_invite(request: MemberRequest) -> HttpResponse:
    form = InviteForm(request.project, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "feedback/accounts/member_invite.html", {"form": form}, status=status)
    email, role = form.cleaned_data["email"], form.cleaned_data["role"]
    with transaction.atomic():
        invited, url = Invitation.make(
            INVITATION_LIFETIME, project=request.project, email=email, role=role, invited_by=request.member
        )
        record("member-invited", invited, request=request, role=role)
    context = {"invited": invited, "url": url, "was_sent": send_invitation(invited, url)}
    return render(request, "feedback/accounts/member_invited.html", context)


def send_invitation(invited: Invitation, url: str) -> bool:
    """Mail the link; False when the admin must hand it over another way, because no mail server is set or it fails."""
    if settings.EMAIL_BACKEND.endswith(".console.EmailBackend"):
        return False  # a link printed into the log reaches nobody, or somebody else
    text = render_to_string("feedback/accounts/invitation_email.txt", {"invited": invited, "url": url})
    try:
        send_mail(f"Join {invited.project} on Touchstone", text, None, [invited.email])
    except OSError as error:  # every failure of smtplib is one
        log.warning("an invitation could not be mailed: %s", error)
        return False
    return True


@require_POST
def invitation_withdraw(request: MemberRequest, pk: int) -> HttpResponse:
    invited = get_object_or_404(request.project.invitations, pk=pk)
    with transaction.atomic():
        invited.withdraw()
        record("invitation-withdrawn", invited, request=request)
    messages.success(request, f"The invitation of {invited.email} is withdrawn.")
    return redirect("accounts:member-list", project=request.project.slug)


@form_page
def member_change(request: MemberRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(request.project.members.people(), pk=pk)
    form = MemberForm(member, request.POST) if request.method == "POST" else MemberForm(member)
    if form.is_valid() and form.apply(request):
        messages.success(request, f"{member} is changed.")
        return redirect("accounts:member-list", project=request.project.slug)
    context = {"form": form, "person": member}
    status = 422 if form.is_bound else 200
    return render(request, "feedback/accounts/member_change.html", context, status=status)


# -- keys


@require_safe
def key_list(request: MemberRequest) -> HttpResponse:
    keys = request.project.apikeys.select_related("member__user", "created_by__user").order_by("-pk")
    return render(request, "feedback/accounts/key_list.html", {"keys": keys})


@sensitive_post_parameters()
@form_page
def key_create(request: MemberRequest) -> HttpResponse:
    form = KeyForm(request.POST) if request.method == "POST" else KeyForm()
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "feedback/accounts/key_create.html", {"form": form}, status=status)
    name, scopes = form.cleaned_data["name"], form.cleaned_data["scopes"]
    with transaction.atomic():
        key, secret = ApiKey.issue(request.project, name, scopes, **form.fields_for(request.member))
        record("key-created", key, request=request, scopes=scopes, prefix=key.prefix)
    return render(request, "feedback/accounts/key_created.html", {"key": key, "secret": secret})


@form_page
def key_revoke(request: MemberRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(request.project.apikeys.live(), pk=pk)
    if request.method != "POST":
        return render(request, "feedback/accounts/key_revoke.html", {"key": key})
    with transaction.atomic():
        key.revoke()
        record("key-revoked", key, request=request, prefix=key.prefix)
    messages.success(request, f"The key {key} is revoked.")
    return redirect("accounts:key-list", project=request.project.slug)
