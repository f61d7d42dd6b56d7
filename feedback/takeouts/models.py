"""Take-outs: a file with every row of a project, for whoever leaves, keeps a copy, or must hand it over."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from feedback.accounts.models import Member, Project, ProjectRow
from feedback.audit.log import record
from feedback.jobs import Job


class TakeOut(ProjectRow, Job):
    """The job that writes the file, and what became of it. It runs in archived projects too."""

    bell: ClassVar[str] = "bulk"
    runs_archived: ClassVar[bool] = True

    requested_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")
    file = models.CharField(max_length=200, blank=True, help_text="Name in the file storage, until it expires.")
    n_rows = models.PositiveBigIntegerField(default=0)
    n_bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    manifest = models.JSONField(default=dict, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Then the file is deleted.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project", condition=Q(state__in=["queued", "running"]), name="takeout_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"take-out {self.pk} of {self.project}"

    @classmethod
    @transaction.atomic
    def ask(cls, project: Project, *, by: Member | None = None, request: Any = None) -> TakeOut:
        """Begin one; a take-out under way is returned instead of a second one."""
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        begun: TakeOut | None = cls.objects.unfinished().filter(project=project).first()
        if begun is None:
            begun = cls.objects.create(project=project, requested_by=by)
            record("takeout-requested", begun, request=request, actor=by or "operator")
            begun.ring()
        return begun

    @property
    def is_there(self) -> bool:
        return bool(self.file) and self.expires_at is not None and self.expires_at > timezone.now()

    def delete_file(self) -> None:
        """After its time. The row stays: what was taken out, by whom and when is worth knowing."""
        default_storage.delete(self.file)
        self.file = ""
        self.save(update_fields=["file"])

    def prepare(self) -> Any:
        from feedback.takeouts import writing  # which is written in terms of this model

        return writing.prepare(self)

    def step(self) -> bool:
        from feedback.takeouts import writing

        return writing.step(self)

    def failed(self) -> None:
        from feedback.takeouts import writing

        writing.clear(self)
