"""A moderator settles what the reviewers could not: the disputed criteria only, with a reason, never an own review."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from feedback.accounts.models import Member
from feedback.audit.log import record
from feedback.judgements.answers import check_one
from feedback.judgements.material import Material, with_turns, without_words
from feedback.judgements.models import Review, Verdict
from feedback.judgements.record import criteria_of
from feedback.judgements.refusal import refused
from feedback.rubrics.models import RANKED, Criterion
from reviews.quality.models import Adjudication, CriticLook
from reviews.quality.settle import Case, State, change_state, load, lock_before, supersede, verdict_of
from reviews.quality.tally import Answer, is_asked, is_failure, moot, share_of_ranking, share_of_set, share_of_turns
from reviews.queues.models import Item

NEEDS_REASON = "Say why: reviewers and trainers read it."


class NotDisputed(Exception):
    """The item was settled or reopened in the meantime."""


class ReviewedIt(Exception):
    """Whoever reviewed an item does not settle its dispute."""


def has_reviewed(member: Member, item: Item) -> bool:
    """Whether this person ever submitted a review of the item, also one that was taken back."""
    mine = Review.objects.filter(subject=item.subject_id, origin=item.queue.key, reviewer=member)
    return mine.exists() or item.assignments.filter(reviewer=member, review__isnull=False).exists()


@transaction.atomic
def adjudicate(
    item: Item, moderator: Member, answers: dict[str, Any], reason: str | dict[str, str], *, request: Any = None
) -> Verdict:
    """Write the adjudicated verdict. `answers` has the disputed criteria, in the usual shape; "yes" or "no" for spans.

    `reason` is one for all, or one for each disputed criterion, which is kept beside its answer.
    Raises ReviewedIt, NotDisputed, or AnswersRefused.
    """
    if has_reviewed(moderator, item):
        raise ReviewedIt
    case = disputed_case(item)
    dispute = case.dispute
    if dispute is None or case.is_overtaken:
        raise NotDisputed
    criteria = criteria_of(case.item.rubric_version)
    settled = case.settled()
    decided: list[Criterion] = []
    for criterion in criteria:
        if is_asked(criterion, settled) is False:  # by a decision just made
            settled[criterion.key] = moot(settled[criterion.key])
        elif criterion.key in dispute.disputed:
            material = with_turns(without_words(case.item.subject), [criterion])
            settled[criterion.key] |= decision(criterion, answers, settled[criterion.key], material)
            decided.append(criterion)
    for key, why in reasons_of(decided, reason).items():
        settled[key]["reason"] = why
    verdict = verdict_of(case, settled)
    verdict.method, verdict.settled_by, verdict.reason = Verdict.Method.ADJUDICATED, moderator, in_one(decided, reason)
    verdict.is_failure = is_failure(criteria, settled)
    supersede([(case, verdict)])
    Adjudication.objects.filter(pk=dispute.pk).update(settled_at=Now(), settled_by=moderator, verdict=verdict)
    change_state([item.pk], State.SETTLED, before=State.UNRESOLVED)
    saw_critic = CriticLook.objects.filter(adjudication=dispute, member=moderator).exists()
    record("item-adjudicated", item, request=request, actor=moderator, verdict=verdict.pk, criteria=dispute.disputed,
           saw_critic=saw_critic)  # fmt: skip
    return verdict


def reasons_of(decided: list[Criterion], reason: str | dict[str, str]) -> dict[str, str]:
    """The reason of each criterion, or nothing when one was given for all; a missing one is refused."""
    if isinstance(reason, str):
        if not reason.strip():
            raise refused("/reason", NEEDS_REASON)
        return {}
    given = {criterion.key: reason.get(criterion.key, "").strip() for criterion in decided}
    for key, text in given.items():
        if not text:
            raise refused(f"/reason/{key}", NEEDS_REASON)
    return given


def in_one(decided: list[Criterion], reason: str | dict[str, str]) -> str:
    """The reasons as one text, each under its question."""
    if isinstance(reason, str):
        return reason.strip()
    if len(decided) == 1:
        return reason[decided[0].key].strip()
    return "\n".join(f"{criterion.label}: {reason[criterion.key].strip()}" for criterion in decided)


def disputed_case(item: Item) -> Case:
    """The item, locked after those that it asks about again, with its reviews and open dispute."""
    lock_before(item.pk)
    rows = Item.objects.filter(pk=item.pk, state=State.UNRESOLVED).select_related(
        "queue__rubric_version__rubric", "subject"
    )
    locked = list(rows.select_for_update(of=("self",)))
    if not locked:
        raise NotDisputed
    return load(locked)[0]


def decision(criterion: Criterion, answers: dict[str, Any], answer: Answer, material: Material) -> Answer:
    """What the decision changes in the settled answer; votes and n still say what the reviewers said."""
    value: Any = answers.get(criterion.key)
    if criterion.kind == Criterion.Kind.SPANS:
        if value not in ("yes", "no"):
            raise refused(f"/{criterion.key}", "Say yes or no.")
    else:
        value = check_one(criterion, value, material)
    if criterion.kind == Criterion.Kind.MULTI_CHOICE:
        values = list(answer["votes"])
        return {
            "value": value,
            "share": share_of_set(answer["votes"], answer["n"], values, value),
            "adjudicated": True,
        }
    if criterion.kind == Criterion.Kind.PER_TURN:
        votes = {turn: answer["turns"].get(turn, {}).get("votes", {}) for turn in value}
        turns = {turn: {"value": said, "votes": votes[turn]} for turn, said in value.items()}
        return {"value": value, "turns": turns, "share": share_of_turns(votes, value), "adjudicated": True}
    if criterion.kind in RANKED:
        return {"value": value, "share": share_of_ranking(answer["pairs"], value), "adjudicated": True}
    if criterion.kind != Criterion.Kind.COMPARISON:
        return {"value": value, "share": share(answer, value), "adjudicated": True}
    preferred = value.get("preferred")
    return {
        "outcome": value["outcome"],
        "preferred": preferred,
        "strength": value.get("strength"),
        "share": share(answer, str(preferred or value["outcome"])),
        "adjudicated": True,
    }


def share(answer: Answer, outcome: str) -> float | None:
    return answer["votes"].get(outcome, 0) / answer["n"] if answer["n"] else None
