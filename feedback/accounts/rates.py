"""How often programs may ask: windows that slide, counted in one place for all processes (Redis) or per process.

A permission and not one of DRF's throttles: those read and write their counter in two steps, and come last, so that
requests which are refused would not count. Where the counter cannot be reached, requests pass: a limit that is lost for
a minute harms less than an API that is.
"""

from __future__ import annotations

import functools
import logging
import math
import threading
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from feedback.accounts.problems import Problem
from feedback.audit.log import client_ip

log = logging.getLogger(__name__)

ANSWERS_WITHIN = 0.25  # seconds; a counter that is slower than that is taken for lost
QUIET_SECONDS = 5.0  # after it was lost, nobody waits for it for so long
one_at_a_time = threading.Lock()  # memory: between counting and comparing no other thread may count
quiet_until = 0.0


@dataclass(frozen=True)
class Standing:
    """Where a caller stands in a window."""

    item: RateLimitItem
    name: str
    is_over: bool
    remaining: int
    reset: int  # seconds until more is free

    def headers(self) -> dict[str, str]:
        """The three that clients read today, and the two of draft-ietf-httpapi-ratelimit-headers-10."""
        limit, seconds = self.item.amount, self.item.get_expiry()
        return {
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
            "RateLimit-Policy": f'"{self.name}";q={limit};w={seconds}',
            "RateLimit": f'"{self.name}";r={self.remaining};t={self.reset}',
        }

    def problem(self) -> Problem:
        wait = max(1, self.reset)
        detail = f"At most {self.item.amount} in {self.item.get_expiry()} seconds; ask again in {wait} seconds."
        return Problem(429, "too-many-requests", detail, headers={**self.headers(), "Retry-After": str(wait)})


@functools.cache
def windows(uri: str) -> SlidingWindowCounterRateLimiter:
    """This process's way to the counters: made at the first request, after the web server has forked."""
    options: dict[str, Any] = {}
    if uri.startswith("redis"):
        options = {"socket_timeout": ANSWERS_WITHIN, "socket_connect_timeout": ANSWERS_WITHIN,
                   "retry": Retry(NoBackoff(), 0)}  # fmt: skip
    return SlidingWindowCounterRateLimiter(storage_from_string(uri, wrap_exceptions=True, **options))


def count(name: str, limit: str, who: str) -> Standing | None:
    """Count one request of theirs; None when there is no limit, or nothing that could count."""
    global quiet_until
    if not limit or time.monotonic() < quiet_until:
        return None
    item = parse(limit)
    with one_at_a_time:  # threads that come first together must not each begin to count for themselves
        counters = windows(settings.RATE_LIMIT_STORAGE)
    try:
        if isinstance(counters.storage, MemoryStorage):
            with one_at_a_time:
                return standing(counters, item, name, who)
        return standing(counters, item, name, who)
    except StorageError as error:
        quiet_until = time.monotonic() + QUIET_SECONDS
        log.warning("rate limits are off for %.0f s, their counters do not answer: %s", QUIET_SECONDS, error)
        return None


def standing(counters: SlidingWindowCounterRateLimiter, item: RateLimitItem, name: str, who: str) -> Standing:
    is_within = counters.hit(item, name, who)
    stats = counters.get_window_stats(item, name, who)
    reset = max(0, math.ceil(stats.reset_time - time.time()))
    return Standing(item, name, not is_within, stats.remaining if is_within else 0, reset)


class WithinRate(BasePermission):
    """So many requests for each key, and for each member who comes by session."""

    def has_permission(self, request: Request, view: Any) -> bool:
        key, member = getattr(request, "api_key", None), getattr(request, "member", None)
        caller = key or member
        if caller is None:
            return True  # nobody: the permission table sends them away
        now = count("requests", settings.RATE_LIMIT, f"{'key' if key else 'member'}-{caller.pk}")
        if now is not None:
            request._request.rate_headers = now.headers()  # type: ignore[attr-defined]
            if now.is_over:
                raise now.problem()
        return True


def refuse_guessing(request: Request) -> None:
    """Count a key that opened nothing against its sender's address; Problem 429 when there were too many.

    Good keys from the same address go on working: people behind one address must not be able to shut each other out,
    and a secret of 256 bits is not guessed.
    """
    now = count("failed-keys", settings.RATE_LIMIT_FAILED, client_ip(request._request) or "unknown")
    if now is not None and now.is_over:
        raise now.problem()
