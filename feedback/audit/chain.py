"""The chain over the audit log: each link's hash covers the event and the link before.

Events are inserted unchained, by transactions that commit in any order. Sealing later gives every committed event the
next number; one that commits late simply gets a later number, so nothing waits and nothing is skipped. Changing,
removing or swapping a sealed event breaks its link. Cutting off the newest links leaves a shorter chain that is whole,
and whoever may write may also calculate every hash anew: keep the sealer's log lines, which name the newest link,
elsewhere, and give one to `manage.py verify --link`.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef

from feedback.audit.log import record
from feedback.audit.models import AuditEvent, AuditSeal
from feedback.text.canonical import canonical_json

log = logging.getLogger(__name__)

BATCH = 1000
FIELDS = (
    "id", "project_id", "at", "actor", "api_key", "ip", "request_id", "verb", "object_type", "object_id", "before",
    "after", "facts",
)  # fmt: skip


def link_hash(previous: str, event: dict[str, Any]) -> str:
    """SHA-256(previous hash, canonical JSON of the event); the first link's previous hash is empty."""
    plain = {**event, "at": event["at"].astimezone(UTC).isoformat()}
    return hashlib.sha256((previous + canonical_json(plain)).encode()).hexdigest()


def seal_batch(limit: int = BATCH) -> int:
    """Seal the oldest unsealed events in one transaction; returns how many. Safe to run at the same time as another."""
    try:
        with transaction.atomic():
            take_turn()
            last = AuditSeal.objects.order_by("-seq").first()
            seq, previous = (last.seq, last.hash) if last else (0, "")
            seals = []
            for event in AuditEvent.objects.filter(seal__isnull=True).order_by("pk").values(*FIELDS)[:limit]:
                seq, previous = seq + 1, link_hash(previous, event)
                seals.append(AuditSeal(seq=seq, event_id=event["id"], hash=previous))
            AuditSeal.objects.bulk_create(seals)
    except IntegrityError:  # the number or the event was taken: whoever took it goes on
        return 0
    if seals:
        log.info("audit log sealed up to %s %s", seq, previous)
    return len(seals)


def take_turn() -> None:
    """One sealer at a time. SQLite's immediate transaction is a turn already; seq's primary key guards both."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('feedback.audit.chain'))")


def verify_chain(at_most: int = 20) -> list[str]:
    """What is wrong with the sealed part, in sentences; empty when every link holds."""
    wrong: list[str] = []
    seq, previous = 0, ""
    rows = AuditSeal.objects.order_by("seq").values("seq", "hash", *[f"event__{name}" for name in FIELDS])
    for row in rows.iterator(chunk_size=2000):
        event = {name: row[f"event__{name}"] for name in FIELDS}
        if row["seq"] != seq + 1:
            wrong.append(f"Links {seq + 1} to {row['seq'] - 1} are missing.")
        elif link_hash(previous, event) != row["hash"]:
            wrong.append(f"Link {row['seq']} does not fit event {event['id']} ({event['verb']}).")
        if len(wrong) >= at_most:
            break
        seq, previous = row["seq"], row["hash"]
    bereft = AuditSeal.objects.filter(~Exists(AuditEvent.objects.filter(pk=OuterRef("event_id"))))
    wrong += [f"Link {lost.seq} has no event." for lost in bereft.order_by("seq")[:at_most]]  # a join leaves them out
    return wrong[:at_most]


def verify_link(seq: int, hash: str) -> list[str]:
    """Whether a link that was noted elsewhere is still in the chain: a sentence when it is not."""
    if AuditSeal.objects.filter(seq=seq, hash=hash).exists():
        return []
    return [f"Link {seq} is not there as it was noted: the end was cut off, or the log was written anew."]


def check_chain() -> int:
    """Verify, and note in the log up to which link it was done and how many were wrong; the number of wrong ones."""
    last = AuditSeal.objects.order_by("-seq").first()
    if last is None:
        return 0
    wrong = verify_chain()
    for sentence in wrong:
        log.error("audit chain: %s", sentence)
    record("audit-checked", last, wrong=len(wrong), hash=last.hash)
    return len(wrong)
