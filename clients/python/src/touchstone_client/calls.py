"""Requests that are sent again when that is safe and of use."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
from touchstone_client.errors import TouchstoneError

LATER = frozenset({429, 503})
LONGEST = 60.0  # seconds between two tries; who is told to wait longer gets the refusal
SAFE = frozenset({"GET", "PUT"})


class Calls:
    """One connection pool and one key. The key goes to the base address and nowhere else: redirects are errors."""

    def __init__(
        self, base_url: str, key: str, *, timeout: float, retries: int, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        address = base_url.rstrip("/").removesuffix("/api/v1")
        headers = {"Authorization": f"Bearer {key}", "User-Agent": "touchstone-client/0.1"}
        self.http = httpx2.Client(base_url=f"{address}/api/v1/", headers=headers, timeout=timeout)
        self.retries, self.sleep = retries, sleep

    def json(self, method: str, path: str, *, may_repeat: bool = False, **options: Any) -> Any:
        """The answer's body; None for 204. `options` as httpx2 takes them."""
        answer = self.send(method, path, may_repeat=may_repeat, **options)
        return answer.json() if answer.content else None

    def send(self, method: str, path: str, *, may_repeat: bool = False, **options: Any) -> httpx2.Response:
        """A success, or TouchstoneError. Sent again after 429, 503 and `in-flight`, and when no answer came to what
        may be sent twice: what is read or put, what has an Idempotency-Key, and what the caller says.
        """
        may_repeat |= method in SAFE or "Idempotency-Key" in options.get("headers", {})
        for attempt in range(self.retries + 1):
            is_last = attempt == self.retries
            try:
                answer = self.http.request(method, path, **options)
            except httpx2.TransportError as lost:
                if is_last or not may_repeat:
                    raise unreachable(lost) from lost
                self.sleep(pause(attempt))
                continue
            if answer.is_success:
                return answer
            problem = TouchstoneError.of(answer)
            wait = pause(attempt, answer.headers)
            if is_last or wait > LONGEST or not (answer.status_code in LATER or problem.code == "in-flight"):
                raise problem
            self.sleep(wait)
        raise AssertionError("The last attempt returns or raises.")

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx2.Response]:
        """A success whose body has not been read yet; asked for once."""
        with self.http.stream("GET", path, headers=headers) as answer:
            if not answer.is_success:
                answer.read()
                raise TouchstoneError.of(answer)
            yield answer


def unreachable(lost: httpx2.TransportError) -> TouchstoneError:
    return TouchstoneError(0, "unreachable", f"{type(lost).__name__}: {lost}")


def pause(attempt: int, headers: Mapping[str, str] | None = None) -> float:
    """As long as `Retry-After` says; else longer each time, and never the same for two."""
    told = (headers or {}).get("Retry-After", "")
    if told.isdecimal():
        return float(told)
    try:
        return max(0.0, (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return min(LONGEST, 0.5 * 2.0**attempt) * random.uniform(0.5, 1.0)  # noqa: S311 (nobody gains by guessing it)
