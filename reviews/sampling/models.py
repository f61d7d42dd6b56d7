"""What to draw from the stream of responses: rules, their frozen versions, and runs."""

from __future__ import annotations

import time
import uuid
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Max, Q
from django.urls import reverse

from feedback.accounts.models import Member, ProjectRow
from feedback.audit.log import record
from feedback.jobs import Job, JobQuerySet, JobRefused
from feedback.responses.filters import drawable
from feedback.responses.models import Response
from feedback.responses.subjects import sets
from reviews.queues.items import add_items
from reviews.queues.models import Queue
from reviews.sampling.draw import Draw, writers

OVERLAP = 10_000  # ids below the last run's bound that a scheduled rate looks at again, for rows that committed late
WAIT_SECONDS = 10.0  # for writers in flight when the bounds are frozen


class SamplingRule(ProjectRow):
    key = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    interval_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Run this often; empty is by hand only."
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("project", "key", name="rule_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def current(self) -> SamplingRuleVersion:
        return self.versions.order_by("-number")[0]

    @transaction.atomic
    def revise(self, *, by: Member | str = "system", **choices: Any) -> SamplingRuleVersion:
        """The next version, frozen from now on. ValidationError names what cannot be drawn."""
        type(self).objects.select_for_update().get(pk=self.pk)
        number = (self.versions.aggregate(top=Max("number"))["top"] or 0) + 1
        version = SamplingRuleVersion(project=self.project, rule=self, number=number, **choices)
        version.full_clean()
        version.save()
        record("rule-created" if number == 1 else "rule-changed", version, actor=by, number=number)
        return version

    @transaction.atomic
    def start(self, tick: str = "", by: Member | None = None) -> SamplingRun:
        """Run the current version: at most one unfinished run at a time, and one for each tick, however often asked."""
        type(self).objects.select_for_update().get(pk=self.pk)
        runs = SamplingRun.of(self)
        asked = runs.filter(tick=tick).first() if tick else None
        run = asked or runs.unfinished().first()
        if run is None:
            tick = tick or f"hand-{uuid.uuid4().hex}"
            run = SamplingRun.objects.create(
                project=self.project, rule_version=self.current, tick=tick, requested_by=by
            )
            record("run-started", run, actor=by or "system", tick=tick)
        if not run.is_finished:
            run.ring()
        return run


class SamplingRuleVersion(ProjectRow):
    class Method(models.TextChoices):
        RATE = "rate", "a share of what matches"
        SIZE = "size", "a fixed number"

    rule = models.ForeignKey(SamplingRule, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="rule_versions")
    filter = models.JSONField(default=dict, blank=True, help_text="Parameters of the response list's FilterSet.")
    method = models.CharField(max_length=4, choices=Method)
    rate = models.FloatField(null=True, blank=True)
    size = models.PositiveIntegerField(null=True, blank=True)
    seed = models.CharField(max_length=60, blank=True, help_text="Shifts the interval of draw keys.")
    k = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Reviews per item; empty takes the queue's.")
    lane = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("rule", "number", name="rule_version_once"),
            models.CheckConstraint(
                condition=Q(method="rate", rate__gt=0, rate__lte=1, size__isnull=True)
                | Q(method="size", size__gte=1, rate__isnull=True),
                name="rule_rate_or_size",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.number}"

    def clean(self) -> None:
        errors: dict[str, Any] = {}
        if (self.rate is None) == (self.size is None) or (self.method == self.Method.RATE) != (self.rate is not None):
            errors["method"] = "Give either a rate or a size."
        elif self.rate is not None and not 0 < self.rate <= 1:
            errors["rate"] = "A rate lies above 0 and is at most 1."
        elif self.size is not None and self.size < 1:
            errors["size"] = "A size is at least 1."
        if self.k is not None and self.k < 1:
            errors["k"] = "An item needs at least one review."
        if self.queue.project_id != self.project_id:
            errors["queue"] = "There is no such queue in this project."
        elif self.queue.takes_imports:
            errors["queue"] = "This queue takes imported reviews; nobody would review what is drawn into it."
        try:
            drawable(self.project, self.filter)
        except ValidationError as error:
            errors["filter"] = [f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items()]
        if errors:
            raise ValidationError(errors)

    @property
    def amount(self) -> str:
        """How much it draws, in words: 5 %, or 200."""
        return f"{self.rate * 100:g} %" if self.rate is not None else str(self.size)

    def bounds(self, *, is_scheduled: bool) -> tuple[int, int]:
        """The range of response ids that a run beginning now would look at.

        A scheduled rule goes on where its last run ended. A rate looks a little further back: a response that took its
        id early and committed late is found then, and what is in the queue already is left alone. A size must not: it
        would take its first n from the same responses again.
        """
        last = 0
        if is_scheduled and self.rule_id is not None:
            last = SamplingRun.of(self.rule).filter(state=Job.State.DONE).aggregate(top=Max("highest_id"))["top"] or 0
        overlap = OVERLAP if self.rate is not None else 0
        newest = Response.objects.filter(project=self.project_id).aggregate(top=Max("id"))["top"] or 0
        return max(1, last + 1 - overlap), newest

    def draw(self, lowest: int, highest: int) -> Draw:
        return Draw(
            project=self.project,
            filter=self.filter,
            seed=self.seed,
            rate=self.rate,
            size=self.size,
            subject_size=self.queue.rubric_version.subject_size,
            lowest=lowest,
            highest=highest,
        )


class SamplingRun(ProjectRow, Job):
    """One execution of a rule version. Its bounds are frozen before anything is drawn."""

    bell: ClassVar[str] = "bulk"
    may_retry: ClassVar[bool] = True  # its bounds are frozen, and what was drawn is in the queue once
    named_by: ClassVar[tuple[str, ...]] = ("rule_version__rule",)

    rule_version = models.ForeignKey(SamplingRuleVersion, models.PROTECT, related_name="runs")
    tick = models.CharField(max_length=40, help_text="Scheduled minute, or a unique mark of a run by hand.")
    requested_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")
    lowest_id = models.BigIntegerField(null=True, blank=True, help_text="Responses from this id on (frozen bound).")
    highest_id = models.BigIntegerField(null=True, blank=True, help_text="Responses up to this id (frozen bound).")
    population = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="How many matched, where it was counted."
    )
    n_drawn = models.PositiveBigIntegerField(default=0)
    n_added = models.PositiveBigIntegerField(default=0, help_text="Drawn ones that were not in the queue already.")

    class Meta:
        constraints = [models.UniqueConstraint("rule_version", "tick", name="run_once_a_tick")]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.rule_version}"

    def get_absolute_url(self) -> str:
        return reverse("sampling:rule-detail", args=[self.project.slug, self.rule_version.rule.key])

    @classmethod
    def of(cls, rule: SamplingRule) -> JobQuerySet:
        return cls.objects.filter(rule_version__rule=rule)

    def begin_again(self) -> None:
        """It goes on where it was, as the only run of its rule."""
        rule = SamplingRule.objects.select_for_update().get(versions=self.rule_version_id)
        if SamplingRun.of(rule).unfinished().exists():
            raise JobRefused("Another run of this rule is under way.")

    def step(self) -> bool:
        """First the bounds, then whoever was writing at that moment, then the draw, chunk by chunk."""
        if self.highest_id is None:
            return self.freeze()
        if "writers" in self.cursor:
            return self.wait()
        return self.draw_chunk()

    def freeze(self) -> bool:
        """Write the bounds down before anything is drawn: a run that starts again draws from the same responses."""
        rule, version = self.rule_version.rule, self.rule_version
        if version.queue.state == Queue.State.CLOSED:
            raise JobRefused(f"The queue {version.queue} is closed. Open it, or give the rule another one.")
        self.lowest_id, self.highest_id = version.bounds(is_scheduled=rule.interval_minutes is not None)
        self.cursor = {"writers": writers(), "since": time.time()}
        return False

    def wait(self) -> bool:
        """Until the transactions that could still hold an id within the bounds have ended, or have taken too long."""
        left = set(self.cursor["writers"]) & set(writers())
        if left and time.time() - self.cursor["since"] < WAIT_SECONDS:
            time.sleep(0.05)
            return False
        if self.rule_version.size is not None:
            self.population = self.population_draw().population()
            self.total = min(self.population, self.rule_version.size)
        self.cursor = {"at": {}}
        return self.population == 0

    def population_draw(self) -> Draw:
        """The draw between this run's frozen bounds."""
        assert self.lowest_id is not None
        assert self.highest_id is not None
        return self.rule_version.draw(self.lowest_id, self.highest_id)

    @property
    def seconds(self) -> float | None:
        """How long it took, from its first step to its end."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def inclusion_probability(self) -> float:
        """Of each response, or each input of a pair queue, to be drawn by this run."""
        version = self.rule_version
        if version.rate is not None:
            return version.rate
        assert version.size is not None
        return min(1.0, version.size / (self.population or version.size))

    def draw_chunk(self) -> bool:
        version = self.rule_version
        groups, after = self.population_draw().chunk(self.cursor["at"])
        if version.size is not None:
            groups = groups[: version.size - self.n_drawn]
        if groups:
            subjects = sets(self.project, groups)
            self.n_added += add_items(
                version.queue,
                [subject.pk for subject in subjects],
                k=version.k,
                lane=version.lane,
                inclusion_probability=self.inclusion_probability,
                rule_label=f"{version.rule.key} v{version.number}",
                rule_version_id=version.pk,
                run_id=self.pk,
            )
        self.n_drawn = self.done = self.n_drawn + len(groups)
        self.cursor = {"at": after}
        return after is None or self.n_drawn == version.size
