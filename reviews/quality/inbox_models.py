"""Up to when a person has read what was decided about their reviews. models.py imports this."""

from __future__ import annotations

from django.db import models

from feedback.accounts.models import Member, ProjectRow


class DecisionsRead(ProjectRow):
    """A person's mark in their decisions: what was settled up to then is read."""

    member = models.OneToOneField(Member, models.CASCADE, related_name="decisions_read")
    upto = models.DateTimeField(help_text="When the newest decision that they have read was made.")

    def __str__(self) -> str:
        return f"{self.member} up to {self.upto:%Y-%m-%d %H:%M}"
