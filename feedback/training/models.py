"""Where models are fine-tuned, the jobs that were started there, and what these jobs told on their way."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any, ClassVar

from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models.functions import Now
from django.urls import reverse

from feedback.accounts.models import Member, OneTimeLink, ProjectRow
from feedback.datasets.models import DatasetVersion, Export, Split
from feedback.jobs import Job, JobRefused
from feedback.responses.models import LanguageModel
from feedback.sealed import SealBroken, SealedField, seal, unseal


class Trainer(ProjectRow):
    """A place where this project may fine-tune."""

    class Kind(models.TextChoices):
        OPENAI = "openai", "OpenAI-compatible service"
        LOCAL = "local", "this machine"
        SCHEDULER = "scheduler", "scheduler of a cluster"

    key = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=9, choices=Kind)
    base_url = models.CharField(max_length=300, blank=True, help_text="Where requests go; none for this machine.")
    sealed_key = SealedField(blank=True, help_text="The key with the address that it was entered for.")
    provider = models.CharField(max_length=60, blank=True, help_text="Under which responses name its models.")
    wandb_project = models.CharField(
        max_length=100, blank=True, help_text="Curves go there too, where the service can."
    )
    price_per_million_tokens = models.DecimalField(
        max_digits=12, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    price_per_hour = models.DecimalField(
        max_digits=12, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(max_length=3, default="USD")
    is_enabled = models.BooleanField(default=True, help_text="Whether new jobs may be started there.")
    created_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("project", "key", name="trainer_once")]

    def __str__(self) -> str:
        return self.name

    def refuse_to_turn(self, base_url: str, secret: str) -> None:
        """JobRefused for another address without its key."""
        if base_url != self.base_url and self.sealed_key and not secret:
            raise JobRefused("Enter the key again: it was given for another address.")

    def aim(self, base_url: str, secret: str = "") -> None:
        """Set the address. A key goes only where it was entered for: with another address it must be given again."""
        self.refuse_to_turn(base_url, secret)
        self.base_url = base_url
        if secret:
            self.sealed_key = seal(f"{base_url}\n{secret}")

    @property
    def secret(self) -> str:
        """The key, if it was entered for this address. Raises JobRefused."""
        try:
            address, _, secret = unseal(self.sealed_key).partition("\n")
        except SealBroken as error:
            raise JobRefused(f"{error} (Trainer “{self.name}”.)") from None
        if address != self.base_url:
            raise JobRefused("The trainer's key was entered for another address. Enter it again.")
        return secret


class FineTuneJob(ProjectRow, Job):
    """One fine-tune, from its files to the model that came out. Nothing outside is asked for twice: each id is saved
    before the next act, and what may have been asked for is looked for before it is asked for again.
    """

    bell: ClassVar[str] = "bulk"
    named_by: ClassVar[tuple[str, ...]] = ("version__dataset",)

    class Method(models.TextChoices):
        DPO = "dpo", "preferences (DPO)"
        SFT = "sft", "examples (SFT)"
        KTO = "kto", "good and bad answers (KTO)"
        REWARD = "reward", "reward model"

    class Phase(models.TextChoices):
        FILES = "files", "Making the files"
        SEND = "send", "Handing the files over"
        CREATE = "create", "Starting"
        WATCH = "watch", "Training"

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Its name outside.")
    trainer = models.ForeignKey(Trainer, models.PROTECT, related_name="jobs")
    version = models.ForeignKey(DatasetVersion, models.PROTECT, related_name="+")
    train_export = models.ForeignKey(Export, models.PROTECT, related_name="+")
    validation_export = models.ForeignKey(Export, models.PROTECT, related_name="+")
    method = models.CharField(max_length=6, choices=Method)
    base_model = models.CharField(max_length=200)
    suffix = models.CharField(max_length=40, blank=True, help_text="Part of the new model's name.")
    options = models.JSONField(default=dict, blank=True, help_text="Read strictly by options.py.")
    requested_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")

    phase = models.CharField(max_length=6, choices=Phase, default=Phase.FILES)
    is_cancelling = models.BooleanField(default=False)
    status = models.CharField(max_length=60, blank=True, help_text="The trainer's own word.")
    remote_id = models.CharField(max_length=200, blank=True)
    remote_files = models.JSONField(default=dict, blank=True, help_text="Split -> the file's id there.")
    process = models.JSONField(default=dict, blank=True, help_text="Machine, process id and its start, when local.")
    checkpoints = models.JSONField(default=list, blank=True)
    trained_tokens = models.PositiveBigIntegerField(null=True, blank=True)
    cost = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    heard_at = models.DateTimeField(null=True, blank=True, help_text="When the trainer was last heard of.")
    result_name = models.CharField(max_length=120, blank=True)
    result = models.ForeignKey(
        LanguageModel, models.PROTECT, null=True, blank=True, related_name="+", help_text="What responses name."
    )

    class Meta:
        verbose_name = "fine-tune"
        indexes = [models.Index(fields=["project", "-id"])]

    def __str__(self) -> str:
        return f"{self.base_model} on {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("training:job-detail", args=[self.project.slug, self.pk])

    @property
    def is_left_alone(self) -> bool:
        """Whether no worker is at it: it need not be waited for."""
        return self.state == Job.State.QUEUED or self.cursor.get("paused") == self.attempt

    @property
    def short_key(self) -> str:
        return self.key.hex[:12]

    @property
    def files(self) -> dict[str, Export]:
        """Split -> its file, without empty ones. The test split is never among them."""
        both = {Split.TRAIN.value: self.train_export, Split.VALIDATION.value: self.validation_export}
        return {split: export for split, export in both.items() if export.n_rows}

    def prepare(self) -> Any:
        from feedback.training import acts  # which is written in terms of these models

        return acts.prepare(self)

    def step(self) -> bool:
        from feedback.training import acts

        return acts.step(self)

    def end(self, state: Job.State, error: str = "") -> None:
        """However it ends, the key of its reports ends with it, and copies of its files go."""
        from feedback.training import local, scheduler  # which are written in terms of these models

        scheduler.forget_keys(self)
        super().end(state, error)
        transaction.on_commit(partial(local.clear, self))

    def cancel(self) -> bool:
        """Ask for its end: a worker stops it where it runs, and only then it has ended. False when it had ended."""
        with transaction.atomic():
            rows: Any = FineTuneJob.objects.select_for_update().unfinished()
            job: FineTuneJob | None = rows.filter(pk=self.pk).first()
            if job is None:
                return False
            columns: dict[str, Any] = {"is_cancelling": True}
            if job.is_left_alone:
                columns["lease_until"] = Now()
            FineTuneJob.objects.filter(pk=self.pk).update(**columns)
            job.ring()
        return True


class TrainingMetric(ProjectRow):
    """One number of a training curve."""

    job = models.ForeignKey(FineTuneJob, models.CASCADE, related_name="metrics")
    step = models.PositiveIntegerField()
    name = models.CharField(max_length=60)
    value = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint("job", "name", "step", name="training_metric_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.value:g} at step {self.step}"


class TrainingLine(ProjectRow):
    """One line of a job's log, or one event of its service."""

    job = models.ForeignKey(FineTuneJob, models.CASCADE, related_name="lines")
    key = models.CharField(max_length=80, help_text="The event's id, or where the line begins: once per job.")
    at = models.DateTimeField()
    level = models.CharField(max_length=10, default="info")
    text = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint("job", "key", name="training_line_once")]

    def __str__(self) -> str:
        return self.text[:60]


class TrainingLink(ProjectRow, OneTimeLink):
    """The address under which a scheduler fetches one file of a job, once."""

    route = "api:training-file"

    job = models.ForeignKey(FineTuneJob, models.CASCADE, related_name="links")
    split = models.CharField(max_length=10, choices=Split)

    def __str__(self) -> str:
        return f"{self.split} file of {self.job_id}"
