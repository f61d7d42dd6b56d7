"""What is asked: a prompt and its immutable versions."""

from __future__ import annotations

from typing import Any

from django.db import models

from feedback.accounts.models import ProjectRow


class Prompt(ProjectRow):
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("project", "name", name="prompt_once")]

    def __str__(self) -> str:
        return self.name


class PromptVersion(ProjectRow):
    """One immutable text of a prompt. `template` and `system` are empty while only the caller's label is known."""

    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="versions")
    label = models.CharField(max_length=100, help_text="The caller's name for it, such as v7 or a commit.")
    template = models.TextField(blank=True)
    system = models.TextField(blank=True)
    parameters = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("prompt", "label", name="prompt_version_once")]

    def __str__(self) -> str:
        return f"{self.prompt.name} {self.label}"

    @property
    def has_text(self) -> bool:
        return bool(self.template or self.system)

    def write(self, template: str, system: str, parameters: dict[str, Any]) -> None:
        """Give a version that was known by its label only its text, once; whoever comes first stays."""
        empty = PromptVersion.objects.filter(pk=self.pk, template="", system="")
        empty.update(template=template, system=system, parameters=parameters)
        self.refresh_from_db()
