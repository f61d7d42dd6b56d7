"""Writing to the audit log: one call, inside the transaction that does the thing."""

from __future__ import annotations

import ipaddress
from typing import Any, Protocol

from django.conf import settings
from django.db.models import Model
from django.http import HttpRequest

from feedback.audit.models import AuditEvent


class Person(Protocol):
    """A member or a user: whoever has an opaque key, which stays when the name is erased."""

    key: Any


def record(
    verb: str,
    obj: Model,
    *,
    project: Any = None,
    request: Any = None,
    actor: Person | str = "system",
    before: str = "",
    after: str = "",
    **facts: Any,
) -> AuditEvent:
    """Add one event about `obj`. Call it in the transaction of the change, so that both stand or fall together.

    The actor is `actor` unless that is left at "system" and a request says who it was. `project` is the object's own
    when it is left out. `facts` are small plain values (never prompt, response or review text).
    """
    if actor == "system" and request is not None:
        actor = actor_of(request)
    api_key = getattr(request, "api_key", None)
    return AuditEvent.objects.create(
        project_id=project.pk if project is not None else getattr(obj, "project_id", None),
        actor=actor if isinstance(actor, str) else str(actor.key),
        api_key=api_key.prefix if api_key is not None else "",
        ip=client_ip(request) if request is not None else None,
        request_id=getattr(request, "request_id", ""),
        verb=verb,
        object_type=obj._meta.label_lower,
        object_id="" if obj.pk is None else str(obj.pk),
        before=before,
        after=after,
        facts=facts,
    )


def actor_of(request: Any) -> Person | str:
    """The member, else the signed-in user, else "program" for a key of nobody, else "visitor"."""
    member = getattr(request, "member", None)
    if member is not None:
        return member
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return user
    return "program" if getattr(request, "api_key", None) is not None else "visitor"


def client_ip(request: HttpRequest) -> str | None:
    """The address that the outermost trusted proxy saw; what a visitor writes into the header before it is ignored."""
    address = request.META.get("REMOTE_ADDR", "")
    count = settings.TRUSTED_PROXIES
    if count:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        address = hops[-count] if len(hops) >= count else address
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None
