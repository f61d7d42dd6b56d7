"""The sweep: a mail to everybody who wants one, once a day at most, from six in the morning (UTC) on."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db.models import Exists, OuterRef
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from feedback.accounts.models import User
from reviews.digests.models import DigestDay, DigestWish, end_token, is_wished
from reviews.digests.news import News, news_of

log = logging.getLogger(__name__)

FROM_HOUR = 6
A_DAY = timedelta(days=1)
KEPT = timedelta(days=30)


def send_due(now: datetime | None = None) -> int:
    """Send what is due, how many mails. Safe to run by several at once.

    The connection is opened before any day is taken: while the mail server is away nothing is marked, and the next
    sweep sends. After that a day is never sent again, whatever happens: twice is worse than a day late.
    """
    now = now or timezone.now()
    DigestDay.objects.filter(day__lt=now.date() - KEPT).delete()
    if now.hour < FROM_HOUR:
        return 0
    done = DigestDay.objects.filter(user=OuterRef("user"), day=now.date())
    wishes = DigestWish.objects.filter(~Exists(done), user__is_active=True).order_by("pk")
    users = [wish.user for wish in wishes.select_related("user")]
    if not users:
        return 0
    mails = get_connection()
    try:
        mails.open()
    except OSError as error:  # every failure of smtplib is one
        log.warning("the mail server does not answer, the next sweep tries again: %s", type(error).__name__)
        return 0
    try:
        return sum(send_to(user, now, mails) for user in users)
    finally:
        mails.close()


def send_to(user: User, now: datetime, mails: object) -> bool:
    day = take_day(user, now)
    if day is None:
        return False
    news = news_of(user, now - A_DAY)
    state = DigestDay.State.QUIET
    if news:
        try:
            mail_of(user, news, mails).send()
            state = DigestDay.State.SENT
        except OSError as error:
            log.warning("a daily mail was not sent: %s", type(error).__name__)
            state = DigestDay.State.FAILED
    DigestDay.objects.filter(pk=day.pk).update(state=state)
    return state == DigestDay.State.SENT


def take_day(user: User, now: datetime) -> DigestDay | None:
    """Theirs who makes the row; None when another worker was first, or the wish ended meanwhile."""
    if not is_wished(user):
        return None
    day, is_made = DigestDay.objects.get_or_create(user=user, day=now.date())
    return day if is_made else None


def mail_of(user: User, news: list[News], mails: object) -> EmailMultiAlternatives:
    end_url = settings.BASE_URL + reverse("account_mail_end", kwargs={"token": end_token(user)})
    context = {
        "user": user,
        "news": news,
        "end_url": end_url,
        "switch_url": settings.BASE_URL + reverse("account_mail"),
    }
    mail = EmailMultiAlternatives(
        gettext("What waits for you on Touchstone"),
        render_to_string("reviews/digests/mail.txt", context),
        to=[user.email],
        headers={"List-Unsubscribe": f"<{end_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        connection=mails,
    )
    mail.attach_alternative(render_to_string("reviews/digests/mail.html", context), "text/html")
    return mail
