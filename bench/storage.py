"""What the storage parameters of the tables buy on PostgreSQL: each measured against the server's defaults.

    DATABASE_URL=postgres://… python bench/storage.py [--queue 60000] [--claims 6000] [--rows 4000]

1. Rows that came in together and are changed later, on full pages and with room left: the share of updates that stay on
   their page (HOT: no index is written, nothing is left for vacuum), and what they write to the log.
2. Pages that the first claim of a new reviewer reads behind many dead places: while an old snapshot keeps them, after
   it is gone, and after a vacuum, which is what a low autovacuum threshold brings about sooner.
3. COPY of responses with pglz and with lz4: time and size.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from django.core.management import call_command
from django.db import connection, transaction

from bench import claim as claims
from bench import ingest as ingesting
from bench.table import Line, add
from feedback.accounts.models import Project
from feedback.responses.names import Names
from feedback.responses.prepared import Prepared, prepare
from feedback.responses.rows import read
from reviews.queues.claim import claim
from reviews.queues.models import Queue

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


def filled_pages(count: int, size: int) -> list[Line]:
    project, ready = prepared(count)

    def responses() -> None:
        with transaction.atomic():
            ingesting.raw_copy(project, ready)()

    def items() -> None:
        queues.append(claims.seeded(size))

    queues: list[Queue] = []
    lines = room_on_pages("responses_response", 90, responses, lambda: ingesting.clean(project))
    return lines + room_on_pages("queues_item", 90, items, lambda: claims.removed(queues.pop()))


def blocks(queue: Queue) -> float:
    """Pages of places and their indexes that the first claim of a new person reads, the mean of five people."""
    columns = "heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read"
    sql = f"SELECT {columns} FROM pg_statio_user_tables WHERE relname = %s"
    people = [claims.person(queue) for _ in range(5)]
    ask("SELECT pg_stat_force_next_flush()")
    before = ask(sql, "queues_place")[0]
    for member in people:
        claims.leave(claim(queue, member))
    ask("SELECT pg_stat_force_next_flush()")
    return float(ask(sql, "queues_place")[0] - before) / len(people)


def dead_places(size: int, times: int) -> list[Line]:
    queue = claims.seeded(size)
    ask("ALTER TABLE queues_place SET (autovacuum_enabled = false)")
    ask("VACUUM ANALYZE queues_place")
    clean = blocks(queue)
    old = connection.copy(alias="old")
    old.set_autocommit(False)
    with old.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT count(*) FROM queues_queue")
    claims.timed(lambda: claims.bare(queue), lambda _: None, times)
    held = blocks(queue)
    old.rollback()
    old.close()
    freed = blocks(queue)
    ask("VACUUM queues_place")
    ask("ALTER TABLE queues_place RESET (autovacuum_enabled)")
    vacuumed = blocks(queue)
    claims.removed(queue)
    what, base = f"pages a first claim reads behind {times:,} dead places", f"before there were any, {clean:.0f}"
    rows = {"an old snapshot keeps them": held, "it is gone": freed, "after VACUUM": vacuumed}
    return [Line(f"{what}: {when}", f"{pages:.0f}", base, pages / clean) for when, pages in rows.items()]


def prepared(count: int) -> tuple[Project, list[Prepared]]:
    project, _ = Project.objects.get_or_create(slug="bench-storage", defaults={"name": "Bench", "salt": "0" * 32})
    ingesting.clean(project)
    names = Names(project)
    ready = [prepare(number, read(row)) for number, row in enumerate(ingesting.rows(count))]
    for row in ready:
        row.model_id, row.prompt_version_id = names.model(row.row), names.prompt_version(row.row)
    return project, ready


def packed(run: Callable[[], None], method: str, project: Project) -> tuple[float, float, int]:
    """Seconds by the clock, seconds of processor, bytes."""
    with connection.cursor() as cursor:
        for table, columns in LONG.items():
            for column in columns:
                cursor.execute(f'ALTER TABLE {table} ALTER COLUMN "{column}" SET COMPRESSION {method}')
    best = (float("inf"), float("inf"))
    for _ in range(3):
        ingesting.clean(project)
        clock, processor = time.perf_counter(), ingesting.processor_seconds()
        run()
        taken = time.perf_counter() - clock, ingesting.processor_seconds() - processor
        best = min(best[0], taken[0]), min(best[1], taken[1])
    sizes = [ask("SELECT pg_total_relation_size(%s)", table)[0] for table in LONG]
    return (*best, sum(sizes))


def compressing(count: int) -> list[Line]:
    project, ready = prepared(count)
    ask("SELECT set_config('synchronous_commit', 'off', false)")

    def run() -> None:
        with transaction.atomic():
            ingesting.raw_copy(project, ready)()

    figures = {method: packed(run, method, project) for method in ("pglz", "lz4")}
    ingesting.clean(project)
    (slow, busy, large), (fast, idle, small) = figures["pglz"], figures["lz4"]
    what = f"COPY of {count:,} responses with lz4"
    return [
        Line(f"{what}, by the clock", f"{fast:.2f} s", f"pglz, {slow:.2f} s", fast / slow),
        Line(f"{what}, processor", f"{idle:.2f} s", f"pglz, {busy:.2f} s", idle / busy),
        Line(f"{what}, size", f"{small / 1e6:.1f} MB", f"pglz, {large / 1e6:.1f} MB", small / large),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queue", type=int, default=60_000)
    parser.add_argument("--claims", type=int, default=6_000)
    parser.add_argument("--rows", type=int, default=4_000)
    options = parser.parse_args()
    if connection.vendor != "postgresql":
        sys.exit("This benchmark needs PostgreSQL: set DATABASE_URL.")
    call_command("migrate", verbosity=0)
    add(
        "storage",
        "Storage parameters",
        [
            *filled_pages(options.rows, options.queue),
            *dead_places(options.queue, options.claims),
            *compressing(options.rows),
        ],
    )


if __name__ == "__main__":
    main()
