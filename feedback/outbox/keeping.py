"""What people and programs do to endpoints and deliveries: each act in one transaction with its line in the log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from feedback.accounts.models import Member, Project
from feedback.audit.log import record
from feedback.jobs import Job
from feedback.outbox.emit import emit_test
from feedback.outbox.models import Delivery, Endpoint

MOST = 20  # endpoints of a project
State = Endpoint.State


def room_for_one_more(project: Project) -> bool:
    return project.endpoints.there().count() < MOST


@transaction.atomic
def add(project: Project, by: Member | None, *, request: Any, **fields: Any) -> Endpoint:
    endpoint = Endpoint.add(project, created_by=by, **fields)
    record("webhook-added", endpoint, request=request, types=endpoint.types)
    return endpoint


@transaction.atomic
def change(endpoint: Endpoint, *, request: Any, **fields: Any) -> bool:
    """Whether it got a new secret with it."""
    is_elsewhere = endpoint.change(**fields)
    record("webhook-changed", endpoint, request=request, types=endpoint.types, new_secret=is_elsewhere)
    return is_elsewhere


@transaction.atomic
def switch(endpoint: Endpoint, state: str, *, request: Any) -> bool:
    """On, or paused, or removed; False when it was so already."""
    done = endpoint.switch(state)
    if done:
        verb = {State.ON: "webhook-switched-on", State.PAUSED: "webhook-paused", State.REMOVED: "webhook-removed"}
        record(verb[State(state)], endpoint, request=request)
    return done


@transaction.atomic
def rotate(endpoint: Endpoint, *, request: Any) -> str:
    secret = endpoint.rotate()
    record("webhook-secret-replaced", endpoint, request=request)
    return secret


@transaction.atomic
def send_test(endpoint: Endpoint, *, request: Any) -> Delivery:
    delivery = emit_test(endpoint)
    record("webhook-tested", endpoint, request=request)
    return delivery


@transaction.atomic
def replay(delivery: Delivery, *, request: Any) -> bool:
    """Send one again; False while it is on its way."""
    done = delivery.send_again()
    if done:
        record("webhook-sent-again", delivery.endpoint, request=request, delivery=delivery.pk)
    return done


@transaction.atomic
def replay_failed(endpoint: Endpoint, since: datetime, *, request: Any) -> int:
    """Send again what was given up of events since then, in their order."""
    rows: Any = Delivery.objects.filter(endpoint=endpoint, state=Job.State.FAILED, event__created_at__gte=since)
    count: int = rows.send_again()
    if count:
        record("webhook-sent-again", endpoint, request=request, since=since.isoformat(), deliveries=count)
    return count
