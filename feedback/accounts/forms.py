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
from django.utils.translation import gettext, gettext_lazy

from feedback.accounts.models import Invitation, LastAdmin, LinkOver, Member, Project, User
from feedback.accounts.second_factor import has_second_factor
from feedback.audit.log import record
from feedback.permissions import ROLES, SCOPES

WHAT_ROLES_DO = {
    "reviewer": "Reviewer: judges responses",
    "curator": "Curator: sends responses, samples, manages queues and datasets",
    "moderator": "Moderator: settles disputes, sees every review",
    "admin": "Admin: all of it, and people and keys",
}
MOST_TAGS, LONGEST_TAG = 20, 100
ROLE_CHOICES = [(role, WHAT_ROLES_DO[role]) for role in ROLES]

SCOPE_WORDS = {
    "ingest": "send responses",
    "responses:read": "read responses",
    "assessments:read": "read what critics said of responses",
    "assessments:write": "send what critics said of responses",
    "review": "claim and judge, as the member whose key it is",
    "review:import": "bring in human labels from elsewhere",
    "reviews:read": "read reviews, verdicts and queues",
    "escalations:read": "read what reviewers ask moderators, and the answers",
    "queues:write": "manage queues, start sampling runs",
    "gold": "read and make gold items",
    "datasets:read": "pull preference pairs and exports",
    "datasets:write": "build versions and exports",
    "training:read": "see fine-tunes and their curves",
    "training:report": "report on fine-tunes, as a cluster's scheduler does",
    "training:manage": "start and cancel fine-tunes, which may cost money",
    "webhooks:manage": "manage webhooks, and read what was sent",
    "audit:read": "read the audit log",
}
SCOPE_CHOICES = [(scope, f"{SCOPE_WORDS.get(scope, scope).capitalize()} ({scope})") for scope in SCOPES]


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
        if self.project.invitations.waiting().filter(email=email).exists():
            raise forms.ValidationError(f"{email} is invited already. The page of people has a new link for them.")
        return email


class MemberForm(forms.Form):
    role = forms.ChoiceField(choices=ROLE_CHOICES, widget=forms.RadioSelect)
    is_sure = forms.BooleanField(required=False, label="Yes, take the admin role away")

    def __init__(self, member: Member, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={"role": member.role})
        self.member = member
        wanted = data.get("role") if data is not None else None
        if not (member.role == "admin" and wanted in ROLES and wanted != "admin"):
            del self.fields["is_sure"]  # asked only when it matters

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "is_sure" in self.fields and not data.get("is_sure"):
            words = "They can no longer manage people, keys and the project. Tick the box to confirm."
            self.add_error("is_sure", words)
        return data

    def apply(self, request: HttpRequest) -> bool:
        """Change the role and write it down; False, with an error on the form, when it would lock everybody out."""
        role = self.cleaned_data["role"]
        try:
            with transaction.atomic():
                self.member.change(role=role)
                record("member-changed", self.member, request=request, role=role)
        except LastAdmin as error:
            self.add_error(None, str(error))
            return False
        return True


class ProfileForm(forms.Form):
    name = forms.CharField(
        max_length=120,
        label=gettext_lazy("Your name"),
        help_text=gettext_lazy(
            "The other people of your projects see it. Reviews are shown without it where a queue is blind."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class ProjectForm(forms.Form):
    name = forms.CharField(max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    is_second_factor_required = forms.BooleanField(
        required=False,
        label="Everybody needs a second factor",
        help_text="Who has none is asked to set one up before they enter. API keys work as before.",
    )
    sensitive_tags = forms.CharField(
        required=False,
        max_length=600,
        label="Sensitive tags",
        help_text="Texts with one of these tags are covered until a reviewer asks for them, and reviewers may opt out "
        "of each. Separated by commas.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, project: Project, user: User, data: QueryDict | None = None) -> None:
        known = {name: getattr(project, name) for name in self.base_fields}
        known["sensitive_tags"] = ", ".join(project.sensitive_tags)
        super().__init__(data, initial=known)
        self.project, self.user = project, user

    def clean_is_second_factor_required(self) -> bool:
        is_required: bool = self.cleaned_data["is_second_factor_required"]
        if is_required and not self.project.is_second_factor_required and not has_second_factor(self.user):
            raise forms.ValidationError("Set up your own second factor first: this would shut you out too.")
        return is_required

    def clean_sensitive_tags(self) -> list[str]:
        given = [tag.strip() for tag in self.cleaned_data["sensitive_tags"].split(",")]
        tags = list(dict.fromkeys(filter(None, given)))
        if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in tags):
            raise forms.ValidationError(f"At most {MOST_TAGS} tags, each of at most {LONGEST_TAG} characters.")
        return tags

    def apply(self, request: HttpRequest) -> None:
        with transaction.atomic():
            for name in self.changed_data:
                setattr(self.project, name, self.cleaned_data[name])
            self.project.save(update_fields=self.changed_data)
            record(
                "project-changed",
                self.project,
                project=self.project,
                request=request,
                fields=",".join(self.changed_data),
            )


class ArchiveForm(forms.Form):
    """The project's name in the address, typed, before everybody is shut out."""

    slug = forms.CharField(max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))

    def __init__(self, project: Project, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.project = project
        self.fields["slug"].label = f"Type {project.slug} to confirm"

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"].strip()
        if slug != self.project.slug:
            raise forms.ValidationError(f"This is not {self.project.slug}.")
        return slug


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
    name = forms.CharField(
        max_length=120, label=gettext_lazy("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"})
    )

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation
        self.fields["email"].disabled = True
        self.initial["email"] = invitation.email

    def clean_email(self) -> str:
        if self.invitation.known_user():
            raise forms.ValidationError(
                gettext("There is an account with this address: open your invitation again and sign in.")
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
