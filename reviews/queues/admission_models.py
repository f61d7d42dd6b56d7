"""Who may claim: the people named for a restricted queue, and those who passed a training. models.py imports this."""

from __future__ import annotations

from django.db import models

from feedback.accounts.models import Member, ProjectRow


class Admission(ProjectRow):
    """One of the people who may claim from a restricted queue. Who holds an item when it ends may finish that item."""

    queue = models.ForeignKey("queues.Queue", models.CASCADE, related_name="admissions")
    member = models.ForeignKey(Member, models.CASCADE, related_name="admissions")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("queue", "member", name="admission_once")]

    def __str__(self) -> str:
        return f"{self.member} in {self.queue}"


class Qualification(ProjectRow):
    """Who passed a training queue; written by a higher room, which knows what passing is."""

    queue = models.ForeignKey("queues.Queue", models.CASCADE, related_name="qualifications")
    member = models.ForeignKey(Member, models.CASCADE, related_name="qualifications")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("queue", "member", name="qualification_once")]

    def __str__(self) -> str:
        return f"{self.member} passed {self.queue}"
