"""Where a visitor lands, and the links that bring people in."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.utils import perform_login
from allauth.account.views import SignupView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from feedback.accounts.access import MemberRequest
from feedback.accounts.forms import InvitedSignupForm
from feedback.accounts.models import Invitation, LinkOver, SigninLink, User
from feedback.audit.log import record
from feedback.navigation import landing

form_page = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The first page of the only project, or the list of projects. Which page is first, the role says."""
    user = cast(User, request.user)
    members = list(user.members.enabled().select_related("project").order_by("project__name"))
    open_ones = [member for member in members if member.project.archived_at is None]
    archived = [member for member in members if member.project.archived_at and member.may("manage_project")]
    if len(open_ones) == 1 and not archived:
        return redirect(landing(open_ones[0].role), project=open_ones[0].project.slug)
    projects = [
        {"member": member, "url": reverse(landing(member.role), kwargs={"project": member.project.slug})}
        for member in [*open_ones, *archived]
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
