"""A letter to a project's admins: a webhook was switched off."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction

from feedback.outbox.models import Endpoint

TEXT = """\
The webhook "{name}" of {project} was switched off: {reason}

Events wait for it, for {days} days at most. Switch it on again when its receiver is well:
{url}
"""


def tell_admins(endpoint: Endpoint) -> None:
    """After the commit, and without harm when no mail goes out: the page of webhooks says the same."""
    admins = endpoint.project.members.admins().exclude(user__isnull=True)
    emails = list(admins.values_list("user__email", flat=True))
    text = TEXT.format(
        name=endpoint.description or "without a description",
        project=endpoint.project,
        reason=endpoint.reason,
        days=settings.WEBHOOK_KEEP_DAYS,
        url=f"{settings.BASE_URL}{endpoint.get_absolute_url()}",
    )
    subject = f"A webhook of {endpoint.project} was switched off"
    transaction.on_commit(lambda: tell(subject, text, emails), robust=True)


def tell(subject: str, text: str, emails: list[str]) -> None:
    for email in emails:
        send_mail(subject, text, None, [email])
