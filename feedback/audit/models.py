"""The audit log: who did what, in the transaction that did it.

Rows are inserted unchained; a job seals them later in an order of its own, so that transactions that commit late break
nothing. Both tables refuse updates, and on PostgreSQL deletion too.
"""

from __future__ import annotations

from django.db import models


class AuditEvent(models.Model):
    project = models.ForeignKey("accounts.Project", models.DO_NOTHING, null=True, blank=True, db_constraint=False)
    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.CharField(max_length=40, blank=True, help_text="The opaque key of a person, 'operator' or 'system'.")
    api_key = models.CharField(max_length=16, blank=True, help_text="Prefix of the API key used.")
    ip = models.GenericIPAddressField(null=True, blank=True)
    request_id = models.CharField(max_length=36, blank=True)
    verb = models.CharField(max_length=40, help_text="What was done: member-invited, review-submitted, …")
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=60, blank=True)
    before = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the state before, where one was taken.")
    after = models.CharField(max_length=64, blank=True)
    facts = models.JSONField(default=dict, blank=True, help_text="Small plain facts; never prompt or response text.")

    class Meta:
        indexes = [models.Index(fields=["object_type", "object_id"]), models.Index(fields=["project", "-id"])]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_type} {self.object_id}"


class AuditSeal(models.Model):
    """One link of the chain: hash = SHA-256(previous hash, canonical JSON of the event)."""

    seq = models.PositiveBigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, models.PROTECT, related_name="seal")
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.seq} {self.hash[:12]}"
