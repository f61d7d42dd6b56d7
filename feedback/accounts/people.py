"""What the people pages say about members beyond their row: second factors, and when they were last here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Max

from feedback.accounts.models import Member
from feedback.accounts.second_factor import FACTORS


def with_activity(members: Sequence[Member]) -> list[Any]:
    """Each with `has_factor` and `last_seen_at` (of any session in any project, or the last sign-in); two queries."""
    rows: list[Any] = list(members)
    users = [row.user_id for row in rows]
    guarded = set(Authenticator.objects.filter(user__in=users, type__in=FACTORS).values_list("user_id", flat=True))
    sessions = UserSession.objects.filter(user__in=users).values("user_id").annotate(at=Max("last_seen_at"))
    seen = {row["user_id"]: row["at"] for row in sessions}
    for row in rows:
        row.has_factor = row.user_id in guarded
        times = [at for at in (seen.get(row.user_id), row.user.last_login) if at is not None]
        row.last_seen_at = max(times, default=None)
    return rows
