"""A state machine of moderators and reviewers at a few items: what is taken out and put back counts as if never taken
out, as far as places allow; no verdict outlives what it counts; counters equal recomputation (I10).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from feedback.judgements.models import Verdict
from reviews.moderation import act
from reviews.moderation.models import Action
from reviews.quality.adjudicate import adjudicate
from reviews.quality.invariants import INVARIANTS as QUALITY
from reviews.quality.settle import settle_complete_items
from reviews.queues.claim import claim
from reviews.queues.invariants import INVARIANTS as QUEUES
from reviews.queues.models import Assignment, Item, Place
from reviews.queues.submit import submit
from tests import make

State = Assignment.State
N_PEOPLE, N_ITEMS = 4, 2
INVERSE = {"withdraw": act.put_back, "put-back": act.withdraw, "ask-more": act.ask_fewer}


def standing(item: Item) -> tuple[frozenset[int], Any]:
    """The reviews that count, and what stands on them."""
    turns = Assignment.objects.filter(item=item, state=State.SUBMITTED, is_extra=False)
    verdict = Verdict.objects.current().filter(subject=item.subject_id).first()
    return frozenset(turns.values_list("review_id", flat=True)), verdict and (verdict.is_failure, verdict.review_ids)


class PanelMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        project = make.project()
        self.people = [make.member(project) for _ in range(N_PEOPLE)]
        self.moderator = make.member(project, "moderator")
        self.queue = make.queue(project, k=2, grace_seconds=0)
        self.items = make.items(self.queue, N_ITEMS)

    def item(self, number: int) -> Item:
        return Item.objects.get(pk=self.items[number].pk)

    def attempt(self, verb: Callable[..., Action], *about: Any) -> Action | None:
        """The act, or None and nothing changed when it is refused."""
        before = (Action.objects.count(), list(Item.objects.order_by("pk").values()))
        try:
            return verb(*about)
        except act.Refused:
            assert (Action.objects.count(), list(Item.objects.order_by("pk").values())) == before
            return None

    @rule(person=st.integers(0, N_PEOPLE - 1), good=st.booleans())
    def review(self, person: int, good: bool) -> None:
        held = claim(self.queue, self.people[person])
        if held is not None:
            answers = {"grounded": "yes" if good else "no", "helpful": 3}
            submit(held.token, held.reviewer, answers, submission_id=uuid4())

    @rule()
    def sweep(self) -> None:
        settle_complete_items()
        assert not Item.objects.filter(state=Item.State.COMPLETE).exists()

    @rule(number=st.integers(0, N_ITEMS - 1), good=st.booleans())
    def decide(self, number: int, good: bool) -> None:
        item = self.item(number)
        dispute = item.adjudications.filter(settled_at=None).first()
        if item.state == Item.State.UNRESOLVED and dispute and dispute.disputed:
            adjudicate(item, self.moderator, dict.fromkeys(dispute.disputed, "yes" if good else "no"), "So it is.")

    @rule(number=st.integers(0, N_ITEMS - 1), which=st.integers(0, 5), refill=st.booleans(), good=st.booleans())
    def invalidate_and_restore(self, number: int, which: int, refill: bool, good: bool) -> None:
        """Nothing is different afterwards, unless somebody took the place: then the review is kept as surplus."""
        settle_complete_items()
        item = self.item(number)
        turns = list(Assignment.objects.filter(item=item, state=State.SUBMITTED).order_by("pk"))
        if not turns or item.state in {Item.State.WITHDRAWN, Item.State.UNRESOLVED}:
            return
        turn = turns[which % len(turns)]
        had_surplus = Assignment.objects.filter(item=item, state=State.SURPLUS).exists()
        counted, verdict = standing(item)
        assert self.attempt(act.invalidate, turn, self.moderator, "Out.")
        assert turn.review_id not in standing(item)[0]
        assert standing(item)[1] is None
        if refill:
            self.review(which % N_PEOPLE, good)
        is_taken = not Place.objects.filter(item=item, state=Place.State.OPEN).exists()
        assert self.attempt(act.restore, turn, self.moderator, "In.")
        turn.refresh_from_db()
        assert (turn.state == State.SURPLUS) == is_taken
        if not refill and not had_surplus:
            settle_complete_items()
            was_decided = Verdict.objects.filter(subject=item.subject_id, method="adjudicated").exists()
            assert standing(item)[0] == counted
            assert was_decided or standing(item)[1] == verdict

    @rule(number=st.integers(0, N_ITEMS - 1), kind=st.sampled_from(["withdraw", "put-back", "ask-more"]))
    def act_and_undo(self, number: int, kind: str) -> None:
        """The opposite at once leaves the item asking for as many reviews as before, with the same ones counted."""
        before = self.item(number)
        counted = standing(before)[0]
        verbs: dict[str, Any] = {"withdraw": act.withdraw, "put-back": act.put_back, "ask-more": act.ask_more}
        done = self.attempt(verbs[kind], before, self.moderator, "Because.")
        if done and kind == "withdraw":
            assert self.item(number).state == Item.State.WITHDRAWN
        if done and self.attempt(INVERSE[kind], before, self.moderator, "Back."):
            now = self.item(number)
            assert now.state == Item.State.WITHDRAWN if kind == "put-back" else now.k == before.k
            assert counted <= standing(now)[0]

    @rule(number=st.integers(0, N_ITEMS - 1), again=st.booleans())
    def reopen(self, number: int, again: bool) -> None:
        item = self.item(number)
        verb, more = (act.settle_again, []) if again else (act.contest, [["grounded"]])
        self.attempt(verb, item, self.moderator, "Look again.", *more)

    @rule(number=st.integers(0, N_ITEMS - 1), back=st.booleans())
    def withdraw_or_put_back(self, number: int, back: bool) -> None:
        self.attempt(act.put_back if back else act.withdraw, self.item(number), self.moderator, "Because.")

    def teardown(self) -> None:
        """Every promise that verify knows, the counters among them (I10), and no verdict over what no longer counts."""
        if not hasattr(self, "items"):
            return
        settle_complete_items()
        assert not [rule.promise for rule in [*QUEUES, *QUALITY] if list(rule.violations())]  # type: ignore[arg-type]
        out = set(Assignment.objects.filter(state=State.INVALIDATED).values_list("review_id", flat=True))
        assert not [verdict for verdict in Verdict.objects.current() if out & set(verdict.review_ids)]


@pytest.mark.django_db
def test_whatever_moderators_do_can_be_taken_back_as_far_as_places_allow() -> None:
    bounds = settings(max_examples=8, stateful_step_count=20, database=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(PanelMachine, settings=bounds)
