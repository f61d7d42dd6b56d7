"""People, projects, their members and the keys of programs."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from feedback.permissions import ROLES, may


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    key = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text="Opaque; audit rows keep only this."
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()  # type: ignore[assignment, misc]

    def __str__(self) -> str:
        return self.name or self.email


def new_salt() -> str:
    return secrets.token_hex(16)


class Project(models.Model):
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    salt = models.CharField(
        max_length=32, default=new_salt, editable=False, help_text="Of draw keys, splits and pseudonyms."
    )
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class ProjectRow(models.Model):
    """A row that belongs to exactly one project, as every row does."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="%(class)ss")

    class Meta:
        abstract = True


class MemberQuerySet(models.QuerySet["Member"]):
    def active(self) -> MemberQuerySet:
        """People who may act: neither disabled nor a source of imported labels."""
        return self.filter(disabled_at__isnull=True, user__is_active=True, project__archived_at__isnull=True)


class Member(ProjectRow):
    """A user's place in a project, or a named person of an imported source, who has no user and cannot sign in."""

    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="members")
    source = models.CharField(max_length=60, blank=True, help_text="Where an imported person comes from.")
    source_name = models.CharField(max_length=120, blank=True, help_text="That person's name there.")
    role = models.CharField(max_length=10, choices=[(role, role.capitalize()) for role in ROLES])
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

    def disable(self) -> None:
        self.disabled_at = timezone.now()
        self.save(update_fields=["disabled_at"])


def pseudonym(salt: str, key: str) -> str:
    """A stable name that says nothing: HMAC-SHA256 under the project's salt, 12 hex digits."""
    return "r-" + hmac.new(salt.encode(), key.encode(), hashlib.sha256).hexdigest()[:12]


KEY_MARK = "tsk"


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def live(self) -> ApiKeyQuerySet:
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=Now()), revoked_at__isnull=True)


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
        digest = hashlib.sha256(secret.encode()).hexdigest()
        return cls.objects.create(
            project=project, name=name, scopes=scopes, prefix=prefix, digest=digest, **fields
        ), secret

    @classmethod
    def of_secret(cls, secret: str) -> ApiKey | None:
        """The live key that this text is, compared in constant time."""
        parts = secret.split("_", 2)
        if len(parts) != 3 or parts[0] != KEY_MARK:
            return None
        key = (
            cls.objects.live()
            .select_related("project", "member__user", "member__project")
            .filter(prefix=parts[1])
            .first()
        )
        digest = hashlib.sha256(secret.encode()).hexdigest()
        return key if key and hmac.compare_digest(key.digest, digest) else None

    def revoke(self) -> None:
        self.revoked_at = timezone.now()
        self.save(update_fields=["revoked_at"])


class OneTimeLink(models.Model):
    """The parts that sign-in links and invitations share: a hashed secret, an end, and being used once."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def use(self) -> bool:
        """Mark it used; False when somebody was first or it is too late."""
        rows = type(self)._default_manager.filter(pk=self.pk, used_at__isnull=True, expires_at__gt=Now())
        return bool(rows.update(used_at=Now()))


class SigninLink(OneTimeLink):
    user = models.ForeignKey(User, models.CASCADE, related_name="signin_links")

    def __str__(self) -> str:
        return f"sign-in link of {self.user}"


class Invitation(ProjectRow, OneTimeLink):
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=[(role, role.capitalize()) for role in ROLES])
    invited_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"
