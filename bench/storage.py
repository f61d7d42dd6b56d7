"""What the storage parameters of the tables buy on PostgreSQL: each measured against the server's defaults.

    DATABASE_URL=postgres://… python bench/storage.py [--queue 60000] [--claims 6000] [--rows 4000]

1. Rows that came in together and are changed later, on full pages and with room left: the share of updates that stay on
   their page (HOT: no index is written, nothing is left for vacuum), and what they write to the log.
2. Pages that the first claim of a new reviewer reads behind many dead places: while an old snapshot keeps them, after
   it is gone, and after a vacuum, which is what a low autovacuum threshold brings about sooner.
3. COPY of responses with pglz and with lz4: time and size.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parent.parent)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from bench.measured import records, rows  # noqa: E402
from bench.measured.process import backend, processor_seconds  # noqa: E402
from bench.table import Line, Size, add, asked  # noqa: E402
from bench.turns.seed import Seeded, execute  # noqa: E402
from feedback.accounts.models import Project  # noqa: E402
from reviews.queues.claim import claim  # noqa: E402
from reviews.queues.models import Assignment, Queue  # noqa: E402
from tests import make  # noqa: E402

LONG = {"responses_responsebody": ("messages", "output"), "responses_passage": ("text",)}
# What happens to rows that came in together: some responses are drawn, then judged; items are filled place by place.
LIFE = {
    "responses_response": (
        "UPDATE responses_response SET is_queued = true WHERE id %% 10 = 0 AND id BETWEEN %s AND %s",
        "UPDATE responses_response SET verdict = 'passed' WHERE id %% 10 = 0 AND id BETWEEN %s AND %s",
    ),
    "queues_item": (
        "UPDATE queues_item SET n_filled = 1 WHERE id BETWEEN %s AND %s",
        "UPDATE queues_item SET n_filled = 2 WHERE id BETWEEN %s AND %s",
        "UPDATE queues_item SET n_filled = 3, state = 'complete', settle_after = now() WHERE id BETWEEN %s AND %s",
    ),
}
STEP = 50  # rows a transaction
K = 3
TAKE_FIRST = """UPDATE queues_place SET claimed_at = now(), state = 'withdrawn' WHERE id = (
    SELECT id FROM queues_place WHERE queue_id = %s AND lane = 1 AND state = 'open'
    ORDER BY pos LIMIT 1 FOR UPDATE SKIP LOCKED)"""


def ask(sql: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone() if cursor.description else None


def lived(table: str, fill: int, seed: Callable[[], None]) -> tuple[float, int, int]:
    """Rows that came in together and then changed: share of HOT updates in percent, bytes of log, bytes of heap."""
    ask(f"ALTER TABLE {table} SET (fillfactor = {fill}, autovacuum_enabled = false)")
    seed()
    ask(f"VACUUM (FREEZE) {table}")
    first, last = ask(f"SELECT min(id), max(id) FROM {table}")
    size = ask("SELECT pg_relation_size(%s)", table)[0]
    counts = "SELECT n_tup_hot_upd, n_tup_upd FROM pg_stat_user_tables WHERE relname = %s"
    ask("SELECT pg_stat_force_next_flush()")
    hot, updates = ask(counts, table)
    written = 0
    for statement in LIFE[table]:
        for start in range(first, last + 1, STEP):
            told = ask(f"EXPLAIN (ANALYZE, WAL, FORMAT JSON) {statement}", start, start + STEP - 1)[0]
            written += (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]["WAL Bytes"]
    ask("SELECT pg_stat_force_next_flush()")
    hot_after, updates_after = ask(counts, table)
    return 100 * (hot_after - hot) / (updates_after - updates), written, size


def room_on_pages(table: str, ours: int, seed: Callable[[], None], clean: Callable[[], None]) -> list[Line]:
    before = ask("SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE relname = %s", table)[0]
    found = {}
    for fill in (100, ours):
        found[fill] = lived(table, fill, seed)
        clean()
        ask(f"VACUUM FULL {table}")
    ask(f"ALTER TABLE {table} RESET (fillfactor, autovacuum_enabled)")
    if before:
        ask(f"ALTER TABLE {table} SET ({before})")
    (hot, log, size), (our_hot, our_log, our_size) = found[100], found[ours]
    what, base = f"{table}, fillfactor {ours}", "fillfactor 100"
    logs, sizes = (our_log / 1e6, log / 1e6), (our_size / 1e6, size / 1e6)
    return [
        Line(f"{what}: HOT updates", f"{our_hot:.0f} %", f"{base}, {hot:.0f} %", our_hot / max(hot, 0.1)),
        Line(f"{what}: log of these updates", f"{logs[0]:.1f} MB", f"{base}, {logs[1]:.1f} MB", our_log / log),
        Line(f"{what}: size of the table", f"{sizes[0]:.1f} MB", f"{base}, {sizes[1]:.1f} MB", our_size / size),
    ]


def filled_pages(project: Project, chunks: list[records.Chunk], size: int) -> list[Line]:
    queues: list[Queue] = []
    makes = {
        "responses_response": (lambda: copied(chunks), lambda: records.remove(project)),
        "queues_item": (lambda: queues.append(Seeded(size, K).queue), lambda: removed(queues.pop())),
    }
    return [line for table, (seed, clean) in makes.items() for line in room_on_pages(table, 90, seed, clean)]


def copied(chunks: list[records.Chunk]) -> None:
    with transaction.atomic():
        records.copy(chunks)


def removed(queue: Queue) -> None:
    for table in ("queues_front", "queues_place", "queues_assignment", "queues_lane", "queues_item"):
        execute(f"DELETE FROM {table} WHERE queue_id = %(queue)s", queue=queue.pk)
    subjects = "SELECT id FROM responses_subject WHERE project_id = %(project)s"
    execute(f"DELETE FROM responses_subjectresponse WHERE subject_id IN ({subjects})", project=queue.project_id)
    execute("DELETE FROM responses_subject WHERE project_id = %(project)s", project=queue.project_id)
    records.remove(queue.project)


def blocks(seeded: Seeded) -> float:
    """Pages of places and their indexes that the first claim of a new person reads, the mean of five people."""
    columns = "heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read"
    sql = f"SELECT {columns} FROM pg_statio_user_tables WHERE relname = %s"
    people = [seeded.person() for _ in range(5)]
    ask("SELECT pg_stat_force_next_flush()")
    before = ask(sql, "queues_place")[0]
    for member in people:
        claimed = claim(seeded.queue, member)
        assert claimed is not None
        Assignment.objects.filter(pk=claimed.pk).update(state="skipped")
    ask("SELECT pg_stat_force_next_flush()")
    return float(ask(sql, "queues_place")[0] - before) / len(people)


def dead_places(size: int, times: int) -> list[Line]:
    seeded = Seeded(size, K)
    ask("ALTER TABLE queues_place SET (autovacuum_enabled = false)")
    ask("VACUUM ANALYZE queues_place")
    clean = blocks(seeded)
    old = connection.copy(alias="old")
    old.set_autocommit(False)
    with old.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT count(*) FROM queues_queue")
    for _ in range(times):
        ask(TAKE_FIRST, seeded.queue.pk)
    held = blocks(seeded)
    old.rollback()
    old.close()
    freed = blocks(seeded)
    ask("VACUUM queues_place")
    ask("ALTER TABLE queues_place RESET (autovacuum_enabled)")
    vacuumed = blocks(seeded)
    what, base = f"pages a first claim reads behind {times:,} dead places", f"before there were any, {clean:.0f}"
    found = {"an old snapshot keeps them": held, "it is gone": freed, "after VACUUM": vacuumed}
    return [Line(f"{what}: {when}", f"{pages:.0f}", base, pages / clean) for when, pages in found.items()]


def packed(project: Project, chunks: list[records.Chunk], method: str) -> tuple[float, float, int]:
    """Seconds by the clock, seconds of processor, bytes."""
    for table, columns in LONG.items():
        for column in columns:
            ask(f'ALTER TABLE {table} ALTER COLUMN "{column}" SET COMPRESSION {method}')
    best, pids = (float("inf"), float("inf")), [os.getpid(), backend()]
    for _ in range(3):
        records.remove(project)
        clock, processor = time.perf_counter(), processor_seconds(pids)
        copied(chunks)
        taken = time.perf_counter() - clock, processor_seconds(pids) - processor
        best = min(best[0], taken[0]), min(best[1], taken[1])
    sizes = [ask("SELECT pg_total_relation_size(%s)", table)[0] for table in LONG]
    return (*best, sum(sizes))


def compressing(project: Project, chunks: list[records.Chunk], count: int) -> list[Line]:
    ask("SELECT set_config('synchronous_commit', 'off', false)")
    figures = {method: packed(project, chunks, method) for method in ("pglz", "lz4")}
    records.remove(project)
    (slow, busy, large), (fast, idle, small) = figures["pglz"], figures["lz4"]
    what = f"COPY of {count:,} responses with lz4"
    return [
        Line(f"{what}, by the clock", f"{fast:.2f} s", f"pglz, {slow:.2f} s", fast / slow),
        Line(f"{what}, processor", f"{idle:.2f} s", f"pglz, {busy:.2f} s", idle / busy),
        Line(f"{what}, size", f"{small / 1e6:.1f} MB", f"pglz, {large / 1e6:.1f} MB", small / large),
    ]


def main() -> None:
    options = asked(
        __doc__, queue=Size(60_000, 600), claims=Size(6_000, 60, "that leave a dead place each"), rows=Size(4_000, 400)
    )
    call_command("migrate", verbosity=0)
    project = make.project(f"bench-{time.time():.0f}")
    chunks = records.columns(project, records.prepared(project, rows.made(options.rows)))
    lines = filled_pages(project, chunks, options.queue) + dead_places(options.queue, options.claims)
    add("storage", "Storage parameters", [*lines, *compressing(project, chunks, options.rows)])


if __name__ == "__main__":
    main()
