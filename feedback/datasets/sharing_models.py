"""Finished files for others: one-time links, and what is sent to the operator's destinations."""

from __future__ import annotations

import base64
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from feedback.accounts.digests import digest_of, new_salt
from feedback.accounts.models import Member, OneTimeLink, ProjectRow
from feedback.jobs import Job

LINK_STATES = [(name, name) for name in ("open", "begun", "used", "revoked", "expired")]


class DownloadLink(ProjectRow, OneTimeLink):
    """An address that opens one finished file without signing in, for a short time and one complete download.

    Its secret is signed, so that it can be told again to whoever made it, and stands nowhere: the row has its hash.
    """

    route = "export_link"

    export = models.ForeignKey("datasets.Export", models.CASCADE, related_name="links")
    made_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")
    nonce = models.CharField(max_length=32, default=new_salt, editable=False)
    holder = models.CharField(max_length=64, blank=True, help_text="Hash of who began the download: only they go on.")
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"link to {self.export}"

    @classmethod
    def open(cls) -> models.QuerySet[Self]:
        return super().open().filter(revoked_at__isnull=True, project__archived_at__isnull=True)

    @property
    def secret(self) -> str:
        signed = salted_hmac("feedback.datasets.DownloadLink", self.nonce, algorithm="sha256").digest()
        return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()

    @property
    def url(self) -> str:
        return settings.BASE_URL + reverse(self.route, kwargs={"secret": self.secret})

    @property
    def state(self) -> str:
        """ "open", "begun", "used", "revoked" or "expired"."""
        if self.revoked_at or self.used_at:
            return "revoked" if self.revoked_at else "used"
        if self.expires_at <= timezone.now():
            return "expired"
        return "begun" if self.holder else "open"

    def revoke(self) -> bool:
        """Close it; False when it was over already."""
        return bool(self.standing().update(revoked_at=Now()))

    def standing(self) -> models.QuerySet[DownloadLink]:
        """Its row while it may be used, by conditions on that row alone: an update that joins another table looks
        before it waits for the row, and not again after.
        """
        return DownloadLink.objects.filter(pk=self.pk, used_at=None, revoked_at=None, expires_at__gt=Now())

    def hold(self, who: str) -> bool:
        """Let them download, if nobody else began to; of two who try at once one succeeds."""
        holder = digest_of(f"{self.nonce} {who}")
        return bool(self.standing().filter(holder__in=["", holder]).update(holder=holder))


class Shipment(ProjectRow, Job):
    """A finished file on its way to a destination that the operator configured. One a file and destination."""

    bell: ClassVar[str] = "bulk"
    may_retry: ClassVar[bool] = True
    named_by: ClassVar[tuple[str, ...]] = ("export__version__dataset",)

    export = models.ForeignKey("datasets.Export", models.CASCADE, related_name="shipments")
    destination = models.CharField(max_length=60, help_text="Its name in EXPORT_DESTINATIONS.")
    place = models.CharField(max_length=500, blank=True, help_text="Where the file lies there, once it is whole.")
    requested_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint("export", "destination", name="shipment_once")]

    def __str__(self) -> str:
        return f"{self.export} to {self.destination}"

    def get_absolute_url(self) -> str:
        version = self.export.version
        args = [self.project.slug, version.dataset.key, version.number, self.export_id]
        return reverse("datasets:export-share", args=args)

    def begin_again(self) -> None:
        self.cursor, self.done, self.place = {}, 0, ""

    def prepare(self) -> Any:
        from feedback.datasets import shipments  # which is written in terms of these models

        return shipments.prepare(self)

    def step(self) -> bool:
        from feedback.datasets import shipments

        return shipments.step(self)
