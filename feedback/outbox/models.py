"""Webhooks: what happened, who wants to hear of it, and each delivery of the one to the other."""

from __future__ import annotations

import base64
import secrets
import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from feedback.accounts.models import Member, Project, ProjectRow
from feedback.jobs import Job, JobQuerySet
from feedback.outbox.address import is_same_place
from feedback.sealed import SealedField, seal

OVERLAP = timedelta(hours=24)  # both signatures are sent for so long after a secret was replaced
BELLS = 20  # rung at once; each delivery that ends rings for the next, and the sweep for the rest


def new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def there(self) -> EndpointQuerySet:
        return self.exclude(state=Endpoint.State.REMOVED)


class Endpoint(ProjectRow):
    """An address of somebody else's that is told of events. Its secret signs what is sent there."""

    class State(models.TextChoices):
        ON = "on"
        PAUSED = "paused"  # by a person
        DISABLED = "disabled", "switched off"  # by us; `reason` says why
        REMOVED = "removed"  # whoever is emitting may still name it: a sweep deletes the row later

    url = models.URLField(max_length=500)
    description = models.CharField(max_length=200, blank=True)
    types = models.JSONField(default=list, help_text="Types of events it is told of.")
    state = models.CharField(max_length=8, choices=State, default=State.ON)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was switched off.")
    state_at = models.DateTimeField(auto_now_add=True)
    sealed_secret = SealedField()
    sealed_old_secret = SealedField(blank=True, help_text="Signs beside the new one for a day.")
    overlap_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="Attempts that failed in a row.")
    failing_since = models.DateTimeField(null=True, blank=True)
    rests_until = models.DateTimeField(null=True, blank=True, help_text="Nothing is tried before.")
    created_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    secret: str = ""  # only right after it was made

    objects = EndpointQuerySet.as_manager()

    class Meta:
        verbose_name = "webhook"
        indexes = [models.Index(fields=["project", "state"])]

    def __str__(self) -> str:
        return self.description or self.url

    def get_absolute_url(self) -> str:
        return reverse("outbox:endpoint-detail", args=[self.project.slug, self.pk])

    @classmethod
    def add(cls, project: Project, url: str, types: list[str], description: str = "", **fields: Any) -> Endpoint:
        """A new one. Its secret is in `secret`, for whoever adds it to see once."""
        secret = new_secret()
        endpoint = cls(project=project, url=url, types=sorted(types), description=description, **fields)
        endpoint.sealed_secret, endpoint.secret = seal(secret), secret
        endpoint.save()
        return endpoint

    def change(self, *, url: str, types: list[str], description: str) -> bool:
        """Whether its secret was replaced too: it is when the address leads to another receiver, for nobody who has
        got hold of this page may take over what another one trusts. Call it in a transaction.
        """
        is_elsewhere = not is_same_place(self.url, url)
        self.url, self.types, self.description = url, sorted(types), description
        self.save(update_fields=["url", "types", "description"])
        if is_elsewhere:
            self.rotate(overlap=timedelta())
        return is_elsewhere

    def rotate(self, *, overlap: timedelta = OVERLAP) -> str:
        """A new secret; the old one signs beside it during the overlap. Call it in a transaction."""
        row = Endpoint.objects.select_for_update(no_key=True).get(pk=self.pk)
        self.secret = new_secret()
        self.sealed_old_secret = row.sealed_secret if overlap else ""
        self.sealed_secret = seal(self.secret)
        self.overlap_until = timezone.now() + overlap if overlap else None
        self.save(update_fields=["sealed_secret", "sealed_old_secret", "overlap_until"])
        return self.secret

    def switch(self, state: str, reason: str = "") -> bool:
        """Set its state; False when it has that state already, or was removed. Call it in a transaction.

        Switched on, it hears at once of what has waited for it.
        """
        changed = {"state": state, "reason": reason, "state_at": Now()}
        if state == self.State.ON:
            changed |= {"failures": 0, "failing_since": None, "rests_until": None}
        if state == self.State.REMOVED:
            changed |= {"sealed_secret": "", "sealed_old_secret": ""}
        rows = Endpoint.objects.there().filter(pk=self.pk).exclude(state=state)
        if not rows.update(**changed):
            return False
        self.refresh_from_db()
        if state == self.State.ON:
            waiting = self.deliveries.filter(state=Job.State.QUEUED)
            waiting.filter(lease_until__gt=Now()).update(lease_until=None)
            ring_some(waiting)
        return True

    @property
    def is_on(self) -> bool:
        return self.state == self.State.ON


SHOWN_STATES = [state.value for state in Endpoint.State if state != Endpoint.State.REMOVED]
CHOSEN_STATES = [Endpoint.State.ON.value, Endpoint.State.PAUSED.value]


class Event(ProjectRow):
    """Something that happened, as it is told. Never changed; deleted when its time is over (WEBHOOK_KEEP_DAYS)."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="The webhook-id.")
    type = models.CharField(max_length=60)
    about = models.CharField(max_length=120, help_text="Events about the same are told in their order.")
    data = models.JSONField(help_text="Ids, keys and addresses; never a text of a prompt or a response.")
    wanted_by = models.JSONField(help_text="Ids of the endpoints that it had to be told to.")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "webhook event"
        indexes = [models.Index(fields=["project", "-id"]), models.Index(fields=["created_at"])]

    def __str__(self) -> str:
        return f"{self.type} {self.about}"

    @property
    def message_id(self) -> str:
        return f"msg_{self.key.hex}"

    @property
    def body(self) -> dict[str, Any]:
        """What is sent. `sequence` grows with the order of events about the same thing, with gaps."""
        return {
            "type": self.type,
            "timestamp": self.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "data": {**self.data, "sequence": self.pk},
        }


class DeliveryQuerySet(JobQuerySet):
    def claimable(self) -> DeliveryQuerySet:
        """Those to endpoints that are on and do not rest, and after whatever came before about the same thing."""
        on = Endpoint.objects.filter(pk=OuterRef("endpoint"), state=Endpoint.State.ON)
        rested = on.filter(Q(rests_until__isnull=True) | Q(rests_until__lte=Now()))
        same = Delivery.objects.unfinished().filter(endpoint=OuterRef("endpoint"), about=OuterRef("about"))
        earlier = same.filter(event__lt=OuterRef("event"))
        found: Any = super().claimable().filter(Exists(rested), ~Exists(earlier))
        return found

    def finished(self) -> DeliveryQuerySet:
        return self.filter(state__in=[Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED])

    def send_again(self) -> int:
        """Queue the finished ones of these anew, with the whole schedule before them; how many. In a transaction."""
        ids = list(self.finished().order_by("pk").values_list("pk", flat=True))
        again = {"state": Job.State.QUEUED, "tried": 0, "error": "", "cursor": {}, "replays": F("replays") + 1}
        again |= {"lease_until": None, "started_at": None, "finished_at": None}
        rows = Delivery.objects.filter(pk__in=ids)
        count = rows.finished().update(**again)
        ring_some(rows)
        return count


def ring_some(rows: models.QuerySet[Delivery]) -> None:
    for delivery in rows.filter(state=Job.State.QUEUED).order_by("event")[:BELLS]:
        delivery.ring()


class Delivery(Job):
    """One event on its way to one endpoint: the job that sends it, and what became of every attempt."""

    is_listed: ClassVar[bool] = False
    named_by: ClassVar[tuple[str, ...]] = ("event", "endpoint")

    project = models.ForeignKey(Project, models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries")
    about = models.CharField(max_length=120, help_text="The event's; its order is kept by it.")
    tried = models.PositiveSmallIntegerField(default=0, help_text="Attempts of this round of the schedule.")
    replays = models.PositiveSmallIntegerField(default=0, help_text="How often a person had it sent again.")
    attempts = models.JSONField(default=list, blank=True, help_text="When, answered how, after how long; no body.")
    delivered_at = models.DateTimeField(null=True, blank=True, help_text="When it was taken the first time.")

    objects: ClassVar[Any] = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        constraints = [models.UniqueConstraint("event", "endpoint", name="delivery_once")]
        indexes = [
            models.Index(fields=["endpoint", "-id"], name="delivery_of_endpoint"),
            models.Index(fields=["project", "-id"], name="delivery_of_project"),
            models.Index(
                fields=["endpoint", "about", "event"],
                condition=Q(state__in=["queued", "running"]),
                name="delivery_on_its_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint}"

    def get_absolute_url(self) -> str:
        return reverse("outbox:delivery-detail", args=[self.project.slug, self.pk])

    def prepare(self) -> Any:
        from feedback.outbox import sending  # which is written in terms of these models

        return sending.prepare(self)

    def step(self) -> bool:
        from feedback.outbox import sending

        return sending.step(self)

    @transaction.atomic
    def send_again(self) -> bool:
        return bool(Delivery.objects.filter(pk=self.pk).send_again())

    @property
    def last(self) -> dict[str, Any] | None:
        """Its newest attempt."""
        return self.attempts[-1] if self.attempts else None
