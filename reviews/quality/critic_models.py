"""That a moderator looked at what critics say before settling a dispute."""

from __future__ import annotations

from django.db import models

from feedback.accounts.models import Member, ProjectRow


class CriticLook(ProjectRow):
    """One moderator's look, during one dispute: the first time, and what has been shown since."""

    adjudication = models.ForeignKey(
        "quality.Adjudication", models.CASCADE, related_name="critic_looks", db_index=False
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="+")
    shown = models.JSONField(default=list, help_text="Ids of the assessments that were shown.")
    looked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("adjudication", "member", name="critic_look_once")]

    def __str__(self) -> str:
        return f"look of {self.member} at {self.adjudication}"
