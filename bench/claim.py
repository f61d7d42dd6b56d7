"""Claims a second on PostgreSQL, for a fresh reviewer and for one who is far ahead, at several lengths of the queue.

    DATABASE_URL=postgres://… python bench/claim.py [--items 1000 100000] [--ahead 90000] [--claims 400] [--threads 8]

Makes a project of its own with k = 3 places an item, measures, and removes it. `bare` is one statement that takes the
first open place under SKIP LOCKED and keeps nothing of our promises: the floor of this database through Django. Who is
ahead has had a turn at as many items (all but a hundredth of a short queue), whose places are all still open. `empty`
is the answer to somebody for whom nothing is left, which includes the full look. Times are of `claim` alone.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, connections, transaction  # noqa: E402

from feedback.accounts.models import Member, Project, User  # noqa: E402
from reviews.queues.claim import claim  # noqa: E402
from reviews.queues.models import Assignment, Queue  # noqa: E402
from tests import make  # noqa: E402

K = 3
SEED = """
INSERT INTO responses_subject (project_id, key, size, input_hash, created_at)
SELECT %(project)s, n::text, 1, '', now() FROM generate_series(1, %(n)s) n;
INSERT INTO queues_item (project_id, queue_id, subject_id, k, lane, state, n_filled, rule_label, stratum, created_at)
SELECT %(project)s, %(queue)s, id, %(k)s, 1, 'open', 0, '', '', now() FROM responses_subject
WHERE project_id = %(project)s ORDER BY id;
INSERT INTO queues_place (project_id, queue_id, item_id, number, lane, pos, state)
SELECT %(project)s, %(queue)s, i.id, p, 1, (i.rank - 1) * %(k)s + p, 'open'
FROM (SELECT id, row_number() OVER (ORDER BY id) AS rank FROM queues_item WHERE queue_id = %(queue)s) i,
     generate_series(1, %(k)s) p;
INSERT INTO queues_lane (queue_id, number, next_pos) VALUES (%(queue)s, 0, 1), (%(queue)s, 1, %(n)s * %(k)s + 1);
"""
GO_AHEAD = """
INSERT INTO queues_assignment (project_id, queue_id, item_id, reviewer_id, round, state, token, claimed_at, shown_order,
                               visible, draft, skip_reason, skip_note)
SELECT %(project)s, %(queue)s, id, %(reviewer)s, 1, 'skipped', gen_random_uuid(), now(), '[]', '{}', '{}', '', ''
FROM (SELECT id FROM queues_item WHERE queue_id = %(queue)s ORDER BY id LIMIT %(n)s) AS seen;
INSERT INTO queues_front (queue_id, lane, reviewer_id, pos) VALUES (%(queue)s, 1, %(reviewer)s, %(n)s * %(k)s);
"""
BARE = """
UPDATE queues_place SET claimed_at = now(), state = 'withdrawn' WHERE id = (
    SELECT id FROM queues_place WHERE queue_id = %(queue)s AND lane = 1 AND state = 'open'
    ORDER BY pos LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING item_id
"""
TABLES = ("queues_front", "queues_place", "queues_assignment", "queues_lane", "queues_item")


def execute(sql: str, **values: Any) -> None:
    """Statement by statement, as the driver sends parameters with one only."""
    with connection.cursor() as cursor:
        for statement in filter(str.strip, sql.split(";")):
            cursor.execute(statement, values)


def seeded(n: int) -> Queue:
    project = make.project(f"bench-{uuid.uuid4().hex[:8]}")
    queue = make.queue(project, k=K)
    execute(SEED, project=project.pk, queue=queue.pk, n=n, k=K)
    execute("ANALYZE queues_place; ANALYZE queues_item; ANALYZE queues_assignment; ANALYZE responses_subject")
    return queue


def person(queue: Queue) -> Member:
    user = User.objects.create_user(f"{uuid.uuid4().hex}@bench.invalid")
    return Member.objects.create(project=queue.project, user=user, role="reviewer")


def ahead(queue: Queue, n: int) -> Member:
    member = person(queue)
    execute(GO_AHEAD, project=queue.project_id, queue=queue.pk, reviewer=member.pk, n=n, k=K)
    execute("ANALYZE queues_assignment")
    return member


def removed(queue: Queue) -> None:
    for table in TABLES:
        execute(f"DELETE FROM {table} WHERE queue_id = %(queue)s", queue=queue.pk)
    execute("DELETE FROM responses_subject WHERE project_id = %(project)s", project=queue.project_id)
    queue.delete()
    queue.rubric_version.rubric.delete()
    User.objects.filter(members__project=queue.project_id).delete()
    Project.objects.filter(pk=queue.project_id).delete()


def timed(work: Callable[[], Any], after: Callable[[Any], None], times: int) -> list[float]:
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begun)
        after(result)
    return seconds


def leave(assignment: Assignment | None) -> None:
    """So that the next claim is not the same one; outside the measured time."""
    if assignment is not None:
        Assignment.objects.filter(pk=assignment.pk).update(state="skipped")


def bare(queue: Queue) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BARE, {"queue": queue.pk})


def at_once(queue: Queue, members: list[Member], times: int) -> float:
    """Claims a second of several people together, their leaving included."""

    def one(member: Member) -> None:
        timed(lambda: claim(queue, member), leave, times)
        connections.close_all()

    begun = time.perf_counter()
    with ThreadPoolExecutor(len(members)) as pool:
        list(pool.map(one, members))
    return len(members) * times / (time.perf_counter() - begun)


def line(name: str, n: int, seconds: list[float]) -> None:
    p50, p95 = statistics.median(seconds) * 1000, statistics.quantiles(seconds, n=20)[-1] * 1000
    print(f"{n:>9,} items  {name:<16} {1 / statistics.mean(seconds):>8,.0f} /s   p50 {p50:7.2f} ms   p95 {p95:7.2f} ms")


def measure(n: int, options: argparse.Namespace) -> None:
    queue = seeded(n)
    try:
        far = min(options.ahead, n - n // 100)
        times = min(options.claims, (n - far) if n > far else n)
        line("bare", n, timed(lambda: bare(queue), lambda _: None, times))
        for name, member in (("fresh", person(queue)), (f"{far:,} ahead", ahead(queue, far))):
            claim(queue, member)
            leave(Assignment.objects.filter(reviewer=member, state="claimed").first())
            line(name, n, timed(lambda: claim(queue, member), leave, times))  # noqa: B023
        done = ahead(queue, n)
        line("empty", n, timed(lambda: claim(queue, done), leave, 20))
        crew = [person(queue) for _ in range(options.threads)]
        share = min(options.claims, n // options.threads)
        pace = at_once(queue, crew, share)
        print(f"{n:>9,} items  {options.threads:<2} at once       {pace:>8,.0f} /s with their leaving")
    finally:
        removed(queue)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--ahead", type=int, default=90_000)
    parser.add_argument("--claims", type=int, default=400)
    parser.add_argument("--threads", type=int, default=8)
    options = parser.parse_args()
    if connection.vendor != "postgresql":
        sys.exit("This benchmark needs PostgreSQL: set DATABASE_URL.")
    call_command("migrate", verbosity=0)
    for n in options.items:
        measure(n, options)


if __name__ == "__main__":
    main()
