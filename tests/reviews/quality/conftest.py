"""Gold in a queue, and people who review it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from feedback.accounts.models import Member, Project
from feedback.responses.models import Response
from reviews.quality.gold_make import make as make_gold
from reviews.quality.gold_models import GoldItem, GoldSetting
from reviews.queues.claim import claim
from reviews.queues.models import Assignment, Item
from reviews.queues.submit import submit
from tests import make


class Gold:
    """`gold.items(3)`, `gold.work(reviewer, 20)`."""

    def __init__(self, project: Project, curator: Member) -> None:
        self.project, self.curator = project, curator
        self.queue = make.queue(project, k=1)
        self.setting = GoldSetting.objects.create(project=project, queue=self.queue, rate=0.1, seed="seed")

    def ordinary(self, n: int) -> list[Item]:
        return make.items(self.queue, n)

    def items(self, n: int, **answers: Any) -> list[GoldItem]:
        """Gold on settled items, as a verdict leaves them."""
        return [self.of(self.settled(), **answers) for _ in range(n)]

    def settled(self) -> Item:
        """Reviewed by somebody of the past, and settled."""
        past = make.member(self.project, name="Pia Past", disabled_at="2024-01-01T00:00:00Z")
        subject = make.subject(make.response(self.project, "Answer 0.", question=f"Q{next(make.counter)}?"))
        review = make.counted(self.queue, subject, past, make.ANSWERS)
        make.verdict(subject, self.queue.rubric_version, [review], origin=self.queue.key)
        Item.objects.filter(queue=self.queue, subject=subject).update(state="settled")
        Response.objects.filter(subject_parts__subject=subject).update(verdict="passed")
        return Item.objects.get(queue=self.queue, subject=subject)

    def of(self, item: Item, **answers: Any) -> GoldItem:
        return make_gold(item, {**make.ANSWERS, **answers}, self.curator)

    def turn(self, reviewer: Member, **answers: Any) -> Assignment | None:
        held = claim(self.queue, reviewer)
        return self.hand_in(held, **answers) if held else None

    def hand_in(self, held: Assignment, **answers: Any) -> Assignment:
        return submit(held.token, held.reviewer, {**make.ANSWERS, **answers}, submission_id=uuid4())


@pytest.fixture
def gold(project: Project, curator: Member) -> Gold:
    return Gold(project, curator)
