"""Django's sessions in the database, found by a hot query: every page begins with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.sessions.backends import db
from django.db.models import QuerySet
from django.db.models.functions import Now

from feedback.hot import HotQuery

if TYPE_CHECKING:  # other applications ask for the store before there are models
    from django.contrib.sessions.models import Session


@HotQuery
def live_session(key: Any) -> QuerySet[Session]:
    rows: Any = SessionStore.get_model_class()._default_manager
    return rows.filter(session_key=key, expire_date__gt=Now())


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Session | None:
        session = live_session.first(key=self.session_key)
        if session is None:
            self._session_key = None
        return session
