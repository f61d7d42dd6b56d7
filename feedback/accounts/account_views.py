"""A person's own account, in no project: name, password, second factors (allauth's views), where they are signed in."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from allauth.account.adapter import get_adapter
from allauth.account.views import PasswordChangeView, PasswordResetFromKeyView, PasswordSetView
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from feedback.accounts import sessions
from feedback.accounts.forms import ProfileForm
from feedback.accounts.models import User
from feedback.accounts.second_factor import factors_of
from feedback.audit.log import record


def me(request: HttpRequest) -> User:
    return cast(User, request.user)  # the door lets nobody else in


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = me(request)
    form = ProfileForm(request.POST if request.method == "POST" else None, initial={"name": user.name})
    if form.is_valid():
        with transaction.atomic():
            user.name = form.cleaned_data["name"]
            user.save(update_fields=["name"])
            record("user-renamed", user, request=request)
        messages.success(request, gettext("Your name is saved."))
        return redirect("account_profile")
    memberships = user.members.enabled().select_related("project").order_by("project__name")
    context = {"form": form, "memberships": memberships, "tab": "profile"}
    return render(request, "account/profile.html", context, status=422 if form.is_bound else 200)


@require_safe
def second_factors(request: HttpRequest) -> HttpResponse:
    user = me(request)
    asking = user.members.active().filter(project__is_second_factor_required=True).select_related("project")
    context = {"factors": factors_of(user), "asking": asking.order_by("project__name"), "tab": "factors"}
    return render(request, "mfa/index.html", context)


# -- where somebody is signed in


@require_safe
def session_list(request: HttpRequest) -> HttpResponse:
    rows = [sessions.described(row, request) for row in sessions.live_sessions(me(request))]
    is_listed = any(row["is_here"] for row in rows)
    context = {"rows": rows, "n_others": len(rows) - is_listed, "is_listed": is_listed, "tab": "sessions"}
    return render(request, "account/sessions.html", context)


@require_POST
def session_end(request: HttpRequest, pk: int) -> HttpResponse:
    with transaction.atomic():
        if not sessions.end(me(request), pk):
            raise Http404("No such session.")
        record("session-ended", me(request), request=request)
    messages.success(request, gettext("That session is ended."))
    return redirect("account_sessions")


@require_POST
def session_end_others(request: HttpRequest) -> HttpResponse:
    user = me(request)
    with transaction.atomic():
        n_ended = sessions.end_others(request, user)
        record("sessions-ended", user, request=request, n=n_ended)
    if n_ended:
        get_adapter().send_notification_mail("account/email/sessions_ended", user)
    messages.success(
        request, gettext("Every other session is ended.") if n_ended else gettext("There was no other session.")
    )
    return redirect("account_sessions")


# -- passwords: a new one ends every other session


class NewPassword:
    """Written down, and whoever sits in another session must come in again."""

    request: HttpRequest

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        sessions.end_others(self.request, self.whose())
        record("password-changed", self.whose(), actor=self.whose(), request=self.request)
        return response

    def whose(self) -> User:
        return me(self.request)


class ChangePassword(NewPassword, PasswordChangeView):
    extra_context: ClassVar[dict[str, Any]] = {"tab": "password"}


class SetPassword(NewPassword, PasswordSetView):
    extra_context: ClassVar[dict[str, Any]] = {"tab": "password"}


class ResetPassword(NewPassword, PasswordResetFromKeyView):
    def whose(self) -> User:
        return cast(User, self.reset_user)
