"""The people of a project: who they are, what they may do, and who is invited."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.mail import send_mail
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from feedback.accounts.access import MemberRequest
from feedback.accounts.filters import MemberFilter, SourceFilter
from feedback.accounts.forms import InviteForm, MemberForm
from feedback.accounts.models import Invitation, LastAdmin, LinkOver, Member
from feedback.accounts.people import with_activity
from feedback.audit.log import record
from feedback.htmx import page

log = logging.getLogger(__name__)

INVITATION_LIFETIME = timedelta(days=7)
PAGE = 50
form_page = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def member_list(request: MemberRequest) -> HttpResponse:
    members = request.project.members.all()
    context = {
        **listed(request, MemberFilter(request.GET, queryset=members.people()), ("member", "members")),
        "invitations": request.project.invitations.waiting().select_related("invited_by__user")[:PAGE],
        "n_sources": members.imported().count(),
        "n_admins": members.admins().count(),
    }
    context["rows"] = with_activity(context["rows"])
    return page(request, "feedback/accounts/member_list.html", context, partial="people")


@require_safe
def source_list(request: MemberRequest) -> HttpResponse:
    """Named people of imported labels: no account, no way in, and no role that counts."""
    filterset = SourceFilter(request.GET, queryset=request.project.members.imported())
    context = listed(request, filterset, ("person", "people"))
    return page(request, "feedback/accounts/source_list.html", context, partial="people")


def listed(request: MemberRequest, filterset: Any, nouns: tuple[str, str]) -> dict[str, Any]:
    """One page of a list of people, by name; there are thousands at most, so pages are counted off."""
    paginator = Paginator(filterset.qs if filterset.is_valid() else filterset.queryset.none(), PAGE)
    here = paginator.get_page(request.GET.get("page"))
    filters = request.GET.copy()
    filters.pop("page", None)
    for name in [name for name, value in filters.items() if not value]:
        del filters[name]
    first_url = f"?{filters.urlencode()}"
    following = filters.copy()
    following["page"] = str(here.number + 1)
    return {
        "form": filterset.form,
        "rows": here.object_list,
        "count": paginator.count,
        "noun": nouns[paginator.count != 1],
        "is_filtered": bool(filters),
        "first_url": first_url if here.number > 1 else "",
        "next_url": f"?{following.urlencode()}" if here.has_next() else "",
    }


@form_page
def member_change(request: MemberRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(request.project.members.people(), pk=pk)
    form = MemberForm(member, request.POST) if request.method == "POST" else MemberForm(member)
    if form.is_valid() and form.apply(request):
        messages.success(request, f"{member} is {member.role} now.")
        return redirect("accounts:member-list", project=request.project.slug)
    context = {"form": form, "person": with_activity([member])[0]}
    status = 422 if form.is_bound else 200
    return render(request, "feedback/accounts/member_change.html", context, status=status)


@form_page
def member_disable(request: MemberRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(request.project.members.people(), pk=pk)
    error, status = "", 200
    if request.method == "POST":
        try:
            shut_out(request, member, is_disabled=True)
            messages.success(request, f"{member} is shut out.")
            return redirect("accounts:member-list", project=request.project.slug)
        except LastAdmin as refusal:
            error, status = str(refusal), 422
    keys = member.api_keys.live().count()
    context = {"person": member, "error": error, "n_keys": keys}
    return render(request, "feedback/accounts/member_disable.html", context, status=status)


@require_POST
def member_enable(request: MemberRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(request.project.members.people(), pk=pk)
    shut_out(request, member, is_disabled=False)
    messages.success(request, f"{member} may enter again, as {member.role}.")
    return redirect("accounts:member-list", project=request.project.slug)


def shut_out(request: MemberRequest, member: Member, *, is_disabled: bool) -> None:
    with transaction.atomic():
        member.change(is_disabled=is_disabled)
        record("member-changed", member, request=request, is_disabled=is_disabled)


# -- invitations


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
    return show_link(request, invited, url)


@require_POST
def invitation_renew(request: MemberRequest, pk: int) -> HttpResponse:
    """Another link for who did not come; the old one is dead from now on."""
    invited = get_object_or_404(request.project.invitations, pk=pk)
    try:
        with transaction.atomic():
            renewed, url = invited.renew(INVITATION_LIFETIME, request.member)
            record("member-invited", renewed, request=request, role=renewed.role)
    except LinkOver:
        messages.warning(request, f"The invitation of {invited.email} was used or withdrawn already.")
        return redirect("accounts:member-list", project=request.project.slug)
    return show_link(request, renewed, url)


def show_link(request: MemberRequest, invited: Invitation, url: str) -> HttpResponse:
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
