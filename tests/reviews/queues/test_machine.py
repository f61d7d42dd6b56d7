"""A state machine drives a queue through everything that can happen to it, beside a small model of what should."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from reviews.queues.claim import claim, free_due_leases, release
from reviews.queues.invariants import INVARIANTS
from reviews.queues.items import invalidate, set_k, withdraw
from reviews.queues.models import Assignment, Item, Place
from reviews.queues.submit import skip, submit, undo
from tests import make

PEOPLE = range(3)
MOST_ITEMS = 3  # few, so that people meet


@dataclass
class ItemModel:
    """Who is where on an item. Whoever is in none of the sets has not had a turn."""

    k: int
    state: str = "open"
    filled: set[int] = field(default_factory=set)
    held: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)  # a claim without a place: expired, released, undone surplus
    surplus: list[int] = field(default_factory=list)  # oldest first
    out: set[int] = field(default_factory=set)  # skipped or invalidated

    @property
    def n_open(self) -> int:
        return 0 if self.state == "withdrawn" else self.k - len(self.filled) - len(self.held)

    def is_new_to(self, person: int) -> bool:
        return person not in self.filled | self.held | self.lost | self.out | set(self.surplus)

    def changed(self) -> None:
        if self.state != "withdrawn":
            self.state = "complete" if len(self.filled) == self.k else "open"

    def freed(self) -> None:
        """A place was left: withdrawn with its item, else the oldest surplus has it, else it is open."""
        if self.state == "withdrawn":
            self.k -= 1
        elif self.surplus:
            self.filled.add(self.surplus.pop(0))
        self.changed()

    def submitted(self, person: int) -> str:
        is_counted = person in self.held or self.n_open > 0
        self.held.discard(person)
        self.lost.discard(person)
        self.filled.add(person) if is_counted else self.surplus.append(person)
        if is_counted:
            self.changed()
        return "submitted" if is_counted else "surplus"

    def resized(self, k: int) -> int:
        self.k = max(k, len(self.filled) + len(self.held)) if k < self.k else k
        while self.n_open and self.surplus:
            self.filled.add(self.surplus.pop(0))
        self.changed()
        return self.k


class QueueMachine(RuleBasedStateMachine):
    @initialize(k=st.integers(1, 2))
    def begin(self, k: int) -> None:
        project = make.project()
        self.people = [make.member(project) for _ in PEOPLE]
        self.moderator = make.member(project, "moderator")
        self.queue = make.queue(project, k=k, grace_seconds=3600)
        self.models: dict[int, ItemModel] = {}
        self.add()

    def turn(self, person: int, **where: Any) -> Assignment | None:
        rows = Assignment.objects.filter(queue=self.queue, reviewer=self.people[person], **where)
        return rows.order_by("pk").first()

    def pick(self, number: int, *states: str) -> tuple[Item, ItemModel] | None:
        ids = [pk for pk, model in self.models.items() if not states or model.state in states]
        return (Item.objects.get(pk=(pk := ids[number % len(ids)])), self.models[pk]) if ids else None

    @rule()
    def add(self) -> None:
        if len(self.models) < MOST_ITEMS:
            self.models |= {item.pk: ItemModel(self.queue.k) for item in make.items(self.queue)}

    @rule(person=st.sampled_from(PEOPLE))
    def claim(self, person: int) -> None:
        models = self.models
        mine = [pk for pk, model in models.items() if person in model.held]
        lost = [pk for pk, model in models.items() if person in model.lost and model.n_open]
        new = [pk for pk, model in models.items() if model.is_new_to(person) and model.n_open]
        got = claim(self.queue, self.people[person])
        expected = mine or lost or new
        assert (got is None) == (not expected)
        if got is not None:
            assert got.item_id in expected
            models[got.item_id].lost.discard(person)
            models[got.item_id].held.add(person)

    @rule(person=st.sampled_from(PEOPLE), overslept=st.booleans(), repeat=st.booleans())
    def submit(self, person: int, overslept: bool, repeat: bool) -> None:
        """In time, after a lease that nobody ended, or after losing the place; and the same again."""
        if self.turn(person, state="claimed") is None:
            self.claim(person)
        assignment = self.turn(person, state="claimed")
        if assignment is None:
            return
        if overslept:
            make.expired(assignment)
        key = uuid.uuid4()
        for _ in range(1 + repeat):
            done = submit(assignment.token, self.people[person], make.ANSWERS, submission_id=key)
        assert done.state == self.models[assignment.item_id].submitted(person)

    @rule(person=st.sampled_from(PEOPLE), way=st.sampled_from(["skip", "release", "expire"]))
    def leave(self, person: int, way: str) -> None:
        if self.turn(person, state="claimed") is None:
            self.claim(person)
        assignment = self.turn(person, state="claimed")
        if assignment is None:
            return
        model = self.models[assignment.item_id]
        if way == "skip":
            skip(assignment.token, self.people[person], "not-sure")
        elif way == "release":
            release(assignment, soon=False)
        else:
            make.expired(assignment)
            free_due_leases(100)
        had_place = person in model.held
        model.held.discard(person)
        model.lost.discard(person)
        (model.out if way == "skip" else model.lost).add(person)
        if had_place:
            model.freed()

    @rule(late=st.sampled_from(PEOPLE), quicker=st.sampled_from(PEOPLE))
    def overtake(self, late: int, quicker: int) -> None:
        """Someone loses a place, another takes the next, and the first submits all the same."""
        self.leave(late, "expire")
        self.claim(quicker)
        self.submit(late, overslept=False, repeat=False)

    @rule(person=st.sampled_from(PEOPLE))
    def undo(self, person: int) -> None:
        assignment = self.turn(person, state__in=["submitted", "surplus"], item__state__in=["open", "complete"])
        if assignment is None:
            return
        undo(assignment)
        model = self.models[assignment.item_id]
        if person in model.filled:
            model.filled.discard(person)
            model.held.add(person)
            model.changed()
        else:
            model.surplus.remove(person)
            model.lost.add(person)

    @rule(person=st.sampled_from(PEOPLE))
    def invalidate(self, person: int) -> None:
        assignment = self.turn(person, state="submitted")
        if assignment is None:
            return
        invalidate(assignment, self.moderator)
        model = self.models[assignment.item_id]
        model.filled.discard(person)
        model.out.add(person)
        model.freed()

    @rule(number=st.integers(0, 9), k=st.integers(1, 4))
    def resize(self, number: int, k: int) -> None:
        found = self.pick(number, "open", "complete", "settled")
        if found and k != found[1].k:
            assert set_k(found[0], k) == found[1].resized(k)

    @rule(number=st.integers(0, 9), really=st.sampled_from([True, False, False]))
    def withdraw(self, number: int, really: bool) -> None:
        found = self.pick(number, "open", "complete", "settled")
        if found and really:
            item, model = found
            withdraw(item)
            model.state, model.k = "withdrawn", len(model.filled) + len(model.held)

    @rule(number=st.integers(0, 9))
    def settle(self, number: int) -> None:
        """As the settling sweep does; what was settled cannot be undone."""
        found = self.pick(number, "complete")
        if found:
            Item.objects.filter(pk=found[0].pk, state="complete").update(state="settled")
            found[1].state = "settled"

    def teardown(self) -> None:
        """At the end of each run the rows say what the model says, and no promise is broken."""
        if not hasattr(self, "models"):
            return
        rows = {item.pk: (item.state, item.k, item.n_filled) for item in Item.objects.filter(queue=self.queue)}
        assert rows == {pk: (model.state, model.k, len(model.filled)) for pk, model in self.models.items()}
        places = Place.objects.filter(queue=self.queue, state="open").values_list("item_id", flat=True)
        assert sorted(places) == sorted(pk for pk, model in self.models.items() for _ in range(model.n_open))
        assert not [rule.promise for rule in INVARIANTS if list(rule.violations())]  # type: ignore[arg-type]


@pytest.mark.django_db
def test_whatever_happens_the_queue_is_as_the_model_says() -> None:
    bounds = settings(max_examples=20, stateful_step_count=40, database=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(QueueMachine, settings=bounds)
