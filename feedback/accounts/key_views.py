"""Keys of programs: made, shown once, listed, revoked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from feedback.accounts.access import MemberRequest
from feedback.accounts.forms import SCOPE_WORDS, KeyForm
from feedback.accounts.models import ApiKey
from feedback.audit.log import record

OVER = 50  # revoked and expired keys shown
form_page = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def key_list(request: MemberRequest) -> HttpResponse:
    keys = request.project.apikeys.select_related("member__user", "created_by__user").order_by("-pk")
    context = {
        "live": with_words(keys.live()),
        "over": keys.over()[:OVER],
        "soon": timezone.now() + timedelta(days=14),
    }
    return render(request, "feedback/accounts/key_list.html", context)


def with_words(keys: Iterable[ApiKey]) -> list[Any]:
    """Each with `words`: what it may do, as sentences."""
    rows: list[Any] = list(keys)
    for key in rows:
        key.words = [SCOPE_WORDS.get(scope, scope) for scope in key.scopes]
    return rows


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
