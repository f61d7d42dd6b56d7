"""What people type about people and keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone

from feedback.accounts.models import Invitation, LastAdmin, LinkOver, Member, Project, User
from feedback.audit.log import record
from feedback.permissions import ROLES, SCOPES

WHAT_ROLES_DO = {
    "reviewer": "Reviewer: judges responses",
    "curator": "Curator: sends responses, samples, manages queues and datasets",
    "moderator": "Moderator: settles disputes, sees every review",
    "admin": "Admin: all of it, and people and keys",
}
ROLE_CHOICES = [(role, WHAT_ROLES_DO[role]) for role in ROLES]

WHAT_SCOPES_OPEN = {
    "ingest": "ingest: send responses",
    "responses:read": "responses:read: read responses",
    "review": "review: claim and judge, as the member whose key it is",
    "review:import": "review:import: bring in human labels from elsewhere",
    "reviews:read": "reviews:read: read reviews, verdicts and queues",
    "queues:write": "queues:write: manage queues, start sampling runs",
    "datasets:read": "datasets:read: pull preference pairs and exports",
    "datasets:write": "datasets:write: build versions and exports",
}
SCOPE_CHOICES = [(scope, WHAT_SCOPES_OPEN[scope]) for scope in SCOPES]


class InviteForm(forms.Form):
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(choices=ROLE_CHOICES, widget=forms.RadioSelect, initial="reviewer")

    def __init__(self, project: Project, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.project = project

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        member = self.project.members.people().filter(user__email=email).first()
        if member and not member.disabled_at:
            raise forms.ValidationError(f"{member} is a member already, as {member.role}.")
        return email


class MemberForm(forms.Form):
    role = forms.ChoiceField(choices=ROLE_CHOICES, widget=forms.RadioSelect)
    is_disabled = forms.BooleanField(
        required=False,
        label="Shut out",
        help_text="They cannot enter the project any more, and their own API keys stop at once. Their reviews stay.",
    )

    def __init__(self, member: Member, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={"role": member.role, "is_disabled": bool(member.disabled_at)})
        self.member = member

    def apply(self, request: HttpRequest) -> bool:
        """Change the member and write it down; False, with an error on the form, when it would lock everybody out."""
        try:
            with transaction.atomic():
                self.member.change(**self.cleaned_data)
                record("member-changed", self.member, request=request, **self.cleaned_data)
        except LastAdmin as error:
            self.add_error(None, str(error))
            return False
        return True


class KeyForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="What will use it, such as: production ingest.")
    scopes = forms.MultipleChoiceField(
        choices=SCOPE_CHOICES, widget=forms.CheckboxSelectMultiple, label="What it may do"
    )
    is_mine = forms.BooleanField(
        required=False,
        label="It is my own key",
        help_text="It acts in your name and never beyond your role. Reviewing needs such a key; programs need none.",
    )
    days = forms.IntegerField(required=False, min_value=1, max_value=3650, label="Ends after days")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "review" in data.get("scopes", []) and not data.get("is_mine"):
            self.add_error(
                "is_mine", "Reviewing is done in somebody's name: make it your own key, or leave review out."
            )
        return data

    def fields_for(self, member: Member) -> dict[str, Any]:
        days = self.cleaned_data["days"]
        return {
            "member": member if self.cleaned_data["is_mine"] else None,
            "created_by": member,
            "expires_at": timezone.now() + timedelta(days=days) if days else None,
        }


class InvitedSignupForm(SignupForm):
    """allauth's form for the person that the session's invitation is for; the address cannot be another."""

    field_order = ("email", "name", "password1")
    name = forms.CharField(max_length=120, label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"}))

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation
        self.fields["email"].disabled = True
        self.initial["email"] = invitation.email

    def clean_email(self) -> str:
        if self.invitation.known_user():
            raise forms.ValidationError(
                "There is an account with this address: open your invitation again and sign in."
            )
        return self.invitation.email

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """The account and the membership in one transaction, or neither when the invitation was used meanwhile."""
        try:
            with transaction.atomic():
                user: User = self.save(request)
                user.name = self.cleaned_data["name"]
                user.save(update_fields=["name"])
                member = self.invitation.accept(user)
                record("member-joined", member, actor=member, request=request, role=member.role)
        except LinkOver:
            return None, render(request, "feedback/accounts/link_over.html", status=410)
        return user, None
