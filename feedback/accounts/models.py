"""People, projects, their members and the keys of programs."""

from __future__ import annotations

import hmac
import re
import secrets
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from feedback.accounts.digests import digest_of, new_salt, pseudonym
from feedback.accounts.user_models import User as User
from feedback.hot import HotQuery
from feedback.permissions import ADMIN, CURATOR, MODERATOR, REVIEWER, may

ROLE_LABELS = {
    REVIEWER: gettext_lazy("Reviewer"),
    CURATOR: gettext_lazy("Curator"),
    MODERATOR: gettext_lazy("Moderator"),
    ADMIN: gettext_lazy("Admin"),
}


class Project(models.Model):
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    salt = models.CharField(
        max_length=32, default=new_salt, editable=False, help_text="Of draw keys, splits and pseudonyms."
    )
    archived_at = models.DateTimeField(null=True, blank=True)
    is_second_factor_required = models.BooleanField(
        default=False, help_text="Members without a second factor set one up before they enter."
    )
    sensitive_tags = models.JSONField(
        blank=True,
        db_default=models.Value(["toxic", "graphic"], models.JSONField()),
        help_text="Responses with one of these are covered until they are asked for; people may opt out of them.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    def archive(self) -> bool:
        """Shut everybody out and let no job start; False when it is archived already. Nothing is deleted."""
        now = timezone.now()
        done = Project.objects.filter(pk=self.pk, archived_at__isnull=True).update(archived_at=now)
        self.archived_at = now if done else self.archived_at
        return bool(done)

    def restore(self) -> bool:
        """Take it out of the archive, as it was; False when it is not there."""
        done = Project.objects.filter(pk=self.pk, archived_at__isnull=False).update(archived_at=None)
        self.archived_at = None
        return bool(done)


class ProjectRow(models.Model):
    """A row that belongs to exactly one project, as every row does."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="%(class)ss")

    class Meta:
        abstract = True


class MemberQuerySet(models.QuerySet["Member"]):
    def active(self) -> MemberQuerySet:
        """People who may act: neither disabled nor a source of imported labels, nor in an archived project."""
        return self.enabled().filter(project__archived_at__isnull=True)

    def enabled(self) -> MemberQuerySet:
        """As `active`, and those of archived projects too, of whom only admins find a page."""
        return self.filter(disabled_at__isnull=True, user__is_active=True)

    def people(self) -> MemberQuerySet:
        """With a user, able to sign in or once able to; by name."""
        return self.filter(user__isnull=False).select_related("user").order_by("user__name", "user__email", "pk")

    def imported(self) -> MemberQuerySet:
        """Named people of imported labels, who have no account here; by source and name."""
        return self.filter(user__isnull=True).order_by("source", "source_name", "pk")

    def admins(self) -> MemberQuerySet:
        return self.enabled().filter(role=ADMIN)


class LastAdmin(Exception):
    """A project keeps at least one admin who can act."""

    def __str__(self) -> str:
        return "This is the project's only admin: make somebody else an admin first."


class Member(ProjectRow):
    """A user's place in a project, or a named person of an imported source, who has no user and cannot sign in."""

    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="members")
    source = models.CharField(max_length=60, blank=True, help_text="Where an imported person comes from.")
    source_name = models.CharField(max_length=120, blank=True, help_text="That person's name there.")
    role = models.CharField(max_length=10, choices=list(ROLE_LABELS.items()))
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    pseudonym = models.CharField(max_length=20, editable=False, help_text="What exports and blind pages show.")
    disabled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "user", condition=Q(user__isnull=False), name="member_once"),
            models.UniqueConstraint(
                "project", "source", "source_name", condition=Q(user__isnull=True), name="source_person_once"
            ),
            models.UniqueConstraint("project", "pseudonym", name="pseudonym_once"),
            models.CheckConstraint(
                condition=Q(user__isnull=False, source="") | Q(user__isnull=True) & ~Q(source=""),
                name="member_user_or_source",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user) if self.user else f"{self.source_name} ({self.source})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.pseudonym:
            self.pseudonym = pseudonym(self.project.salt, str(self.key))
        super().save(*args, **kwargs)

    def may(self, verb: str) -> bool:
        return self.is_active and may(self.role, verb)

    @property
    def is_active(self) -> bool:
        return self.disabled_at is None and self.user is not None and self.user.is_active

    def change(self, *, role: str | None = None, is_disabled: bool | None = None) -> None:
        """Give another role, shut out, or let in again; raises LastAdmin. Takes effect with the next request."""
        with transaction.atomic():
            # Two admins who remove each other at once wait here for one another.
            Project.objects.select_for_update(no_key=True).get(pk=self.project_id)
            self.refresh_from_db(fields=["role", "disabled_at"])
            self.role = role or self.role
            if is_disabled is not None:
                self.disabled_at = (self.disabled_at or timezone.now()) if is_disabled else None
            stays = self.role == ADMIN and self.is_active
            others = Member.objects.admins().filter(project=self.project_id)
            if not stays and others.filter(pk=self.pk).exists() and not others.exclude(pk=self.pk).exists():
                raise LastAdmin
            self.save(update_fields=["role", "disabled_at"])

    def disable(self) -> None:
        self.change(is_disabled=True)


KEY_MARK = "tsk"
KEY_SHAPE = re.compile(rf"{KEY_MARK}_([0-9a-f]{{10}})_[\w-]{{43}}", re.ASCII)


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def live(self) -> ApiKeyQuerySet:
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=Now()), revoked_at__isnull=True)

    def over(self) -> ApiKeyQuerySet:
        return self.filter(Q(expires_at__lte=Now()) | Q(revoked_at__isnull=False))


class ApiKey(ProjectRow):
    """A program's key: `tsk_<prefix>_<secret>`. Only the SHA-256 of the whole is kept; the secret has 256 bits."""

    name = models.CharField(max_length=120)
    member = models.ForeignKey(
        Member,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="api_keys",
        help_text="Whose hands it is, when a person's.",
    )
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(default=list)
    created_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} ({KEY_MARK}_{self.prefix}…)"

    @classmethod
    def issue(cls, project: Project, name: str, scopes: list[str], **fields: Any) -> tuple[ApiKey, str]:
        """A new key and its secret text, which is shown this once."""
        prefix = secrets.token_hex(5)
        secret = f"{KEY_MARK}_{prefix}_{secrets.token_urlsafe(32)}"
        fields |= {"prefix": prefix, "digest": digest_of(secret)}
        return cls.objects.create(project=project, name=name, scopes=scopes, **fields), secret

    @classmethod
    def of_secret(cls, secret: str) -> ApiKey | None:
        """The live key that this text is, compared in constant time."""
        shape = KEY_SHAPE.fullmatch(secret)
        if shape is None:
            return None
        key = live_key.first(prefix=shape[1])
        return key if key and hmac.compare_digest(key.digest, digest_of(secret)) else None

    @property
    def state(self) -> str:
        """ "live", "revoked" or "expired"."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= timezone.now() else "live"

    def revoke(self) -> None:
        self.revoked_at = timezone.now()
        self.save(update_fields=["revoked_at"])


WHOSE = ("project", "member__user", "member__project")
live_key = HotQuery(lambda prefix: ApiKey.objects.live().filter(prefix=prefix).select_related(*WHOSE))


class LinkOver(Exception):
    """Somebody was first, or it is too late."""


class OneTimeLink(models.Model):
    """The parts that sign-in links and invitations share: a hashed secret, an end, and being used once."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    route: ClassVar[str]

    @classmethod
    def make(cls, lifetime: timedelta, **fields: Any) -> tuple[Self, str]:
        """A new link and its address, which holds the secret and is shown this once."""
        secret = secrets.token_urlsafe(32)
        row = cls(digest=digest_of(secret), expires_at=timezone.now() + lifetime, **fields)
        row.save()
        return row, settings.BASE_URL + reverse(cls.route, kwargs={"secret": secret})

    @classmethod
    def open(cls) -> models.QuerySet[Self]:
        return cls._default_manager.filter(used_at__isnull=True, expires_at__gt=Now())

    @classmethod
    def of_secret(cls, secret: str) -> Self | None:
        """The link with this secret, while it can still be used."""
        return cls.open().filter(digest=digest_of(secret)).first()

    def use(self) -> None:
        """Mark it used, or raise LinkOver: of many at once one does, as `open` joins nothing and is asked again."""
        if not type(self).open().filter(pk=self.pk).update(used_at=Now()):
            raise LinkOver


class SigninLink(OneTimeLink):
    route = "account_signin_link"

    user = models.ForeignKey(User, models.CASCADE, related_name="signin_links")

    def __str__(self) -> str:
        return f"sign-in link of {self.user}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def waiting(self) -> InvitationQuerySet:
        """Neither used nor withdrawn: open or expired; the one that ends first comes first."""
        return self.filter(used_at__isnull=True, withdrawn_at__isnull=True).order_by("expires_at", "pk")


class Invitation(ProjectRow, OneTimeLink):
    route = "account_invitation"
    SESSION_KEY: ClassVar[str] = "invitation"

    email = models.EmailField()
    role = models.CharField(max_length=10, choices=list(ROLE_LABELS.items()))
    invited_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"

    @classmethod
    def open(cls) -> models.QuerySet[Self]:
        return super().open().exclude(project__in=Project.objects.filter(archived_at__isnull=False))

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()

    def renew(self, lifetime: timedelta, by: Member) -> tuple[Invitation, str]:
        """A new link for the same person and role; the old one stops working. Raises LinkOver when it was used."""
        with transaction.atomic():
            waiting = Invitation.objects.filter(pk=self.pk, used_at__isnull=True, withdrawn_at__isnull=True)
            if not waiting.update(withdrawn_at=Now(), expires_at=Now()):
                raise LinkOver
            return Invitation.make(lifetime, project=self.project, email=self.email, role=self.role, invited_by=by)

    @classmethod
    def of_session(cls, session: Mapping[str, Any]) -> Self | None:
        """The invitation whose button this visitor pressed, while it can still be used."""
        return cls.open().filter(pk=session.get(cls.SESSION_KEY)).first()

    def known_user(self) -> User | None:
        return User.objects.of_email(self.email)

    def accept(self, user: User) -> Member:
        """Make the user a member once, or raise LinkOver. Members keep their role; who was shut out since stays out."""
        with transaction.atomic():
            self.use()
            member, _ = Member.objects.get_or_create(project=self.project, user=user, defaults={"role": self.role})
            if member.disabled_at:
                if member.disabled_at > self.created_at:
                    raise LinkOver
                member.change(role=self.role, is_disabled=False)
            return member

    def withdraw(self) -> None:
        self.expires_at = self.withdrawn_at = timezone.now()
        self.save(update_fields=["expires_at", "withdrawn_at"])


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    def live(self) -> IdempotencyKeyQuerySet:
        return self.filter(created_at__gt=Now() - IdempotencyKey.LIFETIME)

    def over(self) -> IdempotencyKeyQuerySet:
        return self.filter(created_at__lte=Now() - IdempotencyKey.LIFETIME)


class IdempotencyKey(ProjectRow):
    """An answer that a program got to a POST under its key, kept for a day (idempotency.py)."""

    LIFETIME: ClassVar[timedelta] = timedelta(hours=24)

    caller = models.CharField(max_length=40, help_text="The API key, or the member who came by session.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the key, which may be anything.")
    address = models.CharField(max_length=300)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the request: another one is refused.")
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.TextField(help_text="JSON as it was sent.")
    created_at = models.DateTimeField(db_default=Now())

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("project", "caller", "digest", name="idempotency_key_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return f"{self.address} by {self.caller}"
