"""A process of its own on a SQLite file: `worker.py seed ITEMS REVIEWERS`, `… work N MEMBER MEMBER`, `… verify`.

Prints one line of JSON; an error is an exit code. Used by test_processes.py.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import transaction  # noqa: E402

from feedback.accounts.models import Member  # noqa: E402
from feedback.judgements.models import Review  # noqa: E402
from reviews.queues.claim import claim, free_due_leases  # noqa: E402
from reviews.queues.invariants import INVARIANTS  # noqa: E402
from reviews.queues.leases import promote_waiting  # noqa: E402
from reviews.queues.models import Assignment, Item, Queue  # noqa: E402
from reviews.queues.submit import skip, submit  # noqa: E402
from tests import make  # noqa: E402


@transaction.atomic
def seed(items: int, reviewers: int) -> dict[str, Any]:
    project = make.project("processes")
    members = [make.member(project).pk for _ in range(reviewers)]
    make.items(make.queue(project, k=3), items)
    return {"members": members}


def wait_for(others: int) -> None:
    """Until so many processes are ready: none may have done all the work before another has started."""
    folder = Path(os.environ["VAR_DIR"])
    (folder / f"ready-{os.getpid()}").touch()
    while len(list(folder.glob("ready-*"))) < others:
        time.sleep(0.02)


def work(processes: int, *members: int) -> dict[str, Any]:
    """These people's turns, one after the other, until nothing waits; one in ten is skipped, one in ten expires."""
    wait_for(processes)
    queue, done, chance = Queue.objects.get(), Counter[str](), random.Random(members[0])
    people = list(Member.objects.select_related("user", "project").filter(pk__in=members))
    while people:
        person = chance.choice(people)
        assignment = claim(queue, person)
        if assignment is None:
            people.remove(person)
            continue
        kind = chance.choices(["submit", "skip", "expire"], [8, 1, 1])[0]
        turns = Assignment.objects.filter(item=assignment.item_id, state="skipped").count()
        if kind == "skip" and turns < 2:
            skip(assignment.token, person, "not-sure")
        elif kind == "expire":
            make.expired(assignment)
        else:
            submit(assignment.token, person, make.ANSWERS, submission_id=uuid.uuid4())
        done[kind] += 1
        time.sleep(chance.random() / 50)  # a person reads; SQLite's lock is for who asks first, and that is who had it
    return dict(done)


def verify() -> dict[str, Any]:
    free_due_leases(1_000)
    promote_waiting()
    counted = Assignment.objects.filter(state="submitted")
    return {
        "reviews": Review.objects.standing().count(),
        "counted": counted.count(),
        "people_and_items": counted.values("reviewer", "item").distinct().count(),
        "items": dict(Counter(f"{state} {n}" for state, n in Item.objects.values_list("state", "n_filled"))),
        "broken": [rule.promise for rule in INVARIANTS if list(rule.violations())],  # type: ignore[arg-type]
    }


if __name__ == "__main__":
    verb, *rest = sys.argv[1:]
    numbers = [int(word) for word in rest]
    answer = {"seed": lambda: seed(*numbers), "work": lambda: work(*numbers), "verify": verify}[verb]()
    print(json.dumps(answer))
