"""One attempt: sign the body, send it outside any transaction, and write down how it was answered.

A worker that dies between the answer and its commit leaves a delivery that is sent again under the same webhook-id.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from standardwebhooks import Webhook

from feedback.audit.log import record
from feedback.egress import EgressError, fetch
from feedback.jobs import Job
from feedback.outbox.models import Delivery, Endpoint, Event
from feedback.outbox.notice import tell_admins
from feedback.sealed import SealBroken, unseal

MINUTE, HOUR = 60, 3600
# Seconds before each attempt, as Standard Webhooks has them: three days and three hours in all.
SCHEDULE = (
    0, 5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR,
)  # fmt: skip
SPREAD = 0.2  # up to so much longer, so that what failed together is not tried together
LONGEST_PAUSE = 24 * HOUR  # that a receiver may ask for
LONGEST_REST = 5 * MINUTE  # of an endpoint that does not answer
TIMEOUT = 15.0
KEPT_ATTEMPTS = 50
GONE = 410


@dataclass
class Outcome:
    """What came of one attempt. Nothing that the receiver wrote is in it but a status and a number of seconds."""

    at: str
    ms: int = 0
    status: int | None = None
    error: str = ""
    retry_after: float = 0.0
    is_unsigned: bool = False

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    def facts(self) -> dict[str, Any]:
        return {"at": self.at, "ms": self.ms, "status": self.status, "error": self.error}


def prepare(delivery: Delivery) -> Outcome | None:
    """Send it. None when the endpoint is no longer on."""
    endpoint = Endpoint.objects.get(pk=delivery.endpoint_id)
    if not endpoint.is_on:
        return None
    outcome = Outcome(at=timezone.now().isoformat(timespec="milliseconds"))
    body = json.dumps(delivery.event.body, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        headers = headers_of(delivery.event, endpoint, body)
    except SealBroken as error:
        outcome.error, outcome.is_unsigned = str(error), True
        return outcome
    started = time.monotonic()
    try:
        answer = fetch(
            "POST", endpoint.url, headers=headers, body=body, timeout=TIMEOUT, is_body_wanted=False,
            allow=settings.EGRESS_ALLOW,
        )  # fmt: skip
    except EgressError as error:
        outcome.error = error.message
    else:
        outcome.status, outcome.error = answer.status, "" if 200 <= answer.status < 300 else words_for(answer.status)
        outcome.retry_after = seconds_of(answer.headers.get("retry-after", ""))
    outcome.ms = round(1000 * (time.monotonic() - started))
    return outcome


def headers_of(event: Event, endpoint: Endpoint, body: bytes) -> dict[str, str]:
    now = datetime.now(tz=UTC)
    secrets = [endpoint.sealed_secret]
    if endpoint.sealed_old_secret and endpoint.overlap_until and endpoint.overlap_until > now:
        secrets.append(endpoint.sealed_old_secret)
    signatures = [Webhook(unseal(secret)).sign(event.message_id, now, body.decode()) for secret in secrets]
    return {
        "content-type": "application/json",
        "user-agent": "Touchstone-Webhooks/1",
        "webhook-id": event.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def words_for(status: int) -> str:
    if 300 <= status < 400:
        return f"It answered {status}, which leads elsewhere; that is not followed."
    if status == GONE:
        return "It answered 410: it wants to hear nothing more."
    return f"It answered {status}."


def seconds_of(header: str) -> float:
    """Of a Retry-After header: a number of seconds or a date; 0 for anything else."""
    header = header.strip()
    if header.isascii() and header.isdecimal():
        return float(header[:9])
    try:
        moment = parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - timezone.now()).total_seconds())


def step(delivery: Delivery) -> bool:
    """Write down what came of it: delivered, to be tried again, or given up."""
    outcome: Outcome | None = delivery.prepared
    if outcome is None:
        delivery.rest(timedelta())
        return False
    delivery.tried += 1
    delivery.attempts = [*delivery.attempts, outcome.facts()][-KEPT_ATTEMPTS:]
    delivery.error = outcome.error
    if outcome.is_taken:
        delivery.delivered_at = delivery.delivered_at or Now()
        well(delivery.endpoint_id)
        delivery.end(Job.State.DONE)
    elif delivery.tried >= len(SCHEDULE):
        unwell(delivery, outcome)
        delivery.end(Job.State.FAILED, f"Given up after {delivery.tried} attempts. {outcome.error}")
    else:
        unwell(delivery, outcome)
        delivery.rest(timedelta(seconds=pause(delivery, outcome.retry_after)))
    ring_next(delivery)
    return True


def pause(delivery: Delivery, retry_after: float = 0.0) -> float:
    """Seconds before the next attempt: by the schedule, or longer when the receiver asked for it."""
    own = SCHEDULE[delivery.tried] * (1 + SPREAD * share(delivery))
    return max(own, min(retry_after, LONGEST_PAUSE))


def share(delivery: Delivery) -> float:
    """In [0, 1): the same for the same attempt, and spread over deliveries."""
    digest = hashlib.sha256(f"{delivery.pk} {delivery.tried}".encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32


def well(endpoint_id: int) -> None:
    """It answers: a row that says otherwise is set right, and no other is written."""
    failing = Endpoint.objects.filter(pk=endpoint_id, failures__gt=0)
    failing.update(failures=0, failing_since=None, rests_until=None)


def unwell(delivery: Delivery, outcome: Outcome) -> None:
    """Let the endpoint rest for a moment, so that one that hangs does not hold every worker; switch it off when it is
    gone, or has taken nothing during a whole schedule.
    """
    endpoint = Endpoint.objects.select_for_update(no_key=True).get(pk=delivery.endpoint_id)
    rest = timedelta(seconds=min(2 ** min(endpoint.failures, 10), LONGEST_REST))
    rows = Endpoint.objects.filter(pk=endpoint.pk)
    rows.update(failures=F("failures") + 1, failing_since=Coalesce("failing_since", Now()), rests_until=Now() + rest)
    is_over = delivery.tried >= len(SCHEDULE)
    if outcome.is_unsigned or outcome.status == GONE:
        switch_off(endpoint, outcome.error)
    elif is_over and not taken_since(endpoint, delivery):
        switch_off(endpoint, f"It took nothing in {len(delivery.attempts)} attempts over days. {outcome.error}")


def taken_since(endpoint: Endpoint, delivery: Delivery) -> bool:
    """Whether anything was delivered there since this event happened."""
    return endpoint.deliveries.filter(delivered_at__gte=delivery.event.created_at).exists()


def switch_off(endpoint: Endpoint, reason: str) -> None:
    if endpoint.is_on and endpoint.switch(Endpoint.State.DISABLED, reason[:200]):
        record("webhook-switched-off", endpoint, reason=endpoint.reason)
        tell_admins(endpoint)


def ring_next(delivery: Delivery) -> None:
    """One delivery ends, the next of its endpoint begins; without it the sweep would ring."""
    rows: Any = Delivery.objects.claimable()
    following = rows.filter(endpoint=delivery.endpoint_id).exclude(pk=delivery.pk).order_by("event").first()
    if following is not None:
        following.ring()
