"""What a moderator does to an item or a review: states, places, verdicts, and the way back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.judgements.models import Review, Verdict
from feedback.responses.models import Response
from reviews.moderation import act
from reviews.moderation.models import Action
from reviews.quality.models import Adjudication
from reviews.quality.settle import settle_complete_items
from reviews.queues.claim import claim
from reviews.queues.models import Assignment, Item, Place
from reviews.queues.submit import submit
from tests import make


def states(item: Item) -> list[str]:
    return list(item.places.order_by("number").values_list("state", flat=True))


def verbs() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


def test_a_withdrawn_item_is_put_back_as_it_was(project: Project, reviewer: Member, moderator: Member) -> None:
    queue = make.queue(project, k=3)
    item = make.items(queue)[0]
    held = claim(queue, reviewer)
    act.withdraw(item, moderator, "It is not ours.")
    item.refresh_from_db()
    assert (item.state, item.k, sorted(states(item))) == ("withdrawn", 1, ["claimed", "withdrawn", "withdrawn"])
    act.put_back(item, moderator, "It is.")
    item.refresh_from_db()
    assert (item.state, item.k, sorted(states(item))) == ("open", 3, ["claimed", "open", "open"])
    assert held is not None
    assert claim(queue, make.member(project)) is not None  # nobody's front has passed what opened again
    kinds = list(Action.objects.order_by("pk").values_list("kind", "k_before", "reason"))
    assert kinds == [("withdraw", 3, "It is not ours."), ("put-back", 1, "It is.")]
    assert {"item-withdrawn", "item-put-back"} <= set(verbs())


def test_putting_a_settled_item_back_leaves_its_verdict(settled: Item, moderator: Member, of: Any) -> None:
    verdict = of.verdict(settled)
    act.withdraw(settled, moderator, "Wait.")
    assert of.verdict(settled) == verdict
    act.put_back(settled, moderator, "Go on.")
    settle_complete_items()
    settled.refresh_from_db()
    assert (settled.state, of.verdict(settled), Verdict.objects.count()) == ("settled", verdict, 1)


def test_putting_back_counts_what_waited_as_surplus(project: Project, moderator: Member) -> None:
    queue = make.queue(project, k=1)
    item, late = make.items(queue)[0], make.member(project)
    held = claim(queue, late)
    assert held is not None
    Place.objects.filter(assignment=held).update(state="open", assignment=None, lease_until=None)
    act.withdraw(item, moderator, "Wait.")
    kept = submit(held.token, late, make.ANSWERS, submission_id=uuid4())
    assert kept.state == Assignment.State.SURPLUS
    act.put_back(item, moderator, "Go on.")
    kept.refresh_from_db()
    item.refresh_from_db()
    assert (kept.state, item.state, states(item)) == ("submitted", "complete", ["filled"])


def test_one_more_review_ends_the_verdict_at_once(settled: Item, moderator: Member, of: Any) -> None:
    act.ask_more(settled, moderator, "I doubt it.")
    settled.refresh_from_db()
    assert (settled.state, settled.k, of.verdict(settled)) == ("open", 3, None)
    ended = Verdict.objects.get()
    assert ended.superseded_at is not None
    assert Response.objects.get().verdict == ""
    event = AuditEvent.objects.get(verb="verdict-ended")
    assert (event.actor, event.facts["verdict"]) == (str(moderator.key), ended.pk)
    act.ask_fewer(settled, moderator, "I was wrong.")
    settle_complete_items()
    settled.refresh_from_db()
    assert (settled.state, settled.k) == ("settled", 2)
    assert Response.objects.get().verdict == "passed"


def test_one_more_review_of_a_dispute_lets_it_wait(disputed: Item, moderator: Member, of: Any) -> None:
    act.ask_more(disputed, moderator, "Ask somebody else.")
    assert not Adjudication.objects.open().exists()
    third = make.member(disputed.project)
    held = claim(disputed.queue, third)
    assert held is not None
    submit(held.token, third, of.good, submission_id=uuid4())
    settle_complete_items()
    disputed.refresh_from_db()
    assert disputed.state == "settled"
    assert Adjudication.objects.get().settled_at is not None


def test_an_invalidated_review_ends_the_verdict_and_opens_its_place(settled: Item, moderator: Member, of: Any) -> None:
    turn = of.turn(settled)
    act.invalidate(turn, moderator, "It was a machine.")
    settled.refresh_from_db()
    turn.refresh_from_db()
    assert (settled.state, sorted(states(settled)), turn.state) == ("open", ["filled", "open"], "invalidated")
    assert of.verdict(settled) is None
    assert Response.objects.get().verdict == ""
    assert Review.objects.standing().count() == 1


def test_a_kept_review_takes_the_place_and_settles_anew(project: Project, moderator: Member, of: Any) -> None:
    item = of.item(project, of.bad, of.bad)
    late = make.member(project)
    review = make.review(item.subject, item.queue.rubric_version, late, of.bad, origin=item.queue.key)
    kept = Assignment.objects.create(
        project=project, queue=item.queue, item=item, reviewer=late, state="surplus", review=review,
        submitted_at=review.submitted_at,
    )  # fmt: skip
    act.invalidate(of.turn(item), moderator, "It was a machine.")
    kept.refresh_from_db()
    item.refresh_from_db()
    assert (kept.state, item.state, of.verdict(item)) == ("submitted", "complete", None)
    settle_complete_items()
    verdict = of.verdict(item)
    assert verdict is not None
    assert review.pk in verdict.review_ids


def test_a_restored_review_counts_again_where_a_place_is_open(settled: Item, moderator: Member, of: Any) -> None:
    turn, before = of.turn(settled), of.verdict(settled)
    act.invalidate(turn, moderator, "It was a machine.")
    act.restore(turn, moderator, "It was a person.")
    turn.refresh_from_db()
    settled.refresh_from_db()
    assert (turn.state, settled.state, states(settled)) == ("submitted", "complete", ["filled", "filled"])
    settle_complete_items()
    after = of.verdict(settled)
    assert after is not None
    assert (after.review_ids, after.answers) == (before.review_ids, before.answers)
    assert after != before


def test_a_restored_review_is_kept_when_its_place_was_taken(settled: Item, moderator: Member, of: Any) -> None:
    turn, other = of.turn(settled), make.member(settled.project)
    act.invalidate(turn, moderator, "It was a machine.")
    held = claim(settled.queue, other)
    assert held is not None
    submit(held.token, other, of.good, submission_id=uuid4())
    settle_complete_items()
    verdict = of.verdict(settled)
    act.restore(turn, moderator, "It was a person.")
    turn.refresh_from_db()
    assert (turn.state, of.verdict(settled)) == ("surplus", verdict)


def test_a_review_of_a_withdrawn_item_is_invalidated_and_kept(settled: Item, moderator: Member, of: Any) -> None:
    turn = of.turn(settled)
    act.withdraw(settled, moderator, "Not ours.")
    act.invalidate(turn, moderator, "It was a machine.")
    assert (of.verdict(settled), sorted(states(settled))) == (None, ["filled", "withdrawn"])
    act.restore(turn, moderator, "No.")
    turn.refresh_from_db()
    assert turn.state == "surplus"
    act.put_back(settled, moderator, "Ours after all.")
    turn.refresh_from_db()
    assert (turn.state, states(settled)) == ("submitted", ["filled", "filled"])


def test_reopening_settles_again_by_rule(settled: Item, moderator: Member, of: Any) -> None:
    before = of.verdict(settled)
    act.settle_again(settled, moderator, "The rule has changed.")
    settled.refresh_from_db()
    after = of.verdict(settled)
    assert settled.state == "settled"
    assert after not in {None, before}
    assert "item-reopened" in verbs()


def test_reopening_puts_questions_before_a_moderator(settled: Item, moderator: Member, of: Any) -> None:
    act.contest(settled, moderator, "Both overlooked it.", ["grounded", "rewrite", "made-up"])
    settled.refresh_from_db()
    assert (settled.state, of.verdict(settled)) == ("unresolved", None)
    assert Adjudication.objects.open().get().disputed == ["grounded"]


def test_what_cannot_be_done_is_refused_and_nothing_is_written(
    settled: Item, disputed: Item, moderator: Member, of: Any
) -> None:
    refused: list[Any] = [
        lambda: act.put_back(settled, moderator, "x"),
        lambda: act.withdraw(settled, moderator, " "),
        lambda: act.contest(disputed, moderator, "x", ["grounded"]),
        lambda: act.contest(settled, moderator, "x", ["helpful"]),
        lambda: act.settle_again(disputed, moderator, "x"),
        lambda: act.restore(of.turn(settled), moderator, "x"),
        lambda: act.ask_fewer(settled, moderator, "x"),
    ]
    for attempt in refused:
        with pytest.raises(act.Refused):
            attempt()
    assert not Action.objects.exists()


def test_a_withdrawn_item_or_an_import_gets_no_more_reviews(project: Project, moderator: Member, of: Any) -> None:
    imported = of.item(project, of.good, queue=make.queue(project, takes_imports=True))
    item = make.items(make.queue(project))[0]
    act.withdraw(item, moderator, "x")
    for one in (imported, item):
        with pytest.raises(act.Refused):
            act.ask_more(one, moderator, "x")


def test_a_settled_item_that_falls_into_dispute_has_no_verdict(project: Project, moderator: Member, of: Any) -> None:
    item = of.item(project, of.good)
    make.counted(item.queue, item.subject, make.member(project), of.bad)
    assert of.verdict(item) is not None
    settle_complete_items()
    item.refresh_from_db()
    assert (item.state, of.verdict(item)) == ("unresolved", None)


def test_the_promises_hold_after_every_act(
    project: Project, settled: Item, disputed: Item, moderator: Member, of: Any
) -> None:
    from reviews.quality.invariants import INVARIANTS as QUALITY
    from reviews.queues.invariants import INVARIANTS as QUEUES

    turn = of.turn(disputed)
    act.ask_more(settled, moderator, "x")
    act.invalidate(turn, moderator, "x")
    act.withdraw(disputed, moderator, "x")
    act.restore(turn, moderator, "x")
    act.put_back(disputed, moderator, "x")
    for invariant in [*QUALITY, *QUEUES]:
        found: Any = invariant.violations()
        assert not list(found), invariant.promise
