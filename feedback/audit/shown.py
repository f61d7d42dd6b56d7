"""Events in words: who, what, about what. A key is a name only while the person is a member."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.apps import apps
from django.urls import NoReverseMatch, reverse

from feedback.audit.models import AuditEvent, AuditSeal

OTHERS = {
    "system": "The system",
    "operator": "An operator",
    "program": "A program",
    "visitor": "A visitor",
    "": "Unknown",
}
# Pages of higher rooms, by the address only.
PAGES = {
    "queues.item": "moderation:item-detail",
    "moderation.bulkaction": "moderation:bulk-detail",
    "responses.response": "responses:response-detail",
}
CHECKED = "audit-checked"
RECENT = 1_000  # of the newest events it is counted how many are not sealed yet


def lines(project: Any, events: Iterable[AuditEvent]) -> list[dict[str, Any]]:
    rows = list(events)
    names = names_of(project, {event.actor for event in rows})
    return [
        {
            "event": event,
            "who": names.get(event.actor) or OTHERS.get(event.actor) or f"{event.actor[:8]} (no longer a member)",
            "what": in_words(event.verb),
            "about": f"{kind_of(event.object_type)} {event.object_id}".strip(),
            "facts": [
                (in_words(name), fact(value)) for name, value in sorted(event.facts.items()) if value not in ("", None)
            ],
            "url": page_of(project, event),
        }
        for event in rows
    ]


def names_of(project: Any, keys: set[str]) -> dict[str, str]:
    """Names of those keys that are members of the project, with one query."""
    uuids = [key for key in keys if is_key(key)]
    members = project.members.filter(key__in=uuids).select_related("user") if uuids else []
    return {str(member.key): str(member) for member in members}


def is_key(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def in_words(name: str) -> str:
    return name.replace("-", " ").replace("_", " ")


def kind_of(label: str) -> str:
    """The model's name as people say it; the label itself for a model that is no more."""
    try:
        return str(apps.get_model(label)._meta.verbose_name)
    except (LookupError, ValueError):
        return label


def fact(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(entry) for entry in value[:12]) + (" …" if len(value) > 12 else "")
    return str(value)[:200]


def page_of(project: Any, event: AuditEvent) -> str:
    route = PAGES.get(event.object_type)
    if route is None or not event.object_id.isdecimal():
        return ""
    try:
        return reverse(route, kwargs={"project": project.slug, "pk": int(event.object_id)})
    except NoReverseMatch:
        return ""


def kinds() -> list[tuple[str, str]]:
    """Kinds of objects that rows are about, for the filter."""
    ours = [model for model in apps.get_models() if model.__module__.split(".")[0] in {"feedback", "reviews"}]
    return sorted(((model._meta.label_lower, str(model._meta.verbose_name).capitalize()) for model in ours), key=second)


def second(pair: tuple[str, str]) -> str:
    return pair[1]


def chain_state(project: Any) -> dict[str, Any]:
    """How far the chain is sealed, and what the last check of it said."""
    newest = project.auditevent_set.order_by("-pk").values("pk")[:RECENT]
    return {
        "seal": AuditSeal.objects.order_by("-seq").first(),
        "n_unsealed": AuditEvent.objects.filter(pk__in=newest, seal__isnull=True).count(),
        "checked": AuditEvent.objects.filter(verb=CHECKED, object_type="audit.auditseal").order_by("-pk").first(),
    }
