"""A benchmark held against a version, and what of it stands there."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.urls import reverse

from feedback.accounts.models import Member, ProjectRow
from feedback.jobs import Job


class ContaminationCheck(ProjectRow, Job):
    """A benchmark held against what a version would train on (contamination.py). Of the file its name stays."""

    bell: ClassVar[str] = "bulk"
    named_by: ClassVar[tuple[str, ...]] = ("version__dataset",)

    version = models.ForeignKey("datasets.DatasetVersion", models.CASCADE, related_name="checks")
    name = models.CharField(max_length=200, help_text="Of the benchmark's file.")
    requested_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")
    benchmark = models.JSONField(default=dict, blank=True, help_text="Hashes of its texts while they are compared.")
    n_texts = models.PositiveIntegerField(default=0)
    n_short = models.PositiveIntegerField(default=0, help_text="Texts that were too short to tell anything.")

    def __str__(self) -> str:
        return f"{self.version} against {self.name}"

    def get_absolute_url(self) -> str:
        args = [self.project.slug, self.version.dataset.key, self.version.number, self.pk]
        return reverse("datasets:contamination-detail", args=args)

    def step(self) -> bool:
        from feedback.datasets import contamination  # which is written in terms of these models

        return contamination.step(self)

    def failed(self) -> None:
        self.benchmark = {}
        self.hits.all().delete()


class ContaminationHit(ProjectRow):
    """A text of a training row that stands in a benchmark."""

    class Row(models.TextChoices):
        PAIR = "pair"
        CASE = "case", "prompt case"

    check_of = models.ForeignKey(ContaminationCheck, models.CASCADE, related_name="hits")
    row = models.CharField(max_length=4, choices=Row)
    key = models.CharField(max_length=120, help_text="Id of the pair, or of the case's verdict.")
    part = models.CharField(max_length=10, help_text="prompt, chosen, rejected or answer.")
    kind = models.CharField(max_length=5, help_text="exact or near.")
    likeness = models.FloatField(help_text="Share of runs of five words that both have; 1 when they are the same.")
    line = models.PositiveIntegerField(help_text="Of the benchmark's file, or its item.")

    class Meta:
        constraints = [models.UniqueConstraint("check_of", "row", "key", "part", name="contamination_hit_once")]

    def __str__(self) -> str:
        return f"{self.row} {self.key} in line {self.line}"
