"""The audit log over REST: what its page shows, as rows. It stands here because that room lies below this one."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from feedback.accounts.api import ProgramList
from feedback.accounts.models import Project
from feedback.audit.download import FIELDS
from feedback.audit.filters import EventFilter
from feedback.audit.models import AuditEvent, AuditSeal

CHANGED = OpenApiExample("A queue was changed", value={
    "id": 8124, "at": "2026-03-02T09:15:00Z", "actor": "7f6f4c1e-35a0-4d5b-9f5e-0f5a2f4f8a51", "api_key": "",
    "ip": "192.0.2.7", "request_id": "f0f5c9f0a2c14c7d", "verb": "overlap-changed", "object_type": "queues.queue",
    "object_id": "51", "before": "", "after": "", "facts": {"is_on": True, "target": 0.9},
    "seal": {"seq": 20117, "hash": "6d9b60a1e9ea2d2a3a9b2a0f3f3a7b0d9f5c8a1f4a6e0c7d2b1e8f9a0c3d4e5f"},
})  # fmt: skip


class SealSerializer(serializers.ModelSerializer[AuditSeal]):
    class Meta:
        model = AuditSeal
        fields = ["seq", "hash"]


@extend_schema_serializer(examples=[CHANGED])
class AuditEntrySerializer(serializers.ModelSerializer[AuditEvent]):
    facts = serializers.DictField(help_text="Small plain values; never texts of prompts, responses or reviews.")
    seal = SealSerializer(
        allow_null=True, help_text="Its link of the chain: `manage.py verify --link` takes it. Null until it is sealed."
    )

    class Meta:
        model = AuditEvent
        fields = [*FIELDS, "seal"]


class AuditEntryList(ProgramList):
    """List the audit log.

    Who did what, when and from where, newest first. `actor` is the opaque key of a person, `operator`, `system`,
    `program` or `visitor`; no name is told. Rows are never changed. A `verb` is such as `queue-changed`, an
    `object_type` such as `queues.queue`.
    """

    serializer_class = AuditEntrySerializer
    filterset_class = EventFilter

    def rows(self, project: Project) -> QuerySet[AuditEvent]:
        found: QuerySet[AuditEvent] = project.auditevent_set.select_related("seal")
        return found
