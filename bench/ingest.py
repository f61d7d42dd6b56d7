"""Rows a second of ingest on PostgreSQL, beside a raw COPY of the same records into the same tables.

    DATABASE_URL=postgres://… python bench/ingest.py [--rows 20000] [--rounds 3]

Four ways, in turn, the best round of each: COPY of columns that were computed before (the floor of the schema and its
indexes); `insert` of prepared rows; the whole of ingest from NDJSON bytes in memory; the same through the REST endpoint
with Django's test client. Printed are rows/s, MB/s of NDJSON and the ratio to COPY, by the clock and by processor time
(ours and the database backend's together, when it runs on this machine): the second holds on a busy machine too.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,127.0.0.1")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402

from feedback.accounts.models import ApiKey, Project  # noqa: E402
from feedback.responses import insert as inserting  # noqa: E402
from feedback.responses.ingest import Delivery  # noqa: E402
from feedback.responses.models import Passage, Response, ResponseBody  # noqa: E402
from feedback.responses.names import Names  # noqa: E402
from feedback.responses.prepared import Prepared, prepare  # noqa: E402
from feedback.responses.reading import from_ndjson  # noqa: E402
from feedback.responses.rows import read  # noqa: E402

WORDS = Path(__file__).read_text().split()


def rows(count: int) -> list[dict[str, Any]]:
    """About 4 kB each: three turns, two passages, usage and metadata."""
    draw = random.Random(7)

    def text(words: int) -> str:
        return " ".join(draw.choices(WORDS, k=words))

    return [
        {
            "external_id": f"bench-{draw.getrandbits(64):016x}",
            "messages": [{"role": role, "content": text(60)} for role in ("system", "user", "assistant")]
            + [{"role": "user", "content": text(40)}],
            "output": text(120),
            "model": "bench-1",
            "provider": "bench",
            "parameters": {"temperature": 0.2},
            "prompt_version": {"name": "bench", "version": "v1"},
            "passages": [{"text": text(80), "title": text(3), "score": 0.5} for _ in range(2)],
            "usage": {"input_tokens": 900, "output_tokens": 200},
            "cost": "0.0012",
            "latency_ms": 900,
            "trace_id": f"{draw.getrandbits(64):016x}",
            "tags": ["bench"],
            "metadata": {"shard": number % 8},
            "responded_at": "2026-05-01T12:00:00Z",
        }
        for number in range(count)
    ]


def raw_copy(project: Project, prepared: list[Prepared]) -> Callable[[], None]:
    """COPY of ready columns: nothing is left to do but the database's own work."""
    names, values = Names(project), []
    for start in range(0, len(prepared), 500):
        some = sorted(prepared[start : start + 500], key=lambda row: row.external_id)
        responses = [inserting.response_values(project, None, names, row, row.row.responded_at) for row in some]  # type: ignore[arg-type]
        for each, pk in zip(responses, inserting._new_ids(len(some)), strict=True):
            each["id"] = pk
        ids = [each["id"] for each in responses]
        bodies = [inserting.body_values(row, pk) for row, pk in zip(some, ids, strict=True)]
        passages = [v for row, pk in zip(some, ids, strict=True) for v in inserting.passage_values(project.pk, row, pk)]
        values.append([
            (statement(model, rows), text_of(model, rows))
            for model, rows in ((Response, responses), (ResponseBody, bodies), (Passage, passages))
        ])  # fmt: skip

    def run() -> None:
        for chunk in values:
            with transaction.atomic(), connection.cursor() as cursor:
                for sql, text in chunk:
                    with cursor.copy(sql) as out:
                        out.write(text)

    return run


def statement(model: Any, values: list[dict[str, Any]]) -> str:
    columns = ", ".join(f'"{model._meta.get_field(name).column}"' for name in values[0])
    return f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'


def text_of(model: Any, values: list[dict[str, Any]]) -> bytes:
    """The rows in COPY's text format."""
    lines = []
    for row in values:
        cells = []
        for value in row.values():
            if isinstance(value, dict | list):
                value = json.dumps(value, ensure_ascii=False)
            text = "\\N" if value is None else str(value)
            if value is not None:
                text = text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
            cells.append(text)
        lines.append("\t".join(cells))
    return ("\n".join(lines) + "\n").encode()


def processor_seconds() -> float:
    """Of this process and of its database backend, as far as that is on this machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stat = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    backend = 0.0
    if stat.exists():
        fields = stat.read_text().rsplit(")", 1)[1].split()
        backend = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return time.process_time() + backend


def clean(project: Project) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM responses_passage WHERE project_id = %s", [project.pk])
        cursor.execute("DELETE FROM responses_responsebody WHERE response_id IN "
                       "(SELECT id FROM responses_response WHERE project_id = %s)", [project.pk])  # fmt: skip
        cursor.execute("DELETE FROM responses_response WHERE project_id = %s", [project.pk])
        cursor.execute("VACUUM responses_passage, responses_responsebody, responses_response")
        cursor.execute("CHECKPOINT")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if connection.vendor != "postgresql":
        raise SystemExit("Set DATABASE_URL to a PostgreSQL database.")
    call_command("migrate", verbosity=0)
    project, _ = Project.objects.get_or_create(slug="bench-ingest", defaults={"name": "Bench", "salt": "0" * 32})
    made = rows(options.rows)
    data = b"\n".join(json.dumps(row, ensure_ascii=False).encode() for row in made)
    names = Names(project)
    prepared = [prepare(number, read(row)) for number, row in enumerate(made)]
    for row in prepared:
        row.model_id, row.prompt_version_id = names.model(row.row), names.prompt_version(row.row)
    key = ApiKey.issue(project, "bench", ["ingest"])[1]

    def by_insert() -> None:
        for start in range(0, len(prepared), 500):
            with transaction.atomic():
                inserting.insert(project, None, names, prepared[start : start + 500])

    def by_ingest() -> None:
        delivery = Delivery(project, None)
        for _ in delivery.take(from_ndjson(io.BytesIO(data), gzip=False, max_bytes=sys.maxsize)):
            pass
        assert delivery.result.accepted == len(made), delivery.result

    def by_rest() -> None:
        client = Client(headers={"Authorization": f"Bearer {key}"})
        answer = client.post("/api/v1/responses/", data, content_type="application/x-ndjson").json()
        assert answer["accepted"] == len(made), answer

    ways = {"COPY": None, "insert": by_insert, "ingest": by_ingest, "REST": by_rest}
    best = {name: (float("inf"), float("inf")) for name in ways}
    for _ in range(options.rounds):
        for name, way in ways.items():
            clean(project)
            run = way or raw_copy(project, prepared)
            clock, processor = time.perf_counter(), processor_seconds()
            run()
            taken = time.perf_counter() - clock, processor_seconds() - processor
            best[name] = min(best[name][0], taken[0]), min(best[name][1], taken[1])
    clean(project)
    print(f"{len(made):,} rows of {len(data) / len(made) / 1000:.1f} kB, best of {options.rounds}")
    for name, (clock, processor) in best.items():
        ratios = [floor / taken for floor, taken in zip(best["COPY"], best[name], strict=True)]
        print(
            f"{name:8} {len(made) / clock:8,.0f} rows/s {len(data) / clock / 1e6:6.1f} MB/s {ratios[0]:5.0%} of COPY"
            f"   processor: {processor / len(made) * 1e6:5.0f} us/row {ratios[1]:5.0%} of COPY"
        )


if __name__ == "__main__":
    main()
