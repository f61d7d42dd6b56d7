"""Everything about one item for its page: places, reviews under blind names, verdicts, what moderators did."""

from __future__ import annotations

from typing import Any

from feedback.accounts.models import Member
from feedback.judgements.models import Verdict
from feedback.judgements.record import ANSWER_ROWS, criteria_of
from feedback.permissions import ADMIN
from reviews.moderation.act import verdicts_of
from reviews.moderation.models import Action
from reviews.moderation.panel import line, shown
from reviews.quality.dispute import settled_words, sheet
from reviews.quality.names import letters_of
from reviews.queues.desk import names_of
from reviews.queues.models import Assignment, Escalation, Item, Place
from reviews.queues.submit import PASSED_ON

State, PlaceState = Assignment.State, Place.State
SAID = {
    State.SUBMITTED: ("Counted", "good", "check2"),
    State.SURPLUS: ("Kept, not counted", "warn", ""),
    State.INVALIDATED: ("Invalidated", "bad", "x-lg"),
}
PLACES = {
    PlaceState.OPEN: ("Open", ""),
    PlaceState.CLAIMED: ("Being reviewed now", "accent"),
    PlaceState.FILLED: ("Filled", "good"),
    PlaceState.WITHDRAWN: ("Withdrawn", "warn"),
}


def dossier(item: Item, member: Member) -> dict[str, Any]:
    """The context of the page. Names of reviewers are shown to admins only."""
    responses, letters = item.subject.shown(), letters_of(item)
    turns = list(turns_of(item))
    said = [turn for turn in turns if turn.pk in letters]
    for turn in said:
        turn.review.assignment = turn
    counted = [turn.review for turn in said]
    dispute = item.adjudications.filter(settled_at=None).first()
    sees_names = member.role == ADMIN
    places = Place.objects.filter(item=item).order_by("number")
    return {
        **sheet(item, responses, counted, dispute.disputed if dispute else [], letters),
        "item": item,
        "dispute": dispute if item.state == Item.State.UNRESOLVED else None,
        "places": [{"row": place, "words": PLACES[PlaceState(place.state)]} for place in places],
        "turns_taken": sorted((turn_line(turn, letters[turn.pk], sees_names) for turn in said), key=by_name),
        "n_skipped": sum(turn.state in PASSED_ON for turn in turns),
        "sees_names": sees_names,
        "verdicts": [verdict_line(verdict, item, responses) for verdict in verdicts_of(item)],
        "escalations": Escalation.objects.for_item(item).with_last_word().prefetch_related("messages")[:20],
        "happened": [line(action) for action in shown(Action.objects.filter(item=item))[:50]],
    }


def turns_of(item: Item) -> Any:
    answers = [f"review__{name}" for name in ANSWER_ROWS if name != "rubric_version"]
    rows = Assignment.objects.filter(item=item).select_related("reviewer__user", "review__rubric_version")
    return rows.prefetch_related(*answers).order_by("pk")


def by_name(entry: dict[str, Any]) -> tuple[int, str]:
    return len(entry["name"]), entry["name"]


def turn_line(turn: Assignment, letter: str, sees_names: bool) -> dict[str, Any]:
    words, tone, icon = SAID[State(turn.state)]
    if turn.is_extra and turn.state == State.SUBMITTED:  # gold, or the same person again
        words, tone, icon = "Beside the count", "", ""
    return {
        "turn": turn,
        "name": f"Reviewer {letter}",
        "person": turn.reviewer if sees_names else None,
        "words": words,
        "tone": tone,
        "icon": icon,
        "day": turn.submitted_at,
        "may_restore": turn.state == State.INVALIDATED and turn.review is not None and not turn.review.withdrawn_at,
        "may_invalidate": turn.state in {State.SUBMITTED, State.SURPLUS},
    }


def verdict_line(verdict: Verdict, item: Item, responses: list[Any]) -> dict[str, Any]:
    """A verdict in words: each question with what was settled."""
    names = names_of(responses)
    criteria = criteria_of(item.rubric_version)
    pairs = [(criterion, verdict.answers.get(criterion.key)) for criterion in criteria]
    return {
        "verdict": verdict,
        "method": verdict.get_method_display(),
        "answers": [
            (criterion.label, settled_words(criterion, answer, names)) for criterion, answer in pairs if answer
        ],
    }
