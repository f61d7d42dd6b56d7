"""Who a session belongs to: the person with their memberships in one statement, since nearly every page needs both."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import QuerySet

from feedback.accounts.models import Member, User
from feedback.hot import HotQuery


@HotQuery
def memberships_of(user: Any) -> QuerySet[Member]:
    rows = Member.objects.enabled().filter(user=user)
    return rows.select_related("user", "project").order_by("project__name")


class PeopleBackend(AuthenticationBackend):
    def get_user(self, user_id: Any) -> User | None:
        """Read anew for each request, so that a disabled person or member is out with the next one."""
        memberships = memberships_of.rows(user=int(user_id))
        user: User | None = memberships[0].user if memberships else super().get_user(user_id)
        if user is not None:
            user.memberships = memberships
        return user
