"""What builds keep to tell whether questions say nearly the same, and how often models and reviewers were chosen."""

from __future__ import annotations

from django.db import models

from feedback.accounts.models import Project, ProjectRow


class PromptSketch(ProjectRow):
    """What a question says, so far as it can be told whether another says nearly the same (near.py). Written once."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="promptsketchs", db_index=False)
    fold_hash = models.CharField(max_length=64, help_text="Of the folded input, as responses have it.")
    shingles = models.TextField(blank=True, help_text="Hashes of its runs of five words, in base64.")
    anchors = models.JSONField(
        default=list, help_text="Fold hashes that stand for the questions before it that say nearly the same."
    )

    class Meta:
        constraints = [models.UniqueConstraint("project", "fold_hash", name="prompt_sketch_once")]

    def __str__(self) -> str:
        return self.fold_hash[:12]


class SketchBucket(ProjectRow):
    """A bucket of the index that finds questions which may say nearly the same."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
    bucket = models.BigIntegerField()
    sketch = models.ForeignKey(PromptSketch, models.CASCADE, related_name="buckets", db_index=False)

    class Meta:
        indexes = [models.Index(fields=["project", "bucket"], name="sketch_by_bucket")]

    def __str__(self) -> str:
        return f"{self.bucket}"


class PairNote(ProjectRow):
    """What a build must remember of its pairs to hold later ones against them; gone when the version is complete."""

    version = models.ForeignKey("datasets.DatasetVersion", models.CASCADE, related_name="notes")
    position = models.PositiveIntegerField()
    prompt = models.CharField(max_length=64, help_text="Stands for the question and those near it.")
    key = models.CharField(max_length=120, help_text="Of the candidate that the pair was.")
    told_models = models.TextField(help_text="Which model was chosen over which.")
    reviewers = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint("version", "position", name="pair_note_once")]
        indexes = [models.Index(fields=["version", "prompt", "position"], name="pair_note_by_prompt")]

    def __str__(self) -> str:
        return self.key
