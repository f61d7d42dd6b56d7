"""What a mail tells: counts, names of projects and queues, addresses. Nothing that a model or a person wrote."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from feedback.accounts.models import Member, User
from feedback.accounts.second_factor import has_second_factor
from reviews.quality.inbox import decisions
from reviews.queues.claim import MANY, remaining_by_queue
from reviews.queues.desk import questions_of
from reviews.queues.models import Queue


@dataclass(frozen=True)
class Waiting:
    name: str
    n: int

    @property
    def is_many(self) -> bool:
        return self.n >= MANY


@dataclass
class News:
    """Of one project, for one member."""

    project: str
    url: str
    queues: list[Waiting] = field(default_factory=list)
    n_answers: int = 0
    n_decisions: int = 0
    inbox_url: str = ""

    def __bool__(self) -> bool:
        return bool(self.queues or self.n_answers or self.n_decisions)


def news_of(user: User, since: datetime) -> list[News]:
    """By project, of those where this person may enter and something is to be told."""
    members: Any = user.members.active().select_related("project").order_by("project__name")
    is_proven = has_second_factor(user)
    found = [news_in(row, since) for row in members if is_proven or not row.project.is_second_factor_required]
    return [news for news in found if news]


def news_in(member: Member, since: datetime) -> News:
    """Who may not review gets no counts of queues; decisions and answers are of what they did when they might."""
    waiting: dict[int, int] = remaining_by_queue(member) if member.may("review") else {}
    due = {pk: n for pk, n in waiting.items() if n}
    names = Queue.objects.filter(pk__in=due, is_training=False).order_by("name").values_list("pk", "name")
    answers = [row for row in questions_of(member) if row["is_answered"] and row["at"] >= since]
    return News(
        project=member.project.name,
        url=address("queues:work", member),
        queues=[Waiting(name, due[pk]) for pk, name in names],
        n_answers=len(answers),
        n_decisions=decisions(member).filter(settled_at__gte=since).order_by().count(),
        inbox_url=address("quality:inbox", member),
    )


def address(route: str, member: Member) -> str:
    return settings.BASE_URL + reverse(route, kwargs={"project": member.project.slug})
