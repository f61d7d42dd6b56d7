"""Attributes by which votes may be looked at in groups: a project offers a few, and each person states theirs or not.

What somebody stated is read by that person and by sums over groups (subgroups.py), by nobody else.
"""

from __future__ import annotations

from django.db import models

from feedback.accounts.models import Member, ProjectRow


class ReviewerAttribute(ProjectRow):
    """One attribute with its choices, such as a region. Taken away with everything that was stated."""

    key = models.SlugField(max_length=40)
    label = models.CharField(max_length=80)
    choices = models.JSONField(help_text="Words to choose from.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("project", "key", name="attribute_once")]

    def __str__(self) -> str:
        return self.label


class StatedAttribute(ProjectRow):
    """What one person says of themselves, for as long as they leave it there."""

    attribute = models.ForeignKey(ReviewerAttribute, models.CASCADE, related_name="stated")
    member = models.ForeignKey(Member, models.CASCADE, related_name="stated_attributes")
    value = models.CharField(max_length=80, editable=False, help_text="In no form, list or take-out of operators.")

    class Meta:
        constraints = [models.UniqueConstraint("attribute", "member", name="stated_once")]

    def __str__(self) -> str:
        return f"{self.attribute} of a member"
