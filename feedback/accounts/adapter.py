"""allauth's adapter: nobody signs up without an invitation, and every way in is written down."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse

from feedback.accounts.models import Invitation, User
from feedback.audit.log import client_ip, record

log = logging.getLogger(__name__)


class InvitationOnlyAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return Invitation.of_session(request.session) is not None

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        route = request.resolver_match.view_name if request.resolver_match else ""
        record("signed-in", user, actor=user, request=request, by=route)
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A notice that cannot be mailed does not undo what it tells of; whoever waits for a link asks again."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:  # every failure of smtplib is one
            log.warning("%s could not be mailed: %s", template_prefix, error)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        log.warning("a sign-in failed, from %s", client_ip(request))
