"""Who signs in: one row a person, whatever projects they are members of. models.py imports this."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models

if TYPE_CHECKING:
    from feedback.accounts.models import Member


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})

    def of_email(self, email: str) -> User | None:
        return self.filter(email=email.strip().lower()).first()


class User(AbstractUser):
    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    key = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text="Opaque; audit rows keep only this."
    )
    preferences = models.JSONField(default=dict, blank=True, help_text="How this person works: their keys.")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    memberships: list[Member]  # of who is signed in, enabled ones in every project (backend.py)
    objects = UserManager()  # type: ignore[assignment, misc]

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.lower()  # one mailbox is one person
        super().save(*args, **kwargs)
