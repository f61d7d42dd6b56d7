"""Two kinds of promise: invariants that `manage.py verify` counts, and Django checks of our own settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db.models import QuerySet
from django.http.request import validate_host

REAL_BROKERS = {"redis", "rediss", "redis+socket", "sentinel", "amqp", "amqps"}


@dataclass(frozen=True)
class Invariant:
    """What must always hold (DESIGN §9). A room lists its own in `invariants.py` as `INVARIANTS`.

    `violations` returns the rows that break the promise, sentences about them, or their number; nothing or 0 is well.
    """

    code: str
    promise: str
    violations: Callable[[], QuerySet[Any, Any] | Sequence[Any] | int]


@register(Tags.security, deploy=True)
def check_address(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Links in e-mails lead to BASE_URL: it must be encrypted, and a host that this site answers to."""
    address = urlsplit(settings.BASE_URL)
    if address.scheme != "https":
        return [Error(f"BASE_URL is {settings.BASE_URL!r}; it must begin with https://.", id="touchstone.E001")]
    if not validate_host(address.hostname or "", settings.ALLOWED_HOSTS):
        hint = "Sign-in links and invitations would lead to a host that this site refuses."
        text = f"The host of BASE_URL, {address.hostname}, is not in ALLOWED_HOSTS."
        return [Error(text, hint, id="touchstone.E002")]
    return []


@register(Tags.security, deploy=True)
def check_broker(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    scheme = urlsplit(settings.CELERY_BROKER_URL).scheme
    if scheme in REAL_BROKERS:
        return []
    hint = "Set REDIS_URL, or BROKER_URL for RabbitMQ."
    return [Error(f"The broker {scheme}:// is for one machine and for trying things out.", hint, id="touchstone.E003")]


@register(Tags.security, deploy=True)
def check_mail(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.EMAIL_BACKEND.endswith(".console.EmailBackend"):
        return []
    hint = "Set EMAIL_URL, such as smtp+tls://user:password@mail.example.org:587."
    text = "E-mails are printed: password resets and invitations would land in the log, and reach nobody."
    return [Warning(text, hint, id="touchstone.W004")]
