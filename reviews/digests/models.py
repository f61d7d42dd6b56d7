"""Who wants a mail a day, and what became of each day's mail."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core import signing
from django.db import models, transaction

from feedback.accounts.models import User
from feedback.audit.log import record


class DigestWish(models.Model):
    """A person wants the mail: off means that there is no row."""

    SALT: ClassVar[str] = "reviews.digests.end"

    user = models.OneToOneField(User, models.CASCADE, related_name="digest_wish")
    since = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"daily mail to {self.user}"


class DigestDay(models.Model):
    """One person's day: whoever makes the row decides what is sent, so that two workers never send twice."""

    class State(models.TextChoices):
        BEGUN = "begun"  # and nothing more, when a worker died at it: the next day tells everything again
        QUIET = "quiet", "nothing to tell"
        SENT = "sent"
        FAILED = "failed"

    user = models.ForeignKey(User, models.CASCADE, related_name="digest_days", db_index=False)  # digest_day_once
    day = models.DateField(db_index=True)
    state = models.CharField(max_length=6, choices=State, default=State.BEGUN)

    class Meta:
        constraints = [models.UniqueConstraint("user", "day", name="digest_day_once")]

    def __str__(self) -> str:
        return f"{self.user} on {self.day}: {self.state}"


def end_token(user: User) -> str:
    """What the link to end the mails holds. It signs nobody in, and old mails may be ended by theirs."""
    return signing.dumps(str(user.key), salt=DigestWish.SALT)


def user_of(token: str) -> User | None:
    try:
        key = signing.loads(token, salt=DigestWish.SALT)
    except signing.BadSignature:
        return None
    return User.objects.filter(key=key).first()


def is_wished(user: User) -> bool:
    return DigestWish.objects.filter(user=user).exists()


@transaction.atomic
def switch(user: User, *, is_on: bool, **audited: Any) -> None:
    """On or off, written down when it changes."""
    if is_on:
        _, is_changed = DigestWish.objects.get_or_create(user=user)
    else:
        is_changed = bool(DigestWish.objects.filter(user=user).delete()[0])
    if is_changed:
        record("digest-on" if is_on else "digest-off", user, **audited)
