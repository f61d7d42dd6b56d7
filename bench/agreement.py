"""Agreement and reliability of 100,000 reviews, computed as the worker computes them: seconds and memory.

    DATABASE_URL=postgres://… python bench/agreement.py [--reviews 100000]

One review of each kind is made as the product makes it, and copied by SQL: two reviews an item, twenty people who see
the truth nine times in ten, a yes-or-no question, a scale and marks. Beside each figure stands what reading the same
rows through the same connection takes, with nothing computed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path[0] = str(Path(__file__).resolve().parent.parent)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402

from bench.measured.process import forget_peak, memory  # noqa: E402
from bench.table import Line, Size, add, asked  # noqa: E402
from feedback.judgements.models import Rating, Review, Span  # noqa: E402
from feedback.responses.models import ResponseBody, SubjectResponse  # noqa: E402
from reviews.quality import agreement, reliability  # noqa: E402
from reviews.queues.models import Assignment, Item, Queue  # noqa: E402
from tests import make  # noqa: E402

PEOPLE = 20
CHUNK = 5_000
TEXT = "Claims are paid within thirty days of the day on which the airline confirms the delay in writing. " * 4
MARK = {"start": 0, "end": 6, "quote": TEXT[:6], "kind": "unsupported", "severity": "minor"}
# Of i: a number in [0, 1) by some seed; the item of a review and its person, never the same for both of an item.
U = "((hashint8extended({}, {}) & 1073741823) / 1073741824.0::float8)"
ITEM = "((i + 1) / 2)"
PERSON = f"(%s::bigint[])[1 + ({ITEM} + i %% 2 * (1 + {ITEM} / {PEOPLE} %% {PEOPLE - 1})) %% {PEOPLE}]"
IS_BAD = f"({U.format(ITEM, 1)} < 0.2) <> ({U.format('i', 2)} < 0.1)"
POINTS = f"least(5, greatest(1, 1 + floor(5 * {U.format(ITEM, 3)}) + ({U.format('i', 4)} < 0.2)::int))"


def copied(
    template: models.Model, n: int, values: dict[str, str], where: str = "true", people: list[int] | None = None
) -> int:
    """So many rows like this one, with other values (SQL of i, from 1); ids follow the highest, which is returned."""
    table = template._meta.db_table
    columns = [str(field.column) for field in template._meta.local_concrete_fields]
    key = str(template._meta.pk.column)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max({key}) FROM {table}")
        top = int(cursor.fetchone()[0])
        found = [values.get(name, f"{top} + i" if name == key else f't."{name}"') for name in columns]
        names = ", ".join(f'"{name}"' for name in columns)
        rows = f"FROM {table} t, generate_series(1::bigint, {n}) i WHERE t.{key} = {template.pk} AND {where}"
        cursor.execute(f"INSERT INTO {table} ({names}) SELECT {', '.join(found)} {rows}", [people] if people else None)
    return top


def furnished(reviews: int) -> Queue:
    """A queue with so many reviews; the first is the one that all others are copies of."""
    project = make.project(f"bench-{uuid4().hex[:8]}")
    queue = make.queue(project, k=2)
    people = [make.member(project, name=f"Person {n}").pk for n in range(PEOPLE)]
    response = make.response(project, TEXT)
    subject = make.subject(response)
    review = make.counted(queue, subject, make.member(project), {**make.ANSWERS, "flags": [MARK]})
    items = reviews // 2
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica; SET LOCAL synchronous_commit = off")
        of_response = copied(response, items, {"external_id": "'bench-' || i", "draw_key": U.format("i", 5)})
        its_response = {"response_id": f"{of_response} + i"}
        copied(ResponseBody.objects.get(pk=response.pk), items, its_response)
        of_subject = copied(subject, items, {"key": "'bench-' || t.project_id || '-' || i"})
        its_subject = {"subject_id": f"{of_subject} + i"}
        copied(SubjectResponse.objects.get(subject=subject), items, {**its_subject, **its_response})
        of_item = copied(Item.objects.get(subject=subject), items, its_subject)
        ids = {"subject_id": f"{of_subject} + {ITEM}", "reviewer_id": PERSON, "submission_id": "gen_random_uuid()"}
        turn = Assignment.objects.get(review=review)
        of_review = copied(review, reviews, ids, people=people)
        its_review = {"review_id": f"{of_review} + i"}
        ids = {"item_id": f"{of_item} + {ITEM}", "reviewer_id": PERSON, "token": "gen_random_uuid()", **its_review}
        copied(turn, reviews, ids, people=people)
        for rating in Rating.objects.filter(review=review):
            said = {"value": f"CASE WHEN {IS_BAD} THEN 'no' ELSE 'yes' END"} if rating.value else {"number": POINTS}
            copied(rating, reviews, {**its_review, **said})
        mark = Span.objects.get(review=review)
        ends = {"start": f"floor(9 * {U.format(ITEM, 6)})::int", "end": f"20 + floor(9 * {U.format('i', 7)})::int"}
        copied(mark, reviews, {**its_review, "response_id": f"{of_response} + {ITEM}", **ends}, IS_BAD)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return queue


def nothing() -> None:
    """No lease to keep."""


def read(queue: Queue) -> int:
    """The same reviews, ratings and marks, in their order and thrown away."""
    reviews = Review.objects.standing().filter(project=queue.project, origin=queue.key)
    columns = ("pk", "subject_id", "reviewer_id", "rubric_version_id", "origin", "submitted_at")
    n = sum(1 for _ in reviews.order_by("pk").values_list(*columns).iterator())
    of_review = ("pk", "review_id", "criterion_id")
    for rows, wanted in (
        (Rating.objects.filter(project=queue.project), (*of_review, "value", "number", "chosen")),
        (Span.objects.filter(project=queue.project), (*of_review, "response_id", "start", "end")),
    ):
        sum(1 for _ in rows.order_by("pk").values_list(*wanted).iterator(chunk_size=CHUNK))
    return n


def timed(work: Callable[[], Any]) -> tuple[Any, float, float, float]:
    """What it gives, its seconds by the clock and of the processor, and how much memory it took at most beyond what
    there was.
    """
    before = memory(os.getpid())
    forget_peak(os.getpid())
    begun, busy = time.perf_counter(), time.process_time()
    found = work()
    spent, busy = time.perf_counter() - begun, time.process_time() - busy
    return found, spent, busy, max(0.0, memory(os.getpid(), peak=True) - before)


def main() -> None:
    options = asked(__doc__, reviews=Size(100_000, 400, "reviews, two of each item"))
    call_command("migrate", verbosity=0)
    queue = furnished(options.reviews)
    n, floor, least, _ = timed(partial(read, queue))
    kinds: list[tuple[str, Any, dict[str, str]]] = [
        ("agreement, with intervals", agreement, {}),
        ("agreement by two reviewers", agreement, {"by": "pair"}),
        ("reliability of everybody", reliability, {}),
    ]
    lines = []
    for name, module, filters in kinds:
        found, seconds, busy, extra = timed(partial(module.compute, queue.project_id, filters, nothing))
        assert (found["n_reviews"], n) == (options.reviews + 1, options.reviews + 1)
        what = f"{name}, {n:,} reviews, {len(found['rows'])} rows of figures"
        figure = f"{busy:.1f} s of processor, {seconds:.1f} s by the clock; {extra:.0f} MB more at most"
        lines.append(Line(what, figure, f"reading the rows, {least:.1f} s and {floor:.1f} s", busy / least))
    add("agreement", "Agreement of many reviews", lines)


if __name__ == "__main__":
    main()
