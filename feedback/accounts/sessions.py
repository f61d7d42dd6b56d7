"""Where somebody is signed in: allauth keeps a row per session; here are the questions and how one ends.

The row is written when somebody signs in, and at most every SEEN_SECONDS afterwards by each process: what is shown as
"last seen" may be that much too old.
"""

from __future__ import annotations

import time
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext

from feedback.accounts.models import User
from feedback.audit.log import client_ip

SEEN_SECONDS = 300.0
KEPT = 20_000  # sessions that a process remembers having seen
LISTED = 100

seen: dict[str, float] = {}  # session key -> when this process wrote or first saw it


def mark_seen(request: HttpRequest) -> None:
    """Write down that the session is in use, now and then. The first sight of one writes nothing: signing in did."""
    key = request.session.session_key
    if key is None:
        return
    now = time.monotonic()
    if key not in seen:
        seen[key] = now
        while len(seen) > KEPT:
            del seen[next(iter(seen))]
        return
    if now - seen[key] < SEEN_SECONDS or not request.user.is_authenticated:
        return
    seen[key] = now
    ip = client_ip(request)
    facts = {"last_seen_at": timezone.now(), **({"ip": ip} if ip else {})}
    if not UserSession.objects.filter(session_key=key).update(**facts):
        UserSession.objects.create_from_request(request)


def live_sessions(user: User) -> list[UserSession]:
    """Those that still open something, the last used first: neither expired nor of an older password."""
    rows = list(UserSession.objects.filter(user=user).order_by("-last_seen_at", "-pk")[:LISTED])
    stored = Session.objects.filter(expire_date__gt=timezone.now()).in_bulk(
        [row.session_key for row in rows], field_name="session_key"
    )
    return [row for row in rows if row.session_key in stored and is_valid(stored[row.session_key], user)]


def is_valid(session: Session, user: User) -> bool:
    return constant_time_compare(session.get_decoded().get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())


def end(user: User, pk: int) -> bool:
    """End one session of the person; False when there is none such."""
    row = UserSession.objects.filter(user=user, pk=pk).first()
    if row is not None:
        row.end()
    return row is not None


def end_others(request: HttpRequest, user: User) -> int:
    """End all of the person's sessions but the one of this request. How many there were."""
    others = list(UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key))
    for row in others:
        row.end()
    return len(others)


SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
           ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip
# In this order: most name those they descend from as well.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))


def device(user_agent: str) -> str:
    """ "Firefox on Linux", as far as the browser says."""
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    if not browser:
        return user_agent.partition("/")[0][:40] or gettext("Unknown device")
    return f"{browser} on {system}" if system else browser


def described(row: UserSession, request: HttpRequest) -> dict[str, Any]:
    return {
        "row": row,
        "device": device(row.user_agent),
        "is_here": row.session_key == request.session.session_key,
    }
