"""How long PostgreSQL may let this process wait, by what the process is for.

A request that runs for ever holds one of a few threads, and its locks hold others: the web gives up soon, a worker
later, and commands never, since somebody watches them. `manage.py migrate` has a rule of its own for locks. SQLite has
one such limit, its busy timeout.

The limits go into the parameters of new connections, so that they cost no statement and a reset keeps them.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError, connections

# SQLSTATEs, or their classes, that say "not now": connection lost, a resource used up, a server that stops or was told
# to stop the statement, a transaction that idled too long, a lock not got; a deadlock or a serialisation failure.
NOT_NOW = ("08", "53", "57", "25P03", "55P03", "40P01", "40001")
RETRY_SECONDS = 5


def limit(role: str, alias: str = "default") -> None:
    """Give connections from now on the limits of the role: `web` or `worker`."""
    database = connections[alias]
    if database.vendor != "postgresql":
        return
    options: dict[str, Any] = database.settings_dict["OPTIONS"]
    seconds = {"statement_timeout": settings.STATEMENT_SECONDS[role], "lock_timeout": settings.LOCK_SECONDS[role]}
    words = [options.get("options", ""), *(f"-c {name}={value}s" for name, value in seconds.items())]
    options["options"] = " ".join(filter(None, words))
    database.close()


def is_unavailable(error: BaseException | None) -> bool:
    """Whether the database said "not now", or nothing any more: asking again may help, and nothing is wrong with the
    request.
    """
    if not isinstance(error, OperationalError | InterfaceError | InternalError):
        return False
    cause = error.__cause__
    if cause is None or not hasattr(cause, "sqlstate"):
        return "database is locked" in str(error)
    code = cause.sqlstate
    return code is None or code.startswith(NOT_NOW)  # None: the connection could not be made, or is gone
