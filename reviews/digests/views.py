"""The switch on a person's own pages, and the link in each mail that ends them without signing in."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from feedback.accounts.models import User
from reviews.digests.models import is_wished, switch, user_of


@require_http_methods(["GET", "HEAD", "POST"])
def mail(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)  # the door lets nobody else in
    if request.method == "POST":
        is_on = request.POST.get("wanted") == "yes"
        switch(user, is_on=is_on, request=request)
        messages.success(
            request, gettext("You get a mail on days with news.") if is_on else gettext("You get no daily mail.")
        )
        return redirect("account_mail")
    is_on = is_wished(user)
    return render(request, "reviews/digests/settings.html", {"is_on": is_on, "tab": "mail"})


@csrf_exempt  # mail programs send it for their reader, from anywhere; the address itself is signed
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, token: str) -> HttpResponse:
    """A button, because mail scanners follow links; a POST ends the mails (RFC 8058)."""
    user = user_of(token)
    if user is None:
        raise Http404("No such link.")
    if request.method == "POST":
        switch(user, is_on=False, actor=user, request=request)
    is_on = is_wished(user)
    return render(request, "reviews/digests/end.html", {"is_on": is_on})
