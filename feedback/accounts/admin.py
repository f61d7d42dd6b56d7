"""Who is here, for operators. Superusers give rights; members, keys and links have their own pages and commands."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm
from django.contrib.auth.models import Group
from django.http import HttpRequest

from feedback.accounts.administration import RowAdmin
from feedback.accounts.models import ApiKey, IdempotencyKey, Invitation, Member, Project, SigninLink, User
from feedback.audit.log import record

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


class UserCreationForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")


class UserChangeForm(DjangoUserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Staff who are no superusers may help members in, and may not touch rights, nor anybody who has some."""

    form = UserChangeForm
    add_form = UserCreationForm
    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("Rights", {"fields": ("is_active", *RIGHTS)}),
        ("Times", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        rights = () if request.user.is_superuser else RIGHTS
        return ("last_login", "date_joined", *rights)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        above = obj is not None and (obj.is_staff or obj.is_superuser)
        by_superuser: bool = request.user.is_superuser
        return super().has_change_permission(request, obj) and (by_superuser or not above)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # people are switched off; their reviews stay theirs

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        verb = "user-changed" if change else "user-added"
        record(verb, obj, request=request, fields=",".join(sorted(form.changed_data)))


class GroupAdmin(DjangoGroupAdmin):
    """A group gives rights, so only superusers make or change one."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)


def replace_foreign_admins(site: admin.AdminSite) -> None:
    """Groups get our rule. allauth's tables go: whoever edits addresses can have a password reset sent to themselves,
    and second factors and sessions hold secrets that nobody needs to see.
    """
    site.unregister(Group)
    site.register(Group, GroupAdmin)
    for model in (EmailAddress, Authenticator, UserSession):
        site.unregister(model)


@admin.register(Project)
class ProjectAdmin(RowAdmin):
    list_display = ("name", "slug", "created_at", "archived_at", "is_second_factor_required")
    list_filter = ("archived_at", "is_second_factor_required")
    search_fields = ("name", "slug")
    writable = ("name", "archived_at", "is_second_factor_required")


@admin.register(Member)
class MemberAdmin(RowAdmin):
    list_display = ("__str__", "project", "role", "source", "pseudonym", "disabled_at")
    list_filter = ("role", "project", "source")
    search_fields = ("user__email", "user__name", "source_name", "pseudonym")
    follow = ("user",)


@admin.register(ApiKey)
class ApiKeyAdmin(RowAdmin):
    list_display = ("name", "prefix", "project", "member", "last_used_at", "expires_at", "revoked_at")
    list_filter = ("project", "revoked_at")
    search_fields = ("name", "prefix")


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(RowAdmin):
    list_display = ("address", "project", "caller", "status", "created_at")
    list_filter = ("project",)
    search_fields = ("address", "caller")


@admin.register(SigninLink)
class SigninLinkAdmin(RowAdmin):
    list_display = ("user", "created_at", "expires_at", "used_at")
    search_fields = ("user__email", "user__name")


@admin.register(Invitation)
class InvitationAdmin(RowAdmin):
    list_display = ("email", "role", "project", "invited_by", "created_at", "expires_at", "used_at")
    list_filter = ("role", "project")
    search_fields = ("email",)
