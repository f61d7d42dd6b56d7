"""The demo's past: people of different habits have reviewed part of the queues; what they agree on is settled.

Ines is careful, Jon is lenient and overlooks things, Kaya is harsh. All goes through the same claim and submit as a
person at the page.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from typing import Any

from feedback.accounts.models import Member, Project
from feedback.judgements.record import criteria_of
from feedback.responses.demo import wrong_answer
from feedback.responses.models import Response
from feedback.rubrics.models import Criterion
from reviews.quality.settle import settle_complete_items
from reviews.queues.claim import claim
from reviews.queues.demo import GROUNDED, PAIRS
from reviews.queues.models import Assignment, Queue
from reviews.queues.submit import submit

Kind = Criterion.Kind


@dataclass(frozen=True)
class Habit:
    misses: float  # chance of overlooking what is wrong
    shift: int  # added to every rating
    marks: bool  # whether the words are marked and the answer rewritten


HABITS = {
    "ines@example.org": Habit(0.05, 0, True),
    "jon@example.org": Habit(0.35, 1, False),
    "kaya@example.org": Habit(0.1, -1, True),
}
REVIEWS = {GROUNDED: 75, PAIRS: 34}  # by each of the three; the rest waits for visitors


def fill(project: Project) -> None:
    if Assignment.objects.filter(project=project).exists():
        return
    draw = random.Random(11)  # the same world every time
    for key, count in REVIEWS.items():
        queue = project.queues.get(key=key)
        grace, queue.grace_seconds = queue.grace_seconds, 0
        queue.save(update_fields=["grace_seconds"])
        for _ in range(count):
            for email, habit in HABITS.items():
                review(
                    queue,
                    Member.objects.select_related("user", "project").get(project=project, user__email=email),
                    habit,
                    draw,
                )
        settle_complete_items()
        queue.grace_seconds = grace
        queue.save(update_fields=["grace_seconds"])


def review(queue: Queue, reviewer: Member, habit: Habit, draw: random.Random) -> None:
    assignment = claim(queue, reviewer)
    if assignment is None:
        return
    shown = assignment.item.subject.shown(assignment.shown_order)
    found = [wrong_answer(response.body.output) if draw.random() > habit.misses else None for response in shown]
    answers = compared(queue, shown, found, draw) if len(shown) == 2 else judged(queue, shown[0], found[0], habit)
    submit(
        assignment.token,
        reviewer,
        answers,
        submission_id=uuid.UUID(int=draw.getrandbits(128)),
        active_ms=draw.randrange(9_000, 70_000),
    )


def judged(queue: Queue, response: Response, wrong: dict[str, Any] | None, habit: Habit) -> dict[str, Any]:
    """Answers to the rubric for single responses, by what its criteria are rather than by their names."""
    answers: dict[str, Any] = {}
    unkind = bool(wrong) and not (wrong or {})["marks"]
    for criterion in criteria_of(queue.rubric_version):
        if criterion.kind == Kind.YES_NO:
            asks_for_harm = criterion.fails_when.get("values") == ["yes"]
            is_bad = (
                unkind
                if asks_for_harm and "toxic" in criterion.key
                else bool(wrong) and not unkind and not asks_for_harm
            )
            answers[criterion.key] = "yes" if is_bad == asks_for_harm else "no"
        elif criterion.kind == Kind.SCALE:
            answers[criterion.key] = max(1, min(5, (2 if wrong else 4) + habit.shift))
        elif criterion.kind == Kind.SPANS and wrong and habit.marks:
            answers[criterion.key] = [mark(response, entry) for entry in wrong["marks"]]
        elif criterion.kind == Kind.TEXT and wrong and habit.marks:
            answers[criterion.key] = (
                " ".join(entry["note"] for entry in wrong["marks"]) or "This is no way to talk to a customer."
            )
    return answers


def mark(response: Response, entry: dict[str, Any]) -> dict[str, Any]:
    start = response.body.output.index(entry["quote"])
    found: dict[str, Any] = {
        "response": response.pk, "start": start, "end": start + len(entry["quote"]), "quote": entry["quote"],
        "kind": entry["kind"], "severity": entry["severity"], "note": entry["note"],
    }  # fmt: skip
    passage = response.passages.filter(external_id=entry["passage"]).first() if entry["passage"] else None
    if passage:
        at = passage.text.index(entry["evidence"])
        found["evidence"] = {
            "passage": passage.pk,
            "start": at,
            "end": at + len(entry["evidence"]),
            "quote": entry["evidence"],
        }
    return found


def compared(queue: Queue, shown: list[Response], found: list[Any], draw: random.Random) -> dict[str, Any]:
    """The one without a fault is better, clearly; of two alike, one a little better or neither."""
    key = next(c.key for c in criteria_of(queue.rubric_version) if c.kind == Kind.COMPARISON)
    if bool(found[0]) != bool(found[1]):
        better = shown[1] if found[0] else shown[0]
        return {key: {"outcome": "preferred", "preferred": better.pk, "strength": 2}}
    if found[0]:
        return {key: {"outcome": "both_bad"}}
    if draw.random() < 0.4:
        return {key: {"outcome": "tie"}}
    # A preference for the shorter of two good answers, most of the time.
    shorter, longer = sorted(shown, key=lambda response: len(response.body.output))
    return {key: {"outcome": "preferred", "preferred": (shorter if draw.random() < 0.75 else longer).pk, "strength": 1}}
