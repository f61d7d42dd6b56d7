"""What the room remembers itself: which workers have been heard of, and what was added up so that pages need not.

Days and facts are no truth of their own: addup.py makes them again from responses and verdicts, and `verify` compares.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

from django.db import models
from django.db.models.functions import Now

from feedback.accounts.models import ProjectRow
from feedback.judgements.models import Verdict
from feedback.prompts.models import PromptVersion
from feedback.responses.models import LanguageModel
from feedback.rubrics.models import RubricVersion

BEAT_SECONDS = 10  # between two signs of life of a worker
SILENT_SECONDS = 40  # four of them: then it is taken for gone
FORGOTTEN = timedelta(minutes=10)  # then the next sign of life of another worker removes its row


class WorkerBeatQuerySet(models.QuerySet["WorkerBeat"]):
    def with_silence(self) -> Self:
        """Each with `silence`: how long nobody has heard of it, by the database's clock."""
        age = models.ExpressionWrapper(Now() - models.F("seen_at"), output_field=models.DurationField())
        return self.annotate(silence=age)

    def mark(self, name: str, pid: int, **facts: Any) -> None:
        """A sign of life. `facts`: the bells it hears, its processes and how many of them are busy."""
        if self.filter(name=name, pid=pid).update(seen_at=Now(), **facts):
            return
        self.filter(seen_at__lt=Now() - FORGOTTEN).delete()
        self.update_or_create(name=name, pid=pid, defaults={"seen_at": Now(), **facts})


class WorkerBeat(models.Model):
    """A worker process and when it was last heard of.

    The only table of ours without a project: workers serve all of them. Each worker writes its own row every
    BEAT_SECONDS (`Pulse` in feedback/celery.py) and takes it away when it is stopped in good order.
    """

    name = models.CharField(max_length=200, help_text="As Celery calls it: celery@host.")
    pid = models.PositiveIntegerField()
    bells = models.JSONField(default=list, help_text="Celery queues that it hears.")
    processes = models.PositiveIntegerField(default=1)
    busy = models.PositiveIntegerField(default=0, help_text="Jobs in its hands when it was last heard of.")
    started_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()

    silence: timedelta  # by `with_silence`

    objects = WorkerBeatQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("name", "pid", name="worker_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.pid})"


class AddedDay(ProjectRow):
    """A day of a project whose responses are added up in its `ResponseDay` rows."""

    day = models.DateField(help_text="Of `responded_at`, in UTC.")

    class Meta:
        constraints = [models.UniqueConstraint("project", "day", name="added_day_once")]

    def __str__(self) -> str:
        return f"{self.day}"


class ResponseDay(ProjectRow):
    """Sums over the responses of one day that agree in origin, environment, prompt version and model."""

    day = models.DateField()
    origin = models.CharField(max_length=10)
    environment = models.CharField(max_length=60, blank=True)
    prompt_version = models.ForeignKey(PromptVersion, models.CASCADE, null=True, blank=True, related_name="+")
    model = models.ForeignKey(LanguageModel, models.CASCADE, null=True, blank=True, related_name="+")
    n = models.PositiveIntegerField()
    n_input = models.PositiveBigIntegerField()
    n_output = models.PositiveBigIntegerField()
    n_both = models.PositiveIntegerField(help_text="Responses that tell input and output tokens.")
    tokens = models.PositiveBigIntegerField(help_text="Of those, both together.")
    n_cost = models.PositiveIntegerField(help_text="Responses with a cost.")
    spent = models.FloatField()
    squares = models.FloatField(help_text="Of the costs.")
    latencies = models.JSONField(help_text="How many there are by step of two percent (days.py).")

    class Meta:
        indexes = [models.Index(fields=["project", "day"]), models.Index(fields=["prompt_version", "day"])]

    def __str__(self) -> str:
        return f"{self.day} {self.prompt_version_id}: {self.n}"


class VerdictFact(ProjectRow):
    """What a current verdict means for rates, beside the facts of the response that it judges (of a set: none)."""

    verdict = models.OneToOneField(Verdict, models.CASCADE, primary_key=True, related_name="+")
    queue_key = models.CharField(max_length=60)
    rubric_version = models.ForeignKey(RubricVersion, models.CASCADE, related_name="+")
    is_single = models.BooleanField(help_text="One response was judged.")
    day = models.DateField(null=True, blank=True)
    origin = models.CharField(max_length=10, blank=True)
    environment = models.CharField(max_length=60, blank=True)
    prompt_version = models.ForeignKey(PromptVersion, models.CASCADE, null=True, blank=True, related_name="+")
    says_hallucination = models.PositiveSmallIntegerField(null=True, blank=True)
    says_toxicity = models.PositiveSmallIntegerField(null=True, blank=True)
    says_bias = models.PositiveSmallIntegerField(null=True, blank=True)
    says_harm = models.PositiveSmallIntegerField(null=True, blank=True)
    says_failure = models.PositiveSmallIntegerField(null=True, blank=True)
    drawn = models.BooleanField(help_text="With a known chance, by a rule that does not look for suspects.")
    weight = models.FloatField(null=True, blank=True, help_text="1 / inclusion probability.")
    cost = models.FloatField(null=True, blank=True, help_text="Of the response.")
    agreed = models.BooleanField(null=True, blank=True, help_text="Whether all said the same; of two reviews or more.")
    is_ready = models.BooleanField(default=False, help_text="A pair that two thirds of the votes settled.")

    class Meta:
        indexes = [
            models.Index(fields=["prompt_version", "day"], condition=models.Q(is_single=True), name="fact_of_version"),
            models.Index(fields=["project", "queue_key", "rubric_version", "agreed"], name="fact_agreed"),
            models.Index(fields=["project"], condition=models.Q(is_ready=True), name="fact_ready"),
            models.Index(fields=["project", "day"]),
        ]

    def __str__(self) -> str:
        return f"fact of verdict {self.verdict_id}"
