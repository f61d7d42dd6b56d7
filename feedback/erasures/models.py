"""Erasures: an end user's words taken out of everything, as a job whose row says what was found and nothing of whom."""

from __future__ import annotations

import hmac
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse

from feedback.accounts.models import Member, Project, ProjectRow
from feedback.audit.log import record
from feedback.jobs import Job


def digest_of(project: Project, key: str) -> str:
    """What stands for the person afterwards: who knows their key can tell that they were erased, nobody else whom."""
    return hmac.new(project.salt.encode(), key.encode(), "sha256").hexdigest()


class Erasure(ProjectRow, Job):
    """The job. It runs in archived projects too, and knows the key of the person only until it is done."""

    bell: ClassVar[str] = "bulk"
    may_retry: ClassVar[bool] = True
    runs_archived: ClassVar[bool] = True

    subject_key = models.CharField(max_length=200, blank=True, help_text="The end user's key; emptied when it is done.")
    subject_digest = models.CharField(max_length=64, help_text="HMAC-SHA-256 of the key under the project's salt.")
    requested_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")
    counts = models.JSONField(default=dict, blank=True, help_text="How many rows of each kind were emptied or deleted.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project",
                "subject_digest",
                condition=Q(state__in=["queued", "running"]),
                name="erasure_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"erasure {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("erasures:erasure-detail", args=[self.project.slug, self.pk])

    @classmethod
    @transaction.atomic
    def ask(cls, project: Project, key: str, *, by: Member | None = None, request: Any = None) -> Erasure:
        """Begin it; one of the same person under way is returned instead of a second one."""
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        digest = digest_of(project, key)
        begun: Erasure | None = cls.objects.unfinished().filter(project=project, subject_digest=digest).first()
        if begun is None:
            begun = cls.objects.create(project=project, subject_key=key, subject_digest=digest, requested_by=by)
            record("erasure-requested", begun, request=request, actor=by or "operator", subject=digest)
            begun.ring()
        return begun

    def prepare(self) -> Any:
        from feedback.erasures import running  # which is written in terms of this model

        return running.prepare(self)

    def step(self) -> bool:
        from feedback.erasures import running

        return running.step(self)

    def failed(self) -> None:
        """A failed one may be tried again and still knows whom; one that somebody stopped forgets it."""
        if self.state == Job.State.CANCELLED:
            self.subject_key = ""
