"""Human labels from elsewhere, as reviews by named sources."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.urls import reverse

from feedback.accounts.models import Member, ProjectRow
from feedback.erasing import name_of
from feedback.judgements.models import Review
from feedback.responses.upload import Upload


class ImportedReview(ProjectRow):
    """What makes an import idempotent: one source key, one review; the same body again changes nothing."""

    source = models.CharField(max_length=60)
    external_id = models.CharField(max_length=200)
    body_hash = models.CharField(max_length=64)
    review = models.OneToOneField(Review, models.CASCADE, related_name="imported")
    imported_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py."
    )

    ERASED: ClassVar[dict[str, Any]] = {"external_id": name_of(), "body_hash": ""}

    class Meta:
        constraints = [models.UniqueConstraint("project", "source", "external_id", name="imported_review_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.external_id}"


class LabelUpload(Upload):
    """A file of human labels."""

    def get_absolute_url(self) -> str:
        return reverse("imports:upload-detail", args=[self.project.slug, self.pk])

    def take(self, chunk: list[Any]) -> tuple[dict[str, int], list[Any]]:
        from reviews.imports import uploaded  # which is written in terms of these models

        return uploaded.take(self, chunk)

    def shown(self, chunk: list[Any]) -> list[dict[str, Any]]:
        from reviews.imports import uploaded

        return uploaded.shown(chunk)

    def finished(self) -> None:
        from reviews.imports import uploaded

        uploaded.written_down(self)
